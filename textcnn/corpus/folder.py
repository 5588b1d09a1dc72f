"""A folder to records: each file is one text, and the folder below the given one that holds it is its label.

Files and folders come in the order of their names, hidden ones are left out, and so are files that lie beside the
label folders. Without labels every file counts, wherever it lies.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from textcnn.corpus.lines import open_lines
from textcnn.corpus.record import BadRow, Reading, Record, well_formed
from textcnn.errors import ReadError

__all__ = ["files_beside", "folder_records"]

_PARTS = ("train", "training", "test", "dev", "val", "valid", "validation")  # how names of parts of a corpus end


def folder_records(folder: str | Path, *, reading: Reading, labelled: bool) -> Iterator[Record | BadRow]:
    """The texts below the folder, with their paths relative to it in `fields`."""
    root = Path(folder)
    for label, top in _label_folders(root) if labelled else [("", root)]:
        for path in _files(top):
            yield _file_record(path, label, root, reading)


def files_beside(folder: str | Path) -> int:
    """How many files lie beside the label folders, and are no texts."""
    return sum(path.is_file() and not path.name.startswith(".") for path in Path(folder).iterdir())


def _label_folders(root: Path) -> list[tuple[str, Path]]:
    """The folders that name labels, or an error if none of them holds anything."""
    try:
        tops = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        raise ReadError(f"{well_formed(str(root))}: the folder cannot be read ({error.strerror})") from None
    if not any(next(_files(top), None) for top in tops):
        raise ReadError(
            f"{well_formed(str(root))}: this is a folder, and not one of folders, one a label, that hold files; "
            "name the file that is meant"
        )
    _refuse_parts(root, tops)
    return [(well_formed(top.name).strip(), top) for top in tops]


def _refuse_parts(root: Path, tops: list[Path]) -> None:
    """Folders such as train and test are no labels where all of them hold the same folders."""
    if len(tops) < 2 or not all(top.name.lower().endswith(_PARTS) for top in tops):
        return
    common = set.intersection(*({path.name for path in top.iterdir() if path.is_dir()} for top in tops))
    if common:
        inner = ", ".join(map(well_formed, sorted(common)[:5]))
        raise ReadError(
            f"{well_formed(str(root))}: {' and '.join(well_formed(top.name) for top in tops)} hold folders of the same "
            f"names ({inner}), which look like the labels; name one of them: {well_formed(str(tops[0]))}"
        )


def _files(top: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(top):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _file_record(path: Path, label: str, root: Path, reading: Reading) -> Record | BadRow:
    """The file as a record. One that is no text may be skipped like any bad row: the others are files of their own."""
    source = well_formed(str(path))
    try:
        lines = open_lines(path, encoding=reading.encoding)
        try:
            text = "".join(lines)
        finally:
            lines.close()
    except ReadError as error:
        return BadRow(1, str(error), "or leave such files out with --skip-bad-rows")
    name = well_formed(path.relative_to(root).as_posix())
    return Record(text, (label,) if label else (), 1, source, (("file", name),))
