"""What is about a table and not of it: titles above its header, a line that names the delimiter, rules, row numbers."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from textcnn.corpus.csv_rows import DELIMITERS, CsvRow, Dialect, read_rows
from textcnn.corpus.header import heads_columns
from textcnn.corpus.sniffing import header_by_content

__all__ = ["has_row_names", "is_rule", "named_delimiter", "title_lines"]

_NAMED = re.compile(r'"?sep=([^"\r\n ])"?[,;\t|]*\s*', re.IGNORECASE)
_MOST = 6  # rows among which the header is looked for
_STEADY = 0.9  # the share of rows as wide as most


def named_delimiter(line: str) -> str | None:
    """The delimiter that a first line such as `sep=;` names for Excel."""
    named = _NAMED.fullmatch(line)
    return named[1] if named else None


def has_row_names(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the rows below a header are numbered in a column that the header does not name, as R writes tables."""
    below = rows[1:]
    return (
        len(below) > 1
        and all(len(row) == len(rows[0]) + 1 for row in below)
        and all(row[0] == str(number) for number, row in enumerate(below, 1))
    )


def is_rule(fields: Sequence[str]) -> bool:
    """Whether a row is the rule of a printed table: |---|:---:| or +----+----+."""
    marks = set("".join(fields).replace(" ", ""))
    return "-" in marks and marks <= {"-", ":", "+"}


def title_lines(lines: Sequence[str], delimiter: str | None, *, labelled: bool) -> int:
    """How many of these first lines of a file stand above its header.

    A header is found by the names that it has, or by its width and what is below it. Without one nothing is dropped.
    """
    delimiters = [delimiter] if delimiter else DELIMITERS
    starts = [list(islice(_rows(lines, each), _MOST)) for each in delimiters]
    if any(rows and _is_header(rows[0].fields, labelled) for rows in starts):
        return 0
    if named := next(filter(None, (_by_names(rows, labelled) for rows in starts)), 0):
        return named
    tables = [list(_rows(lines, each)) for each in delimiters]
    return next(filter(None, map(_by_width, sorted(tables, key=_width, reverse=True))), 0)


def _by_names(rows: Sequence[CsvRow], labelled: bool) -> int:
    """How many lines stand above the first of these rows that has names of a header; 0 if none has."""
    for at, row in enumerate(rows[1:], 1):
        narrow = all(_filled(above.fields) < len(row.fields) for above in rows[:at])
        # Without both names a short row of data could be taken for a header.
        if _is_header(row.fields, labelled or not narrow):
            return row.line - 1
    return 0


def _is_header(fields: Sequence[str], labelled: bool) -> bool:
    return len(fields) > 1 and heads_columns(fields, labelled=labelled)


def _rows(lines: Sequence[str], delimiter: str) -> Iterator[CsvRow]:
    rows = read_rows(lines, dialect=Dialect(delimiter), source="")
    return (row for row in rows if isinstance(row, CsvRow))


def _width(rows: Sequence[CsvRow]) -> int:
    """That of most rows; 0 if there is none."""
    widths = Counter(_filled(row.fields) for row in rows)
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    return width if count >= _STEADY * len(rows) - 1 else 0


def _filled(fields: Sequence[str]) -> int:
    """The width of a row; 1 if all but its first field are empty, as spreadsheets write a title."""
    return len(fields) if any(map(str.strip, fields[1:])) else 1


def _by_width(rows: Sequence[CsvRow]) -> int:
    width = _width(rows)
    if width < 2:
        return 0
    at = next((at for at, row in enumerate(rows) if _filled(row.fields) == width), 0)
    if not 0 < at < _MOST:
        return 0
    below = [row.fields for row in rows[at + 1 :] if len(row.fields) == width]
    columns = [[fields[number] for fields in below] for number in range(width)]
    return rows[at].line - 1 if header_by_content(rows[at].fields, columns) else 0
