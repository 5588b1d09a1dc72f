"""Texts to numbers of words: the distinct words are numbered as they come, and the words of a chunk are remembered.

Text is cut at white space into chunks, whose words depend on the chunk alone (tokens.py), so each distinct chunk is cut
into words once. Where there are compiled loops, chunks are found in the bytes of many texts at once, and no object of
Python is made for a chunk or a word that was met before.

Not here: rows of a vocabulary, and vectors.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, islice, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.compiled.loader import loops
from textcnn.text.ragged import Encoded, Ragged
from textcnn.text.tokens import Segment, chunks, cut, readable

__all__ = ["Lexicon", "Mark", "beyond", "encode", "grouped"]

_SEPARATOR = "\x1e"  # white space to str.split
_FEW = 20_000  # characters below which the compiled loops are not worth their import
_OFTEN = 4  # characters of a text for each word that is read, more than which the loops need not go through
_GROUP = 1_000_000  # characters that are read at once


class Mark(NamedTuple):
    """How much a lexicon knows."""

    remembered: int  # chunks, without loops
    chunks: int  # with them
    words: int


class Lexicon:
    """The distinct words of the texts read so far, in the order in which they came.

    Args:
        spelling: words that it spells alike are one word.
        segment: joins units of scripts without blanks to words.
    """

    def __init__(self, spelling: Callable[[str], str] = str, segment: Segment | None = None) -> None:
        self.words: list[str] = []
        self._spelling, self._segment = spelling, segment
        self._numbers: dict[str, int] = {}
        self._table: _Chunks | None = None
        self._remembered: dict[str, list[int]] = {}

    def read(self, texts: Sequence[str], most: int) -> Ragged:
        """Numbers of the words of texts, at most so many of each; this number is the same each time."""
        longest = max(map(len, texts), default=0)
        if longest > _OFTEN * most:
            texts = [readable(text, most) for text in texts]
        few = self._table is None and sum(map(len, texts)) < _FEW
        compiled = None if few else loops("words")
        if compiled is None:
            return self._by_python(texts, most)
        if texts and longest <= _OFTEN * most:
            return self._by_loops(texts, most, compiled)
        pieces = []
        # The loops take a text whole; of one that may have far more words than are read, Python takes only those.
        for long, run in groupby(texts, lambda text: len(text) > _OFTEN * most):
            piece = list(run)
            pieces.append(self._by_python(piece, most) if long else self._by_loops(piece, most, compiled))
        return Ragged.joined(pieces)

    def renumbered(self, encoded: Encoded) -> Ragged:
        """The same of texts whose words are found already."""
        numbers = np.array(self._numbered(encoded.surfaces), np.int32)
        return encoded.ragged._replace(words=numbers[encoded.ragged.words])

    def _by_python(self, texts: Sequence[str], most: int) -> Ragged:
        words, starts = array("i"), array("q", [0])
        for text in texts:
            row: list[int] = []
            for chunk in chunks(text):
                found = self._remembered.get(chunk)
                if found is None:
                    found = self._remembered[chunk] = self._numbered(cut(chunk, most, self._segment))
                row += found
                if len(row) >= most:
                    break
            words.extend(row[:most])
            starts.append(len(words))
        return Ragged(np.array(words, np.int32), np.array(starts, np.int64))

    def _by_loops(self, texts: Sequence[str], most: int, compiled: Any) -> Ragged:
        if self._table is None:
            self._table = _Chunks(compiled)
        joined = _SEPARATOR.join(texts)
        if joined.count(_SEPARATOR) != max(len(texts) - 1, 0):
            joined = _SEPARATOR.join(text.replace(_SEPARATOR, " ") for text in texts)
        table, known = self._table, self._table.count
        numbers, starts = table.number(joined.encode("utf-8", "surrogatepass"), len(texts))
        table.add_words([self._numbered(self._cut(chunk, most)) for chunk in table.spellings(known)])
        return table.expand(numbers, starts, most)

    def _cut(self, chunk: str, most: int) -> list[str]:
        """The words of what the loops take for one chunk: they know no white space beyond ASCII."""
        if chunk.isascii():
            return cut(chunk, most, self._segment)
        words = (word for piece in chunks(chunk) for word in cut(piece, most, self._segment))
        return list(islice(words, most))

    def _numbered(self, surfaces: list[str]) -> list[int]:
        numbers = []
        for surface in surfaces:
            word = self._spelling(surface)
            number = self._numbers.get(word)
            if number is None:
                number = self._numbers[word] = len(self.words)
                self.words.append(word)
            numbers.append(number)
        return numbers

    def mark(self) -> Mark:
        """What is known now."""
        return Mark(len(self._remembered), 0 if self._table is None else self._table.count, len(self.words))

    def forget(self, mark: Mark) -> None:
        """Forget what has come since then."""
        while self._numbers and next(reversed(self._numbers.values())) >= mark.words:
            self._numbers.popitem()
        del self.words[mark.words :]
        for chunk in list(self._remembered)[mark.remembered :]:
            del self._remembered[chunk]
        if self._table is not None:
            self._table.forget(mark.chunks)


class _Chunks:
    """Distinct chunks in a hash table of arrays, with the numbers of their words."""

    def __init__(self, compiled: Any) -> None:
        self.loops, self.count = compiled, 0
        self.slots = np.full(1 << 12, -1, np.int32)
        self.hashes = np.empty(0, np.uint64)
        self.ends = np.zeros(1, np.int64)
        self.bytes = np.empty(0, np.uint8)
        self.firsts = np.zeros(1, np.int64)
        self.items = np.empty(0, np.int32)

    def number(self, data: bytes, texts: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The chunks of texts, (N,), and where each text begins, (B + 1,)."""
        self._make_room(len(data) // 2 + 1, len(data))
        out, starts = np.empty(len(data) // 2 + 1, np.int32), np.zeros(texts + 1, np.int64)
        self.count, length = self.loops.number_chunks(
            np.frombuffer(data, np.uint8),
            ord(_SEPARATOR),
            self.slots,
            self.hashes,
            self.ends,
            self.bytes,
            self.count,
            out,
            starts,
        )
        return out[:length], starts

    def _make_room(self, chunks: int, size: int) -> None:
        self.hashes = _room(self.hashes, self.count, chunks)
        self.ends = _room(self.ends, self.count + 1, chunks)
        self.bytes = _room(self.bytes, int(self.ends[self.count]), size)
        if 2 * (self.count + chunks) > len(self.slots):
            self._rehash(2 * (self.count + chunks))

    def _rehash(self, slots: int) -> None:
        self.slots = np.full(1 << max(slots - 1, 1).bit_length(), -1, np.int32)
        self.loops.place_chunks(self.hashes, self.count, self.slots)

    def spellings(self, known: int) -> list[str]:
        """The chunks that have come since."""
        ends = self.ends[known : self.count + 1].tolist()
        text = self.bytes[: ends[-1]].tobytes() if ends else b""
        return [text[first:last].decode("utf-8", "surrogatepass") for first, last in pairwise(ends)]

    def add_words(self, words: list[list[int]]) -> None:
        """The words of the chunks that have come."""
        flat = np.array([word for of_chunk in words for word in of_chunk], np.int32)
        lengths = np.array([len(of_chunk) for of_chunk in words], np.int64)
        self.firsts = np.concatenate([self.firsts, self.firsts[-1] + np.cumsum(lengths)])
        self.items = np.concatenate([self.items, flat])

    def expand(self, numbers: NDArray[np.int32], starts: NDArray[np.int64], most: int) -> Ragged:
        """The words of texts whose chunks are known."""
        words = np.empty(int(np.diff(self.firsts).take(numbers).sum()), np.int32)
        begins = np.empty(len(starts), np.int64)
        self.loops.words_of_chunks(numbers, starts, self.firsts, self.items, most, words, begins)
        return Ragged(words[: begins[-1]], begins)

    def forget(self, count: int) -> None:
        """All but the first ones."""
        self.count = count
        self.firsts, self.items = self.firsts[: count + 1], self.items[: self.firsts[count]]
        self._rehash(len(self.slots))


def _room(values: NDArray[Any], used: int, more: int) -> NDArray[Any]:
    """An array with room for so many more; it at least doubles, so that growing costs little on the whole."""
    if used + more <= len(values):
        return values
    grown = np.empty(max(used + more, 2 * len(values)), values.dtype)
    grown[:used] = values[:used]
    return grown


def grouped(texts: Iterable[str], characters: int) -> Iterator[list[str]]:
    """Lists of texts with a bounded number of characters, at least one text each."""
    group: list[str] = []
    size = 0
    for text in texts:
        group.append(text)
        size += len(text) + 1
        if size >= characters:
            yield group
            group, size = [], 0
    if group:
        yield group


def encode(texts: Iterable[str], max_words: int, segment: Segment | None = None) -> Encoded:
    """Cut texts into words, at most so many of each, and number the distinct ones as they come."""
    lexicon = Lexicon(segment=segment)
    pieces = [lexicon.read(group, max_words) for group in grouped(texts, _GROUP)]
    return Encoded(lexicon.words, Ragged.joined(pieces))


def beyond(texts: Sequence[str], most: int) -> list[int]:
    """Numbers of the texts of which not all is read: more words than so many, or far more characters."""
    if max(map(len, texts), default=0) <= most:  # a word is a character at least
        return []
    long = [number for number, text in enumerate(texts) if len(text) > most]
    lengths = encode((texts[number] for number in long), most + 1).ragged.lengths.tolist()
    return [
        number
        for number, length in zip(long, lengths, strict=True)
        if length > most or len(readable(texts[number], most)) < len(texts[number])
    ]
