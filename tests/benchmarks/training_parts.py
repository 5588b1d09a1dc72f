"""What training spends its time on, and how long it takes from the prompt, beside fastText and an SVM.

The parts are those of `textcnn train --threads 1`, in which one follows the other, so that they add up; in seconds of
processor time, which other programs disturb least, and as many files at a time as there are cores. From the prompt all
cores are used, one program after the other: fastText is its program (`apt install fasttext`, or its path in FASTTEXT)
with 25 epochs and pairs of words, the SVM that of speed_pipes.py.

    python tests/benchmarks/training_parts.py ~/corpora/{mr,pl04_reviews}/all.csv --prompt ~/corpora/mr/all.csv
"""

import argparse
import builtins
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from speed import FASTTEXT, HERE, PYTHON, TEXTCNN, rows
from timing import busy, run

PARTS = {  # functions whose time, without that of other parts within, is that of a part
    "reading": ["cli.train:_read", "training.task:Task.of", "training.folds:splits"],
    "vectors": ["training.run:begin"],
    "linear search": ["training.run:chosen"],
    "linear part": ["training.run:examples", "training.run:fit_linear"],
    "networks": ["training.run:_Training._networks"],
    "held-out answers": ["training.crossfit:OutOfFold.of", "training.networks:cross_calibrated"],
    "refit": ["training.networks:fit_all"],
    "n-grams": ["training.fit:_with_ngrams"],
    "saving": ["training.run:assembled", "model.file:write_model"],
}
NAMES = ["imports", *PARTS, "rest"]


class Clock:
    """Processor seconds of each part, in a process that it starts with; all of a refit is refitting."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.parts = ["rest"]  # the one that goes on, after those around it
        self.since = 0.0

    def turn(self) -> None:
        """Account for the time until now."""
        now = time.process_time()
        self.seconds[self.parts[-1]] += now - self.since
        self.since = now

    def counted(self, work: Callable[..., Any], part: str) -> Callable[..., Any]:
        """The same function, its time counted."""

        def timed(*given: Any, **named: Any) -> Any:
            self.turn()
            self.parts.append("refit" if self.parts[-1] == "refit" else part)
            try:
                return work(*given, **named)
            finally:
                self.turn()
                self.parts.pop()

        return timed


def parts_here(arguments: Sequence[str]) -> dict[str, float]:
    """Run a command of textcnn in this process, which has just begun, and say how long each part took."""
    clock = Clock()
    builtins.__import__ = clock.counted(builtins.__import__, "imports")
    for part, functions in PARTS.items():
        for function in functions:
            module, _, path = function.partition(":")
            *owners, name = path.split(".")
            owner = reduce(getattr, owners, importlib.import_module(f"textcnn.{module}"))
            setattr(owner, name, clock.counted(getattr(owner, name), part))
    from textcnn.cli.application import run as textcnn

    if textcnn(list(arguments)):
        raise SystemExit("textcnn ended with an error")
    clock.turn()
    return clock.seconds


def parts_of(path: Path) -> dict[str, float]:
    """The same in a process of its own."""
    with tempfile.TemporaryDirectory() as work:
        arguments = ["train", path, "-o", Path(work, "model"), "-q", "--threads", "1"]
        command = [PYTHON, __file__, "--here", *arguments]
        done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def prompt(path: Path) -> list[str]:
    """Cells of how long each program takes to learn a file."""
    with tempfile.TemporaryDirectory() as work:
        model, lines = Path(work, "model"), Path(work, "lines")
        texts = [f"__label__{label.replace(' ', '_')} {' '.join(text.lower().split())}\n" for label, text in rows(path)]
        np.random.default_rng(0).shuffle(texts)
        lines.write_text("".join(texts), "utf-8")
        ours = [TEXTCNN, "train", path, "-q", "-o", model]
        found = [run(ours), run([*ours, "--quality", "fast"])]
        if FASTTEXT:
            how = ["-epoch", "25", "-wordNgrams", "2", "-thread", str(len(os.sched_getaffinity(0)))]
            found.append(run([FASTTEXT, "supervised", "-input", lines, "-output", model, *how]))
        found.append(run([PYTHON, HERE / "speed_pipes.py", "train", "svm", path, Path(work, "svm")]))
    if any(each.code for each in found):
        raise SystemExit(f"a program ended with an error: {path}")
    return [f"{each.seconds:.1f} s, {each.megabytes:.0f} MB" for each in found]


def line(cells: Sequence[str]) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def show_parts(files: Sequence[Path]) -> None:
    """A table of the share of each part of each training."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        found = list(pool.map(parts_of, files))
    names = [path.parent.name for path in files]
    print("\n".join(map(line, [["part", *names], ["---"] * (len(names) + 1)])))
    for part in NAMES:
        print(line([part, *(f"{each.get(part, 0) / sum(each.values()):.1%}" for each in found)]))
    print(line(["processor time", *(f"{sum(each.values()):.1f} s" for each in found)]), end="\n\n", flush=True)


def show_prompt(files: Sequence[Path]) -> None:
    """A table of how long each program takes."""
    heads = ["texts", "textcnn train", "--quality fast", *(["fastText"] if FASTTEXT else []), "TF-IDF, SVM"]
    print("\n".join(map(line, [heads, ["---"] * len(heads)])))
    for path in files:
        print(line([path.parent.name, *prompt(path)]), flush=True)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("files", nargs="*", type=Path, help="whose training is taken apart; CSV with label and text")
    options.add_argument("--prompt", nargs="*", type=Path, default=[], help="that are learned from the prompt")
    given = options.parse_args()
    print(busy(), file=sys.stderr)
    if given.files:
        show_parts(given.files)
    if given.prompt:
        show_prompt(given.prompt)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        print(json.dumps(parts_here(sys.argv[2:])))
    else:
        main()
