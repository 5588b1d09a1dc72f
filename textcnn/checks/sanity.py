"""Trainings whose outcome is known beforehand, and one that tells whether more texts would help."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textcnn.checks.learning import gain_over_guessing
from textcnn.checks.small_runs import Sample, SmallRun, learn_by_heart, train_small
from textcnn.checks.verdict import Check, Verdict, judge
from textcnn.text.tokens import folded

__all__ = ["curve", "gradients", "learns_a_few", "more_texts", "right", "shuffled"]

Ints = NDArray[np.int64]

_FEW = 48  # texts
_CONTROL = 1200  # texts with shuffled labels
_CHANCE = 4.0  # standard errors


def right(sample: Sample, numbers: Ints, run: SmallRun, probabilities: NDArray[np.float32]) -> float:
    """The share of texts all of whose labels are right."""
    said = [set(run.predictor.choose(row)) for row in probabilities]
    gold = [set(sample.corpus.labels[number]) for number in numbers.tolist()]
    return sum(map(set.__eq__, said, gold)) / max(len(gold), 1)


def learns_a_few(sample: Sample, values: Mapping[str, Any], random: np.random.Generator) -> Check:
    """A handful of texts can be learned by heart, if anything can be learned at all."""
    few = _few(sample, random)
    epochs = learn_by_heart(sample, few, values)
    best = max((row.score or 0.0 for row in epochs), default=0.0)
    figure = f"{len(few)} texts, {best:.1%} right after epoch {len(epochs)}"
    advice = "the network does not learn: fix the learning rate, the vectors or the filters first"
    return judge("learns a few", Verdict.ok if best == 1 else Verdict.error, figure, advice)


def _few(sample: Sample, random: np.random.Generator) -> Ints:
    """Different texts, one label after the other, so that there is more than one."""
    by_label: dict[tuple[str, ...], list[int]] = {}
    seen: set[str] = set()
    for number in random.permutation(len(sample.texts)).tolist():
        if (key := folded(sample.texts[number])) not in seen:
            seen.add(key)
            by_label.setdefault(sample.corpus.labels[number], []).append(number)
    count = max(_FEW // len(by_label), 1)
    return np.array([number for numbers in by_label.values() for number in numbers[:count]][:_FEW], np.int64)


def shuffled(
    sample: Sample, folds: Ints, values: Mapping[str, Any], random: np.random.Generator, *, few: bool = False
) -> Check:
    """With shuffled labels nothing can be learned; if it is, the answer leaks from somewhere."""
    chosen = random.permutation(len(folds))[:_CONTROL]
    targets = sample.targets.copy()
    targets[chosen] = targets[random.permutation(chosen)]
    learned, unseen = np.sort(chosen[folds[chosen] != 0]), np.sort(chosen[folds[chosen] == 0])
    run = train_small(sample, learned, unseen, values, targets=targets, few=few)
    prior = np.asarray(targets[learned].mean(axis=0))
    gain = gain_over_guessing(targets[unseen], run.probabilities, prior, multi_label=sample.multi_label)
    figure = f"{len(learned):,} texts learned: {max(gain, 0):.1f} standard errors better than guessing"
    leaks = gain >= _CHANCE
    advice = "labels that mean nothing were told: the answer leaks from learned to unseen texts"
    return judge("shuffled labels", Verdict.error if leaks else Verdict.ok, figure, advice)


def more_texts(
    sample: Sample,
    whole: SmallRun,
    values: Mapping[str, Any],
    random: np.random.Generator,
    available: int,
    *,
    few: bool = False,
) -> Check:
    """Whether more texts than are `available` would help: right answers after 10, 30 and 100 % of those learned."""
    order, runs = random.permutation(whole.learned), []
    counts = [max(int(share * len(order)), min(10, len(order))) for share in (0.1, 0.3, 1)]
    for count in counts[:-1]:
        runs.append(train_small(sample, np.sort(order[:count]), whole.unseen, values, few=few))
    scores = [right(sample, each.unseen, each, each.probabilities) for each in (*runs, whole)]
    return curve(counts, scores, len(whole.unseen), available)


def curve(counts: Sequence[int], scores: Sequence[float], unseen: int, available: int) -> Check:
    """What a learning curve says of more texts than are `available`; it tells of the next step, not of those beyond.

    Args:
        counts: of the texts that were learned, three of them.
        scores: the share of right answers to others after each.
        unseen: how many others.
        available: texts that there are, of which perhaps only some were learned.
    """
    figure = ", ".join(f"{value:.1%} with {count:,}" for count, value in zip(counts, scores, strict=True))
    gain, error = scores[2] - scores[1], 1 - scores[1]
    noise = 2 * (scores[2] * (1 - scores[2]) / max(unseen, 1)) ** 0.5
    if not (gain > noise and gain > 0.15 * error):
        return judge("more texts", Verdict.ok, figure)
    if available * counts[1] >= counts[2] ** 2:  # enough for a next step as long as the last one
        figure += f"; more of them help, and there are {available:,} to learn from"
        return judge("more texts", Verdict.ok, figure)
    advice = f"more texts would help: from {counts[1]:,} to {counts[2]:,} the mistakes fell by {gain / error:.0%}"
    return judge("more texts", Verdict.warning, figure, advice)


def gradients(sample: Sample, values: Mapping[str, Any]) -> Check:
    """Numerical gradients of convolution and pooling agree with those of the program, on words of these texts."""
    from textcnn.settings import Settings
    from textcnn.text.lexicon import encode
    from textcnn.training.device import use_device
    from textcnn.training.network.gradient_check import deviation

    settings = Settings(**values)
    with use_device(settings):  # where torch does not share sums this small out among busy cores
        worst = deviation(encode(sample.texts[:6], 12).ragged, settings.widths, settings.pooling, settings.k)
    figure = f"largest relative deviation {worst:.1e}"
    agree = worst < 1e-4
    advice = "a fault of textcnn or of its libraries on this machine: please report it"
    return judge("gradients", Verdict.ok if agree else Verdict.error, figure, advice)
