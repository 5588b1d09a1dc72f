"""Matrices with one byte per number, or half of one: each row has its own scale, value = byte · scale.

The error is less than a percent of a row's length, and the size a quarter of that in single precision. In half bytes
the error is about an eighth of a row's length, and so is the size of that in single precision.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.compiled.loader import loops

__all__ = ["HALF_BYTE", "Quantized", "packed", "unpacked"]

_BLOCK = 10_000  # rows that are looked at together
HALF_BYTE = 7  # the largest number of half a byte, where there are as many below zero


class Quantized(NamedTuple):
    """A matrix (V, d) as bytes, or half bytes, with a scale for each row."""

    values: NDArray[Any]  # int8, (V, d); or uint8, two numbers in a byte, (V, d / 2)
    scales: NDArray[np.float32]  # (V,)

    @classmethod
    def of(cls, matrix: NDArray[np.float32], largest: int = 127) -> "Quantized":
        """Round to the nearest of 255 steps, or 2 · largest + 1, between minus and plus the row's largest number."""
        scales = (np.abs(matrix).max(axis=1, initial=0) / largest).astype(np.float32)
        safe = np.where(scales > 0, scales, 1)
        return cls(np.rint(matrix / safe[:, None]).astype(np.int8), scales)

    @property
    def dimensions(self) -> int:
        """Numbers of a row."""
        return int(self.values.shape[1]) * (1 + (self.values.dtype == np.uint8))

    def equals(self, other: "Quantized") -> bool:
        """Whether the other is the same, number by number."""
        pairs = zip(self, other, strict=True)
        return all(one is another or bool(np.array_equal(one, another)) for one, another in pairs)

    def rows(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        """Some rows in single precision: (U,) -> (U, d)."""
        return _whole(self.values[numbers]) * self.scales[numbers, None]

    def halved(self) -> "Quantized":
        """The same in half the room; the numbers must be from -8 to 7, and even in number."""
        return self._replace(values=packed(self.values))

    def longest(self) -> float:
        """The length of the longest row; 0 if there is none, and infinite if rows stay in a file: not all are read."""
        if not isinstance(self.values, np.ndarray):
            return math.inf
        compiled = loops("whole")
        if compiled is not None and self.values.size:
            halves = self.values.dtype == np.uint8
            return math.sqrt(compiled.longest_row(self.values.view(np.uint8), self.scales, halves))
        return math.sqrt(max((self._longest_square(first) for first in range(0, len(self.scales), _BLOCK)), default=0))

    def _longest_square(self, first: int) -> float:
        some = slice(first, first + _BLOCK)
        values = _whole(self.values[some])
        squares = np.einsum("vd,vd->v", values, values, dtype=np.int32)
        return float((np.square(self.scales[some].astype(np.float64)) * squares).max())


def _whole(values: NDArray[Any]) -> NDArray[np.int8]:
    return unpacked(values) if values.dtype == np.uint8 else values


def packed(values: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Numbers from -8 to 7, two in a byte: (V, d) -> (V, d / 2); the first half of a row is in the lower bits."""
    halves = (values + np.int8(8)).astype(np.uint8)
    middle = values.shape[1] // 2
    return np.asarray(halves[:, :middle] | halves[:, middle:] << 4, np.uint8)


def unpacked(halves: NDArray[np.uint8]) -> NDArray[np.int8]:
    """What was packed."""
    return np.concatenate([halves & 15, halves >> 4], axis=1).astype(np.int8) - np.int8(8)
