"""Filters pretrained over the vectors of a table: a network's own start from them, where they are there, not at random.

They stand in the file of the table, as `filters.H` and `biases.H` for every width H.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.storage.tensor_file import TensorFileError

__all__ = ["Filters", "read_filters", "tensors_of"]

_WIDEST = 15


class Filters(NamedTuple):
    """Filters of one width h: a window's response is the sum of its words' products with the slices, and the bias."""

    slices: NDArray[np.float16]  # (h, F, d)
    biases: NDArray[np.float16]  # (F,)


def read_filters(tensors: Mapping[str, NDArray[Any]], dimensions: int) -> dict[int, Filters]:
    """Those of each width, from a table's file; most tables have none.

    Raises:
        TensorFileError: they do not fit the table's vectors, or are damaged.
    """
    widths = [width for width in range(1, _WIDEST + 1) if f"filters.{width}" in tensors]
    return {width: _of_width(width, tensors, dimensions) for width in widths}


def _of_width(width: int, tensors: Mapping[str, NDArray[Any]], dimensions: int) -> Filters:
    filters = Filters(tensors[f"filters.{width}"], tensors.get(f"biases.{width}", np.empty(0)))
    if filters.slices.shape != (width, filters.biases.size, dimensions) or filters.biases.ndim != 1:
        raise TensorFileError(f"the shapes of its filters of width {width} do not fit")
    if not all(part.dtype == np.float16 and np.isfinite(part).all() for part in filters):
        raise TensorFileError(f"its filters of width {width} are damaged")
    return filters


def tensors_of(filters: Mapping[int, Filters]) -> dict[str, NDArray[np.float16]]:
    """What stands in the file."""
    slices = {f"filters.{width}": of_width.slices for width, of_width in filters.items()}
    return slices | {f"biases.{width}": of_width.biases for width, of_width in filters.items()}
