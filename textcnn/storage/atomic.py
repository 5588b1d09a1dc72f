"""Atomic writes: a file is there whole or not at all.

It is written beside its place, flushed to the disk and renamed, which the system does in one step, so neither a full
disk nor a kill can leave half a file or remove the old one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from textcnn.errors import OutputError

__all__ = ["check_writable", "written_whole"]


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A binary file that takes its place at `path` when the block ends well, and vanishes when it does not.

    Raises:
        OutputError: the folder is missing or read-only, or the disk is full.
    """
    import tempfile  # imports random; whoever only reads does without

    beside = None
    try:
        target = path.resolve()  # the file behind a link, not the link
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
        beside = Path(name)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(_permissions(target))
        beside.replace(target)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if beside is not None:
            with suppress(OSError):
                beside.unlink()


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
        with tempfile.TemporaryFile(dir=path.resolve().parent) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def _refuse(path: Path) -> None:
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder; name a file")
    if path.exists() and not path.is_file():
        raise OutputError(f"cannot write {path}: it is a device or a pipe; name a file")
    if not path.resolve().parent.is_dir():
        raise OutputError(f"cannot write {path}: there is no folder {path.resolve().parent}")
    if path.exists() and not os.access(path, os.W_OK):
        raise OutputError(f"cannot write {path}: no permission")
