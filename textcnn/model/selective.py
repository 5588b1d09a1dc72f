"""To answer alone what is sure enough, and to pass the rest on: a threshold whose error is bounded.

Out-of-fold answers, the surest first, are cut at each twentieth of the texts, and the wrong ones above each cut are
counted. A cut promises an error if so few wrong ones would hardly be seen by chance where the error is larger: a
binomial test. As the best of all cuts is taken, each is tested so strictly that all hold together (Bonferroni).

Sources: Geifman & El-Yaniv 2017; Angelopoulos et al. 2021, Learn then Test.

Shapes: B texts, G cuts.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import SettingsError
from textcnn.storage.tensor_file import TensorFileError

__all__ = ["CONFIDENCE", "RiskCurve"]

CONFIDENCE = 0.95  # with which a bound holds
_CUTS = 20
_MOST_TERMS = 100_000  # of a sum, after which nothing is left to add


class RiskCurve(NamedTuple):
    """How many of the surest out-of-fold answers were wrong."""

    thresholds: NDArray[np.float32]  # (G,) probability of the last of them, from the surest on
    texts: NDArray[np.int64]  # (G,) that reach it
    wrong: NDArray[np.int64]  # (G,) of those

    @classmethod
    def of(cls, probabilities: NDArray[np.float32], wrong: NDArray[np.bool_]) -> "RiskCurve":
        """From the probability of each answer and whether it was wrong, (B,) and (B,), at least one."""
        surest = -np.sort(-probabilities)
        cuts = np.ceil(np.arange(1, _CUTS + 1) * len(surest) / _CUTS).astype(int)
        thresholds = surest[cuts - 1]
        reached = probabilities >= thresholds[:, None]
        return cls(thresholds, reached.sum(axis=1), (reached & wrong).sum(axis=1))

    def threshold(self, most: float) -> float:
        """The lowest threshold above which at most this share of the answers is wrong.

        Raises:
            SettingsError: of none this can be said.
        """
        kept = self.thresholds[self._keeping(most)]
        if not len(kept):
            raise SettingsError(
                f"no threshold can promise an error of at most {most:g}: of {int(self.texts[-1]):,} texts that were "
                f"held out in training, {int(self.wrong[-1]):,} were answered wrong; the least that can be promised is "
                f"{self._least():.3f}"
            )
        return float(kept.min())

    def _keeping(self, most: float) -> NDArray[np.bool_]:
        """Which cuts promise an error of at most so much, (G,)."""
        pairs = zip(self.texts.tolist(), self.wrong.tolist(), strict=True)
        return np.array([_chance(texts, wrong, most) <= (1 - CONFIDENCE) / _CUTS for texts, wrong in pairs])

    def _least(self) -> float:
        """The least error that can be promised, rounded up."""
        low, high = 0.0, 1.0
        while high - low > 1e-4:
            middle = (low + high) / 2
            low, high = (low, middle) if self._keeping(middle).any() else (middle, high)
        return math.ceil(1000 * high) / 1000

    def tensors(self) -> dict[str, NDArray[Any]]:
        """As they stand in a model file."""
        return {f"risk.{name}": column for name, column in self._asdict().items()}

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> "RiskCurve":
        """Read what `tensors` wrote, and check it.

        Raises:
            TensorFileError: they are damaged.
        """
        columns = [tensors.get(f"risk.{name}") for name in cls._fields]
        for column, kind in zip(columns, (np.float32, np.int64, np.int64), strict=True):
            if column is None or column.dtype != kind or column.shape != (_CUTS,):
                raise TensorFileError("its counts of wrong answers are damaged")
        curve = cls(*columns)  # type: ignore[arg-type]
        if not ((curve.wrong >= 0) & (curve.wrong <= curve.texts) & (curve.texts < 2**40)).all():
            raise TensorFileError("its counts of wrong answers are damaged")
        return curve


def _chance(texts: int, wrong: int, error: float) -> float:
    """The chance to see at most so many wrong answers, each of them wrong with this probability.

    The likeliest number first, and the others, which matter less and less; 1 where more are wrong than can be expected.
    """
    if wrong >= texts * error:
        return 1.0
    ways = math.lgamma(texts + 1) - math.lgamma(wrong + 1) - math.lgamma(texts - wrong + 1)
    likeliest = math.exp(ways + wrong * math.log(error) + (texts - wrong) * math.log1p(-error))
    numbers = np.arange(wrong, max(wrong - _MOST_TERMS, 0), -1)
    return likeliest * (1 + float(np.cumprod(numbers * (1 - error) / ((texts - numbers + 1) * error)).sum()))
