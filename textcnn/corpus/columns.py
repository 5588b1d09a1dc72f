"""Which column is the text and which the label: as told, else by name, else by content, else an error that helps.

Names are compared without case. A column that is chosen must be the only one of its name. Where content must
decide, exactly one column may look like labels and exactly one like texts (sniffing.py); anything else is doubt.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from textcnn.corpus.record import Reading
from textcnn.corpus.sniffing import header_by_content, is_label_like, is_text_like, looks_like_name
from textcnn.errors import ColumnError

__all__ = ["LABEL_NAMES", "TEXT_NAMES", "Columns", "choose_columns", "choose_keys", "heads_columns", "told_columns"]

# In order of preference.
TEXT_NAMES = (
    *("text", "message", "sentence", "body", "content", "review", "comment", "question", "title", "document"),
    *("sms", "tweet", "v2", "utterance", "query", "phrase", "description", "headline", "post", "email", "mail"),
    *("texts", "messages", "sentences", "reviews", "comments", "questions", "documents", "tweets", "input"),
)
LABEL_NAMES = (
    *("label", "labels", "class", "category", "target", "intent", "sentiment", "y", "v1", "classes", "categories"),
    *("tag", "tags", "topic", "topics", "emotion", "emotions", "polarity", "cats"),
)
_SHOWN = 20
_DELIMITER_NAMES = {
    ",": "comma-separated",
    ";": "semicolon-separated",
    "\t": "tab-separated",
    "": "an object each",
    "cells": "rows of cells",
}


class Columns(NamedTuple):
    """The choice: names (or "column 3" where there are none), places, and how each was found."""

    text: str
    label: str | None
    header: bool
    delimiter: str  # "" for JSON, "cells" for spreadsheets
    names: tuple[str, ...]
    text_at: int
    label_at: int | None
    text_by: str  # "as told", "by name" or "by content"
    label_by: str

    def describe(self) -> str:
        """A sentence for whoever wants to know what was read as what."""
        form = _DELIMITER_NAMES.get(self.delimiter, f"separated by {self.delimiter!r}")
        if self.delimiter:
            form += ", with a header" if self.header else ", without a header"
        found = f'text from "{self.text}" ({self.text_by})'
        if self.label is not None:
            found += f', labels from "{self.label}" ({self.label_by})'
        return f"{form}; {found}"


class _Table(NamedTuple):
    """Named columns of values, as far as they have been looked at."""

    source: str
    names: tuple[str, ...]
    values: tuple[list[str], ...]
    kind: str = "column"


def choose_columns(
    rows: Sequence[Sequence[str]], *, delimiter: str, reading: Reading, labelled: bool, source: str
) -> Columns:
    """The columns of a delimited file whose first rows these are, header included if there is one."""
    header = _find_header(rows, reading=reading, source=source)
    width = len(rows[0]) if header else Counter(map(len, rows)).most_common(1)[0][0]
    heads = [cell.strip() for cell in rows[0]] if header else [""] * width
    names = tuple(head or f"column {at}" for at, head in enumerate(heads, 1))
    table = _Table(source, names, _transposed(rows[header:], width))
    return _choose(table, reading, labelled, header, delimiter)


def choose_keys(objects: Sequence[dict[str, str]], *, reading: Reading, labelled: bool, source: str) -> Columns:
    """The keys of JSON objects, the first of which these are, their values as text."""
    names = tuple(dict.fromkeys(key for each in objects for key in each))
    values = tuple([each.get(name, "") for each in objects] for name in names)
    return _choose(_Table(source, names, values, "key"), reading, labelled, True, "")


def heads_columns(first: Sequence[str], *, labelled: bool) -> bool:
    """Whether the first row alone shows that it is a header and which columns it names."""
    text, label = _known(first, TEXT_NAMES), _known(first, LABEL_NAMES)
    if text and label:
        return True
    return bool(text) and not labelled and all(map(looks_like_name, first))


def told_columns(reading: Reading, *, labelled: bool) -> bool:
    """Whether nothing about the columns is left to be found out."""
    return reading.text_column is not None and (reading.label_column is not None or not labelled)


def _choose(table: _Table, reading: Reading, labelled: bool, header: bool, delimiter: str) -> Columns:
    wants_label = labelled or reading.label_column is not None
    text, text_by = _told_or_named(table, reading.text_column, TEXT_NAMES if header else (), "text")
    label, label_by = None, ""
    if wants_label:
        label, label_by = _told_or_named(table, reading.label_column, LABEL_NAMES if header else (), "label", text)
    if wants_label and label is None:
        _refuse_single(table)
        label, label_by = _by_content(table, is_label_like, "label", taken=text), "by content"
    if text is None:
        text, text_by = _text_by_content(table, taken=label), "by content"
    if text == label:
        raise ColumnError(
            f'{table.source}: "{table.names[text]}" cannot be both text and label; {_advice(table, "label")}'
        )
    name = None if label is None else table.names[label]
    return Columns(table.names[text], name, header, delimiter, table.names, text, label, text_by, label_by)


def _told_or_named(
    table: _Table, told: str | int | None, known: Sequence[str], what: str, taken: int | None = None
) -> tuple[int | None, str]:
    if told is not None:
        return _as_told(table, told, what), "as told"
    folded = [name.casefold() for name in table.names]
    named = [name for name in known if name in folded and folded.index(name) != taken]
    if not named:
        return None, ""
    # A column of identifiers may be called "text", too; a later name with texts below it is the better one then.
    texts = (name for name in named if what == "text" and is_text_like(table.values[folded.index(name)]))
    return _only(table, folded, next(texts, named[0]), what), "by name"


def _as_told(table: _Table, told: str | int, what: str) -> int:
    """The place of a column that was asked for by its name or its number."""
    wanted = str(told).strip()
    if isinstance(told, str):
        folded = [name.casefold() for name in table.names]
        for names, name in ((list(table.names), wanted), (folded, wanted.casefold())):
            if name in names:
                return _only(table, names, name, what)
    # No more digits than a place can have: int() refuses thousands of them with an error of its own.
    if wanted.isdecimal() and len(wanted) < 10 and 1 <= int(wanted) <= len(table.names):
        return int(wanted) - 1
    raise ColumnError(f'{table.source}: there is no {table.kind} "{_short(wanted)}"; {_advice(table, what)}')


def _only(table: _Table, names: Sequence[str], name: str, what: str) -> int:
    if names.count(name) > 1:
        raise ColumnError(f'{table.source}: {names.count(name)} columns are called "{name}"; {_advice(table, what)}')
    return names.index(name)


def _refuse_single(table: _Table) -> None:
    if len(table.names) == 1:
        only = _example(1, table.names[0], table.values[0])[2:]
        advice = "; if another character separates columns, name it: --delimiter" if table.kind == "column" else ""
        raise ColumnError(
            f"{table.source}: there is only one {table.kind}, {only}, but a text and its label are needed{advice}"
        )


def _text_by_content(table: _Table, *, taken: int | None) -> int:
    free = [at for at in range(len(table.names)) if at != taken]
    if len(free) == 1 and taken is None:
        return free[0]  # the only column there is
    return _by_content(table, is_text_like, "text", taken=taken)


def _by_content(table: _Table, fits: Callable[[Sequence[str]], bool], what: str, *, taken: int | None) -> int:
    fitting = [at for at, values in enumerate(table.values) if at != taken and fits(values)]
    if len(fitting) != 1:
        raise ColumnError(f"{table.source}: cannot tell which {table.kind} is the {what}; {_advice(table, what)}")
    return fitting[0]


def _find_header(rows: Sequence[Sequence[str]], *, reading: Reading, source: str) -> bool:
    if reading.header is not None:
        return reading.header
    first = rows[0]
    if _is_asked_for(first, reading) or (_known(first, TEXT_NAMES) and _known(first, LABEL_NAMES)):
        return True
    by_content = header_by_content(first, _transposed(rows[1:], len(first)))
    if by_content is not None:
        return by_content
    if _known(first, TEXT_NAMES + LABEL_NAMES) and all(map(looks_like_name, first)):
        return True
    if len(first) > 1:
        raise ColumnError(
            f"{source}: cannot tell whether its first row is a header; say --header or --no-header, or --skip-lines N "
            "if lines stand above it"
        )
    return False


def _is_asked_for(first: Sequence[str], reading: Reading) -> bool:
    """Whether the first row has the name of a column that was asked for, or must have, since it is no number."""
    wishes = [wish for wish in (reading.text_column, reading.label_column) if isinstance(wish, str)]
    return any(_fold(wish) in map(_fold, first) or not wish.strip().isdecimal() for wish in wishes)


def _transposed(rows: Sequence[Sequence[str]], width: int) -> tuple[list[str], ...]:
    """The columns of the rows that have so many cells."""
    fitting = [row for row in rows if len(row) == width]
    return tuple([row[at] for row in fitting] for at in range(width))


def _known(cells: Sequence[str], names: Sequence[str]) -> bool:
    return any(_fold(cell) in names for cell in cells)


def _fold(cell: str) -> str:
    return cell.strip().casefold()


def _advice(table: _Table, what: str) -> str:
    """All columns with an example each, and the option that chooses among them."""
    shown = [_example(at, name, values) for at, (name, values) in enumerate(zip(*table[1:3], strict=True), 1)]
    more = f", and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    found = f"{', '.join(shown[:_SHOWN]) or 'none'}{more}"
    return f"the {table.kind}s are {found}; choose with --{what}-column NAME|NUMBER"


def _example(at: int, name: str, values: Sequence[str]) -> str:
    example = next((value for value in values if value.strip()), None)
    return f'{at} "{_short(name)}"' + (f" (such as {_short(example)!r})" if example is not None else "")


def _short(value: str) -> str:
    value = " ".join(value.split())
    return value if len(value) <= 40 else value[:37] + "..."
