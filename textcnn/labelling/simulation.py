"""What labelling would be worth: the answers come from a column that is labelled already.

Part of the texts is held out and never asked. With a strategy and, beside it, at random, questions are asked and
answered; after every few the quick learner learns, and answers the texts held out. As in a pile, these have no label
and are neighbours nevertheless.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import DataError
from textcnn.labelling.journal import Journal
from textcnn.labelling.pile import Pile
from textcnn.labelling.pool import Pool, prepare_pool
from textcnn.labelling.session import Session, check_strategy, random_order
from textcnn.labels import require_two
from textcnn.training.label_names import hint_texts

__all__ = ["LabellingRow", "Simulation", "simulate"]

_HELD_OUT = 0.25  # share of the texts
_EVERY = 5  # answers after which it learns again
_FEWEST = 40  # texts

Floats = NDArray[np.float64]


class LabellingRow(NamedTuple):
    """After so many labels: accuracies, means over the seeds, with their standard errors."""

    labels: int
    chosen: float
    chosen_error: float
    random: float
    random_error: float


class Simulation(NamedTuple):
    """Accuracy against the number of labels, M numbers, each time with other texts held out, S seeds."""

    labels: tuple[int, ...]  # (M,)
    chosen: Floats  # (S, M)
    random: Floats  # (S, M)
    held_out: int  # texts

    def rows(self) -> list[LabellingRow]:
        """One for each number of labels."""
        return [
            LabellingRow(count, *_mean(self.chosen[:, at]), *_mean(self.random[:, at]))
            for at, count in enumerate(self.labels)
        ]

    def saved(self) -> tuple[int, int] | None:
        """So many chosen labels are worth as much as so many random ones; None if not even all of them are."""
        chosen, random = self.chosen.mean(axis=0), self.random.mean(axis=0)
        reached = np.flatnonzero(chosen >= random[-1])
        return (self.labels[reached[0]], self.labels[-1]) if len(reached) else None


def _mean(values: Floats) -> tuple[float, float]:
    """The mean, and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def simulate(
    pile: Pile,
    budget: int,
    *,
    strategy: str = "auto",
    seeds: int = 5,
    hints: Mapping[str, str] = MappingProxyType({}),
    say: Callable[[str], None] = lambda _: None,
) -> Simulation:
    """Label in the order in which a strategy asks, and at random, and see how good each is.

    Args:
        pile: texts with labels.
        budget: labels in all.
        strategy: one of STRATEGIES.
        seeds: how often, each time with other texts held out.
        hints: what labels mean, in words that say more than their names.
        say: is told what is being done.

    Raises:
        DataError: too few different texts have a label, or all the same.
        SettingsError: there is no such strategy, or a hint is for none of the labels.
    """
    check_strategy(strategy)
    truth = pile.labels_given()
    require_two(set(truth.values()), "the texts")
    hints = hint_texts(sorted(set(truth.values())), hints)
    if len(truth) < _FEWEST:
        raise DataError(f"only {len(truth)} texts have a label there; a simulation takes {_FEWEST}")
    say("comparing the texts with each other")
    pool = prepare_pool(pile, random_order(pile, 0), 0)
    never = [row for row in pile.first_of.values() if row not in truth]
    closed = pool.closed_groups(never)
    known = [row for row in pool.rows.tolist() if row in truth and pool.groups[row] not in closed]
    if len(known) < _FEWEST:
        raise DataError(
            f"texts that have a label and are no near-copies of others: {len(known)}; a simulation takes {_FEWEST}"
        )
    held_out = max(round(len(known) * _HELD_OUT), 1)
    points = _points(min(budget, len(known) - held_out))
    curves: dict[str, list[list[float]]] = {"chosen": [], "random": []}
    for seed in range(seeds):
        held = np.random.default_rng(seed).permutation(known)[:held_out].tolist()
        for name, how in (("chosen", strategy), ("random", "random")):
            say(f"seed {seed + 1} of {seeds}, {name}")
            curves[name].append(_curve(pool, truth, held, never, points, how, seed, hints))
    return Simulation(points, np.array(curves["chosen"]), np.array(curves["random"]), held_out)


def _points(budget: int) -> tuple[int, ...]:
    """Numbers of labels at which it is measured: 10, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700 ... and the last."""
    usual = [step * 10**power for power in range(1, 7) for step in (1, 2, 3, 5, 7)] + [150, 1500]
    return tuple(sorted({point for point in usual if point < budget} | {budget}))


def _curve(
    pool: Pool,
    truth: dict[int, str],
    held: list[int],
    never: list[int],
    points: tuple[int, ...],
    strategy: str,
    seed: int,
    hints: Mapping[str, str],
) -> list[float]:
    """The accuracy on the texts held out after each number of labels; texts without a label are never asked."""
    journal = Journal(seed=seed)
    accuracies = []
    pile = pool.pile.without_labels()
    with Session(
        pile,
        journal,
        hints=hints,
        strategy=strategy,
        background=False,
        pool=pool,
        withheld=[*held, *never],
        figures=False,
    ) as session:
        for count in range(1, points[-1] + 1):
            if count % _EVERY == 1:
                session.learn()
            question = session.question()
            assert question is not None
            session.answer(question, truth[question.row])
            if count in points:
                session.learn()
                accuracies.append(_accuracy(session, truth, held))
    return accuracies


def _accuracy(session: Session, truth: dict[int, str], held: list[int]) -> float:
    guesses = [next((label for label, _ in session.advice.guesses(row)), None) for row in held]
    only = session.labels[0]  # where one label is all that was seen
    return float(np.mean([(guess or only) == truth[row] for guess, row in zip(guesses, held, strict=True)]))
