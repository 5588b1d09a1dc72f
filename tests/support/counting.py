"""A job for executors: it counts, says each number, and ends when it is asked to."""

import os
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Count(NamedTuple):
    """Count to a number, with so many seconds in between, and add up an array."""

    name: str
    to: int
    array: np.ndarray
    pause: float = 0.02


class Said(NamedTuple):
    """An event."""

    name: str
    number: int
    process: int


class Counted(NamedTuple):
    """A result."""

    name: str
    total: float
    writable: bool
    ended: bool
    process: int


def count(job: Count, callback: Callable[[Said], bool]) -> Counted:
    """Do the job."""
    ended = False
    for number in range(1, job.to + 1):
        time.sleep(job.pause)
        if ended := callback(Said(job.name, number, os.getpid())):
            break
    if job.to < 0:
        raise ValueError(f"{job.name} cannot be counted")
    return Counted(job.name, float(job.array.sum()), job.array.flags.writeable, ended, os.getpid())
