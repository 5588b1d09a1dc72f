"""textcnn itself, by its Python face, with its defaults and one setting at most."""

import os
from collections.abc import Mapping
from inspect import signature
from typing import Any

from protocol import Task

from systems.answers import Answers, Unavailable
from textcnn import TextCNNClassifier


def default(task: Task, seed: int) -> Answers:
    """No option at all."""
    return _textcnn(task, seed)


def fast(task: Task, seed: int) -> Answers:
    """With `quality="fast"`."""
    return _textcnn(task, seed, quality="fast")


def network(task: Task, seed: int) -> Answers:
    """With `frozen="off"`: however few the texts, a whole network is trained."""
    return _textcnn(task, seed, frozen="off")


def unlabelled(task: Task, seed: int) -> Answers:
    """With the texts beside the labelled ones."""
    if not task.unlabelled:
        raise Unavailable("this task has no texts without labels")
    return _textcnn(task, seed, {"unlabelled": task.unlabelled})


def teacher(task: Task, seed: int) -> Answers:
    """The same, with the sentence-transformers model that TEACHER names to teach on all of them."""
    if "teacher" not in signature(TextCNNClassifier.fit).parameters:
        raise Unavailable("this version of textcnn has no teacher")
    if not (name := os.environ.get("TEACHER")):
        raise Unavailable("TEACHER names no model; see README.md")
    return _textcnn(task, seed, {"unlabelled": task.unlabelled, "teacher": name})


def _textcnn(task: Task, seed: int, more: Mapping[str, Any] | None = None, **settings: str) -> Answers:
    """The dev part, if there is one, decides when to stop; it is not learned from."""
    try:
        model = TextCNNClassifier(**settings, seed=seed)
    except TypeError as error:
        raise Unavailable(f"this version of textcnn has other settings: {error}") from error
    validation = task.dev and (task.dev.texts, _labels(task, task.dev.labels))
    model.fit(task.train.texts, _labels(task, task.train.labels), validation=validation, **(more or {}))
    said = model.predict(task.test.texts)
    labels = [tuple(own) for own in said] if task.multi_label else [(own,) for own in said]
    return Answers(labels, model.predict_proba(task.test.texts))


def _labels(task: Task, labels: list[tuple[str, ...]]) -> list[Any]:
    return [list(own) for own in labels] if task.multi_label else [own[0] for own in labels]
