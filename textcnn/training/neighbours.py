"""Texts drawn towards those most like them: who answers the many that have no label then minds less what is odd in one.

A text takes in the mean of its neighbours, each counting by its likeness: a graph convolution that has nothing to learn
(Wu et al. 2019, "Simplifying Graph Convolutional Networks"). No label is looked at.

Shapes: N texts, d numbers of the encoder.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["drawn_to_neighbours"]

Numbers = NDArray[np.float64]

_NEIGHBOURS = 15
_LEAST = 1e-9


def drawn_to_neighbours(rows: Numbers, spelling: Numbers) -> tuple[Numbers, Numbers]:
    """Texts halfway between themselves and the mean of their neighbours, as long as before on average.

    Args:
        rows: of at least two texts, (N, d).
        spelling: products of their features in the linear part, (N, N).

    Returns:
        the same of the drawn texts.
    """
    from scipy.sparse import csr_matrix, eye_array

    texts, alike = len(rows), rows @ rows.T + spelling
    length = float(np.trace(alike))
    np.fill_diagonal(alike, -np.inf)
    count = min(_NEIGHBOURS, texts - 1)
    closest = np.argpartition(alike, texts - count, axis=1)[:, texts - count :]
    weights = np.maximum(np.take_along_axis(alike, closest, axis=1), 0)
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), _LEAST)
    starts = np.arange(0, texts * count + 1, count)
    draw = eye_array(texts).tocsr() + csr_matrix((shares.ravel(), closest.ravel(), starts), (texts, texts))
    drawn, products = np.asarray(draw @ rows), np.asarray(draw @ (draw @ spelling).T)
    factor = length / max(float(np.square(drawn).sum() + np.trace(products)), _LEAST)
    return drawn * factor**0.5, products * factor
