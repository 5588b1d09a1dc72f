"""How good a system's answers are: the same figures for all, by scikit-learn."""

from typing import NamedTuple

import numpy as np
from protocol import Task
from sklearn import metrics
from sklearn.preprocessing import MultiLabelBinarizer
from systems.answers import Answers

_BINS = 15


class Scores(NamedTuple):
    """Figures of one measurement; None where they have no meaning."""

    accuracy: float  # of multi-label texts: of the whole set of labels
    macro_f1: float
    mcc: float | None
    micro_f1: float | None  # of multi-label texts only: of one label it is the accuracy
    log_loss: float | None  # of multi-label texts: the mean over texts and labels
    calibration_error: float | None  # expected, 15 bins of equal width


def score(task: Task, answers: Answers) -> Scores:
    """Compare answers with the truth; a label that training never saw counts as missed."""
    names = sorted({*task.classes(), *(label for own in task.test.labels for label in own)})
    gold, said = (MultiLabelBinarizer(classes=names).fit_transform(own) for own in (task.test.labels, answers.labels))
    assert len(gold) == len(said), f"{len(said)} answers to {len(gold)} texts"
    present = np.flatnonzero(gold.any(axis=0) | said.any(axis=0))
    single = None if task.multi_label else (gold.argmax(axis=1), said.argmax(axis=1))
    log_loss, calibration_error = _of_probabilities(gold, task, names, answers)
    return Scores(
        accuracy=float((gold == said).all(axis=1).mean()),
        macro_f1=float(metrics.f1_score(gold, said, average="macro", labels=present, zero_division=0.0)),
        mcc=None if single is None else float(metrics.matthews_corrcoef(*single)),
        micro_f1=None if single else float(metrics.f1_score(gold, said, average="micro", zero_division=0.0)),
        log_loss=log_loss,
        calibration_error=calibration_error,
    )


def _of_probabilities(
    gold: np.ndarray, task: Task, names: list[str], answers: Answers
) -> tuple[float | None, float | None]:
    if answers.probabilities is None:
        return None, None
    given = np.zeros(gold.shape)
    given[:, [names.index(label) for label in task.classes()]] = answers.probabilities
    losses = -np.log(np.clip(np.where(gold, given, 1 - given), 1e-7, 1))
    if task.multi_label:
        return float(losses.mean()), _gap(given.ravel(), gold.ravel())
    return float(losses[gold == 1].mean()), _gap(given.max(axis=1), given.argmax(axis=1) == gold.argmax(axis=1))


def _gap(said: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error (Naeini et al. 2015)."""
    place = np.minimum((said * _BINS).astype(int), _BINS - 1)
    return float(np.abs(np.bincount(place, weights=said - right)).sum() / len(said))
