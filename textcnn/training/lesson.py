"""What a teacher (teacher.py) hands on: soft labels of texts, in which the sentence encoder in the package has a say.

A transformer reads better than the encoder, but learns from the labelled texts alone: of few it may make less than the
encoder does, which knows what labels are called, what is good or bad, and the texts without labels. So both are asked,
and labelled texts that are left out in turn decide how much each counts, as far as they can tell; logits are weighted
means of both. A quarter is the teacher's unless it is clear that it should have more, or nothing; where the encoder is
for other texts, or settings of networks are given, the teacher is asked alone.

What is said of texts without labels are soft labels for them, from which networks learn. (Where texts are few, and the
last layer alone learns, a pupil hears the teacher beside it, see pupil.py.) A labelled text gets the mean of its
label and of what is said of it by those that have learned from others: that may be surer of what it should not be, but
it has not just remembered. So what is learned of a text owes a little to the labels of others, held out or not, and
held-out figures may flatter by as little.

Shapes: B labelled texts, U others, K labels.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.evaluation.log_loss import losses_of_probabilities
from textcnn.labels import indicator
from textcnn.settings import Settings
from textcnn.training.encoder_answers import TeachingAnswers, answers_of_encoder
from textcnn.training.frozen import FEW
from textcnn.training.pupil import LEAST, Said, geometric_mean
from textcnn.training.task import Labelled, SoftLabels
from textcnn.training.teacher import Encode, answers_of_teacher

__all__ = ["Lesson", "mixed", "taught"]

Numbers = NDArray[np.float64]

_SHARES = (1.0, 0.75, 0.5, 0.25, 0.0)  # of the encoder in logits
_USUAL, _DOUBT = 0.75, 8.0  # the share that suits most, and how many nats, in all, it takes to be sure of one by 1 off
# Factors of logits: a share is chosen by what is known, not by how sure it sounds. What is taught keeps its own, for of
# few texts that are all right the largest would be chosen.
_SHARPNESS = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8)
_HALF = 0.5


class Lesson(NamedTuple):
    """What is learned from, and what is to be said about it."""

    labelled: Labelled  # the texts, with soft labels and with those without labels and theirs where networks learn
    unlabelled: Sequence[str]  # those that have none
    said: Said | None  # what the teacher says of the latter, where a pupil is to hear it
    notes: Sequence[str]


def taught(
    labelled: Labelled,
    unlabelled: Sequence[str],
    encode: Encode,
    name: str,
    classes: Sequence[str],
    settings: Settings,
    *,
    multi_label: bool,
    hints: Mapping[str, str],
) -> Lesson:
    """Ask the teacher, and the encoder in the package where that is for such texts.

    Args:
        labelled: texts of at least two classes; soft labels that some have already stay.
        unlabelled: others.
        encode: the teacher.
        name: of the teacher.
        classes: all labels.
        settings: of the training.
        multi_label: whether texts are multi-label.
        hints: what labels mean, in words.

    Raises:
        TrainingError: all texts are empty.
        VectorsError: the vectors cannot be read.
    """
    unlabelled = [text for text in unlabelled if text.strip()]
    teacher = answers_of_teacher(encode, labelled, unlabelled, classes, multi_label=multi_label, seed=settings.seed)
    encoder = answers_of_encoder(labelled, unlabelled, classes, settings, multi_label=multi_label, hints=hints)
    targets = indicator(labelled.labels, classes, skip_unknown=True)
    knows, who = _share_right(teacher, targets, multi_label), "it labels"
    notes = [f"{name} teaches: it tells {knows}"]
    if encoder is not None:
        share = _best_share(encoder, teacher, targets, multi_label)
        beside = f"the sentence encoder of textcnn tells {_share_right(encoder, targets, multi_label)}"
        if share == 1:
            notes = [f"{name} tells {knows}", beside, "the teacher is left out: the encoder alone is clearly better"]
            return Lesson(labelled, unlabelled, None, notes)
        notes += [beside, f"of what is taught the encoder says {share:.0%}, the teacher {1 - share:.0%}"]
        alone = settings.frozen == "on" or len(labelled.texts) <= FEW  # the last layer learns, and a pupil beside it
        if unlabelled and alone and not multi_label:
            by_text = dict(zip(unlabelled, _named(teacher.others, classes), strict=True))
            return Lesson(labelled, unlabelled, Said(by_text, 1 - share), notes)
        teacher, who = mixed(encoder, teacher, share, multi_label=multi_label), "both label"
    if unlabelled:
        notes.append(f"{who} {len(unlabelled):,} further texts, which count in all figures as if they were right")
    return Lesson(_softly(labelled, unlabelled, teacher, targets, classes, multi_label), (), None, notes)


def _softly(
    labelled: Labelled,
    unlabelled: Sequence[str],
    said: TeachingAnswers,
    targets: NDArray[np.bool_],
    classes: Sequence[str],
    multi_label: bool,
) -> Labelled:
    """All texts with soft labels, those without labels last."""
    own, further = (
        np.where(said.left_out[:, None], (said.labelled + targets) / 2, targets),
        _named(said.others, classes),
    )
    given = labelled.soft or [None] * len(labelled.texts)
    return Labelled(
        [*labelled.texts, *unlabelled],
        [*labelled.labels, *(_probable(each, multi_label) for each in further)],
        None if labelled.weights is None else np.append(labelled.weights, np.ones(len(unlabelled))),
        [*(one or by for one, by in zip(given, _named(own, classes), strict=True)), *further],
    )


def mixed(one: TeachingAnswers, other: TeachingAnswers, share: float, *, multi_label: bool) -> TeachingAnswers:
    """Answers whose logits are the mean of both, weighted; those of texts that both have not learned from."""
    labelled, others = (
        _mean(each, alike, share, multi_label)
        for each, alike in ((one.labelled, other.labelled), (one.others, other.others))
    )
    return TeachingAnswers(labelled, one.left_out & other.left_out, others)


def _mean(one: Numbers, other: Numbers, share: float, multi_label: bool, sharpness: float = 1.0) -> Numbers:
    """Probabilities (B, K), in proportion to the weighted geometric mean of both, to a power."""
    likely = geometric_mean(one, other, share) ** sharpness
    if not multi_label:
        return np.asarray(likely / likely.sum(axis=1, keepdims=True))
    return np.asarray(likely / (likely + geometric_mean(1 - one, 1 - other, share) ** sharpness))


def _best_share(
    encoder: TeachingAnswers, teacher: TeachingAnswers, targets: NDArray[np.bool_], multi_label: bool
) -> float:
    """The encoder's share: texts that were left out have the least log loss with it; few of them say little."""
    out = encoder.left_out & teacher.left_out

    def loss(share: float, sharpness: float) -> float:
        said = _mean(encoder.labelled[out], teacher.labelled[out], share, multi_label, sharpness)
        return float(losses_of_probabilities(said, targets[out], multi_label=multi_label, least=LEAST).sum())

    def cost(share: float) -> float:
        return min(loss(share, each) for each in _SHARPNESS) + _DOUBT * abs(share - _USUAL)

    return min(_SHARES, key=cost)


def _share_right(answers: TeachingAnswers, targets: NDArray[np.bool_], multi_label: bool) -> str:
    """How many texts' labels are said by those that have not learned from them, in words."""
    out = answers.left_out
    if not out.any():
        return "what cannot be checked, for no text could be left out"
    said = answers.labelled[out]
    chosen = said >= _HALF if multi_label else said == said.max(axis=1, keepdims=True)
    return f"{(chosen == targets[out]).all(axis=1).mean():.1%} of texts that it has not learned from"


def _probable(soft: SoftLabels, multi_label: bool) -> tuple[str, ...]:
    """The likeliest label, or, of a text that can have several, those that are as likely as not."""
    if multi_label:
        return tuple(label for label, value in soft.items() if value >= _HALF)
    return (max(soft, key=soft.__getitem__),)


def _named(probabilities: Numbers, classes: Sequence[str]) -> list[SoftLabels]:
    return [dict(zip(classes, row, strict=True)) for row in probabilities.tolist()]
