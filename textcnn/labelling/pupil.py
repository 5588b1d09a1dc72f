"""What texts without labels tell about answers: a pupil learns them from the learner, and answers beside it.

The learner knows a few texts. It answers some of the pool, its answers are sharpened, and a pupil learns all of
them by the same least squares on the same kernel: words that come in many texts of a kind, and in none of the few
that have a label, count then, too. That is a round of self-training (Scudder 1965, "Probability of error of some
adaptive pattern-recognition machines"; sharpened as by Berthelot et al. 2019, "MixMatch").

It is as sure as the learner on average, whose answers are calibrated by texts that have a label. The answers are the
mean of both: the more texts have labels, the less there is to be added to them, and the more the learner counts.

Shapes: B texts, n texts by which it is taught, K labels.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.labelling.learner import LinearScores, PileFeatures, QuickModel, kernel_of, softmax
from textcnn.training.pupil import as_sure, sharpened

__all__ = ["Pupil", "TaughtTexts", "prepare_lessons", "teach"]

Floats = NDArray[np.float32]

_MOST = 2000  # texts
_PENALTY = 0.3
_WORTH = 300.0  # labelled texts with which the learner counts as much as the pupil


class TaughtTexts(NamedTuple):
    """Texts by which pupils are taught, and what takes longest of that, for all pupils alike."""

    texts: PileFeatures  # (n, ...)
    factor: tuple[Floats, bool]  # of their kernel and the penalty, by Cholesky


class Pupil(NamedTuple):
    """It answers any texts, together with its teacher."""

    teacher: QuickModel
    linear: LinearScores
    sharpness: float
    share: float  # that it has in the answers

    def probabilities(self, features: PileFeatures) -> Floats:
        """(B, K)."""
        own = softmax(self.linear.scores(features) * self.sharpness)
        both: Floats = self.share * own + (1 - self.share) * self.teacher.probabilities(features)
        return both


def prepare_lessons(pool: PileFeatures) -> TaughtTexts:
    """From the first texts of the pool, which are in random order."""
    from scipy.linalg import cho_factor

    texts = pool.take(np.arange(min(_MOST, len(pool.sentences))))
    kernel = kernel_of(texts).astype(np.float32)
    kernel[np.diag_indices_from(kernel)] += _PENALTY
    return TaughtTexts(texts, cho_factor(kernel, lower=True, overwrite_a=True))


def teach(lessons: TaughtTexts, teacher: QuickModel) -> Pupil:
    """A pupil that has learned what the teacher says of the texts."""
    from scipy.linalg import cho_solve

    said = teacher.probabilities(lessons.texts)
    sharp = sharpened(said)
    mean = sharp.mean(axis=0)
    weights = np.asarray(cho_solve(lessons.factor, sharp - mean), np.float32)
    linear = LinearScores.over(lessons.texts, weights)
    linear = linear._replace(bias=linear.bias + mean)
    share = _WORTH / (_WORTH + len(teacher.weights))
    return Pupil(teacher, linear, as_sure(linear.scores(lessons.texts), float(said.max(axis=1).mean())), share)
