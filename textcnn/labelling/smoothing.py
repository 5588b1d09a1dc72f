"""Sentence vectors drawn towards those of their neighbours: texts without labels help to learn from few that have one.

A text takes in the mean of the texts most like it, each counting by its likeness: a graph convolution that has nothing
to learn (Wu et al. 2019, "Simplifying Graph Convolutional Networks"). How it begins is drawn to how the same ones do:
looked for by that, neighbours are about other things (tests/benchmarks/LOG.md). No label is looked at, so what is said
of texts that are left out stays honest.

Shapes: B texts, P texts of the pool, d dimensions of sentence vectors.
"""

import numpy as np
from numpy.typing import NDArray

from textcnn.encoder import unit
from textcnn.labelling.learner import PileFeatures, subject_likeness
from textcnn.training.neighbours import nearest

__all__ = ["smoothed"]

Floats = NDArray[np.float32]

_SAME = 0.999  # share of a text's likeness to itself, from which on another is the same, and no neighbour
_BLOCK = 500  # texts that are compared at once


def smoothed(texts: PileFeatures, pool: PileFeatures) -> PileFeatures:
    """The texts with vectors that are halfway between their own and the mean of their neighbours'.

    Args:
        texts: any.
        pool: among which neighbours are looked for, by what they are about; the texts may be in it.
    """
    blocks = [
        _with_neighbours(texts.take(np.arange(first, min(first + _BLOCK, len(texts.sentences)))), pool)
        for first in range(0, len(texts.sentences), _BLOCK)
    ]
    return texts._replace(
        sentences=np.concatenate([texts.sentences[:0], *(block.sentences for block in blocks)]),
        openings=np.concatenate([texts.openings[:0], *(block.openings for block in blocks)]),
    )


def _with_neighbours(texts: PileFeatures, pool: PileFeatures) -> PileFeatures:
    """The same with unit vectors (B, d); of a text without words or neighbours its own."""
    alike = subject_likeness(texts, pool)  # (B, P)
    own = np.square(texts.sentences).sum(axis=1) + np.asarray(texts.words.multiply(texts.words).sum(axis=1)).ravel()
    alike[alike > _SAME * own[:, None] / 2] = 0
    shares, closest = nearest(alike)
    return texts._replace(
        sentences=_drawn(texts.sentences, shares, pool.sentences[closest]),
        openings=_drawn(texts.openings, shares, pool.openings[closest]),
    )


def _drawn(vectors: Floats, shares: Floats, neighbours: Floats) -> Floats:
    """Vectors (B, d) and the mean of their neighbours' (B, N, d), of which each has a share (B, N)."""
    sums = vectors + np.einsum("bn,bnd->bd", shares, neighbours)
    return unit(sums)
