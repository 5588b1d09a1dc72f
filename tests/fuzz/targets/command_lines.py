"""Command lines: options of every command in any order, with values that fit and values that do not.

They are taken from the commands themselves, so one that is added is tried without another line here.
"""

import os
import re
import shutil
import socket
import sys
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import mutations
from examples import EXAMPLES, write_csv
from harness import CpuLimit
from made_models import any_model
from program import TINY

os.environ["OMP_NUM_THREADS"] = "1"

import textcnn.checks.suite
import textcnn.serve.server
import textcnn.training.fit  # imported once here, not once in each child
from textcnn.cli.application import COMMANDS, program, run
from textcnn.model.file import write_model

_USUAL = {
    "train": "train.csv",
    "evaluate": "test.csv",
    "check": "train.csv",
    "nearest": "lunch --vectors own.vec",
    "convert": "own.vec -o new",
    "info": "own.vec",
    "coverage": "train.csv --vectors own.vec",
    "vectors train": "lines.txt -o new --min-count 1 --epochs 1",
}  # what a command needs to do something; of others, nothing
_THERE = """train.csv test.csv lines.txt model.textcnn other.textcnn broken.textcnn s.toml own.vec folder new
nowhere/new . /dev/null - missing"""
_FILES = tuple(_THERE.split())
_WORDS = """-1 0 1 2 3 1e9 0.5 nan inf x 1,2 , none auto text label ham spam english own.vec lines csv jsonl json pretty
utf-16 latin-1 balanced spam=2 fast best on off \udcff é -- - {} [1] '"""
_VALUES = (*_WORDS.split(), "9" * 30, "", "a b", "\n")  # no NUL, which no system takes
_SMALL = ("--epochs=1", "--quality=fast", *TINY)  # a training of all that is left to chance would take minutes

_FITTING = {"integer": "123", "integer range": "123", "float": ("0.1", "0.5"), "float range": ("0.1", "0.5", "1")}


def _no_network(*_: Any, **__: Any) -> Any:
    raise OSError("there is no network here")


def _no_server(_: Any, listener: socket.socket, **__: Any) -> None:
    listener.close()  # it would answer until there is a signal; request_bodies.py asks it


textcnn.serve.server.run_server = _no_server
socket.getaddrinfo = socket.create_connection = _no_network  # gensim is asked for lists, and a name may be its


class Case(NamedTuple):
    """The arguments, and what stands in standard input."""

    arguments: list[str]
    data: bytes


def make(random: Random) -> Case:
    """A command with arguments and options by chance."""
    name, command = random.choice(_commands())
    options = [_option(random.choice(command.params), random) for _ in range(random.choice((0, 1, 1, 2, 4)))]
    if random.random() < 0.6:
        usual = _USUAL.get(" ".join(name)) or _USUAL.get(name[-1], "")
        texts = [usual.split()]
    else:
        odd = (*_FILES, *_VALUES, mutations.text(random).replace("/", "|"))
        texts = [[random.choice(odd)] for _ in range(random.choice((0, 1, 1, 1, 2)))]
    parts = [*options, *texts]
    random.shuffle(parts)
    trains = any("--adversarial" in parameter.opts for parameter in command.params)
    small = [each for each in _SMALL if random.random() < 0.97] if trains else []
    stdin = random.choice(
        (b"", b"free prize\nsee you\n", b"label,text\nham,see you\nspam,free prize\n", b"\xff\0\n", b"no end")
    )
    return Case([*name, *small, *(each for part in parts for each in part)], stdin)


_known: list[tuple[list[str], Any]] = []


def _commands() -> list[tuple[list[str], Any]]:
    """Every command with its name."""
    if not _known:
        import typer

        whole: Any = typer.main.get_command(program(COMMANDS))
        for name, command in whole.commands.items():
            inner = getattr(command, "commands", None)
            if inner is None:
                _known.append(([name], command))
            else:
                _known.extend(([name, each], inner[each]) for each in inner)
    return _known


def _option(parameter: Any, random: Random) -> list[str]:
    """One with a value, or without one where it needs none; or a word in its place."""
    names = [*parameter.opts, *parameter.secondary_opts]
    name = random.choice(names)
    if not name.startswith("-"):
        return [random.choice(_FILES)]
    if parameter.is_flag and random.random() < 0.95:
        return [name]
    kind = random.randrange(20)
    choices = getattr(parameter.type, "choices", None) or re.findall(r"[a-z+]+(?=[,;)])", parameter.help or "")
    if kind < 8 and choices:
        value = str(getattr(random.choice(list(choices)), "value", random.choice(list(choices))))
    elif kind < 12:
        value = random.choice(_FILES)
    elif kind < 16 and parameter.type.name in _FITTING:
        value = random.choice(_FITTING[parameter.type.name])
    else:
        value = random.choice(_VALUES)
    return [name, value] if kind % 2 else [f"{name}={value}"] if name.startswith("--") else [name + value]


def check(case: Case) -> None:
    """Run it in a folder with a few files: the exit code and what is said are those of a program that works."""
    folder = _prepared()
    (folder.parent / "stdin").write_bytes(case.data)
    with ExitStack() as stack:
        stdin = stack.enter_context(open(folder.parent / "stdin", encoding="utf-8", errors="surrogateescape"))
        out, err = (
            stack.enter_context(open(folder.parent / name, "w", encoding="utf-8", errors="backslashreplace"))
            for name in ("out", "err")
        )
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        stack.enter_context(CpuLimit(50))
        sys.stdin = stdin
        code = run(case.arguments)
    os.chdir(folder.parent)
    out, err = (Path(name).read_text("utf-8") for name in ("out", "err"))
    assert code in (0, 1, 2), (code, err)
    assert "a fault of textcnn itself" not in err and "Traceback" not in err, err
    if code == 2 and err:
        last = err.splitlines()[-1]
        assert last.startswith("textcnn: ") or "Example: " in err, err
        assert not out or case.arguments[0] == "check", (out, err)  # which says one thing after the other
    left = [path.name for path in folder.iterdir() if path.name.startswith(".")]
    assert not left, f"files are left: {left}"


def _prepared() -> Path:
    """The files of _FILES in a folder of their own, which becomes the current one."""
    root = Path(os.environ.setdefault("TEXTCNN_FUZZ_FOLDER", str(Path.cwd())))
    os.environ.update(TEXTCNN_CACHE=str(root / "cache"), HOME=str(root), COLUMNS="80")
    kept, folder = root / "kept", root / "now"
    if not kept.exists():
        _fill(kept)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(kept, folder)
    os.chdir(folder)
    return folder


def _fill(folder: Path) -> None:
    for label, name in (("ham", "a.txt"), ("ham", "b.txt"), ("spam", "c.txt"), ("spam", "d.txt")):
        path = folder / "folder" / label / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"free prize {name}")
    write_csv(folder / "train.csv", EXAMPLES)
    write_csv(folder / "test.csv", [(label, f"{text}.") for label, text in EXAMPLES[:8]])
    (folder / "lines.txt").write_text("".join(f"{text}\n" for _, text in EXAMPLES))
    (folder / "s.toml").write_text("epochs = 1\nwidths = [1, 2]\n")
    (folder / "own.vec").write_text("win 1 2\nlunch 2 1\nfree 2 2\n")
    for name, seed in (("model", 2), ("other", 5), ("broken", 9)):
        path = folder / f"{name}.textcnn"
        write_model(any_model(Random(seed)), path)
    path.write_bytes(path.read_bytes()[:-1])
