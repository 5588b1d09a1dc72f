"""What a command may put a file in the place of: an older one of the same kind, and nothing that would be missed."""

import re
from pathlib import Path
from typing import NamedTuple

from textcnn.errors import OutputError
from textcnn.storage.regular import open_regular

__all__ = ["ARRAY", "MODEL", "PAGE", "VECTORS", "FileKind", "refuse_foreign"]

_HEAD = 100  # bytes that tell the kind of a file


class FileKind(NamedTuple):
    """What files of a kind are called, and how they begin."""

    name: str
    suffix: str  # of those that are taken for it unseen, damaged ones and old ones included
    head: re.Pattern[bytes]


MODEL = FileKind("model", ".textcnn", re.compile(rb'.{8}{"__metadata__":{"textcnn"', re.DOTALL))
VECTORS = FileKind(
    "table of vectors", ".vectors", re.compile(rb'.{8}{"__metadata__":{"format":"textcnn-vectors', re.DOTALL)
)
ARRAY = FileKind("array of vectors", ".npy", re.compile(rb"\x93NUMPY"))
PAGE = FileKind("page", ".html", re.compile(rb"\s*<(!doctype html|html)", re.IGNORECASE))


def refuse_foreign(output: Path, kind: FileKind) -> None:
    """An error if another file than one of this kind is where the output would go."""
    try:
        with open_regular(output) as file:
            head = file.read(_HEAD)
    except OSError:
        return  # nothing is there, or nothing that a file can take the place of
    if head and output.suffix.lower() != kind.suffix and not kind.head.match(head):
        raise OutputError(
            f"{output} is there already, and is no {kind.name} of textcnn: it would be lost; name "
            "another file, or remove this one first"
        )
