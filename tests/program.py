"""The program as its users have it: a process of its own."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What training needs to take no time; the network is a real one nevertheless.
TINY = ("--vectors=none", "--filters=6", "--widths=1,2", "--dimensions=10", "--min-count=1", "--learning-rate=0.02")


def environment(**changes):
    """That of this process without what concerns textcnn or its streams, one thread, the package found anywhere."""
    left_out = ("TEXTCNN_MODEL", "COLUMNS", "NO_COLOR", "PYTHONUNBUFFERED")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **changes}


def script(name):
    """A file of data/ as a module, which finds its neighbours as it does when it runs."""
    sys.path.insert(0, str(ROOT / "data"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(ROOT / "data"))


def command(*arguments):
    return [sys.executable, "-m", "textcnn", *map(str, arguments)]


def run(*arguments, env=None, **options):
    """Run to the end; standard output and standard error are bytes."""
    options = {"stdin": subprocess.DEVNULL, **options} if "input" not in options else options
    return subprocess.run(
        command(*arguments), capture_output=True, timeout=120, env=environment(**(env or {})), **options
    )


def start(*arguments, env=None, **options):
    """Start it with pipes on all three streams."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command(*arguments), env=environment(**(env or {})), **{**pipes, **options})
