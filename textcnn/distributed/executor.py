"""Jobs done by an executor: in this process one after the other, or wherever another executor takes them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

__all__ = ["Executor", "SerialExecutor"]

JobT = TypeVar("JobT")
EventT = TypeVar("EventT")
ResultT = TypeVar("ResultT")


class Executor(Protocol):
    """Whoever does jobs."""

    def run(
        self,
        work: Callable[[JobT, Callable[[EventT], bool]], ResultT],
        jobs: Iterable[JobT],
        callback: Callable[[EventT], bool],
    ) -> Iterator[ResultT]:
        """The result of each job, in the order of the jobs.

        A job that has not begun when nobody asks for further results any more is not done at all.

        Args:
            work: does a job; a function of a module, without state, so that other processes find it.
            jobs: values that can be pickled and that share nothing that changes; each has a `name` for messages.
            callback: is told the events of all jobs; what it returns goes back to the job, and True asks it to end.
        """
        ...


class SerialExecutor:
    """One job after the other, in this thread."""

    def run(
        self,
        work: Callable[[JobT, Callable[[EventT], bool]], ResultT],
        jobs: Iterable[JobT],
        callback: Callable[[EventT], bool],
    ) -> Iterator[ResultT]:
        """The result of each job, when it is asked for."""
        for job in jobs:
            yield work(job, callback)
