"""Which columns are the text and the label: as told, as in training, as names and values say, or an error that helps.

Names are compared without case. A column that is chosen must be the only one of its name. What needs no guess:
known_columns.py; how it is guessed otherwise, and when that is in doubt: column_guess.py.
"""

import re
from collections import Counter
from collections.abc import Sequence
from shlex import quote
from typing import NamedTuple

from textcnn.corpus.column_guess import guess_label, guess_text, split_column
from textcnn.corpus.column_table import ColumnTable, only_rows, rows_at
from textcnn.corpus.header import find_header, transposed
from textcnn.corpus.known_columns import known_columns, learned_labels
from textcnn.corpus.record import Reading
from textcnn.errors import ColumnError

__all__ = ["Columns", "choose_columns", "choose_keys"]

_RIVALS = 3  # that are named
_MARK = re.compile(r"__[a-z]+__|[#@$%:^~+]+", re.IGNORECASE)  # of labels in lines
_DELIMITER_NAMES = {
    ",": "comma-separated",
    ";": "semicolon-separated",
    "\t": "tab-separated",
    "": "an object each",
    "cells": "rows of cells",
    "columns": "typed columns",
}


class Columns(NamedTuple):
    """The choice: names (or "column 3" where there are none), places, and how each was found.

    Several texts are joined. Of several labels each is a column of zeros and ones.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    header: bool
    delimiter: str  # "" for JSON, "cells" for spreadsheets, "columns" for Parquet and Arrow
    names: tuple[str, ...]
    texts_at: tuple[int, ...]
    labels_at: tuple[int, ...]
    text_by: str  # "as told", "as in training", "by name", "by content" or "the only one left"
    label_by: str
    text_rivals: tuple[str, ...] = ()  # columns that could have been taken too
    label_rivals: tuple[str, ...] = ()
    text_absent: tuple[str, ...] = ()  # columns that a model learned from, and that are not there
    label_absent: tuple[str, ...] = ()
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

    @property
    def kind(self) -> str:
        """What a column is called."""
        return "column" if self.delimiter else "key"

    def describe(self) -> str:
        """A sentence for whoever wants to know what was read as what."""
        form = _DELIMITER_NAMES.get(self.delimiter, f"separated by {self.delimiter!r}")
        if self.delimiter not in ("", "columns"):
            form += ", with a header" if self.header else ", without a header"
        joined = ", joined" if len(self.texts) > 1 else ""
        beside = _beside(self.text_rivals, "--text-column chooses, or joins them") + _without(self.text_absent)
        found = f"text from {_named(self.texts)} ({self.text_by}{joined}{beside})"
        if self.labels:
            beside = _beside(self.label_rivals, "--label-column chooses") + _without(self.label_absent)
            found += f", labels from {_named(self.labels)} ({self.label_by}{beside})"
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


def _without(absent: Sequence[str]) -> str:
    """That a model learned from other columns."""
    verb = "is" if len(absent) == 1 else "are"
    return f"; the model learned from {_named(absent)}, which {verb} not there" if absent else ""


def choose_columns(
    rows: Sequence[Sequence[str]], *, delimiter: str, reading: Reading, labelled: bool, source: str
) -> Columns:
    """The columns of a delimited file whose first rows these are, header included if there is one."""
    header = find_header(rows, reading=reading, source=source)
    width = len(rows[0]) if header else Counter(map(len, rows)).most_common(1)[0][0]
    heads = [cell.strip() for cell in rows[0]] if header else [""] * width
    names = tuple(head or f"column {at}" for at, head in enumerate(heads, 1))
    table = ColumnTable(source, names, transposed(rows[header:], width))
    return _choose(table, reading, labelled, header, delimiter)


def choose_keys(
    objects: Sequence[dict[str, str]], *, reading: Reading, labelled: bool, source: str, kind: str = "key"
) -> Columns:
    """The keys of JSON objects, the first of which these are, their values as text; or the columns of such a kind."""
    names = tuple(dict.fromkeys(key for each in objects for key in each))
    values = tuple([each.get(name, "") for each in objects] for name in names)
    return _choose(
        ColumnTable(source, names, values, kind), reading, labelled, True, "" if kind == "key" else "columns"
    )


def _choose(table: ColumnTable, reading: Reading, labelled: bool, header: bool, delimiter: str) -> Columns:
    wanted = rows_at(table, reading.rows)
    table = only_rows(table, wanted) if wanted else table
    weight = _only_weight(table, reading)
    text, label = known_columns(table, reading, labelled, weight)
    alone = bool(label.places) or not labelled
    if labelled and not label.places:
        _refuse_single(table, delimiter)
        label = guess_label(table, (*text.places, *weight))._replace(absent=label.absent)
    if not text.places:
        labels = label.places or learned_labels(table, reading)  # which are no texts, asked for or not
        text = guess_text(table, (*labels, *weight), alone=alone)._replace(absent=text.absent)
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
        text_absent=text.absent,
        label_absent=label.absent,
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


def _advice_on_single(table: ColumnTable) -> str:
    """What to name: what marks labels, if all fields begin with the same sign and hardly another, or the delimiter."""
    words = [value.split(None, 1)[0] for value in table.values[0] if value.strip()]
    marks = {mark[0] if (mark := _MARK.match(word)) else "" for word in words}
    if len(marks) == 1 and any(marks) and len(set(words)) <= len(words) / 2:
        return f"; if labels stand at the start, name what marks them: --label-prefix {quote(*marks)}"
    return "; if another character separates columns, name it: --delimiter"


def _refuse_single(table: ColumnTable, delimiter: str) -> None:
    if len(table.names) == 1:
        only = table.example(0)[2:]
        advice = "" if delimiter in ("", "columns") else _advice_on_single(table)
        raise ColumnError(
            f"{table.source}: there is only one {table.kind}, {only}, but a text and its label are needed{advice}"
        )
