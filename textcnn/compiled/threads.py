"""Worker threads that share work which releases the GIL.

The caller works too, and never waits for a helper that has not begun: on a machine whose cores are busy with other
things it does more of the work alone. The tasks do not depend on the number of threads, so neither do the results.
(OpenMP's workers spin while they wait, and on busy cores fall to a twentieth of one thread's speed.)
"""

import os
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["WorkerThreads", "free_cores", "spans"]

_CGROUP = Path("/sys/fs/cgroup/cpu.max")  # "200000 100000": microseconds in each period, or "max"


class WorkerThreads:
    """A pool of threads, the caller among them.

    Args:
        threads: how many, with the caller.
        begin: called first by each helper, if given.
    """

    def __init__(self, threads: int, begin: Callable[[], None] | None = None) -> None:
        self.threads = threads
        self._helpers = _pool(threads - 1, begin) if threads > 1 else None

    def run(self, tasks: Iterable[Callable[[], None]]) -> None:
        """Do all tasks, in any order; an exception of one is raised here, and no other task begins."""
        left = deque(tasks)

        def work() -> None:
            while left:
                try:
                    task = left.popleft()
                except IndexError:  # another thread was quicker
                    return
                try:
                    task()
                except BaseException:
                    left.clear()  # no other task begins
                    raise

        wanted = min(self.threads, len(left)) - 1
        begun = [self._helpers.submit(work) for _ in range(wanted)] if self._helpers else []
        try:
            work()
        finally:
            for helper in begun:
                if not helper.cancel():
                    helper.result()

    def close(self) -> None:
        """End the helpers."""
        if self._helpers is not None:
            self._helpers.shutdown()


def _pool(threads: int, begin: Callable[[], None] | None) -> "ThreadPoolExecutor":
    from concurrent.futures import ThreadPoolExecutor  # brings logging along, which takes its time

    return ThreadPoolExecutor(threads, "textcnn", begin)


def spans(count: int, size: int) -> list[tuple[int, int]]:
    """Split range(count) into spans, first and last + 1, of at most `size`."""
    return [(first, min(first + size, count)) for first in range(0, count, size)]


def free_cores() -> int:
    """The cores that this process may use: by affinity, and by the quota of its group (cgroup, version 2)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = _CGROUP.read_text(encoding="ascii").split()
        return max(1, min(cores, int(quota) // int(period)))
    except (OSError, ValueError):  # no such group, or no limit
        return max(1, cores)
