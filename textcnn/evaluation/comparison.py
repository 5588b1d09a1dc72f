"""Is one classifier better than another on the same texts, or is the difference noise? Tests and intervals.

All know that both saw the same texts: McNemar's test, exact, on the texts that only one of them got right (Dietterich
1998); the interval of Agresti & Min (2005, "Simple improved confidence intervals for comparing matched proportions")
for the difference in accuracy, good also where these are few; and for that in macro F1 a bootstrap over the texts
(Efron & Tibshirani 1993, percentiles).
"""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.labels import LabelSets, indicator

__all__ = ["Comparison", "Interval", "compare"]

_RESAMPLES = 2000
_MOST_NUMBERS = 4_000_000  # in memory at a time
_LEVEL = 0.05  # what is likelier than this by chance is called noise

Table = NDArray[np.bool_]  # (B, K): which labels texts have


class Interval(NamedTuple):
    """A difference, first minus second, with its 95 % interval."""

    difference: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two classifiers on the same texts. A text is right if its whole set of labels is."""

    first: str
    second: str
    count: int
    first_accuracy: float
    second_accuracy: float
    first_macro_f1: float
    second_macro_f1: float
    only_first: int  # texts that the first alone got right
    only_second: int
    p_value: float  # McNemar's, exact, two-sided
    accuracy: Interval
    macro_f1: Interval

    @property
    def significant(self) -> bool:
        """Whether the difference in accuracy is more than noise."""
        return self.p_value < _LEVEL

    @property
    def verdict(self) -> str:
        """The answer in a sentence."""
        better, worse = (self.first, self.second)[:: 1 if self.only_first > self.only_second else -1]
        if self.significant:
            return f"{better} is better than {worse}, and that is not noise"
        if self.only_first == self.only_second:
            return f"no difference to be seen between {self.first} and {self.second}"
        return f"{better} is ahead of {worse}, but that may be noise"

    def as_dict(self) -> dict[str, Any]:
        """The comparison as one JSON object."""
        intervals = {name: getattr(self, name)._asdict() for name in ("accuracy", "macro_f1")}
        return {**asdict(self), **intervals, "significant": self.significant, "verdict": self.verdict}


def compare(names: tuple[str, str], gold: LabelSets, first: LabelSets, second: LabelSets) -> Comparison:
    """Compare the answers of two classifiers.

    Args:
        names: of the two classifiers.
        gold: the labels of each text, at least one text.
        first: the answers of the first.
        second: the answers of the second.
    """
    from scipy.stats import binomtest

    names_of_labels = list(dict.fromkeys(label for labels in (*gold, *first, *second) for label in labels))
    truth, *answers = (indicator(label_sets, names_of_labels) for label_sets in (gold, first, second))
    right = [(truth == table).all(axis=1) for table in answers]
    only_first, only_second = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    disputed = only_first + only_second
    accuracies = [float(rights.mean()) for rights in right]
    macros = [float(_macro_f1(np.ones((1, len(gold))), truth, table)[0]) for table in answers]
    resampled = _resampled(truth, *answers)
    return Comparison(
        first=names[0],
        second=names[1],
        count=len(gold),
        first_accuracy=accuracies[0],
        second_accuracy=accuracies[1],
        first_macro_f1=macros[0],
        second_macro_f1=macros[1],
        only_first=only_first,
        only_second=only_second,
        p_value=float(binomtest(only_first, disputed).pvalue) if disputed else 1.0,
        accuracy=_paired(only_first, only_second, len(gold)),
        macro_f1=Interval(macros[0] - macros[1], *np.percentile(resampled, [2.5, 97.5]).tolist()),
    )


def _resampled(truth: Table, first: Table, second: Table) -> NDArray[np.float64]:
    """The difference in macro F1 for each resample of the texts: (R,).

    Texts with the same truth and answers are drawn together, for there are few such kinds however many texts there
    are. The seed is fixed: the same answers, the same interval.
    """
    joined = np.concatenate([truth, first, second], axis=1)
    kinds, counts = np.unique(joined, axis=0, return_counts=True)
    truth, first, second = np.split(kinds, 3, axis=1)
    random = np.random.default_rng(0)
    differences, block = [], max(min(_RESAMPLES, _MOST_NUMBERS // len(kinds)), 1)
    for start in range(0, _RESAMPLES, block):
        size = min(block, _RESAMPLES - start)
        weights = random.multinomial(len(joined), counts / len(joined), size=size).astype(np.float64)
        differences.append(_macro_f1(weights, truth, first) - _macro_f1(weights, truth, second))
    return np.concatenate(differences)


def _macro_f1(weights: NDArray[np.float64], truth: Table, answers: Table) -> NDArray[np.float64]:
    """Mean F1 of the labels that occur or were given, for each weighting of the texts: (R, B) -> (R,)."""
    both = weights @ (truth & answers)
    either = weights @ truth + weights @ answers
    scores = np.divide(2 * both, either, out=np.zeros_like(both), where=either > 0)
    mean: NDArray[np.float64] = scores.sum(axis=1) / np.maximum((either > 0).sum(axis=1), 1)
    return mean


def _paired(only_first: int, only_second: int, count: int) -> Interval:
    """The difference in accuracy, with half a text more of each kind for the interval."""
    disputed, gain, texts = only_first + only_second + 1, only_first - only_second, count + 2
    half = 1.96 * (disputed - gain**2 / texts) ** 0.5 / texts
    return Interval(gain / count, max(gain / texts - half, -1.0), min(gain / texts + half, 1.0))
