"""A few seconds of each target, always the same inputs first; `make fuzz` goes on for as long as one likes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from program import environment

PROGRAM = Path(__file__).with_name("fuzz.py")
TARGETS = sorted(path.stem for path in PROGRAM.parent.glob("targets/*.py"))
SECONDS = 1


def fuzz(program, *arguments):
    command = [sys.executable, str(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, env=environment())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the limits of a process are those of Linux")
@pytest.mark.parametrize("target", TARGETS)
def test_no_input_breaks_a_promise(target):
    done = fuzz(PROGRAM, target, "--seed=0", "--seconds", SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    if f"{target}: skipped" in done.stdout:
        pytest.skip(done.stdout)
    assert " inputs, 0 faults" in done.stdout


BROKEN = """
import os, signal
from pathlib import Path
from typing import NamedTuple
from harness import Confined, CpuLimit, MemoryLimit
class Case(NamedTuple):
    data: bytes
def make(random):
    return Case(random.choice([b"fine", b"wrong", b"killed", b"slow", b"large", b"curious"]))
def check(case):
    assert case.data != b"wrong", "it is wrong"
    with CpuLimit(0.1), MemoryLimit(200_000_000), Confined(Path("m")):
        if case.data == b"killed":
            os.kill(os.getpid(), signal.SIGSEGV)
        if case.data == b"slow":
            sum(range(5 * 10**7))
        if case.data == b"large":
            b"x" * 3 * 10**8
        if case.data == b"curious":
            Path("/etc/passwd").read_bytes()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="as above")
def test_a_fault_of_each_kind_is_said_once_and_comes_again_from_its_number(tmp_path):
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "broken.py").write_text(BROKEN)
    for file in PROGRAM.parent.glob("*.py"):
        shutil.copy(file, tmp_path)
    done = fuzz(tmp_path / "fuzz.py", "broken", "--seed=5", "--count=20")
    assert done.returncode == 1, done.stderr
    said = done.stdout.splitlines()
    assert said[0].startswith("broken: inputs from 5 on") and said[-1].startswith("broken: 20 inputs, ")
    kinds = [line.partition(" | ")[0].removeprefix("broken: FAULT ") for line in said if "FAULT" in line]
    assert sorted(kinds) == [
        "AssertionError: it did more than to read its file: ['open /etc/passwd']",
        "AssertionError: it is wrong",
        "AssertionError: too much memory: N MB instead of N",
        "AssertionError: too slow: N s instead of N",
        "ended by SIGSEGV",
    ]
    for line in filter(re.compile(" *again: ").match, said):
        again = fuzz(tmp_path / "fuzz.py", *line.split()[-5:])
        assert again.returncode == 1 and again.stdout.endswith("broken: 1 inputs, 1 faults\n")
    assert {path.read_bytes() for path in (tmp_path / "found").glob("*.input")} == {
        b"wrong",
        b"killed",
        b"slow",
        b"large",
        b"curious",
    }
