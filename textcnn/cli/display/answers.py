"""How answers are printed: for people, as TSV, CSV, JSON lines, the bare label, or as fastText does."""

import io
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from textcnn.cli.display.console import cells, cut, escaped, is_terminal, one_line, say, width
from textcnn.cli.display.explanation import shaded
from textcnn.corpus import Record

if TYPE_CHECKING:
    from textcnn.answers import Answer, Decided

__all__ = ["OutputFormat", "brief_writer", "file_writer", "writer"]

_BAR = 16
_LEAST_TEXT = 16  # columns worth showing a text in


class OutputFormat(StrEnum):
    """The formats of answers."""

    pretty = "pretty"
    tsv = "tsv"
    csv = "csv"
    jsonl = "jsonl"
    label = "label"
    fasttext = "fasttext"
    parquet = "parquet"  # of files alone


def writer(
    format: OutputFormat, *, top: int, labels: Iterable[str]
) -> "Callable[[Iterable[Answer], Sequence[Record]], str]":
    """A function from answers, and the records that they are from, to text; for CSV the first record says the header.

    What a terminal would obey is escaped there: a text may hold anything. Programs get it as it is.

    Args:
        format: of the text.
        top: how many labels are shown for each text, at most as many as there are.
        labels: all that can be shown, so that columns of a terminal can be as wide as the widest.
    """
    if format is OutputFormat.pretty:
        return _Pretty(top, max(cells(one_line(label)) for label in labels))
    write = file_writer(format, top=top)
    if not is_terminal(sys.stdout):
        return write
    return lambda answers, records: escaped(write(answers, records))


def file_writer(format: OutputFormat, *, top: int = 1) -> "Callable[[Iterable[Answer], Sequence[Record]], str]":
    """The same for programs, in any format but the pretty one: nothing is escaped."""
    return _Csv(top) if format is OutputFormat.csv else _lines(format, top)


def brief_writer(format: OutputFormat, *, top: int) -> "Callable[[Decided, Sequence[str]], str] | None":
    """The same from what is decided about texts, several times as fast; None where a line has more than that."""
    if top > 1 or is_terminal(sys.stdout):
        return None
    if format is OutputFormat.label:
        return lambda decided, _: "".join(map(_label_line, decided.labels))
    if format is OutputFormat.tsv:
        return lambda decided, texts: "".join(map(_tsv_line, decided.labels, decided.values, texts))
    return None


def _lines(format: OutputFormat, top: int) -> "Callable[[Iterable[Answer], Sequence[Record]], str]":
    line = {
        OutputFormat.tsv: _tsv,
        OutputFormat.jsonl: _jsonl,
        OutputFormat.label: _label,
        OutputFormat.fasttext: _fasttext,
    }[format]
    return lambda answers, _: "".join(line(answer, top) for answer in answers)


def _joined(labels: tuple[str, ...]) -> str:
    return _flat("|".join(labels))


def _flat(text: str) -> str:
    """On one line and without tabs, so that one answer stays one line."""
    if text.isprintable():
        return text
    return " ".join(text.replace("\t", " ").splitlines())


def _pairs(answer: "Answer", top: int) -> list[tuple[str, float]]:
    """The answer first; further labels if more were asked for."""
    if top == 1:
        return [(_joined(answer.labels), answer.probability)]
    if not answer.labels or answer.labels[0] == answer.best[0][0]:
        return answer.best
    first = answer.labels[0]  # thresholds can make it another than the likeliest
    others = [pair for pair in answer.best if pair[0] != first]
    return [(first, answer.probability), *others][: len(answer.best)]


def _tsv_line(labels: tuple[str, ...], probability: float, text: str) -> str:
    return f"{_joined(labels)}\t{probability:.4f}\t{_flat(text)}\n"


def _tsv(answer: "Answer", top: int) -> str:
    if top == 1:
        return _tsv_line(answer.labels, answer.probability, answer.record.text)
    pairs = "\t".join(f"{_flat(label)}\t{probability:.4f}" for label, probability in _pairs(answer, top))
    return f"{pairs}\t{_flat(answer.record.text)}\n"


@lru_cache(1000)
def _label_line(labels: tuple[str, ...]) -> str:
    return f"{_joined(labels)}\n"


def _label(answer: "Answer", top: int) -> str:
    if top == 1:
        return _label_line(answer.labels)
    return "\t".join(_flat(label) for label, _ in _pairs(answer, top)) + "\n"


def _fasttext(answer: "Answer", top: int) -> str:
    """As `fasttext predict-prob` prints it; several labels of a text each with its own probability."""
    if top == 1:
        known = dict(answer.best)
        pairs = [(label, known.get(label, answer.probability)) for label in answer.labels]
    else:
        pairs = _pairs(answer, top)
    return " ".join(f"__label__{'_'.join(label.split())} {probability:g}" for label, probability in pairs) + "\n"


def _jsonl(answer: "Answer", top: int) -> str:
    return f"{answer.as_json()}\n"


class _Csv:
    """CSV: the answer, then the other columns of the input, then the text; the first record decides about the columns.

    Where there was no record at all, a header still is: CSV without one cannot be read.
    """

    def __init__(self, top: int) -> None:
        self.top = top
        self.columns: list[str] | None = None
        self.warned = False

    def __call__(self, answers: "Iterable[Answer]", records: Sequence[Record]) -> str:
        made = io.StringIO()
        write = _csv_writer(made)
        if self.columns is None:
            self.columns = [name for name, _ in records[0].fields] if records else []
            write(self._header(self.columns))
        for answer in answers:
            cells = [cell for label, value in _pairs(answer, self.top) for cell in (label, f"{value:.4f}")]
            write([*cells, *self._others(answer.record, self.columns), answer.record.text])
        return made.getvalue()

    def _header(self, columns: list[str]) -> list[str]:
        from textcnn.corpus.free_names import free_names

        names = ["label", "probability"]
        names += [f"{name}{number}" for number in range(2, self.top + 1) for name in ("label", "probability")]
        return [*names, *free_names(columns, [*names, "text"]), "text"]

    def _others(self, record: Record, columns: list[str]) -> list[str]:
        names = [name for name, _ in record.fields]
        if names == columns:
            return [_cell(value) for _, value in record.fields]
        # Objects of JSON lines need not have the same keys.
        values = dict(record.fields)
        unknown = [name for name in names if name not in columns]
        if unknown and not self.warned:
            self.warned = True
            say(
                f"line {record.line}: there is no column for {', '.join(map(repr, unknown))}, which the first text "
                "does not have; --format jsonl keeps everything"
            )
        return [_cell(values.get(name)) for name in columns]


def _csv_writer(file: io.StringIO) -> Callable[[Sequence[str]], object]:
    """A function that writes a row. Older versions of Python leave a bare carriage return unquoted by themselves."""
    import csv

    usual = csv.writer(file, lineterminator="\n").writerow
    quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow
    return lambda row: quoted(row) if any("\r" in cell for cell in row) else usual(row)


def _cell(value: object) -> str:
    """A value of JSON as a cell: text as it is, nothing for null, and JSON for the rest."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


class _Pretty:
    """For people: label, bar, probability, and as much of the text as there is room for."""

    def __init__(self, top: int, widest: int) -> None:
        self.top, self.widest = top, widest

    def __call__(self, answers: "Iterable[Answer]", records: Sequence[Record]) -> str:
        room = width()
        return "".join(self._one(answer, room) for answer in answers)

    def _one(self, answer: "Answer", room: int) -> str:
        lines = [
            f"{self._label(label, max(room // 3, 8))}  {_bar(probability, room)}{100 * probability:5.1f} %"
            for label, probability in _pairs(answer, self.top)
        ]
        left = room - cells(lines[0]) - 3
        if left >= _LEAST_TEXT:
            lines[0] += f"  {cut(one_line(answer.record.text), left).rstrip()}"
        explained = "" if answer.explanation is None else f"{shaded(answer.explanation, answer.record.parts)}"
        if answer.explanation is not None:
            nearest = one_line(answer.best[0][0])
            explained += "\n" if answer.novelty is None else f"novelty {answer.novelty:.3f}; nearest to {nearest}\n\n"
        return "\n".join(lines) + f"\n{explained}"

    def _label(self, label: str, room: int) -> str:
        """As wide as all are; joined labels can be wider, as far as there is room."""
        shown = one_line(label) or "-"
        return cut(shown, min(max(self.widest, cells(shown)), room))


def _bar(probability: float, room: int) -> str:
    """Its length tells the probability; on narrow terminals there is none."""
    if room < 80:
        return ""
    full, part = divmod(round(probability * _BAR * 8), 8)
    return ("█" * full + " ▏▎▍▌▋▊▉"[part]).ljust(_BAR + 1) + " "
