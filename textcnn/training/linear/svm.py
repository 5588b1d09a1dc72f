"""How the linear part learns: a linear SVM over words, their characters and their neighbours.

Features are weighted by a power of their idf and, after Wang & Manning 2012, by how unevenly they are spread over the
labels. The penalty C and the power are chosen by cross-validation (search.py): long reviews want other ones than short
messages. Products with the table of features go through the distinct words, as answers do, so the table of texts by
character n-grams is never made: that is what makes it several times faster than liblinear on the same features.

Shapes: B texts, U distinct words, X features in use (of words, then pairs), K outputs.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from textcnn.model.hashing import BITS, BUCKETS, Bag, bag, features, neighbours, spelt
from textcnn.model.linear import IDF_UNIT, LinearPart
from textcnn.text.ragged import Encoded, Ragged
from textcnn.training.linear.solver import solve

__all__ = ["USUAL", "Examples", "FeatureTables", "Recipe", "Spread", "fit_linear", "learn"]

Floats = NDArray[np.float32]

PRIOR = 1.0  # weight of a feature that is spread evenly
SMOOTHING = 0.5  # pseudo-count of the log ratio
_MOST_IDF = 255 * IDF_UNIT
_BLOCK = 200_000  # words of texts whose features are held at once
_SAMPLE = 50_000  # words of texts that say how long texts are
_MOST_BYTES = 6_000_000  # of all weights
_MOST_WORDS = 4_000_000  # of the texts that it learns from; of more texts they are a sample


class FeatureTables(NamedTuple):
    """Texts as sparse tables."""

    inside: Any  # (B, U) g(c) of words
    of_word: Any  # (U, X1) features of words
    pairs: Any  # (B, X2) g(c) of pairs
    buckets: NDArray[np.int64]  # (X1 + X2,)

    @classmethod
    def of(cls, encoded: Encoded) -> "FeatureTables":
        """Count."""
        words, kinds = spelt(encoded.surfaces)
        own = features(words)
        used, columns = np.unique(own.buckets, return_inverse=True)
        of_word = sp.csr_matrix((own.values, columns, own.starts), (len(words), len(used)))
        pairs, seen = neighbours(own, kinds, encoded.ragged)
        inside = bag(kinds[encoded.ragged.words], encoded.ragged.starts)
        return cls(_table(inside, len(words)), of_word, _table(pairs, len(seen)), np.concatenate([used, seen]))

    def part(self, texts: NDArray[np.int64]) -> "FeatureTables":
        """Some of the texts."""
        return self._replace(inside=self.inside[texts], pairs=self.pairs[texts])


class Recipe(NamedTuple):
    """What search.py chooses."""

    cost: float = 1.0  # C of the SVM, texts having unit mean square length
    power: float = 1.0  # of the idf: the more, the more rare features count


USUAL = Recipe()


class Examples(NamedTuple):
    """What there is to learn from."""

    tables: FeatureTables
    signs: Floats  # (B, K) 1 and -1
    cost: Floats  # (B, K) factors of C
    alone: bool  # whether each label is there or not whatever the others are

    @classmethod
    def of(
        cls, encoded: Encoded, targets: Floats, *, multi_label: bool, class_weights: Floats | None = None
    ) -> "Examples":
        """Texts with targets of zeros and ones (B, K); the weights of classes (K,) are factors of C."""
        if len(encoded.ragged.words) > _MOST_WORDS:
            chosen = _sample(encoded.ragged)
            encoded, targets = encoded._replace(ragged=encoded.ragged.take(chosen)), targets[chosen]
        signs = (2 * targets - 1).astype(np.float32)
        cost = np.broadcast_to(_costs(targets, class_weights, multi_label), signs.shape)
        if not multi_label and signs.shape[1] == 2:
            signs, cost = signs[:, 1:], cost[:, 1:]  # one label's margin is the other's turned round
        tables = FeatureTables.of(encoded)
        assert tables.of_word.shape[1] <= 1 << BITS
        return cls(tables, signs, cost, multi_label or signs.shape[1] == 1)

    def part(self, texts: NDArray[np.int64], labels: NDArray[np.int64]) -> "Examples":
        """Some of the texts and of the labels."""
        signs, cost = self.signs[texts], self.cost[texts]
        return self._replace(tables=self.tables.part(texts), signs=signs[:, labels], cost=cost[:, labels])


class Linear(NamedTuple):
    """A linear classifier of texts whose length, features being weighted by idf, is one."""

    weights: Floats  # (X, K)
    idf: NDArray[np.uint8]  # (X,) in units of IDF_UNIT
    bias: Floats  # (K,)

    def margins(self, tables: FeatureTables) -> Floats:
        """(B, K)."""
        tables, split = _normed(tables, self.idf * np.float32(IDF_UNIT)), tables.of_word.shape[1]
        found: Floats = tables.inside @ (tables.of_word @ self.weights[:split]) + tables.pairs @ self.weights[split:]
        return found + self.bias


def fit_linear(examples: Examples, recipe: Recipe = USUAL) -> LinearPart:
    """Learn, and keep what matters."""
    found = learn(examples, Spread.of(examples), recipe)
    idf = np.zeros(BUCKETS, np.uint8)
    idf[examples.tables.buckets] = found.idf
    return _compact(examples.tables.buckets, found.weights, idf, found.bias)


def learn(examples: Examples, spread: "Spread", recipe: Recipe) -> Linear:
    """Learn from texts whose features lie in them like that."""
    tables, signs, cost, _ = examples
    rarity = (np.log((1 + len(signs)) / (1 + spread.frequency)) + 1) ** recipe.power
    rarity *= min(_MOST_IDF / rarity.max(initial=1), 1)
    idf = (np.rint(rarity / IDF_UNIT).clip(1, 255) * (spread.frequency > 0)).astype(np.uint8)
    scale = (idf * np.float32(IDF_UNIT)).astype(np.float32)
    tables = _normed(tables, scale)
    scale = scale * spread.ratio
    scale /= np.sqrt(_mean_square(tables, scale))
    alpha = solve(_Gram(tables, scale), signs, np.float32(recipe.cost) * cost)
    weights = np.concatenate([tables.of_word.T @ (tables.inside.T @ alpha), tables.pairs.T @ alpha])
    return Linear(weights * np.square(scale[:, None]), idf, alpha.sum(axis=0))


def _costs(targets: Floats, weights: Floats | None, multi_label: bool) -> Floats:
    """Factors of C: (B, 1) by the label of the text; if multi-label (1, K) by the label."""
    if weights is None:
        return np.ones((1, 1), np.float32)
    return np.asarray(weights[None, :] if multi_label else (targets @ weights)[:, None], np.float32)


def _sample(ragged: Ragged) -> NDArray[np.int64]:
    """Texts drawn at random, in order, as many as have about the most words."""
    order = np.random.default_rng(0).permutation(len(ragged.starts) - 1)
    inside = np.cumsum(ragged.lengths[order]) <= _MOST_WORDS
    return np.sort(order[inside])


def _compact(buckets: NDArray[np.int64], weights: Floats, idf: NDArray[np.uint8], bias: Floats) -> LinearPart:
    """Weights in bytes; those that matter least are dropped until the table is small enough."""
    length = np.linalg.norm(weights, axis=1)
    most = _MOST_BYTES // (weights.shape[1] + 4)
    kept = np.sort(np.argsort(-length, kind="stable")[:most])
    kept = kept[np.argsort(buckets[kept], kind="stable")]
    steps = np.maximum(np.abs(weights[kept]).max(axis=0, initial=0) / 127, 1e-12).astype(np.float32)
    rounded = np.rint(weights[kept] / steps).astype(np.int8)
    return LinearPart(buckets[kept].astype(np.uint32), rounded, steps, idf, bias.astype(np.float32))


def _table(counted: Bag, columns: int) -> Any:
    return sp.csr_matrix((counted.counts, counted.items, counted.starts), (len(counted.starts) - 1, columns))


class Spread(NamedTuple):
    """How features lie in the texts."""

    frequency: Floats  # (X,) how many texts hold it
    ratio: Floats  # (X,) how unevenly the labels are spread over these

    @classmethod
    def of(cls, examples: Examples) -> "Spread":
        """Count, and take the root mean square over the labels of a log ratio.

        Held by texts with the label, against what chance would give; a pseudo-count keeps rare features near the prior.
        """
        tables, signs, *_ = examples
        positive = sp.csr_matrix((signs > 0).astype(np.float32))
        held_by = sp.csr_matrix((len(tables.buckets), signs.shape[1]))
        frequency = np.zeros(len(tables.buckets), np.float32)
        for rows in _blocks(tables):
            presence = sp.hstack([_ones(tables.inside[rows] @ tables.of_word), _ones(tables.pairs[rows])]).tocsc()
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
        return cls(frequency, (PRIOR + np.sqrt(total / max(share.sum(), 1e-9))).astype(np.float32))


def _ones(matrix: Any) -> Any:
    matrix = matrix.tocsr(copy=True)
    matrix.data = np.ones_like(matrix.data)
    return matrix


def _normed(tables: FeatureTables, idf: Floats) -> FeatureTables:
    """Texts of length one."""
    split = tables.of_word.shape[1]
    squares = tables.of_word.power(2) @ np.square(idf[:split])
    norm = tables.inside.power(2) @ squares + tables.pairs.power(2) @ np.square(idf[split:])
    weight = sp.diags_array((1 / np.sqrt(np.where(norm > 0, norm, 1))).astype(np.float32))
    return tables._replace(inside=(weight @ tables.inside).tocsr(), pairs=(weight @ tables.pairs).tocsr())


def _mean_square(tables: FeatureTables, scale: Floats) -> float:
    """Of the lengths of texts whose features are scaled; of many words, a sample of the texts says it."""
    split, step = tables.of_word.shape[1], -(-tables.inside.nnz // _SAMPLE) or 1
    inside = (tables.inside[::step] @ tables.of_word) @ sp.diags_array(scale[:split])
    pairs = tables.pairs[::step] @ sp.diags_array(scale[split:])
    total = sum(float(np.square(each.data).sum()) for each in (inside, pairs))
    return total / max(inside.shape[0], 1) or 1.0


def _blocks(tables: FeatureTables) -> Iterator[slice]:
    """Texts a few at a time: each holds the characters of all its words, so a table of all texts would be large."""
    count = tables.inside.shape[0]
    parts = -(-tables.inside.nnz // _BLOCK) or 1
    size = max(-(-count // parts), 1)
    for first in range(0, count, size):
        yield slice(first, first + size)


class _Gram:
    """Products with X X' + 1, where X is the scaled table of texts by features: (B, K) -> (B, K)."""

    def __init__(self, tables: FeatureTables, scale: Floats) -> None:
        split = tables.of_word.shape[1]
        self.inside, self.of_word = tables.inside, _merged(tables.of_word, scale[:split])
        pairs = (tables.pairs @ sp.diags_array(scale[split:])).tocsc()
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
