"""What the outputs for all labels say together: a linear discriminant.

Least squares has a target of its own for each label. The output of a label that lies between others, as middle grades
do, or is like many, is hardly ever the largest (masking; Hastie, Tibshirani & Friedman 2009, "The Elements of
Statistical Learning", section 4.2). It is told by what outputs texts of each label usually have (flexible discriminant
analysis; Hastie, Tibshirani & Buja 1994), which texts that are left out in turn say. While these are few, it is drawn
to what would be usual if all labels were equally unlike: the more, the more outputs scatter and the less they tell
labels to be unlike otherwise (empirical Bayes; Efron & Morris 1973, "Stein's estimation rule and its competitors").
Where that is what they tell, answers stay as they are, but for the shares of labels.

Shapes: B texts, K labels.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Discriminant"]

Numbers = NDArray[np.float64]

_ALIKE = 200.0  # texts' worth of belief that outputs scatter alike in all directions
_MOST = 10.0  # texts' worth of belief that labels are equally unlike, beyond which they are taken for that
_LEAST = 1e-6


class Discriminant(NamedTuple):
    """Outputs that tell labels better, as a linear function of outputs; on the whole they are as large."""

    weights: Numbers  # (K, K)
    bias: Numbers  # (K,)

    @classmethod
    def of(cls, outputs: Numbers, targets: Numbers, weights: Numbers) -> "Discriminant":
        """Learn.

        Args:
            outputs: of texts that were left out, (B, K).
            targets: probabilities of their labels, (B, K), each row adding up to 1.
            weights: of the texts, (B,), above 0.
        """
        weights, labels = weights / weights.mean(), targets.shape[1]
        same = cls(np.eye(labels), np.zeros(labels))
        texts = (weights @ targets)[:, None]  # of each label
        every = texts.sum()
        shares = texts[:, 0] / every
        mean = weights @ outputs / every
        moved = outputs - mean
        slope = _slope(moved, targets - shares, weights)
        expected = slope * (np.eye(labels) - shares)
        usual = (weights[:, None] * targets).T @ moved / np.maximum(texts, _LEAST)
        scatter = (weights[:, None] * moved).T @ moved - (texts * usual).T @ usual
        scatter *= every / max(every - labels, 1.0)
        noise = np.trace(scatter) / every
        if slope <= 0 or noise <= _LEAST * np.square(moved).mean():  # they tell nothing, or all there is
            return same
        seen = texts[:, 0] > 0
        otherwise = np.square(usual - expected)[seen].sum() - (noise / texts[seen]).sum()
        belief = labels * noise / max(otherwise, _LEAST * noise)
        even = noise / labels * np.eye(labels)
        if belief > _MOST:
            usual, scatter = expected, even
        else:
            usual = (texts * usual + belief * expected) / (texts + belief)
            scatter = (scatter + _ALIKE * even) / (every + _ALIKE)
        found = np.linalg.solve(scatter, usual.T)
        odds = np.log((shares * every + 1) / (every + labels)) - np.sum(usual * found.T, axis=1) / 2
        told = _slope(moved @ found + odds, targets - shares, weights)
        return cls(found * slope / told, (odds - mean @ found) * slope / told) if told > 0 else same

    def read(self, outputs: Numbers) -> Numbers:
        """Other outputs: (B, K)."""
        return np.asarray(outputs @ self.weights + self.bias)


def _slope(outputs: Numbers, unlike: Numbers, weights: Numbers) -> float:
    """By how much the outputs of labels that texts have are larger: of least squares over all outputs, (B, K)."""
    return float(
        np.sum(weights[:, None] * unlike * outputs) / max(np.sum(weights[:, None] * np.square(unlike)), _LEAST)
    )
