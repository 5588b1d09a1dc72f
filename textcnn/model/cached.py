"""Answers for many texts: the responses of every word that was met are kept, and compiled loops add them up.

The same numbers as `Predictor` gives without it: what a text gets is computed in one order, by one thread, from rows
that do not depend on the other texts. Memory is bounded: the first words are kept for good, the others until their
group of texts is answered.

Shapes: B texts, T tokens, U words met so far, C slices and M maps of a network, K labels, Q outputs of the linear part.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.compiled.loader import loops
from textcnn.compiled.threads import WorkerThreads, spans
from textcnn.model.hashing import BITS, SALT, features, grades
from textcnn.model.linear import LinearPart
from textcnn.model.model import Model
from textcnn.model.network import Network, product
from textcnn.text.lexicon import Lexicon
from textcnn.text.ragged import Ragged
from textcnn.text.tokens import normal

__all__ = ["CachedModel", "Scores"]

Floats = NDArray[np.float32]

_KEPT = 88_000_000  # bytes of responses that are kept for good, of each network
_MOST_CHUNKS = 150_000
_ROOM = 8192  # words of a group that are not kept; memory that is not written to costs nothing
_TEXTS, _WORDS = 256, 1024  # of a task
_any_number = np.errstate(over="ignore", invalid="ignore")  # in each thread; Predictor looks at what comes of it


class Scores(NamedTuple):
    """What the parts of a model say."""

    network: Floats  # (B, K) mean of the networks' logits
    linear: Floats  # (B, Q) scores of the linear part


class CachedModel:
    """A model with what it knows about the words that it has met."""

    def __init__(self, model: Model, threads: int) -> None:
        convolution_loops, linear_loops = loops("convolution"), loops("linear")
        assert convolution_loops is not None
        assert linear_loops is not None
        self.model, self.convolution_loops, self.linear_loops, self.workers = (
            model,
            convolution_loops,
            linear_loops,
            WorkerThreads(threads),
        )
        self.lexicon = Lexicon(normal)
        self.networks = [member.network for member in model.members]
        slices = [len(network.filters[0]) for network in self.networks]
        self.most = max(_KEPT // (4 * max(slices)), 100)  # words
        room = self.most + _ROOM
        self.tables: list[NDArray[Any]] = [np.empty((room, count), np.float32) for count in slices]
        self.linear = None if model.linear is None else _LinearRows(model.linear, room)
        self.known = 0  # words whose rows are filled
        self.mark = self.lexicon.mark()
        self.lock = Lock()  # what is known is shared by all who ask

    @staticmethod
    def suits(model: Model) -> bool:
        """Whether the loops do what this model wants, and are to be had."""
        simple = all(len(each.network.filters) == 1 and each.network.pooling.kind == "max" for each in model.members)
        return simple and loops("convolution") is not None and loops("linear") is not None

    def scores(self, texts: Sequence[str]) -> Scores:
        """What the parts say about each text; several threads may ask, one after the other is answered."""
        with self.lock:
            try:
                return self._scores(texts)
            except BaseException:  # Ctrl-C may come when half of what belongs together is written
                self.lexicon.forget(self.mark)
                self.known = min(self.known, self.mark.words)
                raise

    def _scores(self, texts: Sequence[str]) -> Scores:
        ragged = self.lexicon.read(texts, self.model.settings["max_words"])
        self._fill()
        network = np.empty((len(texts), len(self.model.labels)), np.float32)
        linear = np.zeros((len(texts), 1 if self.linear is None else len(self.linear.linear.steps)), np.float32)
        self.workers.run(partial(self._score, ragged, span, network, linear) for span in spans(len(texts), _TEXTS))
        self._bound()
        return Scores(network, linear)

    @_any_number
    def _score(self, ragged: Ragged, span: tuple[int, int], network: Floats, linear: Floats) -> None:
        """Fill in what the parts say about some of the texts."""
        place = slice(*span)
        logits = np.zeros(network[place].shape, np.float64)
        for rows, own in zip(self.tables, self.networks, strict=True):
            best = np.empty((len(logits), len(own.biases[0])), np.float32)
            self._pool(rows, own, ragged, span, best)
            best += own.biases[0]
            logits += own.head(np.maximum(best, 0, out=best))
        network[place] = logits / len(self.networks)
        if self.linear is not None:
            linear[place] = self.linear.scores(ragged, span, self.linear_loops)

    def _pool(self, rows: NDArray[Any], own: Network, ragged: Ragged, span: tuple[int, int], best: Floats) -> None:
        widths, filters = np.array(own.widths, np.int64), len(own.biases[0]) // len(own.widths)
        starts, unwanted = ragged.starts[span[0] : span[1] + 1], np.empty((0, 0), np.int32)
        shared = (rows, ragged.words, starts, widths, filters, (0, len(best)))
        self.convolution_loops.pool_max(*shared, best, unwanted, np.empty(filters, np.float32))

    def _fill(self) -> None:
        """Rows of the words that are new."""
        words = self.lexicon.words[self.known :]
        if not words:
            return
        self.tables = [_grown(rows, self.known, len(words)) for rows in self.tables]
        found = self.model.rows_of(words)
        place = slice(self.known, self.known + len(words))
        for rows, member in zip(self.tables, self.model.members, strict=True):
            vectors, filters = self.model.vectors_of(member, found), member.network.filters[0]
            self.workers.run(
                partial(_respond, vectors[first:last], filters, rows[place][first:last])
                for first, last in spans(len(words), _WORDS)
            )
        if self.linear is not None:
            self.linear.fill(words, self.known)
        self.known = len(self.lexicon.words)

    def _bound(self) -> None:
        """Keep what is known within its bounds."""
        mark = self.lexicon.mark()
        if mark.words <= self.most and mark.chunks + mark.remembered <= _MOST_CHUNKS:
            self.mark = mark
            return
        self.lexicon.forget(self.mark)
        self.known = self.mark.words


class _LinearRows:
    """The linear part's rows of the words met, as its formula names them: s(w), n(w), and hashes for pairs."""

    def __init__(self, linear: LinearPart, room: int) -> None:
        self.linear = linear
        self.sums: NDArray[Any] = np.empty((room, len(linear.steps)), np.float32)
        self.squares: NDArray[Any] = np.empty(room, np.float32)
        self.hashes: NDArray[Any] = np.empty(room, np.uint64)
        self.places, self.weights, self.idf = linear.of_pairs()
        self.counters: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []  # those that no thread has

    def fill(self, words: Sequence[str], known: int) -> None:
        """Rows of words that come after those that are known."""
        own = features(words)
        place = slice(known, known + len(words))
        self.sums, self.squares, self.hashes = (
            _grown(each, known, len(words)) for each in (self.sums, self.squares, self.hashes)
        )
        self.sums[place], self.squares[place] = self.linear.of_words(own)
        self.hashes[place] = own.hashes

    def scores(self, ragged: Ragged, span: tuple[int, int], compiled: Any) -> Floats:
        """Of some of the texts, (B, Q)."""
        starts = ragged.starts[span[0] : span[1] + 1]
        out = np.empty((len(starts) - 1, len(self.linear.steps)), np.float64)
        most = grades(int(np.diff(starts).max(initial=0)) + 2)
        shared = (self.sums, self.squares, self.hashes, self.places, self.weights, self.idf, most, BITS, int(SALT))
        counters = self._counters()
        compiled.linear_scores(ragged.words, starts, (0, len(out)), *shared, *counters, out)
        self.counters.append(counters)  # all zeros again
        return np.asarray(out + self.linear.bias, np.float32)

    def _counters(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Zeros for words and for buckets of pairs, that no other thread has."""
        with suppress(IndexError):
            words, pairs = self.counters.pop()
            if len(words) == len(self.squares):
                return words, pairs
        return np.zeros(len(self.squares), np.int32), np.zeros(len(self.places), np.int32)


@_any_number
def _respond(vectors: Floats, filters: Floats, rows: Floats) -> None:
    """Fill in what each slice says to each word: (U, D) and (C, D) -> rows (U, C)."""
    rows[:] = product(vectors, filters.T)


def _grown(rows: NDArray[Any], used: int, more: int) -> NDArray[Any]:
    """The same rows with room for more."""
    if used + more <= len(rows):
        return rows
    grown = np.empty((used + more, *rows.shape[1:]), rows.dtype)
    grown[:used] = rows[:used]
    return grown
