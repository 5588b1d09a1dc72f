"""The texts from which questions are chosen, and what they are compared by.

Of a large pile that is a random part, so that what is done before the first question and between two of them takes the
same time however large it is.

Shapes: P texts of the pool, d dimensions of sentence vectors, V words and pairs of words.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.labelling.learner import PileFeatures, WordTable
from textcnn.labelling.pile import Pile
from textcnn.labelling.pupil import TaughtTexts, prepare_lessons
from textcnn.labelling.sentences import ToVectors, vectors_for
from textcnn.labelling.smoothing import smoothed
from textcnn.text.near_copies import near_copies

__all__ = ["Pool", "prepare_pool"]

_MOST = 5000  # texts
_OPENING_WORDS = 5  # with which a text begins

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Pool(NamedTuple):
    """Texts of the pile, at places from 0 to P - 1; of near-copies one."""

    pile: Pile
    rows: Ints  # (P,) numbers of the texts in the pile
    places: dict[int, int]  # the other way round
    groups: dict[int, int]  # of each text that was looked at, the one of its near-copies that is in the pool
    alone: PileFeatures  # of the first texts of the pool, among which neighbours are looked for
    features: PileFeatures  # (P, ...), smoothed by neighbours
    lessons: TaughtTexts  # by which what is known of some texts is handed on to all
    words: WordTable
    every_vector_of: ToVectors
    way: int = 0  # in which texts are compared, of those that these vectors know
    asking: "Pool | None" = None  # the same texts, if they are questions, compared by what they ask for, too

    def vectors_of(self, texts: Sequence[str]) -> Floats:
        """Of any texts: (B, d), of length one."""
        return self.every_vector_of(texts)[self.way]

    def features_of(self, texts: Sequence[str]) -> PileFeatures:
        """What any texts are compared by."""
        return smoothed(_features(texts, self.every_vector_of, self.words)[self.way], self.alone)

    def with_rows(self, rows: Iterable[int]) -> "Pool":
        """With other texts of the pile, too: labelled ones that were found by search, say."""
        new = [row for row in rows if row not in self.places]
        if not new:
            return self
        joined = np.concatenate([self.rows, np.array(new, np.int64)])
        added = self.features_of([self.pile.texts[row] for row in new])
        places = {row: place for place, row in enumerate(joined.tolist())}
        asking = self.asking and self.asking.with_rows(new)
        return self._replace(rows=joined, places=places, features=self.features.and_others(added), asking=asking)

    def place_of(self, row: int) -> int | None:
        """The place of a text, or else of the one of which it is a near-copy; None: it was not looked at."""
        return self.places.get(row, self.places.get(self.groups.get(row, row)))

    def closed_groups(self, closed: Iterable[int]) -> set[int]:
        """Groups of which a text was asked; numbers of the pile are given."""
        return {self.groups[row] for row in closed if row in self.groups}

    def open_places(self, closed: frozenset[int]) -> Ints:
        """Places of the texts that are neither closed nor near-copies of closed ones; numbers of the pile are given."""
        groups = self.closed_groups(closed)
        fits = [row not in closed and self.groups.get(row) not in groups for row in self.rows.tolist()]
        return np.flatnonzero(fits)

    def neighbours(self, row: int) -> list[int]:
        """The texts of the pool by their likeness to a text, numbers of the pile."""
        vector = self.vectors_of([self.pile.texts[row]])[0]
        order: list[int] = self.rows[np.argsort(-(self.alone.sentences @ vector), kind="stable")].tolist()
        return order


def prepare_pool(pile: Pile, order: Sequence[int], seed: int) -> Pool:
    """Find near-copies, and compute what texts are compared by; it takes some seconds.

    Args:
        pile: the texts.
        order: all of them, copies once, in random order: the first ones are looked at.
        seed: for what is drawn.
    """
    looked_at = [row for row in order if pile.texts[row].strip()][:_MOST]
    groups = near_copies([pile.texts[row] for row in looked_at]).groups
    _, firsts, inverse = np.unique(groups, return_index=True, return_inverse=True)
    rows, stand_for = (np.array(looked_at, np.int64)[places] for places in (np.sort(firsts), firsts[inverse]))
    texts = [pile.texts[row] for row in rows.tolist()]
    words = WordTable(texts)
    places = {row: place for place, row in enumerate(rows.tolist())}
    stands_for = dict(zip(looked_at, stand_for.tolist(), strict=True))

    vectors_of = vectors_for(texts, np.random.default_rng(seed))

    def compared(way: int, alone: PileFeatures) -> Pool:
        features = smoothed(alone, alone)
        lessons = prepare_lessons(features)
        return Pool(pile, rows, places, stands_for, alone, features, lessons, words, vectors_of, way)

    usual, *asking = (compared(*each) for each in enumerate(_features(texts, vectors_of, words)))
    return usual._replace(asking=asking[0] if asking else None)


def _features(texts: Sequence[str], vectors_of: ToVectors, words: WordTable) -> list[PileFeatures]:
    """What texts are compared by in each way, as long as no neighbours are looked at."""
    openings = [" ".join(text.split(maxsplit=_OPENING_WORDS)[:_OPENING_WORDS]) for text in texts]
    said, begun, compared = vectors_of(texts), vectors_of(openings), words.of(texts)
    return [PileFeatures(about, compared, begin) for about, begin in zip(said, begun, strict=True)]
