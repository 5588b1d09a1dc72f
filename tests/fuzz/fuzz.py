"""Fuzzing: inputs that nobody would write, by the thousand. `make fuzz` runs all targets for an hour.

    python tests/fuzz/fuzz.py [TARGET...] [--seconds S] [--seed N] [--count C]

    harness.py     inputs are tried in children with limits, so that a crash, a hang and a fault look alike from here
    sanitized.py   the compiled loops once more, with AddressSanitizer
    mutations.py   what is done to valid inputs
    made_files.py, made_models.py   files and models made by chance
    targets/       one file for each target: `make(random)` makes an input, `check(it)` raises if a promise is broken

An input depends on the name of its target and a number only: that number, which is printed with each fault, makes it
again. Faults are also saved in tests/fuzz/found/, which git ignores.
"""

import argparse
import os
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support"), str(HERE.parents[1])]

from harness import Tally, attempt  # noqa: E402  found by the path above
from sanitized import environment_with_loops  # noqa: E402

TARGETS = sorted(path.stem for path in (HERE / "targets").glob("*.py"))
_BATCH = 10  # seconds in one child


def main() -> int:
    """The exit code: 1 if there was a fault."""
    told = _arguments()
    if len(told.targets) != 1:
        return max([_apart(name, told, len(told.targets)) for name in told.targets])
    (name,) = told.targets
    if name == "loops" and "TEXTCNN_FUZZ_LOOPS" not in os.environ:
        return _with_sanitized_loops(told)
    return _run(name, told)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Fuzzing, see the docstring of this file.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)}; all if none is named")
    parser.add_argument("--seconds", type=float, default=60, help="for all targets together")
    parser.add_argument("--seed", type=int, default=None, help="number of the first input; by chance if not given")
    parser.add_argument("--count", type=int, default=10**12, help="most inputs of a target")
    told = parser.parse_args()
    told.targets = told.targets or list(TARGETS)
    if unknown := set(told.targets) - set(TARGETS):
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    told.seed = int.from_bytes(os.urandom(4), "big") * 10**6 if told.seed is None else told.seed
    return told


def _apart(name: str, told: argparse.Namespace, parts: int) -> int:
    """A target in a process of its own, with its share of the time."""
    given = ["--seconds", str(told.seconds / parts), "--seed", str(told.seed), "--count", str(told.count)]
    return subprocess.run([sys.executable, __file__, name, *given], check=False).returncode


def _with_sanitized_loops(told: argparse.Namespace) -> int:
    try:
        environment = environment_with_loops()
    except RuntimeError as reason:
        print(f"loops: skipped: {reason}", flush=True)
        return 0
    return subprocess.run([sys.executable, *sys.argv], env=environment, check=False).returncode


def _run(name: str, told: argparse.Namespace) -> int:
    target, tally = import_module(f"targets.{name}"), Tally(name, HERE / "found")
    print(f"{name}: inputs from {told.seed} on, {told.seconds:.0f} s", flush=True)
    end, number, stop = time.monotonic() + told.seconds, told.seed, told.seed + told.count
    while number < stop and (left := end - time.monotonic()) > 0:
        number, fault = attempt(target, name, number, stop, min(_BATCH, left))
        if fault:
            tally.add(target, number - 1, fault)
    print(f"{name}: {number - told.seed:,} inputs, {tally.count} faults", flush=True)
    return int(tally.count > 0)


if __name__ == "__main__":
    sys.exit(main())
