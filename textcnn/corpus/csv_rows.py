"""Lines to the rows of a delimited file, and what delimits them.

The csv module does the reading. It is asked to be strict, for its leniency lets a quote that was never closed swallow
the rest of a file. Yet a row that merely has something after a closing quote, on the line where that quote opened,
is read leniently. After a row that cannot be read, reading goes on after the line where its last quote opened.
"""

import csv
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import NamedTuple

from textcnn.corpus.header import heads_columns
from textcnn.corpus.record import BadRow

__all__ = ["DELIMITERS", "CsvRow", "Dialect", "find_dialect", "first_rows", "read_rows"]

DELIMITERS = (",", ";", "\t", "|")
# As long as a C long is everywhere. The limit is the csv module's, hence everybody's; it is only ever raised.
_FIELD_LIMIT = 2**31 - 1
_MOST = 0.9  # the share of rows that proves something although others do not
_RAW = ("\t", "|")  # between these, quotes are often characters like others
_STEADY = 0.6  # the share of rows with as many cells as the first from which on a delimiter is believed


class Dialect(NamedTuple):
    """How fields are told apart."""

    delimiter: str
    quotes: bool = True
    escapes: bool = False  # whether \\" is a quote within quotes
    spaced: bool = False  # whether a blank after a delimiter is no part of the field


class CsvRow(NamedTuple):
    """The fields of a row, and the line where it begins."""

    line: int
    fields: list[str]


class _Feed:
    """Lines for the csv module, which can be told to read some of them again."""

    def __init__(self, lines: Iterable[str], begin: int) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self.taken: list[str] = []  # the lines of the row that is being read
        self.line = begin  # where it begins

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """Forget the row that was read."""
        self.line += len(self.taken)
        self.taken.clear()

    def repeat(self, count: int) -> None:
        """Keep the first `count` lines of the row, and read the others again."""
        self._again.extendleft(reversed(self.taken[count:]))
        del self.taken[count:]


def read_rows(lines: Iterable[str], *, dialect: Dialect, source: str, begin: int = 1) -> Iterator[CsvRow | BadRow]:
    """The rows, blank lines left out. A row is yielded as soon as its last line is there; line `begin` is the first."""
    feed = _Feed(lines, begin)
    parser = _parser(feed, dialect)
    while True:
        feed.begin()
        try:
            fields = next(parser)
        except StopIteration:
            return
        except csv.Error as error:
            yield _repaired(feed, dialect) or _bad_row(feed, dialect, source, error)
            continue
        if len(fields) > 1 or (fields and any(map(str.strip, feed.taken))):
            yield CsvRow(feed.line, fields)


def find_dialect(
    lines: Sequence[str], *, whole: bool, delimiter: str | None, quotes: bool | None, labelled: bool
) -> Dialect:
    """How the fields of these first lines of a file, or of the whole file, are told apart.

    A delimiter is believed if it makes columns that are known, else if many rows have as many cells as the first.
    Without a delimiter that does, the file has one column, if it can do with one.
    """
    if delimiter is None:
        delimiter = max(DELIMITERS, key=lambda each: _merit(lines, each, labelled=labelled))
    if quotes is None:
        quotes = delimiter not in _RAW or not _are_raw(lines, delimiter, whole=whole)
    dialect = Dialect(delimiter, quotes, spaced=quotes and _are_spaced(lines, delimiter, whole=whole))
    return dialect._replace(escapes=quotes and _are_escaped(lines, dialect, whole=whole))


def first_rows(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    """The rows of these lines up to the first that cannot be read or is not complete."""
    rows = read_rows(lines, dialect=dialect, source="")
    return [row.fields for row in takewhile(lambda row: isinstance(row, CsvRow), rows) if isinstance(row, CsvRow)]


def _merit(lines: Sequence[str], delimiter: str, *, labelled: bool) -> tuple[bool, bool, float, bool, int]:
    rows = first_rows(lines, Dialect(delimiter)) or [[""]]
    width = len(rows[0])
    steady = sum(len(row) == width for row in rows) / len(rows)
    if width == 1:
        # One column: as good as any if no row shows another, but of no use where a label is needed.
        return False, steady == 1 and not labelled, 0, False, 1
    # Of two that are as steady the tab is it: texts hold none, but may all have a comma at their end.
    return heads_columns(rows[0], labelled=labelled), steady >= _STEADY, steady, delimiter == "\t", width


def _are_raw(lines: Sequence[str], delimiter: str, *, whole: bool) -> bool:
    """Whether quotes are mere characters here, as in many files of tabs: they make no rows, and leaving them does."""
    try:
        for _ in _parser(iter(lines), Dialect(delimiter)):
            pass
    except csv.Error as error:
        if _at_end(error) and not whole:
            return False  # the quote may be closed further on
        rows = first_rows(lines, Dialect(delimiter, quotes=False))
        width, count = Counter(map(len, rows)).most_common(1)[0]
        return width > 1 and count >= _MOST * len(rows) and not _are_enclosed(rows)
    return False


def _are_enclosed(rows: Sequence[Sequence[str]]) -> bool:
    """Whether most fields that begin with a quote end with one."""
    begun = [field for row in rows for field in row if field.startswith('"')]
    return 2 * sum(len(field) > 1 and field.endswith('"') for field in begun) > len(begun)


def _are_escaped(lines: Sequence[str], dialect: Dialect, *, whole: bool) -> bool:
    r"""Whether quotes are escaped by a backslash here: there are some, and only so the rows can be read."""
    if not any('\\"' in line for line in lines):
        return False
    return not _is_readable(lines, dialect, whole) and _is_readable(lines, dialect._replace(escapes=True), whole)


def _are_spaced(lines: Sequence[str], delimiter: str, *, whole: bool) -> bool:
    """Whether quotes that enclose fields stand after a blank, as in `"a text", "a label"`."""
    if not any(f'{delimiter} "' in line for line in lines):
        return False
    return _is_readable(lines, Dialect(delimiter, spaced=True), whole)


def _is_readable(lines: Sequence[str], dialect: Dialect, whole: bool) -> bool:
    """Whether the csv module reads all rows, equally wide ones; the last may not be complete unless it is the whole."""
    widths = []
    try:
        for row in _parser(iter(lines), dialect):
            widths.append(len(row))
    except csv.Error as error:
        return _at_end(error) and not whole
    return len(set(filter(None, widths))) == 1


def _parser(lines: Iterable[str], dialect: Dialect, *, strict: bool = True) -> Iterator[list[str]]:
    if csv.field_size_limit() < _FIELD_LIMIT:
        csv.field_size_limit(_FIELD_LIMIT)
    if dialect.quotes:
        escape = "\\" if dialect.escapes else None
        return csv.reader(
            lines, delimiter=dialect.delimiter, strict=strict, escapechar=escape, skipinitialspace=dialect.spaced
        )
    return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE)


def _repaired(feed: _Feed, dialect: Dialect) -> CsvRow | None:
    """The row as it is read leniently, unless it seems to be several rows that a quote left open has joined.

    What can be read if a backslash escapes its quotes is read so, wherever in the file it stands.
    """
    if any('\\"' in line for line in feed.taken):
        with suppress(csv.Error):
            return CsvRow(feed.line, next(_parser(feed.taken, dialect._replace(escapes=True))))
    joined = len(feed.taken) > 1 and not _closes_well(feed.taken[-1], dialect)
    if joined or _is_open(feed.taken, dialect):
        return None
    return CsvRow(feed.line, next(_parser(feed.taken, dialect, strict=False)))


def _closes_well(line: str, dialect: Dialect) -> bool:
    """Whether a field that goes on in this line ends as it should: its quote comes before a delimiter."""
    after = line.replace('""', "").partition('"')[2]
    return after[:1] in (dialect.delimiter, "\n", "\r", "")


def _is_open(taken: Sequence[str], dialect: Dialect) -> bool:
    """Whether a quote is open at the end of these lines: then one more becomes part of the row."""
    row, longer = (next(_parser(lines, dialect, strict=False)) for lines in (taken, [*taken, "x"]))
    return row != longer


def _bad_row(feed: _Feed, dialect: Dialect, source: str, error: csv.Error) -> BadRow:
    """What to say of the row, having arranged that reading goes on after the line where the quote opened."""
    at_end = _at_end(error)
    last = feed.line + len(feed.taken) - 1
    # Where the error stands amid the last line, the quote was open at the end of the line before.
    opened = _opening(feed.taken if at_end else feed.taken[:-1] or feed.taken, dialect)
    feed.repeat(opened + 1)
    line = feed.line + opened
    what = "the quote that opens here is never closed" if at_end else f"a quote that opens here ends amid line {last}"
    advice = 'a quote inside a quoted field is written ""; --no-quotes if quotes mean nothing, or --skip-bad-rows'
    return BadRow(line, f"{source}:{line}: {what}", advice)


def _at_end(error: csv.Error) -> bool:
    """Whether a quote was open where the lines ended. The csv module has one class for all its errors."""
    return "end of data" in str(error)


def _opening(lines: Sequence[str], dialect: Dialect) -> int:
    """Which of the lines of a row opened the quote that is open at their end: that field holds all line ends since."""
    field = next(_parser(lines, dialect, strict=False))[-1]
    ends = field.count("\n") + field.count("\r") - field.count("\r\n")
    unfinished = not lines[-1].endswith(("\n", "\r"))
    return max(len(lines) - ends - unfinished, 0)
