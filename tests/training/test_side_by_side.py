"""Trainings side by side: only where it pays, and with the same model."""

import sys
from pathlib import Path

import numpy as np
import pytest
from small_training import LABELS, TEXTS, quick

from textcnn.distributed import processes
from textcnn.distributed.executor import SerialExecutor
from textcnn.distributed.processes import ProcessExecutor
from textcnn.model.file import write_model
from textcnn.training import side_by_side
from textcnn.training.fit import fit
from textcnn.training.run import Job
from textcnn.training.task import Labelled, Task


def jobs(count: int, **values) -> list[Job]:
    task = Task.of([Labelled(TEXTS, LABELS)], ["ham", "spam"], quick(**values), False)
    return [Job(task, np.arange(6), np.arange(6, 10))] * count


def chosen(count: int = 2, seconds: float = 60.0, **values) -> tuple[int, int]:
    """Processes, and threads of each."""
    executor, shared = side_by_side.side_by_side(jobs(count, **values), seconds)
    return getattr(executor, "processes", 1), shared[0].task.settings.threads


@pytest.fixture(autouse=True)
def _much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "free_memory", lambda: 1e12)


def test_memory_that_nobody_tells_of_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "free_memory", lambda: float("inf"))
    assert chosen(threads=2) == (2, 1)


def test_cores_are_shared_out() -> None:
    assert chosen(threads=2) == (2, 1)
    assert chosen(threads=8) == (2, 4)
    assert chosen(count=3, threads=8) == (3, 2)


def test_one_thread_short_trainings_and_little_memory_want_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen(threads=1) == (1, 1)
    assert chosen(threads=8, seconds=1.0) == (1, 8)
    monkeypatch.setattr(processes, "may_start_processes", lambda: False)
    assert chosen(threads=8) == (1, 8)
    monkeypatch.setattr(processes, "may_start_processes", lambda: True)
    monkeypatch.setattr(processes, "free_memory", lambda: 1e6)
    assert chosen(threads=8) == (1, 8)
    monkeypatch.setattr(processes, "free_memory", lambda: 1e12)
    monkeypatch.setattr(sys, "executable", "")
    assert chosen(threads=8) == (1, 8)


@pytest.mark.slow
def test_the_model_is_the_same_in_one_process_and_in_two(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(side_by_side, "_WORTH", 0.0)
    used = []
    run = ProcessExecutor.run
    monkeypatch.setattr(ProcessExecutor, "run", lambda self, *given: used.append(self.processes) or run(self, *given))
    stages: list[str] = []
    models = [
        fit(
            Labelled(TEXTS * 3, LABELS * 3),
            classes=["ham", "spam"],
            multi_label=False,
            settings=quick(threads=threads),
            callback=lambda event: event.kind == "stage" and bool(stages.append(event.stage.name)),
            executor=SerialExecutor() if threads == 1 else None,
        ).model
        for threads in (1, 2)
    ]
    assert used == [2]
    assert sorted(stages[:4]) == sorted(stages[4:])
    for number, model in enumerate(models):
        write_model(model, tmp_path / f"{number}.textcnn")
    assert (tmp_path / "0.textcnn").read_bytes() == (tmp_path / "1.textcnn").read_bytes()
