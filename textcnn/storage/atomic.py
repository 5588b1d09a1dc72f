"""Atomic writes: a file is there whole or not at all.

It is written beside its place, flushed to the disk and renamed, which the system does in one step, so neither a full
disk nor a kill can leave half a file or remove the old one. What a kill leaves beside it, the next write of the same
file removes. A writer holds a lock on its file, which ends with its process, so nothing is taken from one that runs.
"""

import glob
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from textcnn.errors import OutputError
from textcnn.storage.regular import open_regular

try:
    import fcntl
except ImportError:  # on Windows, where what a kill leaves stays
    fcntl = None  # type: ignore[assignment]

__all__ = ["check_writable", "real_path", "written_whole"]

_SUFFIX = ".part"
_LONGEST_PREFIX = 100  # bytes of the name


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A binary file that takes its place at `path` when the block ends well, and vanishes when it does not.

    Raises:
        OutputError: the folder is missing or read-only, or the disk is full.
    """
    beside = None
    try:
        target = real_path(path)  # the file behind a link, not the link
        _remove_left(target)
        handle, beside = _opened_beside(target)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            beside.chmod(_permissions(target))
            if fcntl is not None:
                beside.replace(target)  # before the lock ends
        if fcntl is None:
            beside.replace(target)  # Windows renames no open file
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if beside is not None:
            with suppress(OSError):
                beside.unlink()


def real_path(path: Path) -> Path:
    """The absolute path behind links; of links that lead in a circle, as far as they can be followed."""
    return Path(os.path.realpath(path))


def _prefix(target: Path) -> str:
    """With which the names of files beside the target begin; short, for a name has at most 255 bytes."""
    return f".{os.fsencode(target.name)[:_LONGEST_PREFIX].decode('utf-8', 'ignore')}."


def _opened_beside(target: Path) -> tuple[int, Path]:
    """A new file in the same folder, locked: its descriptor and its path."""
    import tempfile  # imports random; whoever only reads does without

    while True:
        handle, name = tempfile.mkstemp(_SUFFIX, _prefix(target), target.parent)
        if fcntl is not None:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink or fcntl is None:
            return handle, Path(name)
        os.close(handle)  # another process took it for one that was left, before it was locked


def _remove_left(target: Path) -> None:
    """Remove what writers of this file left that were killed: nobody holds its lock."""
    if fcntl is None:
        return
    for left in target.parent.glob(f"{glob.escape(_prefix(target))}{'?' * 8}{_SUFFIX}"):
        with suppress(OSError), open_regular(left) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def _permissions(target: Path) -> int:
    """Those of the file that is replaced, or what a new file would get."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def check_writable(path: Path) -> None:
    """Check before hours of work whether a file can be written.

    Raises:
        OutputError: it cannot; says why.
    """
    import tempfile

    try:
        _refuse(path)
        with tempfile.TemporaryFile(dir=real_path(path).parent) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def _refuse(path: Path) -> None:
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder; name a file")
    with suppress(FileNotFoundError, NotADirectoryError):  # links in a circle and names too long are errors
        if not stat.S_ISREG(path.stat().st_mode):
            raise OutputError(f"cannot write {path}: it is a device or a pipe; name a file")
    folder = real_path(path).parent
    if not folder.is_dir():
        raise OutputError(f"cannot write {path}: there is no folder {folder}")
    if path.exists() and not os.access(path, os.W_OK):
        raise OutputError(f"cannot write {path}: no permission")
