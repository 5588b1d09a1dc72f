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
    return _compared("both files", corpus.texts, other, range(len(other.texts)))


def split(corpus: Corpus, held: Sequence[int]) -> Check:
    """Texts that training holds out, numbers `held`, beside those that it learns from."""
    inside = np.zeros(len(corpus.texts), bool)
    inside[list(held)] = True
    learned = [text for text, out in zip(corpus.texts, inside.tolist(), strict=True) if not out]
    return _compared("split", learned, corpus, held)


def _compared(name: str, learned: Iterable[str], where: Corpus, numbers: Sequence[int]) -> Check:
    same, near = _recurring(learned, where, numbers)
    whole, count = name == "both files", max(len(numbers), 1)
    what = "texts of the other file" if whole else "held-out texts"
    figure = f"of {len(numbers):,} {what} {len(same):,} are the same, {len(near):,} differ in numbers and signs only"
    verdict = _worse(grade(len(same) / count, warning=1e-9, error=0.01), grade(len(near) / count, warning=0.02))
    advice = "what a model has seen does not measure it; remove them from one side"
    lines = places(where, same or near)
    source = f"{where.sources[0]}, " if whole and len(set(where.sources)) == 1 else ""  # else `places` names them
    return judge(name, verdict, figure, f"{advice}: {source}{lines}")


def _recurring(learned: Iterable[str], where: Corpus, numbers: Sequence[int]) -> tuple[list[int], list[int]]:
    """Which of the numbered texts are among the learned ones, and which have the same words but other numbers."""
    known, alike = set(), set()
    for text in learned:
        known.add(folded(text))
        alike.add(_words_alone(text))
    known.discard("")
    same = [number for number in numbers if folded(where.texts[number]) in known]
    seen = set(same)
    keys = {number: _words_alone(where.texts[number]) for number in numbers if number not in seen}
    near = [number for number, key in keys.items() if key in alike and len(key.split()) >= _LEAST_WORDS]
    return same, near


def _worse(one: Verdict, other: Verdict) -> Verdict:
    return max(one, other, key=list(Verdict).index)


def _words_alone(text: str) -> str:
    return _SIGNS.sub(" ", text.lower()).strip()
