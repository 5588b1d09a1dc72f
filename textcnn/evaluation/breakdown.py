"""How good answers are for parts of the texts: those of each customer, language, year ...

Shapes: B texts, K labels.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.evaluation.log_loss import losses_of_probabilities
from textcnn.evaluation.metrics import accuracy_interval
from textcnn.evaluation.sample_weights import effective_count
from textcnn.labels import LabelSets, indicator, label_names

__all__ = ["Breakdown", "PartScore", "break_down", "scores_by"]


@dataclass(frozen=True)
class PartScore:
    """Figures of some of the texts, see `textcnn.evaluation.metrics.Report`."""

    count: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    macro_f1: float
    log_loss: float


class Breakdown(NamedTuple):
    """Figures for each value of a column, and those of the rarest values together."""

    column: str
    scores: dict[str, PartScore]
    rare: int  # values that are not among them
    others: PartScore | None  # of the texts that have these

    def as_dict(self) -> dict[str, Any]:
        """The figures as one JSON object."""
        others = None if self.others is None else {"values": self.rare, **asdict(self.others)}
        values = [{"value": value, **asdict(score)} for value, score in self.scores.items()]
        return {"column": self.column, "values": values, "others": others}


def scores_by(
    values: Iterable[Hashable],
    gold: LabelSets,
    predicted: LabelSets,
    probabilities: NDArray[np.float32],
    known: Sequence[str],
    *,
    multi_label: bool,
    weights: NDArray[np.float64] | None = None,
) -> dict[Any, PartScore]:
    """Figures for the texts of each value, in the order in which values come.

    Args:
        values: one for each of B texts.
        gold: the labels of each text.
        predicted: the labels that each text got.
        probabilities: (B, K), in the order of `known`.
        known: the labels of the model.
        multi_label: whether texts can have several labels.
        weights: how much each text counts, (B,).
    """
    counts = np.ones(len(gold)) if weights is None else weights
    names = [*known, *sorted(set(label_names(gold)) - set(known))]
    truth, answers = indicator(gold, names), indicator(predicted, names)
    padded = np.pad(probabilities, ((0, 0), (0, len(names) - len(known))))
    losses = losses_of_probabilities(padded, truth, multi_label=multi_label)
    numbers: dict[Hashable, list[int]] = defaultdict(list)
    for number, value in enumerate(values):
        numbers[value].append(number)
    return {value: _score(truth[part], answers[part], losses[part], counts[part]) for value, part in numbers.items()}


def _score(
    truth: NDArray[np.bool_],
    answers: NDArray[np.bool_],
    losses: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> PartScore:
    accuracy = float(np.average((truth == answers).all(axis=1), weights=weights))
    either = weights @ truth + weights @ answers
    f1 = 2 * (weights @ (truth & answers))[either > 0] / either[either > 0]
    return PartScore(
        count=len(truth),
        accuracy=accuracy,
        accuracy_interval=accuracy_interval(accuracy, effective_count(weights)),
        macro_f1=float(f1.mean()) if len(f1) else 0.0,
        log_loss=float(np.average(losses, weights=weights)),
    )


def break_down(
    column: str,
    values: Sequence[str],
    gold: LabelSets,
    predicted: LabelSets,
    probabilities: NDArray[np.float32],
    known: Sequence[str],
    *,
    multi_label: bool,
    most: int,
    weights: NDArray[np.float64] | None = None,
) -> Breakdown:
    """Figures for so many values of a column, the most frequent ones; numbers in order; see `scores_by`."""
    counts = Counter(values)
    shown = [value for value, _ in counts.most_common(most)]
    kept = set(shown)
    parts = (value if value in kept else None for value in values)
    scores = scores_by(parts, gold, predicted, probabilities, known, multi_label=multi_label, weights=weights)
    ordered = {value: scores[value] for value in _in_order(shown)}
    return Breakdown(column, ordered, len(counts) - len(shown), scores.get(None))


def _in_order(values: list[str]) -> list[str]:
    """As they are, or by size if all are numbers, but for one that is empty."""
    try:
        return sorted(values, key=lambda value: (not value, float(value or 0)))
    except ValueError:
        return values
