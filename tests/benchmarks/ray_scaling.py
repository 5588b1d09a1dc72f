"""Files answered with and without Ray: the same bytes, texts a second, memory of the process that asks.

python ray_scaling.py MODEL [--texts 1000000] [--files 100] [--nodes 1 2 4] [--fasttext SECONDS]

Texts are made of the words of data/spam.csv, short ones. Each node is a process of its own with one core of its own
(`ray.cluster_utils.Cluster`), as far as the machine has so many. Start-up is told apart: what it takes until a cluster
has opened the model and answered one file. Besides, a node is killed when a third of the files are there.
"""

import argparse
import csv
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from timing import busy

ROOT = Path(__file__).parents[2]
BILLION = 1_000_000_000


def make_files(folder: Path, texts: int, files: int) -> None:
    """Parquet files of short texts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open(ROOT / "data" / "spam.csv", encoding="utf-8", newline="") as file:
        words = sorted({word for row in csv.DictReader(file) for word in row["text"].split()})
    draw = random.Random(0)
    folder.mkdir()
    for number in range(files):
        rows = range(texts * number // files, texts * (number + 1) // files)
        made = [" ".join(draw.choices(words, k=draw.randint(5, 30))) for _ in rows]
        pq.write_table(pa.table({"id": rows, "text": made}), folder / f"{number:05}.parquet")


def digest(folder: Path) -> str:
    """SHA-256 of all outputs, in the order of their names."""
    whole = sha256()
    for path in sorted(folder.glob("*.parquet")):
        whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def alone(model: Path, texts: Path, output: Path, threads: int) -> float:
    """Seconds of one process without Ray."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "textcnn", "predict", "-m", model, "--input", texts, "--output", output, "-q"]
    subprocess.run([*map(str, command), "--threads", str(threads)], check=True, cwd=ROOT)
    return time.perf_counter() - began


def on_cluster(model: Path, texts: Path, output: Path, nodes: int, *, kill: bool) -> tuple[float, float, float]:
    """Seconds until it answers, seconds of the work, and megabytes of this process that the work added."""
    import ray
    from ray.cluster_utils import Cluster

    from textcnn.cli.application import run
    from textcnn.distributed.ray import RayExecutor

    began = time.perf_counter()
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    others = [cluster.add_node(num_cpus=1) for _ in range(nodes - 1 + kill)]
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, logging_level="error", log_to_driver=False)
    try:
        RayExecutor()
        first = next(iter(sorted(texts.glob("*.parquet"))))
        options = ["predict", "-m", str(model), "-q", "--ray", "local", "--output"]
        _require(run([*options, str(output.with_suffix(".start")), "--input", str(first)]))
        started = time.perf_counter() - began
        if kill:
            threading.Thread(target=_kill, args=(cluster, others[-1], output, texts), daemon=True).start()
        before, began = _peak(), time.perf_counter()
        _require(run([*options, str(output), "--input", str(texts)]))
        return started, time.perf_counter() - began, _peak() - before
    finally:
        ray.shutdown()
        cluster.shutdown()


def _kill(cluster: object, node: object, output: Path, texts: Path) -> None:
    """Kill a node as soon as a third of the outputs are there."""
    wanted = len(list(texts.glob("*.parquet"))) // 3
    while len(list(output.glob("*.parquet"))) < wanted:
        time.sleep(0.05)
    cluster.remove_node(node, allow_graceful=False)  # type: ignore[attr-defined]


def _require(code: int) -> None:
    if code:
        raise SystemExit("predict ended with an error")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(options: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> None:
    """Measure all, and say it."""
    texts = folder / "in"
    make_files(texts, options.texts, options.files)
    seconds = alone(options.model, texts, folder / "alone", 1)
    whole = digest(folder / "alone")
    say(f"without Ray, one core: {seconds:.1f} s, {options.texts / seconds:,.0f} texts a second")
    both = alone(options.model, texts, folder / "threads", 0)
    say(f"without Ray, all cores: {both:.1f} s, {options.texts / both:,.0f} texts a second")
    for nodes in options.nodes:
        for kill in (False, True):
            output = folder / f"{nodes}{'-killed' if kill else ''}"
            started, took, grown = on_cluster(options.model, texts, output, nodes, kill=kill)
            same = "the same bytes" if digest(output) == whole else "OTHER BYTES"
            say(
                f"{nodes} nodes{' and one killed amid' if kill else ''}: start {started:.1f} s, then {took:.1f} s, "
                f"{options.texts / took:,.0f} texts a second, {same}, {grown:.0f} MB more in this process"
            )
    say(f"core hours for {BILLION:,} such texts: {BILLION / (options.texts / seconds) / 3600:,.1f}")
    if options.fasttext:
        say(f"those of fastText: {BILLION * options.fasttext / options.texts / 3600:,.1f}")
    say(busy() or "the machine was quiet")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--fasttext", type=float, help="seconds that fastText took for as many texts on one core")
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    options.model = options.model.absolute()
    with tempfile.TemporaryDirectory(prefix="ray-scaling-") as folder:
        measure(options, Path(folder), lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
