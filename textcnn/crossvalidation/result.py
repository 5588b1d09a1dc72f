"""What came of a cross-validation: out-of-fold answers, figures with their intervals, comparisons.

Shapes: A answers (each text once in each repeat, in the order of the folds), B texts, K labels.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.answers import Answer
from textcnn.corpus import Record
from textcnn.crossvalidation.differences import LEVEL, CorrectedMean, FoldComparison, corrected_t
from textcnn.crossvalidation.figures import FigureWithIntervals, spread_figures, sums_of_answers
from textcnn.crossvalidation.folds import Fold, FoldPlan
from textcnn.evaluation.metrics import Report, measure_answers
from textcnn.labels import indicator
from textcnn.model.model import Model
from textcnn.settings import Settings, record
from textcnn.training.task import Labelled

__all__ = ["CrossValidation", "FoldAnswers", "MeasuredConfiguration", "cross_validation"]

Floats = NDArray[np.float32]


class FoldAnswers(NamedTuple):
    """Answers to the texts that a fold holds out."""

    labels: list[tuple[str, ...]]
    probabilities: Floats | None  # (texts held out, K), 0 for labels that the fold did not learn; the baseline has none
    seconds: float
    model: Model | None  # if it was to be kept


@dataclass(frozen=True, kw_only=True)
class MeasuredConfiguration:
    """One way to train, measured on all folds."""

    name: str
    settings: Settings | None  # None: the baseline
    folds: list[FoldAnswers]
    figures: dict[str, FigureWithIntervals]
    report: Report | None  # of all answers together; None of the baseline, which has no probabilities

    @property
    def labels(self) -> list[tuple[str, ...]]:
        """The labels that were answered: (A,)."""
        return [labels for fold in self.folds for labels in fold.labels]

    @property
    def probabilities(self) -> Floats | None:
        """Of each answer: (A, K); None of the baseline."""
        parts = [fold.probabilities for fold in self.folds if fold.probabilities is not None]
        return np.concatenate(parts) if parts else None

    def as_dict(self) -> dict[str, Any]:
        """Everything as one JSON object."""
        report = {} if self.report is None else self.report.as_dict()
        return {
            "name": self.name,
            "settings": None if self.settings is None else record(self.settings),
            "figures": {name: figure.as_dict() for name, figure in self.figures.items()},
            "labels": report.get("labels", {}),
            "confusion": report.get("confusion", []),
            "seconds": [round(fold.seconds, 3) for fold in self.folds],
        }


@dataclass(frozen=True, kw_only=True)
class CrossValidation:
    """The result of a cross-validation.

    Attributes:
        data: all texts with their labels.
        plan: the folds that are complete.
        planned: how many folds were to be made.
        classes: (K,) all labels, in the order of probabilities.
        multi_label: whether texts can have several labels.
        configurations: each way to train; the baseline is the last, if it is there.
        comparisons: of each two of them; none of a single fold.
    """

    data: Labelled
    plan: FoldPlan
    planned: int
    classes: tuple[str, ...]
    multi_label: bool
    configurations: list[MeasuredConfiguration]
    comparisons: list[FoldComparison]

    @property
    def summary(self) -> str:
        """How many folds of how many texts there are, in words."""
        dealt = f", dealt {self.plan.repeats} times" if self.plan.repeats > 1 else ""
        complete = "" if len(self.folds) == self.planned else f"; {len(self.folds)} of {self.planned} are complete"
        return f"{self.plan.per_repeat} folds of {len(self.data.texts):,} texts{dealt}{complete}"

    @property
    def figures(self) -> dict[str, FigureWithIntervals]:
        """Those of the first configuration."""
        return self.configurations[0].figures

    @property
    def folds(self) -> list[Fold]:
        """Those that are complete, with the numbers of the texts that each learned from and held out."""
        return self.plan.folds

    @property
    def text_numbers(self) -> NDArray[np.int64]:
        """The number of the text of each answer: (A,)."""
        return np.concatenate([fold.held for fold in self.folds])

    @property
    def probabilities(self) -> Floats:
        """Out-of-fold probabilities of the first configuration, the mean of the repeats, in the order of the texts.

        (B, K); a text that no fold held out, or not yet, has NaN.
        """
        total = np.zeros((len(self.data.texts), len(self.classes)))
        counts = np.bincount(self.text_numbers, minlength=len(total))
        for fold, answered in zip(self.folds, self.configurations[0].folds, strict=True):
            assert answered.probabilities is not None
            total[fold.held] += answered.probabilities
        mean = np.divide(total, counts[:, None], out=np.full_like(total, np.nan), where=counts[:, None] > 0)
        return mean.astype(np.float32)

    def answers(self, records: Sequence[Record] | None = None) -> Iterator[Answer]:
        """Every out-of-fold answer of every configuration but the baseline, as `predict` gives them.

        The record of each has its gold label, its fold, repeat, source and line among its other fields, and, if there
        are several, its configuration.

        Args:
            records: (B,) where texts stood, with their other fields; if not given, lines count the texts.
        """
        records = records or [Record(text, (), number) for number, text in enumerate(self.data.texts, 1)]
        measured = [one for one in self.configurations if one.settings is not None]
        for configuration in measured:
            name = (("configuration", configuration.name),) if len(measured) > 1 else ()
            for fold, answered in zip(self.folds, configuration.folds, strict=True):
                yield from self._answers_of(fold, answered, records, name)

    def _answers_of(
        self, fold: Fold, answered: FoldAnswers, records: Sequence[Record], name: tuple[tuple[str, object], ...]
    ) -> Iterator[Answer]:
        assert answered.probabilities is not None
        for number, labels, row in zip(
            fold.held.tolist(), answered.labels, answered.probabilities.tolist(), strict=True
        ):
            given, gold = records[number], self.data.labels[number]
            told = (
                ("gold", list(gold) if self.multi_label else gold[0]),
                ("fold", fold.number),
                ("repeat", fold.repeat),
                ("source", given.source),
                ("line", given.line),
            )
            best = sorted(zip(self.classes, row, strict=True), key=lambda pair: -pair[1])
            probability = dict(best)[labels[0]] if labels else best[0][1]
            record = given._replace(fields=(*name, *told, *given.fields))
            yield Answer(record, labels, probability, best, self.multi_label)

    def as_dict(self) -> dict[str, Any]:
        """Everything but the answers as one JSON object."""
        return {
            "texts": len(self.data.texts),
            "folds": self.plan.per_repeat,
            "repeats": self.plan.repeats,
            "complete": len(self.folds),
            "planned": self.planned,
            "labels": list(self.classes),
            "multi_label": self.multi_label,
            "notes": list(self.plan.notes),
            "parts": [
                {"repeat": fold.repeat, "fold": fold.number, "learned": len(fold.learn), "held_out": len(fold.held)}
                for fold in self.folds
            ],
            "configurations": [configuration.as_dict() for configuration in self.configurations],
            "comparisons": [comparison.as_dict() for comparison in self.comparisons],
        }


def cross_validation(
    data: Labelled,
    plan: FoldPlan,
    answers: Mapping[str, list[FoldAnswers]],
    *,
    configurations: Mapping[str, Settings],
    classes: Sequence[str],
    multi_label: bool,
    planned: int,
) -> CrossValidation:
    """Measure the answers of complete folds, and compare the configurations.

    Args:
        data: all texts with their labels.
        plan: of the complete folds.
        answers: of each configuration, and of the baseline if there is one, for each fold.
        configurations: the settings of each.
        classes: all labels, in the order of the probabilities.
        multi_label: whether texts can have several labels.
        planned: how many folds were to be made.
    """
    measure = _Measure(data, plan, classes, multi_label)
    measured = [measure.configuration(name, configurations.get(name), own) for name, own in answers.items()]
    pairs = list(combinations(measured, 2)) if len(plan.folds) > 1 else []
    return CrossValidation(
        data=data,
        plan=plan,
        planned=planned,
        classes=tuple(classes),
        multi_label=multi_label,
        configurations=measured,
        comparisons=[measure.comparison(*pair, LEVEL / len(pairs)) for pair in pairs],
    )


class _Measure:
    """What all configurations are measured by."""

    def __init__(self, data: Labelled, plan: FoldPlan, classes: Sequence[str], multi_label: bool) -> None:
        held = [fold.held for fold in plan.folds]
        texts = np.concatenate(held)
        self.classes, self.multi_label = classes, multi_label
        self.gold = [data.labels[number] for number in texts.tolist()]
        self.weights = None if data.weights is None else data.weights[texts]
        self.units = plan.units[texts]
        self.folds = np.repeat(np.arange(len(held)), list(map(len, held)))
        self.share = float(np.mean([len(fold.held) / len(fold.learn) for fold in plan.folds]))

    def configuration(self, name: str, settings: Settings | None, folds: list[FoldAnswers]) -> MeasuredConfiguration:
        made = MeasuredConfiguration(name=name, settings=settings, folds=folds, figures={}, report=None)
        labels, probabilities = made.labels, made.probabilities
        truth, answers = (indicator(each, self.classes) for each in (self.gold, labels))
        figures = spread_figures(
            sums_of_answers(truth, answers, probabilities, self.weights, multi_label=self.multi_label),
            self.units,
            self.folds,
            self.share,
            multi_label=self.multi_label,
            probable=probabilities is not None,
        )
        if probabilities is None:
            return replace(made, figures=figures)
        report = measure_answers(
            self.gold, labels, probabilities, self.classes, multi_label=self.multi_label, weights=self.weights
        )
        report = replace(report, accuracy_interval=figures["accuracy"].over_texts)
        return replace(made, figures=figures, report=report)

    def comparison(self, first: MeasuredConfiguration, second: MeasuredConfiguration, level: float) -> FoldComparison:
        return FoldComparison(
            first=first.name,
            second=second.name,
            folds=len(first.folds),
            level=level,
            figures={
                name: self._difference(figure, second.figures[name], level)
                for name, figure in first.figures.items()
                if name in second.figures
            },
        )

    def _difference(self, first: FigureWithIntervals, second: FigureWithIntervals, level: float) -> CorrectedMean:
        return corrected_t(np.array(first.by_fold) - np.array(second.by_fold), self.share, level)
