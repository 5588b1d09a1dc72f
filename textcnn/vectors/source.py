"""A vectors file, opened: unpacked if it is gzipped, and its kind known by its first bytes, whatever its name says.

Formats that are pickles are refused: reading one can run any code. So are archives, which may hold anything.
"""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import VectorsError

__all__ = ["FASTTEXT_MAGIC", "HEADER", "MOST_DIMENSIONS", "RowBlock", "Source"]

FASTTEXT_MAGIC = (793712314).to_bytes(4, "little")
HEADER = re.compile(rb"\s*(\d{1,12})[ \t]+(\d{1,9})\s*\n")  # of word2vec: the number of words, and of dimensions
MOST_DIMENSIONS = 100_000
_LONGEST_LINE = 1_000_000
_START = 1 << 16
_REFUSED = (
    (b"PK\x03\x04", "a zip archive; unpack it and name the file that was in it"),
    (b"BZh", "packed by bzip2; unpack it first"),
    (b"\xfd7zXZ", "packed by xz; unpack it first"),
    (b"\x93NUMPY", "a NumPy array, which has no words; name the file that belongs to it"),
)


class RowBlock(NamedTuple):
    """Some rows of a file."""

    words: list[bytes]
    matrix: NDArray[np.float32]  # (n, d)
    places: list[str]  # of each row in the file, as messages name it


class Source:
    """An open vectors file, read from its beginning to its end.

    Raises:
        VectorsError: the file is missing, unreadable, empty, or of a kind that cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._readable():
            if path.exists() and not path.is_file():
                raise VectorsError(f"{path} is {'a folder' if path.is_dir() else 'a device or a pipe'}; name a file")
            self._raw = path.open("rb", buffering=0)
        try:
            self.size = path.stat().st_size
            self.packed = self._raw.read(2) == b"\x1f\x8b"
            self._raw.seek(0)
            stream = gzip.GzipFile(fileobj=self._raw) if self.packed else self._raw
            self.file: BinaryIO = io.BufferedReader(cast(io.RawIOBase, stream), 1 << 20)
            self.start = self.read(_START)
            self.kind = self._kind()
            self.file.seek(0)
        except BaseException:
            self._raw.close()
            raise

    def __enter__(self) -> "Source":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()

    @property
    def name(self) -> str:
        """What the vectors of the file are called: its name without what is common to such names."""
        return re.sub(r"(\.(gz|txt|text|bin|vec|vectors|safetensors))+$", "", self.path.name) or self.path.name

    def share(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        return min(self._raw.tell() / max(self.size, 1), 1.0)

    def read(self, size: int) -> bytes:
        """So many bytes, fewer at the end."""
        with self._readable():
            return self.file.read(size)

    def lines(self) -> Iterator[bytes]:
        """The lines; one that is far too long comes in pieces."""
        while True:
            with self._readable():
                line = self.file.readline(_LONGEST_LINE)
            if not line:
                return
            yield line

    def fault(self, message: str) -> VectorsError:
        """The error that something is wrong with this file."""
        return VectorsError(f"{self.path}{message}")

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise VectorsError(f"cannot read the vectors {self.path}: there is no such file") from None
        except PermissionError:
            raise VectorsError(f"cannot read the vectors {self.path}: no permission") from None
        except EOFError:
            raise self.fault(" is cut off: its gzipped data end too early") from None
        except (OSError, ValueError, zlib.error) as error:
            raise VectorsError(f"cannot read the vectors {self.path}: {error}") from error

    def _kind(self) -> str:
        """One of table, fasttext, word2vec, text."""
        start = self.start
        if not start:
            raise VectorsError(f"the vectors file {self.path} is empty")
        if start[:4] == FASTTEXT_MAGIC:
            return "fasttext"
        if start[8:10] == b'{"' and not any(start[4:8]):
            return self._table()
        self._refuse(start)
        if not _is_binary(start):
            return "text"
        if HEADER.match(start):
            return "word2vec"
        raise self.fault(" is neither text nor any kind of word vectors that textcnn reads")

    def _table(self) -> str:
        if self.packed:
            raise self.fault(" is a gzipped table, which cannot be read in parts; unpack it: gunzip")
        return "table"

    def _refuse(self, start: bytes) -> None:
        if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
            raise self.fault(
                " is a pickle, as gensim's own formats are, and reading one can run any code;"
                " write the vectors with gensim's save_word2vec_format and name that file"
            )
        for magic, what in _REFUSED:
            if start.startswith(magic):
                raise self.fault(f" is {what}")


def _is_binary(start: bytes) -> bool:
    """Whether there are bytes that no text has, after the first line (which is text in word2vec's binary form)."""
    body = (start.split(b"\n", 1)[1] if HEADER.match(start) else start)[:4096]
    return any(byte < 9 or 13 < byte < 32 for byte in body)
