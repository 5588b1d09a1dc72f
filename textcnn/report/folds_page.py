"""The page about a cross-validation: figures over texts and folds, and the out-of-fold answers of the first repeat."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.crossvalidation.figures import FIGURE_NAMES, Ends
from textcnn.crossvalidation.result import CrossValidation, FoldAnswers
from textcnn.evaluation.metrics import Report, measure_answers
from textcnn.model.predictor import Predictor
from textcnn.report.page import answers_content, rendered, told
from textcnn.settings import record

__all__ = ["folds_page"]


class _FirstRepeat(NamedTuple):
    """Answers to B texts, each by the model of its fold."""

    labels: Sequence[str]
    multi_label: bool
    texts: Sequence[str]
    gold: Sequence[tuple[str, ...]]
    places: Sequence[str]
    probabilities: NDArray[np.float32]  # (B, K)
    given: Sequence[tuple[str, ...]]
    report: Report
    predictors: Sequence[Predictor]

    def predictor_of(self, number: int) -> Predictor:
        """The predictor that answered a text."""
        return self.predictors[number]

    def answers(self) -> list[tuple[str, ...]]:
        """The labels that each text got."""
        return list(self.given)


def folds_page(result: CrossValidation, places: Sequence[str], title: str) -> str:
    """The page as HTML text.

    Args:
        result: with the models of its first repeat.
        places: where each text stood: file and line.
        title: what was cross-validated.
    """
    first = result.configurations[0]
    named = dict(FIGURE_NAMES, accuracy="all labels right") if result.multi_label else FIGURE_NAMES
    return rendered(
        "folds.html",
        **answers_content(_first_repeat(result, places)),
        title=f"Cross-validation of {title}",
        note=_note(result),
        names=named,
        figures=first.figures,
        interval=_interval,
        plan=result.plan,
        configurations=result.configurations,
        fold_comparisons=result.comparisons,
        checks=[],
        ngrams=[],
        filters=[],
        learning=[],
        exact=False,
        facts=[(name.replace("_", " "), told(value)) for name, value in record(first.settings).items()]
        if first.settings is not None
        else [],
    )


def _first_repeat(result: CrossValidation, places: Sequence[str]) -> _FirstRepeat:
    folds = [fold for fold in result.folds if fold.repeat == 1]
    answered = result.configurations[0].folds[: len(folds)]
    numbers = np.concatenate([fold.held for fold in folds]).tolist()
    texts, gold, where = zip(
        *((result.data.texts[number], result.data.labels[number], places[number]) for number in numbers), strict=True
    )
    given = [labels for own in answered for labels in own.labels]
    probabilities = np.concatenate([own.probabilities for own in answered if own.probabilities is not None])
    report = measure_answers(gold, given, probabilities, result.classes, multi_label=result.multi_label)
    return _FirstRepeat(
        result.classes,
        result.multi_label,
        texts,
        gold,
        where,
        probabilities,
        given,
        report,
        list(_predictors(answered)),
    )


def _predictors(answered: Sequence[FoldAnswers]) -> Iterator[Predictor]:
    """That of each text."""
    for own in answered:
        if own.model is not None:
            yield from [Predictor(own.model)] * len(own.labels)


def _note(result: CrossValidation) -> str:
    note = f"{result.summary}. Each text was answered by models that had not learned from it."
    name = result.configurations[0].name
    if sum(one.settings is not None for one in result.configurations) > 1:
        note += f" What is said of labels, probabilities and mistakes is about {name}."
    return note + " Of several repeats these are the answers of the first." * (result.plan.repeats > 1)


def _interval(ends: Ends) -> str:
    return f"{ends.low:.3f} – {ends.high:.3f}"
