"""Several columns of a row: texts that are joined, and labels of which each has a column of zeros and ones."""

from collections.abc import Sequence

from textcnn.corpus.record import TextPart, scalar_text
from textcnn.corpus.sniffing import FLAGS

__all__ = ["JOINER", "flagged_labels", "join_texts"]

# A word of its own between two columns: no two words stand side by side that did not in the file.
JOINER = " | "


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
    """The columns that hold 1 or true, not 0, false or nothing.

    Raises:
        ValueError: something else is there; says where and what.
    """
    flags = [_flag(value) for value in values]
    if None in flags:
        at = flags.index(None)
        shown = repr(values[at])
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        raise ValueError(f'"{columns[at]}" is {shown}, where 0, 1, true, false or nothing is needed')
    return tuple(column for column, flag in zip(columns, flags, strict=True) if flag)


def _flag(value: object) -> bool | None:
    text = "" if value is None else scalar_text(value)
    return None if text is None else FLAGS.get(text.strip().casefold())
