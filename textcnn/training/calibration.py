"""Make probabilities mean what they say, and join the network with the wide part.

The logits of the answer are network / temperature + weight · wide. Temperature scaling (Guo et al. 2017, section 4.2)
is the case without a wide part. Both numbers are those with the least log loss on texts that were not learned from.
"""

import numpy as np
from numpy.typing import NDArray

from textcnn.wide import Join

__all__ = ["calibrate", "thresholds"]

_USUAL = 0.8  # weight of the wide part times temperature; found by cross-validation, the start where texts are few
_RARE = 10.0  # texts with a label, from which its own threshold counts more than that of all labels
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


def thresholds(probabilities: NDArray[np.float32], targets: NDArray[np.float32]) -> tuple[float, ...]:
    """For each label the probability from which a text gets it: the one with the best F1 on held-out texts.

    Few texts with a label say little about its threshold, so it is drawn towards the one that suits all labels together
    (a mean of log odds).

    Args:
        probabilities: (B, K).
        targets: (B, K) zeros and ones.
    """
    shared = _odds(_best_threshold(probabilities.ravel(), targets.ravel()))
    found = []
    for own, wanted in zip(probabilities.T, targets.T, strict=True):
        weight = float(wanted.sum())
        odds = (weight * _odds(_best_threshold(own, wanted)) + _RARE * shared) / (weight + _RARE)
        found.append(float(1 / (1 + np.exp(-odds))))
    return tuple(found)


def _odds(probability: float) -> float:
    inside = float(np.clip(probability, 0.01, 0.99))
    return float(np.log(inside / (1 - inside)))


def _best_threshold(probabilities: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    """Half-way between the last text that gets the label and the first that does not, where F1 is best: (B,), (B,)."""
    order = np.argsort(-probabilities, kind="stable")
    ranked, hits = probabilities[order], np.cumsum(wanted[order])
    if not len(ranked) or not hits[-1]:
        return 0.5
    best = int(np.argmax(2 * hits / (np.arange(1, len(ranked) + 1) + hits[-1])))
    following = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return float((ranked[best] + following) / 2)


def _loss(logits: NDArray[np.float64], targets: NDArray[np.float32], *, several: bool) -> float:
    if several:
        return float((np.logaddexp(0, logits) - targets * logits).sum(axis=1).mean())
    largest = logits.max(axis=1)
    total = largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1))
    return float((total - (targets * logits).sum(axis=1)).mean())
