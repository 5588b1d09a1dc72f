"""What more labels would bring: the learning curve of the labelled texts, carried on.

The quick learner learns from parts of the labelled texts, again and again, and answers the others; its accuracy rises
about as the square root of the number of labels says: a - b / sqrt(n), which is fitted and carried on (Cortes et al.
1994; Viering & Loog 2023, "The Shape of Learning Curves", compare such forms). How far that can be trusted is told by
doing the same with resampled texts (bootstrap). Texts that were chosen for being hard, and each for its own region,
make the gain look larger than it is, not smaller: they give the upper end alone, and who is told that more labels
hardly help can believe it. The lower end is what labels cost at worst in simulations, and a point is
added to the upper one for what these showed beyond it (tests/benchmarks/README.md).

Shapes: n labelled texts, R draws, M sizes of parts.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.labelling.learner import fit_kernel

__all__ = ["CurvePoint", "Forecast", "forecast_gain"]

_SHARES = (0.4, 0.55, 0.7, 0.85)
_DRAWS, _RESAMPLED = 8, 200
_LEAST = 20  # texts from which a curve can be told
_MOST = 400  # texts that are learned from; of more a random part
_AT_WORST = -0.01  # a gain that is hardly ever undercut
_BEYOND = 0.01  # by which gains may be more than the curve says
_HARDLY = 0.02  # a gain that is not worth the labels
_VAGUE = 0.25  # width of an interval that says nothing


class CurvePoint(NamedTuple):
    """The accuracy with so many labels."""

    labels: int
    accuracy: float


class Forecast(NamedTuple):
    """What so many labels more would bring, in accuracy."""

    more: int
    low: float  # of the gain, 95 % interval
    high: float
    curve: tuple[CurvePoint, ...]  # on texts that were labelled, those chosen for being hard too

    @property
    def hardly(self) -> bool:
        """Whether more labels hardly help."""
        return self.high < _HARDLY


def forecast_gain(
    kernel: NDArray[np.float64],
    targets: NDArray[np.int64],
    more: int,
    random: np.random.Generator,
    guesses: NDArray[np.float64] | None = None,
) -> Forecast | None:
    """How much accuracy so many labels more would bring; None: it cannot be told yet.

    Args:
        kernel: of the labelled texts, (n, n).
        targets: their labels, (n,), numbers from 0.
        more: how many labels.
        random: for the parts and the resampling.
        guesses: what the names of the labels say, (n, K).
    """
    count = len(targets)
    if count < _LEAST:
        return None
    kept = random.permutation(count)[:_MOST]
    sizes = [max(int(share * len(kept)), 2) for share in _SHARES]
    right = np.stack([_answered(kernel, targets, guesses, kept, size, random) for size in sizes])  # (M, R, n)
    rows = random.integers(0, len(kept), (_RESAMPLED, len(kept)))
    curves = np.stack([np.nanmean(right[:, :, chosen], axis=(1, 2)) for chosen in rows])  # (resampled, M)
    gains = np.array([_gain(sizes, curve, count, more) for curve in curves])
    high = float(np.quantile(gains, 0.975)) + _BEYOND
    if high - _AT_WORST > _VAGUE:
        return None
    means = np.nanmean(right, axis=(1, 2))
    points = tuple(CurvePoint(size, float(mean)) for size, mean in zip(sizes, means, strict=True))
    return Forecast(more, _AT_WORST, high, points)


def _answered(
    kernel: NDArray[np.float64],
    targets: NDArray[np.int64],
    guesses: NDArray[np.float64] | None,
    kept: NDArray[np.int64],
    size: int,
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Whether learners from parts of this size answer the other texts right: (R, n), not a number for their own."""
    right = np.full((_DRAWS, len(kept)), np.nan)
    labels = int(targets.max()) + 1
    for draw in range(_DRAWS):
        order = random.permutation(len(kept))
        part, others = kept[order[:size]], kept[order[size:]]
        said = None if guesses is None else guesses[part]
        fit = fit_kernel(kernel[np.ix_(part, part)], targets[part], labels, guesses=said)
        scores = kernel[np.ix_(others, part)] @ fit.weights
        if guesses is not None:
            scores += fit.trust * guesses[others]
        right[draw, order[size:]] = scores.argmax(axis=1) == targets[others]
    return right


def _gain(sizes: Sequence[int], accuracies: NDArray[np.float64], count: int, more: int) -> float:
    """From `count` to `count + more` labels, on the curve a - b / sqrt(n) with b of at least 0."""
    terms = 1 / np.sqrt(np.array(sizes))
    centred = terms - terms.mean()
    slope = max(-float(centred @ (accuracies - accuracies.mean())) / float(centred @ centred), 0.0)
    return slope * float(1 / np.sqrt(count) - 1 / np.sqrt(count + more))
