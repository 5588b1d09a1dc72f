"""How a bank of filters behaves on texts: which are dead, which are duplicates, how many directions they span.

Shapes: B texts, M filters, whose pooled responses after the ReLU are the features (B, M).
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["NearestFilters", "active_share", "effective_rank", "nearest_filters"]

Floats = NDArray[np.float64]


class NearestFilters(NamedTuple):
    """For each filter the one whose features are most correlated with its own."""

    numbers: NDArray[np.int64]  # (M,) -1 where there is none
    correlations: Floats  # (M,) zero where there is none


def active_share(features: Floats) -> Floats:
    """The share of texts to which each filter responds: (B, M) -> (M,)."""
    share: Floats = (features > 0).mean(axis=0)
    return share


def nearest_filters(features: Floats, groups: Iterable[slice]) -> NearestFilters:
    """Correlate filters; one that never changes has no other near it.

    Args:
        features: (B, M).
        groups: of columns; filters are compared with those of their group, see `Bank.groups`.
    """
    count = features.shape[1]
    numbers, correlations = np.full(count, -1), np.zeros(count)
    centred = features - features.mean(axis=0)
    length = np.linalg.norm(centred, axis=0)
    centred = centred / np.where(length > 0, length, 1)
    for group in groups:
        matrix = centred[:, group].T @ centred[:, group]
        np.fill_diagonal(matrix, -1)
        matrix[:, length[group] == 0] = -1
        largest = matrix.max(axis=1, initial=-1)
        correlated = (largest > 0) & (length[group] > 0)
        numbers[group] = np.where(correlated, matrix.argmax(axis=1) + group.start, -1)
        correlations[group] = np.where(correlated, largest, 0)
    return NearestFilters(numbers, correlations)


def effective_rank(features: Floats) -> float:
    """How many directions the features use: e to the entropy of their singular values (Roy & Vetterli 2007)."""
    values = np.linalg.svd(features - features.mean(axis=0), compute_uv=False)
    share = values / (values.sum() or 1)
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum())) if len(share) else 0.0
