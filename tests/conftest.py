"""A tiny trained model, made once, and the command line run in this process."""

import gc
import os
import shutil
import signal
import sys
from typing import NamedTuple

import program
import pytest
from examples import EXAMPLES, write_csv
from hypothesis import settings
from program import tiny

# How long an example takes is the machine's business. `make slow` tries all that are drawn with the other profile.
settings.register_profile("textcnn", deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=200)
settings.load_profile("textcnn")
# Workers of OpenMP spin while they wait, and several processes of tests have too few cores for that.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Hundreds of programs are started, and where byte code is not kept, as in many containers, each compiles the package.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell has what it starts in the background ignore Ctrl-C, as would the programs that the tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Libraries and tests stay: the garbage collector need not walk through them again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


class Answer(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def _one_process():
    """Trainings that last, as small ones do on a busy machine, would start others, at a cost above their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("textcnn.distributed.processes.may_start_processes", lambda: False)
        yield


@pytest.fixture(scope="session")
def _trained(tmp_path_factory):
    """The model file, and nobody may write to it."""
    from textcnn.cli.application import run

    folder = tmp_path_factory.mktemp("trained")
    data = write_csv(folder / "train.csv", EXAMPLES)
    held = write_csv(folder / "held.csv", [(label, f"{text}.") for label, text in EXAMPLES])  # not the same texts
    path = folder / "model.textcnn"
    settled = tiny("--epochs=60", "--filters=16", "--dropout=0.1", "--linear=on")
    assert run(["train", str(data), "--validation", str(held), "-o", str(path), "-q", *settled]) == 0
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def train_csv(folder):
    """Forty labelled texts in the current folder."""
    return write_csv(folder / "train.csv", EXAMPLES)


@pytest.fixture
def model(folder, _trained):
    """A model that knows ham from spam, in the current folder, under the name that commands take by themselves."""
    return shutil.copy(_trained, folder / "model.textcnn")


@pytest.fixture
def textcnn(folder, capsys, monkeypatch):
    """Run a command in this process, in an empty folder; with standard input from bytes."""
    from textcnn.cli.application import run

    monkeypatch.delenv("TEXTCNN_MODEL", raising=False)
    monkeypatch.setenv("COLUMNS", "80")

    def command(*arguments, stdin=b""):
        given = folder / ".stdin"
        given.write_bytes(stdin)
        with given.open(encoding="utf-8") as stream, monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", stream)
            capsys.readouterr()
            code = run([*map(str, arguments)])
        return Answer(code, *capsys.readouterr())

    return command


@pytest.fixture
def start():
    """Start the program, and see that it is gone afterwards."""
    started = []

    def begin(*arguments, script=None):
        run = program.command(*arguments) if script is None else [sys.executable, "-c", script, *arguments]
        started.append(program.Process(run))
        return started[-1]

    yield begin
    for each in started:
        each.process.stdin.close()
        each.process.kill()
        each.process.wait()
