"""Rows written as CSV or as JSON lines, so that `open_corpus` reads the same from them."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import BinaryIO

__all__ = ["WRITTEN", "write_rows", "written_format"]

WRITTEN = (".csv", ".jsonl")


def written_format(path: PurePath) -> str | None:
    """The format that a name asks for; None if none is written under such a name."""
    suffix = path.suffix.lower()
    return suffix.removeprefix(".") if suffix in WRITTEN else None


def write_rows(file: BinaryIO, form: str, names: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows, each a value by the name of its column.

    Args:
        file: to write to.
        form: "csv" or "jsonl".
        names: the columns of CSV; a row that lacks one has nothing there. JSON lines have what each row has.
        rows: in their order.
    """
    if form == "jsonl":
        for row in rows:
            file.write(json.dumps(dict(row), ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        return
    text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
    usual = csv.writer(text, lineterminator="\n")
    quoted = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)  # older Pythons leave a bare \r unquoted
    usual.writerow(names)
    for row in rows:
        cells = [_cell(row.get(name)) for name in names]
        (quoted if any("\r" in cell for cell in cells) else usual).writerow(cells)
    text.detach()  # flushed; the file stays open


def _cell(value: object) -> str:
    """A value of JSON as a cell: text as it is, nothing for null, and JSON for the rest."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
