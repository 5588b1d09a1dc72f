"""The log loss of answers, text by text, in nats.

Shapes: B texts, K labels.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["losses_of_logits", "losses_of_probabilities"]

Losses = NDArray[np.float64]
Targets = NDArray[np.float32] | NDArray[np.bool_]


def losses_of_logits(logits: NDArray[np.float64], targets: Targets, *, multi_label: bool) -> Losses:
    """-log p(label) of each text, (B,); the sum over the labels if a text can have several.

    Args:
        logits: (B, K).
        targets: (B, K) zeros and ones.
        multi_label: whether a text can have several labels: sigmoids, not softmax.
    """
    if multi_label:
        return np.asarray((np.logaddexp(0, logits) - targets * logits).sum(axis=1))
    largest = logits.max(axis=1)
    total = largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1))
    return np.asarray(total - (targets * logits).sum(axis=1))


def losses_of_probabilities(
    probabilities: NDArray[Any], targets: NDArray[np.bool_], *, multi_label: bool, least: float = 1e-7
) -> Losses:
    """-log p(label) of each text, (B,); the mean over the labels if a text can have several.

    Args:
        probabilities: (B, K).
        targets: (B, K).
        multi_label: whether a text can have several labels.
        least: probabilities below count as this, so that one sure mistake does not hide all else.
    """
    if multi_label:
        given = np.where(targets, probabilities, 1 - probabilities)
        return np.asarray(-np.log(np.clip(given, least, 1).astype(np.float64)).mean(axis=1))
    given = np.where(targets, probabilities, 1)
    return np.asarray(-np.log(np.clip(given, least, 1).astype(np.float64)).sum(axis=1))
