"""The weight of each class in the loss."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import SettingsError

__all__ = ["class_weights"]


def class_weights(
    wanted: str | Mapping[str, float] | None, classes: Sequence[str], targets: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The weight of each class in the loss: (K,). "balanced" is scikit-learn's n / (K · count).

    Raises:
        SettingsError: a weight is out of its limits, or of no class, or all are 0.
    """
    if wanted in ("none", None):
        return np.ones(len(classes), np.float32)
    if wanted == "balanced":
        counts = np.maximum(targets.sum(axis=0), 1)
        return np.asarray(len(targets) / (len(classes) * counts), np.float32)
    given = _weight_pairs(wanted) if isinstance(wanted, str) else dict(wanted or {})
    _check(given, classes)
    weights = np.array([given.get(label, 1.0) for label in classes], np.float32)
    if not weights.any():
        raise SettingsError("class_weight: all weights are 0, so no text would count")
    return weights


def _check(given: Mapping[str, float], classes: Sequence[str]) -> None:
    too_large = [label for label, weight in given.items() if not 0 <= weight < 1e6]
    if too_large:
        raise SettingsError(f"class_weight: the weight of {too_large[0]!r} must be from 0 to 1000000")
    unknown = set(given) - set(classes)
    if unknown:
        raise SettingsError(f"class_weight names labels that the texts do not have: {', '.join(sorted(unknown))}")


def _weight_pairs(text: str) -> dict[str, float]:
    try:
        if text.lstrip().startswith("{"):
            return {str(label): float(weight) for label, weight in json.loads(text).items()}
        pairs = [pair.rsplit("=", 1) for pair in text.split(",")]
        return {label.strip(): float(weight) for label, weight in pairs}
    except (ValueError, AttributeError, TypeError, OverflowError, RecursionError) as error:
        raise SettingsError(
            f"class_weight must be none, balanced, or pairs such as 'spam=2,ham=1', not {text!r:.100}"
        ) from error
