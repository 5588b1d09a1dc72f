"""Hashed features of words: the word itself, its character n-grams with marks at both ends, and pairs of neighbours.

Source: feature hashing, Weinberger et al. 2009; n-grams within words, Bojanowski et al. 2017.

Shapes: T tokens in B texts, U distinct words, N features of words; T + B pairs of neighbours, the edges of texts
included.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.text.ragged import Ragged
from textcnn.text.tokens import normal

__all__ = [
    "BITS",
    "BUCKETS",
    "SALT",
    "Bag",
    "Features",
    "bag_of_items",
    "bag_of_pairs",
    "count_weights",
    "distinct_spellings",
    "features",
    "opening_buckets",
    "pair_buckets",
    "pair_examples",
]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

BITS = 18
BUCKETS = 2 << BITS  # a half for words and their character n-grams, a half for pairs
_SHORTEST, _LONGEST = 2, 5  # character n-grams, the marks at both ends counted
_NGRAM_WEIGHT = 0.5  # beside that of the word itself
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
    """Distinct items of each text, text by text, with the weights of their counts, g(c)."""

    starts: Ints  # (B + 1,)
    items: Ints
    weights: Floats


def distinct_spellings(surfaces: Sequence[str]) -> tuple[list[str], Ints]:
    """The distinct normal spellings of words as they stand in texts, and the number of each word's spelling."""
    numbers: dict[str, int] = {}
    spelling_of = [numbers.setdefault(normal(surface), len(numbers)) for surface in surfaces]
    return list(numbers), np.array(spelling_of, np.int64)


def features(words: Sequence[str]) -> Features:
    """Hash each word, and its character n-grams with marks at both ends; a feature that recurs counts as often."""
    marked = ["\x02" + word + "\x03" for word in words]
    lengths = np.array([len(word) for word in marked], np.int64)
    codes = np.frombuffer("".join(marked).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    word_of = np.repeat(np.arange(len(words)), lengths)
    hashes = _mixed(_whole(codes, lengths), 1000)
    owners, buckets = [np.arange(len(words))], [_bucket(hashes)]
    rolling = np.zeros(len(codes), np.uint64)
    for n in range(1, _LONGEST + 1):
        rolling = rolling[: max(len(codes) - n + 1, 0)] * _MULTIPLIER + codes[n - 1 :]
        if n >= _SHORTEST:
            inside = word_of[: len(rolling)] == word_of[n - 1 :]
            owners.append(word_of[: len(rolling)][inside])
            buckets.append(_bucket(_mixed(rolling[inside], n)))
    values = np.full(sum(map(len, owners)), _NGRAM_WEIGHT)
    values[: len(words)] = 1
    keys, key_of = np.unique((np.concatenate(owners) << BITS) | np.concatenate(buckets), return_inverse=True)
    merged = np.bincount(key_of, values, len(keys)).astype(np.float32)
    starts = np.searchsorted(keys, np.arange(len(words) + 1) << BITS)
    return Features(starts, keys & ((1 << BITS) - 1), merged, hashes)


def _whole(codes: NDArray[np.uint64], lengths: Ints) -> NDArray[np.uint64]:
    """A hash of all characters of each word."""
    if not len(lengths):
        return np.empty(0, np.uint64)
    ends = np.cumsum(lengths)
    powers = np.cumprod(np.full(int(lengths.max()), _MULTIPLIER, np.uint64))
    position = np.arange(len(codes)) - np.repeat(ends - lengths, lengths)
    return np.add.reduceat(codes * powers[position], ends - lengths)


def _mixed(values: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    """Spread a hash over all bits (the finalizer of splitmix64, Steele et al. 2014)."""
    values = (values ^ np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _bucket(hashes: NDArray[np.uint64]) -> Ints:
    return (hashes >> np.uint64(64 - BITS)).astype(np.int64)


def bag_of_items(items: Ints, starts: Ints) -> Bag:
    """Count the distinct items of each text: (T,), (B + 1,)."""
    texts = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    width = int(items.max(initial=0)) + 1
    keys, counts = np.unique(texts * width + items, return_counts=True)
    ends = np.searchsorted(keys, np.arange(len(starts)) * width)
    return Bag(ends, keys % width, count_weights(int(counts.max(initial=0)) + 1)[counts])


@lru_cache(4)
def count_weights(count: int) -> Floats:
    """g(c), the weight of c occurrences, for each c below `count`: 0 for none, else 1 + ln c."""
    return np.concatenate([[0], 1 + np.log(np.arange(1, max(count, 2)))]).astype(np.float32)


def bag_of_pairs(hashed: Features, spelling_of: Ints, ragged: Ragged) -> tuple[Bag, Ints]:
    """The pairs of neighbouring words of each text, edges included, as numbers, and the bucket of each number.

    Args:
        hashed: features of the distinct spellings.
        spelling_of: the spelling of each number in `ragged`.
        ragged: the texts.
    """
    buckets, items = np.unique(pair_buckets(hashed, spelling_of, ragged), return_inverse=True)
    return bag_of_items(items.astype(np.int64), _pair_starts(ragged)), buckets


def pair_buckets(hashed: Features, spelling_of: Ints, ragged: Ragged) -> Ints:
    """The bucket of each pair, in the order of the texts: (T + B,); for the arguments see `bag_of_pairs`."""
    texts = len(ragged.starts) - 1
    framed = np.full(len(ragged.words) + 2 * texts, _EDGE, np.uint64)
    shift = np.repeat(2 * np.arange(texts) + 1, ragged.lengths)
    framed[np.arange(len(ragged.words)) + shift] = hashed.hashes[spelling_of[ragged.words]]
    starts = ragged.starts + 2 * np.arange(texts + 1)
    inner = np.ones(max(len(framed) - 1, 0), bool)
    inner[starts[1:-1] - 1] = False  # no pair over the border of two texts
    return _bucket(_mixed(framed[:-1][inner] * _MULTIPLIER + framed[1:][inner], int(SALT))) + (1 << BITS)


def opening_buckets(surfaces: Sequence[str], ragged: Ragged) -> Ints:
    """The bucket of each text's first pair, that of the edge and the word with which the text begins: (B,)."""
    spellings, spelling_of = distinct_spellings(surfaces)
    return pair_buckets(features(spellings), spelling_of, ragged)[_pair_starts(ragged)[:-1]]


def pair_examples(hashed: Features, spelling_of: Ints, ragged: Ragged) -> tuple[Ints, Ints]:
    """Of each pair without an edge: the token with which its first example begins, and its number in the bag."""
    _, pair = np.unique(pair_buckets(hashed, spelling_of, ragged), return_index=True)
    starts = _pair_starts(ragged)
    text = np.searchsorted(starts, pair, side="right") - 1
    offset = pair - starts[text]
    inner = np.flatnonzero((offset > 0) & (offset < ragged.lengths[text]))
    return (ragged.starts[text] + offset - 1)[inner], inner


def _pair_starts(ragged: Ragged) -> Ints:
    """Where the pairs of each text begin, a text having one more than it has words: (B + 1,)."""
    return ragged.starts + np.arange(len(ragged.starts))
