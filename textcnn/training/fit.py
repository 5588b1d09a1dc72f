"""From labelled texts to a model: by its last layer alone where texts are few, else by networks."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.distributed.executor import Executor
from textcnn.evaluation.metrics import Report, measure_answers
from textcnn.insight.ngrams import interpret
from textcnn.model.interpretation import pack
from textcnn.model.model import MOST_PACKED, Model, fingerprint
from textcnn.settings import Settings, record, settled
from textcnn.text.tokens import folded
from textcnn.training.conformal import promises
from textcnn.training.events import Callback, TrainingEvent
from textcnn.training.frozen import fit_frozen
from textcnn.training.label_names import hint_texts, in_words
from textcnn.training.offsets import check_metric, offsets_for
from textcnn.training.outcome import HeldOut
from textcnn.training.outside import Judged, judged_outside, told_apart
from textcnn.training.pupil import Said
from textcnn.training.task import Labelled, Task

__all__ = ["FitResult", "fit"]


class FitResult(NamedTuple):
    """A model, and what its held-out figures were measured on."""

    model: Model
    held_out: list[HeldOut]  # numbers of texts count those for training first, then those for validation
    seen: bool  # whether the models had learned from those texts after all: there were too few to hold any out


def fit(
    training: Labelled,
    *,
    classes: Sequence[str],
    multi_label: bool,
    settings: Settings,
    validation: Labelled | None = None,
    outside: Sequence[str] = (),
    callback: Callback = lambda event: False,
    executor: Executor | None = None,
    hints: Mapping[str, str] | None = None,
    unlabelled: Sequence[str] = (),
    said: Said | None = None,
) -> FitResult:
    """Train a model.

    Args:
        training: texts of at least two classes.
        classes: all labels, in the order of the model's.
        multi_label: whether a text can have several labels.
        settings: checked already.
        validation: scored after each epoch, without the texts that are in `training`, too, or whose label is none of
            the classes; if none are left, or none are given, parts of `training` are held out.
        outside: texts of no kind, which no class is learned from; they say what makes a text novel.
        callback: is told every event; when it returns True after a batch or an epoch, training ends with the best
            checkpoint so far.
        executor: does the trainings; by default this process and, if they last long enough for that, as many others as
            there are cores and memory for.
        hints: what labels mean, in words, where their names do not say it; they help where texts are few, and are told
            to be left out where they are many.
        unlabelled: texts without labels, from which a last layer over the sentence encoder learns, too, where there is
            one.
        said: what somebody else says of these, which is heard where texts are few.

    Raises:
        SettingsError: a hint is for none of the classes.
        TrainingError: there is nothing to learn from.
        VectorsError: the vectors cannot be read.
    """
    check_metric(settings.metric, classes, multi_label=multi_label)
    given, settings = settings, settled(settings, len(classes))
    described = hint_texts(classes, hints or {})
    hinted = Labelled(list(described.values()), [(label,) for label in described])
    task = Task.of([training, *([validation] if validation else []), hinted], classes, settings, multi_label)
    task = task._replace(words=in_words(classes, described))
    unseen = _unseen(training, validation, classes, callback)
    outcome = fit_frozen(task, training, unseen, callback, list(described.values()), unlabelled, said)
    if outcome is None:
        # Only now, for torch takes longer to import than a few texts to learn.
        from textcnn.training.networks import fit_networks

        if described:
            why = "they are for few texts over the vectors of the package"
            callback(TrainingEvent("note", note=f"label hints are left out: {why}"))
            task = task._replace(words=in_words(classes, {}))
        outcome = fit_networks(task, training, unseen, callback, executor, unlabelled)
    model = outcome.model
    strange = None if outcome.seen else judged_outside(outside, outcome.held_out)
    figures = {
        "validation": _measured(outcome.held_out).figures(),
        **_outside_figures(settings.outside, outcome.held_out, strange),
        **_otherwise_decided(outcome.held_out, settings.metric),
        **outcome.course,
        "training_texts": len(training.texts),
        **_softly(task, len(training.texts)),
    }
    model = replace(
        model,
        settled=tuple(name for name, value in record(given).items() if value != model.settings[name]),
        figures=figures,
        fingerprint=fingerprint(training.texts, training.labels),
        optional={} if outcome.seen else promises(outcome.held_out, task.encoded.ragged.lengths, strange),
    )
    return FitResult(_with_ngrams(model, task, len(training.texts), callback), outcome.held_out, outcome.seen)


def _unseen(
    training: Labelled, validation: Labelled | None, classes: Sequence[str], callback: Callback
) -> NDArray[np.int64]:
    """Numbers of the validation texts that can tell how good a model is.

    They are not learned from, and their labels, if they have any, are not all unknown.
    """
    if validation is None:
        return np.empty(0, np.int64)
    learned, count = set(map(folded, training.texts)), len(validation.texts)
    unseen = [number for number, text in enumerate(validation.texts) if folded(text) not in learned]
    labels, possible = validation.labels, set(classes)
    known = [number for number in unseen if not labels[number] or not possible.isdisjoint(labels[number])]
    rest = "" if known else "; parts of the training texts are held out instead"
    for left_out, which in (
        (count - len(unseen), "are training texts too and"),
        (len(unseen) - len(known), "have a label that no training text has and are"),
    ):
        if left_out:
            callback(TrainingEvent("note", note=f"{left_out} of {count} validation texts {which} left out{rest}"))
    return np.array(known, np.int64) + len(training.texts)


def _outside_figures(label: str, held_out: Sequence[HeldOut], outside: Judged | None) -> dict[str, Any]:
    """How well the novelty tells texts of no kind from held-out ones, if there are such texts."""
    known = Judged.of(held_out)
    if outside is None or len(known.probabilities) < 2:
        return {}
    return {"outside": asdict(told_apart(label, known, outside, multi_label=held_out[0].model.multi_label))}


def _softly(task: Task, texts: int) -> dict[str, int]:
    """How many of the training texts taught probabilities that differ from their labels; nothing if none did."""
    count = int((task.learned[:texts] != task.targets[:texts]).any(axis=1).sum())
    return {"soft_labels": count} if count else {}


def _otherwise_decided(held_out: Sequence[HeldOut], metric: str) -> dict[str, Any]:
    """How good the same answers would be if they were decided for macro F1, where they are decided for accuracy."""
    if metric != "accuracy" or held_out[0].model.multi_label:
        return {}
    decided = _measured(_decided_for("macro-f1", held_out))
    return {"decided_for_macro_f1": {"accuracy": decided.accuracy, "macro_f1": decided.macro_f1}}


def _decided_for(metric: str, held_out: Sequence[HeldOut]) -> list[HeldOut]:
    """The same answers, had they been decided for another metric."""
    probabilities, targets, weights = (np.concatenate([part[column] for part in held_out]) for column in (1, 2, 3))
    offsets = offsets_for(metric, held_out[0].model.labels, probabilities, targets, weights)
    return [part._replace(model=replace(part.model, offsets=offsets)) for part in held_out]


def _measured(held_out: Sequence[HeldOut]) -> Report:
    """How good all answers to held-out texts are, each part's by its own model."""
    labels, multi_label = held_out[0].model.labels, held_out[0].model.multi_label
    predicted = [answer for part in held_out for answer in part.answers()]
    gold = [tuple(labels[place] for place in np.flatnonzero(row)) for part in held_out for row in part.targets]
    probabilities = np.concatenate([part.probabilities for part in held_out])
    weights = np.concatenate([part.weights for part in held_out])
    return measure_answers(gold, predicted, probabilities, labels, multi_label=multi_label, weights=weights)


def _with_ngrams(model: Model, task: Task, texts: int, callback: Callback) -> Model:
    """The model with the n-grams of the training texts, for `inspect`, if they are wanted and not too many."""
    if task.settings.keep_ngrams != "on":
        return model
    callback(TrainingEvent("phase", note="listing n-grams"))
    every = np.arange(texts)
    packed = pack(interpret(model, task.part(every), task.targets[every], task.settings.threads))
    if len(packed) <= MOST_PACKED:
        return replace(model, packed_interpretation=packed)
    sentence = "so many filters have learned more than a model can keep for textcnn inspect"
    callback(TrainingEvent("note", note=sentence))
    return model
