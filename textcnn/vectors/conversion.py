"""Any vectors file becomes a table: block by block, into a file without holding its rows, or into memory.

What the file is must not matter to anything above, so words are listed as texts are spelt when they are looked up:
a word with capitals is listed without them, unless the file has that spelling too. Of duplicates the first counts.
"""

import io
import json
from array import array
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from textcnn.storage.quantized import Quantized
from textcnn.text.tokens import normal
from textcnn.text.vocabulary import Vocabulary
from textcnn.vectors.fasttext import fasttext_blocks
from textcnn.vectors.progress import Progress
from textcnn.vectors.source import RowBlock, Source
from textcnn.vectors.table import FORMAT, VectorTable
from textcnn.vectors.text_format import text_blocks
from textcnn.vectors.word2vec import word2vec_blocks

__all__ = ["convert_to_file", "convert_to_memory"]

_READERS: dict[str, Callable[[Source], Iterator[RowBlock]]] = {
    "text": text_blocks,
    "word2vec": word2vec_blocks,
    "fasttext": fasttext_blocks,
}
_NAMES = {"text": "text", "word2vec": "word2vec's binary form", "fasttext": "fastText's binary form"}
_ROOM = 1 << 14  # for the header, whose size is known at the end only
_LONGEST_FACT = 500


class _Builder:
    """Takes blocks; rows go into a file in bytes, words and scales stay here."""

    def __init__(self, source: Source, rows: BinaryIO) -> None:
        self.source, self.rows = source, rows
        self.words: dict[str, None] = {}
        self.scales = array("f")
        self.dimensions = self.duplicates = 0

    def add(self, block: RowBlock, keep: Callable[[int, str], bool]) -> None:
        wrong = np.flatnonzero(~np.isfinite(block.matrix).all(axis=1))
        if len(wrong):
            raise self.source.fault(f"{block.places[wrong[0]]}: a value is not a finite number")
        self.dimensions = block.matrix.shape[1]
        fresh = [place for place, word in enumerate(block.words) if self._is_new(word, keep)]
        made = Quantized.of(block.matrix[fresh])
        self.rows.write(made.values.data)
        self.scales.frombytes(made.scales.tobytes())

    def _is_new(self, word: bytes, keep: Callable[[int, str], bool]) -> bool:
        spelt = word.decode("utf-8", "replace")
        if spelt in self.words:
            self.duplicates += 1
            return False
        if not keep(len(self.words), spelt):
            return False
        self.words[spelt] = None
        return True

    def vocabulary(self) -> Vocabulary:
        return Vocabulary.of(_without_capitals(self.words))

    def facts(self, facts: Mapping[str, str]) -> dict[str, str]:
        made = {"format_of_source": _NAMES[self.source.kind], **facts}
        if self.duplicates:
            made["duplicates"] = str(self.duplicates)
        return {name: value[:_LONGEST_FACT] for name, value in made.items()}


def _without_capitals(words: Mapping[str, None]) -> list[str]:
    lowered: set[str] = set()
    listed = []
    for word in words:
        low = normal(word)
        if low and low not in words and low not in lowered:
            lowered.add(low)
            listed.append(low)
        else:
            listed.append(word)
    return listed


def _built(source: Source, rows: BinaryIO, keep: Callable[[int, str], bool], progress: Progress) -> _Builder:
    builder = _Builder(source, rows)
    what = f"reading {source.path.name}"
    for block in _READERS[source.kind](source):
        builder.add(block, keep)
        progress(what, source.share())
    if not builder.dimensions:
        raise source.fault(" has no words")
    return builder


def convert_to_memory(
    source: Source, progress: Progress, facts: Mapping[str, str], keep: Callable[[int, str], bool] | None = None
) -> VectorTable:
    """Read a file into a table in memory.

    Args:
        source: a file of any kind but a table.
        progress: is told how far it is.
        facts: what else is known of the vectors.
        keep: whether to keep a word, given the number of those kept so far; all if not given.

    Raises:
        VectorsError: the file is malformed.
    """
    rows = io.BytesIO()
    built = _built(source, rows, keep or _all, progress)
    values = np.frombuffer(rows.getbuffer(), np.int8).reshape(len(built.words), built.dimensions)
    scales = np.frombuffer(built.scales, np.float32)
    return VectorTable(source.name, built.vocabulary(), Quantized(values, scales), built.facts(facts))


def convert_to_file(source: Source, file: BinaryIO, progress: Progress, facts: Mapping[str, str]) -> None:
    """Write a file as a table, in the format of storage/tensor_file.py, but without ever holding its rows.

    Raises:
        VectorsError: the file is malformed.
        OSError: the table cannot be written.
    """
    file.write(bytes(_ROOM))
    built = _built(source, file, _all, progress)
    progress(f"sorting the words of {source.path.name}", 1.0)
    vocabulary = built.vocabulary()
    tail: dict[str, NDArray[Any]] = {
        "scales": np.frombuffer(built.scales, np.float32),
        "offsets": vocabulary.offsets,
        "order": vocabulary.order,
        "text": vocabulary.text,
    }
    for tensor in tail.values():
        file.write(tensor.data)
    file.seek(0)
    file.write(_header({"format": FORMAT, "name": source.name, **built.facts(facts)}, built, tail))


def _header(metadata: Mapping[str, str], built: _Builder, tail: Mapping[str, NDArray[Any]]) -> bytes:
    """What the file holds and where, filled with blanks to the room that was left for it."""
    place = len(built.words) * built.dimensions
    header: dict[str, Any] = {
        "__metadata__": metadata,
        "vectors": {"dtype": "I8", "shape": [len(built.words), built.dimensions], "data_offsets": [0, place]},
    }
    for name, tensor in tail.items():
        header[name] = {
            "dtype": {"f": "F32", "u": "U32"}[tensor.dtype.kind] if tensor.itemsize == 4 else "U8",
            "shape": list(tensor.shape),
            "data_offsets": [place, place + tensor.nbytes],
        }
        place += tensor.nbytes
    text = json.dumps(header).encode()
    return (_ROOM - 8).to_bytes(8, "little") + text.ljust(_ROOM - 8)


def _all(count: int, word: str) -> bool:
    return True
