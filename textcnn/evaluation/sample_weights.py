"""How much each text counts: the weights of texts, which scikit-learn calls `sample_weight`.

A text of weight 2 counts as if it was there twice; only how weights compare to each other matters.

Shapes: B texts.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import DataError

__all__ = ["effective_count", "relative", "sample_weights"]

Weights = NDArray[np.float64]


def sample_weights(given: Any, count: int) -> Weights:
    """The weights of so many texts as programs have them, checked: (B,).

    Raises:
        DataError: there is not one for each text, one is no finite number from 0 up, or all are 0.
    """
    try:
        weights = np.asarray(given, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"sample_weight must be a number for each text, not {given!r:.60}") from error
    if weights.shape != (count,):
        raise DataError(f"sample_weight must have the shape ({count},), a number for each text, not {weights.shape}")
    wrong = np.flatnonzero(~np.isfinite(weights) | (weights < 0))
    if len(wrong):
        raise DataError(f"sample_weight must be from 0 up, but number {wrong[0]} (from 0) is {weights[wrong[0]]:g}")
    if count and not weights.any():
        raise DataError("sample_weight: all weights are 0, so no text would count")
    return weights


def relative(weights: Weights) -> Weights:
    """The same with the mean 1; equal weights are exactly 1, whatever they were: (B,), above 0 -> (B,)."""
    if not len(weights):
        return weights
    scaled = weights / weights.max()  # first, for the sum of the largest numbers is none
    return np.asarray(scaled / scaled.mean())


def effective_count(weights: Weights) -> float:
    """How many texts that all count the same would say as much, (Σw)² / Σw² (Kish 1965): (B,), not all 0."""
    scaled = weights / weights.max()
    return float(scaled.sum() ** 2 / np.square(scaled).sum())
