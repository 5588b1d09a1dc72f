"""The linear part: a linear classifier over words, their letters and their neighbours, computed by look-up.

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

from textcnn.model.hashing import BITS, Bag, Features, bag, features, left_words, neighbours, pair_buckets, spelt
from textcnn.text.ragged import Ragged

__all__ = ["IDF_UNIT", "Join", "LinearPart", "Totals"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

IDF_UNIT = 1 / 16


class Totals(NamedTuple):
    """What words and pairs give to the scores of texts, added up over the texts."""

    names: list[tuple[str, ...]]  # N words, or pairs of words
    sums: Floats  # (N, K)
    texts: Ints  # (N,) how many texts have them


class LinearPart(NamedTuple):
    """The tables. Features whose weights hardly matter have none; all that training saw have an idf, for the norm."""

    buckets: NDArray[np.uint32]  # (W,) those with weights, in order
    weights: NDArray[np.int8]  # (W, K)
    steps: Floats  # (K,) what one unit of a weight is
    idf: NDArray[np.uint8]  # (BUCKETS,) in units of IDF_UNIT; 0 where training saw nothing
    bias: Floats  # (K,)

    def scores(self, surfaces: Sequence[str], ragged: Ragged) -> Floats:
        """Margins of one label against the others, (B, K)."""
        words, kinds = spelt(surfaces)
        own = features(words)
        rows, squares = self.of_words(own)
        return np.concatenate([self._of_texts(own, kinds, part, rows, squares) for part in ragged.parts()])

    def of_words(self, own: Features) -> tuple[Floats, Floats]:
        """s(w), (U, K), and n(w), (U,)."""
        sums = _segment_sums(own.starts, own.values[:, None] * self._rows(own.buckets))
        return sums, _segment_sums(own.starts, np.square(own.values * self._idf(own.buckets))[:, None])[:, 0]

    def of_pairs(self) -> tuple[NDArray[np.int32], Floats, Floats]:
        """For each bucket of pairs the row of its weights or -1; the weights (W, K); for each bucket its idf."""
        first = int(np.searchsorted(self.buckets, 1 << BITS))
        places = np.full(1 << BITS, -1, np.int32)
        places[self.buckets[first:].astype(np.int64) - (1 << BITS)] = np.arange(len(self.buckets) - first)
        weights = self.weights[first:] * self.steps
        return places, weights.astype(np.float32), self.idf[1 << BITS :].astype(np.float32) * np.float32(IDF_UNIT)

    def _of_texts(self, own: Features, kinds: Ints, ragged: Ragged, rows: Floats, squares: Floats) -> Floats:
        inside, (pairs, seen) = bag(kinds[ragged.words], ragged.starts), neighbours(own, kinds, ragged)
        total = _total(inside, rows) + _total(pairs, self._rows(seen))
        norm = _total_squares(inside, squares) + _total_squares(pairs, np.square(self._idf(seen)))
        return np.asarray(total / np.sqrt(np.where(norm > 0, norm, 1))[:, None] + self.bias, np.float32)

    def attributed(self, surfaces: Sequence[str]) -> tuple[Floats, Floats]:
        """What each word of one text gives to its scores, and each pair of neighbours; with the bias they add up.

        Returns:
            (T, K), and (T + 1, K) of the pairs before each word and after the last.
        """
        words, kinds = spelt(surfaces)
        own, text = features(words), Ragged(np.arange(len(surfaces), dtype=np.int32), np.array([0, len(surfaces)]))
        rows, squares = self.of_words(own)
        inside, (pairs, seen) = bag(kinds, text.starts), neighbours(own, kinds, text)
        norm = _total_squares(inside, squares)[0] + _total_squares(pairs, np.square(self._idf(seen)))[0]
        length = np.float32(np.sqrt(norm or 1))
        order = pair_buckets(own, kinds, text)
        place = np.searchsorted(seen, order)
        return (
            rows[kinds] * (_share(inside, kinds)[:, None] / length),
            self._rows(order) * (_share(pairs, place)[:, None] / length),
        )

    def totals(self, surfaces: Sequence[str], ragged: Ragged) -> Totals:
        """What each word, and each pair of neighbours, gives to all the texts that have it."""
        words, kinds = spelt(surfaces)
        own = features(words)
        rows, squares = self.of_words(own)
        inside, (pairs, seen) = bag(kinds[ragged.words], ragged.starts), neighbours(own, kinds, ragged)
        norm = _total_squares(inside, squares) + _total_squares(pairs, np.square(self._idf(seen)))
        length = np.sqrt(np.where(norm > 0, norm, 1))
        left, inner = left_words(own, kinds, ragged)
        spelling = [words[kind] for kind in kinds[ragged.words].tolist()]
        return Totals(
            [(word,) for word in words] + [(spelling[place], spelling[place + 1]) for place in left.tolist()],
            np.concatenate(
                [_each(inside, length, len(words)) * rows, (_each(pairs, length, len(seen)) * self._rows(seen))[inner]]
            ),
            np.concatenate([np.bincount(inside.items, minlength=len(words)), np.bincount(pairs.items)[inner]]),
        )

    def _rows(self, buckets: Ints) -> Floats:
        """Weights of features, zero where there are none: (n,) -> (n, K)."""
        if not len(self.buckets):
            return np.zeros((len(buckets), len(self.steps)), np.float32)
        place = np.minimum(np.searchsorted(self.buckets, buckets.astype(np.uint32)), len(self.buckets) - 1)
        found = self.buckets[place] == buckets
        rows: Floats = self.weights[place] * (self.steps * found[:, None])
        return rows.astype(np.float32)

    def _idf(self, buckets: Ints) -> Floats:
        return self.idf[buckets].astype(np.float32) * np.float32(IDF_UNIT)


class Join(NamedTuple):
    """Calibrated logits of the network's and the linear part's: network / temperature + weight · linear."""

    temperature: float
    linear_weight: float

    def logits(self, network: NDArray[np.float32], linear: NDArray[np.float32]) -> NDArray[np.float32]:
        """(B, K), (B, K) -> (B, K)."""
        return np.asarray(network / np.float32(self.temperature) + np.float32(self.linear_weight) * linear, np.float32)


def _each(counted: Bag, length: Floats, items: int) -> Floats:
    """How much each item counts in all texts together, texts having these lengths: (items, 1)."""
    texts = np.repeat(np.arange(len(length)), np.diff(counted.starts))
    return np.bincount(counted.items, counted.counts / length[texts], items)[:, None].astype(np.float32)


def _share(counted: Bag, items: Ints) -> Floats:
    """What each of the items of one text has of g(c): the c occurrences share it."""
    place = np.searchsorted(counted.items, items)
    return np.asarray(counted.counts[place] / np.bincount(place, minlength=len(counted.items))[place], np.float32)


def _segment_sums(starts: Ints, rows: NDArray[Any]) -> NDArray[Any]:
    """Sum rows starts[i] to starts[i + 1] - 1 for each i: (n, K) -> (len(starts) - 1, K)."""
    sums = np.zeros((len(starts) - 1, rows.shape[1]), rows.dtype)
    filled = np.flatnonzero(np.diff(starts))
    if len(filled):
        sums[filled] = np.add.reduceat(rows, starts[filled], axis=0)
    return sums


def _total(counted: Bag, rows: Floats) -> NDArray[np.float64]:
    """With digits to spare: the order in which a text's words are added up must not show in the answer."""
    return _segment_sums(counted.starts, counted.counts[:, None].astype(np.float64) * rows[counted.items])


def _total_squares(counted: Bag, squares: Floats) -> NDArray[np.float64]:
    squared = np.square(counted.counts, dtype=np.float64) * squares[counted.items]
    return _segment_sums(counted.starts, squared[:, None])[:, 0]
