"""The trainings of a cross-validation: for each fold, one for each configuration; an executor does them in any order.

Shapes: B texts held out, K labels.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.crossvalidation.folds import Fold, FoldPlan
from textcnn.crossvalidation.result import CrossValidation, FoldAnswers, cross_validation
from textcnn.distributed.executor import Executor, SerialExecutor
from textcnn.errors import TextcnnError, TrainingError
from textcnn.evaluation.baseline import BASELINE, baseline_answers
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings
from textcnn.training.events import Callback, Stage, TrainingEvent
from textcnn.training.fit import fit
from textcnn.training.side_by_side import executor_of, shared
from textcnn.training.task import Labelled

__all__ = ["FoldJob", "answer_fold", "run_folds"]

_MOST_STAGES = 5  # of one training: three thirds, the first of them again, and all


class FoldJob(NamedTuple):
    """One training, and what it is to answer: all that the result depends on."""

    configuration: str
    settings: Settings | None  # None: the baseline
    learn: Labelled
    held: Labelled
    classes: Sequence[str]  # (K,) all labels, also those that this fold does not learn
    multi_label: bool
    stage: Stage  # which training it is of all
    keep_model: bool

    @property
    def name(self) -> str:
        """What it does, in plain words."""
        return self.stage.name


def run_folds(
    data: Labelled,
    plan: FoldPlan,
    configurations: Mapping[str, Settings],
    *,
    classes: Sequence[str],
    multi_label: bool,
    baseline: bool = False,
    keep_models: bool = False,
    callback: Callback = lambda event: False,
    executor: Executor | None = None,
) -> CrossValidation:
    """Train on each fold, and answer what it holds out.

    Args:
        data: all texts with their labels.
        plan: which of them are held out when.
        configurations: settings by their names, at least one.
        classes: all labels, in the order of the answers.
        multi_label: whether a text can have several labels.
        baseline: whether TF-IDF with a linear SVM is measured on the same folds.
        keep_models: whether the models of the first configuration's first repeat are in the result.
        callback: is told every event; the stage of one says which training of all it is from. When it returns True,
            the trainings end, and the result has the folds that were complete.
        executor: does the trainings; by default this process and, if they last long enough for that, as many others as
            there are cores and memory for.

    Raises:
        TrainingError: there is nothing to learn from, or no fold was complete when the callback ended it.
        VectorsError: the vectors cannot be read.
        DataError: a fold cannot be learned from.
    """
    if not any(text.strip() for text in data.texts):
        raise TrainingError("all texts are empty: there is no word to learn from")
    wanted: dict[str, Settings | None] = dict(configurations)
    if baseline:
        wanted[BASELINE] = None
    jobs = _jobs(data, plan, wanted, classes, multi_label=multi_label, keep_models=keep_models)
    answers: dict[str, list[FoldAnswers]] = {name: [] for name in wanted}
    told = _FoldEnds(data, plan, list(wanted), callback)
    for number, answered in enumerate(_answered(jobs, callback, executor)):
        if answered is None:
            break
        answers[told.ended(number, answered)].append(answered)
    complete = min(map(len, answers.values()))
    if not complete:
        raise TrainingError("stopped before a fold was complete: there is nothing to tell")
    return cross_validation(
        data,
        plan._replace(folds=plan.folds[:complete]),
        {name: own[:complete] for name, own in answers.items()},
        configurations=configurations,
        classes=classes,
        multi_label=multi_label,
        planned=len(plan.folds),
    )


def _answered(jobs: Iterator[FoldJob], callback: Callback, executor: Executor | None) -> Iterator[FoldAnswers | None]:
    """The answers of each job; how long the first takes decides who does the others, if nobody is named."""
    if executor is None:
        first = next(jobs)
        answered = answer_fold(first, callback)
        yield answered
        if answered is None or first.settings is None:
            return
        executor, processes = executor_of(first.stage.total - 1, first.settings, answered.seconds)
        jobs = (job._replace(settings=job.settings and shared(job.settings, processes)) for job in jobs)
    yield from executor.run(answer_fold, jobs, callback)


class _FoldEnds:
    """Tells which trainings have ended, and how many texts they got right."""

    def __init__(self, data: Labelled, plan: FoldPlan, names: Sequence[str], callback: Callback) -> None:
        self.data, self.plan, self.names, self.callback = data, plan, names, callback

    def ended(self, number: int, answered: FoldAnswers) -> str:
        """Tell it of a training, which are counted from 0; the name of its configuration."""
        fold, name = self.plan.folds[number // len(self.names)], self.names[number % len(self.names)]
        gold = [self.data.labels[text] for text in fold.held.tolist()]
        right = sum(set(said) == set(own) for said, own in zip(answered.labels, gold, strict=True))
        note = f"{right / len(gold):.4f} of {len(gold):,} texts right, {len(fold.learn):,} learned from"
        stage = Stage(*_names(fold, self.plan, name if len(self.names) > 1 else ""))
        self.callback(TrainingEvent("stage", stage, seconds=answered.seconds, note=note))
        return name


def _jobs(
    data: Labelled,
    plan: FoldPlan,
    wanted: Mapping[str, Settings | None],
    classes: Sequence[str],
    *,
    multi_label: bool,
    keep_models: bool,
) -> Iterator[FoldJob]:
    """One fold after the other, so that those that are complete are so for all configurations."""
    total = len(plan.folds) * len(wanted)
    for fold in plan.folds:
        learn, held = _part(data, fold.learn), _part(data, fold.held)
        for number, (name, settings) in enumerate(wanted.items()):
            training = (fold.number - 1 + plan.per_repeat * (fold.repeat - 1)) * len(wanted) + number + 1
            stage = Stage(*_names(fold, plan, name if len(wanted) > 1 else ""), training, total)
            keep = keep_models and number == 0 and fold.repeat == 1
            yield FoldJob(name, settings, learn, held, classes, multi_label, stage, keep)


def _part(data: Labelled, numbers: NDArray[np.int64]) -> Labelled:
    chosen = numbers.tolist()
    return Labelled(
        [data.texts[number] for number in chosen],
        [data.labels[number] for number in chosen],
        None if data.weights is None else data.weights[numbers],
    )


def _names(fold: Fold, plan: FoldPlan, configuration: str) -> tuple[str, str]:
    """What a training is called, and what where there is little room."""
    repeat = f"repeat {fold.repeat}, " if plan.repeats > 1 else ""
    ending = f", {configuration}" if configuration else ""
    short = f"{fold.repeat}." if plan.repeats > 1 else ""
    return (
        f"{repeat}fold {fold.number} of {plan.per_repeat}{ending}",
        f"fold {short}{fold.number}/{plan.per_repeat}{ending}",
    )


def answer_fold(job: FoldJob, callback: Callback) -> FoldAnswers | None:
    """Train on what a fold learns from, and answer what it holds out; None if the callback ended it."""
    import time

    began, told = time.monotonic(), _FoldCallback(job.stage, callback)
    try:
        if job.settings is None:
            told(TrainingEvent("phase", note="fitting, answering"))
            labels = baseline_answers((job.learn.texts, job.learn.labels), job.held.texts, multi_label=job.multi_label)
            made = FoldAnswers(list(labels), None, 0.0, None)
        else:
            made = _fitted(job, job.settings, told)
    except TextcnnError as error:
        raise type(error)(f"{job.stage.name}: {error}") from error
    return None if told.stopped else made._replace(seconds=time.monotonic() - began)


def _fitted(job: FoldJob, settings: Settings, callback: Callback) -> FoldAnswers:
    known = {label for labels in job.learn.labels for label in labels}
    model = fit(
        job.learn,
        classes=[label for label in job.classes if label in known],
        multi_label=job.multi_label,
        settings=settings,
        callback=callback,
        executor=SerialExecutor(),
    ).model
    predictor = Predictor(model)
    learned = predictor.all_probabilities(job.held.texts)
    probabilities = np.zeros((len(job.held.texts), len(job.classes)), np.float32)
    probabilities[:, [list(job.classes).index(label) for label in model.labels]] = learned
    return FoldAnswers(predictor.choose_all(learned), probabilities, 0.0, model if job.keep_model else None)


class _FoldCallback:
    """Passes events of one training on as part of all trainings, notes of the first only, and knows if it was ended."""

    def __init__(self, stage: Stage, callback: Callback) -> None:
        self.stage, self.callback, self.stopped = stage, callback, False

    def __call__(self, event: TrainingEvent) -> bool:
        if event.kind == "note" and self.stage.number > 1:
            return self.stopped
        self.stopped = bool(self.callback(event._replace(stage=self._placed(event.stage)))) or self.stopped
        return self.stopped

    def _placed(self, stage: Stage) -> Stage:
        """A stage of this training among those of all."""
        name, short = (
            f"{own}: {part}" if part else own
            for own, part in ((self.stage.name, stage.name), (self.stage.short, stage.short))
        )
        number = (self.stage.number - 1) * _MOST_STAGES + stage.number
        return Stage(name, short, number, self.stage.total * _MOST_STAGES)
