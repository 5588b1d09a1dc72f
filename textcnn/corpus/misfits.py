"""What a table looks like in which many rows have another width than its header, and what helps then."""

from collections.abc import Sequence
from shlex import quote

from textcnn.corpus.columns import Columns

__all__ = ["EXCEPTIONS", "misfit"]

EXCEPTIONS = 0.1  # the share of rows up to which bad ones are exceptions
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}


def misfit(rows: Sequence[Sequence[str]], columns: Columns) -> str:
    """Advice where more than a few of these first rows are too wide or too narrow; "" where they are exceptions."""
    width = len(columns.names)
    wide = sum(len(row) > width for row in rows)
    narrow = sum(len(row) < width for row in rows)
    if wide + narrow <= EXCEPTIONS * len(rows) or wide + narrow == 1:
        return ""
    return _why(rows, columns, wide=wide > narrow)


def _why(rows: Sequence[Sequence[str]], columns: Columns, *, wide: bool) -> str:
    width = len(columns.names)
    if any(map(_has_list, (row for row in rows if len(row) > width))):
        return "many rows are like this: a list of labels must be quoted where the delimiter stands in it"
    if {len(row) for row in rows[1:]} == {width + 1}:
        return _nameless(rows, columns)
    if wide:
        return _unquoted(columns)
    return (
        "many rows are like this: does another character separate columns (--delimiter), do quotes mean nothing "
        "(--no-quotes), or do lines stand above the header (--skip-lines)?"
    )


def _has_list(row: Sequence[str]) -> bool:
    return any(field.lstrip().startswith(("[", "{")) for field in row)


def _nameless(rows: Sequence[Sequence[str]], columns: Columns) -> str:
    """Advice where each row has one field more than the header."""
    if any(row[-1].strip() for row in rows[1:]):
        return "each row has one field more than the header: give the header a name for it, where it stands"
    command = quote(f"1s/$/{columns.delimiter}/")
    return f"each row ends with a delimiter and the header does not: sed {command} FILE > OTHER adds it"


def _unquoted(columns: Columns) -> str:
    marks = _NAMES.get(columns.delimiter, repr(columns.delimiter))
    seen = f"many rows are like this: texts seem to hold {marks} without being quoted"
    if len(columns.names) != 2 or columns.delimiter in "\t/\\&.*[]^$":
        return f"{seen}; quote the texts, or separate columns by another character and name it: --delimiter"
    command = rf"s/{columns.delimiter}/\t/" if columns.text_at else rf"s/\(.*\){columns.delimiter}/\1\t/"
    at = "first" if columns.text_at else "last"
    name = _NAMES.get(columns.delimiter, "delimiters").removesuffix("s")
    return f"{seen}; quote them, or make the {at} {name} of each line a tab: sed '{command}' FILE > FILE.tsv"
