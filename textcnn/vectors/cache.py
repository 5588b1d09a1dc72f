"""The user's cache folder, where every large vectors file is converted once.

An entry is named after the file's name, its place, and its size and time, so a file that changed is converted again
and the entry of its old self goes. Two processes that convert the same file both write, each beside the place, and
the later one replaces the earlier one's entry by an equal one. A damaged entry is written again.
"""

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import platformdirs

from textcnn.errors import OutputError, VectorsError
from textcnn.storage.atomic import real_path, written_whole
from textcnn.vectors.table import FORMAT, VectorTable

__all__ = ["cache_folder", "cached", "entries", "entry_of_file", "entry_of_name", "remember"]

_LAYOUT = "1"  # of names and of what conversion does; another number converts everything again
_DAY = 86400


def cache_folder() -> Path:
    """The folder, which need not exist: TEXTCNN_CACHE, or where the system keeps caches."""
    return Path(os.environ.get("TEXTCNN_CACHE") or platformdirs.user_cache_dir("textcnn"))


def entry_of_file(path: Path) -> Path:
    """Where the table of a file is, if there is one.

    Raises:
        VectorsError: the file is not there.
    """
    try:
        there = real_path(path)
        stat = there.stat()
    except OSError as error:
        raise VectorsError(f"cannot read the vectors {path}: {error.strerror}") from error
    return _entry(path.name, str(there), f"{stat.st_size} {stat.st_mtime_ns}")


def entry_of_name(name: str) -> Path:
    """Where the table is that was made of what gensim knows by a name."""
    return _entry(name, f"gensim:{name}", "")


def _entry(name: str, place: str, state: str) -> Path:
    short = re.sub(r"[^\w.-]", "_", name)[:60]
    return cache_folder() / f"{short}-{_digest(place)}-{_digest(f'{FORMAT} {_LAYOUT} {state}')}.vectors"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def cached(entry: Path) -> VectorTable | None:
    """The table of an entry; None if there is none, or a damaged one."""
    try:
        return VectorTable.open(entry)
    except VectorsError:
        return None


def remember(entry: Path, size: int, convert: Callable[[BinaryIO], None]) -> VectorTable:
    """Convert a file into its entry, and open that.

    Args:
        entry: where the table goes.
        size: of the file that is converted, in bytes; few tables are larger.
        convert: writes the table.

    Raises:
        OutputError: the folder cannot be written, or the disk has no room.
        VectorsError: the file is malformed.
    """
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(entry.parent).free
    except OSError as error:
        raise OutputError(f"cannot write to the cache {entry.parent}: {error.strerror}") from error
    if free < size:
        raise OutputError(f"the disk of the cache {entry.parent} has {free / 1e6:,.0f} MB left, too few for a table")
    with written_whole(entry) as file:
        convert(file)
    _tidy(entry)
    return VectorTable.open(entry)


def _tidy(entry: Path) -> None:
    """Remove the entries of what the file was before, and what conversions left that were killed days ago."""
    place = entry.name.rsplit("-", 1)[0]
    for other in entry.parent.glob("*.vectors"):
        if other != entry and other.name.rsplit("-", 1)[0] == place:
            _remove(other)
    for left in entry.parent.glob(".*.vectors.*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _DAY:
                _remove(left)


def _remove(path: Path) -> None:
    with suppress(OSError):  # gone already, or in use on a system that minds
        path.unlink()


def entries() -> Iterator[tuple[Path, VectorTable]]:
    """Every table in the cache."""
    for path in sorted(cache_folder().glob("*.vectors")):
        table = cached(path)
        if table is not None:
            yield path, table
