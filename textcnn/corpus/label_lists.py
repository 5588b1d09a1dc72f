"""Lists of labels as programs write them into a field: those of Python, JSON, NumPy and R, and tables of 0 and 1.

    ['a', 'b']   ["a", "b"]   ("a",)   {'a', 'b'}   [0, 2]   [0 2]   ['a' 'b']   {"a": 1, "b": 0}
    array(['a', 'b'], dtype=object)   c("a", "b")   c(0, 2)   character(0)

Fields are data of strangers: they are parsed as literals, never evaluated, and only up to a length.
"""

import json
import re
import warnings
from ast import literal_eval
from collections.abc import Mapping, Sequence
from functools import lru_cache

from textcnn.corpus.record import scalar_text

__all__ = ["all_zeros_and_ones", "are_spans", "named_items", "ones", "written_list"]

_CLOSING = {"[": "]", "(": ")", "{": "}"}
_LONGEST = 100_000  # characters of a field that is parsed
_DEEP = re.compile(r"[\[({-]\s*[\[({-]\s*[\[({-]")  # labels are not nested; a minus may stand before a number
_EMPTY = ("set()", "frozenset()", "character(0)", "list()")
_DTYPE = re.compile(r",\s*dtype=[^,]*$")
# NumPy writes no commas. Python would read its ['a' 'b'] as ['ab'].
_NUMPY_ITEM = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|-?\d+\.?\d*|True|False"""
_NUMPY = re.compile(rf"\[\s*(?:{_NUMPY_ITEM})(?:\s+(?:{_NUMPY_ITEM}))+\s*\]")
_NUMPY_ITEMS = re.compile(_NUMPY_ITEM)


@lru_cache(maxsize=4096)
def written_list(field: str) -> Sequence[object] | Mapping[object, object] | None:
    """What a field without blanks around it lists; None if it is no list."""
    if field in _EMPTY:
        return []
    field = _uncalled(field)
    if len(field) <= _LONGEST and _NUMPY.fullmatch(field):
        return [_literal(item) for item in _NUMPY_ITEMS.findall(field)]
    value = _parsed(field) if _is_enclosed(field) else None
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return value if isinstance(value, list | tuple | Mapping) else None


def _uncalled(field: str) -> str:
    """The list within the call that makes something of it: array(...), or c(...), which R writes for several only."""
    name, _, inside = field.removesuffix(")").partition("(")
    if not field.endswith(")"):
        return field
    if name in ("array", "frozenset"):
        return _DTYPE.sub("", inside)
    return f"[{inside}]" if name in ("c", "list") and ('"' in inside or "," in inside) else field


def _is_enclosed(field: str) -> bool:
    if not 2 <= len(field) <= _LONGEST or _DEEP.match(field):
        return False
    return _CLOSING.get(field[0]) == field[-1]


def _parsed(field: str) -> object:
    value = _json(field) if field[0] != "(" else None
    return _literal(field) if value is None else value


def named_items(value: Sequence[object] | Mapping[object, object]) -> list[str] | None:
    """The labels of a list, or the keys that a mapping has 1 or true for; None if something in it is no label.

    In a mapping null is as good as 0. Label Studio has labels under the key `choices`, where there may be several.
    """
    items = _chosen(value) if isinstance(value, Mapping) else value
    labels = [_item_text(item) for item in items] if items is not None else [None]
    return None if None in labels else [label or "" for label in labels]


def _chosen(value: Mapping[object, object]) -> Sequence[object] | None:
    choices = value.get("choices")
    if isinstance(choices, list) and len(value) == 1:
        return choices
    flags = [one for one in value.values() if one is not None]
    return [key for key, one in value.items() if one] if all_zeros_and_ones(flags) else None


def are_spans(value: object) -> bool:
    """Whether these are labels of parts of a text: [[0, 5, "NAME"]], or objects that have a start and an end."""
    return isinstance(value, list | tuple) and bool(value) and all(map(_is_span, value))


def _is_span(value: object) -> bool:
    if isinstance(value, Mapping):
        return any({f"start{of}", f"end{of}"} <= value.keys() for of in ("", "_offset", "Offset", "_char"))
    if not isinstance(value, list | tuple) or len(value) < 3:
        return False
    return all(isinstance(place, int) for place in value[:2]) and isinstance(value[2], str)


def ones(value: Sequence[object]) -> list[str]:
    """The positions, from 0, that hold 1."""
    return [str(at) for at, item in enumerate(value) if item]


def all_zeros_and_ones(items: object) -> bool:
    """Whether there is nothing but 0, 1, false and true."""
    return all(isinstance(item, int | float) and item in (0, 1) for item in items)  # type: ignore[attr-defined]


def _item_text(item: object) -> str | None:
    """An item of a list as a label: 2.0, which is how arrays write 2, is 2; an object is a label by its name."""
    if isinstance(item, Mapping) and not {"text", "body"} & item.keys():
        item = item.get("name")
    return str(int(item)) if isinstance(item, float) and item.is_integer() else scalar_text(item)


def _json(field: str) -> object:
    try:
        return json.loads(field)
    except (ValueError, RecursionError):
        return None


def _literal(field: str) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of backslashes that escape nothing
            return literal_eval(field)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None
