"""Run programs and say how long they took and how much memory they had, by the operating system's account."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["Cost", "busy", "run", "side_by_side"]

# pip compiles what it installs; a program from a folder of sources is to keep what it has compiled, too.
_AS_INSTALLED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
_QUIET = 0.25  # processes waiting for a core, above which timings are doubtful


class Cost(NamedTuple):
    """What a run of a program took."""

    seconds: float
    megabytes: float  # most memory at any time
    code: int


def run(
    command: Sequence[str | Path],
    *,
    stdin: Path | None = None,
    stdout: Path | None = None,
    cores: Sequence[int] | None = None,
    env: dict[str, str] | None = None,
) -> Cost:
    """Run a program to its end; on some cores only, if they are given."""
    with open(stdin or os.devnull, "rb") as source, open(stdout or os.devnull, "wb") as target:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=source,
            stdout=target,
            stderr=subprocess.DEVNULL,
            env={**_AS_INSTALLED, **(env or {})},
            preexec_fn=None if cores is None else lambda: os.sched_setaffinity(0, cores),
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(seconds, usage.ru_maxrss / 1024, process.returncode)


def side_by_side(runs: int, *ways: Callable[[], Cost]) -> list[Cost]:
    """Run each in turn, so many times, so that all of them see the same machine; the medians."""
    found: list[list[Cost]] = [[] for _ in ways]
    for _ in range(runs):
        for own, way in zip(found, ways, strict=True):
            own.append(way())
    for own in found:
        if any(cost.code for cost in own):
            raise SystemExit("a program that is measured ended with an error")
    return [
        Cost(statistics.median(cost.seconds for cost in own), max(cost.megabytes for cost in own), 0) for own in found
    ]


def busy() -> str:
    """A warning if other programs want the cores; empty if not."""
    before = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    time.sleep(1)
    after = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    spent = [int(new) - int(old) for new, old in zip(after, before, strict=True)]
    share = 1 - (spent[3] + spent[4]) / max(sum(spent), 1)
    return f"BUSY: other programs use {share:.0%} of the machine; the figures are doubtful" if share > _QUIET else ""
