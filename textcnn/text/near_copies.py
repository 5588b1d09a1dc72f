"""Near-copies: texts that are the same but for case, digits and signs, or but for a few of many words.

Texts of ten words and more are near-copies if both have 60 % of the pairs of neighbouring words that either has, as
when one word in eight was changed, or a greeting or a signature was added. Shorter ones must have the same words, and
very short ones the same numbers too, for one word makes another text of them.

So as not to compare all with all, each text gets a signature (MinHash, Broder 1997), in each place of which two texts
agree with a probability that is the share of the pairs that they have in common. The texts are sorted by several parts
of their signatures, as in an LSH forest (Bawa et al. 2005), and only neighbours are compared. So time and memory grow
with the number of words, also where all texts are alike; some pair may be missed.

No library does it: semhash compares meanings, by a model that it fetches, and datasketch gives candidates only, and of
texts that are all alike all pairs.

Shapes: B texts, T words of all texts together, V distinct words, P places of a signature.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import islice, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.text.lexicon import Lexicon, grouped
from textcnn.text.ragged import Ragged
from textcnn.text.tokens import chunks, cut, normal, readable

__all__ = ["NearCopies", "near_copies"]

_WORDS = 10  # of a text, from which on some may differ
_FEW = 4  # words, below which numbers may not differ
_ALIKE = 0.6  # of the pairs of words
_DOUBT = 0.1  # by how much a signature may err
_PLACES, _STEP = 64, 4  # of a signature, and of the part by which texts are sorted
_AGREED = 2  # places at the start of that part in which neighbours must agree to be compared
_MOST_WORDS = 20_000  # of a text
_GROUP, _PART = 1_000_000, 200_000  # characters, words that are dealt with at once
_NONE = 0  # the number of what is no word

Ints = NDArray[np.int64]
Signatures = NDArray[np.uint32]  # (B, P)


class NearCopies(NamedTuple):
    """Which texts are near-copies of each other, copies among them."""

    groups: Ints  # (B,) the number of the group of each text, from 0 in the order of their first texts
    pairs: list[tuple[int, int]]  # that tie groups together, the earlier text first: n - 1 of a group of n texts


def near_copies(texts: Sequence[str]) -> NearCopies:
    """Find the texts (B,) that are near-copies of each other; of each the first 20,000 words are compared.

    In a group each text is a near-copy of another one, but need not be of all.
    """
    words, distinct = _read(texts)
    forest = _Forest(len(texts))
    firsts = _firsts(texts, words)
    for number, first in enumerate(firsts.tolist()):
        if first < number:
            forest.join(first, number)
    long = np.flatnonzero((firsts == np.arange(len(texts))) & (words.lengths >= _WORDS))
    chosen = words.take(long)
    for one, other in _neighbours(_signatures(chosen, distinct)):
        texts_of_pair = int(long[one]), int(long[other])
        if not forest.joined(*texts_of_pair) and _likeness(chosen, one, other) >= _ALIKE:
            forest.join(*texts_of_pair)
    return NearCopies(forest.groups(), sorted(forest.pairs))


class _Forest:
    """Trees of texts that grow together (union and find, Galler & Fischer 1964)."""

    def __init__(self, count: int) -> None:
        self.pairs: list[tuple[int, int]] = []
        self._above = list(range(count))

    def joined(self, one: int, other: int) -> bool:
        """Whether two texts are in the same tree."""
        return self._root(one) == self._root(other)

    def join(self, one: int, other: int) -> None:
        """Make one tree of those of two texts, the earlier first."""
        low, high = sorted((self._root(one), self._root(other)))
        self._above[high] = low
        self.pairs.append((one, other))

    def groups(self) -> Ints:
        """The number of each text's tree; its root is its first text."""
        roots = [self._root(number) for number in range(len(self._above))]
        return np.unique(np.array(roots, np.int64), return_inverse=True)[1].astype(np.int64)

    def _root(self, number: int) -> int:
        above = self._above
        while above[number] != number:
            above[number] = number = above[above[number]]
        return number


def _read(texts: Sequence[str]) -> tuple[Ragged, int]:
    """The words of texts as numbers, without signs and numbers, and how many words there are."""
    lexicon = Lexicon(_letters)
    lexicon.read(["."], 1)  # so that what is no word is the first, `_NONE`
    pieces = [_without_none(lexicon.read(group, _MOST_WORDS)) for group in grouped(texts, _GROUP)]
    return Ragged.joined(pieces), len(lexicon.words)


def _letters(surface: str) -> str:
    """The letters of a word, with their marks, as they are compared."""
    return _kept(surface, "LM")


@lru_cache(1 << 16)
def _kept(surface: str, kinds: str) -> str:
    return "".join(character for character in normal(surface) if unicodedata.category(character)[0] in kinds)


def _without_none(ragged: Ragged) -> Ragged:
    words = ragged.words != _NONE
    return Ragged(ragged.words[words], np.concatenate([[0], np.cumsum(words)])[ragged.starts])


def _firsts(texts: Sequence[str], words: Ragged) -> Ints:
    """The first text that has the same words, for each text (B,); itself, for one that has neither word nor number."""
    seen: dict[str | bytes, int] = {}
    firsts = np.arange(len(texts))
    for number, (start, end) in enumerate(pairwise(words.starts.tolist())):
        few = end - start < _FEW
        key = _spelled(texts[number]) if few else blake2b(words.words[start:end].tobytes(), digest_size=16).digest()
        if key:
            firsts[number] = seen.setdefault(key, number)
    return firsts


def _spelled(text: str) -> str:
    """Words and numbers without signs."""
    surfaces = (surface for chunk in chunks(readable(text, _MOST_WORDS)) for surface in cut(chunk, _MOST_WORDS))
    kept = (_kept(surface, "LMN") for surface in islice(surfaces, _MOST_WORDS))
    return " ".join(filter(None, kept))


def _signatures(words: Ragged, distinct: int) -> Signatures:
    """The smallest hash of each text's pairs of words, for each of the hash functions."""
    random = np.random.default_rng(0)
    codes = random.integers(1 << 64, size=distinct, dtype=np.uint64)
    factors = random.integers(1 << 63, size=_PLACES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    made = [np.empty((0, _PLACES), np.uint32)]
    for part in words.parts(_PART):
        if len(part.words):
            pairs, starts = _pairs(part, codes)
            hashes = [np.minimum.reduceat(pairs * factor >> np.uint64(32), starts) for factor in factors]
            made.append(np.stack(hashes, axis=1).astype(np.uint32))
    return np.concatenate(made)


def _pairs(words: Ragged, codes: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], Ints]:
    """Numbers for the pairs of neighbouring words, (T - B,), and where those of each text begin, (B,)."""
    of_words = codes[words.words]
    pairs = of_words[:-1] * np.uint64(0x9E3779B97F4A7C15) + of_words[1:]
    return np.delete(pairs, words.starts[1:-1] - 1), words.starts[:-1] - np.arange(len(words.starts) - 1)


def _neighbours(signatures: Signatures) -> Iterator[tuple[int, int]]:
    """Pairs that may be alike enough, the earlier text first, the likeliest pairs first."""
    found = [np.empty((0, 2), np.int64)]
    for place in range(0, _PLACES, _STEP):
        part = signatures[:, place : place + _STEP]
        order = np.lexsort(part.T[::-1])
        near = np.stack([order[:-1], order[1:]], axis=1)
        near = near[(part[near[:, 0], :_AGREED] == part[near[:, 1], :_AGREED]).all(axis=1)]
        found.append(np.sort(near[_agreement(signatures, near) >= _ALIKE - _DOUBT], axis=1))
    pairs = np.unique(np.concatenate(found), axis=0)
    yield from pairs[np.argsort(-_agreement(signatures, pairs), kind="stable")].tolist()


def _agreement(signatures: Signatures, pairs: Ints) -> NDArray[np.float64]:
    """In which share of the places the signatures of pairs (N, 2) agree, (N,)."""
    return np.array((signatures[pairs[:, 0]] == signatures[pairs[:, 1]]).mean(axis=1))


def _likeness(words: Ragged, one: int, other: int) -> float:
    """The share of the pairs of words that two texts have in common (Jaccard's)."""
    first, second = (_set_of_pairs(words, number) for number in (one, other))
    return len(first & second) / len(first | second)


def _set_of_pairs(words: Ragged, number: int) -> set[tuple[Any, Any]]:
    return set(pairwise(words.words[words.starts[number] : words.starts[number + 1]].tolist()))
