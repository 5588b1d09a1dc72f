"""The texts from which questions are chosen, and what they are compared by.

Of a large pile that is a random part, so that what comes between two questions takes the same time however large it is.

Shapes: B texts of the pile, P texts of the pool, d dimensions of sentence vectors, V words and pairs of words.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.labelling.learner import PileFeatures, word_table
from textcnn.labelling.pile import Pile
from textcnn.labelling.sentences import ToVectors, vectors_for
from textcnn.text.near_copies import near_copies

__all__ = ["Pool", "prepare_pool"]

_MOST = 5000  # texts

Ints = NDArray[np.int64]


class Pool(NamedTuple):
    """Texts of the pile, at places from 0 to P - 1."""

    pile: Pile
    groups: Ints  # (B,) near-copies have the same number
    rows: Ints  # (P,) numbers of the texts in the pile
    places: dict[int, int]  # the other way round
    features: PileFeatures  # (P, ...)
    words: Any  # (B, V) of the whole pile
    encode: ToVectors

    def with_rows(self, rows: Sequence[int]) -> "Pool":
        """With other texts of the pile, too: labelled ones that were found by search, say."""
        new = [row for row in rows if row not in self.places]
        if not new:
            return self
        joined = np.concatenate([self.rows, np.array(new, np.int64)])
        vectors = np.concatenate([self.features.sentences, self.encode([self.pile.texts[row] for row in new])])
        places = {row: place for place, row in enumerate(joined.tolist())}
        return self._replace(rows=joined, places=places, features=PileFeatures(vectors, self.words[joined]))

    def open_places(self, closed: Sequence[int] | frozenset[int]) -> Ints:
        """Places of the texts that are neither closed nor near-copies of closed ones; numbers of the pile are given."""
        groups = set(self.groups[list(closed)].tolist())
        of_places = self.groups[self.rows].tolist()
        return np.array([place for place, group in enumerate(of_places) if group not in groups], np.int64)

    def neighbours(self, row: int) -> list[int]:
        """The texts of the pool by their likeness to a text, numbers of the pile."""
        vector = self.encode([self.pile.texts[row]])[0]
        order: list[int] = self.rows[np.argsort(-(self.features.sentences @ vector), kind="stable")].tolist()
        return order


def prepare_pool(pile: Pile, order: Sequence[int], seed: int) -> Pool:
    """Find near-copies, and compute what texts are compared by; it takes some seconds.

    Args:
        pile: the texts.
        order: all of them, copies once, in random order: the first ones are the pool.
        seed: for what is drawn.
    """
    ordered = np.array(order, np.int64)
    groups = near_copies(pile.texts).groups
    firsts = np.sort(np.unique(groups[ordered], return_index=True)[1])
    filled = [row for row in ordered[firsts].tolist() if pile.texts[row].strip()]
    rows = np.array(filled[:_MOST], np.int64)
    words = word_table(pile.texts)
    encode = vectors_for(pile.texts, np.random.default_rng(seed))
    features = PileFeatures(encode([pile.texts[row] for row in rows]), words[rows])
    return Pool(pile, groups, rows, {row: place for place, row in enumerate(rows.tolist())}, features, words, encode)
