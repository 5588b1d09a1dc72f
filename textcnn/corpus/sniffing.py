"""What the values of a column look like: labels, texts, numbers; and whether a first row is a header.

These are the guesses that are made when no column has a name that is known. They are meant to fail towards doubt:
a reader that chose the wrong column would learn something else without anyone's noticing.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain

__all__ = [
    "FLAGS",
    "are_flags",
    "are_parts",
    "are_whole_numbers",
    "can_be_labels",
    "has_words",
    "header_by_content",
    "is_label_like",
    "is_text_like",
    "looks_like_name",
    "mostly_filled",
    "names_part",
    "usual_length",
]

_LABEL_LENGTH = 60
_NAME_LENGTH = 40
_FEW = 10  # values, of which nothing much can be said
_BETWEEN = re.compile(r"[|;,\[\](){}]+")  # labels of one field
_PARTS = "train training test testing dev val valid validation eval evaluation holdout"
_PART = re.compile(r"[^\W\d_A-Z]+|[A-Z]+[^\W\d_A-Z]*")
FLAGS = {
    **dict.fromkeys(("1", "1.0", "true", "t", "yes", "y", "x"), True),
    **dict.fromkeys(("0", "0.0", "false", "f", "no", "n", ""), False),
}


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


def can_be_labels(values: Sequence[str]) -> bool:
    """Whether nothing speaks against labels below a name that says so: they may be several, and missing for some."""
    filled = [value.strip() for value in values if value.strip()]
    if not filled or not mostly_filled(values) or is_text_like(values) or usual_length(values) > _LABEL_LENGTH:
        return False
    labels = Counter(filter(None, map(str.strip, chain.from_iterable(map(_BETWEEN.split, filled)))))
    return len(filled) < _FEW or len(labels) < 0.9 * labels.total()


def mostly_filled(values: Sequence[str]) -> bool:
    """Whether at least every other value is there."""
    return 2 * sum(map(bool, map(str.strip, values))) >= len(values)


def usual_length(values: Sequence[str]) -> int:
    """The median of the lengths of the values that are there, in characters."""
    lengths = sorted(len(value.strip()) for value in values if value.strip())
    return lengths[len(lengths) // 2] if lengths else 0


def has_words(values: Sequence[str]) -> bool:
    """Whether most values that are there have letters."""
    filled = [value for value in values if value.strip()]
    return bool(filled) and sum(any(map(str.isalpha, value)) for value in filled) >= 0.8 * len(filled)


def are_flags(values: Sequence[str]) -> bool:
    """Whether the values are zeros and ones, false and true, or no and yes; some may be missing."""
    return any(map(str.strip, values)) and all(value.strip().casefold() in FLAGS for value in values)


def are_whole_numbers(values: Sequence[str]) -> bool:
    """Whether all values that are there are whole numbers."""
    filled = [value.strip() for value in values if value.strip()]
    return bool(filled) and all(value.removesuffix(".0").removeprefix("-").isdecimal() for value in filled)


def are_parts(values: Sequence[str]) -> bool:
    """Whether the values say which part of a corpus a text belongs to: train, test, `PublicTest` ..."""
    filled = {value.strip() for value in values if value.strip()}
    return len(values) >= 3 and 0 < len(filled) <= _FEW and all(map(names_part, filled))


def names_part(value: str) -> bool:
    """Whether this is the name of a part of a corpus."""
    words = {word.casefold() for word in _PART.findall(value)}
    return len(words) <= 2 and not words.isdisjoint(_PARTS.split())


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
    and so is a new word above labels that all come again, next to one to three above texts that are much longer.
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
    """Whether there is a word or two above texts, which are much longer."""
    return any(_is_short_head(cell, column) for cell, column in pairs if is_text_like(column))


def _all_recur(column: Sequence[str]) -> bool:
    return min(Counter(map(str.strip, column)).values()) > 1


def _is_short_head(cell: str, column: Sequence[str]) -> bool:
    lengths, words = sorted(map(len, column)), len(cell.split())
    return words < 4 and (2 if words == 1 else 4) * len(cell) < lengths[len(lengths) // 2]
