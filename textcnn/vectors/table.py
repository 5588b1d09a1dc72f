"""Vectors in a byte per number, or half a byte, in a file of which only words and the rows that are needed are read.

Each row has its own scale, value = byte · scale, see storage/quantized.py. Rows are ordered by frequency, so the first
ones are the most useful.
"""

from collections.abc import Mapping, Sequence
from io import FileIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import VectorsError
from textcnn.storage.quantized import Quantized, packed
from textcnn.storage.regular import open_regular
from textcnn.storage.tensor_file import TensorFile, TensorFileError, tensors_in, write_tensors
from textcnn.text.tokens import normal, parts, spellings
from textcnn.text.vocabulary import Vocabulary, check_vocabulary
from textcnn.vectors.pretrained_filters import Filters, read_filters, tensors_of
from textcnn.vectors.stored_rows import StoredRows

__all__ = ["EMBEDDED", "FORMAT", "SHARED", "Found", "VectorTable"]

EMBEDDED = Path(__file__).with_name("english.safetensors")
SHARED = Path(__file__).with_name("shared.safetensors")  # of many languages together, in one space
FORMAT = "textcnn-vectors-1"


class Found(NamedTuple):
    """How a table knows a word: under which spelling, and in which rows, whose mean it is."""

    spelling: str
    rows: tuple[int, ...]  # its own, its parts', or none
    listed: bool  # whether it has a row of its own


class VectorTable(NamedTuple):
    """Words and their vectors."""

    name: str
    vocabulary: Vocabulary
    vectors: Quantized
    facts: Mapping[str, str] = MappingProxyType({})  # licence, source and whatever else its file says
    filters: Mapping[int, Filters] = MappingProxyType({})  # of each width, if some have learned over these vectors

    @property
    def dimensions(self) -> int:
        """Numbers of a vector."""
        return self.vectors.dimensions

    @property
    def languages(self) -> int:
        """How many languages share it, as far as it says so; at least one."""
        return max(len(self.facts.get("language", "").split()), 1)

    @property
    def file(self) -> Path | None:
        """The file that its rows stay in, if they do."""
        return self.vectors.values.path if isinstance(self.vectors.values, StoredRows) else None

    @property
    def in_half_bytes(self) -> bool:
        """Whether its file has two numbers in a byte."""
        return isinstance(self.vectors.values, StoredRows) and self.vectors.values.packed

    def find(self, surface: str) -> Found:
        """The rows of a word as it stands in a text: its own under some spelling, else those of its parts."""
        spelt = list(spellings(surface))
        for spelling in spelt:
            row = self.vocabulary.row(spelling)
            if row is not None:
                return Found(spelling, (row,), listed=True)
        inside = [self.vocabulary.row(part) for part in parts(surface)]
        rows = tuple(row for row in inside if row is not None) or self.vocabulary.inside(spelt[0], first=0)
        return Found(spelt[0] if rows else spelt[-1], rows, listed=False)

    def find_all(self, surfaces: Sequence[str]) -> list[Found]:
        """The same of many words, most of which are listed by their first spelling: these are looked for together."""
        words = list(map(normal, surfaces))
        return [
            Found(word, (row,), listed=True) if row >= 0 else self.find(surface)
            for surface, word, row in zip(surfaces, words, self.vocabulary.rows(words).tolist(), strict=True)
        ]

    def vectors_of(self, found: Sequence[tuple[int, ...]]) -> list[NDArray[np.float32] | None]:
        """The mean of some rows, (d,), for each of many words; rows are read together. None for a word without rows."""
        numbers, places = np.unique([row for rows in found for row in rows], return_inverse=True)
        vectors, ends = self.vectors.rows(numbers.astype(np.int64)), np.cumsum([len(rows) for rows in found])
        return [
            vectors[places[end - len(rows) : end]].mean(axis=0) if rows else None
            for rows, end in zip(found, ends.tolist(), strict=True)
        ]

    def vector(self, rows: tuple[int, ...]) -> NDArray[np.float32]:
        """The mean of some rows: (d,)."""
        distinct, places = np.unique(rows, return_inverse=True)
        mean: NDArray[np.float32] = self.vectors.rows(distinct)[places].mean(axis=0)
        return mean

    def length(self) -> float:
        """Mean length of the vectors of the frequent words."""
        sample = np.arange(min(len(self.vocabulary), 5000))
        return float(np.linalg.norm(self.vectors.rows(sample), axis=1).mean()) if len(sample) else 0.0

    @classmethod
    def open(cls, path: Path) -> "VectorTable":
        """Open a table file; the vectors stay in it, and are read when they are asked for.

        Raises:
            VectorsError: it is not there or damaged.
        """
        try:
            file = open_regular(path)
            try:
                return cls._of(tensors_in(file, {"vectors"}), file)
            except BaseException:
                file.close()
                raise
        except OSError as error:
            raise VectorsError(f"cannot read the vectors {path}: {error.strerror or error}") from error
        except (TensorFileError, KeyError) as error:
            raise VectorsError(f"{path} is not a vectors file of ours: {error}; make it again") from error

    @classmethod
    def _of(cls, read: TensorFile, file: FileIO) -> "VectorTable":
        facts = dict(read.metadata)
        if facts.pop("format", None) != FORMAT:
            raise TensorFileError(f"its format is {read.metadata.get('format')!r}, not {FORMAT!r}")
        tensors = read.tensors
        place, scales = read.left["vectors"], tensors["scales"]
        vocabulary = Vocabulary(tensors["text"], tensors["offsets"], tensors["order"])
        check_vocabulary(vocabulary)
        if place.kind not in (np.int8, np.uint8) or len(place.shape) != 2 or scales.shape != (len(vocabulary),):
            raise TensorFileError("the shapes of its tensors do not fit")
        if place.shape[0] != len(vocabulary) or scales.dtype != np.float32 or not place.shape[1]:
            raise TensorFileError("the shapes of its tensors do not fit")
        if not np.isfinite(scales).all():
            raise TensorFileError("its scales are damaged")
        stored = StoredRows(file, place, read.state)
        filters = read_filters(tensors, stored.shape[1])
        values = cast("NDArray[np.int8]", stored)  # where rows are taken it is like one
        return cls(facts.pop("name", "vectors"), vocabulary, Quantized(values, scales), facts, filters)

    def write(self, file: BinaryIO, *, in_half_bytes: bool = False, **facts: str) -> None:
        """Write the table with its facts and further ones (licence, source) in its metadata.

        Args:
            file: where it goes.
            in_half_bytes: whether two numbers go into a byte; they must be from -8 to 7, and even in number.
            facts: further ones.
        """
        values = self.vectors.values[:]
        tensors: dict[str, NDArray[Any]] = {
            "vectors": packed(values) if in_half_bytes else values,
            "scales": self.vectors.scales,
            "text": self.vocabulary.text,
            "offsets": self.vocabulary.offsets,
            "order": self.vocabulary.order,
            **tensors_of(self.filters),
        }
        write_tensors(file, {"format": FORMAT, "name": self.name, **self.facts, **facts}, tensors)
