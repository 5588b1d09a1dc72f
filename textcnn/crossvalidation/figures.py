"""The figures of out-of-fold answers, with intervals over texts and over folds.

Every figure is a function of sums over texts: how many are right, the losses, the gaps of each bin of probabilities,
and of each label how often it was rightly given, given, and meant. So the figures of a fold, or of a resample of the
texts, are those of its sums.

over texts  what other texts of this kind would do to the figure: a bootstrap over units, texts that belong together
            (Efron & Tibshirani 1993, percentiles without the bias); of the accuracy the interval of Wilson, for as
            many texts as have its variance (Korn & Graubard 1998): resamples of right answers would all be the same
over folds  what other texts to learn from would do to it, too: see differences.py

Shapes: A answers, B texts, U units, K labels, J folds, R rows of sums, S sums.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.crossvalidation.differences import CorrectedMean, corrected_t
from textcnn.evaluation.log_loss import losses_of_probabilities
from textcnn.evaluation.metrics import accuracy_interval

__all__ = ["FIGURE_NAMES", "Ends", "FigureWithIntervals", "figures_of", "spread_figures", "sums_of_answers"]

Floats = NDArray[np.float64]
Table = NDArray[np.bool_]

FIGURE_NAMES = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "mcc": "MCC",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
}

_RESAMPLES = 1000
_MOST_NUMBERS = 4_000_000  # in memory at a time
_BINS = 15  # as in evaluation/metrics.py
_FIRST = 3  # sums before those of the bins: answers, right ones, losses
_RANGES = {"mcc": (-1.0, 1.0), "log_loss": (0.0, float("inf"))}  # of the others 0 to 1


class Ends(NamedTuple):
    """Where a 95 % interval begins and ends."""

    low: float
    high: float


class FigureWithIntervals(NamedTuple):
    """A figure of all answers together, its intervals, and what it is of each fold."""

    value: float
    over_texts: Ends
    over_folds: Ends | None  # None of a single fold, or where all folds have the same
    by_fold: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """The figure as one JSON object."""
        ends = {"over_texts": self.over_texts._asdict(), "over_folds": self.over_folds and self.over_folds._asdict()}
        return {"value": self.value, **ends, "by_fold": list(self.by_fold)}


def sums_of_answers(
    truth: Table,
    answers: Table,
    probabilities: NDArray[np.float32] | None,
    weights: Floats | None = None,
    *,
    multi_label: bool,
) -> Any:
    """The sums of each answer, as a sparse matrix: (A, S).

    Args:
        truth: (A, K) the labels of each text.
        answers: (A, K) the labels that it got.
        probabilities: (A, K); None if there are none.
        weights: (A,) how much each counts; if not given, all count the same.
        multi_label: whether texts can have several labels.
    """
    from scipy.sparse import csr_matrix, diags_array, hstack

    count = len(truth)
    dense = np.zeros((count, _FIRST + _BINS))
    dense[:, 0], dense[:, 1] = 1, (truth == answers).all(axis=1)
    if probabilities is not None:
        wide = probabilities.astype(np.float64)
        dense[:, 2] = losses_of_probabilities(wide, truth, multi_label=multi_label)
        for row, said, right in _probabilities(truth, wide, multi_label=multi_label):
            np.add.at(dense, (row, _FIRST + np.minimum((said * _BINS).astype(int), _BINS - 1)), said - right)
    tables = (truth & answers, answers, truth)
    sums = hstack([csr_matrix(dense), *(csr_matrix(each, dtype=float) for each in tables)]).tocsr()
    return sums if weights is None else diags_array(weights) @ sums


def _probabilities(truth: Table, said: Floats, *, multi_label: bool) -> list[tuple[Any, Floats, Table]]:
    """Rows, probabilities, and whether they came true: of the likeliest label, or of each label in turn."""
    rows = np.arange(len(truth))
    if multi_label:
        return [(rows, said[:, label], truth[:, label]) for label in range(truth.shape[1])]
    best = said.argmax(axis=1)
    return [(rows, said[rows, best], truth[rows, best])]


def figures_of(sums: Floats, *, multi_label: bool, with_probabilities: bool = True) -> dict[str, Floats]:
    """The figures of each row of sums, (R, S), by their names in a Report: (R,) each."""
    count, right, loss = sums[:, :_FIRST].T
    gaps, counts = sums[:, _FIRST : _FIRST + _BINS], sums[:, _FIRST + _BINS :]
    both, said, meant = np.split(counts, 3, axis=1)
    either = said + meant
    f1 = np.divide(2 * both, either, out=np.zeros_like(both), where=either > 0)
    made = {
        "accuracy": right / count,
        "macro_f1": f1.sum(axis=1) / np.maximum((either > 0).sum(axis=1), 1),
        "micro_f1": 2 * both.sum(axis=1) / np.maximum(either.sum(axis=1), 1),
    }
    if not multi_label:
        made["mcc"] = _mcc(count, both, said, meant)
    if with_probabilities:
        made["log_loss"] = loss / count
        made["calibration_error"] = np.abs(gaps).sum(axis=1) / (count * (both.shape[1] if multi_label else 1))
    return made


def _mcc(count: Floats, both: Floats, said: Floats, meant: Floats) -> Floats:
    """Matthews correlation for any number of labels (Gorodkin 2004); 0 where one label is all that occurs."""
    over = count * both.sum(axis=1) - (said * meant).sum(axis=1)
    under = np.sqrt((count**2 - (said**2).sum(axis=1)) * (count**2 - (meant**2).sum(axis=1)))
    return np.asarray(np.divide(over, under, out=np.zeros_like(over), where=under > 0))


def spread_figures(
    sums: Any, units: NDArray[np.int64], folds: NDArray[np.int64], share: float, *, multi_label: bool, probable: bool
) -> dict[str, FigureWithIntervals]:
    """Every figure with its intervals.

    Args:
        sums: (A, S), of `sums_of_answers`.
        units: (A,) what the text of each answer belongs to.
        folds: (A,) the fold of each answer, from 0.
        share: texts held out for each text learned from, see `corrected_t`.
        multi_label: whether texts can have several labels.
        probable: whether there are probabilities.
    """

    def figures(rows: Floats) -> dict[str, Floats]:
        return figures_of(rows, multi_label=multi_label, with_probabilities=probable)

    together, by_fold = (_sums_by(of, sums).toarray() for of in (np.zeros_like(folds), folds))
    by_unit = _sums_by(np.unique(units, return_inverse=True)[1], sums)
    resampled = [figures(rows) for rows in _resampled(by_unit)]
    made = {}
    for name, (value,) in figures(together).items():
        ends = _over_texts(name, float(value), np.concatenate([each[name] for each in resampled]))
        if name == "accuracy":
            ends = _accuracy_interval(by_unit[:, :2].toarray())
        each = figures(by_fold)[name]
        over_folds = _over_folds(name, float(value), corrected_t(each, share))
        made[name] = FigureWithIntervals(float(value), ends, over_folds, tuple(each.tolist()))
    return made


def _over_texts(name: str, value: float, resampled: Floats) -> Ends:
    """The percentiles, less by how much resamples are larger than the value on average, as calibration errors are."""
    low, high = (np.percentile(resampled, [2.5, 97.5]) - resampled.mean() + value).tolist()
    return _within(name, low, high)


def _over_folds(name: str, value: float, mean: CorrectedMean) -> Ends | None:
    """The interval of the mean of the folds, moved to the value, as far as the figure can go.

    Figures that are no means, such as the calibration error, are others of few texts than of many.
    """
    if mean.low is None or mean.high is None:
        return None
    return _within(name, value + mean.low - mean.mean, value + mean.high - mean.mean)


def _within(name: str, low: float, high: float) -> Ends:
    least, most = _RANGES.get(name, (0.0, 1.0))
    return Ends(max(low, least), min(high, most))


def _sums_by(of: NDArray[np.int64], sums: Any) -> Any:
    """The sums of all answers with the same number, which count from 0: (A,), (A, S) -> (R, S)."""
    from scipy.sparse import csr_matrix

    return csr_matrix((np.ones(len(of)), (of, np.arange(len(of))))) @ sums.tocsr()


def _resampled(by_unit: Any) -> list[Floats]:
    """The sums of resamples, blocks of rows; as many units are drawn as there are, the seed is fixed: (U, S)."""
    units, random = by_unit.shape[0], np.random.default_rng(0)
    block = max(min(_RESAMPLES, _MOST_NUMBERS // units), 1)
    made = []
    for start in range(0, _RESAMPLES, block):
        weights = random.multinomial(units, np.full(units, 1 / units), size=min(block, _RESAMPLES - start))
        made.append(weights @ by_unit)
    return made


def _accuracy_interval(by_unit: Floats) -> Ends:
    """Of Wilson, for the number of independent answers whose share of right ones would vary as much: (U, 2)."""
    count, right = by_unit.sum(axis=0).tolist()
    share = right / count
    variance = float(np.square(by_unit[:, 1] - share * by_unit[:, 0]).sum()) / count**2
    effective = min(share * (1 - share) / variance, count) if variance else len(by_unit)
    return Ends(*accuracy_interval(share, effective))
