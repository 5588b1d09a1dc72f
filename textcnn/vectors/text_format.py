"""Vectors in lines of text: GloVe's, and word2vec's and fastText's .vec, which begin with two numbers.

Read line by line, in blocks of bounded size, so that a file of any size is read in little memory and the broken line
can be named. gensim would hold all of it, and would not know the line.
"""

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from textcnn.vectors.source import HEADER, MOST_DIMENSIONS, RowBlock, Source

__all__ = ["text_blocks"]

_VALUES = 300_000  # of a block
_NUMBER = re.compile(rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf(?:inity)?)", re.IGNORECASE)


def text_blocks(source: Source) -> Iterator[RowBlock]:
    """The rows of a text file.

    Raises:
        VectorsError: a line is malformed, or the header promises something else than there is.
    """
    rows = _TextRows(source)
    for number, whole in enumerate(source.lines(), 1):
        line = whole.removeprefix(b"\xef\xbb\xbf") if number == 1 else whole  # the mark that Windows likes
        if number == 1 and HEADER.fullmatch(line):
            rows.promised, rows.dimensions = map(int, line.split())
            rows.check_dimensions(number)
        elif line.strip():
            rows.add(number, line)
            if len(rows.words) * rows.dimensions >= _VALUES:
                yield rows.block()
    if rows.words:
        yield rows.block()
    rows.check_count()


class _TextRows:
    """The rows of the block that is being read, and what the file has said about itself."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.promised, self.dimensions, self.count = -1, 0, 0
        self.words: list[bytes] = []
        self.vectors: list[NDArray[np.float32]] = []
        self.places: list[str] = []

    def add(self, number: int, line: bytes) -> None:
        if not self.dimensions:
            self.dimensions = _trailing_numbers(line)
            self.check_dimensions(number)
        word, *fields = self._fields(number, line)
        self.count += 1
        if word:
            self.words.append(word)
            self.vectors.append(self._vector(number, fields))
            self.places.append(f", line {number}")

    def _fields(self, number: int, line: bytes) -> list[bytes]:
        """The word, and its numbers. Only the numbers are sure to have no blanks: some of GloVe's words do."""
        fields = line.rsplit(None, self.dimensions)
        if len(fields) == self.dimensions and line[:1].isspace():
            return [b"", *fields]  # a word that was nothing but white space of some script
        count = len(fields) - 1
        if count == self.dimensions and (inner := fields[0].split()[1:]) and _NUMBER.fullmatch(inner[-1]):
            count = _trailing_numbers(line)
        if count != self.dimensions:
            raise self.source.fault(f", line {number}: {count} numbers where {self.dimensions} are expected")
        return [fields[0].strip(), *fields[1:]]

    def _vector(self, number: int, fields: list[bytes]) -> NDArray[np.float32]:
        try:
            if b"_" in b"".join(fields):  # Python's own spelling of numbers
                raise ValueError
            with np.errstate(over="ignore"):
                return np.array(fields, dtype=np.float32)
        except ValueError:
            wrong = next((each for each in fields if not _NUMBER.fullmatch(each)), b"?")
            shown = wrong[:40].decode("utf-8", "replace")
            raise self.source.fault(f", line {number}: {shown!r} is not a number") from None

    def block(self) -> RowBlock:
        made = RowBlock(self.words, np.stack(self.vectors), self.places)
        self.words, self.vectors, self.places = [], [], []
        return made

    def check_dimensions(self, number: int) -> None:
        if not 2 <= self.dimensions <= MOST_DIMENSIONS:
            raise self.source.fault(
                f", line {number}: it is not a word and its numbers; is this a file of word vectors?"
            )

    def check_count(self) -> None:
        if self.promised >= 0 and self.count != self.promised:
            why = "; it may be cut off" if self.count < self.promised else ""
            raise self.source.fault(f": its first line promises {self.promised} words, but it has {self.count}{why}")


def _trailing_numbers(line: bytes) -> int:
    """How many numbers a line ends with; its first field is a word, whatever it looks like."""
    count = 0
    for field in reversed(line.split()[1:]):
        if not _NUMBER.fullmatch(field):
            break
        count += 1
    return count
