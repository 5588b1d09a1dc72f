"""Answers for many texts: the responses of each word are computed once, and compiled loops add them up.

Rows of responses in whole numbers (rounding.py) have two bytes for each slice, others four.

The same numbers as `Predictor` gives without it: what a text gets is computed in one order, by one thread, from rows
that do not depend on the other texts. Memory is bounded twice. What little is known of a word (its number, its rows of
the vocabulary and of the linear part) is kept of the first words for good, of others until their group of texts is
answered. Its responses, a hundred times as large, have a place in a table, which they lose to another word when they
are met more seldom.

Shapes: B texts, T tokens, U words, S places of responses; C slices and M maps of a network, see bank.py; K labels, Q
outputs of the linear part.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from textcnn.compiled.loader import loops
from textcnn.compiled.threads import WorkerThreads, spans
from textcnn.model.hashing import BITS, SALT, count_weights, features
from textcnn.model.linear import IDF_UNIT, LinearPart
from textcnn.model.model import Model, Rows
from textcnn.model.network import Network, rounded, rounded_to_slices
from textcnn.model.novelty import Likeness, unseen_shares
from textcnn.text.lexicon import Lexicon
from textcnn.text.ragged import Encoded, Ragged
from textcnn.text.tokens import is_word, normal

__all__ = ["CachedModel", "Scores", "pooled"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Asked = TypeVar("Asked")

_MOST_BYTES = 42_000_000  # of responses, of each network
_MOST_CHUNKS = 60_000  # and words, that are known for good
_ROOM = 8192  # words of a group that are not; memory that is not written to costs nothing
_WIDEST = 22_000  # slices of a network; of one with more, whose responses would take gigabytes, none are cached
_TEXTS, _TOKENS, _WORDS = 256, 40_000, 256  # of a task
_BLOCK = 1024  # words whose vectors are there at once
_RECENT, _LARGE = 2 ** (1 / 32), 1e100  # how much more it counts that a word is met one group of texts later; its limit
_overflow_allowed = np.errstate(over="ignore", invalid="ignore")  # in each thread; Predictor checks what comes of it


class Scores(NamedTuple):
    """What the parts of a model say."""

    network: Floats  # (B, K) mean of the networks' logits
    linear: Floats  # (B, Q) scores of the linear part


class _Loops(NamedTuple):
    """The compiled loops that are needed."""

    convolution: Any
    linear: Any
    whole: Any


class CachedModel:
    """A model with the responses of the words that it has met.

    Args:
        model: one that `suits`.
        threads: how many compute.
    """

    def __init__(self, model: Model, threads: int) -> None:
        self._loops = _Loops(*(loops(name) for name in _Loops._fields))
        assert all(self._loops)
        self._model, self._workers = model, WorkerThreads(threads)
        rows = [
            np.dtype((np.int16 if network.whole else np.float32, (network.bank.slices,))) for network in model.networks
        ]
        room = _MOST_CHUNKS + min(_ROOM, _MOST_CHUNKS)
        self._places = _Places(min(max(_MOST_BYTES // max(row.itemsize for row in rows), 100), _MOST_CHUNKS), room)
        self._tables: list[NDArray[Any]] = [np.empty(self._places.count, row) for row in rows]  # (S, C)
        self._columns = [_columns(network) for network in model.networks]
        self._label_lengths = [_label_lengths(network, centred=not model.multi_label) for network in model.networks]
        self._marks: NDArray[np.bool_] = np.zeros((room, 3), bool)  # no vector, a word, seen in training
        self._rows = Ragged(np.empty(0, np.int32), np.zeros(1, np.int64))  # of the vocabulary, of each word
        self._linear = None if model.linear is None else _LinearRows(model.linear, room)
        self._lexicon = Lexicon(normal, model.segment)
        self._mark = self._lexicon.mark()  # what is known for good
        self._lock = Lock()  # the cache is shared by all who ask

    @staticmethod
    def suits(model: Model) -> bool:
        """Whether the loops do what this model needs, and are available."""
        networks = model.networks
        simple = all(
            len(network.filters) == 1 and (_is_max(network) or _is_mean_of_words(network)) for network in networks
        )
        narrow = all(network.bank.slices <= _WIDEST for network in networks)
        return simple and narrow and all(loops(name) is not None for name in _Loops._fields)

    def scores(self, texts: Sequence[str] | Encoded) -> Scores:
        """What the parts say about each text; several threads may ask, one after the other is answered."""
        return self._alone(self._scores, texts, False)[0]

    def scores_and_likeness(self, texts: Sequence[str] | Encoded) -> tuple[Scores, Likeness]:
        """The same, and what tells how novel the texts are."""
        scores, seen, shares = self._alone(self._scores, texts, True)
        seen /= len(self._tables)
        return scores, Likeness(seen[:, 0], seen[:, 1], *shares)

    def word_figures(self, texts: Sequence[str]) -> tuple[Doubles, NDArray[np.int64]]:
        """See `Predictor.word_figures`."""
        return self._alone(self._word_figures, texts)

    def _word_figures(self, texts: Sequence[str]) -> tuple[Doubles, NDArray[np.int64]]:
        ragged = self._read(texts)
        return ragged.shares(self._marks[:, 0]), ragged.lengths

    def _alone(self, ask: Callable[..., Asked], *arguments: Any) -> Asked:
        """What comes of it while nobody else asks."""
        with self._lock:
            try:
                made = ask(*arguments)
                self._bound()
            except BaseException:  # Ctrl-C may come when half of what belongs together is written
                self._forget()
                raise
            return made

    def _read(self, texts: Sequence[str] | Encoded) -> Ragged:
        """Texts as numbers of words, of which all is known that `_meet` learns."""
        if isinstance(texts, Encoded):
            ragged = self._lexicon.renumbered(texts)
        else:
            ragged = self._lexicon.read(texts, self._model.settings["max_words"])
        self._meet(self._lexicon.words[len(self._rows.starts) - 1 :])
        self._places.expect(len(self._lexicon.words))
        return ragged

    def _scores(self, texts: Sequence[str] | Encoded, likeness: bool) -> tuple[Scores, Doubles, tuple[Doubles, ...]]:
        """Scores; the sums over the networks of what tells novel texts, (B, 2); shares of unknown and unseen words."""
        ragged = self._read(texts)
        outputs = 1 if self._linear is None else self._linear.outputs
        count, labels = len(ragged.starts) - 1, len(self._model.labels)
        scores = Scores(np.empty((count, labels), np.float32), np.zeros((count, outputs), np.float32))
        seen = np.zeros((count if likeness else 0, 2))
        shares = self._shares(ragged) if likeness else ()
        first = 0
        for part, responses in self._parts(ragged):
            rows = slice(first, first + len(part.starts) - 1)
            own = Scores(scores.network[rows], scores.linear[rows]), seen[rows]
            tasks = part.spans(_TEXTS, _TOKENS)
            self._workers.run(partial(self._score, part, responses, span, *own) for span in tasks)
            first = rows.stop
        return scores, seen, shares

    def _shares(self, ragged: Ragged) -> tuple[Doubles, ...]:
        unknown, words, seen = self._marks.T
        return ragged.shares(unknown, of_none=1), unseen_shares(ragged, words, seen)

    @_overflow_allowed
    def _score(self, ragged: Ragged, responses: Ragged, span: tuple[int, int], scores: Scores, seen: Doubles) -> None:
        """Fill in what the parts say about a span of the texts, and what tells novel ones if there is room for it.

        Args:
            ragged: the texts, as numbers of words.
            responses: the same as places of responses.
            span: first and last + 1.
            scores: of all of these texts.
            seen: see `Network.judged`; or empty.
        """
        rows = slice(*span)
        logits = np.zeros(scores.network[rows].shape, np.float64)
        for table, network, lengths in zip(self._tables, self._model.networks, self._label_lengths, strict=True):
            features = self._pooled(table, network, responses, span)
            if len(seen):
                own, likeness = network.judged(features, lengths, centred=not self._model.multi_label)
                seen[rows] += likeness
            else:
                own = network.head(features)
            logits += own
        scores.network[rows] = logits / len(self._tables)
        if self._linear is not None:
            scores.linear[rows] = self._linear.scores(ragged, span, self._loops.linear)

    def _pooled(self, table: NDArray[Any], network: Network, ragged: Ragged, span: tuple[int, int]) -> NDArray[Any]:
        """The features of a span of the texts: (B, M)."""
        texts = ragged._replace(starts=ragged.starts[span[0] : span[1] + 1])
        if network.whole:
            return network.by_pieces(partial(_largest_whole, self._loops.whole, network, table), texts)
        return pooled(self._loops.convolution, network, table, texts)

    def _meet(self, words: Sequence[str]) -> None:
        """Learn what little is kept of words that are new."""
        for first, last in spans(len(words), _BLOCK):
            new, known = words[first:last], len(self._rows.starts) - 1
            rows = self._model.rows_of(new)
            seen = ~rows.unknown if self._linear is None else self._linear.fill(new, known)
            self._marks = _grown(self._marks, known, len(new))
            self._marks[known : known + len(new)] = np.column_stack([rows.unknown, list(map(is_word, new)), seen])
            ends = np.concatenate([[0], np.cumsum(rows.counts)])
            self._rows = Ragged.joined([self._rows, Ragged(rows.rows.astype(np.int32), ends)])

    def _parts(self, ragged: Ragged) -> Iterator[tuple[Ragged, Ragged]]:
        """The texts as numbers of words, and as places of their responses: all at once, if all of these are there."""
        places = self._places.of(ragged.words)
        if places.min(initial=0) >= 0:
            self._places.meet(ragged.words)
            yield ragged, ragged._replace(words=places)
            return
        for part in ragged.parts(self._places.count):
            yield part, part._replace(words=self._responding(part.words))

    def _responding(self, words: NDArray[np.int32]) -> NDArray[np.int32]:
        """The places of the responses of words, which are computed where they are not there: (T,) -> (T,)."""
        missing, places = self._places.make_room(words)
        self._tables = [_grown(table, len(table), self._places.count - len(table)) for table in self._tables]
        for first, last in spans(len(missing), _BLOCK):
            self._respond(missing[first:last], places[first:last])
        self._places.take(missing, places)
        return self._places.of(words)

    def _respond(self, words: NDArray[np.int64], places: NDArray[np.int64]) -> None:
        """Compute the responses of words, and put them into these places."""
        taken = self._rows.take(words)
        rows = Rows(taken.words.astype(np.int64), taken.lengths)
        for table, member, network, columns in zip(
            self._tables, self._model.members, self._model.networks, self._columns, strict=True
        ):
            vectors = self._model.vectors_of(member, rows)
            self._workers.run(
                partial(_respond, vectors[first:last], columns, network, table, places[first:last])
                for first, last in spans(len(words), _WORDS)
            )

    def _bound(self) -> None:
        """Know for good what there is, while that is little enough."""
        mark = self._lexicon.mark()
        if mark.words <= _MOST_CHUNKS and mark.chunks + mark.remembered <= _MOST_CHUNKS:
            self._mark = mark
        else:
            self._forget()

    def _forget(self) -> None:
        """Forget what is not known for good."""
        self._lexicon.forget(self._mark)
        known = min(len(self._rows.starts) - 1, self._mark.words)
        self._rows = Ragged(self._rows.words[: self._rows.starts[known]], self._rows.starts[: known + 1])
        self._places.forget(known)


class _Places:
    """Where the responses of words stand in a table; those that are met least often make room for others.

    Of how often a word was met, more recent times count for more (Lee et al. 2001, least recently/frequently used).

    Args:
        count: of places.
        room: words that are to be expected.
    """

    def __init__(self, count: int, room: int) -> None:
        self.count = count
        self._place_of = np.full(room, -1, np.int32)  # of each word, -1 if it has none
        self._word_in = np.full(count, -1, np.int32)  # of each place, -1 if it is free
        self._worth, self._step = np.zeros(room), 1.0  # of each word, and what it is worth to be met once more

    def expect(self, words: int) -> None:
        """There are so many words now."""
        if words > len(self._place_of):
            grown = np.full(2 * words, -1, np.int32)
            grown[: len(self._place_of)] = self._place_of
            self._place_of, self._worth = grown, np.append(self._worth, np.zeros(2 * words - len(self._worth)))

    def of(self, words: NDArray[np.int32]) -> NDArray[np.int32]:
        """The places of words, -1 of those that have none: (T,) -> (T,)."""
        return self._place_of.take(words)

    def make_room(self, words: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The distinct words without a place, and as many places that nobody has any more: (n,), (n,).

        Words that have a place keep it. Where too few are left, there are more afterwards.
        """
        distinct = self.meet(words)
        places = self._place_of[distinct]
        missing, kept = distinct[places < 0], places[places >= 0]
        if (more := len(missing) + len(kept) - self.count) > 0:
            self.count += more
            self._word_in = np.append(self._word_in, np.full(more, -1, np.int32))
        free = np.flatnonzero(self._word_in < 0)[: len(missing)]  # in order, for memory counts from its first use
        if len(free) < len(missing):
            worth = np.where(self._word_in < 0, -1, self._worth[self._word_in])
            worth[kept] = np.inf
            free = np.argpartition(worth, len(missing) - 1)[: len(missing)]
        self._clear(free)
        return missing, free

    def meet(self, words: NDArray[np.int32]) -> NDArray[np.int64]:
        """Count that these words were met, each once, and sort out which they are: (T,) -> (n,)."""
        met = np.zeros(len(self._place_of), bool)
        met[words] = True
        distinct = np.flatnonzero(met)
        self._worth[distinct] += self._step
        self._step *= _RECENT
        if self._step > _LARGE:
            self._worth /= self._step
            self._step = 1.0
        return distinct

    def take(self, words: NDArray[np.int64], places: NDArray[np.int64]) -> None:
        """The responses of these words are in these places now."""
        self._place_of[words], self._word_in[places] = places, words

    def forget(self, known: int) -> None:
        """All words from this number on lose their places."""
        self._clear(np.flatnonzero(self._word_in >= known))
        self._worth[known:] = 0

    def _clear(self, places: NDArray[np.int64]) -> None:
        words = self._word_in[places]
        self._place_of[words[words >= 0]] = -1
        self._word_in[places] = -1


class _LinearRows:
    """The linear part's rows of the words met, as its formula names them: s(w), n(w), and hashes for pairs."""

    def __init__(self, linear: LinearPart, room: int) -> None:
        self._linear, self.outputs = linear, len(linear.steps)
        self._rows: NDArray[Any] = np.empty((room, self.outputs + 1), np.float32)  # s(w) and n(w)
        self._hashes: NDArray[Any] = np.empty(room, np.uint64)
        self._pairs, self._rows_of_buckets = linear.of_pairs(), linear.rows_of_buckets()

    def fill(self, words: Sequence[str], filled: int) -> NDArray[np.bool_]:
        """Compute the rows of words that come after those that are filled, and tell which training has met: (U,)."""
        hashed, new = features(words), slice(filled, filled + len(words))
        self._rows, self._hashes = (_grown(rows, filled, len(words)) for rows in (self._rows, self._hashes))
        self._rows[new, :-1], self._rows[new, -1] = self._linear.of_words(hashed, self._rows_of_buckets)
        self._hashes[new] = hashed.hashes
        return self._linear.seen(hashed)

    def scores(self, ragged: Ragged, span: tuple[int, int], compiled: Any) -> Floats:
        """Of a span of the texts, (B, Q)."""
        starts = ragged.starts[span[0] : span[1] + 1]
        out = np.empty((len(starts) - 1, self.outputs), np.float64)
        longest = int(np.diff(starts).max(initial=0)) + 1
        tables = (self._rows, self._hashes, *self._pairs, count_weights(longest + 1), BITS, int(SALT), IDF_UNIT)
        room = np.empty((2, longest), np.int32), np.zeros(2 << longest.bit_length(), np.int32)
        compiled.linear_scores(ragged.words, starts, *tables, *room, out)
        return np.asarray(out + self._linear.bias, np.float32)


@_overflow_allowed
def _columns(network: Network) -> Doubles:
    """The slices of a network, rounded for exact products: (D, C)."""
    return rounded(network.filters[0].T, 0)


@_overflow_allowed
def _label_lengths(network: Network, *, centred: bool) -> Doubles:
    return network.label_lengths(centred=centred)


@_overflow_allowed
def _respond(
    vectors: Floats, columns: Doubles, network: Network, table: NDArray[Any], places: NDArray[np.int64]
) -> None:
    """Put the responses of words to all slices, rounded, into the table; for a mean, with bias and ReLU.

    (U, D) vectors, (D, C) columns, (S, C) table, (U,) places.
    """
    responses = rounded_to_slices(rounded(vectors, 1), columns, network.whole).astype(table.dtype)
    table[places] = responses if _is_max(network) else np.maximum(responses + network.biases[0], 0)


def pooled(compiled: Any, network: Network, responses: Floats, ragged: Ragged) -> NDArray[Any]:
    """What pooling makes of words' responses, by the compiled loops of convolution: (B, S·M).

    Args:
        compiled: the loops.
        network: with max pooling, or a mean of words.
        responses: (U, C); for a mean what comes out of the ReLU.
        ragged: the texts, as rows of these.
    """
    bank, bias = network.bank, network.biases[0]
    if _is_max(network):
        return network.by_pieces(partial(_largest, compiled, network, responses), ragged)
    texts = [ragged, ragged.openings(network.pooling.opening)] if network.pooling.opening else [ragged]
    slots = np.empty((len(texts), len(ragged.starts) - 1, bank.maps), np.float32)
    for (words, starts), means in zip(texts, slots, strict=True):
        means[np.diff(starts) == 0] = np.maximum(bias, 0)
        compiled.pool_mean(responses, words, starts, np.empty(bank.filters), means)
    return np.concatenate(list(slots), axis=1)


def _largest(compiled: Any, network: Network, responses: Floats, ragged: Ragged) -> Floats:
    bank = network.bank
    features = np.empty((len(ragged.starts) - 1, bank.maps), np.float32)
    rest = ((0, len(features)), features, np.empty((0, 0), np.int32), np.empty(bank.filters, np.float32))
    compiled.pool_max(responses, *ragged, np.array(bank.widths, np.int64), bank.filters, *rest)
    features += network.biases[0]
    return np.maximum(features, 0, out=features)


def _largest_whole(compiled: Any, network: Network, responses: NDArray[np.int16], ragged: Ragged) -> NDArray[Any]:
    bank = network.bank
    features, room = np.empty((len(ragged.starts) - 1, bank.maps), np.float64), np.zeros((2, bank.filters), np.int16)
    widths, bias = np.array(bank.widths, np.int64), network.biases[0].astype(np.int16)
    compiled.pool_whole(responses, *ragged, widths, bias, room, features)
    return features


def _is_max(network: Network) -> bool:
    return network.pooling.kind == "max"


def _is_mean_of_words(network: Network) -> bool:
    return network.pooling.kind == "mean" and network.bank.widths == (1,)


def _grown(rows: NDArray[Any], used: int, more: int) -> NDArray[Any]:
    """The same rows with room for more."""
    if used + more <= len(rows):
        return rows
    grown = np.empty((used + more, *rows.shape[1:]), rows.dtype)
    grown[:used] = rows[:used]
    return grown
