"""The journal of a labelling: one line for each step, on the disk before the next question is asked.

The file is only ever appended to, so whatever ends the program, at whatever moment, loses at most the line that was
being written, and that one had not been promised. The first line says what the file is; every other one is a step:

    {"step": "label", "texts": ["9f86d081884c7d65"], "label": "bug", "how": "uncertain", "when": "2026-05-01T12:00:00Z"}
    {"step": "skip", "texts": [...], ...}      {"step": "name", "label": "a new label"}      {"step": "undo"}

A text is known by a hash of its characters, not by its row: rows may be added to the input or put in another order.
One line is one step, also where it labels many texts, and each undo takes back the last step that still stands.
"""

import json
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, NamedTuple

from textcnn.errors import OutputError, ReadError
from textcnn.storage.regular import open_regular

try:
    import fcntl
except ImportError:  # on Windows, where a second session of the same file is not noticed
    fcntl = None  # type: ignore[assignment]

__all__ = ["Journal", "Step", "key_of", "standing"]

_KIND = "textcnn labelling 1"
_KINDS = ("label", "skip", "name", "undo")


class Step(NamedTuple):
    """What somebody did."""

    kind: Literal["label", "skip", "name", "undo"]
    texts: tuple[str, ...] = ()  # their keys
    label: str = ""
    how: str = ""  # by which strategy the texts were chosen
    when: str = ""  # UTC, ISO 8601

    def line(self) -> bytes:
        """Its line in the journal."""
        filled = {name: value for name, value in self._asdict().items() if value and name != "kind"}
        return _line({"step": self.kind, **filled})


def key_of(text: str) -> str:
    """By which a text is known."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def standing(steps: Iterable[Step]) -> list[Step]:
    """The steps that were not taken back, without the undos."""
    stack: list[Step] = []
    for step in steps:
        if step.kind != "undo":
            stack.append(step)
        elif stack:
            stack.pop()
    return stack


class Journal:
    """All steps so far, in memory and, if there is a path, on the disk.

    Args:
        path: of the file, which need not be there; None for steps that nobody keeps.
        seed: of a new journal; drawn if not given.

    Raises:
        ReadError: the file is no journal, is damaged, or belongs to a session that is still running.
        OutputError: it cannot be written.
    """

    def __init__(self, path: Path | None = None, seed: int | None = None) -> None:
        self.path, self.steps = path, list[Step]()
        self.seed = secrets.randbits(32) if seed is None else seed
        self._file: int | None = None
        if path is not None:
            try:
                self._open(path)
            except OSError as error:
                raise OutputError(f"cannot write {path}: {error.strerror or error}") from error

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever done."""
        return not self.steps

    def append(self, step: Step) -> Step:
        """Write a step with the time of day, and return when it is on the disk.

        Raises:
            OutputError: it is not, and the step does not count.
        """
        step = step._replace(when=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        self._write(step.line())
        self.steps.append(step)
        return step

    def close(self) -> None:
        """Let others have the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self, path: Path) -> None:
        is_there = path.exists()
        if is_there:
            open_regular(path).close()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
        try:
            self._lock(path)
            self._read(path)
            if not is_there:
                _flush_folder(path)
        except BaseException:
            self.close()
            raise

    def _lock(self, path: Path) -> None:
        if fcntl is None:
            return
        assert self._file is not None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReadError(f"{path}: another session is labelling these texts; end that one first") from None
        except OSError:  # a file system without locks
            return

    def _read(self, path: Path) -> None:
        """The steps of the file; what is left of a line that was being written is removed."""
        assert self._file is not None
        content = _all_of(self._file)
        whole = content.rfind(b"\n") + 1
        if not whole and not _line(_header(self.seed)).startswith(content[:10]):
            raise _foreign(path)
        lines = content[:whole].splitlines()
        if lines:
            self.seed = _seed(lines[0], path)
            self.steps = [_step(line, path, number) for number, line in enumerate(lines[1:], 2)]
        if whole < len(content):
            os.ftruncate(self._file, whole)
        if not lines:
            self._write(_line(_header(self.seed)))

    def _write(self, line: bytes) -> None:
        if self._file is None:
            return
        before = os.fstat(self._file).st_size
        try:
            left = line
            while left:
                left = left[os.write(self._file, left) :]
            os.fsync(self._file)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, before)  # so that a part of a line does not stand before the next one
            raise OutputError(f"cannot write {self.path}: {error.strerror or error}") from error


def _header(seed: int) -> dict[str, Any]:
    return {"journal": _KIND, "seed": seed}


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def _all_of(file: int) -> bytes:
    pieces = []
    while piece := os.read(file, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


def _foreign(path: Path) -> ReadError:
    return ReadError(f"{path} is there already, and is no journal of textcnn label; move it away")


def _seed(line: bytes, path: Path) -> int:
    try:
        header = json.loads(line)
        if header["journal"] == _KIND:
            return int(header["seed"])
    except (ValueError, TypeError, KeyError):
        pass
    raise _foreign(path)


def _step(line: bytes, path: Path, number: int) -> Step:
    try:
        values = json.loads(line.decode("utf-8", "surrogatepass"))
        step = Step(
            values["step"],
            tuple(map(str, values.get("texts", ()))),
            *(str(values.get(name, "")) for name in ("label", "how", "when")),
        )
        if step.kind in _KINDS:
            return step
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise ReadError(f"{path}:{number}: this is no step of a labelling: the journal is damaged; take the line out")


def _flush_folder(path: Path) -> None:
    """See to it that a new file is still there after a power failure."""
    with suppress(OSError, AttributeError):  # Windows opens no folders
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
