"""Texts as rows of numbers of different lengths, without padding.

Shapes: B texts, T tokens of all texts together, U distinct words.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Encoded", "Ragged"]


class Ragged(NamedTuple):
    """Rows of numbers of different lengths: text b is `words[starts[b]:starts[b + 1]]`."""

    words: NDArray[np.int32]  # (T,)
    starts: NDArray[np.int64]  # (B + 1,)

    @classmethod
    def joined(cls, pieces: Sequence["Ragged"]) -> "Ragged":
        """The texts of all pieces, one after the other."""
        if len(pieces) == 1:
            return pieces[0]
        lengths = [piece.lengths for piece in pieces]
        starts = np.concatenate([[0], np.cumsum(np.concatenate([np.empty(0, np.int64), *lengths]))])
        return cls(np.concatenate([np.empty(0, np.int32), *[piece.words for piece in pieces]]), starts)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Words of each text, (B,)."""
        return self.starts[1:] - self.starts[:-1]

    def shares(self, marked: NDArray[np.bool_], *, of_none: float = 0.0) -> NDArray[np.float64]:
        """The share of each text's words that are marked, (U,) -> (B,); of a text without words it is `of_none`."""
        sums, lengths = np.zeros(len(self.words) + 1, np.int64), self.lengths
        np.cumsum(marked[self.words], out=sums[1:])
        shares = (sums[self.starts[1:]] - sums[self.starts[:-1]]) / np.maximum(lengths, 1)
        return np.where(lengths > 0, shares, of_none)

    def take(self, texts: NDArray[np.int64]) -> "Ragged":
        """The chosen texts, in the order given."""
        lengths = self.lengths[texts]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        tokens = np.arange(starts[-1]) + np.repeat(self.starts[texts] - starts[:-1], lengths)
        return Ragged(self.words[tokens], starts)

    def openings(self, words: int) -> "Ragged":
        """The first so many words of each text."""
        lengths = np.minimum(self.lengths, words)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        tokens = np.arange(starts[-1]) + np.repeat(self.starts[:-1] - starts[:-1], lengths)
        return Ragged(self.words[tokens], starts)

    def pieces(self, words: int) -> tuple["Ragged", NDArray[np.int64]]:
        """The texts cut evenly into pieces of about so many words, at least one each, and how many each has: (B,)."""
        lengths = self.lengths
        counts = np.maximum((2 * lengths + words) // (2 * words), 1)
        texts = np.repeat(np.arange(len(counts)), counts)
        number = np.arange(len(texts)) - (np.cumsum(counts) - counts)[texts]
        starts = self.starts[texts] + number * lengths[texts] // counts[texts]
        return self._replace(starts=np.append(starts, self.starts[-1])), counts

    def used(self) -> tuple[NDArray[np.int32], "Ragged"]:
        """The numbers that occur, in order, and the texts as places among them: (U,)."""
        numbers, places = np.unique(self.words, return_inverse=True)
        return numbers, self._replace(words=places.astype(self.words.dtype))

    def parts(self, words: int = 30_000) -> Iterator["Ragged"]:
        """The texts in order, about so many words at a time, at least a text; at least one part, perhaps empty."""
        for first, last in list(self.spans(words, words)) or [(0, 0)]:
            yield self.take(np.arange(first, last))

    def spans(self, texts: int, words: int) -> Iterator[tuple[int, int]]:
        """First and last + 1 of so many texts at a time, in order, and of about so many words; at least a text."""
        first, count = 0, len(self.starts) - 1
        while first < count:
            last = int(np.searchsorted(self.starts, self.starts[first] + words, side="right")) - 1
            last = min(max(last, first + 1), count, first + texts)
            yield first, last
            first = last


class Encoded(NamedTuple):
    """Texts as numbers of their distinct words: token t is spelt `surfaces[ragged.words[t]]`."""

    surfaces: list[str]
    ragged: Ragged

    def compact(self) -> "Encoded":
        """Without words that none of the texts has; those that are left stay in their order."""
        used, ragged = self.ragged.used()
        return Encoded([self.surfaces[number] for number in used.tolist()], ragged)
