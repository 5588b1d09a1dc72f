"""Tables of Arrow: the texts of one, and one with answers beside them, by pyarrow.

Which column has the texts depends on the names and types of the columns alone, never on values, so that each piece of a
table is answered as the whole is.

Shapes: B texts, K labels.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from textcnn.corpus.arrow import require_pyarrow
from textcnn.corpus.arrow_records import is_text, plain_values
from textcnn.corpus.free_names import free_names
from textcnn.corpus.joined import join_texts
from textcnn.corpus.paths import MISSING, value_at
from textcnn.corpus.record import LearnedReading, scalar_text
from textcnn.errors import ColumnError, DataError
from textcnn.model.policy import Decided, Judge, Policy, decide

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["answer_rows", "as_table", "text_columns", "texts_of"]

Rows = Any  # a Table or a RecordBatch of pyarrow


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


def answer_rows(predictor: Judge, rows: Rows, texts: Sequence[str | None], policy: Policy) -> Rows:
    """The rows with their answers, but for those that `policy.only` leaves out.

    Args:
        predictor: the model.
        rows: any.
        texts: of each row; where there is none, there is no answer.
        policy: how they are answered.
    """
    import pyarrow as pa

    there = np.array([text is not None for text in texts], bool)
    take = pa.array(there.cumsum() - 1, pa.int64(), mask=~there)  # nothing where there is no answer
    decided = decide(predictor, [text for text in texts if text is not None], policy)
    made = _columns(predictor, decided, policy)
    names = [*free_names(rows.schema.names, list(made)), *made]
    columns = [*rows.columns, *(column.take(take) for column in made.values())]
    fields = [field.with_name(name) for field, name in zip(rows.schema, names, strict=False)]
    fields += [pa.field(name, column.type) for name, column in made.items()]
    answered = type(rows).from_arrays(columns, schema=pa.schema(fields, _metadata(rows)))
    if not policy.only:
        return answered
    wanted = [not set(policy.only).isdisjoint(labels) for labels in decided.labels]
    return answered.filter(pa.array(wanted, pa.bool_()).take(take), null_selection_behavior="drop")


def _metadata(rows: Rows) -> dict[bytes, bytes] | None:
    """What the schema says besides, but for a list of all columns, which would not be true any more."""
    return {key: value for key, value in (rows.schema.metadata or {}).items() if key != b"huggingface"} or None


def _columns(predictor: Judge, decided: Decided, policy: Policy) -> "dict[str, pa.Array]":
    import pyarrow as pa

    is_list = predictor.model.multi_label or policy.is_list
    given = [list(own) if is_list else own[0] for own in decided.labels]
    made = {
        "label": pa.array(given, pa.list_(pa.string()) if is_list else pa.string()),
        "probability": pa.array(decided.values, pa.float32()),
        "probabilities": _probabilities(predictor.labels, decided.probabilities, policy.top),
    }
    return made if decided.novelty is None else {**made, "novelty": pa.array(decided.novelty, pa.float32())}


def _probabilities(names: Sequence[str], probabilities: NDArray[np.float32], top: int | None) -> "pa.StructArray":
    """A field for each label; of labels that are not among the likeliest, null."""
    import pyarrow as pa

    unlisted = np.zeros(probabilities.shape, bool)
    if top is not None and top < len(names):
        order = (-probabilities).argsort(axis=1, kind="stable")[:, top:]
        np.put_along_axis(unlisted, order, True, axis=1)
    of_labels = [
        pa.array(probabilities[:, at].copy(), pa.float32(), mask=unlisted[:, at].copy()) for at in range(len(names))
    ]
    return pa.StructArray.from_arrays(of_labels, names=list(names))
