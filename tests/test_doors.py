"""What the README says of other programs is run: each gets the answers of the whole table, in pieces of its own."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from examples import EXAMPLES
from program import environment

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"^```py\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
BEGIN = "from textcnn import Predictor\npredictor = Predictor.open('model.textcnn', threads=1)\n"
ENDS = {
    "polars": "found = spam['id'].to_list()",
    "duckdb": "found = [row[0] for row in spam.fetchall()]",
    "ray": "found = [row['id'] for row in spam.take_all()]",
    "pyspark": "found = [row.id for row in spam.collect()]",
}


@pytest.fixture
def spam(folder, model):
    """Two files of messages in a folder; the numbers of those that the model takes for spam."""
    from textcnn import Predictor

    texts = [f"{text} {number}" for number in range(60) for _, text in EXAMPLES]
    mails = pa.table({"id": range(len(texts)), "text": texts})
    (folder / "in").mkdir()
    pq.write_table(mails.slice(0, 900), folder / "in" / "a.parquet", row_group_size=100)
    pq.write_table(mails.slice(900), folder / "in" / "b.parquet")
    found = Predictor.open(model).predict_batches(mails, only=["spam"])["id"].to_pylist()
    assert 0 < len(found) < len(texts)
    return found


def numbers(name, folder):
    """The numbers that a block finds, run as a program of its own."""
    code = next(block for block in BLOCKS if re.search(rf"^(import|from) {name}\b", block, re.MULTILINE))
    script = f"{BEGIN}{code}{ENDS[name]}\nprint('found', *found)\n"
    own = environment(PYSPARK_PYTHON=sys.executable, RAY_ADDRESS="local")  # not the cluster of a test beside
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=own, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("found "))
    return sorted(map(int, line.split()[1:]))


def test_each_block_is_run() -> None:
    assert len(BLOCKS) == len(ENDS)


@pytest.mark.parametrize("name", ["polars", "duckdb"])
def test_engines_of_one_process(name, spam, folder):
    pytest.importorskip(name)
    assert numbers(name, folder) == spam


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ray", "pyspark"])
def test_engines_of_many_processes(name, spam, folder):
    pytest.importorskip("ray.data" if name == "ray" else name)
    if name == "pyspark" and shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    assert numbers(name, folder) == spam
