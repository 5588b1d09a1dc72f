"""What is answered: the labels of a text, or one for all that are unsure, the likeliest labels, and the reasons.

The command line and the estimator answer by the same `Policy`, and so does whatever else answers for texts. Which
labels reach their thresholds, `Predictor.choose` says.

Shapes: B texts, K labels.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.corpus import Record
from textcnn.errors import SettingsError
from textcnn.model.predictor import Predictor

if TYPE_CHECKING:
    from textcnn.insight.explain import Explanation

__all__ = ["Answer", "Decided", "Policy", "answer", "decide", "explained", "free_names", "rival"]

_OTHERWISE = "unknown"
_MOST_NAMED = 20  # labels in a message

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How texts are answered.

    Attributes:
        top: how many of the likeliest labels stand beside the answer; None: all.
        threshold: least probability of an answer; if not given, the likeliest label is the answer, or, of a multi-label
            model, all labels that reach its thresholds.
        otherwise: the answer where no label reaches the threshold; if not given, "unknown".
        only: labels without one of which an answer is left out; none: nothing is left out.
        explain: whether answers come with their reasons.
        against: a label, why the answer is not this one; if not given, or if it is the answer, the next likeliest.

    Raises:
        SettingsError: `top` or `threshold` is out of its limits.
    """

    top: int | None = 1
    threshold: float | None = None
    otherwise: str | None = None
    only: Collection[str] = ()
    explain: bool = False
    against: str = ""

    def __post_init__(self) -> None:
        if self.top is not None and self.top < 1:
            raise SettingsError(f"top must be a whole number from 1 on, not {self.top!r}")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise SettingsError(f"threshold must be a number from 0 to 1, not {self.threshold!r}")

    @property
    def below(self) -> tuple[str, ...]:
        """The answer where no label reaches the threshold, or one of the thresholds of the model."""
        if self.threshold is None:
            return ()
        return (_OTHERWISE if self.otherwise is None else self.otherwise,)

    def answers(self, labels: Sequence[str]) -> list[str]:
        """All that can be the answer of a model with these labels."""
        return [*labels, *(label for label in self.below if label not in labels)]

    def check(self, labels: Sequence[str]) -> None:
        """Make sure that what is asked for can be answered by a model with these labels.

        Raises:
            SettingsError: `only` or `against` is no label of the model.
        """
        for wanted, known in ((self.only, self.answers(labels)), ([self.against] if self.against else [], labels)):
            for label in wanted:
                if label not in known:
                    more = " ..." if len(known) > _MOST_NAMED else ""
                    names = ", ".join(known[:_MOST_NAMED])
                    raise SettingsError(f"the model has no label {label!r}, but {names}{more}")


class Answer(NamedTuple):
    """The answer for a text."""

    record: Record
    labels: tuple[str, ...]  # the likeliest first; of a multi-label model there may be none
    probability: float  # of the first of them; of the likeliest label where that is none of the model's
    best: list[tuple[str, float]]  # the likeliest labels with their probabilities, as many as were asked for
    multi_label: bool
    explanation: "Explanation | None" = None

    def as_dict(self) -> dict[str, Any]:
        """The answer as one JSON object: label, probabilities, text, other fields of the record, and the reasons."""
        made: dict[str, Any] = {
            "label": list(self.labels) if self.multi_label else self.labels[0],
            "probability": round(self.probability, 6),
            "probabilities": {label: round(value, 6) for label, value in self.best},
            "text": self.record.text,
        }
        reasons = {} if self.explanation is None else {"explanation": self._reasons(self.explanation)}
        fields = self.record.fields
        names = free_names((name for name, _ in fields), [*made, *reasons])
        return made | dict(zip(names, (value for _, value in fields), strict=True)) | reasons

    def _reasons(self, explanation: "Explanation") -> dict[str, Any]:
        """The explanation; each word with the column that it is from, if several were joined."""
        made = explanation.as_dict()
        if self.record.parts:
            for word in made["words"]:
                word["column"] = self.record.column_of(word["start"])
        return made


def free_names(names: Iterable[str], taken: Iterable[str]) -> list[str]:
    """Names for other fields of the input: one that is taken gets `input_` before it, and a number if need be."""
    names, used = list(names), set(taken)
    given, tries = set(names), Counter[str]()
    made: list[str] = []
    for name in names:
        free = name
        while free in used or (free != name and free in given):
            tries[name] += 1
            free = f"input_{name}" if tries[name] == 1 else f"input_{name}_{tries[name]}"
        used.add(free)
        made.append(free)
    return made


class Decided(NamedTuple):
    """What is decided about texts."""

    probabilities: Floats  # (B, K)
    labels: list[tuple[str, ...]]  # of each text, the likeliest first
    columns: list[int]  # of each text, that of the first of them; of the likeliest, where that is none of the model's

    @property
    def values(self) -> list[float]:
        """The probability of each answer."""
        values: list[float] = self.probabilities[np.arange(len(self.columns)), self.columns].tolist()
        return values


def decide(predictor: Predictor, texts: list[str], policy: Policy) -> Decided:
    """What `answer` says, without the rest of an answer; `policy.only` leaves nothing out here."""
    probabilities = predictor.all_probabilities(texts)
    labels = [reached or policy.below for reached in predictor.choose_all(probabilities, policy.threshold)]
    return Decided(probabilities, labels, _first_columns(predictor, labels, probabilities))


def answer(predictor: Predictor, records: Sequence[Record], policy: Policy) -> Iterator[Answer]:
    """An answer for each record, in order, but for those that `policy.only` leaves out."""
    decided = decide(predictor, [record.text for record in records], policy)
    best, multi_label = _likeliest(predictor, decided.probabilities, policy.top), predictor.model.multi_label
    for number, (record, labels, value, pairs) in enumerate(
        zip(records, decided.labels, decided.values, best, strict=True)
    ):
        if policy.only and not set(policy.only) & set(labels):
            continue
        reasons = None
        if policy.explain:
            first = predictor.labels[decided.columns[number]]
            reasons = explained(predictor, record.text, decided.probabilities[number], first, policy.against)
        yield Answer(record, labels, value, pairs, multi_label, reasons)


def _first_columns(predictor: Predictor, chosen: list[tuple[str, ...]], probabilities: Floats) -> list[int]:
    """Of each text the first label of its answer; the likeliest, where that is none of the model's."""
    known = {label: column for column, label in enumerate(predictor.labels)}
    likeliest = probabilities.argmax(axis=1).tolist()
    return [
        known.get(labels[0], column) if labels else column for labels, column in zip(chosen, likeliest, strict=True)
    ]


def _likeliest(predictor: Predictor, probabilities: Floats, top: int | None) -> list[list[tuple[str, float]]]:
    """For each text so many labels, the likeliest first, with their probabilities."""
    order = (-probabilities).argsort(axis=1, kind="stable")[:, :top]
    labels = np.array(predictor.labels, object)[order].tolist()
    values = np.take_along_axis(probabilities, order, axis=1).tolist()
    return [list(zip(*pairs, strict=True)) for pairs in zip(labels, values, strict=True)]


def explained(
    predictor: Predictor, text: str, probabilities: Floats, label: str = "", against: str = ""
) -> "Explanation":
    """Why a text gets a label and not another one.

    Args:
        predictor: the model.
        text: any text.
        probabilities: its own, (K,).
        label: a label of the model; if not given, the first that the text gets, or the likeliest if it gets none.
        against: a label of the model; if not given, or if it is `label`, the rival of that one.
    """
    from textcnn.insight.explain import explain

    if not label:
        (column,) = _first_columns(predictor, [predictor.choose(probabilities)], probabilities[None])
        label = predictor.labels[column]
    other = against if against not in ("", label) else rival(predictor, probabilities, label)
    return explain(predictor, text, label, other)


def rival(predictor: Predictor, probabilities: Floats, label: str) -> str:
    """The label that a text with these probabilities (K,) would get instead; empty where each is decided by itself."""
    if predictor.model.multi_label:
        return ""
    likeliest = np.argsort(-probabilities, kind="stable").tolist()
    return next((predictor.labels[column] for column in likeliest if predictor.labels[column] != label), "")
