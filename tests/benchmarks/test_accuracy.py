"""The accuracy benchmark on a data set of our own: rows are added once, and the tables say what the rows say."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
from examples import EXAMPLES, write_csv

SCRIPT = Path(__file__).with_name("accuracy.py")
COMMENTS = "<!-- summary: written by accuracy.py --summary -->\nold\n<!-- end of the summary -->"


@pytest.fixture
def benchmark(tmp_path):
    """Run the script on data sets `notes` (ten folds) and `asked` (a test part, multi-label)."""
    write_csv(_made(tmp_path / "notes") / "all.csv", EXAMPLES)
    multi_label = [(label if number % 3 else f"{label}|third", text) for number, (label, text) in enumerate(EXAMPLES)]
    for name in ("train", "dev", "test"):
        write_csv(_made(tmp_path / "asked") / f"{name}.csv", multi_label)
    (tmp_path / "README.md").write_text(f"before\n{COMMENTS}\nafter\n", encoding="utf-8")

    def run(*arguments):
        files = ["--results", str(tmp_path / "rows.csv"), "--readme", str(tmp_path / "README.md")]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "SPACY_PYTHON": ""}
        command = [sys.executable, str(SCRIPT), *map(str, arguments), *files]
        return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=120)

    return run


@pytest.mark.slow
def test_rows_are_added_once_and_summed_up(benchmark, tmp_path):
    asked = ["--data", tmp_path / "notes", tmp_path / "asked", "--folds", 2, "--systems", "svm"]
    first = benchmark(*asked, "spacy")
    assert first.returncode == 0, first.stderr
    assert first.stderr.count("spacy: left out on notes: SPACY_PYTHON names no Python that has it") == 1
    rows = _rows(tmp_path)
    assert [(row["data"], row["protocol"], row["fold"]) for row in rows] == [
        ("notes", "folds", "0"),
        ("notes", "folds", "1"),
        ("asked", "test", "0"),
    ]
    assert rows[0]["mcc"] and not rows[0]["micro_f1"] and not rows[0]["log_loss"]
    assert float(rows[2]["micro_f1"]) > 0.9 and not rows[2]["mcc"]  # it has learned these very texts

    second = benchmark(*asked, "logistic", "--summary")
    assert second.returncode == 0, second.stderr
    assert _rows(tmp_path)[:3] == rows
    assert {row["system"] for row in _rows(tmp_path)[3:]} == {"logistic"} and len(_rows(tmp_path)) == 6
    shown = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert shown.startswith("before\n<!--") and shown.endswith("-->\nafter\n") and "old" not in shown
    mean = sum(float(row["accuracy"]) for row in rows[:2]) / 2
    line = next(line for line in shown.splitlines() if line.startswith("| notes |"))
    assert f"{100 * mean:.2f}" in line and "±" in line and "logistic" in shown
    assert second.stdout.strip() in shown


@pytest.mark.slow
def test_a_failure_of_one_system_costs_no_other_result(benchmark, tmp_path):
    (tmp_path / "program").write_text("#!/bin/sh\necho out of memory >&2\nexit 1\n", encoding="utf-8")
    (tmp_path / "program").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTTEXT", str(tmp_path / "program"))
        done = benchmark("--data", tmp_path / "asked", "--systems", "fasttext", "nbsvm")
    assert done.returncode == 1
    assert "asked test 0 fasttext seed 0: failed" in done.stderr and "out of memory" in done.stderr
    assert [row["system"] for row in _rows(tmp_path)] == ["nbsvm"]


def test_figures_of_a_worked_example(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    import numpy as np
    from protocol import Part, Task
    from scores import score
    from systems.answers import Answers, chosen

    train = Part(["a", "b"], [("no",), ("yes",)])
    test = Part(["c", "d", "e", "f"], [("yes",), ("no",), ("yes",), ("perhaps",)])  # perhaps was never learned
    task = Task("small", "test", 0, train, None, test, multi_label=False)
    found = score(task, chosen(task, np.array([[0.1, 0.9], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]])))
    assert found.accuracy == 0.5 and found.micro_f1 is None
    assert found.macro_f1 == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert found.log_loss == pytest.approx(-np.log([0.9, 0.8, 0.3, 1e-7]).mean())
    assert found.calibration_error == pytest.approx((0.1 + 0.2 + 0.7 + 0.6) / 4)  # each is in a bin of its own

    task = task._replace(test=Part(["c", "d"], [("no", "yes"), ()]), multi_label=True)
    found = score(task, Answers([("no",), ()]))
    assert (found.accuracy, found.micro_f1, found.mcc, found.log_loss) == (0.5, pytest.approx(2 / 3), None, None)


def test_folds_hold_every_text_once_and_are_the_same_each_time(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    from protocol import tasks

    write_csv(_made(tmp_path / "notes") / "all.csv", EXAMPLES)
    folds = list(tasks(tmp_path / "notes", ["folds"], 10))
    tested = [text for fold in folds for text in fold.test.texts]
    assert sorted(tested) == sorted(text for _, text in EXAMPLES) and len(folds) == 10
    assert all(not set(fold.train.texts) & set(fold.test.texts) for fold in folds)
    assert all(sorted(fold.test.single()) == ["ham", "ham", "spam", "spam"] for fold in folds)
    assert [fold.test for fold in tasks(tmp_path / "notes", ["folds"], 3)] == [fold.test for fold in folds[:3]]


def _made(folder):
    folder.mkdir(exist_ok=True)
    return folder


def _rows(folder):
    with (folder / "rows.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
