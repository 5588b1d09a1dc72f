"""Packs: tables of other languages, each in a package of its own that is installed beside this one.

The pack of German is the package `textcnn_vectors_de`, in whose folder lie `table.vectors`, a table of ours, and
`sentences.safetensors`, a sentence encoder over it, which a pack may lack. No code of a pack is run: its folder is
looked for where packages are, and both are read. Only training and `textcnn vectors` look for packs, and only where one
is named; a model holds all that it answers with.
"""

import re
import sys
from pathlib import Path

from textcnn.errors import VectorsError

__all__ = ["ENCODER", "TABLE", "is_pack_name", "pack", "packs"]

TABLE, ENCODER = "table.vectors", "sentences.safetensors"
_PACKAGE = "textcnn_vectors_"
_NAME = re.compile(r"[a-z]{2,3}")  # the code of a language, ISO 639


def is_pack_name(spec: str) -> bool:
    """Whether vectors are named as packs are: by a language's code of two or three letters."""
    return _NAME.fullmatch(spec) is not None


def packs() -> dict[str, Path]:
    """The tables of all packs that are installed, by language; of two of one language the first on Python's path."""
    tables = [table for folder in sys.path for table in sorted(Path(folder).glob(f"{_PACKAGE}*/{TABLE}"))]
    named = {table.parent.name.removeprefix(_PACKAGE): table for table in reversed(tables)}
    return {language: named[language] for language in sorted(named) if is_pack_name(language)}


def pack(language: str) -> Path:
    """The table of a language's pack.

    Raises:
        VectorsError: it is not installed.
    """
    installed = packs()
    if language in installed:
        return installed[language]
    raise VectorsError(
        f"the vectors {language!r} are not installed: there is no package {_PACKAGE}{language}, and no file of this"
        f" name; packs that are installed: {', '.join(installed) or 'none'}"
    )
