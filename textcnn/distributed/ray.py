"""Jobs done by the workers of a Ray cluster, which are actors.

A worker has a core to itself and does one job after the other, so what it opens, such as a model, it opens once. (Tasks
of Ray go to whichever process is free, and begin new ones: each opens the model.) What a job needs is in it, so any
worker may do it, and another one again if a worker or its node is gone. What a job says while it goes on is gathered by
an actor beside this process, which also knows whether the job is to end.
"""

import os
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from textcnn.distributed.executor import EventT, JobT, ResultT
from textcnn.errors import WorkerError

__all__ = ["RayExecutor"]

_PAUSE = 0.3  # seconds between looks at what jobs say
_LOOK = 0.2  # seconds after which a job looks again whether it is to end
_AHEAD = 2  # workers asked for, for each core: a cluster that can grow sees that more are wanted
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
        except Exception as error:  # of many kinds; of a node that does not begin in time it is no other one
            reason = " ".join(str(error).split())
            raise WorkerError(f"Ray cannot be reached at {address!r}: {reason:.300}{_of_tokens(address)}") from None
    return ray


def _of_tokens(address: str) -> str:
    """What to do if it is for want of a token, which Ray tells in its log alone."""
    if address == "local" or "RAY_AUTH_MODE" in os.environ:
        return ""
    return "; if the cluster asks for a token, set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN if it is not of this machine"


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


class _RayWorker:
    """Does jobs, one at a time: an actor."""

    def __init__(self, work: Callable[[Any, Callable[[Any], bool]], Any], line: Any) -> None:
        self.work, self.line = work, line

    def begin(self) -> None:
        """Nothing: who has done that is there."""

    def do(self, job: Any) -> Any:
        return self.work(job, _Told(self.line))


class _RayRun:
    """Jobs while they are being done, by their numbers."""

    def __init__(
        self, ray: Any, work: Callable[..., Any], jobs: Iterable[Any], callback: Callable[[Any], bool]
    ) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self.ray, self.work, self.callback = ray, work, callback
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
        self.line = ray.remote(_Line).options(num_cpus=0, max_restarts=-1, scheduling_strategy=here).remote()
        self.actor = ray.remote(_RayWorker).options(num_cpus=1, scheduling_strategy="SPREAD")
        self.left = enumerate(jobs)
        self.jobs: dict[int, Any] = {}  # that are not done
        self.waiting: deque[int] = deque()  # those of them that no worker has
        self.workers: list[Any] = []  # those too that have not begun
        self.idle: list[Any] = []
        self.calls: dict[Any, tuple[Any, int | None]] = {}  # the worker and its job; None: it begins
        self.losses: Counter[int | None] = Counter()  # of workers, while they had the job
        self.done: dict[int, Any] = {}
        self.number = 0  # of the job whose result is the next
        self.over = self.stopped = False

    def results(self) -> Iterator[Any]:
        """In order."""
        self._refill()
        while self.jobs or self.done:
            self._wait()
            self._refill()
            while self.number in self.done:
                self.number += 1
                yield self.done.pop(self.number - 1)
                self._refill()

    def _refill(self) -> None:
        """See to it that each core has a worker, and each worker a job, as long as there are any."""
        cores = max(int(self.ray.cluster_resources().get("CPU", 1)), 1)
        while len(self.jobs) < _AHEAD * cores and self._next_number() <= self.number + _WINDOW * cores:
            if (found := next(self.left, None)) is None:
                self.over = True
                break
            self.jobs[found[0]] = found[1]
            self.waiting.append(found[0])
        while len(self.workers) < min(_AHEAD * cores, len(self.jobs)):
            self.workers.append(worker := self.actor.remote(self.work, self.line))
            self.calls[worker.begin.remote()] = worker, None
        while self.idle and self.waiting:
            worker, number = self.idle.pop(), self.waiting.popleft()
            self.calls[worker.do.remote(self.jobs[number])] = worker, number
        if self.over and not self.waiting:
            self._dismiss_others()

    def _next_number(self) -> int:
        return self.number + len(self.jobs) + len(self.done)

    def _wait(self) -> None:
        """Until a worker has begun or done a job, or is lost, or events may have come."""
        if not self.calls:
            return
        ready, _ = self.ray.wait([*self.calls], timeout=_PAUSE)
        self._hear()
        for call in ready:
            self._take(call, *self.calls.pop(call))

    def _take(self, call: Any, worker: Any, number: int | None) -> None:
        """Take what a worker gives back; errors of the job are raised here as if it had been done here."""
        from ray.exceptions import RayError, RayTaskError

        try:
            result = self.ray.get(call)
        except RayTaskError as error:
            raise error.cause from None
        except RayError as error:
            self._dismiss(worker)
            self._lost(number, " ".join(str(error).split()))
            return
        self.idle.append(worker)
        if number is None:
            self.losses[None] = 0
        else:
            self.done[number] = result
            del self.jobs[number]

    def _dismiss_others(self) -> None:
        """End those without a job, begun or not: nobody needs them, and others may want their cores."""
        beginning = [call for call, (_, number) in self.calls.items() if number is None]
        for worker in (*self.idle, *(self.calls.pop(call)[0] for call in beginning)):
            self._dismiss(worker)
        self.idle.clear()

    def _dismiss(self, worker: Any) -> None:
        self.workers.remove(worker)
        self.ray.kill(worker)

    def _lost(self, number: int | None, reason: str) -> None:
        """A worker is lost: another one gets its job, unless that was tried often."""
        self.losses[number] += 1
        if self.losses[number] > _TRIES:
            if number is None:
                raise WorkerError(f"no worker of the cluster can begin ({reason:.300})")
            name = self.jobs[number].name
            raise WorkerError(f"{name}: the worker that did it was killed, {_TRIES} times again ({reason:.200})")
        if number is not None:
            self.waiting.appendleft(number)

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
        """End the workers, whatever they are at, and the actor that listens to them."""
        with suppress(Exception):  # of a cluster that is gone
            for actor in (*self.workers, self.line):
                self.ray.kill(actor)


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
