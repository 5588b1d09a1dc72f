"""What is computed between questions: which texts to ask next, what they probably are, and how good that is by now.

Nothing here is waited for: for a snapshot of what was labelled there comes a piece of `Advice` that never changes.

Shapes: P texts of the pool, n labelled ones, K labels.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.checks.label_errors import find_suspects
from textcnn.evaluation.metrics import accuracy_interval
from textcnn.labelling.forecast import Forecast, forecast_gain
from textcnn.labelling.learner import Answers, QuickModel, kernel_of, learn_quickly
from textcnn.labelling.pool import Pool
from textcnn.labelling.pupil import Pupil, teach
from textcnn.labelling.strategies import covering, likely, uncertain, uncertain_and_telling
from textcnn.training.label_names import Places, in_words, places_of

__all__ = ["MORE", "STRATEGIES", "Advice", "DoubtedLabel", "Estimate", "Proposal", "Snapshot", "advise", "with_figures"]

STRATEGIES = ("auto", "uncertain", "diverse", "random")
MORE = 40  # labels that the forecast is about

_FIRST = 10  # questions that cover the pile, before there is something to be uncertain about
_QUEUE, _ROUND = 10, 4  # proposals at a time: at first, and when they are about uncertainty
_RARE = 3  # texts of a label, below which more of it are looked for
_CLUSTERED = 3000  # texts of the pool that are clustered
_BLIND = 0.4  # share of wrong answers from which on a doubt says nothing, as in checks/label_errors.py
_MOST_DOUBTS, _DOUBTED = 10, 0.1  # and that share of the labels at most
_FEW = 5  # random texts, below which nothing is said of the accuracy
_WORTH = 0.75  # of a text: answers by learners that share theirs vary more together than so many texts by themselves

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Snapshot(NamedTuple):
    """What has been labelled so far; texts are numbers of the pile."""

    rows: tuple[int, ...]
    labels: tuple[str, ...]  # of these
    closed: frozenset[int]  # texts that may not be asked: those that were skipped, too
    sample: frozenset[int]  # of the rows those that belong to the random sample


class Proposal(NamedTuple):
    """A text to ask, and by which strategy it was chosen."""

    row: int
    how: str


class Estimate(NamedTuple):
    """The accuracy on the random sample, of answers by learners that had not seen the text."""

    accuracy: float
    low: float  # Wilson, 95 %, of three quarters of the texts
    high: float
    texts: int


class DoubtedLabel(NamedTuple):
    """A label that is probably wrong, and the one that is likelier."""

    row: int
    label: str
    likelier: str


class Advice(NamedTuple):
    """What there is to say after so many labels."""

    labelled: int = 0
    labels: tuple[str, ...] = ()  # that were learned, K
    queue: tuple[Proposal, ...] = ()
    pool: Pool | None = None
    probabilities: Floats | None = None  # (P, K); None: there are not two labels yet
    model: QuickModel | None = None
    pupil: Pupil | None = None  # of the model, by which texts are answered
    estimate: Estimate | None = None  # None: there are hardly any random texts yet
    forecast: Forecast | None = None  # None: it cannot be told yet
    doubts: tuple[DoubtedLabel, ...] = ()

    def guesses(self, row: int) -> tuple[tuple[str, float], ...]:
        """Labels of a text and their probabilities, the likeliest first; none if there is nothing to say of it."""
        place = None if self.pool is None else self.pool.place_of(row)
        if place is None or self.probabilities is None:
            return ()
        pairs = zip(self.labels, self.probabilities[place].tolist(), strict=True)
        return tuple(sorted(pairs, key=lambda pair: -pair[1]))


def advise(
    pool: Pool,
    snapshot: Snapshot,
    strategy: str,
    random: np.random.Generator,
    waiting: tuple[Proposal, ...] = (),
    hints: Mapping[str, str] = MappingProxyType({}),
) -> Advice:
    """Learn from what was labelled, and say what to ask next.

    Args:
        pool: the texts.
        snapshot: what was labelled.
        strategy: one of STRATEGIES.
        random: for what is drawn.
        waiting: what was to be asked so far. It goes on while there are some: texts are chosen together, so that they
            are far from each other, and what came first each time would be alike.
        hints: what labels mean, in words; of others the names say it.
    """
    pool = pool.with_rows(snapshot.rows)
    places = np.array([pool.places[row] for row in snapshot.rows], np.int64)
    names = tuple(sorted(set(snapshot.labels)))
    going_on = _going_on(pool, snapshot, waiting)
    if len(names) < 2:
        return Advice(len(places), names, going_on or _queue(pool, places, snapshot, strategy, random), pool)
    numbers = [names.index(label) for label in snapshot.labels]
    learned_over = [
        (each, learn_quickly(each.features, places, numbers, len(names), _places_of(each, names, hints)))
        for each in (pool, pool.asking)
        if each is not None
    ]
    pool, model = min(learned_over, key=lambda each: each[1].unseen.loss)
    pupil = teach(pool.lessons, model)
    probabilities = pupil.probabilities(pool.features)
    learned = (probabilities, np.bincount(numbers))
    queue = going_on or _queue(pool, places, snapshot, strategy, random, learned)
    return Advice(len(places), names, queue, pool, probabilities, model, pupil)


def _places_of(pool: Pool, labels: Sequence[str], hints: Mapping[str, str]) -> Places:
    """What the names of labels, or hints, say of texts."""
    words = in_words(labels, hints)
    return places_of(pool.features.sentences, pool.vectors_of(words))


def with_figures(advice: Advice, snapshot: Snapshot, random: np.random.Generator) -> Advice:
    """The same with what is said to people, which takes longer: how good it is, what more would bring, what is odd."""
    if advice.model is None:
        return advice
    model, unseen = advice.model, advice.model.unseen
    guesses = None if model.names is None else model.names.guess(model.labelled.sentences)
    return advice._replace(
        estimate=_estimate(unseen, snapshot),
        forecast=forecast_gain(kernel_of(model.labelled), unseen.targets, MORE, random, guesses),
        doubts=_doubts(unseen, snapshot, advice.labels),
    )


def _going_on(pool: Pool, snapshot: Snapshot, waiting: tuple[Proposal, ...]) -> tuple[Proposal, ...]:
    """What is still open; nothing if that is one text, after which there would be none while others are chosen."""
    still = set(pool.rows[pool.open_places(snapshot.closed)].tolist()) if waiting else set()
    left = tuple(each for each in waiting if each.row in still)
    return left if len(left) > 1 else ()


def _queue(
    pool: Pool,
    places: Ints,
    snapshot: Snapshot,
    strategy: str,
    random: np.random.Generator,
    learned: tuple[Floats, Ints] | None = None,
) -> tuple[Proposal, ...]:
    """What to ask next; `learned` are the probabilities (P, K), and how many texts of each label there are (K,)."""
    open_places = pool.open_places(snapshot.closed)
    if strategy == "random" or not len(open_places):
        return ()
    if learned is None or strategy == "diverse" or (strategy == "auto" and len(places) < _FIRST):
        return _proposals(pool, _covering(pool, places, open_places, random), "diverse")
    probabilities, counts = learned
    if strategy == "uncertain":
        return _proposals(pool, uncertain(probabilities, open_places, _ROUND), "uncertain")
    rare = [likely(probabilities, int(counts.argmin()), open_places)] if counts.min() < _RARE else []
    known = np.append(places, np.array(rare, np.int64))
    chosen = uncertain_and_telling(pool.features, known, probabilities, open_places, _ROUND - len(rare))
    return (*_proposals(pool, rare, "rare label"), *_proposals(pool, chosen.tolist(), "uncertain"))


def _proposals(pool: Pool, places: Iterable[int], how: str) -> tuple[Proposal, ...]:
    return tuple(Proposal(int(pool.rows[place]), how) for place in places)


def _covering(pool: Pool, places: Ints, open_places: Ints, random: np.random.Generator) -> list[int]:
    """Places of texts where nothing is labelled."""
    some = np.union1d(places, open_places[:_CLUSTERED])
    found = some[covering(pool.features.take(some).vectors(), np.searchsorted(some, places), _QUEUE, random)]
    allowed = set(open_places.tolist())
    return [place for place in found.tolist() if place in allowed]


def _estimate(unseen: Answers, snapshot: Snapshot) -> Estimate | None:
    """On the texts of the random sample alone: the others were chosen for being hard."""
    sampled = np.array([row in snapshot.sample for row in snapshot.rows])
    count = int(sampled.sum())
    if count < _FEW:
        return None
    accuracy = float((unseen.probabilities.argmax(axis=1) == unseen.targets)[sampled].mean())
    return Estimate(accuracy, *accuracy_interval(accuracy, _WORTH * count), count)


def _doubts(unseen: Answers, snapshot: Snapshot, names: tuple[str, ...]) -> tuple[DoubtedLabel, ...]:
    """Labels that are probably wrong, by confident learning; none where the learner errs too often."""
    wrong = float((unseen.probabilities.argmax(axis=1) != unseen.targets).mean())
    if wrong >= _BLIND:
        return ()
    targets = np.eye(len(names), dtype=np.bool_)[unseen.targets]
    most = min(_MOST_DOUBTS, round(_DOUBTED * len(targets)))
    found = find_suspects(targets, unseen.probabilities, multi_label=False)[:most]
    return tuple(DoubtedLabel(snapshot.rows[at], names[label], names[other]) for at, label, other in found.tolist())
