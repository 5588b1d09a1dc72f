"""fastText's .bin: words, and vectors of their character n-grams, of which a vector for any word can be built.

The file is mapped and its matrix never read as a whole, 4.8 GB for the common ones, which gensim would hold in memory.
How n-grams are cut and hashed is gensim's.

Source: https://github.com/facebookresearch/fastText, src/fasttext.cc, dictionary.cc, args.cc.
"""

import mmap
import struct
import tempfile
from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import VectorsError
from textcnn.vectors.source import MOST_DIMENSIONS, RowBlock, Source

__all__ = ["FastText", "fasttext_blocks"]

_ROWS = 1000  # of a block
_LONGEST_NGRAM = 1000
_ARGUMENTS = struct.Struct("<14id")  # magic, version, 12 arguments, t
_DICTIONARY = struct.Struct("<3i2q")  # entries, words, labels, tokens, pruned
_MATRIX = struct.Struct("<?2q")  # quantized, rows, columns


def fasttext_blocks(source: Source) -> Iterator[RowBlock]:
    """The rows of the words that the file lists.

    Raises:
        VectorsError: it is cut off, damaged, or of a kind without vectors of words.
    """
    model = FastText.open(source)
    for first in range(0, len(model.words), _ROWS):
        words = model.words[first : first + _ROWS]
        places = [f", word {first + place} of {len(model.words)}" for place in range(1, len(words) + 1)]
        yield RowBlock(words, model.vectors(words, range(first, first + len(words))), places)


class FastText(NamedTuple):
    """A mapped file."""

    words: list[bytes]
    matrix: NDArray[np.float32]  # (words + buckets, d)
    shortest: int  # n-gram
    longest: int
    buckets: int

    @classmethod
    def open(cls, source: Source) -> "FastText":
        """Map a file and check all that it says about itself.

        Raises:
            VectorsError: it is cut off, damaged, or of a kind without vectors of words.
        """
        try:
            return cls._of(_mapped(source), source)
        except (struct.error, ValueError, OverflowError) as error:
            raise source.fault(" is cut off or damaged") from error

    @classmethod
    def _of(cls, data: mmap.mmap, source: Source) -> "FastText":
        dimensions, *_, buckets, shortest, longest, _, _ = _ARGUMENTS.unpack_from(data)[2:]
        entries, count, labels, _, pruned = _DICTIONARY.unpack_from(data, _ARGUMENTS.size)
        if labels:
            raise source.fault(" is a classifier of fastText, not word vectors")
        words, place = _words(data, _ARGUMENTS.size + _DICTIONARY.size, entries)
        if not all(0 <= length <= _LONGEST_NGRAM for length in (shortest, longest)):
            raise ValueError
        quantized, *shape = _MATRIX.unpack_from(data, place + 8 * max(pruned, 0))
        if quantized or pruned > 0:
            raise source.fault(" is a quantized fastText file (.ftz); name the .bin or .vec that it was made from")
        sized = len(words) == count > 0 and buckets >= 0 and 2 <= dimensions <= MOST_DIMENSIONS
        if not sized or shape != [count + buckets, dimensions]:
            raise source.fault(" is damaged: its sizes do not fit together")
        values = np.frombuffer(data, "<f4", prod(shape), place + _MATRIX.size)
        return cls(words, values.reshape(shape), shortest, longest, buckets)

    def vectors(self, words: Sequence[bytes], own: Sequence[int] = ()) -> NDArray[np.float32]:
        """Each word's vector: the mean of its own row, if it has one, and of the rows of its n-grams: (n, d)."""
        made = np.zeros((len(words), self.matrix.shape[1]), np.float32)
        for place, word in enumerate(words):
            rows = [*own[place : place + 1], *self._ngrams(word)]
            if rows:
                made[place] = self.matrix[rows].mean(axis=0)
        return made

    def _ngrams(self, word: bytes) -> list[int]:
        from gensim.models.fasttext import ft_ngram_hashes

        if not self.buckets or not self.longest:
            return []
        text = word.decode("utf-8", "replace")
        return [len(self.words) + bucket for bucket in ft_ngram_hashes(text, self.shortest, self.longest, self.buckets)]


def _mapped(source: Source) -> mmap.mmap:
    """The bytes of the file, unpacked into a temporary one if need be."""
    if not source.packed:
        with source.path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        with tempfile.TemporaryFile() as file:
            while data := source.read(1 << 20):
                file.write(data)
            file.flush()
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise VectorsError(f"cannot unpack {source.path}: {error.strerror}; unpack it yourself: gunzip") from error


def _words(data: mmap.mmap, place: int, entries: int) -> tuple[list[bytes], int]:
    """The words of the dictionary, and the place after it. An entry: the word, a zero, its count, its type."""
    if entries < 0:
        raise ValueError(entries)
    words = []
    for _ in range(entries):
        end = data.find(b"\0", place)
        if end < 0:
            raise ValueError(place)
        words.append(data[place:end])
        place = end + 10
    return words, place
