"""Labelled texts of a command: read whole, and said how."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from textcnn.cli.display.console import say

if TYPE_CHECKING:
    from textcnn.corpus import Corpus, Reading

__all__ = ["known_after", "known_before", "read_aloud", "set_apart"]


def known_before(settings: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What is known of the labels of the first texts: nothing, or that each text has one."""
    return () if settings.get("labels_per_text") == "one" else None


def known_after(corpus: "Corpus", settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The labels of the first texts, if a text can have several of them; none if not."""
    from textcnn.labels import is_multi_label, label_names

    multi_label = settings.get("labels_per_text") == "several" or is_multi_label(corpus.labels)
    return tuple(label_names(corpus.labels)) if multi_label else ()


def set_apart(corpus: "Corpus", outside: str, *, quiet: bool) -> tuple["Corpus", list[str]]:
    """The texts of some kind, and those of none, which have the label `outside`; all, and no text, if it is empty.

    Raises:
        SettingsError: no text has the label.
        DataError: all texts have it.
    """
    from textcnn.labels import label_names, require_outside, require_two

    if not outside:
        return corpus, []
    require_outside(outside, label_names(corpus.labels))
    known, others = corpus.parted(outside)
    require_two(label_names(known.labels), f"the texts without {outside!r}")
    say(f"{len(others.texts):,} of {len(corpus.texts):,} texts are of no kind: {outside!r}", quiet=quiet)
    return known, others.texts


def read_aloud(
    files: list[str],
    how: "Reading",
    *,
    quiet: bool,
    known: tuple[str, ...] | None = None,
    fields: bool = False,
    multi_label: bool = False,
    names: Collection[str] = (),
) -> "Corpus":
    """Read the files, and say how they were read; see `read_corpus` for the rest."""
    from textcnn.corpus import read_corpus

    corpus = read_corpus(files, reading=how, known=known, fields=fields, multi_label=multi_label, names=names)
    for note in corpus.notes:
        say(note, quiet=quiet)
    for loss in corpus.losses:
        say(loss)
    return corpus
