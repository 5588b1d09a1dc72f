"""textcnn itself, by its Python face, with its defaults and one setting at most."""

import os
from collections.abc import Mapping
from inspect import signature
from typing import Any

from protocol import Task

from systems.answers import Answers, Unavailable
from textcnn import TextCNNClassifier
from textcnn.vectors.packs import packs

# ISO 639-3 to the codes of packs, where these are not the first two letters.
_CODES = {"deu": "de", "spa": "es", "tur": "tr", "jpn": "ja"}


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


def shared(task: Task, seed: int) -> Answers:
    """Over the shared vectors, whatever the language of its texts."""
    return _textcnn(task, seed, vectors="shared")


def pack(task: Task, seed: int) -> Answers:
    """With the pack of the language after which the texts are named: deu_Latn, zh_reviews."""
    return _textcnn(task, seed, vectors=_language(task))


def pack_unlabelled(task: Task, seed: int) -> Answers:
    """With that and the texts beside the labelled ones."""
    if not task.unlabelled:
        raise Unavailable("this task has no texts without labels")
    return _textcnn(task, seed, {"unlabelled": task.unlabelled}, vectors=_language(task))


def _language(task: Task) -> str:
    named = task.data.partition("_")[0]
    language = _CODES.get(named, named[:2])
    if language not in packs():
        raise Unavailable(f"the pack of {language} is not installed")
    return language


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
