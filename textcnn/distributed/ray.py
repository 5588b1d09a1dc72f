"""Jobs done by the workers of a Ray cluster, as its tasks.

A task is a job: what it needs is in it, so Ray may do it on any node, and again on another one if a worker or its node
is gone. Workers stay for many tasks, and may keep what they open, such as a model. What a job says while it goes on is
gathered by an actor beside this process, which also knows whether the job is to end.
"""

import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from textcnn.distributed.executor import EventT, JobT, ResultT
from textcnn.errors import WorkerError

__all__ = ["RayExecutor"]

_PAUSE = 0.05  # seconds between looks at what there is
_LOOK = 0.2  # seconds after which a job looks again whether it is to end
_AHEAD = 2  # tasks for each core, so that none waits for this process
_WINDOW = 4  # jobs for each core that may be done before the first that is not; their results are kept
_PATIENCE = 10  # seconds for a connection
_TRIES = 4  # after a worker is gone


class RayExecutor:
    """As many jobs at a time as the cluster has cores, whose number may change meanwhile.

    Args:
        address: of a cluster, as `ray.init` takes it; "local" begins one on this machine, which ends with this process.
            Where this process is connected already, it is not asked for.

    Raises:
        WorkerError: there is no Ray, or no such cluster.
    """

    def __init__(self, address: str = "local") -> None:
        self._ray = _connected(address)

    def run(
        self,
        work: Callable[[JobT, Callable[[EventT], bool]], ResultT],
        jobs: Iterable[JobT],
        callback: Callable[[EventT], bool],
    ) -> Iterator[ResultT]:
        """The result of each job, in their order.

        Raises:
            WorkerError: the worker of a job was killed again and again.
        """
        run = _RayRun(self._ray, work, jobs, callback)
        try:
            yield from run.results()
        finally:
            run.close()


def _connected(address: str) -> Any:
    """Ray itself, connected to a cluster."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # what newer versions do, and the old one warns of
    try:
        import ray
    except ImportError:
        raise WorkerError("there is no Ray here: pip install ray") from None
    if not ray.is_initialized():
        _require_listener(address)
        try:
            local: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
            ray.init(address=address, logging_level="error", log_to_driver=False, **local)
        except (ConnectionError, RuntimeError, ValueError, TimeoutError, AssertionError) as error:
            reason = " ".join(str(error).split())
            raise WorkerError(f"Ray cannot be reached at {address!r}: {reason:.300}") from None
    return ray


def _require_listener(address: str) -> None:
    """Make sure that somebody listens at HOST:PORT: Ray itself would try for minutes."""
    host, colon, port = address.rpartition(":")
    if not colon or "/" in host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise WorkerError(f"Ray cannot be reached at {address!r}: {error}") from None


class _Line:
    """What jobs say, and whether they are to end: an actor."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.stopped = False

    def tell(self, event: Any) -> None:
        self.events.append(event)

    def take(self) -> list[Any]:
        events, self.events = self.events, []
        return events

    def stop(self) -> None:
        self.stopped = True

    def is_stopped(self) -> bool:
        return self.stopped


class _RayRun:
    """Jobs while they are being done."""

    def __init__(
        self, ray: Any, work: Callable[..., Any], jobs: Iterable[Any], callback: Callable[[Any], bool]
    ) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self.ray, self.callback = ray, callback
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
        self.line = ray.remote(_Line).options(num_cpus=0, max_restarts=-1, scheduling_strategy=here).remote()
        self.task = ray.remote(_do).options(num_cpus=1, max_retries=_TRIES, scheduling_strategy="SPREAD")
        self.work = ray.put(work)
        self.left = enumerate(jobs)
        self.begun: dict[Any, tuple[int, str]] = {}  # tasks, with the number of the job and its name
        self.done: dict[int, Any] = {}
        self.number = 0  # of the job whose result is the next
        self.over = self.stopped = False

    def results(self) -> Iterator[Any]:
        """In order."""
        self._refill()
        while self.begun or self.done:
            self._wait()
            while self.number in self.done:
                result = self.done.pop(self.number)
                self.number += 1
                self._hear()
                yield result
            self._refill()

    def _refill(self) -> None:
        cores = max(int(self.ray.cluster_resources().get("CPU", 1)), 1)
        while not self.over and len(self.begun) < _AHEAD * cores:
            if self._next_number() > self.number + _WINDOW * cores:
                return
            if (found := next(self.left, None)) is None:
                self.over = True
                return
            number, job = found
            self.begun[self.task.remote(self.work, job, self.line)] = number, job.name

    def _next_number(self) -> int:
        return self.number + len(self.begun) + len(self.done)

    def _wait(self) -> None:
        """Until a job is done, or events may have come."""
        if not self.begun:
            return
        ready, _ = self.ray.wait([*self.begun], timeout=_PAUSE)
        self._hear()
        for task in ready:
            number, name = self.begun.pop(task)
            self.done[number] = self._result(task, name)

    def _result(self, task: Any, name: str) -> Any:
        """What a task gives back; its own errors are raised here as if it had been done here."""
        from ray.exceptions import RayError, RayTaskError

        try:
            return self.ray.get(task)
        except RayTaskError as error:
            raise error.cause from None
        except RayError as error:
            reason = " ".join(str(error).split())
            raise WorkerError(
                f"{name}: the worker that did it was killed, {_TRIES} times again ({reason:.200})"
            ) from None

    def _hear(self) -> None:
        """What jobs have said; what an actor knew whose node is gone is not heard, and no result depends on it."""
        from ray.exceptions import RayError

        events: list[Any] = []
        with suppress(RayError):
            if self.stopped:  # which a new actor does not know
                self.line.stop.remote()
            events = self.ray.get(self.line.take.remote())
        for event in events:
            self.stopped = self.callback(event) or self.stopped

    def close(self) -> None:
        """End the tasks that are at work, and the actor."""
        with suppress(Exception):  # of a cluster that is gone
            for task in self.begun:
                self.ray.cancel(task, force=True)
            self.ray.kill(self.line)


def _do(work: Callable[[Any, Callable[[Any], bool]], Any], job: Any, line: Any) -> Any:
    """A job, done by a worker."""
    return work(job, _Told(line))


class _Told:
    """Tells the actor, and asks it now and then whether the job is to end; without one the job goes on."""

    def __init__(self, line: Any) -> None:
        self.line, self.stopped, self.looked = line, False, time.monotonic()

    def __call__(self, event: Any) -> bool:
        import ray

        with suppress(ray.exceptions.RayError):
            self.line.tell.remote(event)
            if time.monotonic() - self.looked > _LOOK:
                self.looked = time.monotonic()
                self.stopped = ray.get(self.line.is_stopped.remote())
        return self.stopped
