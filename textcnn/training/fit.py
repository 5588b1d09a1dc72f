"""From labelled texts to a model: hold out, learn, judge, calibrate, learn again from all."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.evaluation.metrics import measure
from textcnn.insight.ngrams import interpret
from textcnn.model.interpretation import MOST_BYTES, pack
from textcnn.model.model import Model, fingerprint
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings, settled
from textcnn.text.tokens import folded
from textcnn.training.calibration import Calibration
from textcnn.training.device import on_machine
from textcnn.training.folds import Split, splits
from textcnn.training.loop import Epoch, Step
from textcnn.training.run import Labelled, Lesson, Task, teach

__all__ = ["Callback", "Labelled", "Measured", "fit"]

Callback = Callable[["Step | Epoch | Measured | str"], bool]


class Measured(NamedTuple):
    """What the figures of a model are of: the model before it learned from these texts too, and the texts."""

    model: Model
    texts: NDArray[np.int64]  # numbers, those for training first, then those for validation
    held_out: bool  # False if there were too few texts to hold any out


def fit(
    train: Labelled,
    *,
    classes: Sequence[str],
    multi_label: bool,
    settings: Settings,
    validation: Labelled | None = None,
    callback: Callback,
) -> Model:
    """Train a model.

    Args:
        train: at least two classes.
        classes: all labels, in the order of the model's.
        multi_label: whether a text can have several labels.
        settings: checked already.
        validation: scored after each pass, without the texts that are in `train`, too, or whose label is none of the
            classes; if none are left, or none are given, parts of `train` are held out.
        callback: is told every Step, Epoch, Measured and note; training ends, with the best weights so far, when it
            returns True.

    Raises:
        TrainingError: there is nothing to learn from.
        VectorsError: the vectors cannot be read.
    """
    settings = settled(settings, len(classes))
    task = Task.of([train, *([validation] if validation else [])], classes, settings, multi_label)
    every, unseen = np.arange(len(train.texts)), _unseen(train, validation, classes, callback)
    (learn, held), *others = [(every, unseen)] if len(unseen) else _splits(train, settings, multi_label)
    judges = held if len(held) else learn
    own, again = len(held) > 0 and not len(unseen), settings.refit == "on"
    with on_machine(settings) as machine:
        lesson = teach(task, learn, judges, machine, callback, keep_last=again)
        if again and lesson.share < 1 and not (lesson.stopped or settings.patience):
            callback("the loss of the texts held out grew in the end: the same again in fewer passes")
            other = teach(task, learn, judges, machine, callback, lesson)
            lesson = lesson._replace(stopped=True) if other.stopped else other
        answers, stopped = [_answers(lesson, task, judges)], lesson.stopped
        for rest, part in others:
            if not stopped:
                callback("the same again without another third of the texts")
                other = teach(task, rest, None, machine, callback, lesson)
                stopped = other.stopped
                answers += [] if stopped else [_answers(other, task, part)]
        calibration = Calibration.of(*map(np.concatenate, zip(*answers, strict=True)), multi_label=multi_label)
        figures = {**_judged(lesson, answers[0], calibration), "training_texts": len(every)}
        model = replace(calibration.applied(lesson.model), figures=figures)
        callback(Measured(model, judges, len(held) > 0))
        if again and own and not stopped:
            callback("the same again with all texts")
            last = teach(task, every, None, machine, callback, lesson)
            if not last.stopped:
                model = replace(calibration.applied(last.model), figures=figures)
    if settings.keep_ngrams == "on":
        packed = pack(interpret(model, task.part(every), task.targets[every]))
        if len(packed) <= MOST_BYTES:
            model = replace(model, packed_interpretation=packed)
        else:
            callback("so many filters have learned more than a model can keep for textcnn inspect")
    return replace(model, fingerprint=fingerprint(train.texts, train.labels))


def _splits(train: Labelled, settings: Settings, multi_label: bool) -> list[Split]:
    strata = [labels[:1] for labels in train.labels] if multi_label else train.labels
    return splits(train.texts, strata, settings)


def _unseen(
    train: Labelled, validation: Labelled | None, classes: Sequence[str], callback: Callback
) -> NDArray[np.int64]:
    """Numbers of the validation texts that can tell how good a model is.

    They are not learned from, and their labels, if they have any, are not all unknown.
    """
    if validation is None:
        return np.empty(0, np.int64)
    learned, count = set(map(folded, train.texts)), len(validation.texts)
    unseen = [number for number, text in enumerate(validation.texts) if folded(text) not in learned]
    own, possible = validation.labels, set(classes)
    known = [number for number in unseen if not own[number] or not possible.isdisjoint(own[number])]
    rest = "" if known else "; parts of the training texts are held out instead"
    for left_out, which in (
        (count - len(unseen), "are training texts too and"),
        (len(unseen) - len(known), "have a label that no training text has and are"),
    ):
        if left_out:
            callback(f"{left_out} of {count} validation texts {which} left out{rest}")
    return np.array(known, np.int64) + len(train.texts)


class _Answers(NamedTuple):
    """What a model says to texts that it has not learned from, before it is calibrated."""

    network: NDArray[np.float32]  # (B, K) logits
    linear: NDArray[np.float32]  # (B, K) margins
    targets: NDArray[np.float32]  # (B, K)


def _answers(lesson: Lesson, task: Task, held: NDArray[np.int64]) -> _Answers:
    predictor, texts = Predictor(lesson.model), task.part(held)
    return _Answers(predictor.network_logits(texts), predictor.linear_margins(texts), task.targets[held])


def _judged(lesson: Lesson, answers: _Answers, calibration: Calibration) -> dict[str, Any]:
    """How good the model is that was taught first, and how it came to be."""
    model = calibration.applied(lesson.model)
    probabilities = calibration.probabilities(answers.network, answers.linear)
    gold = [tuple(model.labels[place] for place in np.flatnonzero(row)) for row in answers.targets]
    report = measure(gold, probabilities, Predictor(model).choose, model.labels, multi_label=model.multi_label)
    return {
        "validation": report.figures(),
        "start_loss": lesson.start_loss,
        "diverged": sum(bool(row.note) for row in lesson.history),
        "curve": [[row.loss, row.validation_loss, row.score] for row in lesson.history],
        "kept": lesson.kept,
        "vectors": lesson.start.source,
        "known_words": lesson.start.known,
    }
