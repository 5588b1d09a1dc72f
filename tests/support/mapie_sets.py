"""Sets of labels by MAPIE, from the same probabilities as ours: split conformal prediction, its score `lac`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

__all__ = ["mapie_sets"]


class _Known(ClassifierMixin, BaseEstimator):
    """A classifier whose probabilities are known: it is asked for rows by their numbers."""

    def __init__(self, probabilities: NDArray[Any]) -> None:
        self.probabilities = probabilities
        self.classes_ = np.arange(probabilities.shape[1])

    def fit(self, X: Any, y: Any) -> "_Known":
        """There is nothing to learn."""
        return self

    def predict_proba(self, X: NDArray[np.int64]) -> NDArray[Any]:
        """(B, K)."""
        return self.probabilities[X[:, 0]]

    def predict(self, X: NDArray[np.int64]) -> NDArray[np.int64]:
        """(B,) numbers of labels."""
        return np.asarray(self.predict_proba(X).argmax(axis=1))


def mapie_sets(
    held_out: NDArray[np.float32], right: NDArray[np.int64], probabilities: NDArray[np.float32], sure: float
) -> NDArray[np.bool_]:
    """Which labels are in the set of each text, (B, K).

    Args:
        held_out: probabilities of texts that say how sure one can be, (H, K).
        right: their labels, (H,).
        probabilities: of the texts that sets are for, (B, K).
        sure: the share of cases in which the right label is to be in the set.

    Raises:
        ModuleNotFoundError: there is no MAPIE.
    """
    from mapie.classification import SplitConformalClassifier

    table, count = np.concatenate([held_out, probabilities]).astype(float), len(held_out)
    rows = np.arange(len(table))[:, None]
    made = SplitConformalClassifier(_Known(table), confidence_level=sure, conformity_score="lac", prefit=True)
    made.conformalize(rows[:count], right)
    return np.asarray(made.predict_set(rows[count:])[1][:, :, 0])
