"""Settings in TOML: any file gives settings within their limits, or SettingsError."""

import json
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import mutations
from harness import CpuLimit, MemoryLimit

from textcnn.cli.options import settings_from_file
from textcnn.errors import SettingsError
from textcnn.settings import Settings, checked, each_setting, record, settings_of, settled
from textcnn.training.class_weights import class_weights

_WEIGHTS = (
    "none", "balanced", "spam=2,ham=1", "spam=", "=", "spam=nan,ham=1", '{"spam": 2}', '{"spam": "2"}', "[1]",
    "spam=1e400",
)  # fmt: skip
_PIECES = (
    b"[", b"[[a.b]]\n", b"{", b'"', b'"""', b"=", b"\n", b"1_0", b"0x", b"'", b"\\u0000", b"\\U0010ffff", b"inf",
    b"nan", b"1979-05-27T07:32:00Z", b"a.", b"#", b"\xff", b"\0",
)  # fmt: skip


class Case(NamedTuple):
    """A file."""

    data: bytes


def make(random: Random) -> Case:
    """Some settings, each as it should be or as it should not, and damage to some files."""
    lines = [f"{_name(random)} = {_value(random)}" for _ in range(random.choice((0, 1, 2, 5)))]
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    return Case(mutations.changed(data, random, _PIECES) if random.random() < 0.5 else data)


def _name(random: Random) -> str:
    name = random.choice([setting.name for setting in each_setting()])
    return random.choice((name, name, name, name.replace("_", "-"), f"a.{name}", f'"{name}"', "unknown", '"\\u0000"'))


def _value(random: Random) -> str:
    kind = random.randrange(5)
    if kind == 0:
        return str(random.choice(mutations.NUMBERS))
    if kind == 1:
        return str(random.choice(mutations.FLOATS))
    if kind == 2:
        words = [word for setting in each_setting() for word in setting.metadata["limits"].choices]
        return json.dumps(random.choice((*words, *_WEIGHTS, *mutations.TEXTS)))
    if kind == 3:
        return json.dumps(random.choices((1, 2, 3, 0, 1.0, "a", True, [1]), k=random.choice((0, 1, 2, 25))))
    return random.choice(
        ("true", "{a = 1}", "{a = {b = [1]}}", "[" * 500, "1" * 5000, "07:32:00", "0o7", str(mutations.value(random)))
    )


def check(case: Case) -> None:
    """Read it, and take it for what it says."""
    Path("s.toml").write_bytes(case.data)
    with MemoryLimit(600_000_000), CpuLimit(2), suppress(SettingsError):
        values = settings_from_file(Path("s.toml"))
        settings = settled(settings_of(values), labels=2)
        assert record(Settings(**checked(json.loads(json.dumps(record(settings)))))) == record(settings)
        class_weights(settings.class_weight, ["ham", "spam"], _targets())


def _targets() -> Any:
    import numpy as np

    return np.eye(2, dtype=np.float32)
