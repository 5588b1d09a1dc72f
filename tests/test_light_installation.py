"""Without its dependencies, with NumPy, Typer and Rich alone, textcnn answers, explains and inspects; and serves."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
from examples import EXAMPLES, HAM, write_csv
from program import ROOT, Process
from serving import Served

pytestmark = pytest.mark.slow
LIGHT = ("numpy", "rich", "typer")


def installed(env, *arguments):
    done = subprocess.run(
        [env / "bin" / "pip", "install", "-q", "--disable-pip-version-check", *arguments],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def light(tmp_path_factory):
    """An environment as the README says it is made, from a copy of the sources."""
    folder = tmp_path_factory.mktemp("light")
    subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "textcnn", folder / "textcnn", ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.c"))
    installed(folder / "env", "--no-deps", str(folder))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    installed(folder / "env", *(need for need in project["dependencies"] if need.startswith(LIGHT)))
    return folder / "env", project["optional-dependencies"]["serve"]


def told(env, folder, *arguments):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [env / "bin" / "textcnn", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )


def megabytes(env):
    """Of what is installed, without pip."""
    libraries = next((env / "lib").glob("python*/site-packages"))
    left_out = ("pip", "setuptools", "pkg_resources", "_distutils_hack")
    return (
        sum(
            path.stat().st_size
            for path in libraries.rglob("*")
            if path.is_file() and not path.relative_to(libraries).parts[0].startswith(left_out)
        )
        / 1e6
    )


def test_it_answers_and_says_what_to_install_for_the_rest(light, model, folder, textcnn):
    env, serve = light
    texts = [text for _, text in EXAMPLES]
    for options in ((), ("--explain", "--format=jsonl"), ("--top=2", "--format=csv")):
        assert told(env, folder, "predict", *options, *texts).stdout == textcnn("predict", *options, *texts).out
    assert json.loads(told(env, folder, "inspect", "--format=json").stdout)["labels"] == ["ham", "spam"]
    data = write_csv(folder / "spam.csv", EXAMPLES)
    for arguments, library in (
        (["train", data], "torch"),
        (["evaluate", data, "--baseline", data], "scikit-learn"),
        (["check", data], "scipy"),
        (["cv", data], "scipy"),
        (["vectors", "train", data, "-o", "x.vectors"], "gensim"),
        (["serve"], "starlette"),
    ):
        done = told(env, folder, *arguments)
        last = done.stderr.splitlines()[-1]
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert last.startswith("textcnn: this needs ") and " which is not installed: pip install " in last
        assert library in last
    sizes = [megabytes(env)]

    installed(env, *serve)
    told_of_each = {"label", "probability", "probabilities", "novelty", "text"}
    assert set(json.loads(_served(env, folder))["answers"][0]) == told_of_each
    sizes.append(megabytes(env))
    shown = re.search(r"takes (\d+) MB \((\d+) with", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert sizes == pytest.approx([int(size) for size in shown.groups()], rel=0.15)


def _served(env, folder):
    process = Process([env / "bin" / "textcnn", "serve", folder / "model.textcnn", "--port=0"], PYTHONPATH="")
    try:
        server = Served(process)
        body = server.predict([HAM[0]]).body
        assert server.stop() == (0, "")
    finally:
        process.process.kill()
        process.process.wait()
    return body
