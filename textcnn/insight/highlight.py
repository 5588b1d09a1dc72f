"""Words shaded by what they contributed to an answer, as HTML: in notebooks, and in reports.

Green speaks for the label and red against it, the stronger the darker; what speaks against is also underlined, for
those who see no difference between the two. The colours are half transparent, so they suit light pages and dark ones.

All text is data and so hostile: it is escaped, and what a reader cannot see is made visible.
"""

from collections.abc import Iterable
from html import escape
from typing import NamedTuple

__all__ = ["Shade", "shaded_html", "visible"]

_FOR, _AGAINST = "26,152,80", "215,48,39"
_DARKEST = 0.6  # opacity of the strongest word
_FAINTEST = 0.05  # share of the strongest below which a word is left alone
_KEPT = "\n\t\u200c\u200d"  # the joiners shape characters and pictographs


class Shade(NamedTuple):
    """A span of a text, `text[start:end]`, and what it contributed."""

    start: int
    end: int
    value: float


def visible(text: str) -> str:
    """The same number of characters, with the replacement character for what controls, hides or turns around."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() or character in _KEPT else "\ufffd" for character in text)


def shaded_html(text: str, shades: Iterable[Shade], strongest: float = 0.0) -> str:
    """Text as HTML with some of its spans shaded.

    Args:
        text: any text.
        shades: in the order of the text; they do not overlap.
        strongest: the value that is darkest; if not given, the greatest there is.
    """
    shades = list(shades)
    strongest = strongest or max((abs(shade.value) for shade in shades), default=0.0)
    pieces, last = [], 0
    for shade in shades:
        pieces.append(_plain(text[last : shade.start]))
        pieces.append(_one(text[shade.start : shade.end], shade.value, strongest))
        last = shade.end
    return "".join([*pieces, _plain(text[last:])])


def _plain(text: str) -> str:
    return escape(visible(text))


def _one(word: str, value: float, strongest: float) -> str:
    share = min(abs(value) / strongest, 1.0) if strongest else 0.0
    if share < _FAINTEST:
        return _plain(word)
    colour, line = (_FOR, "") if value > 0 else (_AGAINST, ";border-bottom:2px dotted")
    style = f"background:rgba({colour},{share * _DARKEST:.2f});border-radius:3px;padding:1px 2px{line}"
    return f'<span style="{style}" title="{value:+.2f}">{_plain(word)}</span>'
