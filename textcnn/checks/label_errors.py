"""Probable label errors, by confident learning.

A text is a suspect if another label's probability, given by a model that has not seen the text, reaches what that
label's own texts get on average, and its own label is not the likeliest of those. (The library of the authors,
cleanlab, does the same and more; it needs pandas and would be twice as large as textcnn.)

Source: Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", section 3; what
it asks of the network is in section 4.

Shapes: B texts, K labels.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.checks.data import places
from textcnn.checks.verdict import Check, Verdict, grade, judge
from textcnn.corpus import Corpus
from textcnn.labels import is_multi_label

__all__ = ["Suspect", "find_suspects", "label_errors"]

# The share of missed labels from which on a model's doubts say nothing. Confident learning is exact where the
# model's own errors are few; well-known datasets have a few percent of wrong labels (at least 3.3 % on average,
# Northcutt, Athalye & Mueller 2021, "Pervasive Label Errors"), a tenth of what such a model contradicts at most.
_BLIND = 0.4
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
    """Rows (text, label that is doubted, label instead or -1), the least probable labels first: (S, 3)."""
    if multi_label:
        return _each_label(targets, probabilities)
    given = targets.argmax(axis=1)
    counts = targets.sum(axis=0)
    usual = (probabilities * targets).sum(axis=0) / np.maximum(counts, 1)  # what texts of a label give it on average
    usual[counts < 2] = np.inf  # who has not seen a label's only text does not know the label
    confident = np.where(probabilities >= usual, probabilities, -1)
    likelier = confident.argmax(axis=1)
    doubted = np.flatnonzero((confident.max(axis=1) > 0) & (likelier != given))
    doubted = doubted[np.argsort(probabilities[doubted, given[doubted]], kind="stable")]
    return np.stack([doubted, given[doubted], likelier[doubted]], axis=1)


def _each_label(targets: NDArray[np.bool_], probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """Labels that a text has and should not; each label that was learned at all is a question of its own."""
    with_label, without = (
        (probabilities * side).sum(axis=0) / np.maximum(side.sum(axis=0), 1) for side in (targets, ~targets)
    )
    learned = with_label >= _LEARNED * without
    texts, labels = np.nonzero(targets & learned & (probabilities <= without))
    order = np.argsort(probabilities[texts, labels], kind="stable")
    return np.stack([texts[order], labels[order], np.full(len(order), -1)], axis=1)


def label_errors(
    corpus: Corpus,
    classes: tuple[str, ...],
    targets: NDArray[np.bool_],
    probabilities: NDArray[np.float32],
    missed: float,
) -> tuple[Check, list[Suspect]]:
    """The check, and all labels that are doubted: none where the model errs too often to doubt any.

    Args:
        corpus: the texts.
        classes: the labels, a column of `targets` and `probabilities` each.
        targets: which labels each text has, (B, K).
        probabilities: of models that had not seen the text, (B, K).
        missed: the share of the given labels that those models do not answer with.
    """
    multi_label = is_multi_label(corpus.labels)
    errs = f"misses {missed:.0%} of the labels" if multi_label else f"is wrong on {missed:.0%}"
    if missed >= _BLIND:
        figure = f"cannot tell: the model itself {errs} of unseen texts, so nearly all that it doubts would be sound"
        return judge("label errors", Verdict.ok, figure), []
    doubted = [
        Suspect(number, classes[label], classes[other] if other >= 0 else "", float(probabilities[number, label]))
        for number, label, other in find_suspects(targets, probabilities, multi_label=multi_label).tolist()
    ]
    texts = len({suspect.number for suspect in doubted})
    figure = f"the labels of {texts:,} of {len(targets):,} texts are doubted, by a model that itself {errs} of unseen"
    verdict = grade(texts / max(len(targets), 1), warning=0.005)
    return judge("label errors", verdict, f"{figure} texts", _advice(corpus, doubted, texts)), doubted


def _advice(corpus: Corpus, doubted: list[Suspect], texts: int) -> str:
    shown = "; ".join(
        f"{places(corpus, [suspect.number])} is {suspect.label!r}, reads "
        + (f"like {suspect.likelier!r}" if suspect.likelier else "otherwise")
        for suspect in doubted[:3]
    )
    return f"read them again (--label-errors {min(texts, 20)} lists them): {shown}"
