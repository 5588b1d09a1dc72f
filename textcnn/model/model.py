"""A trained model: everything that an answer needs, and what is known about how it came to be."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.corpus.record import LearnedReading
from textcnn.errors import ModelFileError
from textcnn.model.linear import Join, LinearPart
from textcnn.model.network import Network
from textcnn.model.novelty import Novelty
from textcnn.model.rounding import in_whole_numbers
from textcnn.storage.quantized import Quantized
from textcnn.storage.tensor_file import TensorFileError
from textcnn.text.segmentation import Segmenter
from textcnn.text.tokens import normal
from textcnn.text.vocabulary import UNKNOWN, Vocabulary

if TYPE_CHECKING:  # what few answers need is imported where it is used
    from textcnn.model.conformal import SetScores
    from textcnn.model.interpretation import Interpretation
    from textcnn.model.reference import Reference
    from textcnn.model.selective import RiskCurve

__all__ = ["MOST_PACKED", "OPTIONAL", "Member", "Model", "Rows", "fingerprint"]

OPTIONAL = ("sets.", "risk.", "novelty.", "reference.")  # how the names of tensors begin that not each answer needs
MOST_PACKED = 8_000_000  # bytes of an interpretation
_NOT_HELD_OUT = (
    "it is of an older textcnn, or had too few texts to hold some out in training; train it again, on more texts"
)
_GUESSED = (
    "it was guessed from the names of its labels, and no labelled text says how often it is right; label some, with "
    "textcnn label say, and train on them"
)


class Rows(NamedTuple):
    """Words as rows of the vocabulary: one word after the other, and how many rows each has, at least one."""

    rows: NDArray[np.int64]  # (N,)
    counts: NDArray[np.int64]  # (U,)

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Which words have no vector, (U,)."""
        return np.asarray(self.rows[np.cumsum(self.counts) - self.counts] == UNKNOWN)


class Member(NamedTuple):
    """A member of the ensemble: one network, with its own trained vectors if it has any.

    To a sentence encoder whose rare words count more the model's static vectors have other lengths: `static_scales`.
    """

    network: Network
    trained: Quantized | None
    static_scales: NDArray[np.float32] | None = None  # of the model's static vectors, if they are others than its own


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # of arrays there is no good one
class Model:
    """Everything that an answer needs, and what is known about how it came to be."""

    labels: tuple[str, ...]
    multi_label: bool
    settings: dict[str, Any]  # as training had them
    vocabulary: Vocabulary
    static: Quantized
    first_static: int  # the row of the vocabulary that the first row of `static` belongs to
    members: tuple[Member, ...]  # their logits are averaged
    linear: LinearPart | None = None
    join: Join = field(default_factory=lambda: Join(1.0, 1.0))
    offsets: tuple[float, ...] = ()  # of each label's log probability where answers are decided for another metric
    thresholds: tuple[float, ...] = ()  # of each label, if the model is multi-label
    figures: dict[str, Any] = field(default_factory=dict)  # held-out figures
    fingerprint: str = ""  # of the training texts
    version: str = ""
    settled: tuple[str, ...] = ()  # names of settings that were left to quality or to the number of labels
    segmented: bool = False  # whether words of scripts without blanks are found by the vocabulary
    numbered: bool = False  # whether the labels were numbers or booleans before they became text
    reading: LearnedReading | None = None  # how the training texts were read from files; None if that is not known
    packed_interpretation: NDArray[np.uint8] | None = None  # see interpretation.py
    optional: Mapping[str, NDArray[Any]] = field(
        default_factory=dict
    )  # tensors that not each answer needs, not checked

    @cached_property
    def segment(self) -> Segmenter | None:
        """What joins characters of scripts without blanks to words; None if they are words themselves."""
        return Segmenter.of(self.vocabulary) if self.segmented else None

    @property
    def unmeasured(self) -> str:
        """Why a model without numbers of held-out texts has none, and what to do."""
        return _GUESSED if "guessed_from" in self.figures else _NOT_HELD_OUT

    @cached_property
    def set_scores(self) -> "SetScores":
        """What sets of labels are made by.

        Raises:
            ModelFileError: the model has none, or they are damaged.
        """
        from textcnn.model.conformal import SetScores

        if "sets.counts" not in self.optional:
            raise ModelFileError(f"the model cannot be so many per cent sure: {self.unmeasured}")
        try:
            return SetScores.of_tensors(self.optional, len(self.labels))
        except TensorFileError as error:
            raise ModelFileError(f"the model cannot be used: {error}") from error

    @cached_property
    def risk_curve(self) -> "RiskCurve":
        """What thresholds are made by whose error is bounded.

        Raises:
            ModelFileError: the model has none, or it is damaged.
        """
        from textcnn.model.selective import RiskCurve

        if self.multi_label:
            raise ModelFileError("an error can only be bounded for models that give each text one label")
        if "risk.texts" not in self.optional:
            raise ModelFileError(f"the model cannot bound its errors: {self.unmeasured}")
        try:
            return RiskCurve.of_tensors(self.optional)
        except TensorFileError as error:
            raise ModelFileError(f"the model cannot be used: {error}") from error

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        """The networks that answer: those of the members, their responses in whole numbers where that loses little."""
        return tuple(in_whole_numbers(member.network, self._longest(member)) for member in self.members)

    def _longest(self, member: Member) -> float:
        """At least the length of each vector that its network can see."""
        static = self._longest_static
        trained = 0.0 if member.trained is None else member.trained.longest()
        return math.hypot(static, trained) if self.settings["channels"] == "both" else max(static, trained)

    @cached_property
    def _longest_static(self) -> float:
        """Of the vectors that all members share."""
        return self.static.longest()

    @cached_property
    def reference(self) -> "Reference":
        """What texts of the kind that was learned from look like.

        Raises:
            ModelFileError: the model does not know, or it is damaged.
        """
        from textcnn.model.reference import Reference

        if "reference.texts" not in self.optional:
            raise ModelFileError(f"the model cannot tell whether texts have drifted: {self.unmeasured}")
        try:
            return Reference.of_tensors(self.optional, len(self.labels))
        except TensorFileError as error:
            raise ModelFileError(f"the model cannot be used: {error}") from error

    @cached_property
    def novelty(self) -> Novelty | None:
        """What tells how novel a text is; None if the model does not know.

        Raises:
            ModelFileError: it is damaged.
        """
        if "novelty.tails" not in self.optional:
            return None
        try:
            return Novelty.of_tensors(self.optional)
        except TensorFileError as error:
            raise ModelFileError(f"the model cannot be used: {error}") from error

    def interpretation(self) -> "Interpretation | None":
        """N-grams of the training texts that show what was learned, if they were kept.

        Raises:
            ModelFileError: they are damaged.
        """
        if self.packed_interpretation is None:
            return None
        from textcnn.model.interpretation import unpack

        try:
            return unpack(self.packed_interpretation, len(self.labels))
        except TensorFileError as error:
            raise ModelFileError(f"the model cannot be inspected: {error}") from error

    def rows_of(self, words: Sequence[str]) -> Rows:
        """The rows that make up each of the words (U,)."""
        rows = self.vocabulary.rows([normal(word) for word in words])
        missing = np.flatnonzero(rows <= UNKNOWN).tolist()
        if not missing:
            return Rows(rows, np.ones(len(words), np.int64))
        surfaces = list({words[word] for word in missing})
        parts_of = dict(zip(surfaces, self.vocabulary.find_all(surfaces), strict=True))
        of_words = [
            parts_of[word] if whole <= UNKNOWN else (whole,) for word, whole in zip(words, rows.tolist(), strict=True)
        ]
        counts = np.array([len(parts) for parts in of_words], np.int64)
        flat = [row for parts in of_words for row in parts]
        return Rows(np.array(flat, np.int64), counts)

    def vectors_of(self, member: Member, words: Rows) -> NDArray[np.float32]:
        """What the network sees of words, each the mean of its rows: (U, D)."""
        vectors = self.vectors(member, words.rows)
        if len(words.rows) == len(words.counts):
            return vectors
        starts = np.cumsum(words.counts) - words.counts
        means: NDArray[np.float32] = vectors[starts]
        joined = words.counts > 1  # few words
        if joined.any():
            counts = words.counts[joined]
            sums = np.add.reduceat(vectors[np.repeat(joined, words.counts)], np.cumsum(counts) - counts, axis=0)
            means[joined] = sums / counts[:, None]
        return means

    def vectors(self, member: Member, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """What the network sees of chosen rows: (U,) -> (U, D), trained vectors first."""
        channels = self.settings["channels"]
        pieces = []
        if member.trained is not None:
            pieces.append(self._trained(member, member.trained, rows))
        if channels in ("static", "both"):
            pieces.append(self.static.rows(rows - self.first_static))
        return np.concatenate(pieces, axis=1)

    def _trained(self, member: Member, trained: Quantized, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Trained rows where there are some, else the pretrained ones."""
        own = member.static_scales
        static = self.static if own is None else self.static._replace(scales=own)
        seen = rows < len(trained.scales)
        vectors = np.empty((len(rows), trained.values.shape[1]), np.float32)
        vectors[seen] = trained.rows(rows[seen])
        vectors[~seen] = static.rows(rows[~seen] - self.first_static)
        return vectors


def fingerprint(texts: Sequence[str], labels: Sequence[Sequence[str]]) -> str:
    """SHA-256 of training texts and their labels, in order."""
    import hashlib  # loads OpenSSL, which no answer needs

    digest = hashlib.sha256()
    for text, of_text in zip(texts, labels, strict=True):
        digest.update(json.dumps([text, sorted(of_text)]).encode())
    return digest.hexdigest()
