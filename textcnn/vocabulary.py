"""Words to rows, without a dictionary of strings.

A vocabulary is three arrays that lie in a file and are read where they lie: all words as one run of UTF-8, where each
begins, and their numbers in alphabetical order. Looking up a word is a binary search that touches a few bytes, so a
model of 100,000 words opens as quickly as one of ten. Row 0 is always the unknown word, spelt as the empty string.

Not here: how text is cut (tokens.py), and the vectors that rows have (vectors/).
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.tensorfile import TensorFileError
from textcnn.tokens import chunks, cut, parts, spellings

__all__ = ["UNKNOWN", "Encoded", "Ragged", "Vocabulary", "check_vocabulary", "encode"]

UNKNOWN = 0


class Ragged(NamedTuple):
    """Rows of numbers of different lengths: text b is `words[starts[b]:starts[b + 1]]`."""

    words: NDArray[np.int32]  # (T,)
    starts: NDArray[np.int64]  # (B + 1,)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Words of each text, (B,)."""
        return np.diff(self.starts)

    def take(self, texts: NDArray[np.int64]) -> "Ragged":
        """The chosen texts, in the order given."""
        lengths = self.lengths[texts]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        place = np.arange(starts[-1]) + np.repeat(self.starts[texts] - starts[:-1], lengths)
        return Ragged(self.words[place], starts)

    def parts(self, words: int = 30_000) -> Iterator["Ragged"]:
        """The texts in order, about so many words at a time, at least a text; at least one part, perhaps empty."""
        first, count = 0, len(self.starts) - 1
        while True:
            last = int(np.searchsorted(self.starts, self.starts[first] + words, side="right")) - 1
            last = min(max(last, first + 1), count, first + words)
            yield self.take(np.arange(first, last))
            first = last
            if first >= count:
                return


class Encoded(NamedTuple):
    """Texts as numbers of their distinct words: token t is spelt `surfaces[ragged.words[t]]`."""

    surfaces: list[str]
    ragged: Ragged


def encode(texts: Iterable[str], max_words: int) -> Encoded:
    """Cut texts into words, at most so many of each, and number the distinct ones as they come."""
    numbers: dict[str, int] = {}
    remembered: dict[str, list[int]] = {}
    words, starts = array("i"), array("q", [0])
    for text in texts:
        row: list[int] = []
        for chunk in chunks(text):
            found = remembered.get(chunk)
            if found is None:
                found = remembered[chunk] = [numbers.setdefault(word, len(numbers)) for word in cut(chunk)]
            row += found
            if len(row) >= max_words:
                break
        words.extend(row[:max_words])
        starts.append(len(words))
    return Encoded(list(numbers), Ragged(np.array(words, np.int32), np.array(starts, np.int64)))


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
        return [self.word(row) for row in range(len(self) if stop is None else stop)]

    def _bytes(self, row: int) -> bytes:
        return self.text[self.offsets[row] : self.offsets[row + 1]].tobytes()

    def row(self, word: str) -> int | None:
        """The row of exactly this spelling."""
        wanted = word.encode("utf-8", "replace")
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            found = self._bytes(int(self.order[middle]))
            if found == wanted:
                return int(self.order[middle])
            low, high = (middle + 1, high) if found < wanted else (low, middle)
        return None

    def find(self, surface: str) -> tuple[int, ...]:
        """The rows whose mean stands for a word as it stands in a text: one, its parts', or the unknown word's."""
        for spelling in spellings(surface):
            row = self.row(spelling)
            if row:
                return (row,)
        inside = [self.row(part) for part in parts(surface)]
        return tuple(row for row in inside if row) or (UNKNOWN,)


def check_vocabulary(vocabulary: Vocabulary) -> None:
    """Make sure that a vocabulary from a file cannot lead a look-up astray.

    Raises:
        TensorFileError: a type, a size or a border does not fit.
    """
    text, offsets, order = vocabulary.text, vocabulary.offsets, vocabulary.order
    types = [array.dtype for array in (text, offsets, order)] == [np.uint8, np.uint32, np.uint32]
    if not types or not text.ndim == offsets.ndim == order.ndim == 1 or len(offsets) != len(order) + 1:
        raise TensorFileError("its vocabulary is damaged")
    if offsets[0] != 0 or offsets[-1] != len(text) or (np.diff(offsets.astype(np.int64)) < 0).any():
        raise TensorFileError("its vocabulary is damaged")
    if len(order) and order.max() >= len(order):
        raise TensorFileError("its vocabulary is damaged")
