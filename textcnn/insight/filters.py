"""How a bank of filters behaves on texts: which are dead, which copy each other, how many directions they span.

Shapes: B texts, M filters, whose pooled responses after the ReLU are the features (B, M).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Twins", "active_share", "effective_rank", "twins"]

Floats = NDArray[np.float64]


class Twins(NamedTuple):
    """For each filter the one that is most like it among those of its width."""

    numbers: NDArray[np.int64]  # (M,) -1 where there is none
    likeness: Floats  # (M,) correlations


def active_share(features: Floats) -> Floats:
    """The share of texts that each filter answers to: (B, M) -> (M,)."""
    share: Floats = (features > 0).mean(axis=0)
    return share


def twins(features: Floats, per_width: int) -> Twins:
    """Correlate the filters of each width, `per_width` columns side by side; one that never changes has no twin."""
    count = features.shape[1]
    numbers, likeness = np.full(count, -1), np.zeros(count)
    centred = features - features.mean(axis=0)
    length = np.linalg.norm(centred, axis=0)
    centred = centred / np.where(length > 0, length, 1)
    for first in range(0, count, per_width):
        own = slice(first, first + per_width)
        alike = centred[:, own].T @ centred[:, own]
        np.fill_diagonal(alike, -1)
        alike[:, length[own] == 0] = -1
        best = alike.argmax(axis=1)
        found = (alike.max(axis=1, initial=-1) > 0) & (length[own] > 0)
        numbers[own] = np.where(found, best + first, -1)
        likeness[own] = np.where(found, alike.max(axis=1, initial=-1), 0)
    return Twins(numbers, likeness)


def effective_rank(features: Floats) -> float:
    """How many directions the features use: e to the entropy of their singular values (Roy & Vetterli 2007)."""
    values = np.linalg.svd(features - features.mean(axis=0), compute_uv=False)
    share = values / (values.sum() or 1)
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum())) if len(share) else 0.0
