"""Ridge regression in closed form, and what each text would be answered by all the others, without learning again.

The targets are taken less their mean, and so are the features of the texts, that is, rows and columns of their Gram
matrix. With f = K alpha + mean of y, K being that matrix,

    sum over texts  w · (y - f)²  +  penalty · alpha' K alpha

is least where A alpha = y - mean of y, A = K + penalty / w. The text i, left out, would miss its target by alpha_i /
(A^-1)_ii, and texts that are left out together likewise (Cawley 2006). The means stay as they are: of few texts, each
that is left out would move them towards the other labels, and so would seem to be wrong.

Shapes: B texts, K outputs.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["RidgeRegression"]

Numbers = NDArray[np.float64]


class RidgeRegression(NamedTuple):
    """The solution, and the answers by leaving out."""

    alpha: Numbers  # (B, K) dual coefficients of the texts, each column adding up to 0
    bias: Numbers  # (K,) so that the answers are gram · alpha + bias
    left_out: Numbers  # (B, K) what each text gets by all those that are no copies of it

    @classmethod
    def of(
        cls, gram: Numbers, y: Numbers, weights: Numbers, penalty: float, copies: Sequence[Sequence[int]] = ()
    ) -> "RidgeRegression":
        """Solve.

        Args:
            gram: (B, B) products of the texts' features.
            y: (B, K) targets.
            weights: (B,) of the texts, above 0.
            penalty: how strongly the weights of features are held back.
            copies: numbers of equal texts, which are left out together.
        """
        means = gram.mean(axis=0)
        mean = np.average(y, axis=0, weights=weights)
        inverse = np.linalg.inv(gram - means - means[:, None] + means.mean() + np.diag(penalty / weights))
        alpha = inverse @ (y - mean)
        missed = alpha / np.diag(inverse)[:, None]
        for same in copies:
            missed[same] = np.linalg.solve(inverse[np.ix_(same, same)], alpha[same])
        alpha -= alpha.mean(axis=0)
        return cls(alpha, mean - means @ alpha, y - missed)
