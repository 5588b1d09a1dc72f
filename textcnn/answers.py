"""What is answered: the labels of a text, or one for all that are unsure, the likeliest labels, and the reasons.

The command line and the estimator answer by the same `Policy` (model/policy.py), and so does whatever else answers for
texts.

Shapes: B texts, K labels.
"""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.corpus import Record
from textcnn.corpus.free_names import free_names
from textcnn.model.policy import Chosen, Decided, Policy, decide
from textcnn.model.predictor import Predictor

if TYPE_CHECKING:
    from textcnn.insight.explain import Explanation

__all__ = ["Answer", "Chosen", "Decided", "Policy", "answer", "decide", "explained", "rival"]

Floats = NDArray[np.float32]

_ENCODER = json.JSONEncoder(ensure_ascii=False)


class Answer(NamedTuple):
    """The answer for a text."""

    record: Record
    labels: tuple[str, ...]  # the likeliest first; of a multi-label model there may be none
    probability: float  # of the first of them; of the likeliest label where that is none of the model's
    best: list[tuple[str, float]]  # the likeliest labels with their probabilities, as many as were asked for
    is_list: bool  # whether several labels can be the answer
    sure: bool = True  # whether a label reached the threshold, or a set has just one, and the text is not too novel
    novelty: float | None = None  # of the text, from 0 to 1
    explanation: "Explanation | None" = None

    def as_dict(self) -> dict[str, Any]:
        """The answer as one JSON object: label, probabilities, text, other fields of the record, and the reasons."""
        made: dict[str, Any] = {
            "label": list(self.labels) if self.is_list else self.labels[0],
            "probability": round(self.probability, 6),
            "probabilities": {label: round(value, 6) for label, value in self.best},
            **({} if self.novelty is None else {"novelty": round(self.novelty, 6)}),
            "text": self.record.text,
        }
        reasons = {} if self.explanation is None else {"explanation": self._reasons(self.explanation)}
        fields = self.record.fields
        names = free_names((name for name, _ in fields), [*made, *reasons])
        return made | dict(zip(names, (value for _, value in fields), strict=True)) | reasons

    def as_json(self) -> str:
        """The same as JSON, on one line."""
        return _ENCODER.encode(self.as_dict())

    def _reasons(self, explanation: "Explanation") -> dict[str, Any]:
        """The explanation; each word with the column that it is from, if several were joined."""
        made = explanation.as_dict()
        if self.record.parts:
            for word in made["words"]:
                word["column"] = self.record.column_of(word["start"])
        return made


def answer(predictor: Predictor, records: Sequence[Record], policy: Policy) -> Iterator[Answer]:
    """An answer for each record, in order, but for those that `policy.only` leaves out."""
    decided = decide(predictor, [record.text for record in records], policy)
    best = _likeliest(predictor, decided.probabilities, policy.top)
    is_list, only = predictor.model.multi_label or policy.is_list, set(policy.only)
    for number, (record, labels, sure, value, pairs) in enumerate(
        zip(records, decided.labels, decided.sure, decided.values, best, strict=True)
    ):
        if only and only.isdisjoint(labels):
            continue
        reasons = None
        if policy.explain:
            first = predictor.labels[decided.columns[number]]
            reasons = explained(predictor, record.text, decided.probabilities[number], first, policy.against)
        novel = None if decided.novelty is None else float(decided.novelty[number])
        yield Answer(record, labels, value, pairs, is_list, sure, novel, reasons)


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
        (column,) = predictor.first_columns([predictor.choose(probabilities)], probabilities[None])
        label = predictor.labels[column]
    other = against if against not in ("", label) else rival(predictor, probabilities, label)
    return explain(predictor, text, label, other)


def rival(predictor: Predictor, probabilities: Floats, label: str) -> str:
    """The label that a text with these probabilities (K,) would get instead; empty where each is decided by itself."""
    if predictor.model.multi_label:
        return ""
    likeliest = np.argsort(-probabilities, kind="stable").tolist()
    return next((predictor.labels[column] for column in likeliest if predictor.labels[column] != label), "")
