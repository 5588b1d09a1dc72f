"""Jobs on a cluster of Ray, several nodes on this machine: the same results, in order, and nothing lost with a node."""

import json
import os
import subprocess
import sys
import threading
import time
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest
from examples import EXAMPLES
from program import tiny

from textcnn.distributed.ray import RayExecutor
from textcnn.errors import DataError, WorkerError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed"),
    pytest.mark.filterwarnings("ignore"),  # of what Ray does
]


class Numbered(NamedTuple):
    number: int
    folder: str = ""

    @property
    def name(self):
        return f"job {self.number}"


def squared(job, callback):
    callback(("began", job.number))
    time.sleep(0.02 * (job.number % 3))
    return job.number**2


def refused(job, callback):
    raise DataError(f"{job.name}: it cannot be read")


def deadly(job, callback):
    """Kills its worker the first time."""
    mark = Path(job.folder, str(job.number))
    if job.number == 3 and not mark.exists():
        mark.touch()
        os._exit(1)
    return job.number


def suicidal(job, callback):
    os._exit(1)


def patient(job, callback):
    """Goes on until it is asked to end."""
    for step in range(300):
        if callback((job.number, step)):
            return step
        time.sleep(0.05)
    return None


@pytest.fixture(scope="module")
def cluster():
    """A head and two nodes of a core each; their workers find what is defined here."""
    import ray  # which takes its time, and these tests are seldom run
    from ray.cluster_utils import Cluster

    found = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join([*filter(None, sys.path), found])
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    made.add_node(num_cpus=1)
    made.wait_for_nodes()
    ray.init(address=made.address, logging_level="error", log_to_driver=False, runtime_env=None)
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield made
    ray.shutdown()
    made.shutdown()
    os.environ["PYTHONPATH"] = found


def test_a_cluster_that_is_not_there_is_told_at_once():
    with pytest.raises(WorkerError, match=r"Ray cannot be reached at '127.0.0.1:1': .*refused"):
        RayExecutor("127.0.0.1:1")


def test_results_come_in_order_and_events_reach_the_callback(cluster):
    heard = []
    jobs = (Numbered(number) for number in range(20))
    results = RayExecutor().run(squared, jobs, lambda event: heard.append(event))
    assert list(results) == [number**2 for number in range(20)]
    assert sorted(heard) == [("began", number) for number in range(20)]


def test_errors_of_jobs_are_raised_as_they_are(cluster):
    with pytest.raises(DataError, match=r"^job 0: it cannot be read$"):
        list(RayExecutor().run(refused, [Numbered(0)], lambda event: False))


def test_a_job_whose_worker_dies_is_done_again(cluster, tmp_path):
    jobs = [Numbered(number, str(tmp_path)) for number in range(8)]
    assert list(RayExecutor().run(deadly, jobs, lambda event: False)) == list(range(8))
    with pytest.raises(WorkerError, match=r"^job 7: the worker that did it was killed"):
        list(RayExecutor().run(suicidal, [Numbered(7)], lambda event: False))


def test_a_job_ends_when_the_callback_says_so(cluster):
    (ended,) = RayExecutor().run(patient, [Numbered(1)], lambda event: event[1] == 5)
    assert 5 <= ended < 200


def test_a_node_that_is_gone_takes_nothing_along(cluster):
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    got = []
    for result in RayExecutor().run(squared, [Numbered(number) for number in range(60)], lambda event: False):
        got.append(result)
        if len(got) == 10:
            cluster.remove_node(node, allow_graceful=False)
    assert got == [number**2 for number in range(60)]


def test_jobs_that_nobody_asks_for_are_not_begun(cluster):
    asked = []

    def jobs():
        for number in range(1000):
            asked.append(number)
            yield Numbered(number)

    results = RayExecutor().run(squared, jobs(), lambda event: False)
    next(results)
    results.close()
    assert len(asked) < 100


def test_what_ray_prints_of_a_node_that_is_gone_is_no_result(tmp_path):
    """Ray's messages of the cluster come from a thread of the process that asked."""
    script = """
import sys, threading, time, ray
from ray.cluster_utils import Cluster
from textcnn.cli.options import executor_at

made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
node = made.add_node(num_cpus=1)
ray.init(address=made.address, logging_level="error", log_to_driver=False)
executor_at("local")
made.remove_node(node, allow_graceful=False)
from ray._private.worker import print_to_stdstream
say = lambda: print_to_stdstream({"lines": ["a node is gone"], "pid": "raylet", "is_err": False}, ignore_prefix=False)
thread = threading.Thread(target=say)
thread.start(), thread.join()
time.sleep(1)
print("result")
sys.stdout.end()  # as at the end of the process
ray.shutdown(), made.shutdown()
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert (said.returncode, said.stdout) == (0, "result\n"), said.stderr
    assert "a node is gone" in said.stderr


def digests(folder):
    return {
        path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.name != "_textcnn.jsonl"
    }


def test_files_are_answered_to_the_same_bytes_also_if_a_node_goes_amid(cluster, model, folder, textcnn):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    (folder / "in").mkdir()
    for number in range(24):
        texts = [f"{text} {number} {row}" for row in range(50) for _, text in EXAMPLES]
        pq.write_table(pa.table({"text": texts, "id": range(len(texts))}), folder / "in" / f"{number:02}.parquet")
    assert textcnn("predict", "--input", "in", "--output", "alone", "-q").code == 0
    whole = digests(folder / "alone")
    assert len(whole) == 24
    said = textcnn("predict", "--input", "in", "--output", "ray", "--ray", "local")
    assert (said.code, digests(folder / "ray")) == (0, whole), said.err
    assert "24 files, 48,000 texts, 48,000 answers, " in said.err
    assert (
        textcnn("predict", "--input", "in", "--output", "ray", "--resume").err
        == "24 of 24 files were finished before\n"
    )
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    killer = threading.Timer(0.5, cluster.remove_node, (node,), {"allow_graceful": False})
    killer.start()
    said = textcnn("predict", "--input", "in", "--output", "again", "--ray", "local", "-q")
    killer.join()
    assert (said.code, said.out) == (0, ""), "what Ray says of the node is no result"
    assert digests(folder / "again") == whole


def test_a_file_that_cannot_be_read_is_named_as_without_ray(cluster, model, folder, textcnn):
    (folder / "in").mkdir()
    (folder / "in" / "a.csv").write_text("text,id\nfree prize,1\nsee you\n")
    said = textcnn("predict", "--input", "in", "--output", "out", "--ray", "local", "-q")
    assert said.code == 1
    told = said.err.splitlines()[-1]  # Ray may have told before of a node that another test has killed
    assert told.startswith(f"textcnn: {folder}/in/a.csv:3: the row has 1 field instead of 2")


def test_models_and_figures_are_those_without_ray(cluster, train_csv, folder, textcnn):
    options = ("train.csv", "--quality=good", "--epochs=2", *tiny())
    for name, more in (("alone", ()), ("ray", ("--ray", "local"))):
        said = textcnn("train", *options, "-q", "-o", f"{name}.textcnn", *more)
        assert said.code == 0, said.err
    assert (folder / "alone.textcnn").read_bytes() == (folder / "ray.textcnn").read_bytes()
    figures = []
    for more in ((), ("--ray", "local")):
        said = json.loads(textcnn("cv", *options, "--folds", "2", "--format", "json", "-q", *more).out)
        figures.append([said["configurations"][0][name] for name in ("figures", "labels", "confusion")])
    assert figures[0] == figures[1]
