"""JSON text to objects: one a line, or one array of them in the whole file.

Of keys that repeat, the last counts. Halves of surrogate pairs, which JSON can spell and no file can hold, become
the replacement character; numbers that are none or infinite, which Python writes and JSON does not have, null.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from textcnn.corpus.record import BadRow, well_formed
from textcnn.errors import ReadError

__all__ = ["Item", "UnclearError", "read_array", "read_objects"]

_BLANKS = re.compile(r"[ \t\r\n]*")
_LINE_END = re.compile(r"\r\n|\r|\n")


def _finite(number: str) -> float | None:
    value = float(number)
    return value if math.isfinite(value) else None


_decode = json.JSONDecoder(parse_float=_finite, parse_constant=_finite).raw_decode


class Item(NamedTuple):
    """An object, and the line where it begins."""

    line: int
    values: dict[str, object]


class UnclearError(Exception):
    """Says why an annotation does not tell the labels of its text, and what to do."""

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(problem)
        self.problem, self.advice = problem, advice


class _NotAnObjectError(Exception):
    """Says what is there instead."""


def read_objects(lines: Iterable[str], *, source: str, begin: int = 1) -> Iterator[Item | BadRow]:
    """The objects of JSON lines, blank lines left out; the first line has the number `begin`."""
    for number, line in enumerate(lines, begin):
        if not line.strip():
            continue
        try:
            values = _only_object(line)
        except _NotAnObjectError as problem:
            yield BadRow(number, f"{source}:{number}: {problem}", _advice(line.strip()))
        else:
            yield Item(number, values)


def _advice(line: str) -> str:
    """What to do about a line that is no object."""
    if line == "{":
        return "an object must stand on one line: jq -c . FILE > FILE.jsonl"
    if line.startswith("{'"):
        return "this is how Python prints an object; write it with json.dumps"
    return "each line must be one object {...}; fix it, or leave such lines out with --skip-bad-rows"


def read_array(lines: Iterable[str], *, source: str) -> Iterator[Item]:
    """The objects of a file that is one JSON array of them. The file is read whole, and any error ends it."""
    text = "".join(lines)
    number, counted = 1, 0
    try:
        at = _after_mark(text, "[", _after_blanks(text, 0))
        while not text.startswith("]", at):
            number, counted = number + len(_LINE_END.findall(text, counted, at)), at
            values, end = _object(text, at)
            yield Item(number, values)
            at = _after_blanks(text, end)
            at = at if text.startswith("]", at) else _after_mark(text, ",", at)
        _nothing_after(text, at + 1)
    except _NotAnObjectError as problem:
        message = f"{problem}; the file must be one array of objects [{{...}}, ...], or one object a line"
        raise ReadError(f"{source}:{number}: {message}") from None


def _after_mark(text: str, mark: str, at: int) -> int:
    """Where the next thing begins after the mark that must stand there."""
    if not text.startswith(mark, at):
        raise _NotAnObjectError(f"there is no {mark} where one is needed")
    return _after_blanks(text, at + 1)


def _only_object(line: str) -> dict[str, object]:
    values, end = _object(line, _after_blanks(line, 0))
    _nothing_after(line, end)
    return values


def _nothing_after(text: str, at: int) -> None:
    if text[at:].strip():
        raise _NotAnObjectError("there is something after the end of the JSON")


def _object(text: str, at: int) -> tuple[dict[str, object], int]:
    """The object that begins there, and where it ends."""
    try:
        value, end = _decode(text, at)
        if isinstance(value, dict):
            # Only an escape can have brought in half a pair, and few texts have any.
            return _well_formed_object(value) if "\\u" in text[at:end] else value, end
    except json.JSONDecodeError as error:
        raise _NotAnObjectError(f"this is not JSON ({error.msg}, at column {error.colno})") from None
    except RecursionError:
        raise _NotAnObjectError("this JSON is nested too deeply") from None
    except ValueError:
        raise _NotAnObjectError("this JSON holds a number of too many digits") from None
    raise _NotAnObjectError("this is JSON, but not an object")


def _well_formed_object(values: dict[str, object]) -> dict[str, object]:
    return {well_formed(key): _well_formed(value) for key, value in values.items()}


def _well_formed(value: object) -> object:
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, dict):
        return _well_formed_object(value)
    return [_well_formed(each) for each in value] if isinstance(value, list) else value


def _after_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at
