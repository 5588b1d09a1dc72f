"""What the sentence encoder in the package says of texts, with a last layer that few labelled ones have taught.

Shapes: B labelled texts, U others, K labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import SettingsError
from textcnn.labels import indicator
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings
from textcnn.training.fit import fit
from textcnn.training.task import Labelled

__all__ = ["TeachingAnswers", "answers_of_encoder"]

Numbers = NDArray[np.float64]

_EVERY_WORD = 1_000_000  # texts without labels have words that no labelled one has


class TeachingAnswers(NamedTuple):
    """Probabilities of labels, by who has learned from labelled texts."""

    labelled: Numbers  # (B, K) of each labelled text by the others; its label where nothing could be left out
    left_out: NDArray[np.bool_]  # (B,) which of them were left out
    others: Numbers  # (U, K)


def answers_of_encoder(
    labelled: Labelled,
    unlabelled: Sequence[str],
    classes: Sequence[str],
    settings: Settings,
    *,
    multi_label: bool,
    hints: Mapping[str, str],
) -> TeachingAnswers | None:
    """Learn from labelled texts, and from those without labels beside them; None where the encoder is not for these.

    Args:
        labelled: texts of at least two classes.
        unlabelled: others.
        classes: all labels.
        settings: of the training; if they are such that want networks, there are no answers.
        multi_label: whether texts are multi-label.
        hints: what labels mean, in words.

    Raises:
        TrainingError: all texts are empty.
        VectorsError: the vectors cannot be read.
    """
    if settings.frozen == "off":
        return None
    own = replace(settings, frozen="on", keep_words=_EVERY_WORD, keep_ngrams="off", outside="")
    try:
        result = fit(
            labelled, classes=classes, multi_label=multi_label, settings=own, hints=hints, unlabelled=unlabelled
        )
    except SettingsError:  # too many texts, another language, or settings of networks
        return None
    answers = indicator(labelled.labels, classes, skip_unknown=True).astype(np.float64)
    left_out = np.zeros(len(answers), bool)
    if not result.seen:
        for part in result.held_out:
            answers[part.texts], left_out[part.texts] = part.probabilities, True
    others = Predictor(result.model).all_probabilities(unlabelled) if unlabelled else np.zeros((0, len(classes)))
    return TeachingAnswers(answers, left_out, np.asarray(others, np.float64))
