"""How much each text counts, read from a column of numbers; texts of weight 0 are left out."""

import math
from collections.abc import Iterable, Iterator

from textcnn.corpus.paths import MISSING, value_at
from textcnn.corpus.record import BadRow, Record, Unlabelled
from textcnn.errors import ColumnError, ReadError

__all__ = ["refuse_weights", "weighted"]

_Item = Record | BadRow | Unlabelled


def refuse_weights(told: str | int | None, source: str) -> None:
    """Raise if a column of weights was asked for where there are no columns."""
    if told is not None:
        raise ColumnError(f"{source}: only tables and JSON have a column of weights; leave out --weight-column")


def weighted(items: Iterable[_Item], column: str, source: str, notes: list[str]) -> Iterator[_Item]:
    """The same with the weights in that column; a record without one is a bad row. A note counts those left out.

    Raises:
        ReadError: all are left out.
    """
    kept = left_out = 0
    for item in items:
        made = _with_weight(item, column, source)
        if isinstance(made, BadRow):
            yield made
        elif _record(made).weight:
            kept += 1
            yield made
        else:
            left_out += 1
    if left_out and not kept:
        raise ReadError(f'{source}: all weights in "{column}" are 0, so no text would count')
    if left_out:
        notes.append(f"{left_out} {'text' if left_out == 1 else 'texts'} of weight 0 left out")


def _record(item: Record | Unlabelled) -> Record:
    return item.record if isinstance(item, Unlabelled) else item


def _with_weight(item: _Item, column: str, source: str) -> _Item:
    if isinstance(item, BadRow):
        return item
    record = _record(item)
    value = value_at(dict(record.fields), column)
    weight = _number(value)
    if weight is not None:
        record = record._replace(weight=weight)
        return item._replace(record=record) if isinstance(item, Unlabelled) else record
    shown = "missing" if value is None or value is MISSING else "empty" if not str(value).strip() else repr(value)[:40]
    problem = f'{source}:{record.line}: the weight in "{column}" is {shown}, where a number from 0 up is needed'
    return BadRow(record.line, problem, "fix it, or leave such rows out with --skip-bad-rows")


def _number(value: object) -> float | None:
    """A finite number from 0 up; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < math.inf else None
