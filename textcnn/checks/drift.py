"""Drift: whether texts are still like those that a model has learned from.

What it answers, how sure it is, how novel, long and unknown the texts are is compared with the held-out texts of
training, a sample of which a model keeps: labels by a chi-square test, all else by the Kolmogorov-Smirnov test, of a
difference that is worth a word. If some of the texts are of another kind, most of a distribution stays as it was, and
its end tells: whether more texts are novel is tested by itself, with half of the five per cent of false alarms; the
other five tests have a tenth each (Bonferroni). Some difference is tolerated, for held-out texts were answered by
other models than the one of all texts, and with many texts a test would find even that. So a false alarm is rarer
than one in twenty. Words are listed, but not judged.

Sources: Lipton et al. 2018 and Rabanser et al. 2019, who test what a classifier says, each by itself, with Bonferroni's
correction; Holm's has the same verdict.

Shapes: B texts, K labels.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textcnn.checks.verdict import Check, Verdict
from textcnn.errors import DataError, ModelFileError
from textcnn.evaluation.distributions import chi_square, kolmogorov_smirnov, more_of_them
from textcnn.evaluation.metrics import accuracy_interval
from textcnn.model.model import Model
from textcnn.model.predictor import Predictor
from textcnn.model.reference import NOVEL, Reference
from textcnn.text.lexicon import encode, grouped
from textcnn.text.tokens import normal

__all__ = ["Drift", "Shift", "drift", "observed", "shifts"]

_FALSE_ALARMS = 0.05
_OF_NOVEL, _OF_OTHERS = _FALSE_ALARMS / 2, _FALSE_ALARMS / 10  # one test, and five
_LEAST_TEXTS = 30
_WORTH = 0.1  # largest difference of two distributions, or share of texts with another label, that is worth a word
_TOLERATED = 0.05  # such a difference, between models of other texts
_NOVEL_TOLERATED = 0.015  # share of texts that may be novel besides
_EXPECTED = 5  # texts of a cell of a chi-square test
_GROUP = 1_000_000  # characters that are looked at together
_SHOWN = 10  # words, labels

_NAMES = {
    "confidence": "probability of the likeliest label",
    "novelty": "novelty",
    "unknown": "share of unknown words",
    "words": "words of a text",
}


@dataclass(frozen=True)
class Shift:
    """How one thing that was measured differs from training."""

    name: str
    before: float  # mean, or share of novel texts
    now: float
    difference: float  # largest, of the two distributions; of labels, the share of texts that have another one
    p_value: float  # that it is chance, or no more than is tolerated
    level: float = _OF_OTHERS  # the chance of a false alarm
    worth: float = _WORTH  # the least difference that is worth a word

    @property
    def drifted(self) -> bool:
        """Whether it is more than chance, and worth a word."""
        return self.p_value < self.level and self.difference >= self.worth


@dataclass(frozen=True)
class LabelShare:
    """How many texts got a label, in training and now."""

    label: str
    before: float
    now: float
    interval: tuple[float, float]  # 95 %, of `now`


@dataclass(frozen=True)
class Drift:
    """What has changed since training."""

    texts: int
    shifts: list[Shift]
    labels: list[LabelShare]  # the most changed first
    came: list[tuple[str, float]]  # unknown words, and the share of texts that have them
    went: list[tuple[str, float, float]]  # n-grams, and the share of texts that had them in training and has them now

    @property
    def drifted(self) -> bool:
        """The verdict."""
        return any(shift.drifted for shift in self.shifts)

    def checks(self) -> list[Check]:
        """A line for each thing that was compared."""
        return [_check(shift) for shift in self.shifts]


def drift(predictor: Predictor, texts: Sequence[str]) -> Drift:
    """Compare texts with those that a model has learned from.

    Raises:
        DataError: these are too few texts.
        ModelFileError: the model does not know what its texts were like.
    """
    reference = predictor.model.reference
    if len(texts) < _LEAST_TEXTS:
        raise DataError(f"of {len(texts)} texts nothing can be said: drift takes {_LEAST_TEXTS} or more")
    now, strange = _observed(predictor, texts)
    labels = predictor.labels
    counts = [_counts(one, len(labels)) for one in (reference, now)]
    made = shifts(reference, now, len(labels))
    return Drift(len(texts), made, _shares(labels, *counts), strange, _went(predictor, texts))


def observed(predictor: Predictor, texts: Sequence[str]) -> Reference:
    """What is compared, measured of texts.

    Raises:
        ModelFileError: the model does not know how novel a text is.
    """
    return _observed(predictor, texts)[0]


def shifts(before: Reference, now: Reference, labels: int) -> list[Shift]:
    """How texts differ from those of training in each of the things that are compared; of so many labels."""
    return [
        _of_labels(_counts(before, labels), _counts(now, labels)),
        _of_novel(before.novel, now.novel),
        *(_shift(name, getattr(before, name), getattr(now, name)) for name in _NAMES),
    ]


def _observed(predictor: Predictor, texts: Sequence[str]) -> tuple[Reference, list[tuple[str, float]]]:
    """What is compared, and the unknown words that most texts have."""
    probabilities, novelty = predictor.all_seen(texts)
    if novelty is None:
        raise ModelFileError(f"the model does not know how novel a text is: {predictor.model.unmeasured}")
    label = np.array(predictor.first_columns(predictor.choose_all(probabilities), probabilities))
    unknown, words, strange = _words(predictor, texts)
    return Reference(label, probabilities.max(axis=1), novelty, unknown, words.astype(np.float64)), strange


def _counts(texts: Reference, labels: int) -> NDArray[np.int64]:
    return np.bincount(texts.label.astype(int), minlength=labels)


def _words(
    predictor: Predictor, texts: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.int64], list[tuple[str, float]]]:
    """Shares of unknown words, numbers of words, and the unknown words that most texts have."""
    shares, lengths, texts_of = [], [], Counter[str]()
    for group in grouped(texts, _GROUP):
        encoded = encode(group, predictor.model.settings["max_words"], predictor.model.segment)
        unknown = predictor.model.rows_of(encoded.surfaces).unknown
        shares.append(encoded.ragged.shares(unknown))
        lengths.append(encoded.ragged.lengths)
        owner = np.repeat(np.arange(len(group)), encoded.ragged.lengths)
        strange = unknown[encoded.ragged.words]
        pairs = np.unique(np.stack([owner[strange], encoded.ragged.words[strange]]), axis=1)
        texts_of.update(encoded.surfaces[word].lower() for word in pairs[1].tolist())
    most_first = sorted(texts_of.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]
    most = [(word, count / len(texts)) for word, count in most_first if count > 1]
    return np.concatenate(shares), np.concatenate(lengths), most


def _went(predictor: Predictor, texts: Sequence[str]) -> list[tuple[str, float, float]]:
    """N-grams that spoke for labels in training and are rarer now, as far as the model has kept them."""
    learned = predictor.model.interpretation()
    if learned is None:
        return []
    before = {ngram.text: ngram.texts / learned.texts for label in learned.labels for ngram in label.speak_for}
    padded = [f" {text} " for text in _spelt(predictor.model, texts)]
    rows = []
    for text, share in before.items():
        now = sum(f" {text} " in each for each in padded) / len(texts)
        if now < share / 2:
            rows.append((text, share, now))
    return sorted(rows, key=lambda row: row[2] - row[1])[:_SHOWN]


def _spelt(model: Model, texts: Sequence[str]) -> Iterator[str]:
    """The words of each text as n-grams have them, a space between them."""
    for group in grouped(texts, _GROUP):
        surfaces, ragged = encode(group, model.settings["max_words"], model.segment)
        words = [normal(surface) for surface in surfaces]
        for first, last in pairwise(ragged.starts.tolist()):
            yield " ".join(words[word] for word in ragged.words[first:last].tolist())


def _of_labels(before: NDArray[np.int64], now: NDArray[np.int64]) -> Shift:
    """Labels that are rare in both are one label."""
    expected = (before + now) * min(before.sum(), now.sum()) / (before.sum() + now.sum())
    rare = expected < _EXPECTED
    table = np.array([[*counts[~rare], counts[rare].sum()] for counts in (before, now)])
    table = table[:, table.sum(axis=0) > 0]
    shares = table / table.sum(axis=1, keepdims=True)
    return Shift("labels", 0.0, 0.0, float(np.abs(shares[0] - shares[1]).sum() / 2), chi_square(table))


def _of_novel(before: NDArray[np.bool_], now: NDArray[np.bool_]) -> Shift:
    first, last = float(before.mean()), float(now.mean())
    chance = more_of_them(before, now, _NOVEL_TOLERATED)
    return Shift("novel", first, last, last - first, chance, level=_OF_NOVEL, worth=0.0)


def _shift(name: str, before: NDArray[Any], now: NDArray[Any]) -> Shift:
    now = now.astype(before.dtype)  # or equal numbers would not be equal
    return Shift(name, float(before.mean()), float(now.mean()), *kolmogorov_smirnov(before, now, _TOLERATED))


def _shares(labels: Sequence[str], before: NDArray[np.int64], now: NDArray[np.int64]) -> list[LabelShare]:
    rows = [
        LabelShare(
            label, float(first / before.sum()), float(last / now.sum()), accuracy_interval(last / now.sum(), now.sum())
        )
        for label, first, last in zip(labels, before, now, strict=True)
    ]
    return sorted(rows, key=lambda row: -abs(row.now - row.before))


def _check(shift: Shift) -> Check:
    verdict = Verdict.error if shift.drifted else Verdict.ok
    if shift.name == "labels":
        figure = f"{shift.difference:.1%} of the texts have another label than in training"
    elif shift.name == "novel":
        figure = f"texts with a novelty above {NOVEL:g}: {shift.before:.1%} in training, {shift.now:.1%} now"
    else:
        figure = f"{_NAMES[shift.name]}: {shift.before:.3f} in training, {shift.now:.3f} now, on average"
    p = f"p = {shift.p_value:.2g}"
    return Check(shift.name, verdict, f"{figure} ({p})")
