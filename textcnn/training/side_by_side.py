"""How many trainings run side by side: as many as there are cores and memory for, if they last long enough."""

import sys
from collections.abc import Sequence
from dataclasses import replace

from textcnn.compiled.threads import free_cores
from textcnn.distributed.executor import Executor, SerialExecutor
from textcnn.settings import Settings
from textcnn.training.device import chosen_device
from textcnn.training.run import Job

__all__ = ["executor_of", "shared", "side_by_side"]

_WORTH = 5.0  # seconds of a training; another process takes about two until it begins
_SPARE = 1.2  # times the memory that this process has used, that another one must find free


def side_by_side(jobs: Sequence[Job], seconds: float) -> tuple[Executor, list[Job]]:
    """Who does trainings, if one took so many seconds in this process, and the jobs with threads for each."""
    if not jobs:
        return SerialExecutor(), []
    task = jobs[0].task
    executor, processes = executor_of(len(jobs), task.settings, seconds)
    task = task._replace(settings=shared(task.settings, processes))
    return executor, [job._replace(task=task) for job in jobs]


def executor_of(jobs: int, settings: Settings, seconds: float) -> tuple[Executor, int]:
    """Who does so many trainings, if one took so many seconds in this process, and in how many processes."""
    processes = _processes(jobs, settings, seconds)
    if processes < 2:
        return SerialExecutor(), 1
    from textcnn.distributed.processes import ProcessExecutor

    return ProcessExecutor(processes), processes


def shared(settings: Settings, processes: int) -> Settings:
    """The settings with the threads that each of so many processes may have."""
    if processes < 2:
        return settings
    return replace(settings, threads=max((settings.threads or free_cores()) // processes, 1))


def _processes(jobs: int, settings: Settings, seconds: float) -> int:
    """As many as there are cores and memory for, where others may be started and are worth their start."""
    most = min(settings.threads or free_cores(), jobs)
    if most < 2 or seconds < _WORTH or chosen_device(settings) != "cpu" or not sys.executable:
        return 1
    from textcnn.distributed.processes import free_memory, may_start_processes

    if not may_start_processes():
        return 1
    return int(min(most, 1 + free_memory() / (_SPARE * _used_memory())))


def _used_memory() -> float:
    """The most bytes that this process has used."""
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:  # Windows
        return 1e9
    return getrusage(RUSAGE_SELF).ru_maxrss * (1.0 if sys.platform == "darwin" else 1024.0)
