"""Files in every format, packed or not, with damage and with options of any kind, give records or DataError."""

import bz2
import csv
import gzip
import io
import json
import lzma
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import mutations
from harness import CpuLimit

from textcnn.corpus import FORMATS, Reading, open_corpus, read_corpus
from textcnn.corpus.record import DELIMITERS
from textcnn.errors import DataError, SettingsError

_SECONDS = 4e-5  # of a byte
_NAMES = ("label", "text", "Sentiment", "id", "message", "", " text ", "__label__", "label_text", "date", "2", "text")
_LABELS = (
    "ham", "spam", "ham|spam", "['ham', 'spam']", '["a", "b"]', "0", "1", "01", "1.0", "", "nan", " ham ", "a;b",
    "[0 1]", '{"a": 1}', "Ham", "x,y", "true",
)  # fmt: skip
_ENCODINGS = (
    "utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "gb18030",
    "shift_jis", "utf-7", "ascii",
)  # fmt: skip
_ODD_ENCODINGS = (
    *_ENCODINGS, "idna", "punycode", "rot13", "hex", "undefined", "unicode_escape", "raw_unicode_escape", "", "\0",
    "cp037", "iso2022_jp", "hz",
)  # fmt: skip
_PIECES = (
    b'"', b'""', b",", b"\t", b";", b"|", b"\r", b"\n", b"\r\n", b"\\", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe",
    b"'", b"{", b"}", b"[", b"]", b":", b"\\ud800", b"1e999", b"__label__", b"sep=;\n", b"<html>", b"\x1c", b"\xc2\x85",
)  # fmt: skip
_PACKED = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress}


class Case(NamedTuple):
    """A file, and how it is read."""

    data: bytes
    name: str
    reading: Reading
    options: dict[str, Any]  # of read_corpus


def make(random: Random) -> Case:
    """Rows in some format, damage before and after packing, and options of which some fit."""
    form = random.choice(("csv", "csv", "tsv", "jsonl", "json", "fasttext", "lines"))
    rows = [
        (random.choice(_LABELS), mutations.text(random), random.choice(mutations.TEXTS))
        for _ in range(random.choice((0, 1, 2, 5, 30)))
    ]
    delimiter = random.choice((",", ",", ";", "\t", "|", " ", "a"))
    encoding = random.choice(_ENCODINGS)
    data = _written(form, rows, delimiter, random).encode(encoding, "replace")
    if random.random() < 0.6:
        data = mutations.changed(data, random, _PIECES)
    if random.random() < 0.05:
        data *= random.choice((20, 500)) if len(data) < 1000 else 2
    packed = random.choice(("", "", "", *_PACKED))
    data = _PACKED[packed](data)
    if packed and random.random() < 0.3:
        data = mutations.changed(data, random)
    name = "file" + random.choice((f".{form}", f".{form}", "", ".txt", ".csv", ".CSV", ".json")) + packed
    return Case(data, name, _reading(form, encoding, delimiter, random), _options(random))


def _written(form: str, rows: list[tuple[str, str, str]], delimiter: str, random: Random) -> str:
    if form in ("csv", "tsv"):
        return _table(rows, "\t" if form == "tsv" else delimiter, random)
    if form in ("json", "jsonl"):
        names = random.sample(_NAMES, 3)
        objects = [dict(zip(names, (_json(row[0], random), *row[1:]), strict=True)) for row in rows]
        ascii_only = random.random() < 0.5
        if form == "json":
            return json.dumps(objects, ensure_ascii=ascii_only)
        return "".join(json.dumps(each, ensure_ascii=ascii_only) + "\n" for each in objects)
    mark = random.choice(("__label__", "__label__", "#"))
    if form == "fasttext":
        return "".join(
            f"{mark}{label} {text}\n" if random.random() < 0.8 else f"{text} {mark}{label},\n"
            for label, text, _ in rows
        )
    return "".join(f"{text}\n" for _, text, _ in rows)


def _json(label: str, random: Random) -> Any:
    return random.choice(
        (
            label,
            [label],
            label.split("|"),
            {label: 1},
            {label: True, "x": False},
            [0, 1],
            3,
            None,
            mutations.value(random),
        )
    )


def _table(rows: list[tuple[str, str, str]], delimiter: str, random: Random) -> str:
    quoting = random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONE))
    stream = io.StringIO()
    writer = csv.writer(
        stream,
        delimiter=delimiter,
        quoting=quoting,
        escapechar="\\",
        lineterminator=random.choice(("\n", "\r\n", "\r")),
    )
    head = [random.sample(_NAMES, 3)] if random.random() < 0.8 else []
    titles = [["A title above"]] * random.choice((0, 0, 0, 1, 3))
    with suppress(csv.Error):
        writer.writerows([*titles, *head, *rows, *(head if random.random() < 0.1 else [])])
    return random.choice(("", "", f"sep={delimiter}\n")) + stream.getvalue()


def _reading(form: str, encoding: str, delimiter: str, random: Random) -> Reading:
    """How the file should be read, or how it should not."""
    odd = random.random() < 0.3

    def one(usual: Any, *others: Any) -> Any:
        return random.choice((None, *others)) if odd and random.random() < 0.5 else usual

    return Reading(
        format=one("auto", form, *FORMATS, "xml") or form,
        encoding=one(encoding, *_ODD_ENCODINGS) or "utf-8",
        delimiter=one(None, delimiter, *DELIMITERS, ".", '"', "ab", "", "\n"),
        quotes=one(None, True, False),
        header=one(None, True, False),
        text_column=one(None, *_NAMES, "1", "3", "0", "-1", "9" * 30, 2, 0),
        label_column=one(None, *_NAMES, "2", "4", 1, -5),
        label_separator=one(None, "", "|", ",", "\0", "ab"),
        skip_bad_rows=random.random() < 0.5,
        skip_lines=one(0, 1, 2, 10**9, -1) or 0,
        label_prefix=one(None, "#", "__label__", "", " ", ".*", "("),
    )


def _options(random: Random) -> dict[str, Any]:
    return {
        "labelled": random.random() < 0.7,
        "fields": random.random() < 0.5,
        "known": random.choice((None, None, (), ("ham", "spam"))),
        "multi_label": random.random() < 0.3,
        "names": random.choice(((), ("0", "1"), ("01",))),
    }


def check(case: Case) -> None:
    """Read it as `predict` does, from a file and from a pipe, and as `train` does."""
    path = Path(case.name)
    path.write_bytes(case.data)
    with CpuLimit(1 + _SECONDS * _size(case), case.name):
        for stream in (None, io.BytesIO(case.data)):
            with (
                suppress(DataError, SettingsError),
                open_corpus(
                    "-" if stream else path, reading=case.reading, labelled=case.options["labelled"], stream=stream
                ) as reader,
            ):
                for record in reader:
                    _check_record(record.text, record.labels, record.fields)
                reader.describe().encode()
        with suppress(DataError, SettingsError):
            corpus = read_corpus([path], reading=case.reading, **case.options)
            assert len({len(corpus.texts), len(corpus.labels), len(corpus.lines), len(corpus.sources)}) == 1
            for text, labels in zip(corpus.texts, corpus.labels, strict=True):
                _check_record(text, labels, ())
            "".join((*corpus.notes, *corpus.losses)).encode()
    path.unlink()


def _size(case: Case) -> int:
    """Bytes, once unpacked as far as that goes."""
    if not case.name.endswith(tuple(filter(None, _PACKED))):
        return len(case.data)
    return 500 * len(case.data) + 10_000


def _check_record(text: str, labels: tuple[str, ...], fields: tuple[tuple[str, object], ...]) -> None:
    """What a file can hold, and what can be written again."""
    text.encode()
    assert all(label and label.encode() for label in labels), "a label is empty"
    json.dumps(fields, ensure_ascii=False, allow_nan=False).encode()
