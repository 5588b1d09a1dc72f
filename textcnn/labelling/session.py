"""A session of labelling, whatever shows it: a terminal, a browser, or a simulation.

    with Session(pile, Journal(path), labels=["bug", "billing"]) as session:
        while question := session.question():
            session.answer(question, "bug")

A step is on the disk when the method that takes it returns. What is learned between questions is learned by a thread
that nobody waits for: `question` takes the best that is known by then, and at worst a text at random.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from threading import Condition, Thread
from types import MappingProxyType, TracebackType
from typing import NamedTuple

import numpy as np

from textcnn.errors import DataError, SettingsError
from textcnn.labelling.adviser import STRATEGIES, Advice, DoubtedLabel, Proposal, Snapshot, advise, with_figures
from textcnn.labelling.journal import Journal, Step, standing
from textcnn.labelling.pile import Pile
from textcnn.labelling.pool import Pool, prepare_pool

__all__ = ["GivenLabel", "Progress", "Question", "Session", "check_label", "check_strategy", "random_order"]

RANDOM, SEARCHED, ALIKE, AGAIN, GIVEN = "random", "searched", "alike", "again", "given"  # ways that texts are chosen
_RANDOM_EVERY = 5  # one question in so many is a random one
_ALIKE = 12  # texts that are labelled together
_LONGEST_LABEL = 200  # characters


class Question(NamedTuple):
    """A text that waits for its label."""

    row: int
    how: str  # why this one
    guesses: tuple[tuple[str, float], ...] = ()  # labels and probabilities, the likeliest first; none if not known yet
    doubted: str = ""  # the label that it was given, if it is asked again
    likelier: str = ""  # the one that the other texts suggest


class GivenLabel(NamedTuple):
    """The label of a text, and how it came by it."""

    label: str
    how: str
    when: str
    again: bool = False  # whether it was asked again, and confirmed or changed


class Progress(NamedTuple):
    """How far it is."""

    labelled: int  # texts, copies counted once
    skipped: int
    texts: int  # of the pile, copies counted once
    counts: dict[str, int]  # of each label
    advice: Advice
    note: str  # about the learning in the background
    answers: int = 0  # texts that were labelled here, without those of which the input has the label
    budget: int | None = None  # answers in all


class Session:
    """Texts, their labels so far, and the next question.

    Args:
        pile: the texts.
        journal: what was done so far; the session closes it.
        labels: names in the order in which they are offered; others follow as they come.
        hints: what labels mean, in words that say more than their names.
        strategy: one of STRATEGIES.
        background: whether to learn in a thread. Else `learn` must be called.
        pool: made before, from the same pile.
        withheld: texts that are never asked.
        figures: whether to tell how good it is, and what more labels would bring.
        budget: answers after which nothing is asked any more, those of earlier days included.

    Raises:
        DataError: there is no text in the pile.
        SettingsError: a label or the strategy cannot be used.
    """

    def __init__(
        self,
        pile: Pile,
        journal: Journal,
        *,
        labels: Sequence[str] = (),
        hints: Mapping[str, str] = MappingProxyType({}),
        strategy: str = "auto",
        background: bool = True,
        pool: Pool | None = None,
        withheld: Collection[int] = (),
        figures: bool = True,
        budget: int | None = None,
    ) -> None:
        check_strategy(strategy)
        if not any(text.strip() for text in pile.texts):
            raise DataError("there is no text to label: all are empty")
        self.pile, self.journal, self.strategy, self.budget = pile, journal, strategy, budget
        self._told, self.hints = tuple(map(check_label, labels)), hints
        self._given = pile.labels_given()
        self._withheld = frozenset(pile.keys[row] for row in withheld)
        self._order = random_order(pile, journal.seed)
        self._generator = np.random.default_rng(journal.seed)
        self.figures = figures
        self.pool = pool  # None: it is being prepared
        self.advice = Advice()
        self._changed = Condition()
        self._ended = False
        self.failure: Exception | None = None  # of the thread; questions are then asked at random
        self._closed: set[str] = set()
        self._closed_groups: set[int] | None = None  # of near-copies; computed when it is asked for
        self._replay()
        self._thread = Thread(target=self._learn_on, name="labelling", daemon=True) if background else None
        if self._thread:
            self._thread.start()

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it; everything is on the disk already. The thread ends when it has learned what it is at."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self.journal.close()

    # ------------------------------------------------------------------------------------------------ questions

    def question(self) -> Question | None:
        """The next text; None when all have been asked, or the budget is spent."""
        if self.spent:
            return None
        proposal = self._random() if self._is_random_due() else self._proposed() or self._random()
        return None if proposal is None else self.about(*proposal)

    def about(self, row: int, how: str = SEARCHED) -> Question:
        """A question about this text."""
        known = self.labelled.get(self.pile.keys[row])
        return Question(row, how, self.advice.guesses(row), known.label if known else "")

    def search(self, words: str) -> list[int]:
        """Texts with these words that have no label yet."""
        return [row for row in self.pile.search(words) if self.pile.keys[row] not in self.labelled]

    def alike(self, row: int) -> list[int]:
        """The text, and those most like it that have no label and for which the guess is the same; twelve at most."""
        if self.pool is None:
            return [row]
        guess = self._guess(row)
        others = (
            other
            for other in self.pool.neighbours(row)
            if other != row and self._is_open(other) and guess in ("", self._guess(other))
        )
        return [row, *islice(others, _ALIKE - 1)]

    def _guess(self, row: int) -> str:
        return next((label for label, _ in self.advice.guesses(row)), "")

    def doubts(self) -> list[DoubtedLabel]:
        """Labels that are probably wrong and were not confirmed since."""
        found = []
        for doubt in self.advice.doubts:
            known = self.labelled.get(self.pile.keys[doubt.row])
            if known and known.label == doubt.label and not known.again:
                found.append(doubt)
        return found

    @staticmethod
    def again(doubt: DoubtedLabel) -> Question:
        """A question about a doubted label. What is guessed is not told: that was learned from this label, too."""
        return Question(doubt.row, AGAIN, (), doubt.label, doubt.likelier)

    def _is_random_due(self) -> bool:
        asked = [each.how for each in self.labelled.values()].count(RANDOM)
        return self.strategy == "random" or asked < self.answers // _RANDOM_EVERY

    def _proposed(self) -> Proposal | None:
        return next((each for each in self.advice.queue if self._is_open(each.row)), None)

    def _random(self) -> Proposal | None:
        """The next one of the random order that was not asked."""
        row = next((row for row in self._order if self._is_open(row)), None)
        return None if row is None else Proposal(row, RANDOM)

    def _is_open(self, row: int) -> bool:
        """Whether a text may be asked: it has no label, was not skipped, and is no near-copy of such a one."""
        if self.pile.keys[row] in self._closed or not self.pile.texts[row].strip():
            return False
        return self.pool is None or self.pool.groups.get(row) not in self._groups_closed(self.pool)

    def _groups_closed(self, pool: Pool) -> set[int]:
        if self._closed_groups is None:
            first_of = self.pile.first_of
            self._closed_groups = pool.closed_groups(first_of[key] for key in self._closed if key in first_of)
        return self._closed_groups

    # ---------------------------------------------------------------------------------------------------- steps

    def answer(self, question: Question, label: str) -> None:
        """Give a text its label."""
        self.label([question.row], label, AGAIN if question.doubted and question.how == AGAIN else question.how)

    def label(self, rows: Sequence[int], label: str, how: str = ALIKE) -> None:
        """Give several texts a label, in one step."""
        self._take(Step("label", tuple(self.pile.keys[row] for row in rows), check_label(label), how))

    def skip(self, question: Question) -> None:
        """Do not ask this one again."""
        self._take(Step("skip", (self.pile.keys[question.row],), how=question.how))

    def add_label(self, label: str) -> None:
        """Offer one more label."""
        if check_label(label) not in self.labels:
            self._take(Step("name", label=label))

    def undo(self) -> Step | None:
        """Take the last step back; None if there is none. What it was is returned."""
        steps = standing(self.journal.steps)
        if not steps:
            return None
        self._take(Step("undo"))
        return steps[-1]

    def _take(self, step: Step) -> None:
        step = self.journal.append(step)
        with self._changed:
            if step.kind == "undo":
                self._replay()
            else:
                self._apply(step)
            self._changed.notify_all()

    def _replay(self) -> None:
        """The state that the steps lead to."""
        self.labelled: dict[str, GivenLabel] = {}  # by the key of the text, in the order in which they came
        self.skipped: set[str] = set()
        for row, label in self._given.items():
            self.labelled[self.pile.keys[row]] = GivenLabel(label, GIVEN, "")
        self._names = dict.fromkeys([*self._told, *self._given.values()])
        self._closed = {*self.labelled, *self._withheld}
        self._closed_groups = None
        for step in standing(self.journal.steps):
            self._apply(step)

    def _apply(self, step: Step) -> None:
        """Take a step that is on the disk."""
        if step.label:
            self._names[step.label] = None
        for key in step.texts:
            if step.kind == "skip":
                self.skipped.add(key)
            else:
                self._give(key, step)
        self._closed.update(step.texts)
        self._closed_groups = None

    def _give(self, key: str, step: Step) -> None:
        first = self.labelled.pop(key, None)  # asked again, a text goes to the end
        again = step.how == AGAIN and first is not None
        how = first.how if again and first else step.how
        self.labelled[key] = GivenLabel(step.label, how, step.when, again)
        self.skipped.discard(key)

    @property
    def labels(self) -> list[str]:
        """The labels that are offered, in the order in which they came."""
        return list(self._names)

    @property
    def answers(self) -> int:
        """Texts that were labelled here; labels of the input are none."""
        return sum(each.how != GIVEN for each in self.labelled.values())

    @property
    def spent(self) -> bool:
        """Whether the budget is."""
        return self.budget is not None and self.answers >= self.budget

    @property
    def lost(self) -> int:
        """Texts that were labelled and are not in the pile any more."""
        return sum(key not in self.pile.first_of for key in self.labelled)

    def rows(self) -> dict[int, GivenLabel]:
        """The label of each text that has one, copies included, in the order of the pile."""
        return {row: self.labelled[key] for row, key in enumerate(self.pile.keys) if key in self.labelled}

    @property
    def note(self) -> str:
        """What is to be known of the learning in the background; "" if all is well."""
        if self.failure is not None:
            return f"learning has failed ({type(self.failure).__name__}: {self.failure}); questions go on at random"
        return "" if self.pool is not None else "comparing the texts with each other; until then questions are random"

    def progress(self) -> Progress:
        """How far it is."""
        here = [each for key, each in self.labelled.items() if key in self.pile.first_of]
        counts = Counter(each.label for each in here)
        named = {label: counts[label] for label in self.labels}
        texts = len(self.pile.first_of)
        return Progress(len(here), len(self.skipped), texts, named, self.advice, self.note, self.answers, self.budget)

    # ------------------------------------------------------------------------------------------------- learning

    def learn(self) -> None:
        """Learn from what is labelled now, and choose anew what to ask."""
        self._learn(self._snapshot())

    def _learn(self, snapshot: Snapshot, waiting: tuple[Proposal, ...] = ()) -> None:
        """First what to ask next, then the figures, which take longer."""
        if self.pool is None:
            self.pool = prepare_pool(self.pile, self._order, self.journal.seed)
        before = self.advice
        found = advise(self.pool, snapshot, self.strategy, self._generator, waiting, self.hints)
        self.advice = found._replace(estimate=before.estimate, forecast=before.forecast, doubts=before.doubts)
        if self.figures:
            self.advice = with_figures(found, snapshot, self._generator)

    def _snapshot(self) -> Snapshot:
        first_of = self.pile.first_of
        known = {first_of[key]: each for key, each in self.labelled.items() if key in first_of}
        closed = frozenset(first_of[key] for key in self._closed if key in first_of)
        labels = tuple(each.label for each in known.values())
        return Snapshot(tuple(known), labels, closed, self._sample(known))

    def _sample(self, known: dict[int, GivenLabel]) -> frozenset[int]:
        """The labelled texts among the first of the random order, as far as it was gone through."""
        left = sum(each.how == RANDOM for each in known.values())
        sample = []
        for row in self._order:
            if not left:
                break
            if row in known:
                sample.append(row)
                left -= known[row].how == RANDOM
        return frozenset(sample)

    def _learn_on(self) -> None:
        try:
            while True:
                with self._changed:
                    if self._ended:
                        return
                    snapshot = self._snapshot()
                self._learn(snapshot, self.advice.queue)
                with self._changed:
                    self._changed.notify_all()
                    while not self._ended and self._snapshot() == snapshot:
                        self._changed.wait()
        except Exception as error:
            self.failure = error


def check_strategy(strategy: str) -> None:
    """Make sure that there is such a strategy.

    Raises:
        SettingsError: there is not.
    """
    if strategy not in STRATEGIES:
        raise SettingsError(f"there is no strategy {strategy!r}; --strategy takes {', '.join(STRATEGIES)}")


def check_label(label: str) -> str:
    """A label without blanks around it.

    Raises:
        SettingsError: nothing is left, or it has control characters or is far too long.
    """
    label = label.strip()
    if not label or not label.isprintable() or len(label) > _LONGEST_LABEL:
        raise SettingsError(f"{label[:40]!r} cannot be a label: it needs 1 to {_LONGEST_LABEL} printable characters")
    return label


def random_order(pile: Pile, seed: int) -> list[int]:
    """All texts, copies once, in an order that is random but stays when texts are added to the pile."""
    salt = str(seed).encode()
    mixed = {row: blake2b(key.encode(), digest_size=8, key=salt).digest() for key, row in pile.first_of.items()}
    return sorted(mixed, key=mixed.__getitem__)
