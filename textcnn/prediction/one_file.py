"""One file answered: a job that depends on nothing but the files that it names, so an executor may do it anywhere."""

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from textcnn.answers import Answer, Policy, answer
from textcnn.corpus import Reader, Reading, Record, open_corpus
from textcnn.corpus.arrow import ARROW, ArrowFile, require_pyarrow
from textcnn.corpus.free_names import free_names
from textcnn.errors import ModelFileError, OutputError
from textcnn.model.predictor import Predictor
from textcnn.prediction.packing import packed
from textcnn.prediction.plan import FileJob
from textcnn.prediction.table_writer import TableWriter
from textcnn.storage.atomic import written_whole
from textcnn.storage.regular import open_regular
from textcnn.text.lexicon import beyond

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FileEvent", "FileResult", "FileTask", "Prediction", "answer_file", "model_digest", "open_predictor"]

_MOST_TEXTS, _MOST_CHARACTERS = 2000, 1_000_000  # of a group
_PAUSE = 0.5  # seconds between events

Formatter = Callable[[str], Callable[[Iterable[Answer], Sequence[Record]], str]]


class Prediction(NamedTuple):
    """How files are answered."""

    model: str  # path
    digest: str  # of the model file: who opens another one must know
    reading: Reading
    policy: Policy
    formatter: Formatter  # the text of answers in a format that is one, see cli/display/answers.py; can be pickled
    threads: int = 0


class FileTask(NamedTuple):
    """A file and how to answer it: a job of an executor."""

    job: FileJob
    prediction: Prediction

    @property
    def name(self) -> str:
        """The file, for messages."""
        return self.job.input


class FileEvent(NamedTuple):
    """How far a file is."""

    name: str
    texts: int  # read so far
    share: float  # of the file


class FileResult(NamedTuple):
    """A file that is answered."""

    job: FileJob
    texts: int  # that were read
    answers: int  # that were written
    bytes: int  # of the output
    notes: list[str]  # what there is to say
    losses: str  # what there is to say of rows that were skipped
    seconds: float


def model_digest(path: Path) -> str:
    """SHA-256 of a model file.

    Raises:
        ModelFileError: it cannot be read.
    """
    try:
        with open_regular(path) as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelFileError(f"the model {path} cannot be read: {error.strerror or error}") from None


@lru_cache(1)
def open_predictor(path: str, digest: str, threads: int) -> Predictor:
    """The model, opened once in each process.

    Raises:
        ModelFileError: it is not there, or not the one that is meant.
    """
    if model_digest(Path(path)) != digest:
        raise ModelFileError(f"{path}: this is not the model any more with which it began")
    return Predictor.open(Path(path), threads)


def answer_file(task: FileTask, callback: Callable[[FileEvent], bool]) -> FileResult:
    """Answer all texts of a file, and write the output, which is there whole or not at all.

    Raises:
        DataError: the input cannot be read; names file and line.
        ModelFileError: the model cannot be opened.
        OutputError: the output cannot be written.
    """
    began, (job, prediction) = time.perf_counter(), task
    predictor = open_predictor(prediction.model, prediction.digest, prediction.threads)
    output = Path(job.output)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {output}: {error.strerror or error}") from None
    with open_corpus(job.input, reading=prediction.reading, labelled=False, part=True) as reader:
        file = _File(job, prediction, predictor, reader, callback)
        with written_whole(output) as stream:
            file.write(stream)
            size = stream.tell()
    columns = reader.columns
    others = [columns.describe()] if columns and columns.text_absent else []  # than those that the model learned from
    notes, losses = [*others, *reader.notes, *file.notes], reader.describe_skipped()
    return FileResult(job, file.texts, file.answers, size, notes, losses, time.perf_counter() - began)


class _File:
    """A file while it is being answered."""

    def __init__(
        self,
        job: FileJob,
        prediction: Prediction,
        predictor: Predictor,
        reader: Reader,
        callback: Callable[[FileEvent], bool],
    ) -> None:
        self.job, self.predictor, self.reader, self.callback = job, predictor, reader, callback
        self.policy = prediction.policy
        if job.form in ("jsonl", *ARROW):  # these have room for all labels, and for how novel a text is
            self.policy = replace(self.policy, novelty=True, top=None if self.policy.top == 1 else self.policy.top)
        self.formatter = prediction.formatter
        self.texts = self.answers = 0
        self.notes: list[str] = []
        self.said = time.monotonic()

    def write(self, stream: BinaryIO) -> None:
        """Write the answers."""
        if self.job.form not in ARROW:
            with packed(stream, self.job.output) as file:
                self._write_text(file)
            return
        require_pyarrow(self.job.output)
        import pyarrow as pa

        try:
            self._write_tables(stream)
        except pa.ArrowException as error:  # types that the format does not have, say
            raise OutputError(f"cannot write {self.job.output}: {' '.join(str(error).split()):.300}") from None

    def _write_tables(self, stream: BinaryIO) -> None:
        arrow = self.reader.arrow
        writer = TableWriter(stream, self.job.form, like=arrow)
        for table in self._of_records() if arrow is None else self._of_batches(arrow):
            self.answers += table.num_rows
            writer.write(table)
        writer.close()

    def _write_text(self, file: Any) -> None:
        write = self.formatter(self.job.form)
        for group in self._groups():
            answers = list(answer(self.predictor, group, self.policy))
            self.answers += len(answers)
            file.write(write(answers, group).encode("utf-8", "replace"))
        file.write(write((), ()).encode("utf-8"))  # the header of CSV, if no text came

    def _of_records(self) -> "Iterator[pa.Table]":
        """Answers beside the other columns, which are text, and the text."""
        names: list[str] | None = None
        for group in self._groups():
            if names is None:
                names = [name for name, _ in group[0].fields]
            yield self._answered(_table_of(group, names), [record.text for record in group])

    def _of_batches(self, arrow: ArrowFile) -> "Iterator[pa.Table]":
        """Answers beside all columns, whatever their types."""
        arrow.kept = deque()
        for group in self._groups():
            rows = _rows_of(arrow.kept, [record.line for record in group])
            yield self._answered(rows, [record.text for record in group])
        if not self.texts:
            yield self._answered(arrow.schema.empty_table(), [])

    def _answered(self, rows: "pa.Table", texts: Sequence[str]) -> "pa.Table":
        from textcnn.model.tables import answer_rows

        made: pa.Table = answer_rows(self.predictor, rows, texts, self.policy)
        return made

    def _groups(self) -> Iterator[list[Record]]:
        group: list[Record] = []
        size = 0
        for record in self.reader:
            group.append(record)
            size += len(record.text) + 1
            if len(group) >= _MOST_TEXTS or size >= _MOST_CHARACTERS:
                yield group
                self._tell(group)
                group, size = [], 0
        if group:
            yield group
            self._tell(group)

    def _tell(self, group: Sequence[Record]) -> None:
        self.texts += len(group)
        most = self.predictor.model.settings["max_words"]
        if not self.notes and (long := beyond([record.text for record in group], most)):
            row = group[long[0]].line
            self.notes.append(f"of the text of row {row} and others as long only the first {most:,} words are read")
        if time.monotonic() - self.said > _PAUSE:
            self.said = time.monotonic()
            self.callback(FileEvent(self.job.name, self.texts, self.reader.share() or 0.0))


def _rows_of(kept: "deque[tuple[int, pa.RecordBatch]]", lines: Sequence[int]) -> "pa.Table":
    """The rows of these numbers, which count from 1 and ascend; batches before them are let go."""
    import pyarrow as pa

    while kept[0][0] + kept[0][1].num_rows < lines[0]:
        kept.popleft()
    before = kept[0][0] + 1
    table = pa.Table.from_batches([batch for begin, batch in kept if begin < lines[-1]])
    if lines[-1] - lines[0] == len(lines) - 1:
        return table.slice(lines[0] - before, len(lines))
    return table.take(pa.array([line - before for line in lines], pa.int64()))


def _table_of(group: Sequence[Record], names: Sequence[str]) -> "pa.Table":
    import pyarrow as pa

    fields = [dict(record.fields) for record in group]
    columns = [pa.array([_cell(own.get(name)) for own in fields], pa.string()) for name in names]
    texts = pa.array([record.text for record in group], pa.string())
    return pa.table([*columns, texts], names=[*free_names(names, ["text"]), "text"])


def _cell(value: object) -> str | None:
    """A value of JSON as text; null stays."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
