"""Texts drawn towards those most like them: who answers the many that have no label then minds less what is odd in one.

A text takes in the mean of its neighbours, each counting by its likeness: a graph convolution that has nothing to learn
(Wu et al. 2019, "Simplifying Graph Convolutional Networks"). No label is looked at.

Shapes: N texts, d columns of what the encoder says of them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["drawn_to_neighbours", "nearest"]

Numbers = NDArray[np.float64]

_NEIGHBOURS = 15
_BLOCK = 500  # texts that are compared with all at once
_LEAST = 1e-9


def drawn_to_neighbours(rows: Numbers, spelling: Numbers) -> tuple[Numbers, Numbers]:
    """Texts with the mean of their neighbours added, those that are like none as they are; then all made shorter alike.

    So they are as long as before on average.

    Args:
        rows: of at least two texts, (N, d).
        spelling: products of their features in the linear part, (N, N).

    Returns:
        the same of the drawn texts.
    """
    from scipy.sparse import csr_matrix

    texts = len(rows)
    found = [_nearest_of_block(rows, spelling, first) for first in range(0, texts, _BLOCK)]
    shares, closest = (np.concatenate(each) for each in zip(*found, strict=True))
    starts = np.arange(texts + 1) * shares.shape[1]
    mean = csr_matrix((shares.ravel(), closest.ravel(), starts), (texts, texts))
    drawn, products = rows + mean @ rows, spelling
    if spelling.any():
        half = spelling + mean @ spelling
        products = half + (mean @ half.T).T
    before, after = (np.square(each).sum() + np.trace(of) for each, of in ((rows, spelling), (drawn, products)))
    factor = before / max(after, _LEAST)
    return np.asarray(drawn * factor**0.5), np.asarray(products * factor)


def _nearest_of_block(rows: Numbers, spelling: Numbers, first: int) -> tuple[Numbers, NDArray[np.int64]]:
    alike = rows[first : first + _BLOCK] @ rows.T + spelling[first : first + _BLOCK]
    block = np.arange(len(alike))
    alike[block, first + block] = 0  # a text is no neighbour of its own
    return nearest(alike)


def nearest(alike: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """How much the neighbours of each text count, and which they are: (B, n) both; those that are unlike count nothing.

    Args:
        alike: how alike texts are to others, (B, N).
    """
    count = min(_NEIGHBOURS, alike.shape[1])
    closest = np.argpartition(alike, -count, axis=1)[:, -count:]
    weights = np.maximum(np.take_along_axis(alike, closest, axis=1), 0)
    total = weights.sum(axis=1, keepdims=True)
    return weights / np.where(total > 0, total, 1), closest
