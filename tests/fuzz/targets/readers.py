"""Files in every format, packed or not, with damage and with options of any kind, give records or DataError."""

import bz2
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
from made_files import FORMS, NAMES, file_of

from textcnn.corpus import FORMATS, Reading, open_corpus, read_corpus
from textcnn.corpus.record import DELIMITERS
from textcnn.errors import DataError, SettingsError

_SECONDS = 4e-5  # of a byte
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
    options: dict[str, Any]  # of open_corpus and read_corpus


def make(random: Random) -> Case:
    """Rows in some format, damage before and after packing, and options of which some fit."""
    form = random.choice(FORMS)
    delimiter = random.choice((",", ",", ";", "\t", "|", " ", "a"))
    encoding = random.choice(_ENCODINGS) if random.random() < 0.3 else "utf-8"
    data = file_of(form, delimiter, encoding, random)
    if random.random() < 0.4:
        data = mutations.changed(data, random, _PIECES)
    if random.random() < 0.05:
        data *= random.choice((20, 500)) if len(data) < 1000 else 2
    packed = random.choice(("",) * 6 + tuple(_PACKED))
    data = _PACKED[packed](data)
    if packed and random.random() < 0.3:
        data = mutations.changed(data, random)
    suffix = random.choice(("", ".txt", ".csv", ".CSV", ".json", ".xlsx")) if random.random() < 0.2 else f".{form}"
    name = f"file{suffix}{packed}"
    return Case(data, name, _reading(form, encoding, delimiter, random), _options(random))


def _reading(form: str, encoding: str, delimiter: str, random: Random) -> Reading:
    """How the file should be read, or how it should not."""
    odd, told = random.random() < 0.25, random.random() < 0.3

    def one(usual: Any, *others: Any) -> Any:
        return random.choice((None, *others)) if odd and random.random() < 0.3 else usual

    return Reading(
        format=one("auto", form, *FORMATS, "xml") or form,
        encoding=one(encoding, *_ODD_ENCODINGS) or "utf-8",
        delimiter=one(None, delimiter, *DELIMITERS, ".", '"', "ab", "", "\n"),
        quotes=one(None, True, False),
        header=one(True if told and form in ("csv", "tsv", "xlsx") else None, True, False),
        text_column=one(
            "text" if told else None, *NAMES, "1", "3", "0", "-1", "9" * 30, 2, 0, ("text", "message"), ("1", "1"), ()
        ),
        label_column=one("label" if told else None, *NAMES, "2", "4", 1, -5, ("label", "id"), ("a", "b")),
        label_separator=one(None, "", "|", ",", "\0", "ab"),
        skip_bad_rows=random.random() < 0.5,
        skip_lines=one(0, 1, 2, 10**9, -1) or 0,
        label_prefix=one(None, "#", "__label__", "", " ", ".*", "("),
        rows=one(None, {"label": {"ham"}}, {"split": {"train", ""}}, {"2": {"0"}, "meta.label": {"ham"}}, {}),
        weight_column=one(None, "id", "3", "meta.weight", "text", 0),
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
                    assert 0 <= record.weight < float("inf"), "a weight is none"
                    assert all(0 <= part.start <= part.end <= len(record.text) for part in record.parts), record.parts
                reader.describe().encode()
        with suppress(DataError, SettingsError):
            options = {name: value for name, value in case.options.items() if name != "labelled"}
            corpus = read_corpus([path], reading=case.reading, **options)
            columns = (corpus.texts, corpus.labels, corpus.lines, corpus.sources, corpus.weights or corpus.texts)
            assert len(set(map(len, columns))) == 1, "columns of different lengths"
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
