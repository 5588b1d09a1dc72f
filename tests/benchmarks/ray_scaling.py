"""Files answered with and without Ray: the same bytes, texts a second, memory of the process that asks.

python ray_scaling.py MODEL [--texts 100000 1000000 10000000] [--files 100] [--nodes 1 2 4] [--no-kill]
                      [--fasttext MODEL.bin]

Texts are made of the words of data/spam.csv, short ones. Each node is a process of its own with one core of its own
(`ray.cluster_utils.Cluster`), as far as the machine has so many. Start-up is told apart: what it takes until a cluster
has opened the model and answered one file. Besides, unless --no-kill leaves that out, a node is killed when a third of
the files are there. Where FASTTEXT names fastText's program and --fasttext a model of it, it answers the same texts on
one core. The disk (TMPDIR) never has more than the texts, an output, and the texts as lines; all of that is removed
before the next size, and how much it is is said. The process that asks is a new one for each cluster,
so that what this one still has in memory of making texts does not count.

What a machine has no cores for is reckoned: the process that asks spends so many processor seconds on each file (the
serial part), the others share the rest, and each text is read from and written to a storage that all nodes see.
"""

import argparse
import csv
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from timing import busy, run

ROOT = Path(__file__).parents[2]
BILLION = 1_000_000_000
CORES = (16, 128)  # that are reckoned
FASTTEXT = os.environ.get("FASTTEXT") or shutil.which("fasttext")


class Clustered(NamedTuple):
    """What a run on a cluster took."""

    start: float  # seconds until it answers
    seconds: float  # of the work
    serial: float  # processor seconds of the process that asked
    megabytes: float  # most memory of that process


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


def by_fasttext(model: Path, texts: Path, folder: Path) -> float:
    """Seconds of fastText's program for the same texts, on one core."""
    import pyarrow.parquet as pq

    lines = folder / "lines.txt"
    with lines.open("w", encoding="utf-8") as file:
        for path in sorted(texts.glob("*.parquet")):
            file.writelines(f"{text}\n" for text in pq.read_table(path)["text"].to_pylist())
    seconds = run([str(FASTTEXT), "predict", model, lines], cores=[0]).seconds
    lines.unlink()
    return seconds


def on_cluster(model: Path, texts: Path, output: Path, nodes: int, *, kill: bool) -> Clustered:
    """Answer the files on so many nodes, from a new process; with `kill`, on one more that is killed amid."""
    with ProcessPoolExecutor(1, get_context("spawn")) as processes:
        return processes.submit(_on_cluster, model, texts, output, nodes, kill=kill).result()


def _on_cluster(model: Path, texts: Path, output: Path, nodes: int, *, kill: bool) -> Clustered:
    import ray
    from ray.cluster_utils import Cluster

    from textcnn.cli.application import run as textcnn
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
        _require(textcnn([*options, str(output.with_suffix(".start")), "--input", str(first)]))
        started = time.perf_counter() - began
        if kill:
            threading.Thread(target=_kill, args=(cluster, others[-1], output, texts), daemon=True).start()
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", "ascii")  # the most memory so far is forgotten
        began, spent = time.perf_counter(), time.process_time()
        _require(textcnn([*options, str(output), "--input", str(texts)]))
        return Clustered(started, time.perf_counter() - began, time.process_time() - spent, _peak())
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
    """The most memory of this process since it was last forgotten, in megabytes."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def moved(texts: Path, output: Path) -> int:
    """Bytes of the files that are read and written."""
    return sum(path.stat().st_size for folder in (texts, output) for path in folder.glob("*.parquet"))


def reckoned(count: int, seconds: float, serial: float, stored: int) -> list[str]:
    """What follows for more cores than there are.

    Args:
        count: of texts.
        seconds: of one process for them, on one core.
        serial: of those, processor seconds that the process that asks spends on them on a cluster.
        stored: bytes that are read and written for them.
    """
    told = [
        f"serial part: {1e6 * serial / count:.2f} µs a text of {1e6 * seconds / count:.1f} "
        f"({serial / seconds:.2%}); {stored / count:.0f} bytes read and written a text"
    ]
    for cores in CORES:
        took = serial + seconds / cores
        rate = count / took
        told.append(
            f"{cores} cores: {rate:,.0f} texts a second, {seconds / took:.1f} times one core, "
            f"{rate * stored / count / 1e6:,.0f} MB a second of a storage that all nodes see"
        )
    return told


def measure(options: argparse.Namespace, count: int, folder: Path, say: Callable[[str], None]) -> None:
    """Measure all for so many texts, and say it."""
    texts = folder / "in"
    say(f"{count:,} texts in {options.files} files")
    make_files(texts, count, options.files)
    seconds = alone(options.model, texts, folder / "alone", 1)
    whole, stored = digest(folder / "alone"), moved(texts, folder / "alone")
    shutil.rmtree(folder / "alone")
    say(f"without Ray, one core: {seconds:.1f} s, {count / seconds:,.0f} texts a second")
    both = alone(options.model, texts, folder / "threads", 0)
    shutil.rmtree(folder / "threads")
    say(f"texts and output: {stored / 1e6:,.0f} MB of the disk")
    say(f"without Ray, all cores: {both:.1f} s, {count / both:,.0f} texts a second")
    serial = 0.0
    for nodes in options.nodes:
        for kill in (False, True) if options.kill else (False,):
            output = folder / f"{nodes}{'-killed' if kill else ''}"
            found = on_cluster(options.model, texts, output, nodes, kill=kill)
            same = "the same bytes" if digest(output) == whole else "OTHER BYTES"
            shutil.rmtree(output)
            shutil.rmtree(output.with_suffix(".start"))
            serial = max(serial, 0.0 if kill else found.serial)
            say(
                f"{nodes} nodes{' and one killed amid' if kill else ''}: start {found.start:.1f} s, then "
                f"{found.seconds:.1f} s, {count / found.seconds:,.0f} texts a second, {same}; this process: "
                f"{found.serial:.2f} s of a processor, {found.megabytes:.0f} MB"
            )
    for line in reckoned(count, seconds, serial, stored):
        say(line)
    say(f"core hours for {BILLION:,} such texts: {BILLION * seconds / count / 3600:,.1f}")
    if options.fasttext and FASTTEXT:
        other = by_fasttext(options.fasttext, texts, folder)
        say(f"those of fastText: {BILLION * other / count / 3600:,.1f}, {seconds / other:.2f} of whose time it took")
    say(busy() or "the machine was quiet")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--texts", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--no-kill", dest="kill", action="store_false", help="kill no node, which halves the time")
    parser.add_argument("--fasttext", type=Path, help="a model of fastText's program, which FASTTEXT names")
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    os.environ.setdefault("RAY_raylet_start_wait_time_s", "300")  # a busy machine takes long to begin
    options.model = options.model.absolute()
    for count in options.texts:
        with tempfile.TemporaryDirectory(prefix="ray-scaling-") as folder:
            measure(options, count, Path(folder), lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
