"""Values inside nested JSON objects, by dotted paths: `doc.body`, and in lists by number, `completions.0.text`.

A key that really contains a dot wins over a path. What is offered where columns are listed is bounded, and so is the
time that it takes to find it, whatever the objects are.
"""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import cast

from textcnn.corpus.column_names import TEXT_NAMES
from textcnn.corpus.label_lists import named_items
from textcnn.errors import ReadError

__all__ = ["MISSING", "flattened", "refuse_wrapped", "value_at", "without"]

MISSING = object()
_MOST = 100  # paths that are offered
_DEEPEST = 8  # steps of such a path
_LONGEST = 100  # characters of a step
_PANDAS = 'pandas.read_json(FILE{}).to_json("FILE.jsonl", orient="records", lines=True)'
_BY_LABEL = (
    "if its keys are labels: jq -c 'to_entries[] | .key as $label | .value[] | {text: ., label: $label}' "
    "FILE > FILE.jsonl"
)


def value_at(value: object, path: str) -> object:
    """What stands under a key or a path; `MISSING` if nothing does."""
    while True:
        if isinstance(value, Mapping) and path in value:
            return value[path]
        step, dot, path = path.partition(".")
        value = _step(value, step)
        if not dot or value is MISSING:
            return value


def _step(value: object, step: str) -> object:
    if isinstance(value, Mapping):
        return value.get(step, MISSING)
    if isinstance(value, list) and step.isdecimal() and len(step) < 10:
        return value[int(step)] if int(step) < len(value) else MISSING
    return MISSING


def without(values: Mapping[str, object], path: str) -> Mapping[str, object]:
    """The object without what stands under a key or a path, and without an object that is empty then; lists stay."""
    if path in values:
        return {key: value for key, value in values.items() if key != path}
    step, _, rest = path.partition(".")
    below = values.get(step)
    if not isinstance(below, Mapping):
        return values
    left = without(below, rest)
    return {key: left if key == step else value for key, value in values.items() if left or key != step}


def flattened(objects: Sequence[Mapping[str, object]], wanted: Iterable[str]) -> list[Mapping[str, object]]:
    """The objects with what nested ones hold, by its path, in their place; and with paths that are wanted."""
    paths = {path: None for path in wanted if _leads_below(objects, path)}
    for values in objects:
        offered = (path for path in _paths(values) if path not in paths)
        paths |= dict.fromkeys(islice(offered, max(_MOST - len(paths), 0)))
    return [_flat(values, paths) for values in objects]


def _leads_below(objects: Iterable[Mapping[str, object]], path: str) -> bool:
    return "." in path and any(value_at(values, path) is not MISSING for values in objects)


def _flat(values: Mapping[str, object], paths: Iterable[str]) -> Mapping[str, object]:
    plain = {key: value for key, value in values.items() if not _is_nested(value)}
    found = ((path, value_at(values, path)) for path in paths)
    return plain | {path: value for path, value in found if value is not MISSING}


def _paths(value: object, above: str = "", depth: int = 1) -> Iterator[str]:
    """Those to all that is no nested object itself, as deep as is looked."""
    for step, below in _children(value):
        path = f"{above}{step}"
        if len(step) > _LONGEST:
            continue
        if not _is_nested(below):
            if depth > 1:
                yield path
        elif depth < _DEEPEST:
            yield from _paths(below, f"{path}.", depth + 1)


def _children(value: object) -> Iterable[tuple[str, object]]:
    """The values of an object by key; of a list the first, which shows what the others are like."""
    if isinstance(value, Mapping):
        return value.items()
    return [("0", value[0])] if isinstance(value, list) else ()


def _is_nested(value: object) -> bool:
    """Whether a value holds others that may be texts or labels; a list of labels, or an object of them, is a value."""
    if isinstance(value, Mapping):
        return named_items(value) is None
    return isinstance(value, list) and _is_list_of_objects(value) and named_items(value) is None


def refuse_wrapped(values: Mapping[str, object], source: str) -> None:
    """Raise if an object that is alone in its file holds those that are meant, and say how to get at them."""
    if key := next((key for key, value in values.items() if _is_list_of_objects(value) and len(key) <= _LONGEST), None):
        name = json.dumps(key, ensure_ascii=False)
        raise ReadError(
            f"{source}: this one object holds the objects under {name}, and each must stand on a line of its own: "
            f"jq -c {shlex.quote(f'.{name}[]')} FILE > FILE.jsonl"
        )
    if len(values) > 1 and (how := _unwrapping(values)):
        raise ReadError(f"{source}: this one object holds all texts, and each must be an object of its own: {how}")


def _unwrapping(values: Mapping[str, object]) -> str:
    """How to make objects of a table that was written column by column, or otherwise in one piece; "" if it is none."""
    if {"columns", "data"} <= values.keys():
        return _PANDAS.format(', orient="split"')
    below = list(values.values())
    if all(isinstance(value, list) for value in below):
        return _PANDAS.format("") if any(key.casefold() in TEXT_NAMES for key in values) else _BY_LABEL
    if all(isinstance(value, Mapping) for value in below):
        numbered = all(map(str.isdecimal, chain.from_iterable(cast(list[Mapping[str, object]], below))))
        return _PANDAS.format("" if numbered else ', orient="index"')
    return ""


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)
