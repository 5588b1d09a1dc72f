"""Texts on both sides: of the split that training makes, or of this file and another. They make a model look good."""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from textcnn.checks.data import places
from textcnn.checks.verdict import Check, Verdict, grade, judge
from textcnn.corpus import Corpus
from textcnn.text.tokens import folded

__all__ = ["against", "split"]

_LEAST_WORDS = 4  # shorter texts are alike by chance
_SIGNS = re.compile(r"[\W\d_]+")


def against(corpus: Corpus, other: Corpus) -> Check:
    """Texts of the other file that are in this one, too."""
    return _compared("both files", corpus.texts, other.texts, other, range(len(other.texts)))


def split(corpus: Corpus, held: Sequence[int]) -> Check:
    """Texts that training holds out, numbers `held`, beside those that it learns from."""
    inside = np.zeros(len(corpus.texts), bool)
    inside[list(held)] = True
    learned = [text for text, out in zip(corpus.texts, inside.tolist(), strict=True) if not out]
    return _compared("split", learned, [corpus.texts[number] for number in held], corpus, held)


def _compared(name: str, learned: Iterable[str], others: Sequence[str], where: Corpus, numbers: Sequence[int]) -> Check:
    same, alike = {"": False}, set()
    for text in learned:
        same[folded(text)] = True
        alike.add(_letters(text))
    same[""] = False
    recurring = [number for number, text in zip(numbers, others, strict=True) if same.get(folded(text))]
    seen = set(recurring)
    near = [
        number
        for number, text in zip(numbers, others, strict=True)
        if number not in seen and len(key := _letters(text)) and len(key.split()) >= _LEAST_WORDS and key in alike
    ]
    count = max(len(others), 1)
    what = "held-out texts" if name == "split" else "texts of the other file"
    figure = (
        f"of {len(others):,} {what} {len(recurring):,} are the same, {len(near):,} differ in numbers and signs only"
    )
    verdict = _worse(grade(len(recurring) / count, look=1e-9, wrong=0.01), grade(len(near) / count, look=0.02, wrong=2))
    if verdict is Verdict.ok:
        return judge(name, verdict, figure)
    advice = "what a model has seen does not measure it; remove them from one side"
    return judge(name, verdict, figure, f"{advice}: {places(where, recurring or near)}")


def _worse(one: Verdict, other: Verdict) -> Verdict:
    return max(one, other, key=list(Verdict).index)


def _letters(text: str) -> str:
    return _SIGNS.sub(" ", text.lower()).strip()
