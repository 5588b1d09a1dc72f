"""How good sets of labels are: how often they hold the right one, how large they are, and how often they are certain.

Shapes: B texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from textcnn.evaluation.metrics import accuracy_interval

__all__ = ["Proportion", "SetQuality", "coverage"]


@dataclass(frozen=True)
class Proportion:
    """A share of some cases, with its 95 % interval (Wilson 1927)."""

    value: float
    interval: tuple[float, float]
    of: int  # cases

    @classmethod
    def counted(cls, hits: int, count: int) -> "Proportion":
        """So many of so many; of none it is 0."""
        value = hits / count if count else 0.0
        return cls(value, accuracy_interval(value, count) if count else (0.0, 1.0), count)


@dataclass(frozen=True, kw_only=True)
class SetQuality:
    """How good the sets of labels of some texts are."""

    covered: Proportion  # of all right labels, those that are in the set of their text
    size: float  # labels of a set, on average
    size_interval: tuple[float, float]  # 95 %
    alone: Proportion  # texts whose set is a single label
    alone_right: Proportion  # of those, the right ones
    of_labels: dict[str, Proportion]  # `covered`, for the texts of each label


def coverage(gold: Sequence[tuple[str, ...]], sets: Sequence[tuple[str, ...]]) -> SetQuality:
    """Compare sets with the truth.

    Args:
        gold: the labels of each text, (B,), at least one text.
        sets: the labels that each text got, (B,).
    """
    pairs = [(label, label in got) for right, got in zip(gold, sets, strict=True) for label in right]
    inside: dict[str, list[bool]] = {}
    for label, hit in pairs:
        inside.setdefault(label, []).append(hit)
    alone = [(right, got) for right, got in zip(gold, sets, strict=True) if len(got) == 1]
    sizes = np.array([len(got) for got in sets])
    half = 1.96 * float(sizes.std()) / len(sizes) ** 0.5
    return SetQuality(
        covered=Proportion.counted(sum(hit for _, hit in pairs), len(pairs)),
        size=float(sizes.mean()),
        size_interval=(float(sizes.mean()) - half, float(sizes.mean()) + half),
        alone=Proportion.counted(len(alone), len(sets)),
        alone_right=Proportion.counted(sum(got[0] in right for right, got in alone), len(alone)),
        of_labels={name: Proportion.counted(sum(hits), len(hits)) for name, hits in sorted(inside.items())},
    )
