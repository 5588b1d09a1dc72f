"""Sets of labels that hold the right one as often as promised: split conformal prediction.

What a model knows of itself is which probabilities the right labels of out-of-fold texts had. Of n such numbers and
one more, in an order by chance, the new one is below the k-th smallest in at most k of n + 1 cases. So the labels that
reach the k-th smallest hold the right one in at least 1 - k / (n + 1) of all cases, whatever the probabilities are
worth; it takes ceil(1 / error) - 1 texts to promise anything. For a label by itself, the texts with that label count.

Sources: Vovk et al. 2005; Angelopoulos & Bates 2021, section 1 (the score is one minus the probability of the label:
Sadinle et al. 2019, whose sets are the smallest); for each label, Vovk 2012.

Shapes: K labels, R numbers that are kept of all labels together.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import SettingsError
from textcnn.storage.tensor_file import TensorFileError

__all__ = ["RightProbabilities", "SetScores", "needed"]

_MOST_NAMED = 5  # labels in a message


def needed(sure: float) -> int:
    """How many texts it takes to promise a label in so large a share of cases."""
    return math.ceil(round(1 / (1 - sure), 6)) - 1


class RightProbabilities(NamedTuple):
    """What out-of-fold texts gave to their right labels, in order; of many, one after each fiftieth of those before."""

    total: int  # texts
    ranks: NDArray[np.int64]  # (R,) 1 for the smallest
    values: NDArray[np.float32]  # (R,)

    @classmethod
    def of(cls, probabilities: NDArray[np.float32]) -> "RightProbabilities":
        """From those of all texts (B,)."""
        ranks, rank = list[int](), 1
        while rank <= len(probabilities):
            ranks.append(rank)
            rank += max(rank // 50, 1)
        kept = np.array(ranks, np.int64)
        return cls(len(probabilities), kept, np.sort(probabilities)[kept - 1])

    def least(self, sure: float) -> float | None:
        """What a label has to reach so that the right one does in this share of cases; None: too few texts for that."""
        rank = math.floor(round((1 - sure) * (self.total + 1), 6))
        if rank < 1:
            return None
        return float(self.values[int(np.searchsorted(self.ranks, rank, side="right")) - 1])


class SetScores(NamedTuple):
    """The probabilities of right labels: of each label, and of all together."""

    of_labels: tuple[RightProbabilities, ...]  # (K,)
    of_all: RightProbabilities

    def least(self, sure: float, labels: Sequence[str], *, per_label: bool, multi_label: bool) -> NDArray[np.float32]:
        """What each label has to reach to be in the set, (K,).

        Args:
            sure: in which share of cases the right label is to be in the set.
            labels: of the model.
            per_label: whether this is to hold for the texts of each label, or for all texts together.
            multi_label: whether each label stands alone; then one with too few texts is held to what holds for all.

        Raises:
            SettingsError: there are too few out-of-fold texts to promise that.
        """
        shared = self.of_all.least(sure)
        if shared is None:
            raise SettingsError(_too_few(sure, self.of_all.total))
        if not (per_label or multi_label):
            return np.full(len(labels), shared, np.float32)
        if per_label:
            self._require(sure, labels)
        least = [own.least(sure) for own in self.of_labels]
        return np.array([shared if own is None else own for own in least], np.float32)

    def _require(self, sure: float, labels: Sequence[str]) -> None:
        """An error if a label has too few texts."""
        counts = [(label, own.total) for label, own in zip(labels, self.of_labels, strict=True)]
        if short := [(label, count) for label, count in counts if count < needed(sure)]:
            raise SettingsError(_too_few_of(sure, short))

    def tensors(self) -> dict[str, NDArray[Any]]:
        """As they stand in a model file."""
        every = [*self.of_labels, self.of_all]
        return {
            "sets.counts": np.array([one.total for one in every], np.int64),
            "sets.starts": np.cumsum([0, *(len(one.ranks) for one in every)]).astype(np.int64),
            "sets.ranks": np.concatenate([one.ranks for one in every]),
            "sets.values": np.concatenate([one.values for one in every]),
        }

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, NDArray[Any]], labels: int) -> "SetScores":
        """Read what `tensors` wrote, and check it.

        Raises:
            TensorFileError: they are damaged.
        """
        counts, starts, ranks, values = (
            tensors.get(f"sets.{name}") for name in ("counts", "starts", "ranks", "values")
        )
        if counts is None or starts is None or ranks is None or values is None:
            raise TensorFileError("its probabilities of right labels are damaged")
        if not _fit(counts, starts, ranks, values, labels):
            raise TensorFileError("its probabilities of right labels are damaged")
        spans = [slice(first, last) for first, last in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]
        made = [
            RightProbabilities(count, ranks[span], values[span])
            for count, span in zip(counts.tolist(), spans, strict=True)
        ]
        if not all(map(_is_sound, made)):
            raise TensorFileError("its probabilities of right labels are damaged")
        return cls(tuple(made[:-1]), made[-1])


def _fit(counts: NDArray[Any], starts: NDArray[Any], ranks: NDArray[Any], values: NDArray[Any], labels: int) -> bool:
    """Whether types, shapes and borders go together."""
    if [array.dtype for array in (counts, starts, ranks, values)] != [np.int64, np.int64, np.int64, np.float32]:
        return False
    if (counts.shape, starts.shape) != ((labels + 1,), (labels + 2,)) or ranks.ndim != 1 or ranks.shape != values.shape:
        return False
    return bool(starts[0] == 0 and starts[-1] == len(ranks) and (np.diff(starts) >= 0).all())


def _is_sound(one: RightProbabilities) -> bool:
    """Whether ranks are those of so many texts, from 1 on, and the values are in order."""
    if not len(one.ranks):
        return one.total == 0
    ordered = (np.diff(one.ranks) > 0).all() and (np.diff(one.values) >= 0).all()
    inside = one.ranks[0] == 1 and one.ranks[-1] <= one.total < 2**40 and one.values[0] >= 0 and one.values[-1] <= 1
    return bool(ordered and inside)


def _too_few(sure: float, count: int) -> str:
    most = f"; it can be at most {math.floor(1000 * count / (count + 1)) / 1000:g} sure" if count else ""
    return (
        f"to be {sure:g} sure takes {needed(sure):,} texts that were held out in training, and this model had {count:,}"
        f"{most}"
    )


def _too_few_of(sure: float, short: Sequence[tuple[str, int]]) -> str:
    named = ", ".join(f"{label!r} {count}" for label, count in short[:_MOST_NAMED])
    more = f" ... ({len(short)})" if len(short) > _MOST_NAMED else ""
    return (
        f"to be {sure:g} sure of each label takes {needed(sure):,} texts of it that were held out in training, and of "
        f"these were fewer: {named}{more}; train on more of them, or be sure of all labels together"
    )
