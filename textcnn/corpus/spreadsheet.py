"""Spreadsheets (.xlsx) as lines of CSV, of which each holds one row, read by openpyxl where it is installed.

A row is a line even where its texts have line breaks, so that lines have the numbers of rows. openpyxl reads a sheet
row by row: quicker libraries make room for all that lies between two cells, and one stray cell can be far away.
"""

import csv
import io
import warnings
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from textcnn.corpus.lines import Lines
from textcnn.errors import ReadError

__all__ = ["SheetLines", "is_sheet", "open_sheet"]

_ARCHIVE = b"PK\x03\x04"
_WIDEST = 2000  # cells up to which rows are filled up
_MOST_BYTES = 1 << 30  # of the unpacked file


class SheetLines(Lines):
    """The rows of one sheet."""

    def __init__(self, rows: Iterable[str], *, source: str) -> None:
        super().__init__(io.BytesIO(), source=source, encoding="utf-8", owned=True, live=False, packed=False)
        self._rows = iter(rows)

    def _fetch(self) -> str:
        line = next(self._rows, "")
        self._ended = not line
        return line


def is_sheet(path: str | Path) -> bool:
    """Whether a file is a spreadsheet by its first bytes; what is called so may be a page, or a table of text."""
    if not Path(path).is_file():
        return False
    with Path(path).open("rb") as file:
        return file.read(len(_ARCHIVE)) == _ARCHIVE


def open_sheet(path: str | Path, source: str) -> SheetLines:
    """The rows of the first sheet that has some; a note names the others.

    Raises:
        ReadError: there is no openpyxl, or the file cannot be read.
    """
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise ReadError(
            f"{source}: spreadsheets are read by openpyxl: pip install openpyxl; or save it as CSV in UTF-8"
        ) from None
    try:
        _check_size(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and the like
            book = load_workbook(path, read_only=True, data_only=True)
            rows, notes = _first_filled(book)
            book.close()
    except Exception as error:  # whatever a damaged file makes openpyxl stumble over
        reason = " ".join(str(error).split())
        raise ReadError(f"{source}: it cannot be read as a spreadsheet ({reason}); save it as CSV in UTF-8") from None
    lines = SheetLines(rows, source=source)
    lines.notes += notes
    return lines


def _check_size(path: str | Path) -> None:
    from zipfile import ZipFile

    with ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _MOST_BYTES:
            raise ValueError("unpacked it is larger than a gigabyte")


def _first_filled(book: Any) -> tuple[list[str], list[str]]:
    """The rows of the first sheet with text in it, hidden ones last, and what there is to say of the others."""
    sheets = sorted(book.worksheets, key=lambda sheet: sheet.sheet_state != "visible")
    for sheet in sheets:
        sheet.reset_dimensions()
        rows = _written([[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)])
        others = ", ".join(f'"{other.title}"' for other in sheets if other is not sheet)
        if any(row != "\n" for row in rows):
            return rows, [f'sheet "{sheet.title}"' + (f"; the others are left out: {others}" if others else "")]
    return [], []


def _written(rows: Sequence[list[str]]) -> list[str]:
    """Lines of CSV, as wide as the widest row; of rows without any text, empty ones."""
    filled = [max((at for at, cell in enumerate(row, 1) if cell.strip()), default=0) for row in rows]
    width = min(max(filled, default=0), _WIDEST)
    made = io.StringIO()
    write = csv.writer(made, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow
    lines = []
    for row, own in zip(rows, filled, strict=True):
        if own:
            write(row[:own] + [""] * (width - own))
        lines.append(made.getvalue() or "\n")
        made.seek(0)
        made.truncate()
    return lines


def _text(value: object) -> str:
    """A cell as a table of text has it."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool):
        return str(value).upper()
    return str(value).removesuffix(" 00:00:00") if isinstance(value, datetime) else str(value)
