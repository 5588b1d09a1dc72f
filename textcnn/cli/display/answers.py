"""How answers are printed: for people, as TSV, CSV or JSON lines, or the bare label."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from textcnn.cli.display.console import cells, cut, one_line, say, width
from textcnn.cli.display.explanation import explanation_object, shaded
from textcnn.corpus import Record

if TYPE_CHECKING:
    from textcnn.answers import Answer

__all__ = ["OutputFormat", "writer"]

Fields = tuple[tuple[str, object], ...]

_BAR = 16
_LEAST_TEXT = 16  # columns worth showing a text in


class OutputFormat(StrEnum):
    """The formats of answers."""

    pretty = "pretty"
    tsv = "tsv"
    csv = "csv"
    jsonl = "jsonl"
    label = "label"


def writer(
    format: OutputFormat, *, top: int, labels: Iterable[str]
) -> "Callable[[Iterable[Answer], Sequence[Record]], str]":
    """A function from rows, and the records that they are of, to text; for CSV the first record says the header.

    Args:
        format: of the text.
        top: how many labels are shown for each text, at most as many as there are.
        labels: all that can be shown, so that columns of a terminal can be as wide as the widest.
    """
    if format is OutputFormat.csv:
        return _Csv(top)
    if format is OutputFormat.pretty:
        return _Pretty(top, max(cells(one_line(label)) for label in labels))
    one = {OutputFormat.tsv: _tsv, OutputFormat.jsonl: _jsonl, OutputFormat.label: _label}[format]
    return lambda rows, _: "".join(one(row, top) for row in rows)


def _joined(row: "Answer") -> str:
    return _flat("|".join(row.given))


def _flat(text: str) -> str:
    """On one line and without tabs, so that one answer stays one line."""
    if text.isprintable():
        return text
    return " ".join(text.replace("\t", " ").splitlines())


def _pairs(row: "Answer", top: int) -> list[tuple[str, float]]:
    """The answer first; further labels if more were asked for."""
    if top == 1:
        return [(_joined(row), row.probability)]
    if not row.given or row.given[0] == row.best[0][0]:
        return row.best
    others = [pair for pair in row.best if pair[0] != row.given[0]]  # thresholds can make the answer another
    return [(row.given[0], row.probability), *others][: len(row.best)]


def _tsv(row: "Answer", top: int) -> str:
    if top == 1:
        return f"{_joined(row)}\t{row.probability:.4f}\t{_flat(row.record.text)}\n"
    answers = "\t".join(f"{_flat(label)}\t{probability:.4f}" for label, probability in _pairs(row, top))
    return f"{answers}\t{_flat(row.record.text)}\n"


def _label(row: "Answer", top: int) -> str:
    if top == 1:
        return f"{_joined(row)}\n"
    return "\t".join(_flat(label) for label, _ in _pairs(row, top)) + "\n"


def _jsonl(row: "Answer", top: int) -> str:
    answer: dict[str, object] = {
        "label": list(row.given) if row.multi_label else row.given[0],
        "probability": round(row.probability, 6),
        "probabilities": {label: round(value, 6) for label, value in row.best},
        "text": row.record.text,
    }
    explained = {} if row.explanation is None else {"explanation": explanation_object(row.explanation)}
    names = _free_names(row.record.fields, [*answer, *explained])
    answer |= {name: value for name, (_, value) in zip(names, row.record.fields, strict=True)} | explained
    return json.dumps(answer, ensure_ascii=False) + "\n"


def _free_names(fields: Fields, taken: Iterable[str]) -> list[str]:
    """Names of the other columns of the input; one that is called like one of ours gets `input_` before its name."""
    names = {name for name, _ in fields}
    found: list[str] = []
    used = set(taken)
    for name, _ in fields:
        free = name
        while free in used or (free != name and free in names):
            free = f"input_{free}"
        used.add(free)
        found.append(free)
    return found


class _Csv:
    """CSV: the answer, then the other columns of the input, then the text; the first record decides about the columns.

    Where there was no record at all, a header still is: CSV without one cannot be read.
    """

    def __init__(self, top: int) -> None:
        self.top = top
        self.columns: list[str] | None = None
        self.warned = False

    def __call__(self, rows: "Iterable[Answer]", records: Sequence[Record]) -> str:
        made = io.StringIO()
        lines = csv.writer(made, lineterminator="\n")
        if self.columns is None:
            fields = records[0].fields if records else ()
            self.columns = [name for name, _ in fields]
            names = ["label", "probability"]
            names += [f"{name}{number}" for number in range(2, self.top + 1) for name in ("label", "probability")]
            lines.writerow([*names, *_free_names(fields, [*names, "text"]), "text"])
        for row in rows:
            pairs = _pairs(row, self.top)
            answers = [value for label, probability in pairs for value in (label, f"{probability:.4f}")]
            lines.writerow([*answers, *self._others(row, self.columns), row.record.text])
        return made.getvalue()

    def _others(self, row: "Answer", columns: list[str]) -> list[str]:
        names = [name for name, _ in row.record.fields]
        if names == columns:
            return [_cell(value) for _, value in row.record.fields]
        # Objects of JSON lines need not have the same keys.
        values = dict(row.record.fields)
        strange = [name for name in names if name not in columns]
        if strange and not self.warned:
            self.warned = True
            say(
                f"line {row.record.line}: there is no column for {', '.join(map(repr, strange))}, which the first text "
                "does not have; --format jsonl keeps everything"
            )
        return [_cell(values.get(name)) for name in columns]


def _cell(value: object) -> str:
    """A value of JSON as a cell: text as it is, nothing for null, and JSON for the rest."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


class _Pretty:
    """For people: label, bar, probability, and as much of the text as there is room for."""

    def __init__(self, top: int, widest: int) -> None:
        self.top, self.widest = top, widest

    def __call__(self, rows: "Iterable[Answer]", records: Sequence[Record]) -> str:
        room = width()
        return "".join(self._one(row, room) for row in rows)

    def _one(self, row: "Answer", room: int) -> str:
        lines = [
            f"{self._label(label, max(room // 3, 8))}  {_bar(probability, room)}{100 * probability:5.1f} %"
            for label, probability in _pairs(row, self.top)
        ]
        left = room - cells(lines[0]) - 3
        if left >= _LEAST_TEXT:
            lines[0] += f"  {cut(one_line(row.record.text), left).rstrip()}"
        explained = "" if row.explanation is None else f"{shaded(row.explanation)}\n"
        return "\n".join(lines) + f"\n{explained}"

    def _label(self, label: str, room: int) -> str:
        """As wide as all are, or, as several labels that are joined can be, as far as there is room."""
        shown = one_line(label) or "-"
        return cut(shown, min(max(self.widest, cells(shown)), room))


def _bar(probability: float, room: int) -> str:
    """Its length tells the probability; on narrow terminals there is none."""
    if room < 80:
        return ""
    full, part = divmod(round(probability * _BAR * 8), 8)
    return ("█" * full + " ▏▎▍▌▋▊▉"[part]).ljust(_BAR + 1) + " "
