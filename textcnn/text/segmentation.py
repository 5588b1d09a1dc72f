"""Words of scripts without blanks: Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan.

Text of these is cut into single characters with their marks, units (tokens.py); a segmenter joins units to the longest
word that a vocabulary lists, then goes on after it. What it finds in a text depends on the listed words alone that
are found there: a vocabulary that has lost all others finds the same. So a model needs no other dictionary than the
words that it has learned.
"""

from collections.abc import Iterable

import numpy as np

from textcnn.text.tokens import MOST_UNITS, normal, unspaced
from textcnn.text.vocabulary import Vocabulary

__all__ = ["Segmenter"]

_FIRST_BYTE = 0xE0  # of the UTF-8 of a character of these scripts, at least


class Segmenter:
    """Joins units to words: longest match from the left, in time linear in the text.

    >>> Segmenter(["日本", "日本語"])(["日", "本", "語", "日", "本", "日"])
    [3, 2, 1]
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = {word for word in words if 1 < len(word) <= MOST_UNITS and unspaced(word[0])}
        self._longest: dict[str, int] = {}  # word that begins with this character
        for word in self._words:
            self._longest[word[0]] = max(self._longest.get(word[0], 0), len(word))

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "Segmenter":
        """One that knows the words of a vocabulary."""
        lengths = np.diff(vocabulary.offsets)
        rows = np.flatnonzero(lengths > len("\u0e01".encode()))
        rows = rows[vocabulary.text[vocabulary.offsets[rows]] >= _FIRST_BYTE]
        return cls(vocabulary.word(row) for row in rows.tolist())

    def __len__(self) -> int:
        return len(self._words)

    def __call__(self, units: list[str]) -> list[int]:
        """How many units each word has; a unit that no listed word begins with is one by itself."""
        spelt = [normal(unit) for unit in units]
        counts = []
        first = 0
        while first < len(units):
            counts.append(self._count(spelt, first))
            first += counts[-1]
        return counts

    def _count(self, spelt: list[str], first: int) -> int:
        room = self._longest.get(spelt[first][:1], 0)
        candidate, best = spelt[first], 1
        for count, unit in enumerate(spelt[first + 1 : first + room], 2):
            candidate += unit
            if len(candidate) > room:
                break
            if candidate in self._words:
                best = count
        return best
