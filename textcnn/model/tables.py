"""Tables of Arrow: the texts of one, and one with answers beside them, by pyarrow.

Which column has the texts depends on the names and types of the columns alone, never on values, so that each piece of a
table is answered as the whole is.

Shapes: B texts, K labels.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.corpus.arrow import require_pyarrow
from textcnn.corpus.arrow_records import is_text, plain_values
from textcnn.corpus.free_names import free_names
from textcnn.corpus.joined import join_texts
from textcnn.corpus.paths import MISSING, value_at
from textcnn.corpus.record import LearnedReading, scalar_text
from textcnn.errors import ColumnError, DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ANSWER_COLUMNS", "TableAnswers", "as_table", "text_columns", "texts_of", "with_answers"]

Rows = Any  # a Table or a RecordBatch of pyarrow
ANSWER_COLUMNS = ("label", "probability", "probabilities")


class TableAnswers(NamedTuple):
    """The answers for texts, none of them null."""

    names: tuple[str, ...]  # of the labels of the model
    labels: Sequence[tuple[str, ...]]  # of each text
    first: Sequence[int]  # (B,) whose probability is that of the answer
    probabilities: NDArray[np.float32]  # (B, K)
    is_list: bool  # whether several labels can be the answer


def as_table(table: Any) -> Rows:
    """A Table or RecordBatch, made of whatever has columns that Arrow knows.

    Raises:
        DataError: it has none.
    """
    require_pyarrow("a table")
    import pyarrow as pa

    if isinstance(table, pa.Table | pa.RecordBatch):
        return table
    try:
        return pa.table(table)
    except (TypeError, ValueError, pa.ArrowException) as error:
        raise DataError(f"a table of Arrow is expected, not {type(table).__name__}: {error}") from None


def text_columns(rows: Rows, told: str | Sequence[str] | None, learned: LearnedReading | None) -> tuple[str, ...]:
    """The names of the columns of the text, or paths to them: as told, as in training, or the only one of text.

    Raises:
        ColumnError: one that was told is missing, or it cannot be told.
    """
    if told is not None:
        return _told(rows, (told,) if isinstance(told, str) else tuple(told))
    if found := tuple(name for name in (learned.texts if learned else ()) if _is_there(rows, name)):
        return found
    texts = tuple(field.name for field in rows.schema if is_text(field.type))
    if len(texts) == 1:
        return texts
    raise ColumnError(f"cannot tell which column is the text; {_listed(rows)}; choose with text_column")


def _told(rows: Rows, names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names or ("",):
        if not _is_there(rows, name):
            raise ColumnError(f'there is no column "{name}"; {_listed(rows)}')
    return names


def _listed(rows: Rows) -> str:
    return f"the columns are {', '.join(rows.schema.names) or 'none'}"


def _is_there(rows: Rows, path: str) -> bool:
    names: list[str] = rows.schema.names
    return names.count(path if path in names else path.partition(".")[0]) == 1


def texts_of(rows: Rows, columns: Sequence[str]) -> list[str | None]:
    """The text of each row, of several columns joined; None where there is none.

    Raises:
        DataError: there is something else.
    """
    cells = [_cells(rows, column) for column in columns]
    if len(cells) == 1:
        return cells[0]
    return [
        None if all(cell is None for cell in row) else join_texts(columns, [cell or "" for cell in row])[0]
        for row in zip(*cells, strict=True)
    ]


def _cells(rows: Rows, path: str) -> list[str | None]:
    top, _, below = (path, "", "") if path in rows.schema.names else path.partition(".")
    try:
        values = plain_values(rows.column(top), "utf-8")
    except ValueError as error:
        raise DataError(f'the column "{top}" cannot be read ({error})') from None
    if below:
        values = [value_at(value, below) for value in values]
    texts = [scalar_text(value) for value in values]
    for row, (value, text) in enumerate(zip(values, texts, strict=True), 1):
        if text is None and value is not None and value is not MISSING:
            raise DataError(f'row {row}: the column "{path}" holds a {type(value).__name__}, where one text is needed')
    return texts


def with_answers(
    rows: Rows, answered: Sequence[bool], answers: TableAnswers, *, only: Collection[str] = (), top: int | None = None
) -> Rows:
    """The rows with their answers; `answered` says of each row whether it has one."""
    import pyarrow as pa

    there = np.array(answered, bool)
    take = pa.array(there.cumsum() - 1, pa.int64(), mask=~there)  # nothing where there is no answer
    columns = [column.take(take) for column in _columns(answers, top)]
    names = [*free_names(rows.schema.names, ANSWER_COLUMNS), *ANSWER_COLUMNS]
    fields = [field.with_name(name) for field, name in zip(rows.schema, names, strict=False)]
    fields += [pa.field(name, column.type) for name, column in zip(ANSWER_COLUMNS, columns, strict=True)]
    made = type(rows).from_arrays([*rows.columns, *columns], schema=pa.schema(fields, _metadata(rows)))
    if not only:
        return made
    wanted = [not set(only).isdisjoint(labels) for labels in answers.labels]
    return made.filter(pa.array(wanted, pa.bool_()).take(take), null_selection_behavior="drop")


def _metadata(rows: Rows) -> dict[bytes, bytes] | None:
    """What the schema says besides, but for a list of all columns, which would not be true any more."""
    return {key: value for key, value in (rows.schema.metadata or {}).items() if key != b"huggingface"} or None


def _columns(answers: TableAnswers, top: int | None) -> "list[pa.Array]":
    import pyarrow as pa

    texts, (count, labels) = np.arange(len(answers.labels)), answers.probabilities.shape
    given = [list(own) if answers.is_list else own[0] for own in answers.labels]
    unlisted = np.zeros((count, labels), bool)
    if top is not None and top < labels:
        order = (-answers.probabilities).argsort(axis=1, kind="stable")[:, top:]
        np.put_along_axis(unlisted, order, True, axis=1)
    each = [
        pa.array(answers.probabilities[:, at].copy(), pa.float32(), mask=unlisted[:, at].copy()) for at in range(labels)
    ]
    first = np.asarray(answers.first, np.int64)
    return [
        pa.array(given, pa.list_(pa.string()) if answers.is_list else pa.string()),
        pa.array(answers.probabilities[texts, first], pa.float32()),
        pa.StructArray.from_arrays(each, names=list(answers.names)),
    ]
