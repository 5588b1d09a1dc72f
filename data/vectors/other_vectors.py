"""Word vectors that others have learned, GloVe's and spaCy's, for the words of the English table."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from inputs import GLOVE_50, GLOVE_100, SPACY, package_files
from numpy.typing import NDArray
from table_words import glove_words

Floats = NDArray[np.float32]


class Source(NamedTuple):
    """The vectors of one source, (V, d), and which words it has."""

    vectors: Floats
    known: NDArray[np.bool_]


def part_of(words: Sequence[str], rows: Mapping[str, int], table: Floats) -> Source:
    """The rows of a table for our words."""
    places = np.array([rows.get(word, -1) for word in words])
    return Source(np.where(places[:, None] >= 0, table[places], 0).astype(np.float32), places >= 0)


def glove_50(words: Sequence[str], inputs: Path) -> Source:
    """GloVe, 50 dimensions: has the clitics and the numbers that the other copy lacks."""
    table = np.load(io.BytesIO(next(package_files(inputs / GLOVE_50.file, "*.npy"))), allow_pickle=False)
    return part_of(words, {word: row for row, word in enumerate(glove_words(inputs))}, table)


def glove_100(words: Sequence[str], inputs: Path) -> Source:
    """GloVe, 100 dimensions."""
    data = json.loads(next(package_files(inputs / GLOVE_100.file, "*-100d.json")))
    listed = [word for word in words if word in data["vectors"]]
    table = np.array([data["vectors"][word][:100] for word in listed], np.float32)
    return part_of(words, {word: row for row, word in enumerate(listed)}, table)


def murmur(key: bytes) -> int:
    """MurmurHash64A with seed 1: what spaCy numbers its strings by."""
    mask, factor = (1 << 64) - 1, 0xC6A4A7935BD1E995
    number = 1 ^ (len(key) * factor & mask)
    tail = len(key) - len(key) % 8
    for start in range(0, tail, 8):
        block = int.from_bytes(key[start : start + 8], "little") * factor & mask
        number = (number ^ ((block ^ block >> 47) * factor & mask)) * factor & mask
    if key[tail:]:
        number = (number ^ int.from_bytes(key[tail:], "little")) * factor & mask
    number = (number ^ number >> 47) * factor & mask
    return number ^ number >> 47


def spacy_vectors(words: Sequence[str], inputs: Path) -> Source:
    """The vectors of en_core_web_md: 20,000 rows; many words share one."""
    import msgpack

    package = inputs / SPACY.file
    table = np.load(io.BytesIO(next(package_files(package, "*/vocab/vectors"))), allow_pickle=False)
    row_of = msgpack.unpackb(next(package_files(package, "*/vocab/key2row")), strict_map_key=False)
    rows = {}
    for word in words:
        found = (row_of.get(murmur(form.encode()), -1) for form in (word, word.title(), word.upper()))
        rows[word] = next((row for row in found if row >= 0), -1)
    return part_of(words, rows, table)
