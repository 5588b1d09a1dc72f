"""Probable label errors, by confident learning.

A text is a suspect if another label's probability, given by a model that has not seen the text, reaches what that
label's own texts get on average, and its own label is not the likeliest of those. (The library of the authors,
cleanlab, does the same and more; it needs pandas and would be twice as large as textcnn.)

Source: Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", section 3.

Shapes: B texts, K labels.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.checks.data import places
from textcnn.checks.verdict import Check, Verdict, grade, judge
from textcnn.corpus import Corpus
from textcnn.labels import is_multi_label

__all__ = ["Suspect", "find_suspects", "suspects"]


_LEARNED = 4.0  # times the probability of a label on its own texts, beside others, from which on it was learned


class Suspect(NamedTuple):
    """A text whose label is probably wrong; `number` counts from 0."""

    number: int
    label: str  # that is doubted
    likelier: str  # the one instead; empty if the text should only lose the label
    probability: float  # of the doubted label


def find_suspects(
    targets: NDArray[np.bool_], probabilities: NDArray[np.float32], *, multi_label: bool
) -> NDArray[np.int64]:
    """Rows (text, label that is doubted, label instead or -1), the surest first: (S, 3)."""
    if multi_label:
        return _each_label(targets, probabilities)
    given = targets.argmax(axis=1)
    counts = np.maximum(targets.sum(axis=0), 1)
    usual = (probabilities * targets).sum(axis=0) / counts  # what texts of a label give it on average
    usual[~targets.any(axis=0)] = np.inf
    confident = np.where(probabilities >= usual, probabilities, -1)
    likelier = confident.argmax(axis=1)
    doubted = np.flatnonzero((confident.max(axis=1) > 0) & (likelier != given))
    doubted = doubted[np.argsort(probabilities[doubted, given[doubted]], kind="stable")]
    return np.stack([doubted, given[doubted], likelier[doubted]], axis=1)


def _each_label(targets: NDArray[np.bool_], probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """Labels that a text has and should not; each label that was learned at all is a question of its own."""
    own, other = ((probabilities * side).sum(axis=0) / np.maximum(side.sum(axis=0), 1) for side in (targets, ~targets))
    learned = own >= _LEARNED * other
    texts, labels = np.nonzero(targets & learned & (probabilities <= other))
    order = np.argsort(probabilities[texts, labels], kind="stable")
    return np.stack([texts[order], labels[order], np.full(len(order), -1)], axis=1)


def suspects(
    corpus: Corpus, classes: tuple[str, ...], targets: NDArray[np.bool_], probabilities: NDArray[np.float32]
) -> tuple[Check, list[Suspect]]:
    """The check, and all that it found. `probabilities` are those of models that had not seen the text."""
    multi_label = is_multi_label(corpus.labels)
    found = [
        Suspect(number, classes[own], classes[other] if other >= 0 else "", float(probabilities[number, own]))
        for number, own, other in find_suspects(targets, probabilities, multi_label=multi_label).tolist()
    ]
    texts = len({each.number for each in found})
    figure = f"{texts:,} of {len(targets):,} texts"
    verdict = grade(texts / max(len(targets), 1), look=0.005, wrong=2)
    if verdict is Verdict.ok:
        return judge("label errors", verdict, figure), found
    shown = "; ".join(
        f"{places(corpus, [each.number])} is {each.label!r}"
        + (f", reads like {each.likelier!r}" if each.likelier else ", reads otherwise")
        for each in found[:3]
    )
    return judge(
        "label errors", verdict, figure, f"read them again (--errors {min(texts, 20)} lists them): {shown}"
    ), found
