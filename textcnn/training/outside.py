"""Texts of no kind, if training has some: how much each sign of novelty counts, and how well the novelty tells them.

No model learns from them, so each model can be asked; those of cross-fitting are asked in turn. Logistic regression on
how surprising each sign is tells them from the out-of-fold texts, which together count as much. Weights are drawn
towards each other, so that few texts do not decide. For the figures, what says how novel a text is comes from others.

Shapes: B out-of-fold texts, O texts of no kind, K labels.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.evaluation.separation import Separation, separation
from textcnn.model.novelty import SIGNS, Likeness, Novelty
from textcnn.model.predictor import Predictor
from textcnn.training.outcome import HeldOut

__all__ = ["Judged", "fitted_novelty", "judged_outside", "told_apart"]

_FOLDS = 5
_CAUTION = 5.0  # how many texts' loss it is worth that one weight is e times another
_LARGEST = 3.0  # logarithm of a weight

Doubles = NDArray[np.float64]


class Judged(NamedTuple):
    """What models make of texts."""

    probabilities: NDArray[np.float32]  # (B, K)
    likeness: Likeness  # (B,) each

    @classmethod
    def joined(cls, parts: Sequence["Judged"]) -> "Judged":
        """One after the other."""
        likeness = zip(*(part.likeness for part in parts), strict=True)
        return cls(np.concatenate([part.probabilities for part in parts]), Likeness(*map(np.concatenate, likeness)))

    @classmethod
    def of(cls, held_out: Sequence[HeldOut]) -> "Judged":
        """Out-of-fold texts."""
        return cls.joined([cls(part.probabilities, part.likeness) for part in held_out])

    def take(self, chosen: NDArray[np.bool_]) -> "Judged":
        """Some of them."""
        return Judged(self.probabilities[chosen], Likeness(*(column[chosen] for column in self.likeness)))


def judged_outside(texts: Sequence[str], held_out: Sequence[HeldOut]) -> Judged | None:
    """What the models of cross-fitting, each in turn, make of texts of no kind (O,); None if there are none."""
    if not texts:
        return None
    asked = ((part.model, texts[number :: len(held_out)]) for number, part in enumerate(held_out))
    return Judged.joined([Judged(*Predictor(model).all_judged(own)) for model, own in asked if own])


def fitted_novelty(known: Judged, outside: Judged | None, *, multi_label: bool) -> Novelty:
    """What tells how novel a text is, from out-of-fold texts and, if there are any, those of no kind."""
    usual = Novelty.of(*known, multi_label=multi_label)
    if outside is None or not len(outside.probabilities):
        return usual
    surprises = (usual.surprises(*side, multi_label=multi_label) for side in (known, outside))
    return Novelty.of(*known, multi_label=multi_label, weights=_weights(*surprises))


def _weights(known: Doubles, outside: Doubles) -> Doubles:
    """How much each sign counts, (3,) with the mean 1, from how surprising each is: (3, B) and (3, O)."""
    from scipy.optimize import minimize

    surprises = np.concatenate([known, outside], axis=1)
    is_outside = np.arange(surprises.shape[1]) >= known.shape[1]
    counts = np.where(is_outside, 1.0, outside.shape[1] / known.shape[1])

    def loss(found: Doubles) -> float:
        logs = found[1:]
        logits = found[0] + np.exp(logs) @ surprises
        total = counts @ (np.logaddexp(0, logits) - is_outside * logits)
        return float(total + _CAUTION / 2 * np.square(logs - logs.mean()).sum())

    bounds = [(None, None), *[(-_LARGEST, _LARGEST)] * SIGNS]
    weights = np.exp(minimize(loss, np.zeros(1 + SIGNS), method="L-BFGS-B", bounds=bounds).x[1:])
    return np.asarray(weights * SIGNS / weights.sum())


def told_apart(label: str, known: Judged, outside: Judged, *, multi_label: bool) -> Separation:
    """How well the novelty tells texts of no kind, that of each text being fitted to others.

    Args:
        label: that of the texts of no kind.
        known: out-of-fold texts, at least two.
        outside: the texts of no kind, at least one.
        multi_label: whether texts can have several labels.
    """
    sides = known, outside
    folds = [np.arange(len(side.probabilities)) % _FOLDS for side in sides]
    values = [np.zeros(len(fold)) for fold in folds]
    for part in range(_FOLDS):
        others = (side.take(fold != part) for side, fold in zip(sides, folds, strict=True))
        novelty = fitted_novelty(*others, multi_label=multi_label)
        for side, fold, own in zip(sides, folds, values, strict=True):
            own[fold == part] = novelty.values(*side.take(fold == part), multi_label=multi_label)
    return separation(label, values[1], values[0])
