"""What texts of the kind that was learned from look like to a model: a sample of what was measured of held-out texts.

Shapes: S texts.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.storage.tensor_file import TensorFileError

__all__ = ["NOVEL", "Reference"]

NOVEL = 0.95  # novelty above which about a twentieth of the texts is
_MOST = 1000  # texts
_TENSOR = "reference.texts"


class Reference(NamedTuple):
    """Out-of-fold answers and their texts, a sample."""

    label: NDArray[np.floating[Any]]  # (S,) number of the answer, of the likeliest label if there is none
    confidence: NDArray[np.floating[Any]]  # (S,) probability of the likeliest label
    novelty: NDArray[np.floating[Any]]  # (S,)
    unknown: NDArray[np.floating[Any]]  # (S,) share of words without a vector
    words: NDArray[np.floating[Any]]  # (S,) words of the text

    @property
    def novel(self) -> NDArray[np.bool_]:
        """Which texts are as novel as few are, (S,)."""
        return np.asarray(self.novelty > NOVEL)

    def sampled(self) -> "Reference":
        """At most so many texts as a model keeps, evenly from all."""
        count = len(self.label)
        chosen = np.linspace(0, count - 1, min(count, _MOST)).astype(int)
        return Reference(*(column[chosen] for column in self))

    def tensors(self) -> dict[str, NDArray[Any]]:
        """As they stand in a model file."""
        return {_TENSOR: np.stack(self).astype(np.float32)}

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, NDArray[Any]], labels: int) -> "Reference":
        """Read what `tensors` wrote, and check it.

        Raises:
            TensorFileError: they are damaged.
        """
        table = tensors[_TENSOR]
        if table.dtype != np.float32 or table.ndim != 2 or len(table) != len(cls._fields) or not table.shape[1]:
            raise TensorFileError("what it knows of texts like its own is damaged")
        made = cls(*table)
        if not np.isfinite(table).all() or (table < 0).any() or made.label.max() >= labels:
            raise TensorFileError("what it knows of texts like its own is damaged")
        return made
