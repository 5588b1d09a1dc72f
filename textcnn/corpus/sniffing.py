"""What the values of a column look like: labels, texts, numbers; and whether a first row is a header.

These are the guesses that are made when no column has a name that is known. They are meant to fail towards doubt:
a reader that chose the wrong column would learn something else without anyone's noticing.
"""

from collections import Counter
from collections.abc import Sequence

__all__ = ["header_by_content", "is_label_like", "is_text_like", "looks_like_name"]

_LABEL_LENGTH = 60
_NAME_LENGTH = 40


def is_label_like(values: Sequence[str]) -> bool:
    """Few different values, short ones, that come again."""
    filled = [value.strip() for value in values if value.strip()]
    if len(filled) < 3 or len(filled) < 0.9 * len(values):
        return False
    return len(set(filled)) <= 0.7 * len(filled) and max(map(len, filled)) <= _LABEL_LENGTH


def is_text_like(values: Sequence[str]) -> bool:
    """Mostly different values, alphabetic ones, with blanks between words or in a script that may do without."""
    filled = [value.strip() for value in values if value.strip()]
    if not filled or is_label_like(values):
        return False
    alphabetic = sum(any(map(str.isalpha, value)) for value in filled)
    worded = sum(len(value.split(None, 1)) > 1 or not value.isascii() for value in filled)
    return alphabetic >= 0.8 * len(filled) and worded >= 0.5 * len(filled)


def is_number(value: str) -> bool:
    """Whether the value is a number as programs write it."""
    try:
        float(value)
    except ValueError:
        return False
    return True


def looks_like_name(cell: str) -> bool:
    """Whether a cell could head a column: a few words, no sentence, no number. Empty cells may head one as well."""
    cell = cell.strip()
    return (
        len(cell) <= _NAME_LENGTH
        and len(cell.split()) <= 3
        and not any(mark in cell for mark in ".?!\n\r")
        and not is_number(cell)
    )


def header_by_content(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool | None:
    """Whether the first row heads the columns `below`; None when it cannot be told.

    A value that comes again below, a number above numbers, or a sentence is no header. A word above numbers is one,
    and so is a new word above labels that all come again, next to a single short word above texts.
    """
    pairs = [(cell.strip(), column) for cell, column in zip(first, below, strict=False)]
    if any(_is_value(cell, column) for cell, column in pairs):
        return False
    if not all(map(looks_like_name, first)):
        return None
    return True if _heads_numbers(pairs) or (_heads_labels(pairs) and _heads_texts(pairs)) else None


def _is_value(cell: str, column: Sequence[str]) -> bool:
    """Whether the cell above the column is surely one of its values."""
    if is_number(cell) and _all_numbers(column):
        return True
    if len(cell.split()) > 3 or len(cell) > _NAME_LENGTH:
        return True
    return bool(cell) and is_label_like(column) and cell in map(str.strip, column)


def _all_numbers(column: Sequence[str]) -> bool:
    return bool(column) and all(map(is_number, column))


def _heads_numbers(pairs: Sequence[tuple[str, Sequence[str]]]) -> bool:
    """Whether there is a word above numbers; it is none itself, for it looks like a name."""
    return any(cell and _all_numbers(column) for cell, column in pairs)


def _heads_labels(pairs: Sequence[tuple[str, Sequence[str]]]) -> bool:
    """Whether there is a cell above labels that all come again."""
    return any(cell and _all_recur(column) for cell, column in pairs if is_label_like(column))


def _heads_texts(pairs: Sequence[tuple[str, Sequence[str]]]) -> bool:
    """Whether there is a single short word above texts."""
    return any(_is_short_head(cell, column) for cell, column in pairs if is_text_like(column))


def _all_recur(column: Sequence[str]) -> bool:
    return min(Counter(map(str.strip, column)).values()) > 1


def _is_short_head(cell: str, column: Sequence[str]) -> bool:
    lengths = sorted(map(len, column))
    return len(cell.split()) == 1 and 2 * len(cell) < lengths[len(lengths) // 2]
