"""What a text is answered with: the likeliest label, those above a threshold, a set, or one for all that are unsure.

Which labels reach their thresholds, `Predictor.choose` says; what else an answer has, answers.py.

Shapes: B texts, K labels.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import ModelFileError, SettingsError
from textcnn.model.model import Model

__all__ = ["Chosen", "Decided", "Judge", "Policy", "decide"]

_OTHERWISE, _NOVEL = "unknown", "none"
_MOST_NAMED = 20  # labels in a message

Floats = NDArray[np.float32]


class Judge(Protocol):
    """What a policy asks a `Predictor`; see there."""

    model: Model

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels of the model."""
        ...

    def all_probabilities(self, texts: Sequence[str]) -> Floats:
        """(B, K)."""
        ...

    def all_seen(self, texts: Sequence[str]) -> tuple[Floats, NDArray[np.float64] | None]:
        """(B, K), and how novel the texts are, (B,), if the model knows."""
        ...

    def choose_all(self, probabilities: Floats, threshold: float | None = None) -> list[tuple[str, ...]]:
        """The labels that each text gets."""
        ...

    def choose_sets(self, probabilities: Floats, sure: float, *, per_label: bool = False) -> list[tuple[str, ...]]:
        """The labels of which the right one is one, as often as is said."""
        ...

    def first_columns(self, chosen: Sequence[tuple[str, ...]], probabilities: Floats) -> list[int]:
        """Of each text the first label of its answer."""
        ...


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
    def always_answers(self) -> bool:
        """Whether each text gets what the model says, however unsure that is."""
        return self.threshold is self.max_error is self.sure is self.novel_above is None

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
        self, predictor: Judge, probabilities: Floats, novelty: NDArray[np.float64] | None = None
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

    def _choose(self, predictor: Judge, probabilities: Floats) -> list["Chosen"]:
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

    def check_model(self, predictor: Judge) -> None:
        """Make sure that what is asked for can be answered by a model.

        Raises:
            SettingsError: `only` or `against` is no label of the model, or it cannot promise what is asked for.
            ModelFileError: it can promise nothing.
        """
        self.check(predictor.labels)
        self.choose(predictor, np.zeros((0, len(predictor.labels)), np.float32))
        if self.novel_above is not None and predictor.model.novelty is None:
            raise ModelFileError(f"the model does not know how novel a text is: {predictor.model.unmeasured}")

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


@dataclass(eq=False, repr=False)  # of arrays there is no good one
class Decided:
    """What is decided about texts; what is seldom wanted is found out when it is."""

    judge: Judge
    probabilities: Floats  # (B, K)
    labels: list[tuple[str, ...]]  # of each text, the likeliest first
    sure: list[bool]  # of each text, see `Chosen`
    novelty: NDArray[np.float64] | None = None  # of each text, if it is asked for and the model knows

    @cached_property
    def columns(self) -> list[int]:
        """Of each text, that of the first of its labels; of the likeliest, where that is none of the model's."""
        return self.judge.first_columns(self.labels, self.probabilities)

    @cached_property
    def values(self) -> list[float]:
        """The probability of each answer."""
        values: list[float] = self.probabilities[np.arange(len(self.columns)), self.columns].tolist()
        return values


def decide(predictor: Judge, texts: Sequence[str], policy: Policy) -> Decided:
    """What `answer` says, without the rest of an answer; `policy.only` leaves nothing out here."""
    novelty = None
    if policy.novelty or policy.novel_above is not None:
        probabilities, novelty = predictor.all_seen(texts)
    else:
        probabilities = predictor.all_probabilities(texts)
    if policy.always_answers:
        labels = predictor.choose_all(probabilities)
        return Decided(predictor, probabilities, labels, [True] * len(labels), novelty)
    choices = policy.choose(predictor, probabilities, novelty)
    return Decided(
        predictor, probabilities, [choice.labels for choice in choices], [choice.sure for choice in choices], novelty
    )
