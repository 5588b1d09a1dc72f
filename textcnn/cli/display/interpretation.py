"""How it is shown what a model has learned: n-grams of labels and of filters, in lines or as one JSON object."""

import sys
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from textcnn.cli.display.console import console, cut, is_terminal, one_line, put, table, width

if TYPE_CHECKING:
    from textcnn.model.interpretation import Filter, Learned, Ngram

__all__ = ["learned_object", "show_learned"]

_MOST_LABELS = 20
_PIPE = 100  # columns where nobody looks


def learned_object(learned: "Learned", labels: Sequence[str]) -> dict[str, Any]:
    """As `inspect --format json` holds it; a twin is the number of another filter, from 0."""
    return {
        "texts": learned.texts,
        "labels": {
            label: {"for": _objects(own.speak_for), "against": _objects(own.against)}
            for label, own in zip(labels, learned.labels, strict=True)
        },
        "dead_filters": len(_dead(learned)),
        "copied_filters": len(_copied(learned)),
        "filters": [
            {
                **each._asdict(),
                "label": labels[each.label] if each.label >= 0 else None,
                "twin": each.twin if each.twin >= 0 else None,
                "ngrams": _objects(each.ngrams),
            }
            for each in learned.filters
        ],
    }


def _objects(ngrams: "Iterable[Ngram]") -> list[dict[str, Any]]:
    return [each._asdict() for each in ngrams]


def _dead(learned: "Learned") -> "list[Filter]":
    return [each for each in learned.filters if not each.active]


def _copied(learned: "Learned") -> "list[Filter]":
    return [each for each in learned.filters if each.is_copy]


def show_learned(learned: "Learned", labels: Sequence[str], *, multi_label: bool, filters: int) -> None:
    """Print what speaks for each label and against it, then the filters that push labels most.

    Of two labels of which a text has one, what speaks against the one speaks for the other, and is not said twice.
    """
    from textcnn.model.interpretation import COPIES

    put(f"\nwhat speaks for a label, with its mean gift to the logit, in {learned.texts:,} of the training texts\n")
    for label, own in list(zip(labels, learned.labels, strict=True))[:_MOST_LABELS]:
        put(_line(f"{one_line(label)}:", own.speak_for))
        if multi_label or len(labels) > 2:
            put(_line("    not", own.against))
    if len(labels) > _MOST_LABELS:
        put(f"... and {len(labels) - _MOST_LABELS} labels more: --format json\n")
    dead, copied = len(_dead(learned)), len(_copied(learned))
    put(
        f"\n{len(learned.filters)} filters: {dead} dead (they answer to no text), "
        f"{copied} like another (correlation from {COPIES} on)\n"
    )
    if filters:
        _show_filters(learned, labels, filters)


def _room() -> int:
    return width() - 1 if is_terminal(sys.stdout) else _PIPE


def _line(name: str, ngrams: "Sequence[Ngram]") -> str:
    """N-grams in a row, broken between them."""
    said = [f"{one_line(each.text)} {each.strength:+.2f}".replace(" ", "\N{NO-BREAK SPACE}") for each in ngrams]
    lines = wrap(f"{name} {', '.join(said) or 'nothing'}", max(_room(), 20), subsequent_indent="    ")
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ") + "\n"


def _show_filters(learned: "Learned", labels: Sequence[str], most: int) -> None:
    """Number, width, label, threshold, share of texts, and the n-grams with the largest responses."""
    made = table("filter", "width", "pushes", "from", "texts", "best n-grams")
    made.columns[5].justify = "left"
    made.columns[2].justify = "left"
    strongest = sorted(enumerate(learned.filters), key=lambda pair: -pair[1].push * pair[1].active)
    for number, each in strongest[:most]:
        label = cut(one_line(labels[each.label]), 12).rstrip() if each.label >= 0 else "-"
        threshold = "-" if each.threshold is None else f"{each.threshold:.2f}"
        best = ", ".join(one_line(ngram.text) for ngram in each.ngrams[:3])
        made.add_row(str(number), str(each.width), label, threshold, f"{each.active:.0%}", best)
    console(sys.stdout).print(made)
    put("from: responses from here on mean the label in three of four texts; texts: share that it answers to at all\n")
