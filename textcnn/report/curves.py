"""The numbers that a page draws and lists: curves, intervals, bins, and what a threshold would do.

Shapes: B texts, K labels.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.report.context import AnswerTables

__all__ = [
    "Bins",
    "Choice",
    "ClassRow",
    "Line",
    "Share",
    "class_rows",
    "precision_recall_lines",
    "reliability",
    "roc_lines",
    "threshold_choices",
]

MOST_LINES = 6  # labels in one drawing
STEPS = 101  # thresholds from 0 to 1
_BINS = 10
_MOST_CHOICES = 40
_CONFIDENCE = 1.959963984540054  # standard deviations of 95 %

Floats = NDArray[np.float64]


class Line(NamedTuple):
    """A line to draw, with its name and one figure for its key."""

    name: str
    x: Floats
    y: Floats
    figure: str = ""


class Share(NamedTuple):
    """A share with its 95 % interval (Wilson)."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, part: float, whole: float) -> "Share":
        """`part` of `whole`; of nothing, anything is possible."""
        if not whole:
            return cls(0.0, 0.0, 1.0)
        share, square = part / whole, _CONFIDENCE**2
        middle = (share + square / (2 * whole)) / (1 + square / whole)
        half = _CONFIDENCE * np.sqrt(share * (1 - share) / whole + square / (4 * whole**2)) / (1 + square / whole)
        # At 0 and 1 an end is the share itself, but for rounding.
        return cls(share, float(min(max(middle - half, 0.0), share)), float(max(min(middle + half, 1.0), share)))


class ClassRow(NamedTuple):
    """How good the answers are about one label."""

    label: str
    texts: int
    said: int
    precision: Share
    recall: Share
    f1: float


class Bins(NamedTuple):
    """Answers by their probability, in bins of equal width: mean probability, share that was right, number."""

    said: Floats
    right: list[Share]
    counts: NDArray[np.int64]


class Choice(NamedTuple):
    """What answers would be like if only those from a threshold on were given, for each of STEPS thresholds."""

    name: str
    total: int  # that should be found
    texts: int
    given: list[int]  # answers
    right: list[int]  # right ones among them
    answered: list[int]  # texts that get an answer


def class_rows(tables: AnswerTables) -> list[ClassRow]:
    """A row for each label, the most frequent first, and of equally frequent ones the worst."""
    both = (tables.truth & tables.answers).sum(axis=0)
    texts, said = tables.truth.sum(axis=0), tables.answers.sum(axis=0)
    rows = [
        ClassRow(
            tables.labels[label],
            int(texts[label]),
            int(said[label]),
            Share.of(both[label], said[label]),
            Share.of(both[label], texts[label]),
            float(2 * both[label] / max(texts[label] + said[label], 1)),
        )
        for label in range(len(tables.labels))
    ]
    return sorted(rows, key=lambda row: (-row.texts, row.f1))


def roc_lines(tables: AnswerTables) -> list[Line]:
    """False against true positives for the most frequent labels; of two that exclude each other, for the rarer."""
    from sklearn.metrics import auc, roc_curve

    lines = []
    labels = [label for label in tables.supported if not tables.truth[:, label].all()]
    if len(tables.labels) == 2 and not tables.multi_label:
        labels = labels[-1:]
    for label in labels[:MOST_LINES]:
        false, true, _ = roc_curve(tables.truth[:, label], tables.probabilities[:, label])
        lines.append(Line(tables.labels[label], false, true, f"area {auc(false, true):.3f}"))
    return lines


def precision_recall_lines(tables: AnswerTables) -> list[Line]:
    """Recall against precision for the most frequent labels."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    lines = []
    for label in tables.supported[:MOST_LINES]:
        truth, said = tables.truth[:, label], tables.probabilities[:, label]
        precision, recall, _ = precision_recall_curve(truth, said)
        figure = f"average precision {average_precision_score(truth, said):.3f}"
        lines.append(Line(tables.labels[label], recall[::-1], precision[::-1], figure))
    return lines


def reliability(tables: AnswerTables) -> Bins:
    """How often answers of some probability are right: of the likeliest label, or of every label."""
    if tables.multi_label:
        said, right = tables.probabilities.ravel(), tables.truth.ravel()
    else:
        best, rows = tables.probabilities.argmax(axis=1), np.arange(len(tables.truth))
        said, right = tables.probabilities[rows, best], tables.truth[rows, best]
    bins = np.minimum((said * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    filled = np.flatnonzero(counts)
    sums, rights = np.bincount(bins, said, _BINS), np.bincount(bins, right, _BINS)
    return Bins(
        sums[filled] / counts[filled],
        [Share.of(rights[number], counts[number]) for number in filled],
        counts[filled],
    )


def threshold_choices(tables: AnswerTables) -> list[Choice]:
    """First all labels together, then each of the most frequent ones for itself."""
    texts = len(tables.truth)
    if tables.multi_label:
        best = tables.probabilities.max(axis=1)
        together = _choice("all labels", tables.probabilities.ravel(), tables.truth.ravel(), best)
    else:
        rows, chosen = np.arange(texts), tables.probabilities.argmax(axis=1)
        best = tables.probabilities[rows, chosen]
        together = _choice("all labels", best, tables.truth[rows, chosen], best)._replace(total=texts)
    alone = [
        _choice(tables.labels[label], tables.probabilities[:, label], tables.truth[:, label])
        for label in tables.supported[:_MOST_CHOICES]
    ]
    return [together, *alone]


def _choice(name: str, said: Floats, truth: NDArray[np.bool_], of_texts: Floats | None = None) -> Choice:
    given = _from_each_threshold(said)
    return Choice(
        name,
        int(truth.sum()),
        len(said if of_texts is None else of_texts),
        given,
        _from_each_threshold(said[truth]),
        given if of_texts is None else _from_each_threshold(of_texts),
    )


def _from_each_threshold(values: Floats) -> list[int]:
    """How many values reach each threshold."""
    # Thresholds are shown with two places; a probability that is written 0.90 should reach 0.90.
    ranked = np.sort(values) + 1e-6
    counts: list[int] = (len(ranked) - np.searchsorted(ranked, np.linspace(0, 1, STEPS))).tolist()
    return counts
