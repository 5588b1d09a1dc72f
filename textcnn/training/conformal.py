"""What a model keeps of its out-of-fold answers, so that it can say later how sure it is.

Each text counts once, whatever its weight: what is promised is a share of texts.

Shapes: B texts, K labels.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textcnn.model.conformal import RightProbabilities, SetScores
from textcnn.model.reference import Reference
from textcnn.model.selective import RiskCurve
from textcnn.training.outcome import HeldOut
from textcnn.training.outside import Judged, fitted_novelty

__all__ = ["promises"]


def promises(
    held_out: Sequence[HeldOut], lengths: NDArray[np.int64], outside: Judged | None = None
) -> dict[str, NDArray[Any]]:
    """The tensors that sets of labels, bounds of the error, novelty and the verdict about drift are made by.

    Args:
        held_out: answers to texts that the models had not seen; at least one text.
        lengths: words of each text, by its number.
        outside: texts of no kind, if there are some.
    """
    known = Judged.of(held_out)
    probabilities, likeness = known
    targets = np.concatenate([part.targets for part in held_out]) > 0
    labels = held_out[0].model.labels
    of_labels = [RightProbabilities.of(own[right]) for own, right in zip(probabilities.T, targets.T, strict=True)]
    tensors = SetScores(tuple(of_labels), RightProbabilities.of(probabilities[targets])).tensors()
    multi_label = held_out[0].model.multi_label
    novelty = fitted_novelty(known, outside, multi_label=multi_label)
    tensors |= novelty.tensors()
    tensors |= (
        Reference(
            label=_answered(held_out, labels),
            confidence=probabilities.max(axis=1),
            novelty=novelty.values(probabilities, likeness, multi_label=multi_label),
            unknown=likeness.unknown,
            words=lengths[np.concatenate([part.texts for part in held_out])],
        )
        .sampled()
        .tensors()
    )
    if multi_label:
        return tensors
    said = np.array([labels.index(label) for part in held_out for (label,) in part.answers()])
    every = np.arange(len(said))
    curve = RiskCurve.of(probabilities[every, said], ~targets[every, said])
    return tensors | curve.tensors()


def _answered(held_out: Sequence[HeldOut], labels: Sequence[str]) -> NDArray[np.float32]:
    """The number of each text's first label; of the likeliest, where a text got none."""
    rows = ((row, answer) for part in held_out for row, answer in zip(part.probabilities, part.answers(), strict=True))
    return np.array([labels.index(answer[0]) if answer else row.argmax() for row, answer in rows], np.float32)
