"""Where the texts of `textcnn predict` come from: arguments, lines of standard input as they arrive, or a file."""

import codecs
import os
import stat
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate, repeat
from typing import TYPE_CHECKING, NamedTuple

from textcnn.cli.display.console import is_terminal, say
from textcnn.corpus import Reading, Record
from textcnn.corpus.record import FORMAT_NAMES, check_encoding
from textcnn.errors import DataError, ReadError, SettingsError

if TYPE_CHECKING:
    from textcnn.corpus import Reader

__all__ = ["Group", "groups"]

_BLOCK = 1 << 20
_MARK = "\ufeff"  # which may stand before the first line
_MOST_TEXTS, _MOST_CHARACTERS = 2000, 200_000  # of a group
_made = partial(tuple.__new__, Record)  # of all fields, in a third of the time that Record(...) takes
_OTHERS = [repeat(value) for name, value in Record._field_defaults.items() if name not in ("labels", "line")]


class Group(NamedTuple):
    """Some texts that come together."""

    texts: list[str]
    records: Callable[[], Sequence[Record]]  # made when they are wanted: many an answer needs the text alone


def groups(texts: list[str] | None, input: str | None, how: Reading, *, quiet: bool) -> Iterator[Group]:
    """Texts as they come: all that is there, never waiting for more, never more than a bounded number."""
    if texts and texts != ["-"]:
        _point_at_option(texts, quiet)
        yield _of_records([Record(text) for text in texts])
    elif input in (None, "-") and _as_lines(how):
        if sys.stdin is None or sys.stdin.closed:
            raise ReadError("standard input is closed; give a text, or --input FILE")
        if is_terminal(sys.stdin):
            say("one text in each line; end with Ctrl-D", quiet=quiet)
        yield from _Lines(how, quiet=quiet).groups(sys.stdin.fileno())
    else:
        yield from map(_of_records, _of_files("-" if input is None else input, how, quiet))


def _of_records(records: list[Record]) -> Group:
    return Group([record.text for record in records], lambda: records)


def _of_lines(texts: list[str], first: int) -> Group:
    numbers = range(first, first + len(texts))
    return Group(texts, lambda: list(map(_made, zip(texts, repeat(()), numbers, *_OTHERS, strict=False))))


def _point_at_option(texts: list[str], quiet: bool) -> None:
    """Who gives the name of a file most likely wants it to be read."""
    file = next(filter(os.path.isfile, texts), None)  # which, unlike a Path, takes any text
    if file is not None:
        import shlex

        say(f"{file} is answered as a text; to read the file: textcnn predict --input {shlex.quote(file)}", quiet=quiet)


def _as_lines(how: Reading) -> bool:
    """Whether nothing was said that only makes sense for columns."""
    unsaid = how.text_column is None and how.delimiter is None and how.header is None
    return not (how.skip_lines or how.rows) and (how.format == "lines" or (how.format == "auto" and unsaid))


class _Lines:
    """Lines of a descriptor, each taken as soon as it is whole. A line is decoded by itself.

    They end as those of files do (corpus/lines.py), of which these are the quick form.
    """

    def __init__(self, how: Reading, *, quiet: bool) -> None:
        self.number, self.warned = 0, False
        self.quiet = quiet or how.format == "lines"
        check_encoding(how.encoding)
        self.encoding = _without_mark(how.encoding)
        if "\r\n".encode(self.encoding) != b"\r\n":
            raise SettingsError(
                f"lines of {how.encoding} cannot be read one by one; convert them first: iconv -t utf-8"
            )

    def groups(self, descriptor: int) -> Iterator[Group]:
        """Groups of lines."""
        begun: list[bytes] = []  # of a line whose end is not there yet
        for whole, rest in _blocks(descriptor):
            if whole:
                whole[0] = b"".join([*begun, whole[0]])
                begun = []
                yield from self._bounded(whole)
            begun.append(rest)
        last = b"".join(begun)
        if last and (self.number or last != _MARK.encode(self.encoding, "ignore")):
            yield self._group([last])

    def _bounded(self, lines: list[bytes]) -> Iterator[Group]:
        ends, first, size = list(accumulate(map(len, lines))), 0, 0
        while first < len(lines):
            last = min(bisect_left(ends, size + _MOST_CHARACTERS) + 1, first + _MOST_TEXTS, len(lines))
            yield self._group(lines[first:last])
            first, size = last, ends[last - 1]

    def _group(self, lines: list[bytes]) -> Group:
        first = self.number + 1
        return _of_lines(self._texts(lines), first)

    def _texts(self, lines: list[bytes]) -> list[str]:
        """What `_text` says of each, a few times as fast where nothing is to be said."""
        if not self.number:
            return [self._text(lines[0]), *self._texts(lines[1:])]
        try:
            texts = [line.decode(self.encoding) for line in lines]
        except ValueError:
            return [self._text(line) for line in lines]
        self.number += len(lines)
        return texts

    def _text(self, line: bytes) -> str:
        self.number += 1
        text = self._decoded(line)
        if self.number == 1:
            text = text.removeprefix(_MARK)
            self._judge(line, text)
        return text

    def _judge(self, line: bytes, text: str) -> None:
        """Say what the first line looks like, if it looks like no plain line."""
        from textcnn.corpus.hints import seen_format

        if "\0" in text:
            self._refuse_binary(line)
        if form := seen_format(text):
            say(
                f"standard input begins like {FORMAT_NAMES[form]}, yet each line is answered as a text; "
                f"to have it read: --input-format {form}",
                quiet=self.quiet,
            )

    def _refuse_binary(self, line: bytes) -> None:
        """An error if the first line begins as packed files do, or as UTF-16."""
        from textcnn.corpus.file_kinds import refuse_binary

        refuse_binary(line, "standard input", self.encoding)

    def _decoded(self, line: bytes) -> str:
        try:
            return line.decode(self.encoding)
        except ValueError:
            if self.number == 1:
                self._refuse_binary(line)
            if not self.warned:
                self.warned = True
                say(
                    f"standard input:{self.number}: not {self.encoding}; unreadable bytes, here and further on, "
                    "are read as \ufffd; see --encoding"
                )
            return line.decode(self.encoding, "replace")


def _blocks(descriptor: int) -> Iterator[tuple[list[bytes], bytes]]:
    """Of each block that arrives the lines, without their ends, and the beginning of one whose end is not there."""
    returned = False  # whether the block before ended with \r, of which \n may be the second half
    while block := _read(descriptor):
        lines = (block.removeprefix(b"\n") if returned else block).splitlines()  # of bytes, hence at these ends alone
        returned = block.endswith(b"\r")
        ended = returned or block.endswith(b"\n") or not lines
        yield (lines, b"") if ended else (lines[:-1], lines[-1])


def _without_mark(encoding: str) -> str:
    """The encoding of a line; a mark before the first one is dropped anyway."""
    return "utf-8" if codecs.lookup(encoding).name == "utf-8-sig" else encoding


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _BLOCK)
    except OSError as error:
        raise ReadError(f"standard input cannot be read: {error.strerror or error}") from error


def _of_files(path: str, how: Reading, quiet: bool) -> Iterator[list[Record]]:
    """Records of a file, or of all that are meant."""
    from textcnn.corpus.input_files import input_files

    files, empty = input_files([path]), True
    for file in files:
        for group in _of_file(str(file), how, quiet, part=len(files) > 1):
            empty = False
            yield group
    if empty and len(files) > 1:
        raise ReadError(f"{path}: there is no row in its {len(files):,} files")


def _of_file(path: str, how: Reading, quiet: bool, *, part: bool) -> Iterator[list[Record]]:
    """Records of a file in groups; of a pipe one by one, for nobody knows when the next one comes."""
    group: list[Record] = []
    size = said = 0
    from textcnn.corpus import open_corpus

    most = 1 if _arrives(path) else _MOST_TEXTS
    with open_corpus(path, reading=how, labelled=False, part=part) as reader:
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
