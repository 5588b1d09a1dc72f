"""Who does the work of training: a device, and threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import RLock
from typing import NamedTuple

import torch

from textcnn.compiled.threads import WorkerThreads, free_cores
from textcnn.errors import SettingsError
from textcnn.settings import Settings

__all__ = ["Machine", "chosen_device", "on_machine"]

_turn = RLock()


class Machine(NamedTuple):
    """Who does the work."""

    device: str
    workers: WorkerThreads


def chosen_device(settings: Settings) -> str:
    """Where training will take place.

    Raises:
        SettingsError: this machine does not have that.
    """
    device = settings.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if (device == "cuda" and not torch.cuda.is_available()) or (
        device == "mps" and not torch.backends.mps.is_available()
    ):
        raise SettingsError(f"device: there is no {device} on this machine; use --device cpu")
    return device


@contextmanager
def on_machine(settings: Settings) -> Iterator[Machine]:
    """Device and threads; torch's seed and number of threads are as they were before when the block ends.

    Trainings of several threads take turns: torch has one seed for all of them, and each uses all free cores anyway.
    """
    with _turn:
        device, before = chosen_device(settings), torch.get_num_threads()
        # Its own threads suffer from busy cores, see compiled/threads.py; each thread has a number of its own.
        torch.set_num_threads(1)
        workers = WorkerThreads(settings.threads or free_cores(), partial(torch.set_num_threads, 1))
        try:
            with torch.random.fork_rng():
                yield Machine(device, workers)
        finally:
            workers.close()
            torch.set_num_threads(before)
