"""Batches of an Arrow file to records: its columns are what keys are in JSON objects, nested ones by dotted paths.

Values become those of JSON: times and decimals are written as text, bytes that are text in the encoding are that, and
numbers that are none or infinite become null.
"""

import base64
import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from textcnn.corpus.arrow import ArrowFile
from textcnn.corpus.json_objects import Item
from textcnn.corpus.object_records import open_columns
from textcnn.corpus.opened import LOOK, Opened
from textcnn.corpus.record import BadRow, Reading, Record, Unlabelled, bad_row
from textcnn.corpus.soft_labels import of_columns
from textcnn.errors import ReadError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["batch_items", "is_text", "open_batches", "plain_values"]


def open_batches(file: ArrowFile, reading: Reading, labelled: bool) -> Opened:
    """The records of a file; the first rows decide about columns."""
    if len(set(file.names)) < len(file.names):
        raise ReadError(f"{file.source}: several columns have the same name: {', '.join(file.names)}")
    items = _items(file, reading.encoding)
    if labelled and reading.soft_labels:
        items = of_columns(items)
    ahead = list(islice(items, LOOK))
    whole = _chained(ahead, items)
    opened = open_columns(list(ahead), whole, reading, labelled, file.source)
    if file.kept is not None and opened.columns is not None:
        return opened._replace(records=_of_texts(file, opened, whole))
    return opened._replace(records=map(_written, opened.records))


def _of_texts(file: ArrowFile, opened: Opened, items: Iterator[Item]) -> Iterator[Record | BadRow | Unlabelled]:
    """The records where their other columns come from the batches that are kept: these are not looked at."""
    columns = opened.columns
    assert columns is not None
    asked = [*columns.texts, *(columns.names[at] for at, _ in columns.rows_at)]
    tops = (name if name in file.names else name.partition(".")[0] for name in asked)
    file.needed = list(dict.fromkeys(tops))
    if file.needed == asked and len(asked) == 1 and is_text(file.schema.field(asked[0]).type):
        return _plain_records(items, asked[0], file.source)
    return map(_written, opened.records)


def _plain_records(items: Iterator[Item], name: str, source: str) -> Iterator[Record | BadRow]:
    """The usual case, quicker: one column, of text."""
    for line, values in items:
        text = values[name]
        if isinstance(text, str):
            yield Record(text, (), line, source)
        else:
            yield bad_row(source, line, f'the column "{name}" is null, where one text is needed')


def is_text(kind: Any) -> bool:
    """Whether a type of Arrow is one of text, or of text in a dictionary."""
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return any(test(kind) for test in (types.is_string, types.is_large_string, types.is_string_view))


def _chained(ahead: list[Item], items: Iterator[Item]) -> Iterator[Item]:
    yield from ahead
    ahead.clear()
    yield from items


def _items(file: ArrowFile, encoding: str) -> Iterator[Item]:
    for batch in file:
        with file.readable(f"after row {file.number} it cannot be read"):
            seen = batch if file.needed is None else batch.select(file.needed)
            items = list(batch_items(seen, encoding, file.number + 1))
        yield from items


def batch_items(batch: "pa.RecordBatch", encoding: str, begin: int = 1) -> Iterator[Item]:
    """The rows of a batch as objects, numbered from `begin`."""
    names = batch.schema.names
    columns = [plain_values(column, encoding) for column in batch.columns]
    for line, row in enumerate(zip(*columns, strict=True), begin):
        yield Item(line, dict(zip(names, row, strict=True)))


def plain_values(column: "pa.Array | pa.ChunkedArray", encoding: str) -> list[Any]:
    """The values of a column as JSON has them; bytes that are not in the encoding stay what they are."""
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if types.is_temporal(kind):
        return _times(column)
    try:
        values: list[Any] = column.to_pylist()
    except ArithmeticError as error:  # decimals of more digits than Python's have
        raise ValueError(f"a number of {kind} is out of its limits") from error
    is_plain = is_text(kind) or types.is_integer(kind) or types.is_boolean(kind)
    return values if is_plain else [_plain(value, encoding) for value in values]


def _times(column: "pa.Array | pa.ChunkedArray") -> list[Any]:
    import pyarrow as pa

    try:
        return list(column.cast(pa.string()).to_pylist())
    except pa.ArrowException:  # intervals, or a zone that is not known here
        return [None if value is None else str(value) for value in column.to_pylist()]


def _plain(value: Any, encoding: str) -> Any:
    match value:
        case None | str() | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case bytes():
            return _decoded(value, encoding)
        case Mapping():
            return {str(key): _plain(item, encoding) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, encoding) for item in value]
    return str(value)  # decimals, times within lists, identifiers


def _decoded(value: bytes, encoding: str) -> str | bytes:
    try:
        return value.decode(encoding)
    except ValueError:
        return value


def _written(row: Record | BadRow | Unlabelled) -> Record | BadRow | Unlabelled:
    """The row, where other columns hold bytes that are no text, with these as JSON can hold them."""
    if isinstance(row, Unlabelled):
        return row._replace(record=_json_fields(row.record))
    return _json_fields(row) if isinstance(row, Record) else row


def _json_fields(record: Record) -> Record:
    return record._replace(fields=tuple((name, _as_json(value)) for name, value in record.fields))


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    return [_as_json(item) for item in value] if isinstance(value, list) else value
