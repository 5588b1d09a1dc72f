"""Which n-gram each filter takes of each text.

The window that a filter answers to most is found with look-ups, as an answer finds it (lookup.py). Words at its ends
that give hardly any of the response are cut off, so that "free", "a free" and "free entry in" come together.

Shapes: B texts, T tokens, F filters of a width, M filters of all widths, E gifts (a text's n-gram to a filter), N
different n-grams.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.model.interpretation import LONGEST
from textcnn.model.network import Frame, Network
from textcnn.text.ragged import Ragged
from textcnn.text.tokens import unspaced

__all__ = ["Gifts", "Words", "joined", "look"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LEAST_SHARE = 0.15  # of a response, for a word at the end of a window


class Words(NamedTuple):
    """The words of the texts by their spellings, so that numbers of the same shape are the same."""

    spellings: list[str]
    tokens: Ints  # (T,)

    @classmethod
    def of(cls, spellings: list[str], ragged: Ragged) -> "Words":
        """Words as they stand in the texts, spelt like this."""
        numbers: dict[str, int] = {}
        kinds = np.array([numbers.setdefault(spelling, len(numbers)) for spelling in spellings], np.int64)
        return cls(list(numbers), kinds[ragged.words])

    def name(self, first: int, length: int) -> str:
        """An n-gram, from its first token."""
        return joined([self.spellings[word] for word in self.tokens[first : first + length].tolist()])


class Gifts(NamedTuple):
    """Which n-gram each filter took of each text, where it took any."""

    ngrams: Ints  # (E,) numbers of n-grams
    filters: Ints  # (E,)
    values: Floats  # (E,) pooled responses, above zero
    texts: Ints  # (N,) how many texts have each n-gram
    first: Ints  # (N,) where an example of it begins among the tokens
    length: Ints  # (N,)
    words: Words

    def name(self, ngram: int) -> str:
        """The words of an n-gram."""
        return self.words.name(int(self.first[ngram]), int(self.length[ngram]))


class _Window(NamedTuple):
    """The window of each text that a filter answers to most: (B, F) each."""

    values: Floats  # responses with the bias
    first: Ints  # place of its first word that counts, in all tokens
    length: Ints  # words that count; 0 if the response is not above zero


def look(network: Network, vectors: NDArray[np.float32], ragged: Ragged, words: Words) -> tuple[Floats, Gifts]:
    """The pooled responses (B, M), and what was taken where."""
    pieces, passed = [], 0
    for part in ragged.parts():
        windows = _windows(network, *network.last_inputs(vectors, part))
        pieces.append(windows._replace(first=windows.first + passed))
        passed += len(part.words)
    window = _Window(*(np.concatenate(same) for same in zip(*pieces, strict=True)))
    texts, filters = np.nonzero(window.length)
    first, length = window.first[texts, filters], window.length[texts, filters]
    widest = max(network.widths) + 1
    spans, place, of_gift = np.unique(first * widest + length, return_index=True, return_inverse=True)
    ngrams, examples = _numbered(words.tokens, spans // widest, spans % widest)
    held = np.unique(ngrams * (len(window.values) + 1) + texts[place])
    gifts = Gifts(
        ngrams[of_gift],
        filters,
        window.values[texts, filters],
        np.bincount(held // (len(window.values) + 1), minlength=len(examples)),
        spans[examples] // widest,
        spans[examples] % widest,
        words,
    )
    return np.maximum(window.values, 0), gifts


def _windows(network: Network, vectors: NDArray[np.float32], ragged: Ragged) -> _Window:
    frame = Frame.around(ragged, max(network.widths), len(vectors))
    padded = np.concatenate([vectors, np.zeros((1, vectors.shape[1]), vectors.dtype)])
    shift = frame.starts - ragged.starts[:-1]  # from places to tokens
    count, begin, found = len(network.biases[-1]) // len(network.widths), 0, []
    for number, width in enumerate(network.widths):
        rows = network.filters[-1][begin : begin + width * count]
        tables = [padded @ rows[offset * count :][:count].T for offset in range(width)]  # (U + 1, F) each
        place = _best(tables, frame, width)
        slots = np.stack([tables[j][frame.words[place + j], np.arange(count)] for j in range(width)])  # (width, B, F)
        bias = network.biases[-1][number * count : (number + 1) * count]
        found.append(_cut(slots.astype(np.float64), place - shift[:, None], bias))
        begin += width * count
    return _Window(*(np.concatenate(same, axis=1) for same in zip(*found, strict=True)))


def _best(tables: list[NDArray[np.float32]], frame: Frame, width: int) -> Ints:
    """The place of the first word of the window with the largest response: (B, F)."""
    values = np.zeros((len(frame.words), tables[0].shape[1]), np.float32)
    for offset, table in enumerate(tables):
        values[: len(values) - offset] += table[frame.words[offset:]]
    first, last = frame.windows(width)
    return np.stack([values[a:b].argmax(axis=0) + a for a, b in zip(first, last, strict=True)])


def _cut(slots: Floats, first: Ints, bias: NDArray[np.float32]) -> _Window:
    """Cut off words at both ends that hardly count, and the empty places beyond the text, which give nothing."""
    total = slots.sum(axis=0)
    counts = slots >= _LEAST_SHARE * np.maximum(total, 1e-9)
    left, right = counts.argmax(axis=0), counts[::-1].argmax(axis=0)
    live = (total > 0) & (total + bias > 0)
    return _Window(total + bias, first + left, np.where(live, len(slots) - left - right, 0))


def _numbered(tokens: Ints, first: Ints, length: Ints) -> tuple[Ints, Ints]:
    """Number the different n-grams among spans of tokens: the number of each span's, and a span for each number."""
    if not len(first):
        return first, first
    most = int(tokens.max()) + 2
    numbers = np.zeros(len(first), np.int64)
    for offset in range(int(length.max())):
        word = np.where(offset < length, tokens[np.minimum(first + offset, len(tokens) - 1)] + 1, 0)
        _, example, numbers = np.unique(numbers * most + word, return_index=True, return_inverse=True)
    return numbers, example


def joined(words: list[str]) -> str:
    """With blanks between words, where their script has blanks."""
    text = words[0]
    for before, word in pairwise(words):
        text += word if unspaced(before[-1]) and unspaced(word[0]) else f" {word}"
    return text[:LONGEST]
