"""Labelled texts of a command: read whole, and said how."""

from typing import TYPE_CHECKING

from textcnn.cli.console import say

if TYPE_CHECKING:
    from textcnn.corpus import Corpus, Reading

__all__ = ["read_aloud"]


def read_aloud(
    files: list[str], how: "Reading", *, quiet: bool, known: tuple[str, ...] = (), fields: bool = False
) -> "Corpus":
    """Read the files, and say how they were read; see `read_corpus` for the rest."""
    from textcnn.corpus import read_corpus

    corpus = read_corpus(files, reading=how, known=known, fields=fields)
    for note in corpus.notes:
        say(note, quiet=quiet)
    return corpus
