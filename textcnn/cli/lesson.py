"""`textcnn train --teacher`: what a sentence encoder says of the texts, in place of their labels alone."""

from typing import TYPE_CHECKING, Any

from textcnn.cli.display.console import say

if TYPE_CHECKING:
    from textcnn.corpus import Corpus
    from textcnn.training.task import Labelled

__all__ = ["taught"]


def taught(corpus: "Corpus", unlabelled: list[str], name: str, settings: dict[str, Any], *, quiet: bool) -> "Corpus":
    """The same texts with soft labels by a teacher, where they have none, and those without labels with the teacher's.

    A line says what the teacher knows.
    """
    import numpy as np

    from textcnn.labels import is_multi_label, label_names
    from textcnn.training import teacher as teaching
    from textcnn.training.task import Labelled

    labelled, teacher = teaching.taught(
        Labelled(
            corpus.texts, corpus.labels, None if corpus.weights is None else np.array(corpus.weights), corpus.soft
        ),
        unlabelled,
        teaching.open_teacher(name),
        label_names(corpus.labels),
        multi_label=settings.get("labels_per_text") == "several" or is_multi_label(corpus.labels),
        seed=int(settings.get("seed", 0)),
    )
    say(f"{name} teaches: it tells {teacher.accuracy:.1%} of texts that it has not learned from", quiet=quiet)
    if unlabelled:
        say(
            f"it labels {len(unlabelled):,} further texts, which count in all figures as if they were right",
            quiet=quiet,
        )
    return _with(corpus, labelled, len(unlabelled))


def _with(corpus: "Corpus", labelled: "Labelled", further: int) -> "Corpus":
    """A corpus of what was taught, so many texts of which are none of its own."""
    return corpus._replace(
        texts=list(labelled.texts),
        labels=list(labelled.labels),
        lines=[*corpus.lines, *range(1, further + 1)],
        sources=[*corpus.sources, *["without label"] * further],
        fields=[*corpus.fields, *[()] * further] if corpus.fields else (),
        weights=None if labelled.weights is None else labelled.weights.tolist(),
        soft=list(labelled.soft or ()),
    )
