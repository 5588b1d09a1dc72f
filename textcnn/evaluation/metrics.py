"""How good answers are: a Report from gold labels and probabilities.

The figures are those of scikit-learn, as a test sees to, but counted here, for `evaluate` works where NumPy alone is
installed, and does not wait for an import that takes over a second. Labels that the model does not know are counted as
wrong and named.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.evaluation.log_loss import losses_of_probabilities
from textcnn.evaluation.sample_weights import effective_count
from textcnn.labels import LabelSets, indicator, label_names

__all__ = [
    "LabelScore",
    "Mistake",
    "Report",
    "accuracy_interval",
    "measure",
    "measure_answers",
    "mistakes",
    "wrong_answers",
]

_BINS = 15
_Z = 1.959963984540054  # of a 95 % interval


@dataclass(frozen=True)
class LabelScore:
    """One row of the table of classes."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Mistake:
    """A text that got a wrong label; `number` counts from 0."""

    number: int
    gold: tuple[str, ...]
    predicted: tuple[str, ...]
    probability: float


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything `textcnn evaluate` says. Of multi-label texts, accuracy is that of the whole set of labels.

    Where texts have weights, `count`, `support` and `confusion` still count each once; all else is weighted.
    """

    count: int
    accuracy: float
    accuracy_interval: tuple[float, float]  # Wilson, 95 %
    macro_f1: float
    micro_f1: float
    mcc: float | None  # not of multi-label texts
    log_loss: float
    calibration_error: float  # expected, 15 bins of equal width
    subset_accuracy: float | None  # of multi-label texts only
    labels: dict[str, LabelScore]
    confusion: list[list[int]]  # [gold][predicted], in the order of `labels`; empty for multi-label texts
    unknown_labels: list[str]  # in the data, not in the model
    weighted: bool = False  # whether some texts count more than others

    def as_dict(self) -> dict[str, Any]:
        """The report as one JSON object; `subset_accuracy` only for multi-label texts, `weighted` only if it is."""
        everything = asdict(self)
        if self.subset_accuracy is None:
            del everything["subset_accuracy"]
        if not self.weighted:
            del everything["weighted"]
        return everything

    def figures(self) -> dict[str, Any]:
        """The figures that a model file keeps."""
        everything, left_out = asdict(self), {"confusion", "unknown_labels", *([] if self.weighted else ["weighted"])}
        return {name: everything[name] for name in everything if name not in left_out}


Choose = Callable[[NDArray[np.float32]], tuple[str, ...]]


def measure(
    gold: LabelSets,
    probabilities: NDArray[np.float32],
    choose: Choose,
    known: Sequence[str],
    *,
    multi_label: bool,
    weights: NDArray[np.float64] | None = None,
) -> Report:
    """Compare answers with the truth.

    Args:
        gold: the labels of each text.
        probabilities: (B, K), in the order of `known`.
        choose: from the probabilities of a text to its labels.
        known: the labels of the model.
        multi_label: whether texts can have several labels.
        weights: (B,) how much each text counts; if not given, all count the same.
    """
    predicted = list(map(choose, probabilities))
    return measure_answers(gold, predicted, probabilities, known, multi_label=multi_label, weights=weights)


def measure_answers(
    gold: Sequence[tuple[str, ...]],
    predicted: Sequence[tuple[str, ...]],
    probabilities: NDArray[np.float32],
    known: Sequence[str],
    *,
    multi_label: bool,
    weights: NDArray[np.float64] | None = None,
) -> Report:
    """The same from the labels that each text got, where not all of them were chosen in the same way."""
    if weights is not None and (weights == weights[0]).all():
        weights = None
    unknown = sorted(set(label_names(gold)) - set(known))
    names = [*known, *unknown]
    truth, answers = indicator(gold, names), indicator(predicted, names)
    sides = (truth, answers) if multi_label else (_first(truth), _first(answers))
    counts = _Counts.of(*sides, weights)
    precision, recall, f1 = counts.scores()
    accuracy = float(np.average((truth == answers).all(axis=1), weights=weights))
    padded = np.pad(probabilities.astype(np.float64), ((0, 0), (0, len(unknown))))
    return Report(
        count=len(gold),
        accuracy=accuracy,
        accuracy_interval=accuracy_interval(accuracy, len(gold) if weights is None else effective_count(weights)),
        macro_f1=_mean(f1[truth.any(axis=0) | answers.any(axis=0)]),
        micro_f1=counts.micro_f1(),
        mcc=None if multi_label else counts.mcc(),
        log_loss=float(np.average(losses_of_probabilities(padded, truth, multi_label=multi_label), weights=weights)),
        calibration_error=_calibration_error(truth, padded, weights, multi_label=multi_label),
        subset_accuracy=accuracy if multi_label else None,
        labels={
            name: LabelScore(float(precise), float(recalled), float(both), int(support))
            for name, precise, recalled, both, support in zip(
                names, precision, recall, f1, truth.sum(axis=0), strict=True
            )
        },
        confusion=[] if multi_label else (sides[0].T.astype(np.int64) @ sides[1]).tolist(),
        unknown_labels=unknown,
        weighted=weights is not None,
    )


def accuracy_interval(share: float, count: float) -> tuple[float, float]:
    """The 95 % interval of a share of so many texts (Wilson 1927)."""
    centre = (2 * count * share + _Z**2) / (2 * (count + _Z**2))
    half = _Z / (2 * (count + _Z**2)) * (4 * count * share * (1 - share) + _Z**2) ** 0.5
    return max(centre - half, 0.0), min(centre + half, 1.0)


def _mean(scores: NDArray[np.float64]) -> float:
    """Of labels that occur or were given; 0 if there are none."""
    return float(scores.mean()) if len(scores) else 0.0


def _first(table: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """One label for each text: (B, K) -> (B, K)."""
    chosen: NDArray[np.bool_] = np.eye(table.shape[1], dtype=bool)[table.argmax(axis=1)]
    return chosen


class _Counts(NamedTuple):
    """How often labels are right, given and true, each text counting by its weight: (K,) each."""

    right: NDArray[np.float64]
    given: NDArray[np.float64]
    true: NDArray[np.float64]
    texts: float

    @classmethod
    def of(cls, truth: NDArray[np.bool_], answers: NDArray[np.bool_], weights: NDArray[np.float64] | None) -> "_Counts":
        """Count: (B, K), (B, K), (B,)."""
        of_texts = np.ones(len(truth)) if weights is None else weights
        right, given, true = (of_texts @ table for table in (truth & answers, answers, truth))
        return cls(right, given, true, float(of_texts.sum()))

    def scores(self) -> tuple[NDArray[np.float64], ...]:
        """Precision, recall and F1 of each label; 0 where there is nothing to divide by."""
        pairs = (self.right, self.given), (self.right, self.true), (2 * self.right, self.given + self.true)
        return tuple(np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0) for part, whole in pairs)

    def micro_f1(self) -> float:
        """F1 of all labels together."""
        return float(2 * self.right.sum() / (self.given.sum() + self.true.sum() or 1.0))

    def mcc(self) -> float:
        """Matthews correlation of exclusive labels (Gorodkin 2004); 0 where only one label is given or true."""
        spread = [self.texts**2 - float(counts @ counts) for counts in (self.given, self.true)]
        together = float(self.right.sum()) * self.texts - float(self.given @ self.true)
        return together / (spread[0] * spread[1]) ** 0.5 if min(spread) > 0 else 0.0


def mistakes(
    gold: LabelSets,
    probabilities: NDArray[np.float32],
    choose: Choose,
    labels: Sequence[str],
    most: int,
) -> list[Mistake]:
    """The wrong answers that were given with the most confidence: that of a label given, or, if none was, of any."""
    return wrong_answers(gold, list(map(choose, probabilities)), probabilities, labels, most)


def wrong_answers(
    gold: LabelSets,
    predicted: LabelSets,
    probabilities: NDArray[np.float32],
    labels: Sequence[str],
    most: int,
) -> list[Mistake]:
    """The same from the labels that each text got, where not all of them were chosen in the same way."""
    column = {label: number for number, label in enumerate(labels)}
    wrong = []
    for number, (truth, answer, row) in enumerate(zip(gold, predicted, probabilities, strict=True)):
        if set(answer) != set(truth):
            given = row[[column[label] for label in answer]] if answer else row
            wrong.append(Mistake(number, tuple(truth), answer, float(given.max())))
    return sorted(wrong, key=lambda mistake: -mistake.probability)[:most]


def _calibration_error(
    truth: NDArray[np.bool_],
    probabilities: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    *,
    multi_label: bool,
) -> float:
    """Expected calibration error (Naeini et al. 2015): of the likeliest label, or of each label's probability."""
    counts = np.ones(len(truth)) if weights is None else weights
    if multi_label:
        counts = np.repeat(counts, truth.shape[1])
        said, right = probabilities.ravel(), truth.ravel()
    else:
        best = probabilities.argmax(axis=1)
        rows = np.arange(len(best))
        said, right = probabilities[rows, best], truth[rows, best]
    bins = np.minimum((said * _BINS).astype(int), _BINS - 1)
    gap = np.bincount(bins, weights=counts * (said - right), minlength=_BINS)
    return float(np.abs(gap).sum() / counts.sum())
