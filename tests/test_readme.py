"""What the README shows is what happens: its transcripts are run, its Python is run, its tree is there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e-?\d+)?")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the README's commands are run, one after the other."""
    made = tmp_path_factory.mktemp("readme")
    for name in ("spam.csv", "spam-test.csv"):
        (made / name).write_bytes((ROOT / "data" / name).read_bytes())
    return made


def transcript() -> list[tuple[str, str]]:
    """Each command with the output that follows it."""
    shown = "".join(body for kind, body in BLOCKS if kind == "console")
    pieces = re.split(r"^\$ ", shown, flags=re.MULTILINE)[1:]
    return [tuple(piece.split("\n", 1)) for piece in pieces]  # type: ignore[misc]


def shape(text: str) -> list[str]:
    """Output with its numbers, its bars and its spacing left out: those depend on the machine."""
    lines = [" ".join(NUMBER.sub("N", line).split()) for line in text.splitlines()]
    lines = [re.sub(r"[─█▏▎▍▌▋▊▉]+", "-", line) for line in lines]
    return [line for line in lines if line and not line.startswith(("epoch N", "no better score", "..."))]


@pytest.mark.slow
def test_the_transcript_is_what_happens(folder: Path) -> None:
    assert len(transcript()) >= 4
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100"}
    for command, expected in transcript():
        done = subprocess.run(
            ["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        assert shape(done.stderr + done.stdout) == shape(expected), command


@pytest.mark.slow
def test_python_examples_run(folder: Path) -> None:
    code = "\n".join(body for kind, body in BLOCKS if kind == "python")
    assert "TextCNNClassifier" in code
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


def test_the_two_commands_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in ("demo", "test"):
        assert f"make {command}" in README
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)


def test_the_map_is_the_folders() -> None:
    tree = next(body for kind, body in BLOCKS if kind == "text" and "estimator.py" in body)
    package, rest = tree.split("\ndata/")
    mapped = {line.split()[0] for line in package.splitlines() if line.startswith("  ")}
    there = {f"{path.name}/" for path in (ROOT / "textcnn").iterdir() if (path / "__init__.py").exists()}
    there |= {path.name for path in (ROOT / "textcnn").glob("*.py")} - {"__init__.py", "__main__.py", "version.py"}
    assert mapped == there
    assert rest.split()[0] and "\ntests/" in rest
    named = re.findall(r"\b(?:cli|training|data)/[a-z]+/", tree)
    assert len(named) == 3 and [name for name in named if not (ROOT / "textcnn" / name).is_dir()] == []


def test_every_command_is_mentioned() -> None:
    from textcnn.cli.application import COMMANDS

    assert [name for name in COMMANDS if f"textcnn {name}" not in README] == []
    assert all(shlex.split(command) for command, _ in transcript())
