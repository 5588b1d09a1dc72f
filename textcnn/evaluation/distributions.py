"""Whether two samples are of the same distribution: tests of scipy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["chi_square", "kolmogorov_smirnov"]


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
