"""Networks that learn from all their layers: hold out, cross-fit, calibrate, fit on all."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.distributed.executor import Executor, SerialExecutor
from textcnn.model.linear import LinearPart
from textcnn.settings import record
from textcnn.training.beside import ALWAYS, Standing, may_stand
from textcnn.training.crossfit import OutOfFold, cross_calibrated, cross_fit, hold_out
from textcnn.training.device import use_device
from textcnn.training.events import Callback, Stage, TrainingEvent
from textcnn.training.folds import Split, splits
from textcnn.training.linear.svm import fit_linear
from textcnn.training.outcome import Outcome
from textcnn.training.run import Job, Plan, Run, examples, train
from textcnn.training.side_by_side import executor_beside, shared, side_by_side
from textcnn.training.task import Labelled, Task
from textcnn.training.unlabelled import leave_out, told_gain, usable

__all__ = ["fit_networks"]


def fit_networks(
    task: Task,
    training: Labelled,
    unseen: NDArray[np.int64],
    callback: Callback,
    executor: Executor | None = None,
    unlabelled: Sequence[str] = (),
) -> Outcome:
    """Train networks; see `fit` for what it raises.

    Args:
        task: the texts for training, then those for validation.
        training: the former.
        unseen: numbers of the validation texts that score each epoch; without any, parts of the others are held out.
        callback: is told every event, and may say stop.
        executor: does the trainings.
        unlabelled: texts without labels, which the sentence encoder heeds, where it stands beside the networks.
    """
    jobs = _Jobs.of(task, training, unseen)
    many = len(training.texts) > ALWAYS
    if not jobs.seen and may_stand(task, len(training.texts)):  # what it counts for, held-out texts say
        others = usable(() if many else unlabelled, training.texts, task, callback)
        jobs = jobs.with_encoder(tuple(others), worth_it=many)
    jobs, first, ahead = _first(jobs, executor, callback)
    used = _told(first.run.plan.standing, jobs.first, unlabelled, callback, many=many)
    crossed, last = cross_fit(first, _left(first.run, jobs, ahead, callback, executor))
    learned = last if last is not None and not last.stopped else crossed.first
    model = replace(crossed.calibration().applied(learned.model), settings=record(task.settings))
    return Outcome(model, cross_calibrated(crossed), jobs.seen, {**_course(crossed.first), **used})


def _left(
    first: Run, jobs: "_Jobs", ahead: Run | None, callback: Callback, executor: Executor | None
) -> Iterator[OutOfFold | Run]:
    """The trainings that keep to the plan of the first: those that hold other parts out, then the last."""
    others = [job._replace(plan=first.plan) for job in jobs.others]
    last = None if jobs.last is None or ahead else jobs.last._replace(plan=first.plan)
    if executor:
        turns = [(executor, [*others, *([last] if last else [])])]
    else:
        turns = side_by_side(others, last, first.seconds)
    for each, own in turns:
        yield from each.run(_hold_out_or_fit_all, own, callback)
    if ahead is not None:
        yield ahead


def _first(jobs: "_Jobs", executor: Executor | None, callback: Callback) -> tuple["_Jobs", OutOfFold, Run | None]:
    """The first training; the last one, too, if it went ahead beside it."""
    beside = None if jobs.last is None or executor else executor_beside(jobs.first)
    if beside is not None:
        return jobs.reordered(), *_side_by_side(jobs.reordered(), beside, callback)
    (first,) = (executor or SerialExecutor()).run(hold_out, [jobs.first], callback)
    return jobs, first, None


def _told(
    standing: Standing, first: Job, unlabelled: Sequence[str], callback: Callback, *, many: bool
) -> dict[str, Any]:
    """Say what became of texts without labels, if nobody has yet, and return the figures of it."""
    if len(standing.losses) > 1:
        return told_gain(len(first.unlabelled), standing.losses, callback, used=standing.taught)
    if unlabelled and many:
        leave_out(f"they teach where up to {ALWAYS:,} texts have labels", callback)
    elif first.unlabelled or (unlabelled and not first.encoder):
        leave_out("they teach the sentence encoder, which has no part in this model", callback)
    return {}


def _side_by_side(jobs: "_Jobs", beside: Executor, callback: Callback) -> tuple[OutOfFold, Run | None]:
    """The first training and the last, whose plan is thought to be the usual one; None of the last if it is not.

    The recipe of the linear part is never known before, so that is fitted when the first has ended.
    """
    assert jobs.last is not None
    task, asked, plan = jobs.first.task, jobs.first.task.settings, Plan()
    each = shared(asked, 2)
    first = jobs.first._replace(task=task._replace(settings=each), beside=True)
    last = jobs.last._replace(task=task._replace(settings=replace(each, linear="off")), plan=plan)
    results = beside.run(_hold_out_or_fit_all, [first, last], callback)
    held = next(results)
    assert isinstance(held, OutOfFold)
    found = held.run.plan
    wanted = found.share == plan.share and not held.run.stopped
    linear = _linear_part(jobs.last._replace(plan=found), callback) if wanted else None
    (ahead,) = results
    assert isinstance(ahead, Run)
    return held, ahead._replace(model=replace(ahead.model, linear=linear)) if wanted else None


def _hold_out_or_fit_all(job: Job, callback: Callback) -> OutOfFold | Run:
    return hold_out(job, callback) if len(job.held) else fit_all(job, callback)


def _linear_part(job: Job, callback: Callback) -> LinearPart | None:
    """The linear part of a training by itself, after its plan."""
    if job.plan is None or job.task.settings.linear == "off":
        return None
    callback(TrainingEvent("phase", job.stage, note="fitting the linear part"))
    with use_device(job.task.settings) as device:
        return fit_linear(examples(job), job.plan.recipe, device.workers)


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

    def reordered(self) -> "_Jobs":
        """With the stages numbered as they begin if the last training is done beside the first."""
        again = self.first.again and self.first.again._replace(number=3)
        others = [job._replace(stage=job.stage._replace(number=job.stage.number + 1)) for job in self.others]
        last = self.last and self.last._replace(stage=self.last.stage._replace(number=2))
        return _Jobs(self.first._replace(again=again), others, last, self.seen)

    def with_encoder(self, unlabelled: tuple[str, ...], *, worth_it: bool) -> "_Jobs":
        """The same with the sentence encoder beside the networks, which these texts without labels may teach."""

        def beside(job: Job) -> Job:
            return job._replace(encoder=True, worth_it=worth_it, unlabelled=unlabelled)

        last = None if self.last is None else beside(self.last)
        return _Jobs(beside(self.first), list(map(beside, self.others)), last, self.seen)


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


def _course(first: Run) -> dict[str, Any]:
    """How the first training went."""
    return {
        "start_loss": first.start_loss,
        "diverged": sum(bool(event.note) for event in first.history),
        "curve": [[event.loss, event.validation_loss, event.score] for event in first.history],
        "kept": first.kept,
        "vectors": first.vectors,
        "known_words": first.known_words,
    }
