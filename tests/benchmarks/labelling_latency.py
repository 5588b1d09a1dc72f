"""How long a step of `textcnn label` takes in a pile of 100,000 texts, while it learns; `labelling.py --latency`.

In the terminal: a key, the step on the disk, the next question drawn. On the page: the request over HTTP to the running
program, and its answer. The texts are halves of those of a set, joined anew.
"""

import csv
import http.client
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from protocol import Part

from textcnn.cli.display.labelling import draw
from textcnn.cli.label_dialog import LabelDialog
from textcnn.corpus import Reading
from textcnn.labelling.journal import Journal
from textcnn.labelling.pile import read_pile
from textcnn.labelling.session import Session

__all__ = ["latency"]

TEXTS = 100_000
STEPS = 300  # answers; beside them a tenth as many undos, skips, searches and looks at texts alike
LABELS = ("one", "two", "three", "four")
READING = 0.2  # seconds that somebody takes for a text


def latency(part: Part) -> str:
    """Milliseconds for each kind of step, in the terminal and on the page."""
    lines = ["| step | number | median | 99 % | longest |", "| --- |" + " --- |" * 4]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pile.csv"
        _write_pile(part, path)
        for where, measured in (("terminal", _in_terminal(path)), ("page", _on_page(path))):
            for kind, seconds in measured.items():
                shown = [1000 * value for value in (*np.quantile(seconds, (0.5, 0.99)), max(seconds))]
                told = " | ".join(f"{value:.1f} ms" for value in shown)
                lines.append(f"| {where}: {kind} | {len(seconds)} | {told} |")
    return "\n".join(lines)


def _write_pile(part: Part, path: Path) -> None:
    random = np.random.default_rng(0)
    words = [text.split() for text in part.texts]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text"])
        for first, second in random.integers(len(words), size=(TEXTS, 2)):
            before, after = words[first], words[second]
            writer.writerow([" ".join([*before[: len(before) // 2 + 1], *after[len(after) // 2 :]])])


def _kinds() -> list[str]:
    """What is done, in turn."""
    seldom = ("undo", "skip", "alike", "search")
    return ["answer" if step % 11 < 10 else seldom[step // 11 % len(seldom)] for step in range(STEPS * 11 // 10)]


# ---------------------------------------------------------------------------------------------------- in the terminal


def _in_terminal(path: Path) -> dict[str, list[float]]:
    random, measured = np.random.default_rng(0), {}
    keys = {"undo": ["backspace"], "skip": [" "], "alike": ["="], "search": [*"/the", "enter"]}
    pile = read_pile([path], Reading(text_column=("text",)))
    with Session(pile, Journal(path.with_suffix(".journal")), labels=LABELS) as session:
        dialog = LabelDialog(session)
        for kind in _kinds():
            for key in keys.get(kind, [str(random.integers(1, len(LABELS) + 1))]):
                start = time.perf_counter()
                dialog.press(key)
                draw(dialog, (), 80, 24)
                measured.setdefault(kind, []).append(time.perf_counter() - start)
            if dialog.mode != "ask":
                dialog.press("escape")
            time.sleep(READING)
    return measured


# -------------------------------------------------------------------------------------------------------- on the page


def _on_page(path: Path) -> dict[str, list[float]]:
    command = [sys.executable, "-m", "textcnn", "label", path.name, "--labels", ",".join(LABELS), "--browser"]
    with subprocess.Popen(command, cwd=path.parent, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        address = next(line.split()[1] for line in process.stderr if line.startswith("open "))
        where, token = address.removeprefix("http://").split("/#token=")
        connection = http.client.HTTPConnection(where)

        def ask(body: dict[str, object]) -> dict[str, object]:
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
            connection.request("POST", "/steps", json.dumps(body), headers)
            return dict(json.loads(connection.getresponse().read()))

        try:
            return _asked(ask)
        finally:
            process.terminate()


def _asked(ask) -> dict[str, list[float]]:
    random, measured = np.random.default_rng(0), {}
    question = ask({"do": "see"})["question"]
    for kind in _kinds():
        row, how = question["row"], question["how"]
        body = {
            "answer": {"do": "answer", "row": row, "how": how, "label": LABELS[random.integers(len(LABELS))]},
            "skip": {"do": "skip", "row": row, "how": how},
            "undo": {"do": "undo"},
            "alike": {"do": "alike", "row": row},
            "search": {"do": "search", "words": "the"},
        }[kind]
        start = time.perf_counter()
        told = ask(body)
        measured.setdefault(kind, []).append(time.perf_counter() - start)
        question = told.get("question") or question
        time.sleep(READING)
    return measured
