"""Answers from a model, with numpy alone: the path of `textcnn predict`.

Texts go through in groups that are bounded in words, so memory does not grow with their number; what a text gets does
not depend on the others in its group.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import ModelFileError
from textcnn.modelfile import Member, Model
from textcnn.vocabulary import UNKNOWN, Encoded, encode

__all__ = ["Prediction", "Predictor"]

_MOST_REMEMBERED = 100_000


class Prediction(NamedTuple):
    """The answer for one text."""

    text: str
    labels: tuple[str, ...]  # the likeliest one, or all above their thresholds
    probabilities: NDArray[np.float32]  # of each label, in the order of the model's labels


class Predictor:
    """A model, ready to answer."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._rows: dict[str, tuple[int, ...]] = {}

    @classmethod
    def open(cls, path: Path) -> "Predictor":
        """Open a model file; see Model.load for what can be wrong with it."""
        return cls(Model.load(path))

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels of the model, in the order of its probabilities."""
        return self.model.labels

    def predict(self, texts: Iterable[str]) -> Iterator[Prediction]:
        """One answer for each text, in order."""
        for group in grouped(texts):
            for text, probabilities in zip(group, self.probabilities(group), strict=True):
                yield Prediction(text, self.choose(probabilities), probabilities)

    def choose(self, probabilities: NDArray[np.float32]) -> tuple[str, ...]:
        """The labels that a text gets: the likeliest, or all that reach their thresholds, the likeliest first."""
        if not self.model.several:
            return (self.labels[int(probabilities.argmax())],)
        thresholds = self.model.thresholds or (0.5,) * len(self.labels)
        order = np.argsort(-probabilities, kind="stable")
        return tuple(self.labels[label] for label in order if probabilities[label] >= thresholds[label])

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Calibrated probabilities: (B, K); rows add up to one unless a text can have several labels."""
        with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is looked at here
            logits = self.logits(texts)
        if not np.isfinite(logits).all():
            raise ModelFileError("the model is damaged: its weights are so large that its answers are not numbers")
        return to_probabilities(logits, several=self.model.several)

    def all_probabilities(self, texts: Iterable[str]) -> NDArray[np.float32]:
        """The same for any number of texts, a bounded group at a time."""
        pieces = [self.probabilities(group) for group in grouped(texts)]
        return np.concatenate(pieces) if pieces else np.empty((0, len(self.labels)), np.float32)

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Calibrated logits, whose softmax or sigmoids are the probabilities: (B, K)."""
        encoded = encode(texts, self.model.settings["max_words"])
        return self.model.join.logits(self.network_logits(encoded), self.wide_margins(encoded))

    def network_logits(self, encoded: Encoded) -> NDArray[np.float32]:
        """What the networks say on average, not calibrated: (B, K)."""
        vectors = self.vectors_of(encoded.surfaces)
        total = np.zeros((len(encoded.ragged.starts) - 1, len(self.labels)), np.float32)
        for member, own in zip(self.model.members, vectors, strict=True):
            total += np.concatenate([member.network.logits(own, part) for part in encoded.ragged.parts()])
        mean: NDArray[np.float32] = total / np.float32(len(self.model.members))
        return mean

    def wide_margins(self, encoded: Encoded) -> NDArray[np.float32]:
        """What the wide part says: (B, K); zero if there is none."""
        if self.model.wide is None:
            return np.zeros((len(encoded.ragged.starts) - 1, len(self.labels)), np.float32)
        margins = self.model.wide.scores(encoded.surfaces, encoded.ragged)
        return margins if margins.shape[1] == len(self.labels) else np.concatenate([-margins, margins], axis=1)

    def vectors_of(self, surfaces: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        """What each network sees of words as they stand in texts: (U, D)."""
        rows, counts = self._rows_of(surfaces)
        for member in self.model.members:
            yield self._vectors(member, rows, counts)

    def known(self, surface: str) -> bool:
        """Whether a word, or a part of it, has a vector."""
        return self.model.vocabulary.find(surface) != (UNKNOWN,)

    def _rows_of(self, surfaces: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows of the vocabulary that make up each word, one word after the other, and how many they are."""
        if len(self._rows) > _MOST_REMEMBERED:
            self._rows.clear()
        found = []
        for surface in surfaces:
            rows = self._rows.get(surface)
            if rows is None:
                rows = self._rows[surface] = self.model.vocabulary.find(surface)
            found.append(rows)
        counts = np.array([len(rows) for rows in found], np.int64)
        return np.array([row for rows in found for row in rows], np.int64), counts

    def _vectors(self, member: Member, rows: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors of words, each the mean of its rows: (U, D)."""
        vectors = self.model.vectors(member, rows)
        if len(rows) == len(counts):
            return vectors
        starts = np.cumsum(counts) - counts
        means = np.add.reduceat(vectors, starts, axis=0) / counts[:, None]
        return means.astype(np.float32)


def grouped(texts: Iterable[str], characters: int = 200_000) -> Iterator[list[str]]:
    """Lists of texts with a bounded number of characters, at least one text each."""
    group: list[str] = []
    size = 0
    for text in texts:
        group.append(text)
        size += len(text) + 1
        if size >= characters:
            yield group
            group, size = [], 0
    if group:
        yield group


def to_probabilities(logits: NDArray[np.float32], *, several: bool) -> NDArray[np.float32]:
    """Softmax, or a sigmoid for each label: (B, K) -> (B, K)."""
    if several:
        return (1 / (1 + np.exp(-np.clip(logits, -60, 60)))).astype(np.float32)
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
    return probabilities
