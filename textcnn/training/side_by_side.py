"""How many trainings run side by side: as many as there are cores and memory for, if they last long enough.

The last training waits for nothing but the plan of the first, which is nearly always the usual one where epochs are
few, as of many texts. There the last goes ahead beside the first, but for its linear part, and is done again if fewer
epochs suit. Otherwise it goes along with those that hold the other parts out, where there is a core for each.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace

from textcnn.compiled.threads import free_cores
from textcnn.distributed.executor import Executor, SerialExecutor
from textcnn.settings import Settings
from textcnn.training.device import chosen_device
from textcnn.training.loop import usual_epochs
from textcnn.training.run import Job

__all__ = ["executor_beside", "executor_of", "shared", "side_by_side"]

_WORTH = 5.0  # seconds of a training; another process takes about two until it begins
_SPARE = 1.2  # times the memory that this process has used, that another one must find free
_BEFORE = 4.0  # the same before its first training, for which it needs as much again and more
_FEW = 7  # epochs; where there are more of them, fewer often suit
_PER_WORD, _PER_TEXT = 8e-6, 8e-5  # seconds that a network of the usual shape takes to learn from each once


def side_by_side(others: Sequence[Job], last: Job | None, seconds: float) -> list[tuple[Executor, list[Job]]]:
    """Who does the trainings that are left, in turn, with threads for each, if one took so many seconds here.

    The last training goes along with the others if that fills cores that these leave idle; else all are its own
    afterwards.
    """
    together = [*others, *([] if last is None else [last])]
    if not together:
        return []
    if last is None or _processes(len(together), last.task.settings, seconds, _SPARE) == len(together):
        return [_beside_each_other(together, seconds)]
    return [_beside_each_other(others, seconds), _beside_each_other([last], seconds)]


def _beside_each_other(jobs: Sequence[Job], seconds: float) -> tuple[Executor, list[Job]]:
    task = jobs[0].task
    executor, processes = executor_of(len(jobs), task.settings, seconds)
    task = task._replace(settings=shared(task.settings, processes))
    return executor, [job._replace(task=task) for job in jobs]


def executor_beside(first: Job) -> Executor | None:
    """Who does the first training and the last one, each in a process; None if that is not worth it."""
    task, texts, settings = first.task, len(first.learn), first.task.settings
    epochs = usual_epochs(texts, len(task.classes), settings)
    if first.encoder or settings.patience or (epochs > _FEW and not settings.epochs):
        return None
    words = float(task.encoded.ragged.lengths[first.learn].sum())
    seconds = epochs * (_PER_WORD * words + _PER_TEXT * texts)
    executor, processes = executor_of(2, settings, seconds, _BEFORE)
    return executor if processes == 2 else None


def executor_of(jobs: int, settings: Settings, seconds: float, spare: float = _SPARE) -> tuple[Executor, int]:
    """Who does so many trainings, if one took so many seconds in this process, and in how many processes."""
    processes = _processes(jobs, settings, seconds, spare)
    if processes < 2:
        return SerialExecutor(), 1
    from textcnn.distributed.processes import ProcessExecutor

    return ProcessExecutor(processes), processes


def shared(settings: Settings, processes: int) -> Settings:
    """The settings with the threads that each of so many processes may have."""
    if processes < 2:
        return settings
    return replace(settings, threads=max((settings.threads or free_cores()) // processes, 1))


def _processes(jobs: int, settings: Settings, seconds: float, spare: float) -> int:
    """As many as there are cores and memory for, where others may be started and are worth their start."""
    most = min(settings.threads or free_cores(), jobs)
    if most < 2 or seconds < _WORTH or chosen_device(settings) != "cpu" or not sys.executable:
        return 1
    from textcnn.distributed.processes import free_memory, may_start_processes

    if not may_start_processes():
        return 1
    return int(min(most, 1 + free_memory() / (spare * _used_memory())))


def _used_memory() -> float:
    """The most bytes that this process has used."""
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:  # Windows
        return 1e9
    return getrusage(RUSAGE_SELF).ru_maxrss * (1.0 if sys.platform == "darwin" else 1024.0)
