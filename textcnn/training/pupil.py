"""Texts without labels, beside few that have some: a pupil learns what is said of them, and answers beside its teacher.

The teacher, a last layer (last_layer.py), knows a few texts. It is asked about others as they are with their neighbours
(neighbours.py), its answers are sharpened, and a pupil learns them by least squares on the texts as they are: words
that come in many texts of a kind, and in none of the few that have a label, count then, too. That is a round of
self-training (Scudder 1965, "Probability of error of some adaptive pattern-recognition machines"; sharpened as by
Berthelot et al. 2019, "MixMatch").

The pupil is as sure as the teacher on average, whose answers are calibrated by texts that have a label. Logits are the
mean of both: the more texts have labels, and the fewer have none, the more the teacher counts. What both say of all
labels is read together (discriminant.py) where texts are left out.

The answer to a text by those of other folds is that of a pupil whose teacher did not learn from its fold. (How strongly
teachers are held back, how far they trust names and how sure they are, all labels tell together: a few numbers.)

Shapes: B labelled texts, U others, d columns of what the encoder says, K labels.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.model.predictor import to_probabilities
from textcnn.training.calibration import calibrate
from textcnn.training.last_layer import STEEP, LastLayer, LastLayerFit
from textcnn.training.neighbours import drawn_to_neighbours

__all__ = ["LEAST", "SHARPNESS", "Said", "SecondOpinion", "as_sure", "geometric_mean", "sharpened", "taught"]

Numbers = NDArray[np.float64]
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

LEAST = 1e-4  # probabilities below count as this, so that one sure mistake does not hide all else

_PENALTY = 3.0
_POWER = 4.0  # of answers
_WORTH = 300.0  # labelled texts with which the teacher counts as much as the pupil
_ENOUGH = 500  # texts without labels; of fewer the pupil counts less
SHARPNESS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)  # factors of scores


def geometric_mean(one: Numbers, other: Numbers, share: float) -> Numbers:
    """That of probabilities, the first of which has this share; it is not normalised: (B, K)."""
    return np.asarray(np.maximum(one, LEAST) ** share * np.maximum(other, LEAST) ** (1 - share))


def sharpened(probabilities: NDArray[Any]) -> NDArray[Any]:
    """Surer ones: (B, K)."""
    sharp = probabilities**_POWER
    return np.asarray(sharp / sharp.sum(axis=1, keepdims=True))


def as_sure(scores: NDArray[Any], wanted: float) -> float:
    """The factor of scores (B, K) with which the likeliest labels have this probability on average."""

    def mean(factor: float) -> float:
        return float(_probabilities(scores * factor).max(axis=1).mean())

    return min(SHARPNESS, key=lambda factor: abs(mean(factor) - wanted))


def _probabilities(logits: NDArray[Any]) -> Floats:
    return to_probabilities(logits.astype(np.float32), multi_label=False)


class SecondOpinion(NamedTuple):
    """What somebody else says of the texts without labels."""

    probabilities: Numbers  # (U, K)
    share: float  # of it in the logits that are taught

    def heard(self, said: Numbers) -> Numbers:
        """What is taught where the teacher says this, (U, K): the weighted geometric mean, normalised."""
        mean = geometric_mean(self.probabilities, said, self.share)
        return np.asarray(mean / mean.sum(axis=1, keepdims=True))


class Said(NamedTuple):
    """The same by text, for those of which nobody knows yet which will teach."""

    by_text: Mapping[str, Mapping[str, float]]  # probabilities of labels
    share: float

    def of(self, texts: Sequence[str], labels: Sequence[str]) -> SecondOpinion:
        """Of some of the texts."""
        rows = [[self.by_text[text].get(label, 0.0) for label in labels] for text in texts]
        return SecondOpinion(np.array(rows), self.share)


def taught(
    teacher: LastLayerFit,
    others: Numbers,
    spelling: Numbers,
    dealings: Sequence[Ints],
    second: SecondOpinion | None = None,
) -> LastLayer:
    """Teacher and pupil as one layer, whose linear part has coefficients of the labelled texts, then of the others.

    Args:
        teacher: who learned from the labelled texts.
        others: texts without labels, (U, d).
        spelling: (B + U, B + U) products of all texts' features in the linear part.
        dealings: of the labelled texts into folds; the answers to those left out are means over them.
        second: what the pupil hears besides, if somebody else was asked; who said it may know the labels left out.
    """
    school, layer = _School.of(teacher, others, spelling, second), teacher.layer()
    pupil = school.learned(school.said())
    share = _WORTH / (_WORTH + len(teacher.y)) * min(len(others) / _ENOUGH, 1)
    left_out = [_left_out(school, pupil, folds) for folds in dealings]
    of_teacher = (1 - share) * _sharpness(teacher)
    alpha = np.concatenate([of_teacher * layer.alpha, share * pupil.alpha])
    bias = of_teacher * layer.bias + share * pupil.bias
    weights = of_teacher * layer.weights + share * (others.T @ pupil.alpha)
    answers = of_teacher * teacher.left_out + share * np.mean(left_out, axis=0)
    both = LastLayer(*(each / STEEP for each in (weights, alpha, bias, answers)))
    return both.read_together(teacher.texts._replace(dealings=dealings))


def _left_out(school: "_School", pupil: "_Pupil", folds: Ints) -> Numbers:
    """What each labelled text gets by pupils of those who did not see its fold: (B, K)."""
    answers = school.of_labelled @ pupil.alpha + pupil.mean
    for fold in range(folds.max(initial=-1) + 1):
        out = np.flatnonzero(folds == fold)
        other = school.learned(school.said(out))
        answers[out] = school.of_labelled[out] @ other.alpha + other.mean
    return np.asarray(answers)


class _Pupil(NamedTuple):
    """What it says are logits."""

    alpha: Numbers  # (U, K) coefficients of the texts without labels
    mean: Numbers  # (K,) what it says beside

    @property
    def bias(self) -> Numbers:
        """What it says of a text that is like none."""
        return np.asarray(self.mean + self.alpha.sum(axis=0))


class _School(NamedTuple):
    """Texts without labels, and what takes longest to learn from them, for all pupils alike."""

    asked: LastLayerFit  # a teacher to whom all texts are drawn towards their neighbours
    sharpness: float  # factor of its outputs
    drawn: Numbers  # (U, d) the texts without labels as it sees them
    spelling: Numbers  # (U, B) products of their features with those of labelled texts in the linear part, so drawn
    of_labelled: Numbers  # (B, U) how alike labelled texts and they are, and one for the bias
    of_others: Numbers  # (U, U) the same of them
    factor: Any  # of that and the penalty, by Cholesky
    second: SecondOpinion | None

    @classmethod
    def of(cls, teacher: LastLayerFit, others: Numbers, spelling: Numbers, second: SecondOpinion | None) -> "_School":
        """Compare the texts."""
        from scipy.linalg import cho_factor

        count = len(teacher.y)
        every = np.concatenate([teacher.texts.rows, others])
        alike = every @ others.T + spelling[:, count:] + 1
        held_back = alike[count:] + _PENALTY * np.eye(len(others))
        factor = cho_factor(held_back, lower=True)
        drawn, spelt = drawn_to_neighbours(every, spelling)
        asked = teacher.texts._replace(rows=drawn[:count], spelling=spelt[:count, :count]).learned()
        of_others = drawn[count:], spelt[count:, :count]
        return cls(asked, _sharpness(asked), *of_others, alike[:count], alike[count:], factor, second)

    def said(self, out: Ints | None = None) -> Numbers:
        """How probable labels are for the texts without, (U, K), as teacher and second opinion have it.

        Args:
            out: labelled texts that the teacher did not learn from.
        """
        layer = self.asked.layer(out)
        outputs = self.drawn @ layer.weights + self.spelling @ layer.alpha + layer.bias
        said = _probabilities(self.sharpness * outputs).astype(np.float64)
        return said if self.second is None else self.second.heard(said)

    def learned(self, said: Numbers) -> _Pupil:
        """A pupil to whom this was said."""
        from scipy.linalg import cho_solve

        sharp = sharpened(said)
        mean = sharp.mean(axis=0)
        alpha = np.asarray(cho_solve(self.factor, sharp - mean), np.float64)
        factor = as_sure(self.of_others @ alpha + mean, float(said.max(axis=1).mean()))
        return _Pupil(factor * alpha, factor * mean)


def _sharpness(teacher: LastLayerFit) -> float:
    """The factor of a teacher's outputs that makes logits of them, by texts left out."""
    texts = np.flatnonzero(teacher.texts.dealings[0] >= 0)
    logits = (STEEP * teacher.left_out[texts]).astype(np.float32)
    targets = ((teacher.texts.signs[texts] + 1) / 2).astype(np.float32)
    join = calibrate(logits, np.zeros_like(logits), targets, teacher.texts.weights[texts], multi_label=False)
    return STEEP / join.temperature
