"""From labelled texts to a model: hold out, cross-fit, calibrate, fit on all."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.distributed.executor import Executor, SerialExecutor
from textcnn.evaluation.metrics import Report, measure_answers
from textcnn.insight.ngrams import interpret
from textcnn.model.interpretation import MOST_BYTES, pack
from textcnn.model.model import Model, fingerprint
from textcnn.settings import Settings, record, settled
from textcnn.text.tokens import folded
from textcnn.training.conformal import promises
from textcnn.training.crossfit import HeldOut, cross_calibrated, cross_fit
from textcnn.training.events import Callback, Stage, TrainingEvent
from textcnn.training.folds import Split, splits
from textcnn.training.offsets import check_metric, offsets_for
from textcnn.training.run import Job, Run, train
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
    callback: Callback = lambda event: False,
    executor: Executor | None = None,
) -> FitResult:
    """Train a model.

    Args:
        training: texts of at least two classes.
        classes: all labels, in the order of the model's.
        multi_label: whether a text can have several labels.
        settings: checked already.
        validation: scored after each epoch, without the texts that are in `training`, too, or whose label is none of
            the classes; if none are left, or none are given, parts of `training` are held out.
        callback: is told every event; when it returns True after a batch or an epoch, training ends with the best
            checkpoint so far.
        executor: does the trainings; by default this process and, if they last long enough for that, as many others as
            there are cores and memory for.

    Raises:
        TrainingError: there is nothing to learn from.
        VectorsError: the vectors cannot be read.
    """
    check_metric(settings.metric, classes, multi_label=multi_label)
    given, settings = settings, settled(settings, len(classes))
    task = Task.of([training, *([validation] if validation else [])], classes, settings, multi_label)
    jobs = _Jobs.of(task, training, _unseen(training, validation, classes, callback))
    crossed = cross_fit(jobs.first, jobs.others, callback, executor)
    calibration, held_out = crossed.calibration(), cross_calibrated(crossed)
    model = calibration.applied(crossed.first.model)
    if jobs.last is not None and not crossed.stopped:
        (last,) = (executor or SerialExecutor()).run(fit_all, [jobs.last._replace(plan=crossed.first.plan)], callback)
        model = model if last.stopped else calibration.applied(last.model)
    figures = {**_figures(crossed.first, _measured(held_out)), **_otherwise_decided(held_out, settings.metric)}
    figures["training_texts"] = len(training.texts)
    model = replace(
        model,
        settled=tuple(name for name, value in record(given).items() if value != model.settings[name]),
        figures=figures,
        fingerprint=fingerprint(training.texts, training.labels),
        optional={} if jobs.seen else promises(held_out, task.encoded.ragged.lengths),
    )
    return FitResult(_with_ngrams(model, task, len(training.texts), callback), held_out, jobs.seen)


def fit_all(job: Job, callback: Callback) -> Run:
    """The last training, on all texts; none are held out to score it."""
    run = train(job, callback)
    callback(run.ended())
    return run


class _Jobs(NamedTuple):
    """The trainings of a fit."""

    first: Job  # makes the plan
    others: list[Job]  # hold other parts out
    last: Job | None  # learns from all
    seen: bool

    @classmethod
    def of(cls, task: Task, training: Labelled, unseen: NDArray[np.int64]) -> "_Jobs":
        """Decide what is held out: the validation texts of these numbers, or parts of the training texts in turn."""
        settings, every = task.settings, np.arange(len(training.texts))
        parts = [(every, unseen)] if len(unseen) else splits(training.texts, training.labels, settings)
        refit, seen = settings.refit == "on", not len(parts[0][1])
        names = _names(parts, len(every), validated=len(unseen) > 0)
        again = refit and not settings.patience
        own = refit and not seen and not len(unseen)
        total = len(parts) + again + own
        first, *others = (
            Job(task, learn, learn if seen else held, Stage(*name, number + again * (number > 1), total))
            for number, ((learn, held), name) in enumerate(zip(parts, names, strict=True), 1)
        )
        repeated = Stage(f"{first.stage.name} again, for fewer epochs", first.stage.short, 2, total)
        last = Stage(f"fitting on all {len(every):,} texts", "all texts", total, total)
        return cls(
            first._replace(again=repeated if again else None, keep_last=refit),
            others,
            Job(task, every, every[:0], last) if own else None,
            seen,
        )


def _names(parts: Sequence[Split], texts: int, *, validated: bool) -> list[tuple[str, str]]:
    """What the stages are called that hold parts out."""
    held = len(parts[0][1])
    if validated:
        return [(f"fitting on all {texts:,} texts, scored on {held:,} others", "all texts")]
    if not held:
        return [(f"fitting on all {texts:,} texts", "all texts")]
    if len(parts) == 1:
        return [(f"holding out {held:,} of {texts:,} texts", "hold-out")]
    count = len(parts)
    return [(f"holding out part {part} of {count}", f"part {part}/{count}") for part in range(1, count + 1)]


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


def _figures(first: Run, report: Report) -> dict[str, Any]:
    """How good the answers to held-out texts were, and how the first training went."""
    return {
        "validation": report.figures(),
        "start_loss": first.start_loss,
        "diverged": sum(bool(event.note) for event in first.history),
        "curve": [[event.loss, event.validation_loss, event.score] for event in first.history],
        "kept": first.kept,
        "vectors": first.vectors,
        "known_words": first.known_words,
    }


def _with_ngrams(model: Model, task: Task, texts: int, callback: Callback) -> Model:
    """The model with the n-grams of the training texts, for `inspect`, if they are wanted and not too many."""
    if task.settings.keep_ngrams != "on":
        return model
    callback(TrainingEvent("phase", note="listing n-grams"))
    every = np.arange(texts)
    packed = pack(interpret(model, task.part(every), task.targets[every]))
    if len(packed) <= MOST_BYTES:
        return replace(model, packed_interpretation=packed)
    sentence = "so many filters have learned more than a model can keep for textcnn inspect"
    callback(TrainingEvent("note", note=sentence))
    return model
