"""How the linear part learns: a linear SVM over words, their character n-grams and pairs of words.

Features are weighted by a power of their idf and, after Wang & Manning 2012, by how unevenly they are spread over the
labels. The SVM's C, and the power, are chosen by cross-validation (search.py): long reviews want other ones than short
messages. Products with the table of features go through the distinct words, as answers do, so the table of texts by
character n-grams is never made: that is what makes it several times faster than liblinear on the same features.

Shapes: B texts, U distinct words, X features in use (of words, then pairs), K outputs.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from textcnn.compiled.threads import WorkerThreads
from textcnn.labels import score_count
from textcnn.model.hashing import (
    BITS,
    BUCKETS,
    Bag,
    bag_of_items,
    bag_of_pairs,
    distinct_spellings,
    features,
)
from textcnn.model.linear import IDF_UNIT, LinearPart
from textcnn.text.ragged import Encoded, Ragged
from textcnn.training.linear.solver import Gram, solve

__all__ = [
    "USUAL",
    "Examples",
    "FeatureStatistics",
    "FeatureTables",
    "Recipe",
    "WeightedFeatures",
    "fit_linear",
    "learn",
    "learn_weighted",
]

Floats = NDArray[np.float32]

_EVEN = 1.0  # weight of a feature that is spread evenly over the labels
_SMOOTHING = 0.5  # pseudo-count of the log ratio
_MOST_IDF = 255 * IDF_UNIT
_BLOCK = 200_000  # words of texts whose features are held at once
_SAMPLE = 50_000  # words of texts, enough for their mean square length
_MOST_BYTES = 6_000_000  # of all weights
_MOST_WORDS = 4_000_000  # of the texts that it learns from; of more texts they are a sample


class FeatureTables(NamedTuple):
    """Texts as sparse tables; their table of features is words @ of_words beside pairs."""

    words: Any  # (B, U) g(c) of words
    of_words: Any  # (U, X1) features of words
    pairs: Any  # (B, X2) g(c) of pairs
    buckets: NDArray[np.int64]  # (X1 + X2,)

    @classmethod
    def of(cls, encoded: Encoded) -> "FeatureTables":
        """Count the words and pairs of texts."""
        spellings, spelling_of = distinct_spellings(encoded.surfaces)
        hashed = features(spellings)
        used, columns = np.unique(hashed.buckets, return_inverse=True)
        of_words = sp.csr_matrix((hashed.values, columns, hashed.starts), (len(spellings), len(used)))
        pairs, buckets = bag_of_pairs(hashed, spelling_of, encoded.ragged)
        words = bag_of_items(spelling_of[encoded.ragged.words], encoded.ragged.starts)
        return cls(
            _table(words, len(spellings)), of_words, _table(pairs, len(buckets)), np.concatenate([used, buckets])
        )

    def part(self, texts: NDArray[np.int64]) -> "FeatureTables":
        """Some of the texts."""
        return self._replace(words=self.words[texts], pairs=self.pairs[texts])

    def split(self, of_features: Floats) -> tuple[Floats, Floats]:
        """What belongs to features of words, and what to pairs: (X, ...) -> (X1, ...), (X2, ...)."""
        count = self.of_words.shape[1]
        return of_features[:count], of_features[count:]


class Recipe(NamedTuple):
    """The hyper-parameters that search.py chooses."""

    C: float = 1.0  # penalty of a slack, texts having unit mean square length
    power: float = 1.0  # of the idf: the more, the more rare features count


USUAL = Recipe()


class Examples(NamedTuple):
    """What there is to learn from."""

    tables: FeatureTables
    signs: Floats  # (B, K) 1 and -1; between them if a label is only so probable
    penalty: Floats  # (B, K) factors of C
    weights: Floats  # (B,) of the texts; they are in the penalty already
    independent: bool  # whether each label is there or not whatever the others are

    @classmethod
    def of(
        cls,
        encoded: Encoded,
        targets: Floats,
        *,
        multi_label: bool,
        class_weights: Floats | None = None,
        of_texts: Floats | None = None,
    ) -> "Examples":
        """Texts with targets from 0 to 1 (B, K); weights of classes (K,) and of texts (B,) are factors of C.

        Of two exclusive labels only the second has a column: the margin of the first is its negative.
        """
        if len(encoded.ragged.words) > _MOST_WORDS:
            chosen = _sample(encoded.ragged)
            encoded, targets = encoded._replace(ragged=encoded.ragged.take(chosen)), targets[chosen]
            of_texts = None if of_texts is None else of_texts[chosen]
        weights = np.ones(len(targets), np.float32) if of_texts is None else of_texts
        signs = (2 * targets - 1).astype(np.float32)
        penalty = np.broadcast_to(weights[:, None] * _penalty(targets, class_weights, multi_label), signs.shape)
        scores = score_count(signs.shape[1], multi_label=multi_label)
        signs, penalty = signs[:, -scores:], penalty[:, -scores:]  # of two exclusive labels the second
        tables = FeatureTables.of(encoded)
        assert tables.of_words.shape[1] <= 1 << BITS
        return cls(tables, signs, penalty, weights, multi_label or signs.shape[1] == 1)

    def part(self, texts: NDArray[np.int64], labels: NDArray[np.int64]) -> "Examples":
        """Some of the texts and of the labels."""
        signs, penalty = self.signs[texts][:, labels], self.penalty[texts][:, labels]
        return self._replace(tables=self.tables.part(texts), signs=signs, penalty=penalty, weights=self.weights[texts])


class Linear(NamedTuple):
    """A linear classifier of texts whose length, features being weighted by idf, is one."""

    weights: Floats  # (X, K)
    idf: NDArray[np.uint8]  # (X,) in units of IDF_UNIT
    bias: Floats  # (K,)

    def margins(self, tables: FeatureTables) -> Floats:
        """(B, K)."""
        tables = _normed(tables, self.idf * np.float32(IDF_UNIT))
        of_words, of_pairs = tables.split(self.weights)
        margins: Floats = tables.words @ (tables.of_words @ of_words) + tables.pairs @ of_pairs
        return margins + self.bias


def fit_linear(examples: Examples, recipe: Recipe = USUAL, workers: WorkerThreads | None = None) -> LinearPart:
    """Learn, and keep the weights that matter; of many labels each worker learns some."""
    return _part(examples.tables.buckets, learn(examples, FeatureStatistics.of(examples), recipe, workers))


def _part(buckets: NDArray[np.int64], linear: Linear) -> LinearPart:
    idf = np.zeros(BUCKETS, np.uint8)
    idf[buckets] = linear.idf
    return _compact(buckets, linear.weights, idf, linear.bias)


def learn(
    examples: Examples, statistics: "FeatureStatistics", recipe: Recipe, workers: WorkerThreads | None = None
) -> Linear:
    """Learn from texts with these statistics of their features."""
    features = WeightedFeatures.of(examples.tables, statistics, recipe.power)
    return learn_weighted(examples, features, features.gram(), recipe.C, workers)


def learn_weighted(
    examples: Examples, features: "WeightedFeatures", gram: Gram, cost: float, workers: WorkerThreads | None = None
) -> Linear:
    """Learn from texts whose features are weighted already; `gram` is theirs."""
    alpha = solve(gram, examples.signs, np.float32(cost) * examples.penalty, workers)
    return Linear(features.weights(alpha), features.idf, alpha.sum(axis=0))


class WeightedFeatures(NamedTuple):
    """Texts whose length, features being weighted by idf, is one, and how much each feature counts besides."""

    tables: FeatureTables
    idf: NDArray[np.uint8]  # (X,) in units of IDF_UNIT
    scale: Floats  # (X,) of the features, texts having unit mean square length

    @classmethod
    def of(cls, tables: FeatureTables, statistics: "FeatureStatistics", power: float) -> "WeightedFeatures":
        """Weigh the features of texts by their rarity and their unevenness."""
        count = tables.words.shape[0]
        rarity = (np.log((1 + count) / (1 + statistics.frequency)) + 1) ** power
        rarity *= min(_MOST_IDF / rarity.max(initial=1), 1)
        idf = (np.rint(rarity / IDF_UNIT).clip(1, 255) * (statistics.frequency > 0)).astype(np.uint8)
        scale = (idf * np.float32(IDF_UNIT)).astype(np.float32)
        tables = _normed(tables, scale)
        scale = scale * statistics.ratio
        scale /= np.sqrt(_mean_square(tables, scale))
        return cls(tables, idf, scale)

    def gram(self) -> Gram:
        """Products with the Gram matrix of the texts, to whose numbers a feature that is always 1 adds 1."""
        return _Gram(self.tables, self.scale)

    def weights(self, alpha: Floats) -> Floats:
        """The weights (X, K) of features that dual coefficients of the texts (B, K) stand for."""
        words, pairs = self.tables.words.T @ alpha, self.tables.pairs.T @ alpha
        weights = np.concatenate([self.tables.of_words.T @ words, pairs])
        return np.asarray(weights * np.square(self.scale[:, None]), np.float32)

    def part(self, alpha: Floats) -> LinearPart:
        """The linear part, without a bias, that these dual coefficients stand for."""
        return _part(self.tables.buckets, Linear(self.weights(alpha), self.idf, np.zeros(alpha.shape[1], np.float32)))


def _penalty(targets: Floats, weights: Floats | None, multi_label: bool) -> Floats:
    """Factors of C: (B, 1) by the label of the text; of a multi-label task (1, K) by the label."""
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


def _table(bag: Bag, columns: int) -> Any:
    return sp.csr_matrix((bag.weights, bag.items, bag.starts), (len(bag.starts) - 1, columns))


class FeatureStatistics(NamedTuple):
    """How frequent each feature is, and how much it tells about the labels."""

    frequency: Floats  # (X,) how many texts have it, each counted by its weight
    ratio: Floats  # (X,) how unevenly the labels are spread over these

    @classmethod
    def of(cls, examples: Examples) -> "FeatureStatistics":
        """Count, and take the root mean square over the labels of a log ratio.

        That of how often texts with the label have the feature and how often they would by chance; a pseudo-count keeps
        rare features near the prior. A text that is only probably of a label counts if that is more likely than not.
        """
        tables, signs, weights = examples.tables, examples.signs, examples.weights
        positive = sp.csr_matrix((signs > 0) * weights[:, None])
        with_label = sp.csr_matrix((len(tables.buckets), signs.shape[1]))
        frequency = np.zeros(len(tables.buckets), np.float32)
        for rows in _blocks(tables):
            presence = sp.hstack([_ones(tables.words[rows] @ tables.of_words), _ones(tables.pairs[rows])]).tocsc()
            frequency += presence.T @ weights[rows]
            with_label = with_label + presence.T @ positive[rows]
        columns, share = with_label.tocsc(), np.average(signs > 0, axis=0, weights=weights)
        total = np.zeros(len(frequency))
        for label in range(signs.shape[1]):
            count = columns[:, [label]].toarray()[:, 0].astype(np.float32)
            chance = frequency * share[label]
            log = np.log((count + _SMOOTHING) / (chance + _SMOOTHING))
            log -= np.log((frequency - count + _SMOOTHING) / (frequency - chance + _SMOOTHING))
            total += share[label] * np.square(log)
        return cls(frequency, (_EVEN + np.sqrt(total / max(share.sum(), 1e-9))).astype(np.float32))


def _ones(matrix: Any) -> Any:
    matrix = matrix.tocsr(copy=True)
    matrix.data = np.ones_like(matrix.data)
    return matrix


def _normed(tables: FeatureTables, idf: Floats) -> FeatureTables:
    """Texts of length one."""
    of_words, of_pairs = tables.split(idf)
    squares = tables.of_words.power(2) @ np.square(of_words)
    norm = tables.words.power(2) @ squares + tables.pairs.power(2) @ np.square(of_pairs)
    weight = sp.diags_array((1 / np.sqrt(np.where(norm > 0, norm, 1))).astype(np.float32))
    return tables._replace(words=(weight @ tables.words).tocsr(), pairs=(weight @ tables.pairs).tocsr())


def _mean_square(tables: FeatureTables, scale: Floats) -> float:
    """Mean square length of texts whose features are scaled; of many words, that of a sample of the texts."""
    (of_words, of_pairs), step = tables.split(scale), -(-tables.words.nnz // _SAMPLE) or 1
    words = (tables.words[::step] @ tables.of_words) @ sp.diags_array(of_words)
    pairs = tables.pairs[::step] @ sp.diags_array(of_pairs)
    total = sum(float(np.square(table.data).sum()) for table in (words, pairs))
    return total / max(words.shape[0], 1) or 1.0


def _blocks(tables: FeatureTables) -> Iterator[slice]:
    """Texts a few at a time: each has the character n-grams of all its words, so a table of all would be large."""
    count = tables.words.shape[0]
    parts = -(-tables.words.nnz // _BLOCK) or 1
    size = max(-(-count // parts), 1)
    for first in range(0, count, size):
        yield slice(first, first + size)


class _Gram:
    """Products with X X' + 1, where X is the scaled table of texts by features: (B, K) -> (B, K)."""

    def __init__(self, tables: FeatureTables, scale: Floats) -> None:
        scale_of_words, scale_of_pairs = tables.split(scale)
        self.words, self.of_words = tables.words, _merged(tables.of_words, scale_of_words)
        pairs = (tables.pairs @ sp.diags_array(scale_of_pairs)).tocsc()
        recurring = np.diff(pairs.indptr) > 1
        unique = pairs[:, ~recurring]  # a pair of one text adds to the diagonal only
        self.diagonal = np.asarray(unique.power(2).sum(axis=1), np.float32).reshape(-1, 1)
        self.pairs = pairs[:, recurring].tocsr().astype(np.float32)
        self.transposed = [matrix.T.tocsr() for matrix in (self.words, self.of_words, self.pairs)]

    def __call__(self, a: Floats) -> Floats:
        words, of_words, pairs = self.transposed
        product: Floats = self.words @ (self.of_words @ (of_words @ (words @ a)))
        product += self.pairs @ (pairs @ a) + self.diagonal * a + a.sum(axis=0)
        return product


def _merged(of_words: Any, scale: Floats) -> Any:
    """Features that exactly the same words have are one to the products."""
    probe = of_words.T @ np.random.default_rng(0).random(of_words.shape[0])
    _, first, group = np.unique(probe, return_index=True, return_inverse=True)
    size = np.sqrt(np.bincount(group, weights=np.square(scale, dtype=np.float64)))
    return (of_words[:, first] @ sp.diags_array(size.astype(np.float32))).tocsr()
