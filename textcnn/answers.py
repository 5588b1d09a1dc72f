"""What is answered: the labels of a text, or one for all that are unsure, the likeliest labels, and the reasons.

The command line and the estimator answer by the same `Policy`, and so does whatever else answers for texts. Which
labels reach their thresholds, `Predictor.choose` says.

Shapes: B texts, K labels.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.corpus import Record
from textcnn.corpus.free_names import free_names
from textcnn.errors import ModelFileError, SettingsError
from textcnn.model.predictor import Predictor

if TYPE_CHECKING:
    from textcnn.insight.explain import Explanation

__all__ = ["Answer", "Chosen", "Decided", "Policy", "answer", "decide", "explained", "rival"]

_OTHERWISE, _NOVEL = "unknown", "none"
_MOST_NAMED = 20  # labels in a message

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How texts are answered.

    Attributes:
        top: how many of the likeliest labels stand beside the answer; None: all.
        threshold: least probability of an answer; if not given, the likeliest label is the answer, or, of a multi-label
            model, all labels that reach its thresholds.
        max_error: the threshold is the lowest one that keeps the share of wrong answers, of those that reach it, below
            this, see textcnn.model.selective.
        sure: the answer is all labels of which the right one is one in this share of cases, see
            textcnn.model.conformal.
        sure_per_label: whether that is to hold for the texts of each label.
        otherwise: the answer where no label reaches the threshold, if not given, "unknown"; and, if it is given, in the
            place of sets that are not a single label.
        novelty: whether answers say how novel their texts are, if the model knows.
        novel_above: the answer for texts that are more novel is `novel_label`, if not given, "none".
        novel_label: see there.
        only: labels without one of which an answer is left out; none: nothing is left out.
        explain: whether answers come with their reasons.
        against: a label, why the answer is not this one; if not given, or if it is the answer, the next likeliest.

    Raises:
        SettingsError: one of them is out of its limits, or they do not go together.
    """

    top: int | None = 1
    threshold: float | None = None
    max_error: float | None = None
    sure: float | None = None
    sure_per_label: bool = False
    otherwise: str | None = None
    novelty: bool = False
    novel_above: float | None = None
    novel_label: str | None = None
    only: Collection[str] = ()
    explain: bool = False
    against: str = ""

    def __post_init__(self) -> None:
        for name, fits, meant in (
            ("top", self.top is None or self.top >= 1, "a whole number from 1 on"),
            ("threshold", self.threshold is None or 0 <= self.threshold <= 1, "a number from 0 to 1"),
            ("max_error", self.max_error is None or 0 < self.max_error < 1, "a number between 0 and 1"),
            ("novel_above", self.novel_above is None or 0 <= self.novel_above <= 1, "a number from 0 to 1"),
            ("sure", self.sure is None or 0.5 <= self.sure < 1, "a number from 0.5 to below 1"),
        ):
            if not fits:
                raise SettingsError(f"{name} must be {meant}, not {getattr(self, name)!r}")
        self._check_together()

    def _check_together(self) -> None:
        if sum(value is not None for value in (self.threshold, self.max_error, self.sure)) > 1:
            raise SettingsError("threshold, max_error and sure exclude each other: give one of them")
        if self.sure_per_label and self.sure is None:
            raise SettingsError("sure_per_label says how sure is meant: give sure too")
        if self.novel_label is not None and self.novel_above is None:
            raise SettingsError("novel_label is the answer for texts that are more novel: give novel_above too")

    @property
    def below(self) -> tuple[str, ...]:
        """The answer where no label reaches the threshold, or one of the thresholds of the model."""
        if self.threshold is None and self.max_error is None:
            return ()
        return (_OTHERWISE if self.otherwise is None else self.otherwise,)

    @property
    def novel(self) -> tuple[str, ...]:
        """The answer for texts that are too novel."""
        if self.novel_above is None:
            return ()
        return (_NOVEL if self.novel_label is None else self.novel_label,)

    @property
    def is_list(self) -> bool:
        """Whether several labels can be the answer, whatever the model."""
        return self.sure is not None

    def answers(self, labels: Sequence[str]) -> list[str]:
        """All that can be the answer of a model with these labels."""
        in_place_of_sets = (self.otherwise,) if self.is_list and self.otherwise is not None else ()
        words = (*self.below, *in_place_of_sets, *self.novel)
        return [*labels, *(label for label in dict.fromkeys(words) if label not in labels)]

    def choose(
        self, predictor: Predictor, probabilities: Floats, novelty: NDArray[np.float64] | None = None
    ) -> list["Chosen"]:
        """What is chosen for each text.

        Args:
            predictor: the model.
            probabilities: of the texts, (B, K).
            novelty: of the texts, (B,), if it is known.

        Raises:
            SettingsError: the model cannot promise what is asked for.
            ModelFileError: it can promise nothing.
        """
        choices = self._choose(predictor, probabilities)
        if novelty is None or self.novel_above is None:
            return choices
        above = (novelty > self.novel_above).tolist()
        return [Chosen(self.novel, False) if novel else one for novel, one in zip(above, choices, strict=True)]

    def _choose(self, predictor: Predictor, probabilities: Floats) -> list["Chosen"]:
        if self.sure is not None:
            sets = predictor.choose_sets(probabilities, self.sure, per_label=self.sure_per_label)
            return [self._of_set(labels) for labels in sets]
        threshold = self.threshold
        if self.max_error is not None:
            threshold = predictor.model.risk_curve.threshold(self.max_error)
        reached = predictor.choose_all(probabilities, threshold)
        made = {labels: Chosen(labels or self.below, bool(labels) or not self.below) for labels in set(reached)}
        return [made[labels] for labels in reached]

    def _of_set(self, labels: tuple[str, ...]) -> "Chosen":
        alone = len(labels) == 1
        return Chosen(labels if alone or self.otherwise is None else (self.otherwise,), alone)

    def check_model(self, predictor: Predictor) -> None:
        """Make sure that what is asked for can be answered by a model.

        Raises:
            SettingsError: `only` or `against` is no label of the model, or it cannot promise what is asked for.
            ModelFileError: it can promise nothing.
        """
        self.check(predictor.labels)
        self.choose(predictor, np.zeros((0, len(predictor.labels)), np.float32))
        if self.novel_above is not None and predictor.model.novelty is None:
            raise ModelFileError(
                "the model does not know how novel a text is: it is of an older textcnn, or had too few texts to hold "
                "some out in training; train it again, on more texts"
            )

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


class Chosen(NamedTuple):
    """The labels that are the answer, and whether they are sure enough to be left at that."""

    labels: tuple[str, ...]
    sure: bool


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
        return json.dumps(self.as_dict(), ensure_ascii=False)

    def _reasons(self, explanation: "Explanation") -> dict[str, Any]:
        """The explanation; each word with the column that it is from, if several were joined."""
        made = explanation.as_dict()
        if self.record.parts:
            for word in made["words"]:
                word["column"] = self.record.column_of(word["start"])
        return made


class Decided(NamedTuple):
    """What is decided about texts."""

    probabilities: Floats  # (B, K)
    labels: list[tuple[str, ...]]  # of each text, the likeliest first
    sure: list[bool]  # of each text, see `Chosen`
    columns: list[int]  # of each text, that of the first of them; of the likeliest, where that is none of the model's
    novelty: NDArray[np.float64] | None = None  # of each text, if it is asked for and the model knows

    @property
    def values(self) -> list[float]:
        """The probability of each answer."""
        values: list[float] = self.probabilities[np.arange(len(self.columns)), self.columns].tolist()
        return values


def decide(predictor: Predictor, texts: Sequence[str], policy: Policy) -> Decided:
    """What `answer` says, without the rest of an answer; `policy.only` leaves nothing out here."""
    novelty = None
    if policy.novelty or policy.novel_above is not None:
        probabilities, novelty = predictor.all_seen(texts)
    else:
        probabilities = predictor.all_probabilities(texts)
    choices = policy.choose(predictor, probabilities, novelty)
    labels = [choice.labels for choice in choices]
    sure = [choice.sure for choice in choices]
    return Decided(probabilities, labels, sure, predictor.first_columns(labels, probabilities), novelty)


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
