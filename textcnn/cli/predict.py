"""`textcnn predict`: an answer for each text, one out for one in, in order, as they arrive."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textcnn.cli.console import is_terminal, say
from textcnn.cli.options import (
    Delimiter,
    Encoding,
    Header,
    InputFormat,
    ModelPath,
    Quiet,
    SkipBadRows,
    TextColumn,
    reading,
)
from textcnn.cli.output import OutputFormat, Row, writer
from textcnn.corpus import Reading, Record, open_corpus
from textcnn.errors import ReadError, SettingsError

if TYPE_CHECKING:
    from textcnn.predictor import Predictor

__all__ = ["predict"]

_BLOCK = 1 << 20


def predict(
    texts: Annotated[list[str] | None, typer.Argument(metavar="[TEXT]...", help="Texts; else standard input.")] = None,
    model: ModelPath = Path("model.textcnn"),
    input: Annotated[
        str, typer.Option("-i", "--input", metavar="FILE", help="Read texts from a file; - is standard input.")
    ] = "",
    format: Annotated[
        OutputFormat | None, typer.Option(help="How answers are printed: pretty on a terminal, tsv in a pipe.")
    ] = None,
    top: Annotated[int, typer.Option(metavar="K", min=1, help="Print the K likeliest labels.")] = 1,
    threshold: Annotated[
        float | None, typer.Option(metavar="P", min=0, max=1, help="Least probability of an answer.")
    ] = None,
    otherwise: Annotated[
        str, typer.Option(metavar="LABEL", help="The answer where no label reaches the threshold.")
    ] = "unknown",
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="Print only texts with this label; exit with 1 if there is none."),
    ] = None,
    text_column: TextColumn = "",
    input_format: InputFormat = "auto",
    encoding: Encoding = "utf-8",
    delimiter: Delimiter = "",
    header: Header = None,
    skip_bad_rows: SkipBadRows = False,
    quiet: Quiet = False,
) -> None:
    """Answer for texts given here, for the lines of standard input, or for the texts of a file.

    Answers come as lines arrive, one for each, in order, empty lines included. CSV and JSON lines keep their other
    columns. In a pipe an answer is: label, tab, probability, tab, text.
    """
    if texts and input:
        raise SettingsError("give texts or --input, not both")
    from textcnn.predictor import Predictor

    predictor = Predictor.open(model)
    for label in only or ():
        if label not in (*predictor.labels, otherwise):
            raise SettingsError(f"--only: the model has no label {label!r}; it has {', '.join(predictor.labels[:20])}")
    how = reading(
        input_format=input_format,
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        text_column=text_column,
        skip_bad_rows=skip_bad_rows,
    )
    chosen = format or (OutputFormat.pretty if is_terminal(sys.stdout) else OutputFormat.tsv)
    write = writer(chosen, top=top)
    answers = _Answers(predictor, top, threshold, otherwise, only or ())
    for group in _groups(texts, input, how, quiet):
        shown = write(answers.rows(group))
        sys.stdout.buffer.write(shown.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    if only and not answers.matched:
        raise typer.Exit(1)


class _Answers:
    """From records to what is printed of them."""

    def __init__(
        self, predictor: "Predictor", top: int, threshold: float | None, otherwise: str, only: Sequence[str]
    ) -> None:
        self.predictor, self.top, self.threshold = predictor, top, threshold
        self.otherwise, self.only, self.matched = otherwise, only, False

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """One row for each record, but for those that --only leaves out."""
        labels, several = self.predictor.labels, self.predictor.model.several
        for record, row in zip(records, self.predictor.probabilities([each.text for each in records]), strict=True):
            order = (-row).argsort(kind="stable").tolist()
            values = row.tolist()
            given = self._given(values, order, several)
            if self.only and not set(given) & set(self.only):
                continue
            self.matched = True
            best = [(labels[place], values[place]) for place in order[: max(self.top, 1)]]
            probability = values[order[0]]
            everything = {labels[place]: values[place] for place in (order[: self.top] if self.top > 1 else order)}
            yield Row(record, given, probability, best, everything, several)

    def _given(self, values: list[float], order: list[int], several: bool) -> tuple[str, ...]:
        labels = self.predictor.labels
        if several:
            least = self.predictor.model.thresholds or (0.5,) * len(labels)
            if self.threshold is not None:
                least = (self.threshold,) * len(labels)
            found = tuple(labels[place] for place in order if values[place] >= least[place])
            return found or ((self.otherwise,) if self.threshold is not None else ())
        sure = self.threshold is None or values[order[0]] >= self.threshold
        return (labels[order[0]] if sure else self.otherwise,)


def _groups(texts: list[str] | None, input: str, how: Reading, quiet: bool) -> Iterator[list[Record]]:
    """Records as they come: all that is there, never waiting for more."""
    if texts:
        yield [Record(text) for text in texts]
    elif (input in ("", "-")) and how.format in ("auto", "lines"):
        if sys.stdin is None or sys.stdin.closed:
            raise ReadError("standard input is closed; give a text, or --input FILE")
        if is_terminal(sys.stdin):
            say("one text in each line; end with Ctrl-D", quiet=quiet)
        yield from _lines(sys.stdin.fileno(), how.encoding)
    else:
        yield from _records(input or "-", how, quiet)


def _lines(descriptor: int, encoding: str) -> Iterator[list[Record]]:
    """Lines of a descriptor, each read as soon as it is whole. A line is decoded by itself; bad bytes become U+FFFD."""
    rest, number, warned = b"", 0, False
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        _check_line_encoding(encoding)
    while block := os.read(descriptor, _BLOCK):
        *whole, rest = (rest + block).split(b"\n")
        for first in range(0, len(whole), 2000):
            records = [
                _record(line, number + place, encoding) for place, line in enumerate(whole[first : first + 2000], 1)
            ]
            number += len(records)
            warned = warned or _warned(records, encoding)
            yield records
    if rest:
        records = [_record(rest, number + 1, encoding)]
        _ = warned or _warned(records, encoding)
        yield records


def _check_line_encoding(encoding: str) -> None:
    try:
        if "\n".encode(encoding) != b"\n":
            raise SettingsError(f"lines of {encoding} cannot be read one by one; convert them first: iconv -t utf-8")
    except LookupError as error:
        raise SettingsError(f"there is no encoding {encoding!r}") from error


def _record(line: bytes, number: int, encoding: str) -> Record:
    if number == 1:
        line = line.removeprefix(b"\xef\xbb\xbf")
    return Record(line.decode(encoding, "replace").removesuffix("\r"), line=number)


def _warned(records: Iterable[Record], encoding: str) -> bool:
    for record in records:
        if "\ufffd" in record.text:
            where = f"standard input, line {record.line}"
            say(f"{where}: not {encoding}, unreadable bytes are shown as \ufffd; see --encoding")
            return True
    return False


def _records(path: str, how: Reading, quiet: bool) -> Iterator[list[Record]]:
    """Records of a file, in groups that are small at first so that the first answers come at once."""
    group: list[Record] = []
    size = 0
    with open_corpus(path, reading=how, labelled=False) as reader:
        for record in reader:
            if reader.columns is not None and record.line and not quiet and not size and not group:
                quiet = True
                say(reader.describe())
            group.append(record)
            size += len(record.text)
            if len(group) >= 2000 or size > 200_000 or path == "-":
                yield group
                group, size = [], 0
    if group:
        yield group
    if reader.skipped:
        say(f"{reader.source}: {reader.skipped} bad rows skipped; the first: {reader.first_skipped}")
