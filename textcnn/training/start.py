"""What training starts from: the words of the texts, their rows, and the vectors they begin with."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.settings import Settings
from textcnn.tokens import normal, parts, spellings
from textcnn.vectors.sources import read_vectors, train_vectors
from textcnn.vectors.table import EMBEDDED, VectorTable
from textcnn.vocabulary import UNKNOWN, Encoded

__all__ = ["Start", "begin"]

_LENGTH = 1.3  # mean length of a vector at the start, whatever the source: learning rates are made for it
_LEAST_COVERAGE = 0.5


class Start(NamedTuple):
    """Rows and vectors of the words of the texts."""

    words: list[str]  # of each row; the first is the unknown word
    matrix: NDArray[np.float32]  # (V, d)
    rows: NDArray[np.int64]  # (U,) the row of each distinct word as it stands in the texts
    table: VectorTable | None  # where words can be had that the texts do not have
    scale: float  # what the table's vectors were multiplied by
    source: str
    known: float  # share of the training tokens whose word has a pretrained vector


def begin(encoded: Encoded, training: NDArray[np.bool_], settings: Settings, say: Callable[[str], None]) -> Start:
    """Choose the vectors and give every word of the texts its row.

    Args:
        encoded: the texts of all parts.
        training: (T,) which tokens belong to the training part; only these decide what is learned.
        settings: `vectors`, `dimensions`, `min_count`, `channels` and `seed` count here.
        say: takes a sentence for the user.
    """
    counts = np.bincount(encoded.ragged.words[training], minlength=len(encoded.surfaces))
    table = _table(encoded, counts, settings, say)
    random = np.random.default_rng(settings.seed)
    keys = [_key(surface, table) for surface in encoded.surfaces]
    totals: dict[str, int] = {}
    for (key, _), count in zip(keys, counts.tolist(), strict=True):
        totals[key] = totals.get(key, 0) + count
    dimensions = settings.dimensions if table is None else table.vectors.values.shape[1]
    scale = 1.0 if table is None else _scale(table)
    words, vectors, row_of = [""], [np.zeros(dimensions, np.float32)], {}
    for key, inside in keys:
        if key not in row_of and (inside or totals[key] >= settings.min_count):
            row_of[key] = len(words)
            words.append(key)
            vectors.append(_vector(table, inside, scale, dimensions, random))
    rows = np.array([row_of.get(key, UNKNOWN) for key, _ in keys], np.int64)
    known = float(counts[[bool(inside) for _, inside in keys]].sum() / max(counts.sum(), 1)) if keys else 0.0
    source = "random" if table is None else table.name
    matrix = np.array(vectors, np.float32)
    if settings.channels == "random":
        matrix[1:] = _random(random, (len(matrix) - 1, dimensions))
    return Start(words, matrix, rows, table, scale, source, known)


def _key(surface: str, table: VectorTable | None) -> tuple[str, tuple[int, ...]]:
    """Under which spelling a word is learned, and the table's rows whose mean it starts from, if any."""
    spelt = list(spellings(surface))
    if table is None:
        return spelt[0], ()
    for spelling in spelt:
        row = table.vocabulary.row(spelling)
        if row is not None:
            return spelling, (row,)
    found = [table.vocabulary.row(part) for part in parts(surface)]
    inside = tuple(row for row in found if row is not None)
    if inside:
        return spelt[0], inside
    return spelt[-1], ()


def _vector(
    table: VectorTable | None, inside: tuple[int, ...], scale: float, dimensions: int, random: np.random.Generator
) -> NDArray[np.float32]:
    if table is None or not inside:
        return _random(random, (dimensions,))
    mean: NDArray[np.float32] = table.vectors.rows(np.array(inside)).mean(axis=0) * scale
    return mean


def _random(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Vectors of about the length that pretrained ones have, as Kim 2014 advises."""
    bound = _LENGTH * (3 / shape[-1]) ** 0.5
    return random.uniform(-bound, bound, shape).astype(np.float32)


def _scale(table: VectorTable) -> float:
    sample = np.arange(min(len(table.vocabulary), 5000))
    length = float(np.linalg.norm(table.vectors.rows(sample), axis=1).mean()) if len(sample) else 0.0
    return _LENGTH / length if length else 1.0


def _table(
    encoded: Encoded, counts: NDArray[np.int64], settings: Settings, say: Callable[[str], None]
) -> VectorTable | None:
    wanted = settings.vectors
    if wanted == "none" or settings.channels == "random":
        return None
    if wanted not in ("auto", "trained", "english"):
        return read_vectors(Path(wanted), _all_spellings(encoded))
    if wanted == "english" or (wanted == "auto" and EMBEDDED.exists()):
        table = VectorTable.open(EMBEDDED)
        covered = _coverage(table, encoded, counts)
        if wanted == "english" or covered >= _LEAST_COVERAGE:
            return table
        say(f"the English vectors know {covered:.0%} of the words only, so vectors are trained on the texts")
    if counts.sum() < 2:
        return None
    return train_vectors(encoded, normal, settings.dimensions, settings.seed)


def _coverage(table: VectorTable, encoded: Encoded, counts: NDArray[np.int64]) -> float:
    """Share of the tokens with letters in them that the table knows."""
    known = total = 0
    for surface, count in zip(encoded.surfaces, counts.tolist(), strict=True):
        if surface[0].isalpha():
            total += count
            known += count if _key(surface, table)[1] else 0
    return known / total if total else 1.0


def _all_spellings(encoded: Encoded) -> set[str]:
    return {spelling for surface in encoded.surfaces for spelling in (*spellings(surface), *parts(surface))}
