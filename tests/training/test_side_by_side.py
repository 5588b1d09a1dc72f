"""Trainings side by side: only where it pays, and with the same model."""

import sys
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from small_training import LABELS, TEXTS, Heard, by_chance, quick

from textcnn.distributed import processes
from textcnn.distributed.executor import SerialExecutor
from textcnn.distributed.processes import ProcessExecutor
from textcnn.model.file import write_model
from textcnn.training import side_by_side
from textcnn.training.fit import fit
from textcnn.training.linear.svm import USUAL, Recipe
from textcnn.training.run import Job
from textcnn.training.task import Labelled, Task


def jobs(count: int, **values) -> list[Job]:
    task = Task.of([Labelled(TEXTS, LABELS)], ["ham", "spam"], quick(**values), False)
    return [Job(task, np.arange(6), np.arange(6, 10))] * count


def chosen(count: int = 2, seconds: float = 60.0, **values) -> tuple[int, int]:
    """Processes, and threads of each."""
    ((executor, shared),) = side_by_side.side_by_side(jobs(count, **values), None, seconds)
    return getattr(executor, "processes", 1), shared[0].task.settings.threads


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes may be started, other than elsewhere in the tests, and there is memory for them."""
    monkeypatch.setattr(processes, "may_start_processes", lambda: True)
    monkeypatch.setattr(processes, "free_memory", lambda: 1e12)


@pytest.mark.usefixtures("room")
def test_memory_that_nobody_tells_of_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "free_memory", lambda: float("inf"))
    assert chosen(threads=2) == (2, 1)


@pytest.mark.usefixtures("room")
def test_cores_are_shared_out() -> None:
    assert chosen(threads=2) == (2, 1)
    assert chosen(threads=8) == (2, 4)
    assert chosen(count=3, threads=8) == (3, 2)


@pytest.mark.usefixtures("room")
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


@pytest.mark.usefixtures("room")
def test_the_last_training_fills_idle_cores() -> None:
    """With the others if each has a process, else after them with all threads."""

    def turns(others: int, threads: int) -> list[list[int]]:
        """Threads of each training, turn by turn."""
        *held, last = jobs(others + 1, threads=threads)
        found = side_by_side.side_by_side(held, last, 60.0)
        return [[job.task.settings.threads for job in own] for _, own in found]

    assert turns(others=1, threads=2) == [[1, 1]]
    assert turns(others=2, threads=2) == [[1, 1], [2]]
    assert turns(others=2, threads=8) == [[2, 2, 2]]
    assert turns(others=1, threads=1) == [[1], [1]]
    assert turns(others=0, threads=2) == [[2]]
    assert side_by_side.side_by_side([], None, 60.0) == []


@pytest.mark.slow
@pytest.mark.usefixtures("room")
@pytest.mark.parametrize(
    ("frozen", "threads", "processes_used"),
    [
        ("off", 2, [2, 2]),  # the first and the last, then the others
        ("auto", 2, [2]),  # the others alone, as how the encoder stands is known after the first
        ("auto", 3, [3]),  # the others and the last
    ],
)
def test_the_model_is_the_same_in_one_process_and_in_several(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, frozen: str, threads: int, processes_used: list[int]
) -> None:
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
            settings=quick(threads=threads, frozen=frozen, linear="on"),
            callback=lambda event: event.kind == "stage" and bool(stages.append(event.stage.name)),
            executor=executor,
        ).model
        for executor in (SerialExecutor(), None)
    ]
    assert used == processes_used
    assert sorted(stages[:4]) == sorted(stages[4:])
    for number, model in enumerate(models):
        write_model(model, tmp_path / f"{number}.textcnn")
    assert (tmp_path / "0.textcnn").read_bytes() == (tmp_path / "1.textcnn").read_bytes()


# The last training ahead, beside the first


def a_model(path: Path, texts: Labelled, callback: Heard, **values: Any) -> bytes:
    """The file of a model."""
    settings = quick(**{"linear": "on", "threads": 2, **values})
    result = fit(texts, classes=["ham", "spam"], multi_label=False, settings=settings, callback=callback)
    write_model(result.model, path)
    return path.read_bytes()


@pytest.mark.usefixtures("room")
def test_who_goes_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a training of some seconds and few epochs, or as many as are asked for, if there is room for a process."""

    def goes(repeats: int = 1, **values: Any) -> bool:
        (job,) = jobs(1, **{"threads": 2, **values})
        return side_by_side.executor_beside(job._replace(learn=np.tile(job.learn, repeats))) is not None

    assert not goes() and goes(10_000)
    assert not goes(10_000, patience=3) and not goes(10_000, threads=1)
    assert goes(10_000, epochs=0) and not goes(1000, epochs=0) and goes(1000, epochs=8)
    monkeypatch.setattr(processes, "free_memory", lambda: 1e6)
    assert not goes(10_000)


@pytest.mark.parametrize("values", [{"validation_share": 0.2}, {"networks": 2}, {"linear": "off"}], ids=str)
def test_the_model_is_the_same_if_the_last_training_goes_ahead(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    texts = Labelled(TEXTS * 3, LABELS * 3)
    before, after = Heard(), Heard()
    usual = a_model(tmp_path / "usual", texts, before, **values)
    monkeypatch.setattr("textcnn.training.networks.executor_beside", lambda first: SerialExecutor())
    assert a_model(tmp_path / "ahead", texts, after, **values) == usual
    assert after.stages == [before.stages[0], before.stages[-1], *before.stages[1:-1]]
    numbers = [event.stage.number for event in after.of("epoch")]
    assert numbers == sorted(numbers) and set(numbers[: len(numbers) // 2]) <= {1, 2}


def test_it_is_done_again_where_fewer_epochs_suit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("textcnn.training.loop._SEEN_OF_FEW", 400)
    values = {"learning_rate": 0.02, "epochs": 0, "linear": "off", "adversarial": 0.0}
    usual = a_model(tmp_path / "usual", by_chance(), Heard(), **values)
    monkeypatch.setattr("textcnn.training.networks.executor_beside", lambda first: SerialExecutor())
    heard = Heard()
    assert a_model(tmp_path / "ahead", by_chance(), heard, **values) == usual
    assert heard.stages.count("fitting on all 60 texts") == 2


@pytest.mark.parametrize(("after", "linear"), [(2, "off"), (6, "on")])
def test_who_stops_gets_the_checkpoint_of_what_held_out(
    after: int, linear: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Wherever the linear part's search is then, which here goes on until it is cut short."""

    def searched(examples: Any, workers: Any, hurry: Event) -> Recipe:
        assert hurry.wait(60)
        return USUAL

    monkeypatch.setattr("textcnn.training.run.chosen", searched)
    texts, values = Labelled(TEXTS, LABELS), {"validation_share": 0.2, "batch_size": 100, "linear": linear}
    usual = a_model(tmp_path / "usual", texts, Heard(stop_after=after), **values)
    monkeypatch.setattr("textcnn.training.networks.executor_beside", lambda first: SerialExecutor())
    assert a_model(tmp_path / "ahead", texts, Heard(stop_after=after), **values) == usual
