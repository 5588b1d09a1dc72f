"""Parquet and Arrow files (Feather, IPC, also as streams) to batches of rows, by pyarrow where it is installed.

A batch is bounded in rows, and of a Parquet file in bytes too, so that nothing is held whole. Batches are checked in
full before anybody looks into them: what a damaged or hostile file says of its own lengths is believed by nobody.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from textcnn.errors import ReadError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ARROW", "SUFFIXES", "ArrowFile", "arrow_format", "open_arrow", "require_pyarrow"]

ARROW = ("parquet", "arrow")  # formats
SUFFIXES = {
    ".parquet": "parquet",
    ".parq": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
_HEADS = {b"PAR1": "parquet", b"ARRO": "arrow", b"\xff\xff\xff\xff": "arrow"}  # the last one of a stream
_MOST_ROWS, _MOST_BYTES = 2000, 1 << 24  # of a batch
_BUFFER = 1 << 20  # bytes of a column that are read at once


class ArrowFile:
    """The batches of one file, once, in order. `number` counts the rows handed out."""

    def __init__(self, file: BinaryIO, *, form: str, source: str, owned: bool = True) -> None:
        self.source, self.number = source, 0
        self.rows: int | None = None  # in all, where the file says so
        self.codec: str | None = None  # of the first column, once rows were read
        self.kept: deque[tuple[int, pa.RecordBatch]] | None = None  # batches and the rows before, if anybody wants them
        self.needed: list[str] | None = None  # columns whose values are looked at; None: all
        self._file, self._owned = file, owned
        self.is_stream = False
        self._groups: list[Any] = []  # what Parquet says of its rows
        with self.readable("it cannot be read"):
            opened = self._open_parquet() if form == "parquet" else self._open_ipc()
            self.names: list[str] = list(opened[0].names)
        self.schema: pa.Schema = opened[0]
        self._batches: Iterator[pa.RecordBatch] = opened[1]

    def __iter__(self) -> Iterator["pa.RecordBatch"]:
        while (batch := self._next()) is not None:
            for start in range(0, batch.num_rows, _MOST_ROWS):
                piece = batch.slice(start, _MOST_ROWS)
                if self.kept is not None:
                    self.kept.append((self.number, piece))
                yield piece
                self.number += piece.num_rows

    def _next(self) -> "pa.RecordBatch | None":
        with self.readable(f"after row {self.number} it cannot be read"):
            batch = next(self._batches, None)
            if batch is not None:
                batch.validate(full=True)
                if self._groups and batch.num_columns and not self.codec:
                    # Not before: of a damaged column pyarrow would abort the process, where reading it is an error.
                    self.codec = self._groups[0].column(0).compression.lower()
            return batch

    def close(self) -> None:
        """Close what was opened here."""
        if self._owned:
            self._file.close()

    @contextmanager
    def readable(self, what: str) -> Iterator[None]:
        """A ReadError of what arises in pyarrow while the block looks into the file."""
        import pyarrow as pa

        try:
            yield
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:  # damaged lengths ask for all memory
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ReadError(f"{self.source}: {what} ({reason:.300}); it is damaged, or not complete") from None

    def _open_parquet(self) -> tuple[Any, Iterator[Any]]:
        from pyarrow.parquet import ParquetFile

        file = ParquetFile(self._file, buffer_size=_BUFFER)
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        self.rows, self._groups = file.metadata.num_rows, groups
        row = max((group.total_byte_size // max(group.num_rows, 1) for group in groups), default=0)
        rows = max(min(_MOST_ROWS, _MOST_BYTES // max(row, 1)), 1)
        return file.schema_arrow, file.iter_batches(batch_size=rows, use_threads=False)

    def _open_ipc(self) -> tuple[Any, Iterator[Any]]:
        from pyarrow import ipc

        if not self._owned or self._head() != b"ARRO":
            self.is_stream = True
            stream = ipc.open_stream(self._file)
            return stream.schema, iter(stream)
        file = ipc.open_file(self._file)
        self.rows = 0 if not file.num_record_batches else None
        return file.schema, map(file.get_batch, range(file.num_record_batches))

    def _head(self) -> bytes:
        head = self._file.read(4)
        self._file.seek(0)
        return head


def arrow_format(path: str | Path, told: str, suffix: str) -> str:
    """Whether a file is "parquet" or "arrow", as told, or by its name and first bytes; "" if it is neither."""
    if told in ARROW:
        return told
    if told != "auto" or suffix not in SUFFIXES or not Path(path).is_file():
        return ""
    with suppress(OSError), Path(path).open("rb") as file:
        return _HEADS.get(file.read(4), "")
    return ""  # what opens it as lines says why it cannot be read


def open_arrow(path: str | Path, form: str, source: str, stream: BinaryIO | None = None) -> ArrowFile:
    """Open a file, or `stream`, which holds Arrow's stream format.

    Raises:
        ReadError: there is no pyarrow, or the file cannot be read as what it is taken for.
    """
    require_pyarrow(source)
    if stream is not None:
        if form == "parquet":
            raise ReadError(f"{source}: Parquet is read from its end, and a stream has none; name a file")
        return ArrowFile(stream, form=form, source=source, owned=False)
    if not Path(path).is_file():
        raise ReadError(f"{source}: there is no such file")
    try:
        file = Path(path).open("rb")  # noqa: SIM115  ArrowFile closes it
    except OSError as error:
        raise ReadError(f"{source}: it cannot be read ({error.strerror or error})") from None
    try:
        return ArrowFile(file, form=form, source=source)
    except ReadError:
        file.close()
        raise


def require_pyarrow(source: str) -> None:
    """Make sure that there is pyarrow.

    Raises:
        ReadError: there is not; says what to do.
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise ReadError(f"{source}: Parquet and Arrow are read by pyarrow: pip install pyarrow") from None
