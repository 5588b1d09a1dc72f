"""Files are there whole or not at all, and what a kill leaves beside one goes when it is written again."""

import subprocess
import sys
from pathlib import Path

import pytest
from program import environment

from textcnn.storage.atomic import check_writable, written_whole

WRITE = """
import sys
from pathlib import Path
from textcnn.storage.atomic import written_whole
with written_whole(Path(sys.argv[1])) as file:
    file.write(b"half")
    print("begun", flush=True)
    sys.stdin.read()
    file.write(b" and half")
"""


@pytest.fixture
def begin():
    """Start to write a file in another process, which goes on when its standard input ends."""
    started = []

    def begun(path):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITE, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        )
        started.append(process)
        assert process.stdout.readline() == b"begun\n"
        return process

    yield begun
    for process in started:
        process.kill()
        process.communicate()


def write(path: Path, content: bytes) -> None:
    check_writable(path)
    with written_whole(path) as file:
        file.write(content)


@pytest.mark.parametrize("character", ["m", "é", "あ", "💰"])
def test_any_name_that_the_system_takes_can_be_written(tmp_path, character):
    path = tmp_path / (character * (255 // len(character.encode())))
    write(path, b"all")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [(path.name, b"all")]


def test_what_a_kill_leaves_goes_with_the_next_write_of_the_same_file(tmp_path, begin):
    process = begin(tmp_path / "m[1].textcnn")
    process.kill()
    process.wait()
    other = tmp_path / ".m[1].textcnn.bak"
    other.touch()
    write(tmp_path / "n.textcnn", b"")
    assert len(list(tmp_path.iterdir())) == 3
    write(tmp_path / "m[1].textcnn", b"all")
    assert {file.name for file in tmp_path.iterdir()} == {"m[1].textcnn", "n.textcnn", other.name}


def test_a_file_that_is_being_written_is_left_alone(tmp_path, begin):
    process = begin(tmp_path / "m")
    write(tmp_path / "m", b"all")
    assert (tmp_path / "m").read_bytes() == b"all"
    process.communicate()
    assert process.returncode == 0
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("m", b"half and half")]
