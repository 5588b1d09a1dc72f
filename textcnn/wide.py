"""The wide part: a linear classifier over words, their letters and their neighbours, computed by look-up.

What whole words mean is the network's business; this part sees how they are spelt, which is what makes a linear SVM
over character n-grams strong where words are rare, inflected or misspelt. A text's scores are

    bias + (1 / norm) · (sum over distinct words  g(c) s(w)   +  sum over distinct pairs  g(c) b(u, v))
    norm² =              sum over distinct words  g(c)² n(w)  +  sum over distinct pairs  g(c)² m(u, v)

with c the number of occurrences and g(c) = 1 + ln c. The rows s(w), and n(w), are sums over the hashed features of the
word: the word itself, and its character n-grams with marks at both ends. They are computed once for each distinct
word, so no vector of n-grams is ever made for a text, and the scores split into those of words and pairs.

Sources: TF-IDF and linear SVM over n-grams, Joachims 1998; hashing, Weinberger et al. 2009. How it learns:
training/wide.py.

Shapes: T tokens in B texts, U distinct words, N features of words, K outputs (one for two exclusive labels).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.tokens import normal
from textcnn.vocabulary import Ragged

__all__ = [
    "BITS",
    "BUCKETS",
    "IDF_UNIT",
    "SALT",
    "Bag",
    "Features",
    "Join",
    "Totals",
    "Wide",
    "bag",
    "features",
    "grades",
    "neighbours",
    "spelt",
]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

BITS = 18
BUCKETS = 2 << BITS  # a half for words and their letters, a half for pairs
SHORTEST, LONGEST = 2, 5  # character n-grams, the marks at both ends counted
LETTERS = 0.5  # weight of an n-gram beside that of the word itself
IDF_UNIT = 1 / 16

SALT = np.uint64(2000)  # of pairs
_MULTIPLIER = np.uint64(0x100000001B3)
_EDGE = np.uint64(1)  # stands before the first word of a text and after its last one


class Features(NamedTuple):
    """The features of distinct words, word by word."""

    starts: Ints  # (U + 1,)
    buckets: Ints  # (N,)
    values: Floats  # (N,)
    hashes: NDArray[np.uint64]  # (U,) of whole words


class Bag(NamedTuple):
    """Distinct items of each text, text by text, with how much they count: g(c)."""

    starts: Ints  # (B + 1,)
    items: Ints
    counts: Floats


class Totals(NamedTuple):
    """What words and pairs give to the scores of texts, added up over the texts."""

    names: list[tuple[str, ...]]  # N words, or pairs of words
    sums: Floats  # (N, K)
    texts: Ints  # (N,) how many texts have them


class Wide(NamedTuple):
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
        order = _pair_buckets(own, kinds, text)
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
        left, inner = _left_words(own, kinds, ragged)
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
    """How calibrated logits are made of the network's and the wide part's: network / temperature + weight · wide."""

    temperature: float
    wide_weight: float

    def logits(self, network: NDArray[np.float32], wide: NDArray[np.float32]) -> NDArray[np.float32]:
        """(B, K), (B, K) -> (B, K)."""
        return np.asarray(network / np.float32(self.temperature) + np.float32(self.wide_weight) * wide, np.float32)


def spelt(surfaces: Sequence[str]) -> tuple[list[str], Ints]:
    """The distinct normal spellings of words, and the number of each word's."""
    numbers: dict[str, int] = {}
    kinds = [numbers.setdefault(normal(surface), len(numbers)) for surface in surfaces]
    return list(numbers), np.array(kinds, np.int64)


def features(words: Sequence[str]) -> Features:
    """Hash each word, and its n-grams of letters with marks at both ends; a feature that recurs counts as often."""
    marked = ["\x02" + word + "\x03" for word in words]
    lengths = np.array([len(word) for word in marked], np.int64)
    codes = np.frombuffer("".join(marked).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    owner = np.repeat(np.arange(len(words)), lengths)
    hashes = _mixed(_whole(codes, lengths), 1000)
    owners, buckets = [np.arange(len(words))], [_bucket(hashes)]
    rolling = np.zeros(len(codes), np.uint64)
    for n in range(1, LONGEST + 1):
        rolling = rolling[: max(len(codes) - n + 1, 0)] * _MULTIPLIER + codes[n - 1 :]
        if n >= SHORTEST:
            inside = owner[: len(rolling)] == owner[n - 1 :]
            owners.append(owner[: len(rolling)][inside])
            buckets.append(_bucket(_mixed(rolling[inside], n)))
    values = np.full(sum(map(len, owners)), LETTERS)
    values[: len(words)] = 1
    keys, place = np.unique((np.concatenate(owners) << BITS) | np.concatenate(buckets), return_inverse=True)
    merged = np.bincount(place, values, len(keys)).astype(np.float32)
    starts = np.searchsorted(keys, np.arange(len(words) + 1) << BITS)
    return Features(starts, keys & ((1 << BITS) - 1), merged, hashes)


def _whole(codes: NDArray[np.uint64], lengths: Ints) -> NDArray[np.uint64]:
    """A hash of all letters of each word."""
    if not len(lengths):
        return np.empty(0, np.uint64)
    ends = np.cumsum(lengths)
    powers = np.cumprod(np.full(int(lengths.max()), _MULTIPLIER, np.uint64))
    place = np.arange(len(codes)) - np.repeat(ends - lengths, lengths)
    return np.add.reduceat(codes * powers[place], ends - lengths)


def _mixed(values: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    """Spread a hash over all bits (the finaliser of splitmix64, Steele et al. 2014)."""
    values = (values ^ np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _bucket(hashes: NDArray[np.uint64]) -> Ints:
    return (hashes >> np.uint64(64 - BITS)).astype(np.int64)


def bag(items: Ints, starts: Ints) -> Bag:
    """Count the distinct items of each text: (T,), (B + 1,)."""
    texts = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    width = int(items.max(initial=0)) + 1
    keys, counts = np.unique(texts * width + items, return_counts=True)
    ends = np.searchsorted(keys, np.arange(len(starts)) * width)
    return Bag(ends, keys % width, grades(int(counts.max(initial=0)) + 1)[counts])


@lru_cache(4)
def grades(count: int) -> Floats:
    """g(c), how much c occurrences count, for each c below `count`."""
    return np.concatenate([[0], 1 + np.log(np.arange(1, max(count, 2)))]).astype(np.float32)


def neighbours(own: Features, kinds: Ints, ragged: Ragged) -> tuple[Bag, Ints]:
    """The pairs of neighbouring words of each text, edges included, as numbers, and the bucket of each number."""
    seen, items = np.unique(_pair_buckets(own, kinds, ragged), return_inverse=True)
    starts = ragged.starts + np.arange(len(ragged.starts))
    return bag(items.astype(np.int64), starts), seen


def _pair_buckets(own: Features, kinds: Ints, ragged: Ragged) -> Ints:
    """The bucket of each pair, in the order of the texts: (T + B,)."""
    texts = len(ragged.starts) - 1
    framed = np.full(len(ragged.words) + 2 * texts, _EDGE, np.uint64)
    shift = np.repeat(2 * np.arange(texts) + 1, ragged.lengths)
    framed[np.arange(len(ragged.words)) + shift] = own.hashes[kinds[ragged.words]]
    starts = ragged.starts + 2 * np.arange(texts + 1)
    inner = np.ones(max(len(framed) - 1, 0), bool)
    inner[starts[1:-1] - 1] = False  # no pair over the border of two texts
    return _bucket(_mixed(framed[:-1][inner] * _MULTIPLIER + framed[1:][inner], int(SALT))) + (1 << BITS)


def _left_words(own: Features, kinds: Ints, ragged: Ragged) -> tuple[Ints, Ints]:
    """Of each pair that is no edge: the token where its first example begins, and its number among `neighbours`."""
    _, place = np.unique(_pair_buckets(own, kinds, ragged), return_index=True)
    starts = ragged.starts + np.arange(len(ragged.starts))
    text = np.searchsorted(starts, place, side="right") - 1
    offset = place - starts[text]
    inner = np.flatnonzero((offset > 0) & (offset < ragged.lengths[text]))
    return (ragged.starts[text] + offset - 1)[inner], inner


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
