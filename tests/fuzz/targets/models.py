"""Model files with damage of every kind are refused, or answer: no crash, no hang, no other deed, little memory."""

import io
import json
import struct
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import mutations
import numpy as np
from harness import Confined, CpuLimit, MemoryLimit
from made_models import any_model

from textcnn.answers import Policy, answer
from textcnn.cli.application import run
from textcnn.corpus import Record
from textcnn.errors import TextcnnError
from textcnn.model.file import write_model
from textcnn.model.model import Model
from textcnn.model.predictor import Predictor

MEMORY = 200_000_000  # bytes beside four times the file
_DTYPES = ("U8", "I8", "U16", "F16", "U32", "I32", "F32", "I64", "U64", "F64", "BOOL", "BF16", "", None, 7, [])
_EXTREME = (0, 0xFF, 0x7F, 0x80, 0x01)


class Case(NamedTuple):
    """A file, texts to ask it about, and how."""

    data: bytes
    texts: list[str]
    many: bool
    inspected: bool


def make(random: Random) -> Case:
    """A model of any shape, and damage in one place or a few."""
    data = file_of(any_model(random))
    kind = random.choices(("whole", "bytes", "cut", "header"), (1, 2, 1, 16))[0]
    if kind == "bytes":
        data = mutations.changed(data, random)
    elif kind == "cut":
        data = data[: random.randrange(len(data))]
    elif kind == "header":
        data = _with_header(data, random, random.choices(_CHANGES, (4, 5, 6, 1))[0])
    texts = [mutations.text(random) for _ in range(random.choice((0, 1, 1, 3, 20)))]
    return Case(data, texts, random.random() < 0.5, random.random() < 0.2)


def file_of(model: Model) -> bytes:
    """What a model is as a file."""
    with tempfile.TemporaryDirectory() as folder:
        write_model(model, Path(folder) / "m")
        return (Path(folder) / "m").read_bytes()


def _with_header(data: bytes, random: Random, change: Any) -> bytes:
    length = struct.unpack("<Q", data[:8])[0]
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        if isinstance(header, dict) and _is_whole(header):
            header, body = change(header, body, random)
    text = header if isinstance(header, str) else json.dumps(header)
    return struct.pack("<Q", len(text.encode())) + text.encode() + body


def _is_whole(header: dict[str, Any]) -> bool:
    """Whether nothing is so damaged yet that it cannot be damaged more."""
    entries = [entry for name, entry in header.items() if name != "__metadata__"]
    try:
        return all(
            len(entry["shape"]) < 9 and entry["data_offsets"][0] <= entry["data_offsets"][1] for entry in entries
        ) and bool(json.loads(header["__metadata__"]["textcnn"])["settings"])
    except (KeyError, TypeError, ValueError, IndexError, RecursionError):
        return False


def _entries(header: dict[str, Any], body: bytes, random: Random) -> tuple[Any, bytes]:
    """What is said of a tensor: another type, shape, place; that of another one; nothing."""
    name, other = random.choice(list(header)), random.choice(list(header))
    kind = random.randrange(6)
    if kind == 0 or "shape" not in header[name]:
        header[name] = mutations.changed_value(header[name], random)
    elif kind == 1:
        header[name]["dtype"] = random.choice(_DTYPES)
    elif kind == 2:
        _reshape(header[name], random)
    elif kind == 3:
        header[name], header[other] = header[other], header[name]
    elif kind == 4:
        header[name] = header[other]
    else:
        del header[name]
    return {key: value for key, value in header.items() if value is not None} or {"a": 1}, body


def _reshape(entry: dict[str, Any], random: Random) -> None:
    """Another shape of as many bytes, or of none."""
    begin, stop = entry["data_offsets"]
    shapes = (entry["shape"][::-1], [*entry["shape"], 1], [1, *entry["shape"]], [stop - begin])
    empty = [0, *random.choices(mutations.NUMBERS, k=random.randrange(1, 5))]
    entry["shape"] = random.choice((*shapes, empty))
    if entry["shape"] == empty:
        entry["data_offsets"] = [begin, begin]


def _description(header: dict[str, Any], body: bytes, random: Random) -> tuple[Any, bytes]:
    values = json.loads(header["__metadata__"]["textcnn"])
    if random.random() < 0.3:
        values["settings"] = mutations.changed_value(values["settings"], random)
    else:
        values = mutations.changed_value(values, random)
    with suppress(RecursionError):
        header["__metadata__"]["textcnn"] = json.dumps(values)
    return header, body


def _tensors(header: dict[str, Any], body: bytes, random: Random) -> tuple[Any, bytes]:
    """Other numbers, some of them extreme, in a tensor."""
    made = bytearray(body)
    begin, stop = header[random.choice([name for name in header if name != "__metadata__"])]["data_offsets"]
    if begin < stop:
        first = random.randrange(begin, stop)
        last = random.choice((first + 1, first + 4, stop))
        filled = bytes([random.choice(_EXTREME)]) * (last - first)
        made[first:last] = random.choice((filled, random.randbytes(last - first), np.float32(3e38).tobytes()))[
            : last - first
        ]
    return header, bytes(made[: len(body)])


def _twice(header: dict[str, Any], body: bytes, random: Random) -> tuple[Any, bytes]:
    """A name that comes again in the JSON, where the last one counts."""
    name = random.choice(list(header))
    again = json.dumps({name: mutations.changed_value(header[name], random)})[1:]
    return json.dumps(header)[:-1] + ", " + again, body


_CHANGES = (_entries, _description, _tensors, _twice)


def check(case: Case) -> None:
    """Open it, ask it in every way, and inspect it."""
    path = Path("model.textcnn")
    path.write_bytes(case.data)
    limit = 4 * len(case.data) + MEMORY
    seconds = 5 + 5e-6 * len(case.data)  # each word meets each weight, and once more for the reasons
    with MemoryLimit(limit), CpuLimit(seconds), Confined(path), suppress(TextcnnError):
        ask(path, case.texts, many=case.many)
    if case.inspected:
        for arguments in (["inspect"], ["inspect", "--format=json"], ["predict", "-q", "free prize", "--format=jsonl"]):
            _command(arguments)


def ask(path: Path, texts: list[str], *, many: bool) -> None:
    """Answers, with the reasons; those of many texts at once are the same as those of each alone."""
    predictor = Predictor.open(path, threads=1)
    alone = predictor.all_probabilities(texts)
    assert alone.shape == (len(texts), len(predictor.labels))
    assert ((alone >= 0) & (alone <= 1)).all(), "a probability is none"
    if many:
        together = Predictor(predictor.model, threads=1)
        with LoopsFromTheFirstText():
            assert np.array_equal(together.all_probabilities(texts), alone), "the loops give other answers"
    records = [Record(text) for text in texts]
    for each in answer(predictor, records, Policy(top=None, threshold=0.5, explain=True)):
        json.dumps(each.as_dict(), allow_nan=False)


class LoopsFromTheFirstText:
    """A block in which the compiled loops are used however little there is to do."""

    def __enter__(self) -> None:
        from textcnn.model import predictor
        from textcnn.text import lexicon

        self.modules = ((predictor, "_MANY"), (lexicon, "_FEW"))
        self.before = [getattr(*each) for each in self.modules]
        for module, name in self.modules:
            setattr(module, name, 0)

    def __exit__(self, *error: object) -> None:
        for (module, name), value in zip(self.modules, self.before, strict=True):
            setattr(module, name, value)


def _command(arguments: list[str]) -> None:
    """A command says what it has to say, or one line why not."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "replace") for _ in range(2))
    before, sys.stdout, sys.stderr = (sys.stdout, sys.stderr), out, err
    try:
        code = run(arguments)
    finally:
        sys.stdout, sys.stderr = before
    err.flush()
    said = err.buffer.getvalue().decode()
    assert code in (0, 1), said
    assert "a fault of textcnn itself" not in said and said.count("\n") <= 1, said
