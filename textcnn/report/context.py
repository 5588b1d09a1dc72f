"""What a page is about: texts with their labels, and the answers of a model, or of several."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from textcnn.checks import Check
from textcnn.evaluation.comparison import Comparison
from textcnn.evaluation.metrics import Report
from textcnn.labels import indicator
from textcnn.model.interpretation import Interpretation
from textcnn.model.predictor import Predictor

__all__ = ["AnswerTables", "AnsweredTexts", "PageContext"]


class AnsweredTexts(Protocol):
    """Texts with their labels, and what was answered by whom."""

    @property
    def labels(self) -> Sequence[str]:
        """All that can be answered, in the order of the probabilities."""

    @property
    def multi_label(self) -> bool:
        """Whether texts can have several labels."""

    @property
    def texts(self) -> Sequence[str]:
        """What was answered."""

    @property
    def gold(self) -> Sequence[tuple[str, ...]]:
        """The labels of each text."""

    @property
    def places(self) -> Sequence[str]:
        """Where each text stood: file and line."""

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """(B, K)."""

    @property
    def report(self) -> Report:
        """How good the answers are."""

    def predictor_of(self, number: int) -> Predictor:
        """The predictor that answered a text."""

    def answers(self) -> list[tuple[str, ...]]:
        """The labels that each text got."""


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

    @property
    def labels(self) -> Sequence[str]:
        """Those of the model."""
        return self.predictor.labels

    @property
    def multi_label(self) -> bool:
        """Whether texts can have several labels."""
        return self.predictor.model.multi_label

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
    """Truth and answers as tables with a column for each label that can be answered.

    Other labels have no column: such a text has a row of zeros.
    """

    def __init__(self, context: AnsweredTexts) -> None:
        self.labels = context.labels
        self.multi_label = context.multi_label
        self.probabilities = context.probabilities.astype(np.float64)  # (B, K)
        self.truth = indicator(context.gold, self.labels, skip_unknown=True)  # (B, K)
        self.answers = indicator(context.answers(), self.labels)  # (B, K)

    @cached_property
    def supported(self) -> list[int]:
        """The labels that occur, the most frequent first."""
        counts = self.truth.sum(axis=0)
        return [int(label) for label in np.argsort(-counts, kind="stable") if counts[label]]
