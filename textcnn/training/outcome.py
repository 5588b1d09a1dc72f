"""What a way of learning hands over: a model, and its answers to texts that it had not seen.

Shapes: B texts of a part, K labels.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.model.model import Model
from textcnn.model.novelty import Likeness
from textcnn.model.predictor import Predictor

__all__ = ["HeldOut", "Outcome"]

Floats = NDArray[np.float32]


class HeldOut(NamedTuple):
    """Calibrated answers to texts that the model has not seen."""

    texts: NDArray[np.int64]  # (B,) numbers
    probabilities: Floats  # (B, K)
    targets: Floats  # (B, K)
    weights: NDArray[np.float64]  # (B,)
    model: Model  # which gave them
    likeness: Likeness

    def answers(self) -> list[tuple[str, ...]]:
        """The labels that each text got."""
        return list(map(Predictor(self.model).choose, self.probabilities))


class Outcome(NamedTuple):
    """A calibrated model, and how it came to be."""

    model: Model
    held_out: list[HeldOut]  # at least one part
    seen: bool  # whether the models had learned from those texts after all: there were too few to hold any out
    course: dict[str, Any]  # figures of the training itself, as the model keeps them
