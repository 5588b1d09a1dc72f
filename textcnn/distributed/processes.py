"""Jobs side by side, in this process and in others that loky starts, with large arrays shared and not copied.

loky and not the standard library's pool, whose processes import the script that began it, and do its work again where
it has no guard. The arrays of a job go through a file that all processes map (pickle protocol 5, PEP 574); the rest of
it is pickled, events come back through a pipe, and so does the wish that jobs should end, through an event.
"""

import mmap
import os
import pickle
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from multiprocessing import parent_process
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any, NamedTuple

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
        listed = list(jobs)
        others = min(self.processes, len(listed)) - 1
        if others < 1:
            yield from SerialExecutor().run(work, listed, callback)
            return
        with tempfile.TemporaryDirectory(prefix="textcnn-", ignore_cleanup_errors=True) as folder:
            run = _Run(work, _packed(listed, Path(folder, "arrays")), callback, others)
            try:
                yield from run.results(listed)
            finally:
                run.close()


class _Packed(NamedTuple):
    """A job whose large arrays are in a file."""

    name: str
    pickled: bytes
    file: Path
    spans: list[tuple[int, int]]  # where its arrays begin and end

    def unpacked(self) -> Any:
        """The job; its arrays are read-only views of the file."""
        if not self.spans:
            return pickle.loads(self.pickled)
        with self.file.open("rb") as file:
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        return pickle.loads(self.pickled, buffers=[view[first:last] for first, last in self.spans])


def _packed(jobs: Sequence[Any], path: Path) -> list[_Packed]:
    """Write the arrays of all jobs, those that they have in common once."""
    places: dict[tuple[int, int], tuple[int, int]] = {}  # by address and length
    packed = []
    with path.open("wb") as file:
        for job in jobs:
            spans: list[tuple[int, int]] = []

            def put(buffer: pickle.PickleBuffer, spans: list[tuple[int, int]] = spans) -> bool:
                """Whether the buffer stays in the pickle."""
                raw = buffer.raw()
                if raw.nbytes < _SHARED:
                    return True
                place = _address(raw), raw.nbytes
                if place not in places:
                    file.write(b"\0" * (-file.tell() % 64))
                    places[place] = file.tell(), file.tell() + file.write(raw)
                spans.append(places[place])
                return False

            pickled = pickle.dumps(job, protocol=5, buffer_callback=put)
            packed.append(_Packed(job.name, pickled, path, spans))
    return packed


def _address(raw: memoryview) -> int:
    import numpy as np

    return int(np.frombuffer(raw, np.uint8).ctypes.data)


class _Run:
    """Jobs while they are being done."""

    def __init__(
        self, work: Callable[..., Any], packed: list[_Packed], callback: Callable[[Any], bool], others: int
    ) -> None:
        from loky import ProcessPoolExecutor
        from loky.backend import get_context

        context: Any = get_context("loky")
        self.work, self.packed, self.callback, self.others = work, packed, callback, others
        self.left = list(range(len(packed)))  # jobs that nobody has begun
        self.begun: dict[int, Future[Any]] = {}  # by other processes
        self.stopped = False
        self.reader, writer = context.Pipe(duplex=False)
        self.stop = context.Event()
        line = (writer, context.Lock(), self.stop)
        self.pool = ProcessPoolExecutor(others, context=context, initializer=_begin, initargs=line)
        self.writer = writer  # it must be there until the last process has begun

    def results(self, jobs: Sequence[Any]) -> Iterator[Any]:
        """In order; this process does jobs, too, as long as some are left."""
        from loky.process_executor import TerminatedWorkerError

        done: dict[int, Any] = {}
        try:
            for number in range(len(jobs)):
                while self.left and not (number in done or self._is_over(number)):
                    own = self.left.pop(0)
                    self._refill()
                    done[own] = self.work(jobs[own], self._told)
                yield done.pop(number) if number in done else self._result(number)
        except TerminatedWorkerError as error:
            raise self._killed(str(error)) from None

    def _is_over(self, number: int) -> bool:
        return number in self.begun and self.begun[number].done()

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
        while self.left and busy < self.others:
            number = self.left.pop(0)
            self.begun[number] = self.pool.submit(_do, self.work, self.packed[number])
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
        names = " or ".join(self.packed[number].name for number, future in self.begun.items() if not _is_done(future))
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


def _do(work: Callable[[Any, Callable[[Any], bool]], Any], packed: _Packed) -> Any:
    return work(packed.unpacked(), partial(_say, packed.file.parent))


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
