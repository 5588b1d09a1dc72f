"""The linear part: a linear classifier over words, their character n-grams and pairs of words, computed by look-up.

What whole words mean is the network's business; this part sees how they are spelt, which is what makes a linear SVM
over character n-grams strong where words are rare, inflected or misspelt. A text's scores are

    bias + (1 / norm) · (sum over distinct words  g(c) s(w)   +  sum over distinct pairs  g(c) b(u, v))
    norm² =              sum over distinct words  g(c)² n(w)  +  sum over distinct pairs  g(c)² m(u, v)

with c the number of occurrences and g(c) = 1 + ln c. The rows s(w), and n(w), are sums over the hashed features of the
word: the word itself, and its character n-grams with marks at both ends. They are computed once for each distinct
word, so no vector of n-grams is ever made for a text, and the scores split into those of words and pairs.

Sources: TF-IDF and linear SVM over n-grams, Joachims 1998; hashing, Weinberger et al. 2009. How it learns:
training/linear/svm.py.

Shapes: T tokens in B texts, U distinct words, N features of words, K outputs (one for two exclusive labels).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.model.hashing import (
    BITS,
    BUCKETS,
    Bag,
    Features,
    bag_of_items,
    bag_of_pairs,
    distinct_spellings,
    features,
    pair_buckets,
    pair_examples,
)
from textcnn.text.ragged import Ragged

__all__ = ["IDF_UNIT", "Join", "LinearPart", "Totals"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

IDF_UNIT = 1 / 16
_MANY = 10_000  # buckets, for which a table of all pays


class Totals(NamedTuple):
    """What words and pairs contribute to the scores of texts, added up over the texts."""

    names: list[tuple[str, ...]]  # N words, or pairs of words
    sums: Floats  # (N, K)
    texts: Ints  # (N,) how many texts have them


class LinearPart(NamedTuple):
    """The weights of features. Those that hardly matter are left out; all that training saw have an idf."""

    buckets: NDArray[np.uint32]  # (W,) those with weights, in order
    weights: NDArray[np.int8]  # (W, K)
    steps: Floats  # (K,) what one unit of a weight is
    idf: NDArray[np.uint8]  # (BUCKETS,) in units of IDF_UNIT; 0 where training saw nothing
    bias: Floats  # (K,)

    def scores(self, surfaces: Sequence[str], ragged: Ragged) -> Floats:
        """Margins of one label against the others, (B, K).

        Args:
            surfaces: distinct words as they stand in the texts.
            ragged: the texts, as numbers of surfaces.
        """
        spellings, spelling_of = distinct_spellings(surfaces)
        hashed = features(spellings)
        rows, squares = self.of_words(hashed)
        return np.concatenate([self._of_texts(hashed, spelling_of, part, rows, squares) for part in ragged.parts()])

    def of_words(self, hashed: Features, rows: NDArray[np.int32] | None = None) -> tuple[Floats, Floats]:
        """s(w), (U, K), and n(w), (U,).

        Args:
            hashed: features of U words.
            rows: see `rows_of_buckets`, for who asks again and again.
        """
        sums = _segment_sums(hashed.starts, hashed.values[:, None] * self._rows(hashed.buckets, rows))
        squares = np.square(hashed.values * self._idf(hashed.buckets))
        return sums, _segment_sums(hashed.starts, squares[:, None])[:, 0]

    def seen(self, hashed: Features) -> NDArray[np.bool_]:
        """Which words training has met, (U,): those of which it has met all features, for words share buckets."""
        return np.asarray(np.minimum.reduceat(self.idf[hashed.buckets], hashed.starts[:-1]) > 0)

    def rows_of_buckets(self) -> NDArray[np.int32]:
        """Of each bucket the row of its weights, -1 where there are none: (BUCKETS,)."""
        rows = np.full(BUCKETS, -1, np.int32)
        rows[self.buckets] = np.arange(len(self.buckets))
        return rows

    def of_pairs(self) -> tuple[NDArray[np.uint32], Floats]:
        """Of each bucket of pairs the row of its weights, plus one, times 256, plus its idf in units; the weights."""
        first = int(np.searchsorted(self.buckets, 1 << BITS))
        pairs = self.idf[1 << BITS :].astype(np.uint32)
        pairs[self.buckets[first:].astype(np.int64) - (1 << BITS)] += (
            np.arange(1, len(self.buckets) - first + 1, dtype=np.uint32) << 8
        )
        return pairs, (self.weights[first:] * self.steps).astype(np.float32)

    def _of_texts(self, hashed: Features, spelling_of: Ints, ragged: Ragged, rows: Floats, squares: Floats) -> Floats:
        words = bag_of_items(spelling_of[ragged.words], ragged.starts)
        pairs, buckets = bag_of_pairs(hashed, spelling_of, ragged)
        total = _total(words, rows) + _total(pairs, self._rows(buckets))
        norm = _total_squares(words, squares) + _total_squares(pairs, np.square(self._idf(buckets)))
        return np.asarray(total / np.sqrt(np.where(norm > 0, norm, 1))[:, None] + self.bias, np.float32)

    def attributed(self, surfaces: Sequence[str]) -> tuple[Floats, Floats]:
        """What each word of one text contributes to its scores, and each pair; with the bias they add up to them.

        Args:
            surfaces: the words of the text, in order.

        Returns:
            (T, K), and (T + 1, K) of the pairs before each word and after the last.
        """
        spellings, spelling_of = distinct_spellings(surfaces)
        hashed = features(spellings)
        text = Ragged(np.arange(len(surfaces), dtype=np.int32), np.array([0, len(surfaces)]))
        rows, squares = self.of_words(hashed)
        words, (pairs, buckets) = bag_of_items(spelling_of, text.starts), bag_of_pairs(hashed, spelling_of, text)
        norm = _total_squares(words, squares)[0] + _total_squares(pairs, np.square(self._idf(buckets)))[0]
        length = np.float32(np.sqrt(norm or 1))
        in_order = pair_buckets(hashed, spelling_of, text)
        return (
            rows[spelling_of] * (_share(words, spelling_of)[:, None] / length),
            self._rows(in_order) * (_share(pairs, np.searchsorted(buckets, in_order))[:, None] / length),
        )

    def totals(self, surfaces: Sequence[str], ragged: Ragged) -> Totals:
        """What each word, and each pair of neighbours, contributes to all the texts that have it; see `scores`."""
        spellings, spelling_of = distinct_spellings(surfaces)
        hashed = features(spellings)
        rows, squares = self.of_words(hashed)
        words = bag_of_items(spelling_of[ragged.words], ragged.starts)
        pairs, buckets = bag_of_pairs(hashed, spelling_of, ragged)
        norm = _total_squares(words, squares) + _total_squares(pairs, np.square(self._idf(buckets)))
        length = np.sqrt(np.where(norm > 0, norm, 1))
        left, inner = pair_examples(hashed, spelling_of, ragged)
        tokens = [spellings[spelling] for spelling in spelling_of[ragged.words].tolist()]
        of_words = _total_weights(words, length, len(spellings)) * rows
        of_pairs = _total_weights(pairs, length, len(buckets)) * self._rows(buckets)
        return Totals(
            [(word,) for word in spellings] + [(tokens[token], tokens[token + 1]) for token in left.tolist()],
            np.concatenate([of_words, of_pairs[inner]]),
            np.concatenate([np.bincount(words.items, minlength=len(spellings)), np.bincount(pairs.items)[inner]]),
        )

    def _rows(self, buckets: Ints, rows: NDArray[np.int32] | None = None) -> Floats:
        """Weights of features, zero where there are none: (n,) -> (n, K)."""
        weights: Floats = np.zeros((len(buckets), len(self.steps)), np.float32)
        row = self._row_of(buckets) if rows is None else rows[buckets]
        known = np.flatnonzero(row >= 0)
        weights[known] = self.weights[row[known]] * self.steps
        return weights

    def _row_of(self, buckets: Ints) -> NDArray[np.integer[Any]]:
        """The row of the weights of each bucket, -1 where there are none: (n,)."""
        if len(buckets) >= _MANY:
            return self.rows_of_buckets()[buckets]
        nearest = np.searchsorted(self.buckets, buckets.astype(np.uint32))
        return np.where(np.append(self.buckets, BUCKETS)[nearest] == buckets, nearest, -1)

    def _idf(self, buckets: Ints) -> Floats:
        return self.idf[buckets].astype(np.float32) * np.float32(IDF_UNIT)


class Join(NamedTuple):
    """Calibrated logits of the network's and the linear part's: network / temperature + weight · linear."""

    temperature: float
    linear_weight: float

    def logits(self, network: NDArray[np.float32], linear: NDArray[np.float32]) -> NDArray[np.float32]:
        """(B, K), (B, K) -> (B, K)."""
        return np.asarray(network / np.float32(self.temperature) + np.float32(self.linear_weight) * linear, np.float32)


def _total_weights(bag: Bag, length: Floats, items: int) -> Floats:
    """The weight of each item in all texts together, texts having these lengths: (items, 1)."""
    texts = np.repeat(np.arange(len(length)), np.diff(bag.starts))
    return np.bincount(bag.items, bag.weights / length[texts], items)[:, None].astype(np.float32)


def _share(bag: Bag, items: Ints) -> Floats:
    """The share of each item of one text, in order, in its g(c): c occurrences have equal shares."""
    entry = np.searchsorted(bag.items, items)
    return np.asarray(bag.weights[entry] / np.bincount(entry, minlength=len(bag.items))[entry], np.float32)


def _segment_sums(starts: Ints, rows: NDArray[Any]) -> NDArray[Any]:
    """Sum rows starts[i] to starts[i + 1] - 1 for each i: (n, K) -> (len(starts) - 1, K)."""
    sums = np.zeros((len(starts) - 1, rows.shape[1]), rows.dtype)
    filled = np.flatnonzero(np.diff(starts))
    if len(filled):
        sums[filled] = np.add.reduceat(rows, starts[filled], axis=0)
    return sums


def _total(bag: Bag, rows: Floats) -> NDArray[np.float64]:
    """In double precision: the order in which a text's words are added up must not show in the answer."""
    return _segment_sums(bag.starts, bag.weights[:, None].astype(np.float64) * rows[bag.items])


def _total_squares(bag: Bag, squares: Floats) -> NDArray[np.float64]:
    squared = np.square(bag.weights, dtype=np.float64) * squares[bag.items]
    return _segment_sums(bag.starts, squared[:, None])[:, 0]
