"""How the wide part learns: L2-regularised squared hinge, one label against the others, what LinearSVC minimises.

Features are weighted by their idf and, after Wang & Manning 2012, by how unevenly they are spread over the labels. All
labels are solved at once by Newton steps over the texts (Chapelle 2007), whose linear systems are solved by conjugate
gradients. Products with the table of features go through the distinct words, as answers do, so the table of texts by
character n-grams is never made: that is what makes it several times faster than liblinear on the same features.

Shapes: B texts, U distinct words, X features in use (of words, then pairs), K outputs.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from textcnn.vocabulary import Encoded, Ragged
from textcnn.wide import BITS, BUCKETS, IDF_UNIT, Bag, Wide, bag, features, neighbours, spelt

__all__ = ["fit_wide"]

Floats = NDArray[np.float32]

COST = 1.0  # C of the SVM, texts having unit mean square length
PRIOR = 1.0  # weight of a feature that is spread evenly
SMOOTHING = 0.5  # pseudo-count of the log ratio
TOLERANCE = 0.03
ROUNDS = 20
_BLOCK = 200_000  # words of texts whose features are held at once
_MOST_BYTES = 6_000_000  # of all weights
_MOST_WORDS = 4_000_000  # of the texts that it learns from; of more texts they are a sample


class _Data(NamedTuple):
    """Texts as sparse tables."""

    inside: Any  # (B, U) g(c) of words
    of_word: Any  # (U, X1) features of words
    pairs: Any  # (B, X2) g(c) of pairs
    buckets: NDArray[np.int64]  # (X1 + X2,)


def fit_wide(encoded: Encoded, targets: Floats, *, several: bool, class_weights: Floats | None = None) -> Wide:
    """Learn from texts with targets of zeros and ones (B, K); the weights of classes (K,) are factors of C."""
    if len(encoded.ragged.words) > _MOST_WORDS:
        chosen = _sample(encoded.ragged)
        encoded, targets = encoded._replace(ragged=encoded.ragged.take(chosen)), targets[chosen]
    signs = (2 * targets - 1).astype(np.float32)
    cost = COST * _costs(targets, class_weights, several)
    if not several and signs.shape[1] == 2:
        signs = signs[:, 1:]  # one label's margin is the other's turned round
    data = _data(encoded)
    frequency, ratio = _spread(data, signs)
    texts = len(signs)
    idf = np.rint((np.log((1 + texts) / (1 + frequency)) + 1) / IDF_UNIT).clip(1, 255).astype(np.uint8)
    scale = (idf * np.float32(IDF_UNIT)).astype(np.float32)
    data = _normed(data, scale)
    scale = scale * ratio
    scale /= np.sqrt(_mean_square(data, scale))
    alpha = _solve(_Gram(data, scale), signs, np.broadcast_to(cost, signs.shape))
    split = data.of_word.shape[1]
    weights = np.concatenate([data.of_word.T @ (data.inside.T @ alpha), data.pairs.T @ alpha])
    weights *= np.square(scale[:, None])
    table = np.zeros(BUCKETS, np.uint8)
    table[data.buckets] = idf
    assert split <= 1 << BITS
    return _compact(data.buckets, weights, table, alpha.sum(axis=0))


def _costs(targets: Floats, weights: Floats | None, several: bool) -> Floats:
    """What a mistake costs: (B, 1) by the label of the text; of several labels (1, K) by the label."""
    if weights is None:
        return np.ones((1, 1), np.float32)
    return np.asarray(weights[None, :] if several else (targets @ weights)[:, None], np.float32)


def _sample(ragged: Ragged) -> NDArray[np.int64]:
    """Texts drawn at random, in order, as many as have about the most words."""
    order = np.random.default_rng(0).permutation(len(ragged.starts) - 1)
    inside = np.cumsum(ragged.lengths[order]) <= _MOST_WORDS
    return np.sort(order[inside])


def _compact(buckets: NDArray[np.int64], weights: Floats, idf: NDArray[np.uint8], bias: Floats) -> Wide:
    """Weights in bytes; those that matter least are dropped until the table is small enough."""
    length = np.linalg.norm(weights, axis=1)
    most = _MOST_BYTES // (weights.shape[1] + 4)
    kept = np.sort(np.argsort(-length, kind="stable")[:most])
    kept = kept[np.argsort(buckets[kept], kind="stable")]
    steps = np.maximum(np.abs(weights[kept]).max(axis=0, initial=0) / 127, 1e-12).astype(np.float32)
    rounded = np.rint(weights[kept] / steps).astype(np.int8)
    return Wide(buckets[kept].astype(np.uint32), rounded, steps, idf, bias.astype(np.float32))


def _data(encoded: Encoded) -> _Data:
    words, kinds = spelt(encoded.surfaces)
    own = features(words)
    used, columns = np.unique(own.buckets, return_inverse=True)
    of_word = sp.csr_matrix((own.values, columns, own.starts), (len(words), len(used)))
    pairs, seen = neighbours(own, kinds, encoded.ragged)
    inside = bag(kinds[encoded.ragged.words], encoded.ragged.starts)
    return _Data(_table(inside, len(words)), of_word, _table(pairs, len(seen)), np.concatenate([used, seen]))


def _table(counted: Bag, columns: int) -> Any:
    return sp.csr_matrix((counted.counts, counted.items, counted.starts), (len(counted.starts) - 1, columns))


def _spread(data: _Data, signs: Floats) -> tuple[Floats, Floats]:
    """How many texts hold each feature, and how unevenly the labels are spread over them: (X,) twice.

    The second is the root mean square over the labels of a log ratio: held by texts with the label, against what chance
    would give. A pseudo-count keeps rare features near the prior.
    """
    positive = sp.csr_matrix((signs > 0).astype(np.float32))
    frequency, held_by = np.zeros(len(data.buckets), np.float32), sp.csr_matrix((len(data.buckets), signs.shape[1]))
    for rows in _blocks(data):
        presence = sp.hstack([_ones(data.inside[rows] @ data.of_word), _ones(data.pairs[rows])]).tocsc()
        frequency += np.diff(presence.indptr)
        held_by = held_by + presence.T @ positive[rows]
    columns, share = held_by.tocsc(), (signs > 0).mean(axis=0)
    total = np.zeros(len(frequency))
    for label in range(signs.shape[1]):
        held = columns[:, [label]].toarray()[:, 0].astype(np.float32)
        chance = frequency * share[label]
        log = np.log((held + SMOOTHING) / (chance + SMOOTHING))
        log -= np.log((frequency - held + SMOOTHING) / (frequency - chance + SMOOTHING))
        total += share[label] * np.square(log)
    return frequency, (PRIOR + np.sqrt(total / max(share.sum(), 1e-9))).astype(np.float32)


def _ones(matrix: Any) -> Any:
    matrix = matrix.tocsr(copy=True)
    matrix.data = np.ones_like(matrix.data)
    return matrix


def _normed(data: _Data, idf: Floats) -> _Data:
    """Texts of length one."""
    split = data.of_word.shape[1]
    squares = data.of_word.power(2) @ np.square(idf[:split])
    norm = data.inside.power(2) @ squares + data.pairs.power(2) @ np.square(idf[split:])
    weight = sp.diags_array((1 / np.sqrt(np.where(norm > 0, norm, 1))).astype(np.float32))
    return data._replace(inside=(weight @ data.inside).tocsr(), pairs=(weight @ data.pairs).tocsr())


def _mean_square(data: _Data, scale: Floats) -> float:
    """Of the lengths of texts whose features are scaled."""
    split = data.of_word.shape[1]
    total = 0.0
    for rows in _blocks(data):
        inside = (data.inside[rows] @ data.of_word) @ sp.diags_array(scale[:split])
        pairs = data.pairs[rows] @ sp.diags_array(scale[split:])
        total += sum(float(np.square(each.data).sum()) for each in (inside, pairs))
    return total / max(data.inside.shape[0], 1) or 1.0


def _blocks(data: _Data) -> Iterator[slice]:
    """Texts a few at a time: each holds the letters of all its words, so a table of all texts would be a large one."""
    count = data.inside.shape[0]
    parts = -(-data.inside.nnz // _BLOCK) or 1
    size = max(-(-count // parts), 1)
    for first in range(0, count, size):
        yield slice(first, first + size)


class _Gram:
    """Products with X X' + 1, where X is the scaled table of texts by features: (B, K) -> (B, K)."""

    def __init__(self, data: _Data, scale: Floats) -> None:
        split = data.of_word.shape[1]
        self.inside, self.of_word = data.inside, _merged(data.of_word, scale[:split])
        pairs = (data.pairs @ sp.diags_array(scale[split:])).tocsc()
        often = np.diff(pairs.indptr) > 1
        single = pairs[:, ~often]  # a pair of one text touches that text only
        self.alone = np.asarray(single.power(2).sum(axis=1), np.float32).reshape(-1, 1)
        self.pairs = pairs[:, often].tocsr().astype(np.float32)
        self.turned = [matrix.T.tocsr() for matrix in (self.inside, self.of_word, self.pairs)]

    def __call__(self, a: Floats) -> Floats:
        inside, of_word, pairs = self.turned
        product: Floats = self.inside @ (self.of_word @ (of_word @ (inside @ a)))
        product += self.pairs @ (pairs @ a) + self.alone * a + a.sum(axis=0)
        return product


def _merged(of_word: Any, scale: Floats) -> Any:
    """Features that exactly the same words have are one to the products."""
    probe = of_word.T @ np.random.default_rng(0).random(of_word.shape[0])
    _, first, group = np.unique(probe, return_index=True, return_inverse=True)
    size = np.sqrt(np.bincount(group, weights=np.square(scale, dtype=np.float64)))
    return (of_word[:, first] @ sp.diags_array(size.astype(np.float32))).tocsr()


def _dot(a: Floats, b: Floats) -> Floats:
    """Column by column: (B, K), (B, K) -> (K,)."""
    product: Floats = np.einsum("bk,bk->k", a, b)
    return product


def _size(a: Floats, image: Floats) -> Floats:
    """Lengths of the columns of a, as `image`, their product, measures it."""
    found: Floats = np.sqrt(np.maximum(_dot(a, image), 0))
    return found


def _solve(gram: _Gram, signs: Floats, cost: Floats) -> Floats:
    """Weights of texts (B, K) with the least |theta|² / 2 + sum of cost · squared hinge, each column for itself."""
    alpha, margins = np.zeros_like(signs), np.zeros_like(signs)
    centred = 2 * cost * signs * (1 - signs * signs.mean(axis=0))
    centred -= centred.mean(axis=0)
    target = TOLERANCE * _size(centred, gram(centred))
    # Where texts are all alike nothing is left of the centred gradient; below this there are only rounding errors.
    target = np.maximum(target, 1e-6 * np.maximum(_size(2 * cost * signs, gram(2 * cost * signs)), 1))
    live = np.arange(signs.shape[1])
    for _ in range(ROUNDS):
        y = signs[:, live]
        slack = np.maximum(1 - y * margins[:, live], 0)
        gradient = alpha[:, live] - 2 * cost[:, live] * y * slack
        image = gram(gradient)
        size = _size(gradient, image)
        keep = size > target[live]
        if not keep.any():
            break
        live, y, gradient, image, size = live[keep], y[:, keep], gradient[:, keep], image[:, keep], size[keep]
        active = np.where(slack[:, keep] > 0, 2 * cost[:, live], np.float32(0))
        step, moved = _conjugate(gram, active, gradient, image, size)
        length = _line(alpha[:, live], margins[:, live], y, step, moved, gradient, cost[:, live])
        alpha[:, live] += length * step
        margins[:, live] += length * moved
    return alpha


def _conjugate(gram: _Gram, active: Floats, gradient: Floats, image: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Solve (1 + active · gram) step = -gradient to a tenth; the step, and gram(step)."""
    step, moved = np.zeros_like(gradient), np.zeros_like(gradient)
    rest, rest_image = -gradient, -image
    way, way_image = rest.copy(), rest_image.copy()
    square = np.square(size)
    for _ in range(25):
        bent = active * way_image
        bent_image = gram(bent)
        # Never more than 1, for no direction bends less than the identity in it; rounding alone says otherwise.
        bend = np.maximum(_dot(way_image, way + bent), square)
        a = (square / np.maximum(bend, 1e-30)).astype(np.float32)
        a[np.sqrt(square) <= 0.1 * size] = 0
        step += a * way
        moved += a * way_image
        rest -= a * (way + bent)
        rest_image -= a * (way_image + bent_image)
        new = np.where(a > 0, np.maximum(_dot(rest, rest_image), 0), square)
        if (np.sqrt(new) <= 0.1 * size).all():
            break
        b = (new / np.maximum(square, 1e-30)).astype(np.float32)
        way, way_image, square = rest + b * way, rest_image + b * way_image, new
    return step, moved


def _line(
    alpha: Floats, margins: Floats, y: Floats, step: Floats, moved: Floats, gradient: Floats, cost: Floats
) -> Floats:
    """Halve each column's step until it pays (Armijo's rule)."""
    terms = _dot(alpha, margins), _dot(alpha, moved), _dot(step, moved)
    slope = _dot(gradient, moved)

    def value(length: Floats) -> Floats:
        hinge: Floats = (cost * np.square(np.maximum(1 - y * (margins + length * moved), 0))).sum(axis=0)
        total: Floats = 0.5 * (terms[0] + 2 * length * terms[1] + length * length * terms[2]) + hinge
        return total

    length = np.ones(y.shape[1], np.float32)
    start = value(np.zeros_like(length))
    for _ in range(12):
        worse = value(length) > start + 1e-4 * length * slope + 1e-6 * np.abs(start)
        if not worse.any():
            break
        length = np.where(worse, length / 2, length).astype(np.float32)
    return length
