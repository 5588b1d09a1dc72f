"""Jobs in several processes: results in order, arrays shared, and no process that hangs or outlives the others."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from counting import Count, count
from program import ROOT

from textcnn.distributed import processes
from textcnn.distributed.processes import ProcessExecutor, free_memory, may_start_processes
from textcnn.errors import TrainingError

LARGE = np.arange(20_000.0)


def jobs(number: int = 4, to: int = 5) -> list[Count]:
    return [Count(f"job {each}", to, LARGE) for each in range(1, number + 1)]


def test_results_come_in_order_and_events_of_all_reach_the_callback() -> None:
    heard = []
    results = list(ProcessExecutor(2).run(count, jobs(), heard.append))
    assert [result.name for result in results] == ["job 1", "job 2", "job 3", "job 4"]
    assert [result.total for result in results] == [LARGE.sum()] * 4
    for job in jobs():
        assert [event.number for event in heard if event.name == job.name] == [1, 2, 3, 4, 5]
    assert len({result.process for result in results}) == 2 and results[0].process == os.getpid()


def test_large_arrays_are_mapped_and_written_once(tmp_path: Path) -> None:
    arrays = processes._Arrays(tmp_path / "arrays")
    opened = [opener(*where) for opener, where in (arrays.reduced(job.array) for job in jobs(3))]
    assert (tmp_path / "arrays").stat().st_size == LARGE.nbytes
    assert all(array.tolist() == LARGE.tolist() and not array.flags.writeable for array in opened)
    opener, where = arrays.reduced(turned := LARGE.reshape(4, -1).T)
    np.testing.assert_array_equal(opener(*where), turned)
    small = np.arange(3)
    assert arrays.reduced(small) == small.__reduce__()
    elsewhere = [r for r in ProcessExecutor(2).run(count, jobs(), lambda event: False) if r.process != os.getpid()]
    assert elsewhere and not any(result.writable for result in elsewhere)


def test_one_job_or_one_process_needs_no_other() -> None:
    for executor, given in ((ProcessExecutor(1), jobs(2)), (ProcessExecutor(2), jobs(1))):
        assert {result.process for result in executor.run(count, given, lambda event: False)} == {os.getpid()}
    assert list(ProcessExecutor(2).run(count, [], lambda event: False)) == []


def test_jobs_are_asked_for_when_somebody_is_free() -> None:
    given: list[str] = []
    results = ProcessExecutor(2).run(count, (given.append(job.name) or job for job in jobs(50)), lambda event: False)
    assert next(results).name == "job 1"
    results.close()
    assert len(given) <= 4


def test_all_jobs_end_when_the_callback_asks_for_it() -> None:
    results = list(ProcessExecutor(2).run(count, jobs(to=500), lambda event: event.number == 3))
    assert [result.ended for result in results] == [True] * 4


def test_a_killed_process_is_named_and_nothing_hangs() -> None:
    def kill(event) -> bool:
        if event.process != os.getpid():
            os.kill(event.process, signal.SIGKILL)
        return False

    with pytest.raises(
        TrainingError, match=r"job 2: the process that did it was killed \(SIGKILL\(-9\)\); .*--threads"
    ):
        list(ProcessExecutor(2).run(count, jobs(2, to=100), kill))


def test_an_error_of_a_job_is_raised_here() -> None:
    one, two = jobs(2)
    with pytest.raises(ValueError, match="job 2 cannot be counted"):
        list(ProcessExecutor(2).run(count, [one, two._replace(to=-1)], lambda event: False))


def test_who_leaves_by_an_error_leaves_no_process_behind() -> None:
    others = set()

    def leave(event) -> bool:
        if event.process != os.getpid():
            others.add(event.process)
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        list(ProcessExecutor(2).run(count, jobs(2, to=1000), leave))
    assert others and not any(map(_alive, others))


def test_other_processes_end_when_this_one_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from counting import Count, count; import numpy as np\n"
        "from textcnn.distributed.processes import ProcessExecutor\n"
        "print('began', flush=True)\n"  # without a guard: nobody else does this again
        "jobs = [Count(f'job {n}', 1000, np.ones(10)) for n in range(2)]\n"
        "list(ProcessExecutor(2).run(count, jobs, lambda event: print(event.process, flush=True)))\n"
    )
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "support")])
    environment = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "began\n"
        while int(line := process.stdout.readline()) == process.pid:
            pass
        process.kill()
        assert "began" not in process.stdout.read()
    deadline = time.monotonic() + 60
    while _alive(int(line)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(int(line)) and not list(tmp_path.glob("textcnn-*"))


def test_who_works_for_others_starts_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "may_start_processes", may_start_processes)  # the real one, other than elsewhere
    assert may_start_processes()
    with ThreadPoolExecutor(1) as threads, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as others:
        assert not threads.submit(may_start_processes).result()
        assert not others.submit(may_start_processes).result()


def test_free_memory_is_that_of_the_machine_or_of_the_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_MEMORY", tmp_path / "meminfo")
    monkeypatch.setattr(processes, "_CGROUP", tmp_path)
    assert free_memory() == float("inf")
    (tmp_path / "meminfo").write_text("MemTotal:  9000 kB\nMemAvailable:    4000 kB\n")
    assert free_memory() == 4000 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert free_memory() == 4000 * 1024
    (tmp_path / "memory.max").write_text("3000\n")
    assert free_memory() == 2000


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False
