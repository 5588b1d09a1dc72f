"""Languages and encodings of texts, and how many words the vectors know.

Languages are told by py3langid, mojibake by ftfy. Short texts are left out: nobody can tell the language of "ok".
"""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from textcnn.checks.data import places
from textcnn.checks.verdict import Check, Verdict, grade, judge
from textcnn.corpus import Corpus
from textcnn.text.tokens import normal

if TYPE_CHECKING:
    from textcnn.model.predictor import Predictor

__all__ = ["encodings", "languages", "unknown_words"]

_MOST = 1500  # texts
_LEAST_BYTES = 60  # of alphabetic characters
_SURE = 0.95


def languages(corpus: Corpus) -> Check:
    """Whether a part of the texts is in another language than most."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    by_language: dict[str, list[int]] = {}
    for number in np.linspace(0, len(corpus.texts) - 1, min(_MOST, len(corpus.texts))).astype(int).tolist():
        text = corpus.texts[number][:2000]
        if len("".join(filter(str.isalpha, text)).encode()) >= _LEAST_BYTES:
            language, probability = identifier.classify(text)
            if probability >= _SURE:
                by_language.setdefault(str(language), []).append(number)
    if not by_language:
        return judge("languages", Verdict.ok, "the texts are too short to tell")
    (main, of_main), *others = sorted(by_language.items(), key=lambda item: -len(item[1]))
    looked = len(of_main) + sum(len(numbers) for _, numbers in others)
    strange = [number for _, numbers in others for number in numbers]
    most = [(main, of_main), *others][:4]
    shares = ", ".join(f"{language} {len(numbers) / looked:.1%}" for language, numbers in most)
    advice = "a model of one language is better at it; are these meant to be here? " + places(corpus, strange)
    verdict = grade(len(strange) / looked, warning=0.02)
    return judge("languages", verdict, f"{shares} of {looked:,} longer texts", advice)


def encodings(corpus: Corpus) -> Check:
    """Characters that were lost or garbled when the texts were written or read."""
    from ftfy.badness import is_bad

    lost = [number for number, text in enumerate(corpus.texts) if "\ufffd" in text]
    bad = [number for number, text in enumerate(corpus.texts) if not text.isascii() and is_bad(text)]
    share = len({*lost, *bad}) / max(len(corpus.texts), 1)
    figure = f"{len(lost):,} texts with lost characters (U+FFFD), {len(bad):,} that look garbled"
    advice = f"read the file with its true --encoding, or fix it with ftfy: {places(corpus, [*lost, *bad])}"
    verdict = grade(share, warning=1e-9, error=0.2)
    return judge("encodings", verdict, figure, advice)


def unknown_words(predictor: "Predictor", unseen: Sequence[str]) -> Check:
    """The share of the words of unseen texts that a model knows nothing of, and the most frequent ones of them."""
    from textcnn.vectors.coverage import count_words

    figures, counts = predictor.model.figures, count_words(unseen)
    unknown = Counter[str]()
    for surface, count in counts.items():
        if not predictor.known(surface):
            unknown[normal(surface)] += count
    share = unknown.total() / max(counts.total(), 1)
    figure = f"{share:.1%} of the words of unseen texts"
    if figures.get("vectors") != "random":
        figure += f"; {figures.get('known_words', 0.0):.1%} of all words are in the {figures.get('vectors')} vectors"
    often = ", ".join(repr(word) for word, _ in unknown.most_common(5))
    advice = f"vectors of the language and subject would know them (--vectors): {often}"
    return judge("unknown words", grade(share, warning=0.1, error=0.5), figure, advice)
