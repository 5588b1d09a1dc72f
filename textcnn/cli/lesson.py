"""`textcnn train --teacher`: what a sentence encoder says of the texts, in place of their labels alone."""

from typing import TYPE_CHECKING, Any

from textcnn.cli.display.console import say
from textcnn.settings import settings_of

if TYPE_CHECKING:
    from textcnn.corpus import Corpus
    from textcnn.training.pupil import Said
    from textcnn.training.task import Labelled

__all__ = ["taught"]


def taught(
    corpus: "Corpus",
    unlabelled: list[str],
    name: str,
    values: dict[str, Any],
    hints: dict[str, str],
    *,
    quiet: bool,
) -> "tuple[Corpus, list[str], Said | None]":
    """What is to be learned from: see `Lesson`. Lines say who knows what, and who teaches."""
    import numpy as np

    from textcnn.labels import is_multi_label, label_names
    from textcnn.training.lesson import taught as lesson_of
    from textcnn.training.task import Labelled
    from textcnn.training.teacher import open_teacher

    settings = settings_of(values)
    lesson = lesson_of(
        Labelled(
            corpus.texts, corpus.labels, None if corpus.weights is None else np.array(corpus.weights), corpus.soft
        ),
        unlabelled,
        open_teacher(name),
        name,
        label_names(corpus.labels),
        settings,
        multi_label=settings.labels_per_text == "several" or is_multi_label(corpus.labels),
        hints=hints,
    )
    for note in lesson.notes:
        say(note, quiet=quiet)
    return _with(corpus, lesson.labelled), list(lesson.unlabelled), lesson.said


def _with(corpus: "Corpus", labelled: "Labelled") -> "Corpus":
    """A corpus of what was taught: its own texts come first."""
    further = len(labelled.texts) - len(corpus.texts)
    return corpus._replace(
        texts=list(labelled.texts),
        labels=list(labelled.labels),
        lines=[*corpus.lines, *range(1, further + 1)],
        sources=[*corpus.sources, *["without label"] * further],
        fields=[*corpus.fields, *[()] * further] if corpus.fields else (),
        weights=None if labelled.weights is None else labelled.weights.tolist(),
        soft=None if labelled.soft is None else list(labelled.soft),
    )
