"""Cross-fitting: each part of the texts is held out once, and answered by a model that has not seen it.

The first training makes the plan; the others keep to it and depend on nothing else, so an executor may do them anywhere
and in any order. Their out-of-fold answers say what the answers of the final model are worth.

Shapes: B texts of a part, K labels.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.evaluation.log_loss import losses_of_logits
from textcnn.model.novelty import Likeness
from textcnn.model.predictor import Predictor
from textcnn.training.calibration import Calibration
from textcnn.training.events import Callback
from textcnn.training.outcome import HeldOut
from textcnn.training.run import Job, Run, train
from textcnn.training.task import Task

__all__ = ["CrossFit", "OutOfFold", "cross_calibrated", "cross_fit", "hold_out"]

Floats = NDArray[np.float32]


class OutOfFold(NamedTuple):
    """What a model that is not calibrated yet says about texts that it has not seen."""

    texts: NDArray[np.int64]  # (B,) numbers
    network: Floats  # (B, K) logits
    linear: Floats  # (B, K) margins
    targets: Floats  # (B, K)
    weights: NDArray[np.float64]  # (B,)
    run: Run
    likeness: Likeness
    learned: Floats  # (B, K) what was to be learned of them: targets, or probabilities

    @classmethod
    def of(cls, run: Run, task: Task, texts: NDArray[np.int64]) -> "OutOfFold":
        """Let a model answer the texts of these numbers."""
        predictor, part = Predictor(run.model, task.settings.threads), task.part(texts).compact()
        logits, margins, likeness = predictor.seen(part)
        targets, learned = task.targets[texts], task.learned[texts]
        return cls(texts, logits, margins, targets, task.weights[texts], run, likeness, learned)


class CrossFit(NamedTuple):
    """Out-of-fold answers of one part after the other."""

    folds: list[OutOfFold]  # that of the first part at least
    multi_label: bool
    stopped: bool  # by the callback

    @property
    def first(self) -> Run:
        """The training that made the plan."""
        return self.folds[0].run

    def calibration(self, without: OutOfFold | None = None) -> Calibration:
        """By all answers, or by those of all parts but one, if there are others."""
        others = [fold for fold in self.folds if fold is not without] or self.folds
        network, linear, learned, weights = (
            np.concatenate([getattr(fold, name) for fold in others])
            for name in ("network", "linear", "learned", "weights")
        )
        model = self.first.model
        return Calibration.of(
            network,
            linear,
            learned,
            weights,
            multi_label=self.multi_label,
            metric=model.settings["metric"],
            labels=model.labels,
        )


def cross_fit(first: OutOfFold, left: Iterable[OutOfFold | Run]) -> tuple[CrossFit, Run | None]:
    """Gather the answers to all parts, and the training on all texts that comes after them, if there is one.

    Args:
        first: the answers to the first part.
        left: the others, which are trained while they are asked for; a part that is not finished, because the callback
            said stop, is not answered at all, and nothing else is begun.
    """
    folds, stopped = [first], first.run.stopped
    last: Run | None = None
    for result in () if stopped else left:
        if isinstance(result, Run):
            last = result
        elif stopped := result.run.stopped:
            break
        else:
            folds.append(result)
    return CrossFit(folds, first.run.model.multi_label, stopped), last


def hold_out(job: Job, callback: Callback) -> OutOfFold:
    """Train, and answer the texts held out; the stage ends with loss and score of the networks on them.

    When the callback returns True, they are answered by the best checkpoint so far.
    """
    run = train(job, callback)
    answers = OutOfFold.of(run, job.task, job.held)
    loss, score = _scored(answers, multi_label=job.task.multi_label)
    callback(run.ended()._replace(loss=loss, score=score))
    return answers


def cross_calibrated(crossed: CrossFit) -> list[HeldOut]:
    """The answers to each part, calibrated by those to the others; if there is one part only, by its own.

    Two numbers, or some more for each label, are found on thousands of answers, but figures should not owe even that to
    the very texts that they are about.
    """
    held = []
    for fold in crossed.folds:
        calibration = crossed.calibration(without=fold)
        probabilities = calibration.probabilities(fold.network, fold.linear)
        model = calibration.applied(fold.run.model)
        held.append(HeldOut(fold.texts, probabilities, fold.targets, fold.weights, model, fold.likeness))
    return held


def _scored(answers: OutOfFold, *, multi_label: bool) -> tuple[float, float]:
    """Loss, and accuracy or micro F1, of the networks alone, as after an epoch."""
    logits, targets, weights = answers.network.astype(np.float64), answers.targets, answers.weights
    loss = float(np.average(losses_of_logits(logits, targets, multi_label=multi_label), weights=weights))
    if not multi_label:
        return loss, float(np.average(logits.argmax(axis=1) == targets.argmax(axis=1), weights=weights))
    given, wanted = (weights @ table for table in (logits > 0, targets))
    score = 2 * float((weights @ ((logits > 0) * targets)).sum()) / (float(given.sum() + wanted.sum()) or 1.0)
    return loss / targets.shape[1], score
