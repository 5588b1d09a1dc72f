"""`textcnn train --labels`: a first model from texts without labels, guessed from the names of the labels."""

import csv
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textcnn.cli.display.console import say
from textcnn.corpus import Reading, read_corpus
from textcnn.errors import SettingsError
from textcnn.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["first_model", "label_list"]


def label_list(told: str) -> list[str]:
    """The labels of `--labels`: with commas between them, or, where one has a comma, in quotes as in CSV.

    Raises:
        SettingsError: there are fewer than two, or one is named twice.
    """
    labels = [label.strip() for label in next(csv.reader([told], skipinitialspace=True), [])]
    if len(labels) < 2 or not all(labels) or len({*labels}) < len(labels):
        raise SettingsError(f"--labels takes at least two different labels, such as spam,ham, not {told!r}")
    return labels


def first_model(
    files: list[str],
    labels: list[str],
    hints: "Mapping[str, str]",
    how: Reading,
    values: dict[str, Any],
    output: Path,
    *,
    quiet: bool,
) -> None:
    """Read the texts, guess, write the model, and say what it is."""
    corpus = read_corpus(files, reading=how, labelled=False, multi_label=True)
    for note in corpus.notes:
        say(note, quiet=quiet)
    for loss in corpus.losses:
        say(loss)
    say(f"{len(corpus.texts)} texts, none of which is taken for labelled", quiet=quiet)
    from textcnn.model.file import write_model
    from textcnn.training.guess import fit_guess

    def callback(event: Any) -> bool:
        if event.kind == "note":
            say(event.note, quiet=quiet)
        return False

    model = fit_guess(corpus.texts, labels, settings=settings_of(values), hints=hints, callback=callback)
    write_model(replace(model, reading=corpus.learned), output)
    means = ", ".join(f"{label}: {words!r}" for label, words in model.figures["guessed_from"].items())
    name = shlex.quote(str(output))
    say(f"{name}: a guess from the names of the labels ({means}); nothing says how good it is", quiet=quiet)
    told = shlex.join([files[0], "--labels", ",".join(labels)])
    say(f"label some texts to know, and to have a better one: textcnn label {told}", quiet=quiet)
