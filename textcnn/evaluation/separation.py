"""How well a number tells some texts from others: the area under the ROC curve, with its interval.

Source: DeLong et al. 1988, whose variance is that of the shares of others that each text is above; the interval is that
of the area's log odds, so it stays between 0 and 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Separation", "separation"]

_Z = 1.959963984540054  # of a 95 % interval
_MOST_NOVEL = 0.99

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Separation:
    """How well the novelty tells texts of no known kind from others."""

    label: str  # theirs
    texts: int
    auroc: float  # chance that one of them is more novel than one of the others
    auroc_interval: tuple[float, float]  # 95 %
    above: float  # share of them with a novelty above 0.99
    others_above: float  # the same of the others


def separation(label: str, novelty: Doubles, others: Doubles) -> Separation:
    """From the novelty of texts of no known kind, (O,), and that of others, (B,), at least one each."""
    auroc, interval = _area(novelty, others)
    above, others_above = (float((values > _MOST_NOVEL).mean()) for values in (novelty, others))
    return Separation(label, len(novelty), auroc, interval, above, others_above)


def _area(high: Doubles, low: Doubles) -> tuple[float, tuple[float, float]]:
    """The chance that one of `high` is above one of `low`, equals by half, and its interval."""
    beaten, winning = _shares_below(high, low), 1 - _shares_below(low, high)
    area = float(beaten.mean())
    variance = sum(float(shares.var(ddof=1)) / len(shares) for shares in (beaten, winning) if len(shares) > 1)
    inside = min(max(area, 0.5 / (len(high) * len(low))), 1 - 0.5 / (len(high) * len(low)))
    odds = np.log(inside / (1 - inside))
    half = _Z * variance**0.5 / (inside * (1 - inside))
    first, last = (float(1 / (1 + np.exp(-end))) for end in (odds - half, odds + half))
    return area, (min(first, area), max(last, area))


def _shares_below(values: Doubles, others: Doubles) -> Doubles:
    """For each value the share of others that are less, equal ones by half: (A,)."""
    ranked = np.sort(others)
    below, up_to = (np.searchsorted(ranked, values, side) for side in ("left", "right"))
    return np.asarray((below + up_to) / 2 / len(ranked))
