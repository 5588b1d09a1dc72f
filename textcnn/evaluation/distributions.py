"""Whether two samples are of the same distribution: tests of scipy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["chi_square", "kolmogorov_smirnov", "more_of_them"]


def chi_square(table: NDArray[np.int64]) -> float:
    """The p-value that both rows, counts of some kinds (2, K), are of the same shares; 1 of a single kind."""
    from scipy.stats import chi2_contingency

    return float(chi2_contingency(table).pvalue) if table.shape[1] > 1 else 1.0


def kolmogorov_smirnov(first: NDArray[Any], second: NDArray[Any], tolerance: float) -> tuple[float, float]:
    """The largest difference of two samples' distributions, and the p-value that it is no more than is tolerated."""
    from scipy.stats import ks_2samp, kstwobign

    largest = float(ks_2samp(first, second, method="asymp").statistic)
    count = len(first) * len(second) / (len(first) + len(second))
    return largest, float(kstwobign.sf(count**0.5 * max(largest - tolerance, 0.0)))


def more_of_them(first: NDArray[np.bool_], second: NDArray[np.bool_], tolerance: float) -> float:
    """The p-value that among the second no larger share is true than among the first, but for what is tolerated.

    Fisher's exact test, one-sided, without so many of the second as may be more.
    """
    from scipy.stats import hypergeom

    before, now = int(first.sum()), max(int(np.ceil(second.sum() - tolerance * len(second))), 0)
    return float(hypergeom.sf(now - 1, len(first) + len(second), before + now, len(second)))
