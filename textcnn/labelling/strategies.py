"""Which text to ask next: strategies by the names that they have in the literature.

random       the next one of a random order; the accuracy is estimated on these alone
diverse      typical of a region that no labelled text is in: clusters of sentence vectors, from each the text with the
             most neighbours (TypiClust, Hacohen, Dekel & Weinshall 2022, "Active Learning on a Budget")
uncertain    the smallest margin between the two likeliest labels (Scheffer, Decomain & Wrobel 2001)
rare         the likeliest text of a label that has hardly any (guided search, Attenberg & Provost 2010)
auto         diverse at first; then of the most uncertain tenth those that stand for most of it and are not like
             labelled ones, so that neither texts like each other nor oddities are asked (filtered active submodular
             selection, Wei, Iyer & Bilmes 2015), rare labels, random ones

Shapes: P texts of the pool, d dimensions, K labels, N labelled texts.
"""

import numpy as np
from numpy.typing import NDArray

from textcnn.labelling.learner import PileFeatures, likeness

__all__ = ["covering", "likely", "margins_of", "uncertain", "uncertain_and_telling"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_ROUNDS = 8  # of Lloyd's algorithm
_NEIGHBOURS = 20  # by which it is told how typical a text is
_CANDIDATES = 60  # uncertain texts, at least, from which telling ones are taken


def covering(vectors: Floats, labelled: Ints, count: int, random: np.random.Generator) -> Ints:
    """So many texts, from clusters without a labelled text, the largest first: (count,) rows.

    Args:
        vectors: of the pool, (P, d), of length one.
        labelled: rows that have a label already; there is one cluster more for each.
        count: how many are wanted.
        random: for the first centres.
    """
    clusters = _clusters(vectors, min(len(labelled) + count, len(vectors)), random)
    sizes = np.bincount(clusters, minlength=clusters.max() + 1)
    taken = np.bincount(clusters[labelled], minlength=len(sizes))
    order = np.lexsort((-sizes, taken))
    chosen = [_most_typical(vectors, np.flatnonzero(clusters == each)) for each in order[: 2 * count] if sizes[each]]
    fresh = [row for row in chosen if row not in set(labelled.tolist())]
    return np.array(fresh[:count], np.int64)


def _clusters(vectors: Floats, count: int, random: np.random.Generator) -> Ints:
    """The cluster of each text, by Lloyd's algorithm on the sphere; the first centres as in k-means++."""
    centres = vectors[_spread(vectors, count, random)]
    for _ in range(_ROUNDS):
        clusters = (vectors @ centres.T).argmax(axis=1)
        sums = np.eye(len(centres), dtype=np.float32)[clusters].T @ vectors
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(length > 0, sums / np.where(length > 0, length, 1), centres)
    return np.asarray((vectors @ centres.T).argmax(axis=1))


def _spread(vectors: Floats, count: int, random: np.random.Generator) -> list[int]:
    """Rows far from each other: each drawn with the square of its distance to those before (Arthur 2007)."""
    rows = [int(random.integers(len(vectors)))]
    distance = np.ones(len(vectors))
    while len(rows) < count:
        distance = np.minimum(distance, np.maximum(1 - vectors @ vectors[rows[-1]], 0))
        squares = np.square(distance)
        total = squares.sum()
        rows.append(int(random.choice(len(vectors), p=squares / total if total > 0 else None)))
    return rows


def _most_typical(vectors: Floats, members: Ints) -> int:
    """The row of a cluster with the closest neighbours in it."""
    inside = vectors[members[:2000]]
    likeness = inside @ inside.T
    neighbours = min(_NEIGHBOURS, len(inside))
    closest = np.partition(likeness, -neighbours, axis=1)[:, -neighbours:].mean(axis=1)
    return int(members[closest.argmax()])


def margins_of(probabilities: Floats) -> Floats:
    """By how much the likeliest label is ahead of the next: (P, K) -> (P,)."""
    best = np.partition(probabilities, -2, axis=1)[:, -2:]
    margins: Floats = best[:, 1] - best[:, 0]
    return margins


def uncertain(probabilities: Floats, open_rows: Ints, count: int) -> Ints:
    """The most uncertain of the texts that may be asked: rows."""
    return open_rows[np.argsort(margins_of(probabilities[open_rows]), kind="stable")[:count]]


def uncertain_and_telling(
    features: PileFeatures, labelled: Ints, probabilities: Floats, open_rows: Ints, count: int
) -> Ints:
    """Of the most uncertain tenth the texts that tell most about all of it: rows.

    An uncertain text is told about by the text most like it that has a label or is chosen, and the more the more alike
    they are. The texts that add most to the sum over all are chosen one by one (facility location).
    """
    candidates = uncertain(probabilities, open_rows, max(_CANDIDATES, len(open_rows) // 10))
    some = features.take(candidates)
    tells = _squares(likeness(some, some))
    told = _squares(likeness(some, features.take(labelled))).max(axis=1, initial=0)
    chosen: list[int] = []
    while len(chosen) < min(count, len(candidates)):
        sums = np.maximum(tells, told[:, None]).sum(axis=0)
        sums[chosen] = -1
        chosen.append(int(sums.argmax()))
        told = np.maximum(told, tells[:, chosen[-1]])
    return candidates[chosen]


def _squares(alike: Floats) -> Floats:
    return np.square(np.maximum(alike, 0))


def likely(probabilities: Floats, label: int, open_rows: Ints) -> int:
    """The text that may be asked and is likeliest to have a label."""
    return int(open_rows[probabilities[open_rows, label].argmax()])
