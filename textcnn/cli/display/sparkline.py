"""Learning curves in a terminal: a line of bars for each."""

import sys
from collections.abc import Sequence

from textcnn.cli.display.console import is_terminal, width

__all__ = ["bars", "learning_lines"]

_BARS = "▁▂▃▄▅▆▇█"
_MOST = 60  # columns of bars
_AROUND = 46  # columns of name and numbers


def learning_lines(curve: Sequence[Sequence[float]]) -> list[str]:
    """Loss and score by epoch, from rows of training loss, held-out loss and score.

    None where nobody would see bars: in a pipe, on a terminal that does not have them or no room for them, or after a
    single epoch. The lines of the epochs say the same there.
    """
    room = min(width() - _AROUND, _MOST)
    drawable = is_terminal(sys.stderr) and (sys.stderr.encoding or "").lower().replace("-", "") == "utf8"
    if not drawable or room < 4 or len(curve) < 2:
        return []
    loss, held, score = zip(*curve, strict=True)
    best = max(range(len(curve)), key=lambda epoch: (score[epoch], -held[epoch]))
    low, high = min(*loss, *held), max(*loss, *held)  # on one scale, so that it is seen where they part
    lines = [
        f"{name:<9} {bars(row, low, high, room)}  {row[0]:.3f} to {row[-1]:.3f}"
        for name, row in (("loss", loss), ("held out", held))
    ]
    score_bars = bars(score, min(score), max(score), room)
    return [*lines, f"{'score':<9} {score_bars}  {score[0]:.3f}, at best {score[best]:.3f} (epoch {best + 1})"]


def bars(values: Sequence[float], low: float, high: float, room: int) -> str:
    """A bar for each value, between the lowest and the highest; of too many values, evenly chosen ones.

    >>> bars([0, 1, 2], 0, 2, 10)
    '▁▅█'
    """
    if len(values) > room:
        values = [values[round(place * (len(values) - 1) / (room - 1))] for place in range(room)]
    step = (high - low) / (len(_BARS) - 1) or 1.0
    return "".join(_BARS[min(round((value - low) / step + 0.01), len(_BARS) - 1)] for value in values)
