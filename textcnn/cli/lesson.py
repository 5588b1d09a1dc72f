"""`textcnn train --teacher`: what a sentence encoder says of the texts, in place of their labels alone."""

from typing import TYPE_CHECKING, Any

from textcnn.cli.display.console import say

if TYPE_CHECKING:
    from textcnn.corpus import Corpus

__all__ = ["taught"]


def taught(corpus: "Corpus", name: str, settings: dict[str, Any], *, quiet: bool) -> "Corpus":
    """The same texts with soft labels by a teacher, where they have none, and a line about what it knows."""
    from textcnn.labels import is_multi_label, label_names
    from textcnn.training.task import Labelled
    from textcnn.training.teacher import Teacher, open_teacher

    encode = open_teacher(name)
    multi_label = settings.get("labels_per_text") == "several" or is_multi_label(corpus.labels)
    labelled = Labelled(corpus.texts, corpus.labels)
    seed = int(settings.get("seed", 0))
    teacher = Teacher.of(encode, labelled, label_names(corpus.labels), multi_label=multi_label, seed=seed)
    given = corpus.soft or [None] * len(corpus.texts)
    say(f"{name} teaches: it tells {teacher.accuracy:.1%} of texts that it has not learned from", quiet=quiet)
    return corpus._replace(soft=[own or by for own, by in zip(given, teacher.own, strict=True)])
