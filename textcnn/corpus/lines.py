r"""Bytes to lines: opening, unpacking, decoding, checking, counting, and looking ahead a little.

Lines end at \n, \r\n and \r only, and keep their ends, so that a quoted field that holds line breaks can be put
together again. A line is handed out as soon as its end has arrived: nothing waits for a buffer to fill. Bytes that
the encoding does not know, and NUL, are errors that say where; they are never skipped, for they tell that the whole
file is something else than it was taken for.
"""

import io
import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from textcnn.corpus.file_kinds import refuse_binary
from textcnn.corpus.record import well_formed
from textcnn.errors import ReadError

__all__ = ["PACKED", "STANDARD_INPUT", "Lines", "given_stream", "open_lines", "source_name"]

STANDARD_INPUT = "-"
PACKED = (".gz", ".xz", ".bz2", ".zst")
_HEAD = 400  # characters that show what a file is
_SCANNED = 1 << 24  # characters that are looked through for what encoding they might be in
# Bytes that cp1252 does not have, or more in a row than accented characters of a Western language.
_FOREIGN = "[\udc81\udc8d\udc8f\udc90\udc9d]|[\udca0-\udcff]{4}"


class Lines:
    """The lines of one stream, once, in order. `number` counts those handed out."""

    def __init__(self, stream: BinaryIO, *, source: str, encoding: str, owned: bool, live: bool, packed: bool) -> None:
        # What cannot be decoded is smuggled through as lone surrogates and found line by line: a decoding error of
        # a whole block could not tell its line. TextIOWrapper reads with read1, hence never waits for a full block.
        self._text = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")
        self._owned = owned
        self._packed = packed
        self._damage = _damage(packed)
        self._ahead: deque[str] = deque()
        self._ended = False
        self._closed = False
        self._fetched = 0
        self._decoded = 0  # lines with characters beyond ASCII
        self.source = source
        self.encoding = encoding
        self.live = live  # a pipe or a terminal, where looking ahead means waiting
        self.number = 0
        self.notes: list[str] = []  # what there is to say of how it was opened

    def __iter__(self) -> Iterator[str]:
        while line := (self._ahead.popleft() if self._ahead else self._fetch()):
            self.number += 1
            yield line

    def look(
        self, count: int, *, characters: int = sys.maxsize, until: Callable[[str], object] = lambda line: False
    ) -> list[str]:
        """The next lines, without taking them: so many, or so many characters, or until one that ends the look."""
        if not any(map(until, self._ahead)):
            size = sum(map(len, self._ahead))
            while len(self._ahead) < count and size < characters and (line := self._fetch()):
                self._ahead.append(line)
                size += len(line)
                if until(line):
                    break
        return list(self._ahead)

    def look_filled(self) -> str:
        """The first line that is not blank, without taking it; "" if there is none among the next thousand."""
        filled = (line for line in self.look(1000, until=str.strip) if line.strip())
        return next(filled, "")

    @property
    def ended(self) -> bool:
        """Whether the end of the stream has been seen, so that a look saw all there is."""
        return self._ended

    def share(self) -> float | None:
        """How much of a file that is not packed has been read, from 0 to 1; None if that cannot be told."""
        if self._closed or self.live or self._packed:
            return None
        with suppress(OSError, ValueError, AttributeError):
            size = os.fstat(self._text.fileno()).st_size
            return min(os.lseek(self._text.fileno(), 0, os.SEEK_CUR) / size, 1.0) if size else None
        return None

    def close(self) -> None:
        """Close what was opened here; leave a stream that was given as it is."""
        if self._closed:
            return
        self._ended = self._closed = True
        if self._owned:
            self._text.close()
        else:
            self._text.detach()

    def _fetch(self) -> str:
        """The next line of the stream, "" at its end. Having ended it is not read again: a terminal would ask on."""
        if self._ended:
            return ""
        try:
            line = self._text.readline()
        except UnicodeError:
            raise ReadError(f"{self.source}:{self._fetched + 1}: this line or a later one {self._not_text()}") from None
        except self._damage as error:
            raise ReadError(f"{self.source}: {_reason(error)}, after line {self._fetched}") from None
        self._ended = not line
        self._fetched += 1
        if self._fetched == 1:
            line = line.removeprefix("\ufeff") or self._fetch()  # a file of nothing but a byte order mark
        if self._fetched == 1:
            self._check_head(line)
        if not line.isascii() or "\0" in line:
            self._check(line)
        return line

    def _check(self, line: str) -> None:
        """Raise if the line holds a byte that was not decoded, or NUL."""
        try:
            line.encode("utf-8")
            at = line.find("\0")
        except UnicodeEncodeError as error:
            at = error.start
        if at < 0:
            self._decoded += 1
            return
        where = f"{self.source}:{self._fetched}: byte 0x{ord(line[at]) & 0xFF:02x} at column {at + 1}"
        if line[at] == "\0":
            raise ReadError(
                f"{where} is NUL, which text does not hold: leave it out (tr -d '\\000' < FILE > OTHER); if the file "
                "is UTF-16, say --encoding utf-16"
            )
        raise ReadError(f"{where} {self._not_text(line)}")

    def _check_head(self, line: str) -> None:
        """Raise if the first line shows that the file is none of text, or text of another encoding."""
        with suppress(UnicodeError, LookupError, *self._damage):
            if line.startswith("PK\x03\x04"):  # an archive, whose first bytes may hold what ends a line of text
                line += self._text.read(_HEAD)
            head = line[:_HEAD].encode(self.encoding, "surrogateescape")
            refuse_binary(head, self.source, self.encoding, packed=self._packed)

    def _not_text(self, line: str = "") -> str:
        return f"is not {self.encoding}; {self._advice(line)}"

    def _advice(self, line: str) -> str:
        """What encoding to try, by all the bytes that do not fit."""
        seen = line
        with suppress(ValueError, *self._damage):  # what follows may be damaged further on
            seen += "" if self.live else self._text.read(_SCANNED)
        wrong = re.findall("[\udc80-\udcff]", seen)
        right = re.findall("[\x80-\ud7ff\ue000-\U0010ffff]", seen)
        if len(right) + self._decoded > 5 * len(wrong) > 0:
            return f"most of the file is {self.encoding}: correct these bytes, or leave them out (iconv -c)"
        if re.search(_FOREIGN, seen):
            return "name its encoding, such as --encoding gb18030, shift_jis, cp1251"
        if re.search("[\udc80-\udc9f]", seen):
            return "if the file has another encoding, name it: --encoding cp1252, gb18030, ..."
        return "if the file has another encoding, name it: --encoding latin-1, cp1252, ..."


def open_lines(path: str | Path, *, encoding: str, stream: BinaryIO | None = None) -> Lines:
    """The lines of a file, unpacked if its name says so; of `stream` or standard input if the path is `-`."""
    source = source_name(path)
    if given := given_stream(path, stream):
        return Lines(given, source=source, encoding=encoding, owned=False, live=True, packed=False)
    packed = str(path).lower().endswith(PACKED)
    try:
        live = not Path(path).is_file()
        opened = _open_packed(path) if packed else Path(path).open("rb")  # noqa: SIM115  Lines closes it
    except (OSError, ValueError) as error:
        raise ReadError(f"{source}: {_reason(error)}") from None
    return Lines(opened, source=source, encoding=encoding, owned=True, live=live, packed=packed)


def source_name(path: str | Path) -> str:
    """The path as messages show it."""
    return "standard input" if str(path) == STANDARD_INPUT else well_formed(os.fspath(path)) or '""'


def given_stream(path: str | Path, stream: BinaryIO | None = None) -> BinaryIO | None:
    """What is read if the path is `-`: the stream that is given, or standard input; None for any other path."""
    return (stream or _standard_input()) if str(path) == STANDARD_INPUT else None


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise ReadError("standard input: it is closed")
    return sys.stdin.buffer


def _open_packed(path: str | Path) -> BinaryIO:
    suffix = Path(path).suffix.lower()
    if suffix == ".xz":
        import lzma

        return cast(BinaryIO, lzma.open(path, "rb"))
    if suffix == ".bz2":
        import bz2

        return cast(BinaryIO, bz2.open(path, "rb"))
    if suffix == ".zst":
        return _open_zstd(path)
    import gzip

    return cast(BinaryIO, gzip.open(path, "rb"))


def _open_zstd(path: str | Path) -> BinaryIO:
    """Unpacked by pyarrow: Python itself knows zstd from 3.14 on."""
    try:
        from pyarrow import CompressedInputStream
    except ImportError:
        raise ReadError(
            f"{source_name(path)}: zstd is unpacked by pyarrow: pip install pyarrow; or unpack it first (zstd -d)"
        ) from None
    return cast(BinaryIO, CompressedInputStream(Path(path).open("rb"), "zstd"))


def _damage(packed: bool) -> tuple[type[Exception], ...]:
    """The exceptions that tell of a stream that cannot be read on."""
    if not packed:
        return (OSError,)
    import lzma
    import zlib

    return (OSError, EOFError, zlib.error, lzma.LZMAError)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if isinstance(error, EOFError):
        return "the packed file is cut off"
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be read ({error.strerror})"
    return f"it cannot be read as what its name says ({error})"
