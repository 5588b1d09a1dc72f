"""Which n-gram each filter takes of each text.

Under max pooling a filter takes the window of a text to which it responds most, or of each piece of a long one; that
window is found by look-up, as an answer finds it (model/network.py). Words at its ends that give hardly any of the
response are cut off, so that "free", "a free" and "free entry in" are counted together.

Shapes: B texts, T tokens, P places of windows, F filters of a width, M filters of all widths (laid out as model/bank.py
says), E activations (a filter and a text or piece), N different n-grams.
"""

from contextlib import closing
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.compiled.threads import WorkerThreads, free_cores
from textcnn.model.bank import FilterBlock
from textcnn.model.interpretation import LONGEST
from textcnn.model.network import Frame, Network
from textcnn.text.ragged import Ragged
from textcnn.text.tokens import unspaced

__all__ = ["Activations", "Words", "find_activations", "joined"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LEAST_SHARE = 0.15  # of a response, for a word at the end of a window


class Words(NamedTuple):
    """The words of the texts by their spellings, so that words that are spelt alike are one."""

    spellings: list[str]
    tokens: Ints  # (T,)

    @classmethod
    def of(cls, spellings: list[str], ragged: Ragged) -> "Words":
        """The words of texts, spelt like this: (U,) spellings of the numbers in `ragged`."""
        numbers: dict[str, int] = {}
        number_of = np.array([numbers.setdefault(spelling, len(numbers)) for spelling in spellings], np.int64)
        return cls(list(numbers), number_of[ragged.words])

    def name(self, first: int, length: int) -> str:
        """An n-gram, from its first token."""
        return joined([self.spellings[word] for word in self.tokens[first : first + length].tolist()])


class Activations(NamedTuple):
    """Which n-gram each filter took of each text, where its response was above zero."""

    ngrams: Ints  # (E,) numbers of n-grams
    filters: Ints  # (E,)
    values: Floats  # (E,) pooled responses, above zero
    shares: Floats  # (E,) of these in the feature of the text, which may be a mean over pieces of it
    text_of: Ints  # (E,)
    texts: Ints  # (N,) how many texts have each n-gram
    first: Ints  # (N,) where an example of it begins among the tokens
    length: Ints  # (N,)
    words: Words

    def name(self, ngram: int) -> str:
        """The words of an n-gram."""
        return self.words.name(int(self.first[ngram]), int(self.length[ngram]))


class _Windows(NamedTuple):
    """The window of each text to which each filter responds most: (B, M) each, or (B, F) of one width."""

    values: Floats  # responses with the bias
    first: Ints  # its first word that counts, among all tokens
    length: Ints  # words that count; 0 if the response is not above zero

    @classmethod
    def joined(cls, parts: "list[_Windows]", axis: int) -> "_Windows":
        return cls(*(np.concatenate(arrays, axis=axis) for arrays in zip(*parts, strict=True)))


def find_activations(
    network: Network, vectors: NDArray[np.float32], ragged: Ragged, words: Words, threads: int = 1
) -> tuple[Floats, Activations]:
    """The pooled responses (B, M), and which n-grams they come from.

    Args:
        network: whose last stage is looked at.
        vectors: (U, D), of the distinct words.
        ragged: the texts.
        words: their words in the spelling that n-grams are to have.
        threads: that compute; 0: as many as are free.
    """
    pieces, counts = network.pieces(ragged)
    windows = _strongest(network, vectors, pieces, threads)
    text_of = np.repeat(np.arange(len(counts)), counts)
    active, filters = np.nonzero(windows.length)
    first, length, texts = windows.first[active, filters], windows.length[active, filters], text_of[active]
    beyond = network.bank.widest + 1
    spans, example, span_of = np.unique(first * beyond + length, return_index=True, return_inverse=True)
    ngrams, span_of_ngram = _numbered(words.tokens, spans // beyond, spans % beyond)
    count = len(counts) + 1
    in_texts = np.unique(ngrams * count + texts[example])
    activations = Activations(
        ngrams[span_of],
        filters,
        windows.values[active, filters],
        1 / counts[texts],
        texts,
        np.bincount(in_texts // count, minlength=len(span_of_ngram)),
        spans[span_of_ngram] // beyond,
        spans[span_of_ngram] % beyond,
        words,
    )
    return network.averaged(np.maximum(windows.values, 0), counts), activations


def _strongest(network: Network, vectors: NDArray[np.float32], ragged: Ragged, threads: int) -> _Windows:
    """Of all texts, a bounded part of them at a time."""
    parts, tokens = [], 0
    with closing(WorkerThreads(threads or free_cores())) as workers:
        for part in ragged.parts():
            windows = _windows(network, *network.last_inputs(vectors, part), workers)
            parts.append(windows._replace(first=windows.first + tokens))
            tokens += len(part.words)
    return _Windows.joined(parts, axis=0)


def _windows(network: Network, vectors: NDArray[np.float32], ragged: Ragged, workers: WorkerThreads) -> _Windows:
    frame = Frame.around(ragged, network.bank.widest, len(vectors))
    padded = np.concatenate([vectors, np.zeros((1, vectors.shape[1]), vectors.dtype)])
    shift = (frame.starts - ragged.starts[:-1])[:, None]  # from places to tokens
    found = dict[int, _Windows]()

    def look(block: FilterBlock) -> None:
        slices = [network.filters[-1][block.at(offset)] for offset in range(block.width)]
        tables = [padded @ of_offset.T for of_offset in slices]  # (U + 1, F) each
        window = _best(tables, frame, block.width)
        of_words = np.stack([_picked(table, frame, window + offset) for offset, table in enumerate(tables)])
        found[block.maps.start] = _cut(of_words.astype(np.float64), window - shift, network.biases[-1][block.maps])

    workers.run(partial(look, block) for block in network.bank.blocks)
    return _Windows.joined([found[block.maps.start] for block in network.bank.blocks], axis=1)


def _picked(table: NDArray[np.float32], frame: Frame, places: Ints) -> NDArray[np.float32]:
    """For each filter the response of the word in its place: (U + 1, F), (B, F) -> (B, F)."""
    return table[frame.words[places], np.arange(table.shape[1])]


def _best(tables: list[NDArray[np.float32]], frame: Frame, width: int) -> Ints:
    """The place of the first word of the window with the largest response: (B, F)."""
    values, room = np.empty((2, len(frame.words), tables[0].shape[1]), np.float32)
    tables[0].take(frame.words, axis=0, out=values, mode="clip")  # which fills the room itself, not another first
    for offset, table in enumerate(tables[1:], 1):
        rest = slice(0, len(values) - offset)
        values[rest] += table.take(frame.words[offset:], axis=0, out=room[rest], mode="clip")
    first, last = frame.windows(width)
    return np.stack([values[a:b].argmax(axis=0) + a for a, b in zip(first, last, strict=True)])


def _cut(responses: Floats, first: Ints, bias: NDArray[np.float32]) -> _Windows:
    """Cut off words at both ends that hardly count, and the places beyond the text, which give nothing: (h, B, F)."""
    total = responses.sum(axis=0)
    counts = responses >= _LEAST_SHARE * np.maximum(total, 1e-9)
    left, right = counts.argmax(axis=0), counts[::-1].argmax(axis=0)
    live = (total > 0) & (total + bias > 0)
    return _Windows(total + bias, first + left, np.where(live, len(responses) - left - right, 0))


def _numbered(tokens: Ints, first: Ints, length: Ints) -> tuple[Ints, Ints]:
    """Number the different n-grams among spans of tokens: the number of each span, and a span for each number."""
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
