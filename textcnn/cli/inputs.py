"""Where the texts of `textcnn predict` come from: arguments, lines of standard input as they arrive, or a file."""

import codecs
import os
import shlex
import stat
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from textcnn.cli.display.console import is_terminal, say
from textcnn.corpus import Reading, Record
from textcnn.corpus.record import check_encoding
from textcnn.errors import DataError, ReadError, SettingsError

if TYPE_CHECKING:
    from textcnn.corpus import Reader

__all__ = ["groups"]

_BLOCK = 1 << 20
_MOST_TEXTS, _MOST_CHARACTERS = 2000, 200_000  # of a group


def groups(texts: list[str] | None, input: str | None, how: Reading, *, quiet: bool) -> Iterator[list[Record]]:
    """Records as they come: all that is there, never waiting for more, never more than a bounded number."""
    if texts and texts != ["-"]:
        _point_at_option(texts, quiet)
        yield [Record(text) for text in texts]
    elif input in (None, "-") and _as_lines(how):
        if sys.stdin is None or sys.stdin.closed:
            raise ReadError("standard input is closed; give a text, or --input FILE")
        if is_terminal(sys.stdin):
            say("one text in each line; end with Ctrl-D", quiet=quiet)
        yield from _Lines(how.encoding).groups(sys.stdin.fileno())
    else:
        yield from _of_file("-" if input is None else input, how, quiet)


def _point_at_option(texts: list[str], quiet: bool) -> None:
    """Who gives the name of a file most likely wants it to be read."""
    file = next(filter(os.path.isfile, texts), None)  # which, unlike a Path, takes any text
    if file is not None:
        say(f"{file} is answered as a text; to read the file: textcnn predict --input {shlex.quote(file)}", quiet=quiet)


def _as_lines(how: Reading) -> bool:
    """Whether nothing was said that only makes sense for columns."""
    unsaid = how.text_column is None and how.delimiter is None and how.header is None
    return not (how.skip_lines or how.rows) and (how.format == "lines" or (how.format == "auto" and unsaid))


class _Lines:
    """Lines of a descriptor, each taken as soon as it is whole. A line is decoded by itself."""

    def __init__(self, encoding: str) -> None:
        self.number, self.warned = 0, False
        check_encoding(encoding)
        self.encoding = _without_mark(encoding)
        if "\n".encode(self.encoding) != b"\n":
            raise SettingsError(f"lines of {encoding} cannot be read one by one; convert them first: iconv -t utf-8")

    def groups(self, descriptor: int) -> Iterator[list[Record]]:
        """Groups of lines."""
        begun: list[bytes] = []  # of a line whose end is not there yet
        while block := _read(descriptor):
            *whole, rest = block.split(b"\n")
            if whole:
                whole[0] = b"".join([*begun, whole[0]])
                begun = []
                yield from self._bounded(whole)
            begun.append(rest)
        if last := b"".join(begun):
            yield [self._record(last)]

    def _bounded(self, lines: list[bytes]) -> Iterator[list[Record]]:
        group: list[Record] = []
        size = 0
        for line in lines:
            group.append(self._record(line))
            size += len(line) + 1
            if len(group) >= _MOST_TEXTS or size >= _MOST_CHARACTERS:
                yield group
                group, size = [], 0
        if group:
            yield group

    def _record(self, line: bytes) -> Record:
        self.number += 1
        if self.number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        try:
            text = line.decode(self.encoding)
        except ValueError:
            text = line.decode(self.encoding, "replace")
            if not self.warned:
                self.warned = True
                say(
                    f"standard input:{self.number}: not {self.encoding}; unreadable bytes, here and further on, "
                    "are read as \ufffd; see --encoding"
                )
        return Record(text.removesuffix("\r"), (), self.number)


def _without_mark(encoding: str) -> str:
    """The encoding of a line; a mark before the first one is dropped anyway."""
    return "utf-8" if codecs.lookup(encoding).name == "utf-8-sig" else encoding


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _BLOCK)
    except OSError as error:
        raise ReadError(f"standard input cannot be read: {error.strerror or error}") from error


def _of_file(path: str, how: Reading, quiet: bool) -> Iterator[list[Record]]:
    """Records of a file in groups; of a pipe one by one, for nobody knows when the next one comes."""
    group: list[Record] = []
    size = said = 0
    from textcnn.corpus import open_corpus

    most = 1 if _arrives(path) else _MOST_TEXTS
    with open_corpus(path, reading=how, labelled=False) as reader:
        try:
            for count, record in enumerate(reader):
                if not count:
                    say(reader.describe(), quiet=quiet)
                    said = len(reader.notes)
                group.append(record)
                size += len(record.text) + 1
                if len(group) >= most or size >= _MOST_CHARACTERS:
                    yield group
                    group, size = [], 0
        except DataError:
            if group:
                yield group  # a row that cannot be read takes nothing from those before it
            raise
    if group:
        yield group
    _say_left_out(reader, said, quiet)


def _say_left_out(reader: "Reader", said: int, quiet: bool) -> None:
    """What came up while reading, after so many notes that were said."""
    for note in reader.notes[said:]:
        say(f"{reader.source}: {note}", quiet=quiet)
    if reader.skipped:
        say(reader.describe_skipped())


def _arrives(path: str) -> bool:
    """Whether what is read is still being written, perhaps."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode if path == "-" else os.stat(path).st_mode  # noqa: PTH116
    except (OSError, AttributeError, ValueError):
        return True
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
