"""Matrices with one byte per number: each row has its own scale, value = byte · scale.

The error is less than half a percent of a row's length, and the size a quarter of that in single precision.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.compiled.loader import loops

__all__ = ["HALF_BYTE", "Quantized", "packed", "unpacked"]

HALF_BYTE = 7  # the largest number of half a byte, where there are as many below zero


class Quantized(NamedTuple):
    """A matrix (V, d) as bytes with a scale for each row."""

    values: NDArray[np.int8]  # (V, d)
    scales: NDArray[np.float32]  # (V,)

    @classmethod
    def of(cls, matrix: NDArray[np.float32], largest: int = 127) -> "Quantized":
        """Round to the nearest of 255 steps, or 2 · largest + 1, between minus and plus the row's largest number."""
        scales = (np.abs(matrix).max(axis=1, initial=0) / largest).astype(np.float32)
        safe = np.where(scales > 0, scales, 1)
        return cls(np.rint(matrix / safe[:, None]).astype(np.int8), scales)

    def rows(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        """Some rows in single precision: (U,) -> (U, d)."""
        return self.values[numbers] * self.scales[numbers, None]

    def longest(self) -> float:
        """The length of the longest row; 0 if there is none, and infinite if rows stay in a file: not all are read."""
        if not isinstance(self.values, np.ndarray):
            return math.inf
        compiled = loops("whole")
        if compiled is not None and self.values.size:
            return math.sqrt(compiled.longest_row(self.values, self.scales))
        squares = np.einsum("vd,vd->v", self.values, self.values, dtype=np.int32)
        return math.sqrt((np.square(self.scales.astype(np.float64)) * squares).max(initial=0))


def packed(values: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Numbers from -8 to 7, two in a byte: (V, d) -> (V, d / 2); the first half of a row is in the lower bits."""
    halves = (values + np.int8(8)).astype(np.uint8)
    middle = values.shape[1] // 2
    return np.asarray(halves[:, :middle] | halves[:, middle:] << 4, np.uint8)


def unpacked(halves: NDArray[np.uint8]) -> NDArray[np.int8]:
    """What was packed."""
    return np.concatenate([halves & 15, halves >> 4], axis=1).astype(np.int8) - np.int8(8)
