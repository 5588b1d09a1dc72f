"""word2vec's binary form: a line with the numbers of words and dimensions, then each word, a blank, and its floats.

The reader is our own because gensim's puts the whole matrix into memory: 3.6 GB for the Google News vectors, of which
a table in bytes needs none while it is written.
"""

from collections.abc import Iterator

import numpy as np

from textcnn.vectors.source import HEADER, MOST_DIMENSIONS, RowBlock, Source

__all__ = ["word2vec_blocks"]

_VALUES = 300_000  # of a block
_LONGEST_WORD = 10_000


def word2vec_blocks(source: Source) -> Iterator[RowBlock]:
    """The rows of a binary file.

    Raises:
        VectorsError: it is cut off or damaged; names the word by its number.
    """
    header = HEADER.match(source.start)
    assert header is not None  # or the file would not have been taken for this
    count, dimensions = map(int, header.groups())
    if not 2 <= dimensions <= MOST_DIMENSIONS:
        raise source.fault(f": its first line says {dimensions} dimensions")
    source.read(header.end())
    rows = _BinaryRows(source, count, dimensions)
    step = max(_VALUES // dimensions, 1)
    for first in range(1, count + 1, step):
        yield rows.block(first, min(first + step, count + 1))
    if rows.rest():
        raise source.fault(f": its first line promises {count} words, but there is more after them")


class _BinaryRows:
    """A window on the file that moves on as rows are taken from it."""

    def __init__(self, source: Source, count: int, dimensions: int) -> None:
        self.source, self.count, self.dimensions = source, count, dimensions
        self.data, self.at = b"", 0

    def block(self, first: int, stop: int) -> RowBlock:
        rows = [self._row(number) for number in range(first, stop)]
        matrix = np.frombuffer(b"".join(values for _, values in rows), "<f4").reshape(len(rows), self.dimensions)
        places = [f", word {number} of {self.count}" for number in range(first, stop)]
        return RowBlock([word for word, _ in rows], matrix.astype(np.float32, copy=False), places)

    def _row(self, number: int) -> tuple[bytes, bytes]:
        size = 4 * self.dimensions
        blank = self.data.find(b" ", self.at, self.at + _LONGEST_WORD)
        if blank < 0 or blank + 1 + size > len(self.data):
            self.data, self.at = self.data[self.at :] + self.source.read(max(1 << 20, 2 * size)), 0
            blank = self.data.find(b" ", 0, _LONGEST_WORD)
        if blank < 0 and len(self.data) >= _LONGEST_WORD:
            raise self.source.fault(f", word {number} of {self.count}: there is no word; the file is damaged")
        if blank < 0 or blank + 1 + size > len(self.data):
            raise self.source.fault(f", word {number} of {self.count}: the file is cut off here")
        word, self.at = self.data[self.at : blank], blank + 1 + size
        return word.strip(), self.data[blank + 1 : self.at]

    def rest(self) -> bool:
        return bool(self.data[self.at :].strip() or self.source.read(100).strip())
