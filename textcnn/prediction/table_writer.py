"""Tables of Arrow, one after the other, to one file, in bounded memory."""

from typing import TYPE_CHECKING, Any, BinaryIO

from textcnn.corpus.arrow import ArrowFile

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TableWriter"]

_GROUP_ROWS, _GROUP_BYTES = 1 << 17, 1 << 25  # of a row group


class TableWriter:
    """Writes Parquet, or Arrow as a file or a stream.

    Tables are gathered to row groups of a good size, by rows and bytes alone: how they came makes no difference.

    Args:
        file: where they go.
        form: "parquet" or "arrow".
        like: the file that is read, if it is of these: Parquet is packed as it is, Arrow is a stream if it is one.
    """

    def __init__(self, file: BinaryIO, form: str, like: ArrowFile | None = None) -> None:
        self._file, self._form, self._like = file, form, like
        self._writer: Any = None
        self._gathered: list[pa.Table] = []
        self._rows = self._bytes = 0

    def write(self, table: "pa.Table") -> None:
        """Write the rows of a table, all of which have the same columns."""
        if self._writer is None:
            self._writer = self._opened(table.schema)
        self._gathered.append(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes
        if self._rows >= _GROUP_ROWS or self._bytes >= _GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """Write what is left, and the end."""
        if self._writer is not None:
            self._flush()
            self._writer.close()

    def _opened(self, schema: "pa.Schema") -> Any:
        if self._form == "parquet":
            from pyarrow.parquet import ParquetWriter

            codec = (self._like and self._like.codec) or "snappy"
            codec = "none" if codec == "uncompressed" else codec
            return ParquetWriter(self._file, schema, compression=codec)
        from pyarrow import ipc

        return (ipc.new_stream if self._like and self._like.is_stream else ipc.new_file)(self._file, schema)

    def _flush(self) -> None:
        import pyarrow as pa

        if self._rows:
            table = pa.concat_tables(self._gathered).combine_chunks()
            self._writer.write_table(table, self._rows)
        self._gathered, self._rows, self._bytes = [], 0, 0
