"""The program as its users have it: a process of its own."""

import fcntl
import importlib
import os
import pty
import queue
import struct
import subprocess
import sys
import termios
import threading
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds, for a machine that has other things to do
# What training needs to take no time; the network is a real one nevertheless, which takes a third of it.
TINY = (
    *("--vectors=none", "--filters=6", "--widths=1,2", "--dimensions=10", "--min-count=1", "--learning-rate=0.02"),
    *("--linear=off", "--threads=1"),
)
TINIEST = (*TINY, "--quality=fast")  # one training instead of four


def changed(options, *changes):
    """Options with some of them changed, each a word such as `--filters=8`: none may be given twice."""
    names = tuple(f"{change.partition('=')[0]}=" for change in changes)
    return [*(option for option in options if not option.startswith(names)), *changes]


def tiny(*changes):
    """TINY with such changes."""
    return changed(TINY, *changes)


def environment(**changes):
    """That of this process without what concerns textcnn or its streams, one thread, the package found anywhere."""
    left_out = ("TEXTCNN_MODEL", "COLUMNS", "NO_COLOR", "PYTHONUNBUFFERED")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **changes}


def script(name):
    """A file of data/vectors/ as a module, which finds its neighbours as it does when it runs."""
    sys.path.insert(0, str(ROOT / "data" / "vectors"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(ROOT / "data" / "vectors"))


def command(*arguments):
    return [sys.executable, "-m", "textcnn", *map(str, arguments)]


def scripted(script, *arguments):
    """The program in a process where a script runs first."""
    code = f"{script}\nimport sys\nfrom textcnn.cli import main\nmain()"
    return [sys.executable, "-c", code, *map(str, arguments)]


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


def on_a_terminal(*arguments, columns, env=None):
    """What a command writes where all streams are a terminal of so many columns, and its exit code."""
    outside, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        command(*arguments),
        stdin=inside,
        stdout=inside,
        stderr=inside,
        env=environment(**{"TERM": "xterm-256color", **(env or {})}),
    )
    os.close(inside)
    shown = b""
    with suppress(OSError):  # what Linux says when the other side is gone
        while block := os.read(outside, 65536):
            shown += block
    os.close(outside)
    return process.wait(timeout=60), shown.decode()


def imported(*arguments, folder):
    """Modules that a command imports."""
    script = (
        "import sys; from textcnn.cli.application import run; code = run(sys.argv[1:]);"
        " sys.stderr.write(' '.join(sys.modules)); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
        cwd=folder,
    )
    assert done.returncode == 0
    return {name.partition(".")[0] for name in done.stderr.split()}


class Process:
    """A running program whose lines are there as they come."""

    def __init__(self, arguments, **changes):
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self.process = subprocess.Popen(arguments, env=environment(**changes), bufsize=0, **pipes)
        self.send_signal = self.process.send_signal
        self.answers, self.said = self._lines(self.process.stdout), self._lines(self.process.stderr)

    @staticmethod
    def _lines(stream):
        lines = queue.Queue()

        def read():
            with stream:
                for line in stream:
                    lines.put(line.decode())
            lines.put("")

        threading.Thread(target=read, daemon=True).start()
        return lines

    def write(self, text):
        self.process.stdin.write(text.encode())

    def answer(self):
        """The next line of standard output, "" at its end."""
        return self.answers.get(timeout=PATIENCE)

    def wait_until_said(self, start):
        """Wait for a line of standard error that starts like this."""
        while not (line := self.said.get(timeout=PATIENCE)).startswith(start):
            assert line

    def end(self):
        """Close standard input; the exit code, and what was said until the end."""
        self.process.stdin.close()
        lines = []
        while line := self.said.get(timeout=PATIENCE):
            lines.append(line)
        return self.process.wait(timeout=PATIENCE), "".join(lines)


def complaint(answer, code=1):
    """The one line that is said; notes about what was read may come before it."""
    *notes, last = answer.err.splitlines()
    assert answer.code == code
    assert answer.out == ""
    assert last.startswith("textcnn: ")
    assert not any("Traceback" in note or note.startswith("textcnn:") for note in notes)
    return last.removeprefix("textcnn: ")
