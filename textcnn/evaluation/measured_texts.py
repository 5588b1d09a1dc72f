"""Texts that a model is measured on: all but those of no kind that it knows, for no answer to them is right."""

from collections.abc import Iterable, Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import DataError
from textcnn.evaluation.sample_weights import sample_weights

__all__ = ["MeasuredTexts"]


class MeasuredTexts(NamedTuple):
    """Texts, their labels and weights."""

    texts: list[str]
    labels: list[tuple[str, ...]]  # in words of the model
    weights: NDArray[np.float64] | None
    kept: NDArray[np.bool_]  # which of the texts that were given these are

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        labels: Sequence[tuple[str, ...]],
        given_weights: Iterable[float] | None,
        outside: str | None,
    ) -> "MeasuredTexts":
        """Those whose label is not `outside`.

        Raises:
            DataError: the weights cannot be used, or no text is left.
        """
        weights = None if given_weights is None else sample_weights(given_weights, len(texts))
        kept = np.array([not outside or outside not in own for own in labels])
        if not kept.any():
            raise DataError(f"all texts are of no kind that the model knows: {outside!r}")
        if weights is not None:
            weights = sample_weights(weights[kept], int(kept.sum()))
        return cls(list(compress(texts, kept)), list(compress(labels, kept)), weights, kept)
