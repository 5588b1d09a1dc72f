"""`kill -9` at any moment: a file has its old content or its new one, and what is left goes with the next write.

Most inputs kill a process that does nothing but write, since there the moments are short; some kill the commands.
"""

import os
import signal
import time
from pathlib import Path
from random import Random
from typing import NamedTuple

import program
from examples import EXAMPLES, write_csv
from made_models import any_model

from textcnn.model.file import write_model
from textcnn.model.predictor import Predictor
from textcnn.storage.atomic import written_whole

_CONTENTS = (b"a" * 3_000_000, b"b" * 2_000_000)
_LONGEST = {"write": 0.06, "train": 6.0, "report": 6.0, "predict": 0.6}  # seconds until the kill


class Case(NamedTuple):
    """What is killed, and after how many seconds."""

    kind: str
    delay: float


def make(random: Random) -> Case:
    """A moment by chance."""
    kind = random.choices(tuple(_LONGEST), (120, 1, 1, 4))[0]
    return Case(kind, random.uniform(0, _LONGEST[kind]))


def check(case: Case) -> None:
    """Kill it, look, and write once more."""
    {"write": _write, "train": _train, "report": _report, "predict": _predict}[case.kind](case.delay)
    for path in Path().iterdir():
        path.unlink()


def _write(delay: float) -> None:
    path = Path("file")
    path.write_bytes(_CONTENTS[0])
    child = os.fork()
    if not child:
        while True:
            for content in _CONTENTS[::-1]:
                with written_whole(path) as file:
                    file.write(content)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert path.read_bytes() in _CONTENTS, "the file is neither the old one nor the new one"
    _write_again(path)


def _write_again(path: Path) -> None:
    with written_whole(path) as file:
        file.write(b"again")
    left = [each.name for each in Path().iterdir() if each.name.startswith(".")]
    assert not left, f"there is still {left}"


def _killed(delay: float, *arguments: str, **options: object) -> int:
    process = program.start(*arguments, **options)
    time.sleep(delay)
    process.kill()
    process.communicate()
    return process.returncode


def _train(delay: float) -> None:
    """A model is replaced by another one, or not."""
    old, new = Path("model.textcnn"), write_csv(Path("train.csv"), EXAMPLES)
    write_model(any_model(Random(1)), old)
    before = old.read_bytes()
    code = _killed(delay, "train", str(new), "--quality=fast", "--epochs=3", *program.TINY)
    assert old.read_bytes() == before or Predictor.open(old).labels == ("ham", "spam")
    assert code != 0 or old.read_bytes() != before
    _write_again(old)


def _report(delay: float) -> None:
    page, old = Path("page.html"), b"<html>old"
    page.write_bytes(old)
    write_csv(Path("train.csv"), EXAMPLES)
    _killed(delay, "check", "train.csv", "--data-only", "--report=page.html")
    assert page.read_bytes() == old or page.read_bytes().rstrip().endswith(b"</html>")
    _write_again(page)


def _predict(delay: float) -> None:
    """What is there of the answers is the beginning of all answers."""
    write_model(any_model(Random(1)), Path("model.textcnn"))
    text = "".join(f"{text} {number}\n" for number in range(200) for _, text in EXAMPLES)
    Path("lines.txt").write_text(text)
    arguments = ("predict", "--format=jsonl", "--input=lines.txt", "--input-format=lines", "-q")
    with open("answers", "wb") as answers:
        _killed(delay, *arguments, stdout=answers)
    whole = program.run(*arguments).stdout
    assert whole.count(b"\n") == text.count("\n") and whole.startswith(Path("answers").read_bytes())
