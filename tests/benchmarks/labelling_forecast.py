"""Whether the intervals that are said while labelling hold what they are about; `labelling.py --forecast`.

After 30, 50, 70 and 100 labels: the interval of the accuracy so far, and that of what 40 labels more would bring,
beside the accuracy of the quick learner on the test part, now and 40 labels later.
"""

from collections.abc import Mapping

import numpy as np
from protocol import Part

from textcnn.labelling.adviser import MORE
from textcnn.labelling.journal import Journal
from textcnn.labelling.pool import Pool
from textcnn.labelling.session import Session

__all__ = ["coverage"]

SIZES = (30, 50, 70, 100)
EVERY = 5  # answers after which it learns again


def coverage(sets: Mapping[str, tuple[Pool, Part, Part]], seeds: int) -> str:
    """A row for each set, and one for all: in how many of the cases an interval holds, and how wide it is."""
    lines = ["| | accuracy so far | width | 40 labels more | width | cannot tell |", "| --- |" + " --- |" * 5]
    every = []
    for name, (pool, asked, test) in sets.items():
        cases = [case for seed in range(seeds) for case in _cases(pool, asked, test, seed)]
        every += cases
        lines.append(_row(name, cases))
    return "\n".join([*lines, _row("all", every)])


Case = tuple[tuple[float, float, float], tuple[float, float, float] | None]  # low, high, and what it was


def _cases(pool: Pool, asked: Part, test: Part, seed: int) -> list[Case]:
    """What one session says after each number of labels."""
    gold = [*asked.single(), *test.single()]
    held = range(len(asked.texts), len(gold))
    accuracies, said = {}, {}
    with Session(pool.pile, Journal(seed=seed), background=False, pool=pool, withheld=held) as session:
        for count in range(SIZES[-1] + MORE + 1):
            if count % EVERY == 0:
                session.figures = count in SIZES  # which take the longest
                session.learn()
                guesses = [session.advice.guesses(row) for row in held]
                accuracies[count] = np.mean(
                    [bool(guess) and guess[0][0] == gold[row] for guess, row in zip(guesses, held, strict=True)]
                )
                said[count] = session.advice
            question = session.question()
            assert question is not None
            session.answer(question, gold[question.row])
    cases: list[Case] = []
    for count in SIZES:
        now, forecast = said[count].estimate, said[count].forecast
        if now is None:
            continue
        gain = accuracies[count + MORE] - accuracies[count]
        cases.append(
            ((now.low, now.high, accuracies[count]), (forecast.low, forecast.high, gain) if forecast else None)
        )
    return cases


def _row(name: str, cases: list[Case]) -> str:
    now, later = [case[0] for case in cases], [case[1] for case in cases if case[1]]
    return f"| {name} | {_held(now)} | {_held(later)} | {len(now) - len(later)} of {len(now)} |"


def _held(intervals: list[tuple[float, float, float]]) -> str:
    if not intervals:
        return "– | –"
    holds = sum(low - 1e-9 <= value <= high + 1e-9 for low, high, value in intervals)
    width = np.mean([high - low for low, high, _ in intervals])
    return f"{holds} of {len(intervals)} | {100 * width:.0f} points"
