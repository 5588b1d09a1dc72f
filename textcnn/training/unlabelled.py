"""Texts without labels, beside few that have some: what they tell about the last layer's weights before any label does.

They tell it as a Gaussian prior: the weights v of the encoder's numbers are drawn towards m, not towards nothing, and
more strongly in some directions than in others, v ~ N(m, S).

- What texts of this kind differ in matters more than what they share: S is in proportion to their covariance.
- Self-training (Scudder 1965): the model answers the texts, and learns from what it said, in turn. It learns from
  probabilities, whose mean over the texts is kept equal to the shares of the labels (else one label takes all), and all
  texts together count as much as a few that are labelled. By squares such lessons are a prior, too: S becomes narrower,
  and m what they say.

With the prior the labelled texts are learned from in closed form as before, by targets less what m says. The answer to
a text by those of other folds comes from self-training without its fold, from the beginning: nothing that was said
about an unlabelled text owes anything to a label of the fold.

Shapes: B labelled texts, U unlabelled ones, d numbers of the encoder, K labels.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.settings import Settings
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Encoded
from textcnn.text.tokens import folded
from textcnn.training.embeddings import Start, begin, is_foreign, segmenter_for
from textcnn.training.encoder_layer import ANY
from textcnn.training.events import Callback, TrainingEvent
from textcnn.training.task import Task
from textcnn.vectors.loading import open_vectors
from textcnn.vectors.table import VectorTable

__all__ = [
    "MOST_UNLABELLED",
    "STRENGTHS",
    "Lessons",
    "Solution",
    "encoded_others",
    "leave_out",
    "sampled",
    "told_gain",
    "usable",
]

Numbers = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_UNLABELLED = 2_000  # texts that are learned from; more say the same, and take longer
STRENGTHS = (32.0, 128.0)  # labelled texts that all of them count as: usually, and where they say much
_ROUNDS = 8
_SHARP = 4.0  # logits for an output of one: surer than answers are, for a lesson that says nothing teaches nothing
_EVENING = 3  # steps of each round towards the shares of the labels
_SPREAD = 0.02  # of the mean variance that a direction has at least


class Solution(NamedTuple):
    """A last layer, a linear part, and answers by leaving out."""

    weights: Numbers  # (d, K) of the encoder's numbers
    alpha: Numbers  # (B, K) dual coefficients of the linear part
    bias: Numbers  # (K,)
    left_out: Numbers  # (B, K) what each text gets by the texts of other folds; by all, if it is in none


def sampled(unlabelled: Sequence[str], labelled: Sequence[str], seed: int) -> list[str]:
    """Different texts, at most so many, drawn at random: none is empty, and none has a label after all."""
    different = {folded(text): text for text in unlabelled}
    for text in ("", *labelled):
        different.pop(folded(text), None)
    texts = list(different.values())
    if len(texts) <= MOST_UNLABELLED:
        return texts
    chosen = np.random.default_rng(seed).choice(len(texts), MOST_UNLABELLED, replace=False)
    return [texts[number] for number in np.sort(chosen)]


def usable(
    unlabelled: Sequence[str], labelled: Sequence[str], task: Task, callback: Callback, table: VectorTable | None = None
) -> list[str]:
    """Those that can teach the encoder; why others cannot is told.

    Args:
        unlabelled: texts without labels.
        labelled: those that have some.
        task: the training.
        callback: is told.
        table: the vectors of the encoder; without any, the English ones.
    """
    if not unlabelled:
        return []
    texts = sampled(unlabelled, labelled, task.settings.seed)
    table = table or open_vectors("english", say=lambda note: None).table
    if task.multi_label:
        leave_out("they teach only where each text has one label", callback)
    elif not texts:
        leave_out("all are empty, or are texts that have labels", callback)
    elif is_foreign(_encoded(texts, _over(task.settings, table)), table):
        leave_out(f"their words are hardly {'English' if table.name == 'english' else 'known'}", callback)
    else:
        return texts
    return []


def leave_out(why: str, callback: Callback) -> None:
    """Say that texts without labels are left out."""
    callback(TrainingEvent("note", note=f"the texts without labels are left out: {why}"))


def told_gain(count: int, losses: Sequence[float], callback: Callback, *, used: bool) -> dict[str, Any]:
    """Say how many texts without labels are used, and what they gained; returns the figures of it, if they are.

    Args:
        count: how many there are.
        losses: on held-out texts, without them and with them.
        callback: is told.
        used: whether they are.
    """
    before, after = losses
    change = f"held-out log loss {before:.2f} → {after:.2f}"
    if not used:
        note = f"{count:,} texts without labels are left out: with them, {change}"
        callback(TrainingEvent("note", note=note))
        return {}
    by_chance = "" if after < before else ", within chance"
    callback(TrainingEvent("note", note=f"uses {count:,} texts without labels: {change}{by_chance}"))
    return {"unlabelled": {"texts": count, "log_loss_without": before, "log_loss": after}}


def encoded_others(texts: Sequence[str], settings: Settings, table: VectorTable) -> tuple[Encoded, Start]:
    """Texts without labels for the encoder over a table, whatever words the labelled ones have."""
    alone = _over(settings, table)
    encoded = _encoded(texts, alone)
    start = begin(encoded, np.ones(len(encoded.ragged.words), bool), alone, lambda note: None)
    return encoded, start.over(table, encoded)


def _over(settings: Settings, table: VectorTable) -> Settings:
    return replace(settings, vectors=table.name, min_count=ANY)


def _encoded(texts: Sequence[str], settings: Settings) -> Encoded:
    return encode(texts, settings.max_words, segmenter_for(texts, settings))


class Lessons(NamedTuple):
    """What the texts without labels say, being asked by any last layer."""

    labelled: Numbers  # (B, d)
    unlabelled: Numbers  # (U, d) less their mean
    mean: Numbers  # (d,)
    covariance: Numbers  # (d, d) of the weights; labelled texts keep their mean square length

    @classmethod
    def of(cls, labelled: Numbers, unlabelled: Numbers) -> "Lessons":
        """From the encoder's numbers."""
        every = np.concatenate([labelled, unlabelled])
        covariance = np.atleast_2d(np.cov(every.T, bias=True))
        covariance += _SPREAD * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
        before, after = np.square(labelled).sum(), ((labelled @ covariance) * labelled).sum()
        mean = unlabelled.mean(axis=0)
        return cls(labelled, unlabelled - mean, mean, covariance * (before / after if after else 1.0))

    def solution(
        self,
        strength: float,
        linear: Numbers,
        y: Numbers,
        weights: Numbers,
        penalty: float,
        dealings: Sequence[Ints],
    ) -> Solution:
        """Learn.

        Args:
            strength: how many labelled texts all the others count as.
            linear: (B, B) products of the texts' features in the linear part.
            y: (B, K) targets, 1 of the label and -1 of the others.
            weights: (B,) of the labelled texts, above 0.
            penalty: how strongly all weights are held back.
            dealings: into folds; the answers are the means over them.
        """
        narrow = self._narrowed(strength / penalty)
        gram = linear + self.labelled @ narrow @ self.labelled.T
        equations = np.ones((len(y) + 1, len(y) + 1))
        equations[:-1, :-1] = gram + np.diag(penalty / weights)
        equations[-1, -1] = 0
        student = _Student(
            self, strength / penalty, narrow, gram, np.asarray(np.linalg.inv(equations), np.float64), y, weights
        )
        learned = student.learned(np.empty(0, np.int64))
        answers = [student.left_out(folds, learned) for folds in dealings]
        return learned._replace(left_out=np.mean(answers, axis=0))

    def _narrowed(self, strength: float) -> Numbers:
        """The covariance of the weights once so many lessons have been learned."""
        lessons = strength / len(self.unlabelled) * self.unlabelled.T @ self.unlabelled
        return np.asarray(np.linalg.inv(np.linalg.inv(self.covariance) + lessons))


class _Student(NamedTuple):
    """Equations of all labelled texts, solved for any of them."""

    lessons: Lessons
    strength: float
    covariance: Numbers  # (d, d)
    gram: Numbers  # (B, B)
    inverse: Numbers  # (B + 1, B + 1) of the equations
    y: Numbers  # (B, K)
    weights: Numbers  # (B,)

    def left_out(self, folds: Ints, learned: Solution) -> Numbers:
        """What each text gets by the texts of other folds: (B, K)."""
        answers = learned.left_out.copy()
        for fold in range(folds.max(initial=-1) + 1):
            out = np.flatnonzero(folds == fold)
            answers[out] = self.learned(out).left_out[out]
        return answers

    def learned(self, out: Ints) -> Solution:
        """Learn from all texts but those of these numbers, and answer them all, in `left_out`."""
        solve = self.inverse
        if len(out):
            solve = solve - solve[:, out] @ np.linalg.solve(solve[np.ix_(out, out)], solve[out])
        kept = np.delete(np.arange(len(self.y)), out)
        shares = np.average((1 + self.y[kept]) / 2, axis=0, weights=self.weights[kept])
        prior = np.zeros((len(self.covariance), self.y.shape[1]))
        offsets = np.zeros(self.y.shape[1])
        for _ in range(_ROUNDS):
            probabilities, offsets = evened(_SHARP * self._said(self._solved(solve, prior)), shares, offsets)
            prior = self._lesson(2 * probabilities - 1)
        return self._solved(solve, prior)

    def _solved(self, solve: Numbers, prior: Numbers) -> Solution:
        rows = self.lessons.labelled
        solution = solve[:, :-1] @ (self.y - rows @ prior)
        alpha, bias = solution[:-1], solution[-1]
        answers = rows @ prior + self.gram @ alpha + bias
        return Solution(prior + self.covariance @ (rows.T @ alpha), alpha, bias, answers)

    def _said(self, learned: Solution) -> Numbers:
        """Answers to the unlabelled texts, (U, K), by what sentences mean alone."""
        return self.lessons.unlabelled @ learned.weights + self.lessons.mean @ learned.weights + learned.bias

    def _lesson(self, targets: Numbers) -> Numbers:
        """What targets (U, K) of the unlabelled texts say about the weights: (d, K)."""
        texts = self.lessons.unlabelled
        said = texts.T @ (targets - targets.mean(axis=0))
        return np.asarray(self.strength / len(texts) * self.covariance @ said)


def evened(logits: Numbers, shares: Numbers, offsets: Numbers) -> tuple[Numbers, Numbers]:
    """Probabilities (U, K), whose means over the texts come near the shares of the labels (K,), and offsets for that.

    Args:
        logits: (U, K).
        shares: (K,).
        offsets: (K,) to begin with.
    """
    for _ in range(_EVENING):
        moved = logits + offsets
        probabilities = np.exp(moved - moved.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        offsets = offsets + np.log(np.maximum(shares, 1e-9) / np.maximum(probabilities.mean(axis=0), 1e-9))
    return probabilities, offsets
