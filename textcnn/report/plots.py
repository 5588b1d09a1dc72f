"""Drawings as SVG that takes its colours from the page, light or dark.

matplotlib draws in colours that only stand for names; these are then replaced by the variables of the page. Names of
labels stand in the page's key beside a drawing, not in it: there they wrap, and can be copied.
"""

import io
import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from textcnn.insight.highlight import visible
from textcnn.report.curves import Bins, Choice, Line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Point", "lines", "reliability_diagram", "threshold_diagram", "word_map"]

_SIZE = (3.9, 2.9)  # inches; a card of the page is about as wide, so characters are as large as drawn
_MAP_SIZE = (7.6, 4.2)
_INK, _MUTED, _GRID, _PAPER = "#000001", "#000002", "#000003", "#000004"
_SERIES = tuple(f"#0001{number:02x}" for number in range(8))
_NAMES = {_INK: "--ink", _MUTED: "--muted", _GRID: "--line", _PAPER: "--paper"}
_NAMES |= {colour: f"--series-{number}" for number, colour in enumerate(_SERIES)}
_STYLES = ("-", (0, (5, 1.5)), (0, (2, 1.2)), "-.", (0, (4, 1, 1, 1)), ":")  # for those who see no colours
_SETTINGS = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "textcnn",  # the same drawing, the same text
    "text.parse_math": False,  # a dollar sign is one
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
    "font.size": 9,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "text.color": _INK,
    "xtick.color": _GRID,
    "ytick.color": _GRID,
    "xtick.labelcolor": _MUTED,
    "ytick.labelcolor": _MUTED,
    "lines.linewidth": 1.8,
}


class Point(NamedTuple):
    """An n-gram on the map."""

    text: str
    x: float
    y: float
    series: int  # the label it speaks for
    strength: float  # from 0 to 1


@contextmanager
def _drawing(size: tuple[float, float], finished: dict[str, str], name: str, described: str) -> Iterator["Figure"]:
    """A figure to draw on; its SVG is in `finished` under `name` when the block ends."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # of fonts and folders
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", _SETTINGS]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of characters that the font it measures with does not have
        figure = Figure(figsize=size)
        figure.subplots_adjust(left=0.15, right=0.97, bottom=0.16, top=0.97, hspace=0.12)
        yield figure
        made = io.StringIO()
        figure.savefig(made, format="svg", transparent=True, metadata={"Date": None})
    finished[name] = _for_page(made.getvalue(), name, described)


def _for_page(svg: str, name: str, described: str) -> str:
    """Without what only files need; its ids made its own, its colours the page's."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub("<[^>]*>", lambda tag: _of_page(tag.group(), name), svg)  # and not the words between tags
    return re.sub(
        r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', rf'<svg viewBox="\1" role="img" aria-label="{described}">', svg
    )


def _of_page(tag: str, name: str) -> str:
    tag = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{name}-", tag)
    return re.sub("|".join(_NAMES), lambda colour: f"var({_NAMES[colour.group()]})", tag)


def _axes(axes: "Axes", across: str, up: str, *, unit: bool = False) -> "Axes":
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(True)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    if unit:
        ticks = [0, 0.25, 0.5, 0.75, 1]
        axes.set(xlim=(0, 1), ylim=(0, 1.02), xticks=ticks, yticks=ticks)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_major_formatter("{x:g}")
    return axes


def lines(
    name: str,
    drawn: Sequence[Line],
    *,
    across: str,
    up: str,
    unit: bool = False,
    diagonal: bool = False,
    mark: float | None = None,
) -> str:
    """Lines over one axis.

    Args:
        name: of the drawing, plain; ids begin with it.
        drawn: at least one line; no more than the page has colours for.
        across: what the axis across means.
        up: what the axis up means.
        unit: both axes go from 0 to 1.
        diagonal: draw what chance would be.
        mark: a value on the axis across to point out.
    """
    from matplotlib.ticker import MaxNLocator

    made: dict[str, str] = {}
    with _drawing(_SIZE, made, name, f"{up} by {across}") as figure:
        axes = _axes(figure.subplots(), across, up, unit=unit)
        if diagonal:
            axes.plot([0, 1], [0, 1], color=_MUTED, linewidth=1, linestyle=":")
        if mark is not None:
            axes.axvline(mark, color=_MUTED, linewidth=1, linestyle=":")
        for number, line in enumerate(drawn):
            style: Any = _STYLES[number % len(_STYLES)]
            few = len(line.x) <= 20 and not unit
            colour = _SERIES[number % len(_SERIES)]
            axes.plot(
                line.x, line.y, color=colour, linestyle=style, clip_on=False, marker="o" if few else "", markersize=3.5
            )
        if not unit:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return made[name]


def reliability_diagram(bins: Bins) -> str:
    """How often answers are right by the probability they were given, with intervals; below it how many there are."""
    made: dict[str, str] = {}
    with _drawing(_SIZE, made, "reliability", "share of right answers by their probability") as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
        _axes(upper, "", "share right", unit=True)
        upper.plot([0, 1], [0, 1], color=_MUTED, linewidth=1, linestyle=":")
        value = np.array([share.value for share in bins.right])
        below = value - [share.low for share in bins.right]
        above = np.array([share.high for share in bins.right]) - value
        upper.errorbar(
            bins.said,
            value,
            [below, above],
            color=_SERIES[0],
            marker="o",
            markersize=4.5,
            elinewidth=1.2,
            clip_on=False,
        )
        _axes(lower, "probability", "answers")
        left = np.minimum((bins.said * 10).astype(int), 9) / 10
        lower.bar(left + 0.05, bins.counts, width=0.09, color=_SERIES[0], alpha=0.45)
        lower.set(yticks=[int(bins.counts.max(initial=0))])
    return made["reliability"]


def threshold_diagram(choice: Choice) -> str:
    """Precision, recall and share answered by threshold; the page moves the cursor, and redraws the three lines."""
    made: dict[str, str] = {}
    at = np.linspace(0, 1, len(choice.given))
    given, right = np.array(choice.given), np.array(choice.right)
    shares = [
        ("precision", np.divide(right, given, out=np.full(len(at), np.nan), where=given > 0)),
        ("recall", right / max(choice.total, 1)),
        ("answered", np.array(choice.answered) / max(choice.texts, 1)),
    ]
    with _drawing((4.6, 2.9), made, "threshold", "precision, recall and share answered by threshold") as figure:
        axes = _axes(figure.add_axes((0.1, 0.15, 0.86, 0.8)), "threshold", "", unit=True)
        axes.set_ylim(0, 1)
        axes.patch.set_gid("box")
        for number, (name, values) in enumerate(shares):
            style: Any = _STYLES[number]
            (drawn,) = axes.plot(at, values, color=_SERIES[number], linestyle=style, clip_on=False)
            drawn.set_gid(name)
        axes.axvline(0, color=_INK, linewidth=1.2).set_gid("cursor")
    return made["threshold"]


def word_map(points: Sequence[Point]) -> str:
    """N-grams where their word vectors lie; the text of those for which there is room, the strongest first."""
    made: dict[str, str] = {}
    with _drawing(_MAP_SIZE, made, "map", "the strongest n-grams, by the likeness of their words") as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.margins(0.12, 0.06)
        for point in points:
            axes.plot(point.x, point.y, "o", color=_SERIES[point.series % len(_SERIES)], ms=3 + 6 * point.strength)
        figure.draw_without_rendering()
        taken: list[Any] = []
        for point in sorted(points, key=lambda point: -point.strength):
            shown = axes.annotate(
                visible(point.text)[:40],
                (point.x, point.y),
                xytext=(0, 6 + 3 * point.strength),
                textcoords="offset points",
                ha="center",
                fontsize=8 + 2 * point.strength,
            )
            box = shown.get_window_extent()
            if any(box.overlaps(other) for other in taken):
                shown.remove()
            else:
                taken.append(box)
    return made["map"]
