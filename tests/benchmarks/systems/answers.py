"""What a system gives: labels, probabilities if it has any, or the reason why it cannot."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from protocol import Task


class Answers(NamedTuple):
    """The labels that a system gives to each text of the test part, and probabilities if it has any."""

    labels: list[tuple[str, ...]]
    probabilities: np.ndarray | None = None  # (B, K), in the order of Task.classes()


class Unavailable(Exception):
    """The system is not on this machine, or not for this task; says why."""


def likeliest(classes: Sequence[str], scores: np.ndarray) -> list[tuple[str, ...]]:
    """The label with the highest score of each text; scores (B, K)."""
    return [(classes[place],) for place in scores.argmax(axis=1)]


def above(classes: Sequence[str], scores: np.ndarray, thresholds: np.ndarray | float) -> list[tuple[str, ...]]:
    """The labels of each text whose score is above the threshold: of each label, or of all."""
    return [tuple(classes[place] for place in np.flatnonzero(row)) for row in scores > thresholds]


def chosen(task: Task, probabilities: np.ndarray) -> Answers:
    """Labels by probability: the likeliest one, or, of multi-label texts, all that are above a half."""
    classes = task.classes()
    labels = above(classes, probabilities, 0.5) if task.multi_label else likeliest(classes, probabilities)
    return Answers(labels, probabilities)
