"""Make probabilities mean what they say, and join the network with the linear part.

The logits of the answer are network / temperature + weight · linear. Temperature scaling (Guo et al. 2017, section 4.2)
is the case without a linear part. Both numbers are those with the least log loss on texts that were not learned from.
Labels that stand alone, several to a text, have Platt's two numbers each besides.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.evaluation.log_loss import losses_of_logits
from textcnn.model.linear import Join
from textcnn.model.model import Model
from textcnn.model.predictor import to_probabilities
from textcnn.training.offsets import offsets_for

__all__ = ["Calibration", "calibrate", "per_label", "thresholds"]

_USUAL = 0.8  # weight of the linear part times temperature; found by cross-validation, the start where texts are few
_RARE = 10.0  # texts with a label, from which its own threshold counts more than that of all labels
_CAUTION = 3.0  # how many texts' loss a departure by a factor of e is worth
_CAUTION_PER_LABEL = 10.0  # the same where a label stands alone


class Calibration(NamedTuple):
    """What held-out texts say about a model's answers; the join, and for labels that stand alone one more for each."""

    join: Join
    factors: NDArray[np.float64] | None = None  # (K,)
    summands: NDArray[np.float64] | None = None  # (K,)
    thresholds: tuple[float, ...] = ()
    offsets: tuple[float, ...] = ()

    @classmethod
    def of(
        cls,
        network: NDArray[np.float32],
        linear: NDArray[np.float32],
        targets: NDArray[np.float32],
        weights: NDArray[np.float64],
        *,
        multi_label: bool,
        metric: str = "accuracy",
        labels: Sequence[str] = (),
    ) -> "Calibration":
        """Find it on held-out texts; see `calibrate` for the arguments."""
        found = cls(calibrate(network, linear, targets, weights, multi_label=multi_label))
        if not multi_label:
            probabilities = found.probabilities(network, linear)
            return found._replace(offsets=offsets_for(metric, labels, probabilities, targets, weights))
        factors, summands = per_label(found.join.logits(network, linear), targets, weights)
        found = found._replace(factors=factors, summands=summands)
        return found._replace(thresholds=thresholds(found.probabilities(network, linear), targets, weights))

    def probabilities(self, network: NDArray[np.float32], linear: NDArray[np.float32]) -> NDArray[np.float32]:
        """(B, K) of what the parts of a model said before it was applied to that."""
        logits = self.join.logits(network, linear)
        if self.factors is None or self.summands is None:
            return to_probabilities(logits, multi_label=False)
        return to_probabilities((self.factors * logits + self.summands).astype(np.float32), multi_label=True)

    def applied(self, model: Model) -> Model:
        """The model with calibrated logits: factors and summands go into its last weights."""
        model = replace(model, join=self.join, thresholds=self.thresholds, offsets=self.offsets)
        if self.factors is None or self.summands is None:
            return model
        members = []
        for member in model.members:
            weight, bias = member.network.layers[-1]
            last = self.factors[:, None] * weight, self.factors * bias + self.join.temperature * self.summands
            layers = (*member.network.layers[:-1], (last[0].astype(np.float32), last[1].astype(np.float32)))
            members.append(member._replace(network=member.network._replace(layers=layers)))
        linear = model.linear and model.linear._replace(
            steps=(model.linear.steps * self.factors).astype(np.float32),
            bias=(model.linear.bias * self.factors).astype(np.float32),
        )
        return replace(model, members=tuple(members), linear=linear)


def calibrate(
    network: NDArray[np.float32],
    linear: NDArray[np.float32],
    targets: NDArray[np.float32],
    weights: NDArray[np.float64] | None = None,
    *,
    multi_label: bool,
) -> Join:
    """Find the join with the least log loss on held-out texts.

    Args:
        network: (B, K) logits.
        linear: (B, K) margins; all zero if there is no linear part.
        targets: (B, K) zeros and ones.
        weights: (B,) of the texts, with the mean 1; if not given, all count the same.
        multi_label: whether a text can have several labels.
    """
    from scipy.optimize import minimize

    usual = Join(1.0, _USUAL)
    if not len(targets):
        return usual

    def loss(logs: NDArray[np.float64]) -> float:
        scale, ratio = np.exp(logs)
        logits = scale * (network + ratio * linear).astype(np.float64)
        departure = _CAUTION * float((logs[0] ** 2 + (logs[1] - np.log(_USUAL)) ** 2) / 2)
        losses = losses_of_logits(logits, targets, multi_label=multi_label)
        return float(np.average(losses, weights=weights)) + departure / len(targets)

    found = minimize(loss, [0.0, np.log(_USUAL)], method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-7})
    scale, ratio = np.exp(np.clip(found.x, -4, 4))
    return Join(float(1 / scale), float(scale * ratio))


def per_label(
    logits: NDArray[np.float32], targets: NDArray[np.float32], weights: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each label the factor and the summand of its logit with the least log loss on held-out texts.

    Platt (1999) for each label of several, drawn towards no change where few texts speak for one.

    Args:
        logits: (B, K).
        targets: (B, K) zeros and ones.
        weights: (B,) of the texts, with the mean 1; if not given, all count the same.

    Returns:
        (K,) and (K,).
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    count = logits.shape[1]
    of_texts = np.ones((len(logits), 1)) if weights is None else weights[:, None]

    def loss(found: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logs, summands = np.split(found, 2)
        changed = np.exp(logs) * logits + summands
        error = of_texts * (expit(changed) - targets)
        total = (of_texts * (np.logaddexp(0, changed) - targets * changed)).sum() + _CAUTION_PER_LABEL * float(
            found @ found
        ) / 2
        slope = np.concatenate([(error * logits).sum(axis=0) * np.exp(logs), error.sum(axis=0)])
        return float(total), slope + _CAUTION_PER_LABEL * found

    logs, summands = np.split(minimize(loss, np.zeros(2 * count), jac=True, method="L-BFGS-B").x, 2)
    return np.exp(logs), summands


def thresholds(
    probabilities: NDArray[np.float32], targets: NDArray[np.float32], weights: NDArray[np.float64] | None = None
) -> tuple[float, ...]:
    """For each label the probability from which a text gets it: the one with the best F1 on held-out texts.

    Few texts with a label say little about its threshold, so it is drawn towards the one that suits all labels together
    (a mean of log odds).

    Args:
        probabilities: (B, K).
        targets: (B, K) zeros and ones.
        weights: (B,) of the texts, with the mean 1; if not given, all count the same.
    """
    of_texts = np.ones(len(targets)) if weights is None else weights
    everywhere = np.repeat(of_texts, targets.shape[1])
    shared = _odds(_best_threshold(probabilities.ravel(), targets.ravel(), everywhere))
    found = []
    for own, wanted in zip(probabilities.T, targets.T, strict=True):
        weight = float((of_texts * wanted).sum())
        odds = (weight * _odds(_best_threshold(own, wanted, of_texts)) + _RARE * shared) / (weight + _RARE)
        found.append(float(1 / (1 + np.exp(-odds))))
    return tuple(found)


def _odds(probability: float) -> float:
    inside = float(np.clip(probability, 0.01, 0.99))
    return float(np.log(inside / (1 - inside)))


def _best_threshold(
    probabilities: NDArray[np.float32], wanted: NDArray[np.float32], weights: NDArray[np.float64]
) -> float:
    """Half-way between the last text that gets the label and the first that does not, where F1 is best: all (B,)."""
    order = np.argsort(-probabilities, kind="stable")
    ranked, given, hits = probabilities[order], np.cumsum(weights[order]), np.cumsum((weights * wanted)[order])
    if not len(ranked) or not hits[-1]:
        return 0.5
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # equal ones get the label together or not at all
    best = int(ends[np.argmax(2 * hits[ends] / (given[ends] + hits[-1]))])
    following = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return float((ranked[best] + following) / 2)
