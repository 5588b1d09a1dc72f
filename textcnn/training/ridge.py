"""Ridge regression in closed form, cross-validated without learning again.

The intercept is free, the rest is drawn towards nothing: with f = K alpha + bias, K being the Gram matrix of the texts,

    sum over texts  w · (y - f)²  +  penalty · alpha' K alpha

is least where (K + penalty / w) alpha + bias = y and the alpha add up to 0. If M is the matrix of these equations, the
texts of a fold F, left out, would miss their targets by the solution e of (M^-1)_FF e = alpha_F (Cawley 2006).

Shapes: B texts, K outputs.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["RidgeRegression"]

Numbers = NDArray[np.float64]
Folds = NDArray[np.int64]  # (B,) the fold of each text; below 0: it is left out of none


class RidgeRegression(NamedTuple):
    """The solution, and the answers by leaving out."""

    alpha: Numbers  # (B, K) dual coefficients of the texts
    bias: Numbers  # (K,)
    left_out: Numbers  # (B, K) what each text gets by the texts of other folds; by all, if it is in none

    @classmethod
    def of(
        cls, gram: Numbers, y: Numbers, weights: Numbers, penalty: float, dealings: Iterable[Folds]
    ) -> "RidgeRegression":
        """Solve.

        Args:
            gram: (B, B) products of the texts' features.
            y: (B, K) targets.
            weights: (B,) of the texts, above 0.
            penalty: how strongly the weights of features are held back.
            dealings: into folds; the answers are the means over them.
        """
        count = len(y)
        equations = np.ones((count + 1, count + 1))
        equations[:-1, :-1] = gram + np.diag(penalty / weights)
        equations[-1, -1] = 0
        inverse = np.asarray(np.linalg.inv(equations), np.float64)
        alpha: Numbers = inverse[:-1, :-1] @ y
        bias: Numbers = inverse[-1, :-1] @ y
        missed = [_missed(inverse, alpha, penalty / weights, folds) for folds in dealings]
        return cls(alpha, bias, y - np.mean(missed, axis=0))


def _missed(inverse: Numbers, alpha: Numbers, slack: NDArray[Any], folds: Folds) -> Numbers:
    """How far each text's answer is from its target, (B, K); that of a text in no fold by the solution for all."""
    missed: Numbers = alpha * slack[:, None]
    for fold in range(folds.max(initial=-1) + 1):
        out = np.flatnonzero(folds == fold)
        missed[out] = np.linalg.solve(inverse[np.ix_(out, out)], alpha[out])
    return missed
