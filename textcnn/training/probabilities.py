"""Soft labels as programs have them: how probable each label of a text is, which is learned in place of the label.

an array (B, K)           a column for each label, in the order of `classes_`; of a data frame the columns' names say it
a sequence of mappings    from labels to numbers, those that are left out being 0; None for a text with its label alone

Where labels exclude each other, the numbers of a text add up to 1 but for rounding, as they do in files; see
textcnn/corpus/soft_labels.py.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from textcnn.corpus.soft_labels import TOLERANCE
from textcnn.errors import DataError
from textcnn.labels import spellings, targets
from textcnn.training.task import SoftLabels

__all__ = ["soft_labels"]

_HALF = 0.5


def soft_labels(given: Any, y: Any, count: int, labels_per_text: str) -> tuple[Any, list[SoftLabels | None] | None]:
    """Labels of the texts, and probabilities by the names that a model has for labels; None if none are given.

    Args:
        given: see above.
        y: labels of all texts; if it is None, those that the probabilities name: the likeliest, or, of a text that can
            have several, those that are as likely as not.
        count: how many texts there are, B.
        labels_per_text: the setting.

    Raises:
        DataError: they are no probabilities, are not as many as texts or labels, or y cannot be used.
    """
    if given is None:
        return y, None
    y = _likeliest(given, labels_per_text) if y is None else y
    known = targets(y, count, labels_per_text)
    rows = _rows(given, known.classes.tolist())
    if len(rows) != count:
        raise DataError(f"probabilities: {len(rows)} rows for {count} texts; each text needs its own, or None")
    spelled = spellings(known.classes)
    return y, [
        None if row is None else _checked(row, f"probabilities of text {number} (from 0)", spelled, known.multi_label)
        for number, row in enumerate(rows)
    ]


def _likeliest(given: Any, labels_per_text: str) -> list[Any]:
    if hasattr(given, "__array__") or not all(isinstance(own, Mapping) and own for own in given):
        raise DataError("without labels y each text needs probabilities that name them: {label: number, ...}")
    if labels_per_text == "several":
        return [[label for label, value in own.items() if value >= _HALF] for own in given]
    return [max(own, key=own.__getitem__) for own in given]


def _rows(given: Any, classes: Sequence[Any]) -> list[Mapping[Any, Any] | None]:
    """A mapping for each text."""
    if getattr(given, "ndim", 1) == 2:
        names = list(given.columns) if hasattr(given, "columns") else classes
        values = np.asarray(given)
        if values.shape[1] != len(names):
            raise DataError(f"probabilities: {values.shape[1]} columns for {len(names)} labels; each needs one")
        return [dict(zip(names, row, strict=True)) for row in values.tolist()]
    listed = list(given)
    for number, row in enumerate(listed):
        if row is not None and not isinstance(row, Mapping):
            kind = type(row).__name__
            raise DataError(f"probabilities must be a mapping or None, but number {number} (from 0) is {kind}")
    return listed


def _checked(
    row: Mapping[Any, Any], where: str, spelled: Mapping[Hashable, str], multi_label: bool
) -> dict[str, float]:
    named = {spelled.get(label, str(label)): float(_probability(value, label, where)) for label, value in row.items()}
    total = sum(named.values())
    if multi_label:
        return named
    if abs(total - 1) > TOLERANCE:
        raise DataError(f"{where} add up to {total:.4g}, where 1 is needed")
    return {name: value / total for name, value in named.items()}


def _probability(value: Any, label: Any, where: str) -> Any:
    try:
        fits = not isinstance(value, (bool, str)) and 0 <= float(value) <= 1
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise DataError(f"{where}: {value!r:.40} for {label!r:.40}, where a number from 0 to 1 is needed")
    return value
