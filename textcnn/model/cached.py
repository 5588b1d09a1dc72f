"""Answers for many texts: the responses of each word are computed once, and compiled loops add them up.

The same numbers as `Predictor` gives without it: what a text gets is computed in one order, by one thread, from rows
that do not depend on the other texts. Memory is bounded: the first words are cached for good, the others until their
group of texts is answered.

Shapes: B texts, T tokens, U cached words; C slices and M maps of a network, see bank.py; K labels, Q outputs of the
linear part.
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
from textcnn.model.hashing import BITS, SALT, count_weights, features
from textcnn.model.linear import LinearPart
from textcnn.model.model import Model
from textcnn.model.network import Network, product
from textcnn.model.novelty import Likeness
from textcnn.text.lexicon import Lexicon
from textcnn.text.ragged import Ragged
from textcnn.text.tokens import normal

__all__ = ["CachedModel", "Scores"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_MOST_BYTES = 88_000_000  # of responses that are cached for good, of each network
_MOST_CHUNKS = 150_000
_ROOM = 8192  # words of a group that are not cached for good; memory that is not written to costs nothing
_WIDEST = 22_000  # slices of a network; of one with more, whose responses would take gigabytes, none are cached
_TEXTS, _WORDS = 256, 1024  # of a task
_overflow_allowed = np.errstate(over="ignore", invalid="ignore")  # in each thread; Predictor checks what comes of it


class Scores(NamedTuple):
    """What the parts of a model say."""

    network: Floats  # (B, K) mean of the networks' logits
    linear: Floats  # (B, Q) scores of the linear part


class CachedModel:
    """A model with the responses of the words that it has met.

    Args:
        model: one that `suits`.
        threads: how many compute.
    """

    def __init__(self, model: Model, threads: int) -> None:
        self._convolution_loops, self._linear_loops = loops("convolution"), loops("linear")
        assert self._convolution_loops is not None and self._linear_loops is not None
        self._model, self._workers = model, WorkerThreads(threads)
        self._networks = [member.network for member in model.members]
        slices = [network.bank.slices for network in self._networks]
        self._most_words = min(max(_MOST_BYTES // (4 * max(slices)), 100), _MOST_CHUNKS)
        room = self._most_words + min(_ROOM, self._most_words)
        self._tables: list[NDArray[Any]] = [np.empty((room, count), np.float32) for count in slices]  # (U, C)
        self._unknown = np.zeros(room, bool)
        self._linear = None if model.linear is None else _LinearRows(model.linear, room)
        self._lexicon = Lexicon(normal)
        self._filled = 0  # words that have their rows
        self._mark = self._lexicon.mark()  # what is cached for good
        self._lock = Lock()  # the cache is shared by all who ask

    @staticmethod
    def suits(model: Model) -> bool:
        """Whether the loops do what this model needs, and are available."""
        networks = [member.network for member in model.members]
        simple = all(len(network.filters) == 1 and network.pooling.kind == "max" for network in networks)
        narrow = all(network.bank.slices <= _WIDEST for network in networks)
        return simple and narrow and loops("convolution") is not None and loops("linear") is not None

    def scores(self, texts: Sequence[str]) -> Scores:
        """What the parts say about each text; several threads may ask, one after the other is answered."""
        return self._asked(texts, likeness=False)[0]

    def scores_and_likeness(self, texts: Sequence[str]) -> tuple[Scores, Likeness]:
        """The same, and what tells how novel the texts are."""
        scores, seen, unknown = self._asked(texts, likeness=True)
        seen /= len(self._networks)
        return scores, Likeness(seen[:, 0], seen[:, 1], unknown)

    def _asked(self, texts: Sequence[str], *, likeness: bool) -> tuple[Scores, Doubles, Doubles]:
        with self._lock:
            try:
                return self._scores(texts, likeness)
            except BaseException:  # Ctrl-C may come when half of what belongs together is written
                self._forget()
                raise

    def _scores(self, texts: Sequence[str], likeness: bool) -> tuple[Scores, Doubles, Doubles]:
        """Scores; the sums over the networks of what tells novel texts, (B, 2); shares of unknown words, (B,)."""
        ragged = self._lexicon.read(texts, self._model.settings["max_words"])
        self._fill()
        outputs = 1 if self._linear is None else self._linear.outputs
        scores = Scores(
            np.empty((len(texts), len(self._model.labels)), np.float32), np.zeros((len(texts), outputs), np.float32)
        )
        seen = np.zeros((len(texts) if likeness else 0, 2))
        unknown = ragged.shares(self._unknown) if likeness else np.empty(0)
        self._workers.run(partial(self._score, ragged, span, scores, seen) for span in spans(len(texts), _TEXTS))
        self._bound()
        return scores, seen, unknown

    @_overflow_allowed
    def _score(self, ragged: Ragged, span: tuple[int, int], scores: Scores, seen: Doubles) -> None:
        """Fill in what the parts say about a span of the texts, and what tells novel ones if there is room for it."""
        rows = slice(*span)
        logits = np.zeros(scores.network[rows].shape, np.float64)
        for table, network in zip(self._tables, self._networks, strict=True):
            features = self._pooled(table, network, ragged, span)
            if len(seen):
                own, likeness = network.judged(features, centred=not self._model.multi_label)
                seen[rows] += likeness
            else:
                own = network.head(features)
            logits += own
        scores.network[rows] = logits / len(self._networks)
        if self._linear is not None:
            scores.linear[rows] = self._linear.scores(ragged, span, self._linear_loops)

    def _pooled(self, table: NDArray[Any], network: Network, ragged: Ragged, span: tuple[int, int]) -> Floats:
        """The features of a span of the texts: (B, M)."""
        bank, starts = network.bank, ragged.starts[span[0] : span[1] + 1]
        features = np.empty((len(starts) - 1, bank.maps), np.float32)
        no_places, room = np.empty((0, 0), np.int32), np.empty(bank.filters, np.float32)
        shape = (np.array(bank.widths, np.int64), bank.filters)
        compiled: Any = self._convolution_loops
        compiled.pool_max(table, ragged.words, starts, *shape, (0, len(features)), features, no_places, room)
        features += network.biases[0]
        return np.maximum(features, 0, out=features)

    def _fill(self) -> None:
        """Compute the rows of the words that are new."""
        words = self._lexicon.words[self._filled :]
        if not words:
            return
        self._tables = [_grown(table, self._filled, len(words)) for table in self._tables]
        rows, new = self._model.rows_of(words), slice(self._filled, self._filled + len(words))
        self._unknown = _grown(self._unknown, self._filled, len(words))
        self._unknown[new] = rows.unknown
        for table, member in zip(self._tables, self._model.members, strict=True):
            vectors, filters = self._model.vectors_of(member, rows), member.network.filters[0]
            self._workers.run(
                partial(_respond, vectors[first:last], filters, table[new][first:last])
                for first, last in spans(len(words), _WORDS)
            )
        if self._linear is not None:
            self._linear.fill(words, self._filled)
        self._filled = len(self._lexicon.words)

    def _bound(self) -> None:
        """Cache for good what there is, while that is little enough."""
        mark = self._lexicon.mark()
        if mark.words <= self._most_words and mark.chunks + mark.remembered <= _MOST_CHUNKS:
            self._mark = mark
        else:
            self._forget()

    def _forget(self) -> None:
        """Forget what is not cached for good."""
        self._lexicon.forget(self._mark)
        self._filled = min(self._filled, self._mark.words)


class _LinearRows:
    """The linear part's rows of the words met, as its formula names them: s(w), n(w), and hashes for pairs."""

    def __init__(self, linear: LinearPart, room: int) -> None:
        self._linear, self.outputs = linear, len(linear.steps)
        self._sums: NDArray[Any] = np.empty((room, self.outputs), np.float32)
        self._squares: NDArray[Any] = np.empty(room, np.float32)
        self._hashes: NDArray[Any] = np.empty(room, np.uint64)
        self._pairs = linear.of_pairs()
        self._idle: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []  # counters that no thread uses

    def fill(self, words: Sequence[str], filled: int) -> None:
        """Compute the rows of words that come after those that are filled."""
        hashed, new = features(words), slice(filled, filled + len(words))
        self._sums, self._squares, self._hashes = (
            _grown(rows, filled, len(words)) for rows in (self._sums, self._squares, self._hashes)
        )
        self._sums[new], self._squares[new] = self._linear.of_words(hashed)
        self._hashes[new] = hashed.hashes

    def scores(self, ragged: Ragged, span: tuple[int, int], compiled: Any) -> Floats:
        """Of a span of the texts, (B, Q)."""
        starts = ragged.starts[span[0] : span[1] + 1]
        out = np.empty((len(starts) - 1, self.outputs), np.float64)
        weights = count_weights(int(np.diff(starts).max(initial=0)) + 2)
        tables = (self._sums, self._squares, self._hashes, *self._pairs, weights, BITS, int(SALT))
        counters = self._counters()
        compiled.linear_scores(ragged.words, starts, (0, len(out)), *tables, *counters, out)
        self._idle.append(counters)  # all zeros again
        return np.asarray(out + self._linear.bias, np.float32)

    def _counters(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Zeros for words and for buckets of pairs, that no other thread uses."""
        with suppress(IndexError):
            words, pairs = self._idle.pop()
            if len(words) == len(self._squares):
                return words, pairs
        return np.zeros(len(self._squares), np.int32), np.zeros(1 << BITS, np.int32)


@_overflow_allowed
def _respond(vectors: Floats, filters: Floats, table: Floats) -> None:
    """Fill in the responses of words to all slices: (U, D) and (C, D) -> table (U, C)."""
    table[:] = product(vectors, filters.T)


def _grown(rows: NDArray[Any], used: int, more: int) -> NDArray[Any]:
    """The same rows with room for more."""
    if used + more <= len(rows):
        return rows
    grown = np.empty((used + more, *rows.shape[1:]), rows.dtype)
    grown[:used] = rows[:used]
    return grown
