"""Whether one way to train is better than another on the same folds, or the difference is noise.

Folds are no independent experiments: most of what one learns from, the others learn from, too. So the variance of their
mean is larger than that of as many independent numbers, by about the texts held out for each text learned from. This is
the corrected resampled t-test, and its interval.

Source: Nadeau & Bengio 2003, "Inference for the Generalization Error", section 3; for repeated cross-validation
Bouckaert & Frank 2004.

Shapes: J folds.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["CorrectedMean", "FoldComparison", "corrected_t"]

LEVEL = 0.05  # what is likelier than this by chance is called noise


class CorrectedMean(NamedTuple):
    """The mean of numbers of folds, its interval, and how likely one so far from 0 is by chance.

    All but the mean are None of a single fold, or where all folds have the same number: then nothing tells the noise.
    """

    mean: float
    low: float | None
    high: float | None
    p_value: float | None


def corrected_t(values: NDArray[np.float64], share: float, level: float = LEVEL) -> CorrectedMean:
    """The mean over folds with its interval.

    Args:
        values: (J,) a number of each fold, or the difference of two ways to train on it.
        share: texts held out for each text learned from.
        level: one less what the interval holds.
    """
    from scipy.stats import t

    mean, folds = float(values.mean()), len(values)
    if folds < 2:
        return CorrectedMean(mean, None, None, None)
    error = float(np.sqrt((1 / folds + share) * values.var(ddof=1)))
    if error < 1e-12:
        return CorrectedMean(mean, None, None, None)
    half = float(t.ppf(1 - level / 2, folds - 1)) * error
    return CorrectedMean(mean, mean - half, mean + half, float(2 * t.sf(abs(mean) / error, folds - 1)))


@dataclass(frozen=True, kw_only=True)
class FoldComparison:
    """Two ways to train, on the same folds; differences are first minus second."""

    first: str
    second: str
    folds: int
    level: float  # of one comparison; of several it is so small that all together keep to 0.05 (Bonferroni)
    figures: dict[str, CorrectedMean]

    @property
    def significant(self) -> bool:
        """Whether the difference in accuracy is more than noise."""
        p_value = self.figures["accuracy"].p_value
        return p_value is not None and p_value < self.level

    @property
    def verdict(self) -> str:
        """The answer in a sentence."""
        mean, low, high, p_value = self.figures["accuracy"]
        if not mean:
            return f"no difference to be seen between {self.first} and {self.second}"
        better, worse = (self.first, self.second)[:: 1 if mean > 0 else -1]
        by = f"by {abs(mean):.4f} in accuracy"
        if p_value is None or low is None or high is None:
            return f"{better} is ahead of {worse} {by}, but these folds cannot tell whether that is noise"
        ends = sorted((low, high) if mean > 0 else (-low, -high))
        by += f" ({100 * (1 - self.level):.3g} % interval {ends[0]:+.4f} to {ends[1]:+.4f})"
        if self.significant:
            return f"{better} is better than {worse} {by}, and that is not noise"
        return f"{better} is ahead of {worse} {by}, but that may be noise"

    def as_dict(self) -> dict[str, Any]:
        """The comparison as one JSON object."""
        return {
            "first": self.first,
            "second": self.second,
            "folds": self.folds,
            "level": self.level,
            "differences": {name: value._asdict() for name, value in self.figures.items()},
            "significant": self.significant,
            "verdict": self.verdict,
        }
