"""One input, opened and read: which format, which columns, one record after the other, and what was left out."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from textcnn.corpus.arrow import ARROW, ArrowFile, arrow_format, open_arrow
from textcnn.corpus.columns import Columns
from textcnn.corpus.formats import find_format, open_format
from textcnn.corpus.lines import PACKED, STANDARD_INPUT, Lines, given_stream, open_lines, source_name
from textcnn.corpus.misfits import EXCEPTIONS
from textcnn.corpus.opened import Opened
from textcnn.corpus.record import FORMAT_NAMES, BadRow, Reading, Record, Unlabelled, check_reading
from textcnn.corpus.row_choice import refuse_rows
from textcnn.corpus.soft_labels import softly_labelled
from textcnn.corpus.text_weights import refuse_weights, weighted
from textcnn.errors import ReadError

__all__ = ["Reader", "open_corpus"]

_OF_COLUMNS = ("csv", "tsv", "json", "jsonl", "xlsx", *ARROW)

_MANY = 5  # bad rows that may be more than a tenth
_JUDGED = 1000  # rows after which it is seen, before the end, whether the bad ones are exceptions


class Reader:
    """The records of one input, once. It closes what it opened when it ends, by an error too."""

    def __init__(
        self,
        path: str | Path,
        *,
        reading: Reading,
        labelled: bool = True,
        stream: BinaryIO | None = None,
        unlabelled: bool = False,
        part: bool = False,
    ) -> None:
        self._reading = check_reading(reading)
        self._path = path
        self._labelled = labelled
        self._unlabelled = unlabelled
        self._part = part
        self.lacks: list[BadRow] = []  # what there is to say of records without labels, if those were asked for
        self.source = source_name(path)
        self.format = "folder" if _is_folder(path, reading) else reading.format
        self.columns: Columns | None = None  # known from the first record on, where the format has columns
        self._broken = 0  # rows that cannot be read; others that are skipped only lack a label
        self._misfit = ""
        self.notes: list[str] = []  # what else was left out or understood; second headers come while reading
        self.skipped = 0
        self.first_skipped = ""  # what was wrong with the first row that was skipped, and where
        self.first_skipped_line = 0
        folder = self.format == "folder"
        self._lines: Lines | ArrowFile | None = None if folder else self._open(path, stream)
        self._records = self._read()

    def _open(self, path: str | Path, stream: BinaryIO | None) -> Lines | ArrowFile:
        if form := arrow_format(path, self.format, _suffix(path)):
            self.format = form
            return open_arrow(path, form, self.source, given_stream(path, stream))
        if self.format == "auto" and _suffix(path) in (".xlsx", ".xlsm"):
            from textcnn.corpus.spreadsheet import is_sheet, open_sheet

            if is_sheet(path):
                self.format = "xlsx"
                return open_sheet(path, self.source)
        return open_lines(path, encoding=self._reading.encoding, stream=stream)

    def __iter__(self) -> Iterator[Record]:
        return self._records

    def __next__(self) -> Record:
        return next(self._records)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. A stream that was given stays open."""
        if self._lines is not None:
            self._lines.close()

    @property
    def arrow(self) -> ArrowFile | None:
        """The batches that records are made of, of Parquet and Arrow."""
        return self._lines if isinstance(self._lines, ArrowFile) else None

    def share(self) -> float | None:
        """How much of the input has been read, from 0 to 1; None if that cannot be told."""
        if isinstance(self._lines, ArrowFile):
            return self._lines.number / self._lines.rows if self._lines.rows else None
        return None if self._lines is None else self._lines.share()

    def describe(self) -> str:
        """What is read as what, known from the first record on."""
        if self.format == "folder" and self._labelled:
            return f"{self.source}: {self._describe_folder()}"
        columns = f", {self.columns.describe()}" if self.columns else ""
        notes = "".join(f"; {note}" for note in self.notes)
        return f"{self.source}: {FORMAT_NAMES.get(self.format, 'not yet read')}{columns}{notes}"

    def describe_skipped(self) -> str:
        """How many rows were left out, and what was wrong with the first; "" if there were none."""
        if not self.skipped:
            return ""
        rows = "1 bad row" if self.skipped == 1 else f"{self.skipped} bad rows"
        return f"{self.source}: {rows} skipped; the first: {self.first_skipped}"

    def _describe_folder(self) -> str:
        from textcnn.corpus.folder import files_beside

        beside = files_beside(self._path)
        left = f"; left out, for they lie beside the folders: {beside}" if beside else ""
        return f"a folder with a folder for each label, whose files are the texts{left}"

    def _read(self) -> Iterator[Record]:
        count = 0
        try:
            for item in self._begin():
                row = self._judged(item)
                if isinstance(row, BadRow):
                    self.skip(row)
                    self._broken += row is item
                else:
                    count += 1
                    yield row
                if count + self._broken == _JUDGED:
                    self._refuse_many(count)
            if not count:
                self._miss()
            self._refuse_many(count)
        finally:
            self.close()

    def _judged(self, item: Record | BadRow | Unlabelled) -> Record | BadRow:
        """A text without a label is a bad row, unless those were asked for."""
        if not isinstance(item, Unlabelled):
            return item
        if not self._unlabelled:
            return item.lack
        self.lacks.append(item.lack)
        return item.record

    def _refuse_many(self, count: int) -> None:
        """Raise if the rows that cannot be read are no exceptions: then the file is not what it was taken for."""
        rows = count + self._broken
        if self._broken >= _MANY and self._broken > EXCEPTIONS * rows:
            advice = self._misfit or "see whether --input-format, --delimiter, --no-quotes or --skip-lines helps"
            raise ReadError(
                f"{self.source}: {self._broken} of {rows} rows cannot be read, too many to leave out; the first: "
                f"{self.first_skipped}; {advice}"
            )

    def _begin(self) -> Iterator[Record | BadRow | Unlabelled]:
        if self._lines is None:
            from textcnn.corpus.folder import folder_records

            refuse_rows(self._reading.rows, self.source, "folders")
            refuse_weights(self._reading.weight_column, self.source)
            return folder_records(self._path, reading=self._reading, labelled=self._labelled)
        opened = self._opened(self._lines)
        self.columns = opened.columns
        self.notes = opened.notes
        self._misfit = opened.misfit
        records = opened.records if self._reading.weight_column is None else self._weighted(opened)
        return softly_labelled(records, self.source) if self._softly else records

    @property
    def _softly(self) -> bool:
        return self._labelled and self._reading.soft_labels and self.format in ("json", "jsonl", *ARROW)

    def _opened(self, lines: Lines | ArrowFile) -> Opened:
        reading, labelled = self._reading, self._labelled
        if isinstance(lines, ArrowFile):
            from textcnn.corpus.arrow_records import open_batches

            return open_batches(lines, reading, labelled)
        for _ in range(reading.skip_lines):
            if next(iter(lines), None) is None:  # there are fewer
                break
        if self.format == "auto":
            self.format = find_format(_suffix(self._path), lines, labelled=labelled, reading=reading)
        return open_format(self.format, lines, reading=reading, labelled=labelled)

    def _weighted(self, opened: Opened) -> Iterator[Record | BadRow | Unlabelled]:
        if opened.columns is None:
            if self.format not in _OF_COLUMNS:
                refuse_weights(self._reading.weight_column, self.source)
            return opened.records  # an empty table
        column = opened.columns.weight
        assert column is not None
        self.notes.append(f'weights from "{column}"')
        return weighted(opened.records, column, self.source, self.notes)

    def skip(self, row: BadRow) -> None:
        """Count a row that is left out; an error unless that was asked for."""
        if not self._reading.skip_bad_rows:
            raise ReadError(row.message)
        if not self.skipped or row.line < self.first_skipped_line:
            self.first_skipped, self.first_skipped_line = row.problem, row.line
        self.skipped += 1

    def _miss(self) -> None:
        """Raise for an input without records, except for standard input of which nothing but answers is wanted."""
        problem = self._emptiness()
        if self._part and isinstance(self._lines, ArrowFile) and not self.skipped:
            self.notes.append(problem)
        elif problem:
            raise ReadError(f"{self.source}: {problem}")

    def _emptiness(self) -> str:
        """Why there are no records; "" where there may be none."""
        if self.skipped:
            return f"all {self.skipped} rows are bad; the first: {self.first_skipped}"
        if self._lines is None:
            return "the folder is empty"
        if isinstance(self._lines, ArrowFile):
            return "there is no row in it"
        if self.columns is not None and self.columns.header and self.columns.delimiter:
            return "there is a header, but not a single row below it"
        if self._lines.number:
            return "there is no text in it"
        return "the file is empty" if self._labelled or str(self._path) != STANDARD_INPUT else ""


def open_corpus(
    path: str | Path,
    *,
    reading: Reading | None = None,
    labelled: bool = True,
    stream: BinaryIO | None = None,
    unlabelled: bool = False,
    part: bool = False,
) -> Reader:
    """Open a file, a folder, or standard input (`-`, or `stream` in its place) for reading.

    Without `labelled` no label column is looked for; one that was asked for is read nevertheless. Where labels are
    looked for, a text that has none is a bad row, unless texts may be `unlabelled`. A table of Parquet or Arrow without
    rows, as Spark writes some, is an error unless it is `part` of what is read.
    """
    reading = reading or Reading()
    return Reader(path, reading=reading, labelled=labelled, stream=stream, unlabelled=unlabelled, part=part)


def _is_folder(path: str | Path, reading: Reading) -> bool:
    """Whether to read a folder; an error if something else is there or was asked for."""
    # Path("") would be the current folder.
    found = str(path) not in ("", STANDARD_INPUT) and Path(path).is_dir()
    if found and reading.format not in ("auto", "folder"):
        raise ReadError(f"{source_name(path)}: this is a folder, not a file; name a file, or leave out --input-format")
    if reading.format == "folder" and not found:
        raise ReadError(f"{source_name(path)}: there is no such folder, yet --input-format folder was given")
    return found


def _suffix(path: str | Path) -> str:
    name = "" if str(path) == STANDARD_INPUT else str(path).lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    return Path(name).suffix
