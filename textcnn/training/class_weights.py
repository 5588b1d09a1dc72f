"""The weight of each class in the loss, and what share of the texts each label has with weights.

Shapes: B texts, K labels.
"""

import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import SettingsError

__all__ = ["class_weights", "weighted_shares"]

_TABLE = """; a label with a comma goes into a table of a --settings file: a line [class_weight], then "a, b" = 2"""


def class_weights(
    wanted: str | Mapping[str, float] | None,
    classes: Sequence[str],
    targets: NDArray[np.float32],
    of_texts: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """The weight of each class in the loss: (K,). "balanced" is scikit-learn's n / (K · count).

    Args:
        wanted: the setting.
        classes: the labels.
        targets: (B, K) zeros and ones.
        of_texts: (B,) weights with the mean 1, as which texts are counted; if not given, each counts once.

    Raises:
        SettingsError: a weight is out of its limits, or of no class, or all are 0.
    """
    if wanted in ("none", None):
        return np.ones(len(classes), np.float32)
    if wanted == "balanced":
        counts = targets.sum(axis=0) if of_texts is None else _counts(targets, of_texts)
        counts = np.where(counts > 0, counts, 1)
        return np.asarray(len(targets) / (len(classes) * counts), np.float32)
    given = _weight_pairs(wanted) if isinstance(wanted, str) else dict(wanted or {})
    _check(given, classes)
    weights = np.array([given.get(label, 1.0) for label in classes], np.float32)
    if not weights.any():
        raise SettingsError("class_weight: all weights are 0, so no text would count")
    return weights


def weighted_shares(
    targets: NDArray[np.float32],
    of_classes: NDArray[np.float32],
    of_texts: NDArray[np.float32],
    *,
    multi_label: bool,
) -> NDArray[np.float32]:
    """How much of all that counts has each label: (B, K), (K,), (B,) -> (K,).

    Where a text can have several labels each stands alone: the weight of its class changes nothing about its share.
    """
    weights = of_texts if multi_label else of_texts * (targets @ of_classes)
    return _counts(targets, weights) / max(np.float32(weights.sum(dtype=np.float64)), np.float32(1e-12))


def _counts(targets: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums of weights, the same on any number of threads, which a product of matrices is not: (B, K), (B,) -> (K,)."""
    return np.asarray(np.einsum("b,bk->k", weights, targets, dtype=np.float64), np.float32)


def _check(given: Mapping[str, float], classes: Sequence[str]) -> None:
    too_large = [label for label, weight in given.items() if not 0 <= weight < 1e6]
    if too_large:
        raise SettingsError(f"class_weight: the weight of {too_large[0]!r} must be from 0 to 1000000")
    unknown = set(given) - set(classes)
    if unknown:
        table = _TABLE if any("," in label for label in classes) else ""
        names = ", ".join(map(repr, sorted(unknown)))
        raise SettingsError(f"class_weight names labels that the texts do not have: {names}{table}")


def _weight_pairs(text: str) -> dict[str, float]:
    try:
        if text.lstrip().startswith("{"):
            return {str(label): float(weight) for label, weight in json.loads(text).items()}
        pairs = [pair.rsplit("=", 1) for pair in text.split(",")]
        return {label.strip(): float(weight) for label, weight in pairs}
    except (ValueError, AttributeError, TypeError, OverflowError, RecursionError) as error:
        raise SettingsError(
            f"class_weight must be none, balanced, or pairs such as 'spam=2,ham=1', not {text!r:.100}{_TABLE}"
        ) from error
