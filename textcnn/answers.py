"""From texts to what is printed of them."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.corpus import Record
from textcnn.model.predictor import Predictor

if TYPE_CHECKING:
    from textcnn.insight.explain import Explanation

__all__ = ["Answer", "Answers", "Explainer"]

# From a text, a label and the probabilities of all labels to the reasons.
Explainer = Callable[[str, str, NDArray[np.float32]], "Explanation"]


class Answer(NamedTuple):
    """An answer and where it came from."""

    record: Record
    given: tuple[str, ...]  # the labels of the answer
    best: list[tuple[str, float]]  # the likeliest labels, as many as are shown
    multi_label: bool
    probability: float  # of the first label of the answer; of the likeliest one where the answer is no label
    explanation: "Explanation | None" = None


class Answers:
    """From records to what is printed of them; `most` labels of each, all if it is None."""

    def __init__(
        self,
        predictor: Predictor,
        most: int | None,
        threshold: float | None,
        otherwise: str,
        only: Sequence[str],
        explain: "Explainer | None",
    ) -> None:
        self.explain = explain
        self.predictor, self.most, self.threshold = predictor, most, threshold
        self.otherwise, self.only, self.matched = otherwise, set(only), False
        self.multi_label, self.labels = predictor.model.multi_label, np.array(predictor.labels, object)
        least = predictor.model.thresholds or (0.5,) * len(self.labels)
        if threshold is not None:
            least = (threshold,) * len(self.labels)
        self.least = dict(zip(predictor.labels, least, strict=True))

    def rows(self, records: Sequence[Record]) -> Iterator[Answer]:
        """One row for each record, but for those that --only leaves out."""
        probabilities = self.predictor.probabilities([each.text for each in records])
        for record, own, labels, values in zip(records, probabilities, *self._ranked(probabilities), strict=True):
            given = self._given(labels, values)
            if self.only and self.only.isdisjoint(given):
                continue
            self.matched = True
            best = list(zip(labels[: self.most], values, strict=False))
            said = given[0] if given and given[0] in self.least else labels[0]
            explanation = self.explain(record.text, said, own) if self.explain else None
            yield Answer(record, given, best, self.multi_label, values[labels.index(said)], explanation)

    def _ranked(self, probabilities: NDArray[np.float32]) -> tuple[list[list[str]], list[list[float]]]:
        """For each text its labels, the likeliest first, and their probabilities; as many as matter."""
        order = (-probabilities).argsort(axis=1, kind="stable")
        if not self.multi_label and self.otherwise not in self.least:
            order = order[:, : self.most]
        return self.labels[order].tolist(), np.take_along_axis(probabilities, order, axis=1).tolist()

    def _given(self, labels: list[str], values: list[float]) -> tuple[str, ...]:
        if self.multi_label:
            found = tuple(label for label, value in zip(labels, values, strict=True) if value >= self.least[label])
            return found or ((self.otherwise,) if self.threshold is not None else ())
        sure = self.threshold is None or values[0] >= self.threshold
        return (labels[0] if sure else self.otherwise,)
