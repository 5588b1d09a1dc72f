"""Files of labelled texts made by chance, in every format that is read, valid ones nearly all."""

import csv
import io
import json
from contextlib import suppress
from random import Random
from typing import Any

import mutations

__all__ = ["FORMS", "NAMES", "file_of"]

FORMS = ("csv", "csv", "csv", "tsv", "jsonl", "jsonl", "json", "fasttext", "lines", "xlsx")
NAMES = (
    "label", "text", "Sentiment", "id", "message", "", " text ", "__label__", "label_text", "date", "2",
    "split", "meta.label", "weight", "a.b", "data.text",
)  # fmt: skip
_LABELS = (
    "ham", "spam", "ham|spam", "['ham', 'spam']", '["a", "b"]', "0", "1", "01", "1.0", "", "nan", " ham ", "a;b",
    "[0 1]", '{"a": 1}', "Ham", "x,y", "true",
)  # fmt: skip
_Row = tuple[str, str, str]


def file_of(form: str, delimiter: str, encoding: str, random: Random) -> bytes:
    """A file of a few rows."""
    rows = [
        (random.choice(_LABELS), mutations.text(random), random.choice(mutations.TEXTS))
        for _ in range(random.choice((0, 1, 2, 5, 5, 5, 30)))
    ]
    if form == "xlsx":
        return _workbook(rows, random)
    if form in ("csv", "tsv"):
        text = _table(rows, "\t" if form == "tsv" else delimiter, random)
    elif form in ("json", "jsonl"):
        text = _objects(rows, random, array=form == "json")
    elif form == "fasttext":
        text = _fasttext(rows, random)
    else:
        text = "".join(f"{text}\n" for _, text, _ in rows)
    return text.encode(encoding, "replace")


def _names(random: Random) -> list[str]:
    """Of three columns, most often such as are known by their names."""
    names = ["label", "text", random.choice(NAMES[2:])] if random.random() < 0.7 else random.sample(NAMES, 3)
    return names if random.random() < 0.7 else random.sample(names, 3)


def _table(rows: list[_Row], delimiter: str, random: Random) -> str:
    quoting = random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONE))
    end = random.choice(("\n", "\r\n", "\r"))
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting, escapechar="\\", lineterminator=end)
    head = [_names(random)] if random.random() < 0.8 else []
    titles = [["A title above"]] * random.choice((0, 0, 0, 0, 0, 0, 1, 3))
    with suppress(csv.Error):
        writer.writerows([*titles, *head, *rows, *(head if random.random() < 0.1 else [])])
    return random.choice(("", "", "", "", f"sep={delimiter}\n")) + stream.getvalue()


def _objects(rows: list[_Row], random: Random, *, array: bool) -> str:
    names = _names(random)
    make = random.choice((_plain, _plain, _nested, _task, _annotation))
    objects = [make(row, names, random) for row in rows]
    if objects and random.random() < 0.3:
        place = random.randrange(len(objects))
        objects[place] = mutations.changed_value(objects[place], random)
    ascii_only = random.random() < 0.5
    if array:
        return json.dumps(objects, ensure_ascii=ascii_only)
    return "".join(json.dumps(each, ensure_ascii=ascii_only) + "\n" for each in objects)


def _plain(row: _Row, names: list[str], random: Random) -> dict[str, Any]:
    return dict(zip(names, (_label(row[0], random), *row[1:]), strict=True))


def _nested(row: _Row, names: list[str], random: Random) -> dict[str, Any]:
    return {
        "meta": {"label": _label(row[0], random), "weight": random.choice((1, 0, "2", -1))},
        names[0]: {"text": row[1]},
    }


def _task(row: _Row, names: list[str], random: Random) -> dict[str, Any]:
    """As Label Studio exports it."""
    result = {"from_name": "mood", "type": "choices", "value": {"choices": _label(row[0], random)}}
    annotations = [{"result": [result] * random.choice((0, 1, 2))} for _ in range(random.choice((0, 1, 3)))]
    return {"data": {"text": row[1], names[0]: row[2]}, random.choice(("annotations", "completions")): annotations}


def _annotation(row: _Row, names: list[str], random: Random) -> dict[str, Any]:
    """As Prodigy exports it."""
    answer = random.choice(("accept", "accept", "reject", "ignore", None))
    choice = {"options": [{"id": row[0]}], "accept": [row[0]]} if random.random() < 0.5 else {"label": row[0]}
    return {"text": row[1], "answer": answer, "_input_hash": 1, **choice}


def _label(label: str, random: Random) -> Any:
    """A label in one of the ways in which JSON holds some."""
    lists = (label, [label], label.split("|"), {label: 1}, {label: True, "x": False})
    return random.choice((*lists, [0, 1], 3, None, mutations.value(random)))


def _fasttext(rows: list[_Row], random: Random) -> str:
    mark = random.choice(("__label__", "__label__", "#"))
    lines = (
        f"{mark}{label} {text}\n" if random.random() < 0.8 else f"{text} {mark}{label},\n" for label, text, _ in rows
    )
    return "".join(lines)


def _workbook(rows: list[_Row], random: Random) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook()
    for _ in range(random.choice((1, 1, 2))):
        for row in [_names(random), *rows]:
            book.active.append([ILLEGAL_CHARACTERS_RE.sub("", cell) for cell in row])
        book.active = book.create_sheet()
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
