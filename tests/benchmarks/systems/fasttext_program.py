"""fastText's own program, on lower-cased, shuffled lines: it does not shuffle by itself.

The program is `fasttext` on the PATH, or what FASTTEXT names. One thread, so that a seed means something. Of
multi-label texts the loss is one-vs-all, as fastText's manual asks for, and labels above a half are given.
"""

import os
import random
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from protocol import Part, Task

from systems.answers import Answers, Unavailable, chosen

_PREFIX = "__label__"
_TOKEN = re.compile(r"\w+(?:'\w+)?|[^\w\s]+")


def plain(task: Task, seed: int) -> Answers:
    """With its defaults."""
    return _fasttext(task, seed, [])


def tuned(task: Task, seed: int) -> Answers:
    """With what its tutorial arrives at."""
    return _fasttext(task, seed, ["-epoch", "25", "-lr", "0.5", "-wordNgrams", "2"])


def _fasttext(task: Task, seed: int, options: list[str]) -> Answers:
    program = os.environ.get("FASTTEXT") or shutil.which("fasttext")
    if not program:
        raise Unavailable("there is no program fasttext; install it, or name it in FASTTEXT")
    loss = ["-loss", "one-vs-all"] if task.multi_label else []
    with tempfile.TemporaryDirectory() as folder:
        lines, asked, model = (Path(folder) / name for name in ("train.txt", "test.txt", "model"))
        lines.write_text("".join(_lines(task.train, task.classes(), seed)), encoding="utf-8")
        asked.write_text("".join(f"{_words(text)}\n" for text in task.test.texts), encoding="utf-8")
        common = ["-thread", "1", "-seed", str(seed), "-verbose", "0"]
        _run([program, "supervised", "-input", lines, "-output", model, *options, *loss, *common])
        said = _run([program, "predict-prob", f"{model}.bin", asked, str(len(task.classes()))])
    return chosen(task, _probabilities(task, said))


def _lines(part: Part, classes: list[str], seed: int) -> list[str]:
    """Labels as numbers, since fastText's end at a blank."""
    numbers = {label: f"{_PREFIX}{place}" for place, label in enumerate(classes)}
    made = [
        f"{' '.join(numbers[label] for label in own)} {_words(text)}\n"
        for text, own in zip(part.texts, part.labels, strict=True)
    ]
    random.Random(seed).shuffle(made)
    return made


def _words(text: str) -> str:
    return " ".join(_TOKEN.findall(text.lower())).replace(_PREFIX, "")


def _run(command: list[object]) -> str:
    done = subprocess.run([str(each) for each in command], capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise RuntimeError(f"fasttext failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def _probabilities(task: Task, said: str) -> np.ndarray:
    """(B, K). A text without a known word gets an empty line: then the labels are as frequent as in training."""
    classes = task.classes()
    shares = np.array([sum(label in own for own in task.train.labels) for label in classes]) / len(task.train.texts)
    rows = np.tile(shares, (len(task.test.texts), 1))
    for row, line in zip(rows, said.splitlines(), strict=True):
        words = line.split()
        for label, probability in zip(words[::2], words[1::2], strict=True):
            row[int(label.removeprefix(_PREFIX))] = min(float(probability), 1.0)
    return rows
