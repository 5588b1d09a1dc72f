"""Where a training runs: a device of torch's, and worker threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import NamedTuple

import torch

from textcnn.compiled.threads import WorkerThreads, free_cores
from textcnn.errors import SettingsError
from textcnn.settings import Settings

__all__ = ["Device", "chosen_device", "use_device"]


class Device(NamedTuple):
    """A device by torch's name for it, and the threads that work beside it."""

    name: str
    workers: WorkerThreads

    def generator(self, seed: int) -> torch.Generator:
        """A source of random numbers for tensors on this device."""
        return torch.Generator(self.name).manual_seed(seed)


def chosen_device(settings: Settings) -> str:
    """The name of the device that training will use.

    Raises:
        SettingsError: this machine does not have that device.
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
def use_device(settings: Settings) -> Iterator[Device]:
    """Device and threads for as long as the block lasts; torch's own threads rest meanwhile.

    Trainings of several threads do not touch each other: each has its own generators, and one thread of torch's.

    Raises:
        SettingsError: this machine does not have that device.
    """
    name = chosen_device(settings)
    with _torch_threads.single():
        # The helpers, too, are threads whose number of torch's threads is their own.
        workers = WorkerThreads(settings.threads or free_cores(), partial(torch.set_num_threads, 1))
        try:
            yield Device(name, workers)
        finally:
            workers.close()


class _TorchThreads:
    """How many threads torch uses: one while trainings run, afterwards again as many as before the first of them.

    Its own threads suffer from busy cores, see compiled/threads.py. The number is each thread's own, but new threads
    begin with the one that was set last, so trainings that run at the same time must agree on what it was before.
    """

    def __init__(self) -> None:
        self._lock, self._running, self._before = Lock(), 0, 1

    @contextmanager
    def single(self) -> Iterator[None]:
        """One thread within the block."""
        with self._lock:
            self._before = self._before if self._running else torch.get_num_threads()
            self._running += 1
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(self._before)
            with self._lock:
                self._running -= 1


_torch_threads = _TorchThreads()
