"""`textcnn train --teacher`: what a sentence encoder says of the texts, in place of their labels alone."""

from typing import TYPE_CHECKING, Any

from textcnn.cli.display.console import say

if TYPE_CHECKING:
    from textcnn.corpus import Corpus
    from textcnn.training.task import SoftLabels

__all__ = ["taught"]

_HALF = 0.5


def taught(corpus: "Corpus", unlabelled: list[str], name: str, settings: dict[str, Any], *, quiet: bool) -> "Corpus":
    """The same texts with soft labels by a teacher, where they have none, and those without labels with the teacher's.

    A line says what the teacher knows.
    """
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
    corpus = corpus._replace(soft=[own or by for own, by in zip(given, teacher.own, strict=True)])
    if not unlabelled:
        return corpus
    say(f"it labels {len(unlabelled):,} further texts, which count in all figures as if they were right", quiet=quiet)
    return _joined(corpus, unlabelled, teacher.teach(unlabelled), multi_label)


def _joined(corpus: "Corpus", texts: list[str], soft: "list[SoftLabels]", multi_label: bool) -> "Corpus":
    """Further texts beside those of a corpus, with the labels that are probable."""
    count = len(texts)
    return corpus._replace(
        texts=[*corpus.texts, *texts],
        labels=[*corpus.labels, *(_probable(each, multi_label) for each in soft)],
        lines=[*corpus.lines, *range(1, count + 1)],
        sources=[*corpus.sources, *["without label"] * count],
        fields=[*corpus.fields, *[()] * count] if corpus.fields else (),
        weights=None if corpus.weights is None else [*corpus.weights, *[1.0] * count],
        soft=[*(corpus.soft or ()), *soft],
    )


def _probable(soft: "SoftLabels", multi_label: bool) -> tuple[str, ...]:
    """The likeliest label, or, of a text that can have several, those that are as likely as not."""
    if multi_label:
        return tuple(label for label, value in soft.items() if value >= _HALF)
    return (max(soft, key=soft.__getitem__),)
