"""Make probabilities mean what they say, and join the network with the wide part.

The logits of the answer are network / temperature + weight · wide. Temperature scaling (Guo et al. 2017, section 4.2)
is the case without a wide part. Both numbers are those with the least log loss on texts that were not learned from.
"""

import numpy as np
from numpy.typing import NDArray

from textcnn.wide import Join

__all__ = ["calibrate"]

_USUAL = 0.8  # weight of the wide part times temperature; found by cross-validation, the start where texts are few
_CAUTION = 3.0  # how many texts' loss a departure by a factor of e is worth


def calibrate(
    network: NDArray[np.float32], wide: NDArray[np.float32], targets: NDArray[np.float32], *, several: bool
) -> Join:
    """Find the join with the least log loss on held-out texts.

    Args:
        network: (B, K) logits.
        wide: (B, K) margins; all zero if there is no wide part.
        targets: (B, K) zeros and ones.
        several: whether a text can have several labels.
    """
    from scipy.optimize import minimize

    usual = Join(1.0, _USUAL)
    if not len(targets):
        return usual

    def loss(logs: NDArray[np.float64]) -> float:
        scale, ratio = np.exp(logs)
        logits = scale * (network + ratio * wide).astype(np.float64)
        departure = _CAUTION * float((logs[0] ** 2 + (logs[1] - np.log(_USUAL)) ** 2) / 2)
        return _loss(logits, targets, several=several) + departure / len(targets)

    found = minimize(loss, [0.0, np.log(_USUAL)], method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-7})
    scale, ratio = np.exp(np.clip(found.x, -4, 4))
    return Join(float(1 / scale), float(scale * ratio))


def _loss(logits: NDArray[np.float64], targets: NDArray[np.float32], *, several: bool) -> float:
    if several:
        return float((np.logaddexp(0, logits) - targets * logits).sum(axis=1).mean())
    largest = logits.max(axis=1)
    total = largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1))
    return float((total - (targets * logits).sum(axis=1)).mean())
