"""Names of inputs to files: patterns such as `in/*.parquet`, and folders of Parquet or Arrow files.

Files come in the order of their names. Those whose names begin with a dot or an underscore are left out, as everywhere
where tables lie in folders: `_SUCCESS`, `_metadata` and the like hold none.
"""

import os
from collections.abc import Iterable, Iterator
from glob import glob, has_magic
from pathlib import Path

from textcnn.corpus.arrow import SUFFIXES
from textcnn.corpus.lines import source_name
from textcnn.errors import ReadError

__all__ = ["files_below", "input_files", "is_pattern", "matching_files"]


def input_files(paths: Iterable[str | Path]) -> list[str | Path]:
    """The inputs with patterns and folders of tables replaced by files; all others stay as they are.

    Raises:
        ReadError: no file matches a pattern.
    """
    found: list[str | Path] = []
    for path in paths:
        if is_pattern(path):
            found += matching_files(str(path))
        elif Path(path).is_dir() and str(path) and (tables := list(_tables_below(Path(path)))):
            found += tables
        else:
            found.append(path)
    return found


def is_pattern(path: str | Path) -> bool:
    """Whether this is no file, but may be the names of several."""
    return has_magic(str(path)) and not os.path.lexists(path)


def matching_files(pattern: str) -> list[Path]:
    """The files that a pattern names; `**` stands for folders of any depth.

    Raises:
        ReadError: there are none.
    """
    files = [Path(name) for name in sorted(glob(pattern, recursive=True))]  # noqa: PTH207  may begin at the root
    if files := [file for file in files if _is_visible(file.name) and file.is_file()]:
        return files
    raise ReadError(f"{source_name(pattern)}: no file has such a name")


def files_below(folder: Path) -> Iterator[Path]:
    """All files in a folder and below it, but for hidden ones."""
    for above, below, names in os.walk(folder):
        below[:] = sorted(filter(_is_visible, below))
        yield from (Path(above, name) for name in sorted(filter(_is_visible, names)) if Path(above, name).is_file())


def _tables_below(folder: Path) -> Iterator[Path]:
    return (file for file in files_below(folder) if file.suffix.lower() in SUFFIXES)


def _is_visible(name: str) -> bool:
    return not name.startswith((".", "_"))
