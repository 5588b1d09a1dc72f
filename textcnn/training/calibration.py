"""Make probabilities mean what they say: one temperature for all logits (Guo et al. 2017, section 4.2)."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["temperature"]


def temperature(logits: NDArray[np.float32], targets: NDArray[np.float32], *, several: bool) -> float:
    """The temperature with the least log loss on held-out texts: (B, K) logits and targets of zeros and ones."""
    from scipy.optimize import minimize_scalar

    if not len(logits):
        return 1.0

    def loss(log_temperature: float) -> float:
        scaled = logits.astype(np.float64) / np.exp(log_temperature)
        if several:
            return float((np.logaddexp(0, scaled) - targets * scaled).mean())
        largest = scaled.max(axis=1)
        total = largest + np.log(np.exp(scaled - largest[:, None]).sum(axis=1))
        return float((total - (targets * scaled).sum(axis=1)).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(found.x))
