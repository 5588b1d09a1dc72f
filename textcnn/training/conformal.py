"""What a model keeps of its out-of-fold answers, so that it can say later how sure it is.

Each text counts once, whatever its weight: what is promised is a share of texts.

Shapes: B texts, K labels.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textcnn.model.conformal import RightProbabilities, SetScores
from textcnn.model.novelty import Likeness, Novelty
from textcnn.model.selective import RiskCurve
from textcnn.training.outcome import HeldOut

__all__ = ["promises"]


def promises(held_out: Sequence[HeldOut]) -> dict[str, NDArray[Any]]:
    """The tensors that sets of labels, bounds of the error and novelty are made by.

    Args:
        held_out: answers to texts that the models had not seen; at least one text.
    """
    probabilities = np.concatenate([part.probabilities for part in held_out])
    targets = np.concatenate([part.targets for part in held_out]) > 0
    labels = held_out[0].model.labels
    of_labels = [RightProbabilities.of(own[right]) for own, right in zip(probabilities.T, targets.T, strict=True)]
    tensors = SetScores(tuple(of_labels), RightProbabilities.of(probabilities[targets])).tensors()
    likeness = Likeness(*(np.concatenate(column) for column in zip(*(part.likeness for part in held_out), strict=True)))
    several = held_out[0].model.multi_label
    tensors |= Novelty.of(probabilities, likeness, multi_label=several).tensors()
    if several:
        return tensors
    said = np.array([labels.index(label) for part in held_out for (label,) in part.answers()])
    every = np.arange(len(said))
    curve = RiskCurve.of(probabilities[every, said], ~targets[every, said])
    return tensors | curve.tensors()
