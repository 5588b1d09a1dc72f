"""Which columns are the text and the label: as told, else as names and values say it, else an error that helps.

Names are compared without case. A column that is chosen must be the only one of its name. How it is guessed, and when
that is in doubt: column_guess.py.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from textcnn.corpus.column_guess import ColumnChoice, guess_label, guess_text, split_column
from textcnn.corpus.column_names import POSSIBLE, Rank, label_rank, text_rank
from textcnn.corpus.column_table import ColumnTable, only_rows, rows_at, told_parts, wishes
from textcnn.corpus.record import Reading
from textcnn.corpus.sniffing import header_by_content, looks_like_name
from textcnn.errors import ColumnError

__all__ = [
    "Columns",
    "asked_for",
    "choose_columns",
    "choose_keys",
    "heads_columns",
    "names_decide",
    "told_columns",
]

_RIVALS = 3  # that are named
_DELIMITER_NAMES = {
    ",": "comma-separated",
    ";": "semicolon-separated",
    "\t": "tab-separated",
    "": "an object each",
    "cells": "rows of cells",
}


class Columns(NamedTuple):
    """The choice: names (or "column 3" where there are none), places, and how each was found.

    Several texts are joined. Of several labels each is a column of zeros and ones.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    header: bool
    delimiter: str  # "" for JSON, "cells" for spreadsheets
    names: tuple[str, ...]
    texts_at: tuple[int, ...]
    labels_at: tuple[int, ...]
    text_by: str  # "as told", "by name", "by content" or "the only one left"
    label_by: str
    text_rivals: tuple[str, ...] = ()  # columns that could have been taken too
    label_rivals: tuple[str, ...] = ()
    split_at: int | None = None  # the column that tells train from test
    rows_at: tuple[tuple[int, tuple[str, ...]], ...] = ()  # columns, and the values of the rows that are read
    weight: str | None = None  # how much each text counts

    @property
    def text(self) -> str:
        """The name of the column of the text, the first if there are several."""
        return self.texts[0]

    @property
    def label(self) -> str | None:
        """The name of the column of the label, the first if there are several; None if there is none."""
        return self.labels[0] if self.labels else None

    @property
    def text_at(self) -> int:
        """Where the column of the text is, the first if there are several."""
        return self.texts_at[0]

    @property
    def label_at(self) -> int | None:
        """Where the column of the label is, the first if there are several; None if there is none."""
        return self.labels_at[0] if self.labels else None

    def describe(self) -> str:
        """A sentence for whoever wants to know what was read as what."""
        form = _DELIMITER_NAMES.get(self.delimiter, f"separated by {self.delimiter!r}")
        if self.delimiter:
            form += ", with a header" if self.header else ", without a header"
        choice = "--text-column chooses, or joins them"
        joined = ", joined" if len(self.texts) > 1 else ""
        found = f"text from {_named(self.texts)} ({self.text_by}{joined}{_beside(self.text_rivals, choice)})"
        if self.labels:
            choice = "--label-column chooses"
            found += f", labels from {_named(self.labels)} ({self.label_by}{_beside(self.label_rivals, choice)})"
        return f"{form}; {found}"


def _named(names: Sequence[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return " and ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))


def _beside(rivals: Sequence[str], choice: str) -> str:
    """That other columns could have been taken."""
    if not rivals:
        return ""
    more = f" and {len(rivals) - _RIVALS} more" if len(rivals) > _RIVALS else ""
    listed = ", ".join(f'"{name}"' for name in rivals[:_RIVALS])
    return f", though there is {listed}{more}: {choice}"


def choose_columns(
    rows: Sequence[Sequence[str]], *, delimiter: str, reading: Reading, labelled: bool, source: str
) -> Columns:
    """The columns of a delimited file whose first rows these are, header included if there is one."""
    header = _find_header(rows, reading=reading, source=source)
    width = len(rows[0]) if header else Counter(map(len, rows)).most_common(1)[0][0]
    heads = [cell.strip() for cell in rows[0]] if header else [""] * width
    names = tuple(head or f"column {at}" for at, head in enumerate(heads, 1))
    table = ColumnTable(source, names, _transposed(rows[header:], width))
    return _choose(table, reading, labelled, header, delimiter)


def choose_keys(objects: Sequence[dict[str, str]], *, reading: Reading, labelled: bool, source: str) -> Columns:
    """The keys of JSON objects, the first of which these are, their values as text."""
    names = tuple(dict.fromkeys(key for each in objects for key in each))
    values = tuple([each.get(name, "") for each in objects] for name in names)
    return _choose(ColumnTable(source, names, values, "key"), reading, labelled, True, "")


def heads_columns(first: Sequence[str], *, labelled: bool) -> bool:
    """Whether the first row alone shows that it is a header and which columns it names."""
    text, label = _known(first, text_rank), _known(first, label_rank)
    if text and label:
        return True
    return bool(text) and not labelled and all(map(looks_like_name, first))


def names_decide(first: Sequence[str], *, labelled: bool) -> bool:
    """Whether the first row alone, which heads the columns, leaves no doubt for the values to settle.

    Whoever wants answers, not labels, may wait for them; then names that are possible are enough.
    """
    if not heads_columns(first, labelled=labelled):
        return False
    texts, labels = ([rank(cell).level for cell in first if rank(cell).level] for rank in (text_rank, label_rank))
    return not labelled or (len(labels) == 1 and sum(level > POSSIBLE for level in texts) == 1 and labels[0] > POSSIBLE)


def told_columns(reading: Reading, *, labelled: bool) -> bool:
    """Whether nothing about the columns is left to be found out."""
    return reading.text_column is not None and (reading.label_column is not None or not labelled)


def asked_for(reading: Reading) -> list[str]:
    """The names that were asked for. One may hold commas, or these stand between names."""
    told = (*wishes(reading.text_column), *wishes(reading.label_column), *wishes(reading.weight_column))
    names = [wish for wish in (*told, *(reading.rows or ())) if isinstance(wish, str)]
    return [part for name in names for part in (name, *told_parts(name))]


def _choose(table: ColumnTable, reading: Reading, labelled: bool, header: bool, delimiter: str) -> Columns:
    wanted = rows_at(table, reading.rows)
    table = only_rows(table, wanted) if wanted else table
    weight = _only_weight(table, reading)
    label = text = None
    if told := table.places(reading.text_column, "text-column"):
        text = ColumnChoice(told, "as told")
    if told_labels := table.places(reading.label_column, "label-column"):
        label = ColumnChoice(told_labels, "as told")
    elif labelled:
        _refuse_single(table)
        label = guess_label(table, (*told, *weight))
    label = label or ColumnChoice((), "")
    text = text or guess_text(table, (*label.places, *weight), alone=bool(told_labels) or not labelled)
    _refuse_both(table, "text and label", text.places, label.places)
    _refuse_both(table, "text and weight", text.places, weight)
    _refuse_both(table, "label and weight", label.places, weight)
    return Columns(
        texts=table.named(text.places),
        labels=table.named(label.places),
        header=header,
        delimiter=delimiter,
        names=table.names,
        texts_at=text.places,
        labels_at=label.places,
        text_by=text.by,
        label_by=label.by,
        text_rivals=table.named(text.rivals),
        label_rivals=table.named(label.rivals),
        split_at=split_column(table, (*text.places, *label.places, *weight)) if labelled else None,
        rows_at=wanted,
        weight=next(iter(table.named(weight)), None),
    )


def _only_weight(table: ColumnTable, reading: Reading) -> tuple[int, ...]:
    places = table.places(reading.weight_column, "weight-column")
    if len(places) > 1:
        raise ColumnError(f"{table.source}: --weight-column takes one {table.kind}; {table.advice('weight-column')}")
    return places


def _refuse_both(table: ColumnTable, both: str, one: Sequence[int], other: Sequence[int]) -> None:
    for name in table.named(set(one).intersection(other)):
        advice = table.advice(f"{both.split()[-1]}-column")
        raise ColumnError(f'{table.source}: "{name}" cannot be both {both}; {advice}')


def _refuse_single(table: ColumnTable) -> None:
    if len(table.names) == 1:
        only = table.example(0)[2:]
        advice = "; if another character separates columns, name it: --delimiter" if table.kind == "column" else ""
        raise ColumnError(
            f"{table.source}: there is only one {table.kind}, {only}, but a text and its label are needed{advice}"
        )


def _find_header(rows: Sequence[Sequence[str]], *, reading: Reading, source: str) -> bool:
    if reading.header is not None:
        return reading.header
    first = rows[0]
    if _is_asked_for(first, reading) or (_known(first, text_rank) and _known(first, label_rank)):
        return True
    by_content = header_by_content(first, _transposed(rows[1:], len(first)))
    if by_content is not None:
        return by_content
    if (_known(first, text_rank) or _known(first, label_rank)) and all(map(looks_like_name, first)):
        return True
    if len(first) > 1:
        raise ColumnError(
            f"{source}: cannot tell whether its first row is a header; say --header or --no-header, or --skip-lines N "
            "if lines stand above it"
        )
    return False


def _is_asked_for(first: Sequence[str], reading: Reading) -> bool:
    """Whether the first row has the name of a column that was asked for, or must have, since it is no number."""
    asked = asked_for(reading)
    numbers = (part.isdecimal() for wish in asked for part in told_parts(wish))
    return any(_fold(name) in map(_fold, first) for name in asked) or not all(numbers)


def _transposed(rows: Sequence[Sequence[str]], width: int) -> tuple[list[str], ...]:
    """The columns of the rows that have so many cells."""
    fitting = [row for row in rows if len(row) == width]
    return tuple([row[at] for row in fitting] for at in range(width))


def _known(cells: Sequence[str], rank: Callable[[str], Rank]) -> bool:
    """Whether a cell is a known name, or a word such as `comment_text` that ends in one."""
    return any(
        ranked.level and (ranked.whole or cell.strip().isidentifier()) for cell in cells for ranked in [rank(cell)]
    )


def _fold(cell: str) -> str:
    return cell.strip().casefold()
