"""The words nearest to a word, or to a sum of words, by the cosine of their vectors."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import SettingsError, VectorsError
from textcnn.vectors.loading import Pretrained

__all__ = ["Near", "Term", "nearest", "terms"]

_ROWS = 20_000  # compared at a time


class Term(NamedTuple):
    """A word in a sum."""

    sign: int
    word: str


class Near(NamedTuple):
    """A word and its cosine."""

    word: str
    cosine: float


def terms(words: Sequence[str]) -> list[list[Term]]:
    """Sums to look up: each word by itself, or one sum if there are signs.

    >>> terms(["king - man + woman"])
    [[Term(sign=1, word='king'), Term(sign=-1, word='man'), Term(sign=1, word='woman')]]

    Raises:
        SettingsError: a sign has no word after it.
    """
    pieces = [part for word in words for piece in word.split() for part in _signs(piece)]
    if not {"+", "-"} & set(pieces):
        return [[Term(1, piece)] for piece in pieces]
    _check_signs(pieces)
    signs = [1, *(-1 if before == "-" else 1 for before in pieces)]
    return [[Term(sign, piece) for sign, piece in zip(signs, pieces, strict=False) if piece not in "+-"]]


def _check_signs(pieces: Sequence[str]) -> None:
    if any({one, other} <= {"+", "-"} for one, other in pairwise([*pieces, "+"])):
        raise SettingsError(f"a sign needs a word after it, as in king - man + woman, not {' '.join(pieces)!r}")


def _signs(piece: str) -> list[str]:
    """A sign that a word was written to, apart."""
    return [piece[0], piece[1:]] if piece[0] in "+-" and piece[1:].isalpha() else [piece]


def nearest(pretrained: Pretrained, sum_of: Sequence[Term], count: int) -> list[Near]:
    """The words nearest to a sum of words of length one, without these words themselves.

    Raises:
        VectorsError: one of the words has no vector.
    """
    table = pretrained.table
    wanted = np.zeros(table.dimensions, np.float32)
    for sign, word in sum_of:
        wanted += sign * _direction(pretrained, word)
    cosines = _cosines(table.vectors.values, wanted)
    for _, word in sum_of:
        found = table.find(word)
        if found.listed:
            cosines[list(found.rows)] = -np.inf
    count = min(count, int(np.isfinite(cosines).sum()))
    best = np.argpartition(-cosines, count - 1)[:count] if count else np.empty(0, np.int64)
    return [Near(table.vocabulary.word(row), float(cosines[row])) for row in best[np.argsort(-cosines[best])].tolist()]


def _direction(pretrained: Pretrained, word: str) -> NDArray[np.float32]:
    vector = pretrained.look_up(word).vector
    if vector is None:
        raise VectorsError(f"the vectors {pretrained.table.name!r} do not have the word {word!r}")
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def _cosines(values: NDArray[np.int8], wanted: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of all rows with one vector; the rows' scales do not matter."""
    wanted = wanted / max(float(np.linalg.norm(wanted)), 1e-12)
    cosines = np.empty(len(values), np.float32)
    for first in range(0, len(values), _ROWS):
        rows = values[first : first + _ROWS].astype(np.float32)
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        cosines[first : first + len(rows)] = rows @ wanted / np.maximum(lengths, 1e-12)
    return cosines
