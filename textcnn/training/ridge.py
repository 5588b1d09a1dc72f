"""Ridge regression in closed form, cross-validated without learning again.

The intercept is free, the rest is drawn towards nothing: with f = K alpha + bias, K being the Gram matrix of the texts,

    sum over texts  w · (y - f)²  +  penalty · alpha' K alpha

is least where (K + penalty / w) alpha + bias = y and the alpha add up to 0. If M is the matrix of these equations, the
texts of a fold F, left out, would miss their targets by the solution e of (M^-1)_FF e = alpha_F (Cawley 2006).

Shapes: B texts, K outputs.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dual", "RidgeRegression"]

Numbers = NDArray[np.float64]
Folds = NDArray[np.int64]  # (B,) the fold of each text; below 0: it is left out of none


class Dual(NamedTuple):
    """A solution."""

    alpha: Numbers  # (B, K) dual coefficients of the texts
    bias: Numbers  # (K,)


class RidgeRegression(NamedTuple):
    """The equations of some texts, which are solved for any targets (B, K)."""

    inverse: Numbers  # (B + 1, B + 1)
    slack: Numbers  # (B, 1)

    @classmethod
    def of(cls, gram: Numbers, weights: Numbers, penalty: float) -> "RidgeRegression":
        """Invert.

        Args:
            gram: (B, B) products of the texts' features.
            weights: (B,) of the texts, above 0.
            penalty: how strongly the weights of features are held back.
        """
        slack = penalty / weights
        equations = np.ones((len(gram) + 1, len(gram) + 1))
        equations[:-1, :-1] = gram + np.diag(slack)
        equations[-1, -1] = 0
        return cls(np.asarray(np.linalg.inv(equations), np.float64), slack[:, None])

    def solved(self, y: Numbers) -> Dual:
        """Learn from all texts."""
        solution = self.inverse[:, :-1] @ y
        return Dual(solution[:-1], solution[-1])

    def without(self, y: Numbers, out: NDArray[np.int64]) -> Dual:
        """Learn from all texts but those of these numbers, whose coefficients are 0."""
        alpha, bias = self.solved(y)
        if not len(out):
            return Dual(alpha, bias)
        missed = np.linalg.solve(self.inverse[np.ix_(out, out)], alpha[out])
        alpha, bias = alpha - self.inverse[:-1, out] @ missed, bias - self.inverse[-1, out] @ missed
        alpha[out] = 0
        return Dual(alpha, bias)

    def left_out(self, y: Numbers, dealings: Iterable[Folds]) -> Numbers:
        """What each text gets by the texts of other folds, and by all if it is in none: (B, K).

        Args:
            y: targets.
            dealings: into folds; the answers are the means over them.
        """
        alpha = self.solved(y).alpha
        return np.asarray(y - np.mean([self._missed(alpha, folds) for folds in dealings], axis=0))

    def _missed(self, alpha: Numbers, folds: Folds) -> Numbers:
        """How far each text's answer is from its target: (B, K)."""
        missed: Numbers = alpha * self.slack
        for fold in range(folds.max(initial=-1) + 1):
            out = np.flatnonzero(folds == fold)
            missed[out] = np.linalg.solve(self.inverse[np.ix_(out, out)], alpha[out])
        return missed
