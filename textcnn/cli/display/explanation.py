"""How explanations are shown: words shaded by what they contributed, and the strongest n-grams."""

import io
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textcnn.cli.display.console import console, cut, is_terminal, one_line, width
from textcnn.corpus.record import TextPart

if TYPE_CHECKING:
    from rich.text import Text

    from textcnn.insight.explain import Explanation

__all__ = ["shaded"]

_MOST_NGRAMS = 6
_FOR, _AGAINST = "34,139,34", "178,34,34"  # forest green and fire brick, readable on light and dark


def shaded(explanation: "Explanation", parts: Sequence[TextPart] = ()) -> str:
    """The text with each word shaded: green speaks for the label, red against it; then the n-grams that count most.

    Each of several `parts` of the text has a line of its own, and begins with its column.
    """
    made = io.StringIO()
    shown = console(made)
    if is_terminal(sys.stdout):
        shown = type(shown)(file=made, force_terminal=True, highlight=False, markup=False, emoji=False, width=width())
    for column, start, end in parts:
        shown.print(_words(explanation, start, end, f"{one_line(column)}: "))
    if not parts:
        shown.print(_words(explanation, 0, len(explanation.text)))
    asked = explanation.label + (f" rather than {explanation.against}" if explanation.against else "")
    shown.print(f"for {one_line(asked)}: logit {explanation.logit:+.2f}, of which bias {explanation.bias:+.2f}")
    for part in explanation.ngrams[:_MOST_NGRAMS]:
        shown.print(f"  {part.contribution:+.2f}  {cut(one_line(part.text), max(width() - 10, 8)).rstrip()}")
    shown.print(_known(explanation))
    return made.getvalue()


def _words(explanation: "Explanation", start: int, end: int, head: str = "") -> "Text":
    """A part of the text with its shades."""
    from rich.text import Text

    strongest = max((abs(word.contribution) for word in explanation.words), default=0.0) or 1.0
    text, last = Text(head), start
    for word in explanation.words:
        if start <= word.start < end:
            text.append(one_line(explanation.text[last : word.start]) if word.start > last else "")
            text.append(one_line(word.text), style=_shade(word.contribution / strongest))
            last = word.end
    return text


def _shade(share: float) -> str:
    """Of a word by its share of the strongest one: weaker words are coloured, the weakest are not."""
    colour = _FOR if share > 0 else _AGAINST
    if abs(share) > 0.5:
        return f"white on rgb({colour})"
    return f"rgb({colour})" if abs(share) > 0.1 else ""


def _known(explanation: "Explanation") -> str:
    """How many words have vectors, and which have none."""
    unknown = explanation.unknown
    known = len(explanation.words) - sum(part.text in unknown for part in explanation.words)
    note = f"; unknown: {', '.join(map(one_line, unknown[:10]))}" if unknown else ""
    return f"{known} of {len(explanation.words)} words known{note}"
