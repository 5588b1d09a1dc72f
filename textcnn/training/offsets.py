"""Decide for a metric: an offset for each label, so that the likeliest label is not always the answer.

Macro F1 counts rare labels as much as frequent ones, and the likeliest label is seldom one. The offsets are minus
tau times the logarithm of each label's share (Menon et al. 2021, logit adjustment), and the one number tau is that with
the best metric on out-of-fold answers, smoothed: all texts decide it, so few texts of a label do not lead it astray.
For the F1 of one label it is that label's offset alone. Probabilities stay what they are.

Shapes: B texts, K labels, S steps that are tried.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import SettingsError

__all__ = ["METRICS", "check_metric", "offsets_for"]

METRICS = ("accuracy", "macro-f1", "mcc")
_OF_LABEL = "f1:"
_TAUS = np.arange(0, 1.55, 0.1)
_OFFSETS = np.arange(-3, 3.1, 0.2)
_LEAST = 1e-12  # of a probability
_FEW = 10  # texts of a label that count as much as no offset

Doubles = NDArray[np.float64]


def check_metric(metric: str, labels: Sequence[str], *, multi_label: bool) -> None:
    """Make sure that there is such a metric.

    Raises:
        SettingsError: there is not, or it is none for multi-label texts.
    """
    label = metric.removeprefix(_OF_LABEL)
    if metric not in METRICS and (label == metric or label not in labels):
        known = ", ".join(METRICS)
        what = f"there is no label {label!r}" if label != metric else f"not {metric!r}"
        raise SettingsError(f"metric must be {known}, or f1: and a label; {what}")
    if multi_label and metric != "accuracy":
        raise SettingsError(
            f"metric {metric} is for texts with one label each; labels that stand alone have thresholds with the best "
            "F1 already"
        )


def offsets_for(
    metric: str,
    labels: Sequence[str],
    probabilities: NDArray[np.float32],
    targets: NDArray[np.float32],
    weights: Doubles,
) -> tuple[float, ...]:
    """An offset for each label's log probability; none for accuracy.

    Args:
        metric: one that was checked.
        labels: of the model.
        probabilities: calibrated, of texts that were not learned from, (B, K).
        targets: (B, K) zeros and ones.
        weights: (B,) of the texts.
    """
    if metric == "accuracy" or not len(targets):
        return ()
    shares = (weights @ targets + 1) / (weights.sum() + len(labels))
    if metric in METRICS:
        steps = -_TAUS[:, None] * np.log(shares)
        values = _values(metric, labels, probabilities, targets, weights, steps)
        return tuple((steps[_best(values)] - steps[_best(values)].mean()).tolist())
    chosen = np.array([label == metric.removeprefix(_OF_LABEL) for label in labels])
    steps = _OFFSETS[:, None] * chosen
    values = _values(metric, labels, probabilities, targets, weights, steps)
    texts = float((weights @ targets)[chosen][0])
    return tuple((steps[_best(values)] * texts / (texts + _FEW)).tolist())


def _counts(
    probabilities: NDArray[np.float32], targets: NDArray[np.float32], weights: Doubles, offsets: Doubles
) -> Doubles:
    """How often each label is right, given and wanted, (3, K)."""
    given = (np.log(np.maximum(probabilities, _LEAST)) + offsets).argmax(axis=1)
    wanted, count = targets.argmax(axis=1), targets.shape[1]
    return np.stack(
        [
            np.bincount(wanted, weights * (given == wanted), count),
            np.bincount(given, weights, count),
            np.bincount(wanted, weights, count),
        ]
    )


def _values(
    metric: str,
    labels: Sequence[str],
    probabilities: NDArray[np.float32],
    targets: NDArray[np.float32],
    weights: Doubles,
    steps: Doubles,
) -> Doubles:
    """The metric with each of the offsets, (S, K) -> (S,)."""
    counts = [_counts(probabilities, targets, weights, step) for step in steps]
    if metric == "mcc":
        return np.array([_mcc(count) for count in counts])
    scores = np.array([2 * right / np.maximum(given + wanted, _LEAST) for right, given, wanted in counts])
    if metric == "macro-f1":
        occur = counts[0][2] > 0
        return np.asarray(scores[:, occur].mean(axis=1))
    return np.asarray(scores[:, list(labels).index(metric.removeprefix(_OF_LABEL))])


def _mcc(counts: Doubles) -> float:
    """Matthews correlation of several labels (Gorodkin 2004)."""
    right, given, wanted = counts
    total = wanted.sum()
    spread = (total**2 - given @ given) * (total**2 - wanted @ wanted)
    return float((right.sum() * total - given @ wanted) / np.sqrt(max(spread, _LEAST)))


def _best(values: Doubles) -> int:
    """The step with the best value, its neighbours counted half; of equals no offset, or else the one in the middle."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    smooth = np.round(padded[:-2] / 4 + padded[1:-1] / 2 + padded[2:] / 4, 9)
    none = 0 if len(values) == len(_TAUS) else len(values) // 2
    best = np.flatnonzero(smooth == smooth.max()).tolist()
    return none if none in best else int(best[len(best) // 2])
