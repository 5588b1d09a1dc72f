"""What a format gives when it is opened, and how far it looks ahead for that."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from textcnn.corpus.columns import Columns
from textcnn.corpus.record import BadRow, Record, Unlabelled
from textcnn.errors import ReadError

__all__ = ["LOOK", "LOOK_CHARACTERS", "Opened", "no_rows"]

LOOK = 1000  # lines, or
LOOK_CHARACTERS = 1 << 19


class Opened(NamedTuple):
    """What was found out about the columns, if the format has any, and the records to come."""

    columns: Columns | None
    records: Iterator[Record | BadRow | Unlabelled]
    notes: list[str]  # what was left out or understood otherwise; some come while reading
    misfit: str = ""  # what to do about many rows that do not fit


def no_rows(rows: Iterable[object]) -> Iterator[Record | BadRow]:
    """Nothing, where there was nothing; but a file whose very first row cannot be read is not read on."""
    for row in rows:
        if isinstance(row, BadRow):
            raise ReadError(row.message)
    yield from ()
