"""How answers are printed: for people, as TSV, CSV or JSON lines, or the bare label."""

import csv
import io
import json
from collections.abc import Callable, Iterable
from enum import Enum
from typing import NamedTuple

from textcnn.cli.console import width
from textcnn.corpus import Record

__all__ = ["OutputFormat", "Row", "writer"]

_BAR = 20


class OutputFormat(str, Enum):
    """The formats of answers."""

    pretty = "pretty"
    tsv = "tsv"
    csv = "csv"
    jsonl = "jsonl"
    label = "label"


class Row(NamedTuple):
    """An answer and where it came from."""

    record: Record
    given: tuple[str, ...]  # the labels of the answer
    probability: float  # of the likeliest label
    best: list[tuple[str, float]]  # the likeliest labels, as many as were asked for
    probabilities: dict[str, float]
    several: bool


def writer(format: OutputFormat, *, top: int) -> Callable[[Iterable[Row]], str]:
    """A function from rows to text; for CSV the first call begins with the header."""
    if format is OutputFormat.csv:
        return _Csv(top)
    one = {
        OutputFormat.pretty: _pretty,
        OutputFormat.tsv: _tsv,
        OutputFormat.jsonl: _jsonl,
        OutputFormat.label: _label,
    }[format]
    return lambda rows: "".join(one(row, top) for row in rows)


def _joined(row: Row) -> str:
    return _flat("|".join(row.given))


def _flat(text: str) -> str:
    """On one line and without tabs, so that one answer stays one line."""
    if text.isprintable():
        return text
    return " ".join(text.replace("\t", " ").splitlines())


def _pairs(row: Row, top: int) -> list[tuple[str, float]]:
    """The answer first; further labels if more were asked for."""
    return (
        [(_joined(row), row.probability), *row.best[1:]]
        if top > 1 and not row.several
        else ([(_joined(row), row.probability)] if top == 1 else row.best)
    )


def _tsv(row: Row, top: int) -> str:
    answers = "\t".join(f"{_flat(label)}\t{probability:.4f}" for label, probability in _pairs(row, top))
    return f"{answers}\t{_flat(row.record.text)}\n"


def _label(row: Row, top: int) -> str:
    return "\t".join(_flat(label) for label, _ in _pairs(row, top)) + "\n"


def _jsonl(row: Row, top: int) -> str:
    answer = {
        "label": list(row.given) if row.several else row.given[0],
        "probability": round(row.probability, 6),
        "probabilities": {label: round(value, 6) for label, value in row.probabilities.items()},
        "text": row.record.text,
    }
    others = {_free(name, answer): value for name, value in row.record.fields}
    return json.dumps({**answer, **others}, ensure_ascii=False) + "\n"


def _free(name: str, taken: Iterable[str]) -> str:
    """A column of the input that is called like one of ours gets `input_` before its name."""
    return f"input_{name}" if name in taken else name


class _Csv:
    """CSV: the columns of the input, then the answer."""

    def __init__(self, top: int) -> None:
        self.top, self.begun = top, False

    def __call__(self, rows: Iterable[Row]) -> str:
        made = io.StringIO()
        lines = csv.writer(made, lineterminator="\n")
        for row in rows:
            pairs = _pairs(row, self.top)
            names = ["label", "probability"]
            names += [f"{name}{number}" for number in range(2, len(pairs) + 1) for name in ("label", "probability")]
            if not self.begun:
                lines.writerow([*names, *(_free(name, [*names, "text"]) for name, _ in row.record.fields), "text"])
                self.begun = True
            answers = [value for label, probability in pairs for value in (label, f"{probability:.4f}")]
            lines.writerow([*answers, *(value for _, value in row.record.fields), row.record.text])
        return made.getvalue()


def _pretty(row: Row, top: int) -> str:
    room = width()
    label_room = min(max(len(label) for label, _ in row.best), max(room // 3, 8))
    lines = [
        f"{label[:label_room]:<{label_room}}  {_bar(probability, room)}{100 * probability:5.1f} %"
        for label, probability in _pairs(row, top)
    ]
    text = _flat(row.record.text)
    left = room - len(lines[0]) - 2
    if left >= 20:
        lines[0] += f"  {text if len(text) <= left else text[: left - 3] + '...'}"
    return "\n".join(lines) + "\n"


def _bar(probability: float, room: int) -> str:
    if room < 60:
        return ""
    full, part = divmod(round(probability * _BAR * 8), 8)
    return ("█" * full + " ▏▎▍▌▋▊▉"[part]).ljust(_BAR + 1)
