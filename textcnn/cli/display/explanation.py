"""How explanations are shown: words shaded by what they gave, the strongest n-grams; or one JSON object."""

import io
import sys
from typing import TYPE_CHECKING, Any

from textcnn.cli.display.console import console, cut, is_terminal, one_line, width

if TYPE_CHECKING:
    from textcnn.insight.explain import Contribution, Explanation

__all__ = ["explanation_object", "shaded"]

_MOST_NGRAMS = 6
_FOR, _AGAINST = "34,139,34", "178,34,34"  # forest green and fire brick, readable on light and dark


def explanation_object(explanation: "Explanation", most_ngrams: int = 20) -> dict[str, Any]:
    """An explanation as JSON lines hold it; of the n-grams only the strongest."""
    against = {"against": explanation.against} if explanation.against else {}
    return {
        "label": explanation.label,
        **against,
        "logit": explanation.logit,
        "bias": explanation.bias,
        "exact": explanation.exact,
        "words": [{"word": part.text, **_place(part)} for part in explanation.words],
        "ngrams": [{"text": part.text, **_place(part)} for part in explanation.ngrams[:most_ngrams]],
        "unknown": explanation.unknown,
    }


def _place(part: "Contribution") -> dict[str, Any]:
    return {"start": part.start, "end": part.end, "contribution": part.contribution}


def shaded(explanation: "Explanation") -> str:
    """The text with each word shaded: green speaks for the label, red against it; then the n-grams that count most."""
    from rich.text import Text

    made = io.StringIO()
    shown = console(made)
    if is_terminal(sys.stdout):
        shown = type(shown)(file=made, force_terminal=True, highlight=False, markup=False, emoji=False, width=width())
    strongest = max((abs(part.contribution) for part in explanation.words), default=0.0) or 1.0
    text, last = Text(), 0
    for part in explanation.words:
        text.append(one_line(explanation.text[last : part.start]) if part.start > last else "")
        share = abs(part.contribution) / strongest
        colour = _FOR if part.contribution > 0 else _AGAINST
        text.append(one_line(part.text), style=f"white on rgb({colour})" if share > 0.5 else _faint(colour, share))
        last = part.end
    shown.print(text)
    asked = explanation.label + (f" rather than {explanation.against}" if explanation.against else "")
    shown.print(f"for {one_line(asked)}: logit {explanation.logit:+.2f}, of which bias {explanation.bias:+.2f}")
    for part in explanation.ngrams[:_MOST_NGRAMS]:
        shown.print(f"  {part.contribution:+.2f}  {cut(one_line(part.text), max(width() - 10, 8)).rstrip()}")
    known = len(explanation.words) - sum(part.text in explanation.unknown for part in explanation.words)
    note = f"; unknown: {', '.join(map(one_line, explanation.unknown[:10]))}" if explanation.unknown else ""
    shown.print(f"{known} of {len(explanation.words)} words known{note}")
    return made.getvalue()


def _faint(colour: str, share: float) -> str:
    """Weaker words are coloured, weakest ones are not."""
    return f"rgb({colour})" if share > 0.1 else ""
