"""Words to rows, without a dictionary of strings.

A vocabulary is three arrays that are used as they stand in a file: all words as one run of UTF-8, where each begins,
and their numbers in alphabetical order. Looking up a word is a binary search that touches a few bytes, and nothing is
built first, so a model of 100,000 words opens about as quickly as one of ten. Row 0 of a model's vocabulary is the
unknown word, spelt as the empty string.

Not here: how text is cut (tokens.py), and the vectors that rows have (vectors/).
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from textcnn.compiled.loader import loops
from textcnn.storage.tensor_file import TensorFileError
from textcnn.text.tokens import of_letters, parts, spellings

__all__ = ["INNER", "UNKNOWN", "Vocabulary", "check_vocabulary"]

UNKNOWN = 0
INNER = "##"  # stands before a piece from inside of words, as in WordPiece's vocabularies; no text has such a word
_SHORTEST, _LONGEST = 3, 24  # characters of a part of a compound, and of a compound
_LONGEST_PIECE = 12  # characters
# Conjunctions, prepositions and the article, which Arabic and Hebrew write as one with the word that follows.
_CLITICS = "[وف]?(?:[بكل]?ال|لل|[بكلس])?ו?(?:כש|מש|ש)?[בכלמ]?ה?"  # compiled when the first such word comes
_LONGEST_CLITICS = 5  # characters
_BLOCK = 10_000  # rows whose spellings are made at a time
_COMMON = 20_000  # rows; those of a vocabulary that is ordered by frequency are rare words or names from here on


class Vocabulary:
    """The words of a model or of a vectors table, by row."""

    def __init__(self, text: NDArray[np.uint8], offsets: NDArray[np.uint32], order: NDArray[np.uint32]) -> None:
        self.text = text  # UTF-8 of all words, joined
        self.offsets = offsets  # (V + 1,) where each begins
        self.order = order  # (V,) rows in the order of their bytes

    @classmethod
    def of(cls, words: Sequence[str]) -> "Vocabulary":
        """Number distinct words in the order given."""
        spelt = [word.encode() for word in words]
        offsets = np.concatenate([[0], np.cumsum([len(word) for word in spelt])]).astype(np.uint32)
        order = np.array(sorted(range(len(spelt)), key=spelt.__getitem__), dtype=np.uint32)
        return cls(np.frombuffer(b"".join(spelt), np.uint8), offsets, order)

    def __len__(self) -> int:
        return len(self.order)

    def word(self, row: int) -> str:
        """The spelling of a row."""
        return self._bytes(row).decode("utf-8", "replace")

    def words(self, stop: int | None = None) -> list[str]:
        """All spellings, or those of the first rows."""
        return self._spellings(0, len(self) if stop is None else stop)

    def __iter__(self) -> Iterator[str]:
        """All spellings in turn; of very many words most may not be wanted."""
        for first in range(0, len(self), _BLOCK):
            yield from self._spellings(first, min(first + _BLOCK, len(self)))

    def _spellings(self, first: int, stop: int) -> list[str]:
        """Those of a range of rows, from one copy of their bytes."""
        offsets = self.offsets[first : stop + 1].tolist()
        text, before = self.text[offsets[0] : offsets[-1]].tobytes(), offsets[0]
        return [text[begin - before : end - before].decode("utf-8", "replace") for begin, end in pairwise(offsets)]

    def _bytes(self, row: int) -> bytes:
        return self.text[self.offsets[row] : self.offsets[row + 1]].tobytes()

    def row(self, word: str) -> int | None:
        """The row of exactly this spelling."""
        row = int(self.rows([word])[0])
        return None if row < 0 else row

    def rows(self, words: Sequence[str]) -> NDArray[np.int64]:
        """The rows of exactly these spellings, -1 where there is none: (n,)."""
        spelt = [word.encode("utf-8", "replace") for word in words]
        compiled = loops("words")
        if compiled is None:
            return np.array([self._search(word) for word in spelt], np.int64)
        ends = np.array([0, *accumulate(map(len, spelt))], np.int64)
        rows = np.empty(len(words), np.int64)
        wanted = np.frombuffer(b"".join(spelt) or b"\0", np.uint8)
        compiled.find_rows(self.text, self.offsets, self.order, wanted, ends, rows)
        return rows

    def _search(self, wanted: bytes) -> int:
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            word = self._bytes(int(self.order[middle]))
            if word == wanted:
                return int(self.order[middle])
            low, high = (middle + 1, high) if word < wanted else (low, middle)
        return -1

    def find(self, surface: str) -> tuple[int, ...]:
        """The rows whose mean stands for a word as it stands in a text: one, its parts', or the unknown word's."""
        return self.find_all([surface])[0]

    def find_all(self, surfaces: Sequence[str]) -> list[tuple[int, ...]]:
        """The same for each of some words."""
        wanted = [(list(spellings(surface)), parts(surface)) for surface in surfaces]
        names = list({name for spelt, inner in wanted for name in (*spelt, *inner)})
        row_of = dict(zip(names, self.rows(names).tolist(), strict=True))

        def listed(names: list[str]) -> tuple[int, ...]:
            return tuple(row for row in map(row_of.__getitem__, names) if row > UNKNOWN)

        return [listed(spelt)[:1] or listed(inner) or self.inside(spelt[0]) or (UNKNOWN,) for spelt, inner in wanted]

    def inside(self, word: str, first: int = UNKNOWN + 1) -> tuple[int, ...]:
        """The rows, from the first that is a word, of what a word that is not listed is made of; none if nobody knows.

        It is the word without its clitics if that is listed, else pieces where the vocabulary lists such, else two
        common words.
        """
        if not of_letters(word) or len(word) > _LONGEST:
            return ()
        return self._stem(word) or (self._pieces(word) if self.has_pieces else self._compound(word, first))

    def _stem(self, word: str) -> tuple[int, ...]:
        """The row of an Arabic or Hebrew word without clitics, as few of them left out as can be."""
        if word.isascii():
            return ()
        most = min(_LONGEST_CLITICS, len(word) - _SHORTEST)
        starts = [start for start in range(1, most + 1) if re.fullmatch(_CLITICS, word[:start])]
        rows = self.rows([word[start:] for start in starts]).tolist() if starts else []
        return tuple(row for row in rows if row >= 0)[:1]

    @cached_property
    def has_pieces(self) -> bool:
        """Whether pieces from inside of words are listed, which begin with a mark."""
        mark = INNER.encode()
        place = bisect_left(self.order, mark + b"\0", key=lambda row: self._bytes(int(row)))
        return place < len(self) and self._bytes(int(self.order[place])).startswith(mark)

    def _pieces(self, word: str) -> tuple[int, ...]:
        """The longest piece that a word begins with, then the longest one that follows, and so on to the end.

        Each is there once for each of its characters: the longer it is, the more it tells.
        Source: WordPiece's longest match, Wu et al. 2016.
        """
        rows: list[int] = []
        start = 0
        while start < len(word):
            ends = range(min(len(word), start + _LONGEST_PIECE), start, -1)
            found = self.rows([(INNER if start else "") + word[start:end] for end in ends]).tolist()
            row, end = next(((row, end) for row, end in zip(found, ends, strict=True) if row >= 0), (-1, start))
            if row < 0:
                return ()
            rows += [row] * (end - start)
            start = end
        return tuple(rows)

    @cached_property
    def _common(self) -> dict[str, int]:
        """The rows of common words, for rare ones are taken apart at each letter."""
        ends = self.offsets[: _COMMON + 1].tolist()
        text = self.text[: ends[-1]].tobytes()
        spelt = [text[first:last].decode("utf-8", "replace") for first, last in pairwise(ends)]
        return dict(zip(spelt, range(len(spelt)), strict=True))

    def _compound(self, word: str, first: int) -> tuple[int, ...]:
        """The rows of two common words that a word is joined from, such as timezone."""
        if not word.isalpha():
            return ()
        halves = ((word[:cut], word[cut:]) for cut in range(_SHORTEST, len(word) - _SHORTEST + 1))
        common = self._common
        pairs = [
            (common[left], common[right])
            for left, right in halves
            if common.get(left, -1) >= first and common.get(right, -1) >= first
        ]
        return min(pairs, key=max, default=())  # of several cuts, that whose rarer word is the most frequent


def check_vocabulary(vocabulary: Vocabulary) -> None:
    """Make sure that a vocabulary from a file cannot lead a look-up astray.

    Raises:
        TensorFileError: a type, a size or a border does not fit.
    """
    text, offsets, order = vocabulary.text, vocabulary.offsets, vocabulary.order
    types = [array.dtype for array in (text, offsets, order)] == [np.uint8, np.uint32, np.uint32]
    if not types or not text.ndim == offsets.ndim == order.ndim == 1 or len(offsets) != len(order) + 1:
        raise TensorFileError("its vocabulary is damaged")
    if offsets[0] != 0 or offsets[-1] != len(text) or (offsets[1:] < offsets[:-1]).any():
        raise TensorFileError("its vocabulary is damaged")
    if len(order) and order.max() >= len(order):
        raise TensorFileError("its vocabulary is damaged")
