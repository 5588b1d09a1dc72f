"""What a page is about: a model, texts with their labels, and the model's answers."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.checks import Check
from textcnn.evaluation.comparison import Comparison
from textcnn.evaluation.metrics import Report
from textcnn.labels import indicator
from textcnn.model.interpretation import Interpretation
from textcnn.model.predictor import Predictor

__all__ = ["AnswerTables", "PageContext"]


class PageContext(NamedTuple):
    """Answers to B texts, and how good they are."""

    title: str
    note: str  # what kind of texts these are, in a sentence
    predictor: Predictor
    texts: Sequence[str]
    gold: Sequence[tuple[str, ...]]
    places: Sequence[str]  # where each text stood: file and line
    probabilities: NDArray[np.float32]  # (B, K)
    report: Report
    learned: Interpretation | None = None  # n-grams of the training texts, if the model file keeps them
    comparisons: Sequence[Comparison] = ()  # with others, on the same texts
    checks: Sequence[Check] = ()
    predictors: Sequence[Predictor] = ()  # that answered each text, if not all texts have the same

    def predictor_of(self, number: int) -> Predictor:
        """The predictor that answered a text."""
        return self.predictors[number] if self.predictors else self.predictor

    def answers(self) -> list[tuple[str, ...]]:
        """The labels that each text got."""
        return [self.predictor_of(number).choose(row) for number, row in enumerate(self.probabilities)]

    def tables(self) -> "AnswerTables":
        """The same as numbers."""
        return AnswerTables(self)


class AnswerTables:
    """Truth and answers as tables with a column for each label of the model.

    Labels that the model does not know have no column: such a text has a row of zeros.
    """

    def __init__(self, context: PageContext) -> None:
        self.labels = context.predictor.labels
        self.multi_label = context.predictor.model.multi_label
        self.probabilities = context.probabilities.astype(np.float64)  # (B, K)
        self.truth = indicator(context.gold, self.labels, skip_unknown=True)  # (B, K)
        self.answers = indicator(context.answers(), self.labels)  # (B, K)

    @cached_property
    def supported(self) -> list[int]:
        """The labels that occur, the most frequent first."""
        counts = self.truth.sum(axis=0)
        return [int(label) for label in np.argsort(-counts, kind="stable") if counts[label]]
