"""Parquet and Arrow files, with damage and with columns of many types, give records or DataError."""

import datetime
import io
import json
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import mutations
from harness import CpuLimit

from textcnn.corpus import Reading, open_corpus
from textcnn.errors import DataError, SettingsError

try:
    import pyarrow as pa
    from pyarrow import ipc
    from pyarrow import parquet as pq
except ImportError:  # then it is not read either
    pa = None

_SECONDS = 1e-4  # of a byte, which runs and dictionaries may spread to many
_NAMES = ("text", "label", "id", "", "text", "body", "doc.body", "a")


class Case(NamedTuple):
    """A file, and how it is read."""

    data: bytes
    name: str
    reading: Reading
    labelled: bool


def make(random: Random) -> Case:
    """A table of a few rows, most often damaged somewhere."""
    form = random.choice(("parquet", "parquet", "arrow", "arrows"))
    data = _file(form, _table(random), random) if pa else b"PAR1"
    if random.random() < 0.7:
        data = mutations.changed(data, random)
    reading = Reading(
        format=random.choice(("auto", "auto", "parquet", "arrow")),
        encoding=random.choice(("utf-8", "utf-8", "latin-1", "utf-16")),
        text_column=random.choice((None, None, "text", "doc.body", 1, ("text", "id"))),
        label_column=random.choice((None, None, "label", "tags")),
        skip_bad_rows=random.random() < 0.5,
        rows=random.choice((None, None, None, {"label": {"ham"}})),
    )
    return Case(data, f"file.{form}", reading, random.random() < 0.5)


def _table(random: Random) -> Any:
    rows = random.choice((0, 1, 3, 3, 30))
    made = {name: _column(rows, random) for name in random.sample(_NAMES, random.choice((1, 2, 3, 5)))}
    if random.random() < 0.7:
        made |= {"text": pa.array([mutations.text(random) for _ in range(rows)]), "label": _column(rows, random)}
    return pa.table(made)


def _column(rows: int, random: Random) -> Any:
    value = random.choice(
        (
            "ham", "a text of words", "", None, b"\xff", 1, 0.5, float("nan"), True, Decimal("1.5"), ["ham", "spam"],
            datetime.datetime(2024, 1, 2), datetime.date(1, 1, 1), datetime.timedelta(1), {"body": "a text"},
            [{"text": "x"}], {"at": datetime.time(1)},
        )
    )  # fmt: skip
    column = pa.array([value if random.random() < 0.9 else None for _ in range(rows)])
    if pa.types.is_string(column.type) and random.random() < 0.5:
        return random.choice((column.dictionary_encode(), column.cast(pa.large_string()), column.cast(pa.binary())))
    return column


def _file(form: str, table: Any, random: Random) -> bytes:
    stream = io.BytesIO()
    if form == "parquet":
        packed = random.choice(("none", "snappy", "zstd", "gzip"))
        pq.write_table(table, stream, row_group_size=random.choice((1, 1000)), compression=packed)
        return stream.getvalue()
    made = ipc.new_file if form == "arrow" else ipc.new_stream
    with made(stream, table.schema) as writer:
        writer.write_table(table)
    return stream.getvalue()


def check(case: Case) -> None:
    """Read it as `predict` and `train` do; what comes can be written again."""
    path = Path(case.name)
    path.write_bytes(case.data)
    with (
        CpuLimit(5 + _SECONDS * len(case.data), case.name),
        suppress(DataError, SettingsError),
        open_corpus(path, reading=case.reading, labelled=case.labelled) as reader,
    ):
        for record in reader:
            record.text.encode()
            assert all(label and label.encode() for label in record.labels), "a label is empty"
            json.dumps(record.fields, ensure_ascii=False, allow_nan=False).encode()
        reader.describe().encode()
    path.unlink()
