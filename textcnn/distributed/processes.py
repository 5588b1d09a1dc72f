"""Jobs side by side, in this process and in others that loky starts, with large arrays shared and not copied.

loky and not the standard library's pool, whose processes import the script that began it, and do its work again where
it has no guard. loky sends the jobs and brings back the results, but for the large arrays of a job: these are in a file
that all processes map. What a job says while it goes on comes back through a pipe.
"""

import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from multiprocessing import parent_process
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textcnn.distributed.executor import EventT, JobT, ResultT, SerialExecutor
from textcnn.errors import TrainingError

__all__ = ["ProcessExecutor", "free_memory", "may_start_processes"]

_PAUSE = 0.02  # seconds between looks at what the others say, while there is nothing else to do
_SHARED = 50_000  # bytes of an array, from which on it is worth sharing
_MEMORY = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


class ProcessExecutor:
    """As many jobs at a time as `processes` says, one of them in this process; nothing outlives a run.

    Jobs have a `name`. Ctrl-C reaches this process alone; the others are asked to end by what the callback returns. If
    this process is gone, they end by themselves.

    Raises:
        TrainingError: a process was killed; names its job.
    """

    def __init__(self, processes: int) -> None:
        self.processes = processes

    def run(
        self,
        work: Callable[[JobT, Callable[[EventT], bool]], ResultT],
        jobs: Iterable[JobT],
        callback: Callable[[EventT], bool],
    ) -> Iterator[ResultT]:
        """The result of each job, in their order."""
        if self.processes < 2:
            yield from SerialExecutor().run(work, jobs, callback)
            return
        with tempfile.TemporaryDirectory(prefix="textcnn-", ignore_cleanup_errors=True) as folder:
            run = _Run(work, jobs, _Arrays(Path(folder, "arrays")), callback, self.processes - 1)
            try:
                yield from run.results()
            finally:
                run.close()


class _Arrays:
    """A file of arrays, those that several jobs have in common once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # The arrays are kept, so that no other one comes to have the identity of one that is there.
        self._places: dict[int, tuple[int, NDArray[Any]]] = {}

    def reduced(self, array: NDArray[Any]) -> Any:
        """How loky sends an array: where it is in the file, if it is large."""
        if array.nbytes < _SHARED or array.dtype.hasobject:
            return array.__reduce__()
        if id(array) not in self._places:
            with self.path.open("ab") as file:
                file.write(b"\0" * (-file.tell() % 64))
                self._places[id(array)] = file.tell(), array
                file.write(np.ascontiguousarray(array).data)
        return _mapped, (self.path, array.dtype.str, array.shape, self._places[id(array)][0])


def _mapped(path: Path, kind: str, shape: tuple[int, ...], offset: int) -> NDArray[Any]:
    """A read-only view of the file."""
    return np.asarray(np.memmap(path, kind, "r", offset, shape))


class _Run:
    """Jobs while they are being done; each is asked for when somebody is free for it."""

    def __init__(
        self,
        work: Callable[..., Any],
        jobs: Iterable[Any],
        arrays: _Arrays,
        callback: Callable[[Any], bool],
        others: int,
    ) -> None:
        from loky import ProcessPoolExecutor
        from loky.backend import get_context

        context: Any = get_context("loky")
        self.work, self.arrays, self.callback, self.others = work, arrays, callback, others
        self.left = enumerate(jobs)  # jobs that nobody has begun
        self.begun: dict[int, Future[Any]] = {}  # by other processes
        self.names: dict[int, str] = {}  # of these
        self.stopped = self.over = False  # by the callback; whether no job is left
        self.reader, writer = context.Pipe(duplex=False)
        self.stop = context.Event()
        line = (writer, context.Lock(), self.stop)
        reducers = {np.ndarray: arrays.reduced}
        self.pool = ProcessPoolExecutor(
            others, context=context, job_reducers=reducers, initializer=_begin, initargs=line
        )
        self.writer = writer  # it must be there until the last process has begun

    def results(self) -> Iterator[Any]:
        """In order; this process does jobs, too, as long as some are left."""
        from loky.process_executor import TerminatedWorkerError

        done: dict[int, Any] = {}
        number = 0
        try:
            while True:
                if number in done:
                    yield done.pop(number)
                elif number in self.begun and (self.over or self.begun[number].done()):
                    yield self._result(number)
                elif own := self._next():
                    self._refill()
                    done[own[0]] = self.work(own[1], self._told)
                    continue
                elif number not in self.begun:
                    return
                else:
                    continue
                number += 1
        except TerminatedWorkerError as error:
            raise self._killed(str(error)) from None

    def _next(self) -> tuple[int, Any] | None:
        found = next(self.left, None)
        self.over = found is None
        return found

    def _told(self, event: Any) -> bool:
        """An event of this process's own job, after those that others have sent."""
        self._hear()
        self._tell(event)
        return self.stopped

    def _tell(self, event: Any) -> None:
        if self.callback(event) and not self.stopped:
            self.stopped = True
            self.stop.set()

    def _hear(self) -> None:
        """What others have said; who has ended gets the next job."""
        while self.reader.poll():
            self._tell(self.reader.recv())
        self._refill()

    def _refill(self) -> None:
        busy = sum(not future.done() for future in self.begun.values())
        while busy < self.others and (found := self._next()):
            number, job = found
            self.begun[number] = self.pool.submit(_do, self.work, job, self.arrays.path.parent)
            self.names[number] = job.name
            busy += 1

    def _result(self, number: int) -> Any:
        """What another process gives back for a job, when it does."""
        while not self.begun[number].done():
            self.reader.poll(_PAUSE)
            self._hear()
        self._hear()
        result = self.begun[number].result()
        del self.begun[number]  # results may be large
        return result

    def _killed(self, message: str) -> TrainingError:
        """Which job's process is no more; all of them that were at work, for loky does not say which it was."""
        names = " or ".join(self.names[number] for number, future in self.begun.items() if not _is_done(future))
        how = re.search(r"\{(.*)\}", message)
        by = f" ({how[1]})" if how else ""
        return TrainingError(
            f"{names}: the process that did it was killed{by}; if memory is short, --threads 1 trains in one process"
        )

    def close(self) -> None:
        """End the other processes, whatever they are doing."""
        self.pool.shutdown(wait=True, kill_workers=True)
        self.reader.close()
        self.writer.close()


def _is_done(future: Future[Any]) -> bool:
    return future.done() and future.exception() is None


_line: Any = None  # to the process that this one works for: writing end, its lock, and the event that asks to stop


def _begin(*line: Any) -> None:
    """Begin another process: Ctrl-C is the business of the one that it works for."""
    global _line
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _line = line


def _do(work: Callable[[Any, Callable[[Any], bool]], Any], job: Any, folder: Path) -> Any:
    return work(job, partial(_say, folder))


def _say(folder: Path, event: Any) -> bool:
    writer, lock, stop = _line
    try:
        with lock:
            writer.send(event)
    except OSError:  # who wants to hear it is gone, and cannot clear up
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)
    return bool(stop.is_set())


def may_start_processes() -> bool:
    """Whether this is the main thread of a process of its own: who works for others has no cores to himself."""
    return current_thread() is main_thread() and parent_process() is None


def free_memory() -> float:
    """Bytes that this process may still use, by the machine and by its group (cgroup, version 2); inf if unknown."""
    free = float("inf")
    try:
        available = re.search(r"MemAvailable:\s+(\d+) kB", _MEMORY.read_text(encoding="ascii"))
        free = float(available[1]) * 1024 if available else free
        most, used = ((_CGROUP / name).read_text(encoding="ascii").strip() for name in ("memory.max", "memory.current"))
        return min(free, int(most) - int(used))
    except (OSError, ValueError):  # no such files, or "max"
        return free
