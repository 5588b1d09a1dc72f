"""A file that is packed as its name says, always to the same bytes: no time and no name is written into it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["packed"]


@contextmanager
def packed(file: BinaryIO, name: str) -> Iterator[Any]:
    """What is written goes into the file, packed for .gz, .xz, .bz2 and .zst."""
    suffix = Path(name).suffix.lower()
    if suffix not in _PACKERS:
        yield file
        return
    with _PACKERS[suffix](file) as packer:
        yield packer


def _gzip(file: BinaryIO) -> Any:
    from gzip import GzipFile

    return GzipFile("", "wb", 6, file, mtime=0)


def _xz(file: BinaryIO) -> Any:
    from lzma import LZMAFile

    return LZMAFile(file, "wb")


def _bzip2(file: BinaryIO) -> Any:
    from bz2 import BZ2File

    return BZ2File(file, "wb")


def _zstd(file: BinaryIO) -> Any:
    from pyarrow import CompressedOutputStream, PythonFile

    return CompressedOutputStream(PythonFile(_StaysOpen(file), "w"), "zstd")


class _StaysOpen:
    """A file that pyarrow does not close: it has to be flushed to the disk first."""

    def __init__(self, file: BinaryIO) -> None:
        self.write, self.flush, self.closed = file.write, file.flush, False

    def close(self) -> None:
        """Nothing."""


_PACKERS = {".gz": _gzip, ".xz": _xz, ".bz2": _bzip2, ".zst": _zstd}
