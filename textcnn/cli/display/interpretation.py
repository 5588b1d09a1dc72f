"""How `inspect` shows an interpretation: the n-grams of labels and of filters, in lines or as one JSON object."""

import sys
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from textcnn.cli.display.console import console, cut, is_terminal, one_line, put, table, width

if TYPE_CHECKING:
    from textcnn.model.interpretation import Filter, Interpretation, Ngram

__all__ = ["interpretation_object", "show_interpretation"]

_MOST_LABELS = 20
_PIPE = 100  # columns where nobody looks


def interpretation_object(interpretation: "Interpretation", labels: Sequence[str]) -> dict[str, Any]:
    """As `inspect --format json` holds it; `nearest` is the number of another filter, from 0."""
    return {
        "texts": interpretation.texts,
        "labels": {
            label: {"for": _objects(ngrams.speak_for), "against": _objects(ngrams.against)}
            for label, ngrams in zip(labels, interpretation.labels, strict=True)
        },
        "dead_filters": len(_dead(interpretation)),
        "duplicate_filters": len(_duplicates(interpretation)),
        "filters": [
            {
                **one._asdict(),
                "label": labels[one.label] if one.label >= 0 else None,
                "nearest": one.nearest if one.nearest >= 0 else None,
                "ngrams": _objects(one.ngrams),
            }
            for one in interpretation.filters
        ],
    }


def _objects(ngrams: "Iterable[Ngram]") -> list[dict[str, Any]]:
    return [ngram._asdict() for ngram in ngrams]


def _dead(interpretation: "Interpretation") -> "list[Filter]":
    return [one for one in interpretation.filters if not one.active]


def _duplicates(interpretation: "Interpretation") -> "list[Filter]":
    return [one for one in interpretation.filters if one.is_duplicate]


def show_interpretation(
    interpretation: "Interpretation", labels: Sequence[str], *, multi_label: bool, filters: int
) -> None:
    """Print what speaks for each label and against it, then the filters that contribute most.

    Of two exclusive labels, what speaks against the one speaks for the other, and is not said twice.
    """
    from textcnn.model.interpretation import DUPLICATE

    texts = f"{interpretation.texts:,} of the training texts"
    put(f"\nwhat speaks for a label, with its mean contribution to the logit, in {texts}\n")
    for label, ngrams in list(zip(labels, interpretation.labels, strict=True))[:_MOST_LABELS]:
        put(_line(f"{one_line(label)}:", ngrams.speak_for))
        if multi_label or len(labels) > 2:
            put(_line("    not", ngrams.against))
    if len(labels) > _MOST_LABELS:
        put(f"... and {len(labels) - _MOST_LABELS} more labels: --format json\n")
    dead, duplicates = len(_dead(interpretation)), len(_duplicates(interpretation))
    put(
        f"\n{len(interpretation.filters)} filters: {dead} dead (they respond to no text), "
        f"{duplicates} duplicates (correlation of at least {DUPLICATE} with another)\n"
    )
    if filters:
        _show_filters(interpretation, labels, filters)


def _room() -> int:
    return width() - 1 if is_terminal(sys.stdout) else _PIPE


def _line(name: str, ngrams: "Sequence[Ngram]") -> str:
    """N-grams in a row, broken between them."""
    shown = [f"{one_line(ngram.text)} {ngram.strength:+.2f}".replace(" ", "\N{NO-BREAK SPACE}") for ngram in ngrams]
    lines = wrap(f"{name} {', '.join(shown) or 'nothing'}", max(_room(), 20), subsequent_indent="    ")
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ") + "\n"


def _show_filters(interpretation: "Interpretation", labels: Sequence[str], most: int) -> None:
    """Number, width, label, threshold, share of texts, and the n-grams with the largest responses."""
    shown = table("filter", "width", "label", "threshold", "active", "top n-grams")
    shown.columns[5].justify = "left"
    shown.columns[2].justify = "left"
    strongest = sorted(enumerate(interpretation.filters), key=lambda pair: -pair[1].weight * pair[1].active)
    for number, one in strongest[:most]:
        label = cut(one_line(labels[one.label]), 12).rstrip() if one.label >= 0 else "-"
        threshold = "-" if one.threshold is None else f"{one.threshold:.2f}"
        top = ", ".join(one_line(ngram.text) for ngram in one.ngrams[:3])
        shown.add_row(str(number), str(one.width), label, threshold, f"{one.active:.0%}", top)
    console(sys.stdout).print(shown)
    put(
        "label: whose logit it raises most; threshold: of the texts with this response or a larger one, three of four\n"
        "have the label; active: share of texts to which it responds at all\n"
    )
