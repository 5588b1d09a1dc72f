"""The text and the labels of a row, from one column each or from several.

Texts are joined; of several label columns each is a label, of zeros and ones.
"""

from collections.abc import Sequence

from textcnn.corpus.columns import Columns
from textcnn.corpus.label_fields import LabelFields
from textcnn.corpus.record import TextPart, scalar_text
from textcnn.corpus.sniffing import FLAGS

__all__ = ["JOINER", "flagged_labels", "join_texts", "read_labels", "read_text"]

# A word of its own between two columns: no two words stand side by side that did not in the file.
JOINER = " | "


def read_text(columns: Columns, cells: Sequence[str]) -> tuple[str, tuple[TextPart, ...]]:
    """The text, and what each column gave to it if several are joined."""
    return join_texts(columns.texts, cells) if len(cells) > 1 else (cells[0], ())


def read_labels(columns: Columns, fields: LabelFields, cells: Sequence[object]) -> tuple[str, ...]:
    """The labels: those of a field, or the names of the columns that hold 1.

    Raises:
        ValueError: there is something else; says where and what.
    """
    if len(cells) > 1:
        return flagged_labels(columns.labels, cells)
    try:
        return fields.read(cells[0]) if cells else ()
    except ValueError as problem:
        raise ValueError(f'"{columns.label}" {problem}') from None


def join_texts(columns: Sequence[str], texts: Sequence[str]) -> tuple[str, tuple[TextPart, ...]]:
    """The texts of a row that are not empty as one, and which part of it each column gave."""
    parts, joined = [], ""
    for column, text in zip(columns, texts, strict=True):
        if text.strip():
            start = len(joined) + len(JOINER) if joined else 0
            joined += JOINER * bool(joined) + text
            parts.append(TextPart(column, start, len(joined)))
    return joined, tuple(parts)


def flagged_labels(columns: Sequence[str], values: Sequence[object]) -> tuple[str, ...]:
    """The columns that hold 1, true or yes, not 0, false, no or nothing.

    Raises:
        ValueError: something else is there; says where and what.
    """
    flags = [_flag(value) for value in values]
    if None in flags:
        at = flags.index(None)
        shown = repr(values[at])
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        raise ValueError(f'"{columns[at]}" is {shown}, where 0, 1, true, false, yes, no or nothing is needed')
    return tuple(column for column, flag in zip(columns, flags, strict=True) if flag)


def _flag(value: object) -> bool | None:
    text = "" if value is None else scalar_text(value)
    return None if text is None else FLAGS.get(text.strip().casefold())
