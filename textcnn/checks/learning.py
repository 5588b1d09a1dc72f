"""How training went: the loss at its start, the learning rate, whether it beats guessing, and whether it fits.

Shapes: B texts, K labels.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.checks.data import named
from textcnn.checks.small_runs import Sample
from textcnn.checks.verdict import Check, Verdict, grade, judge
from textcnn.evaluation.log_loss import losses_of_probabilities
from textcnn.training.class_weights import class_weights, weighted_shares

__all__ = [
    "NO_BETTER",
    "Fit",
    "Frequencies",
    "beats_guessing",
    "entropy",
    "fits",
    "gain_over_guessing",
    "learning_rate",
    "log_loss",
    "start_loss",
    "swallowed",
]

Floats = NDArray[np.float64]

NO_BETTER = "the texts do not tell the labels: are they shuffled, is the right column read, are there enough texts?"

_SURE, _LIKELY, _POSSIBLE = 3.0, 2.0, 1.0  # standard errors; the last where texts are few
_TELLING = 50  # texts that show most of what there is to learn
_RARE = 5  # texts of a label below which its answers mean nothing
_LOST = 0.2  # recall
_LEAST = 0.01  # probability; a more confident error counts as this, so that one of them does not hide all else


class Frequencies(NamedTuple):
    """How frequent each label is: all that is known without a look at the text."""

    shares: Floats  # (K,) of texts that have it, each counted by its weights in training
    plain: Floats  # (K,) the same, each counted once
    of_classes: Floats  # (K,) their weights

    @classmethod
    def of(
        cls,
        targets: NDArray[np.bool_],
        class_weight: str,
        classes: Sequence[str],
        of_texts: Floats | None = None,
        *,
        multi_label: bool,
    ) -> "Frequencies":
        """Count.

        Args:
            targets: (B, K).
            class_weight: the setting.
            classes: the labels.
            of_texts: (B,) weights with the mean 1; if not given, all count the same.
            multi_label: whether a text can have several labels.
        """
        table = targets.astype(np.float32)
        counted = np.ones(len(table), np.float32) if of_texts is None else of_texts.astype(np.float32)
        of_classes = class_weights(class_weight, classes, table, counted)
        shares = weighted_shares(table, of_classes, counted, multi_label=multi_label)
        return cls(shares.astype(np.float64), targets.mean(axis=0), of_classes.astype(np.float64))

    @property
    def weighted(self) -> bool:
        """Whether weights change anything."""
        return not (np.allclose(self.shares, self.plain) and np.ptp(self.of_classes) == 0)


def entropy(prior: Floats, *, multi_label: bool, of_classes: Floats | float = 1.0) -> float:
    """The loss of an answer that knows no more than how frequent each label is: (K,) -> nats, a mean over labels.

    Weights of classes, (K,), matter to the loss of multi-label texts; else they are in the frequencies already.
    """
    shares = np.clip(prior, 1e-12, 1 - 1e-12)
    if multi_label:
        return float(-(of_classes * (shares * np.log(shares) + (1 - shares) * np.log(1 - shares))).mean())
    return float(-(shares * np.log(shares)).sum() / shares.sum())


def start_loss(figures: Mapping[str, Any], known: Frequencies, *, multi_label: bool) -> Check:
    """The loss before the first step: that of guessing by frequency."""
    expected = entropy(known.shares, multi_label=multi_label, of_classes=known.of_classes)
    loss, count = float(figures.get("start_loss", np.nan)), len(known.shares)
    figure = f"{loss:.3f}; who guesses by the {'weighted ' * known.weighted}frequency of the labels has {expected:.3f}"
    if not multi_label:
        figure += f", who guesses any label alike ln {count} = {np.log(count):.3f}"
    verdict = grade(abs(loss - expected) / (expected + 0.2), warning=0.5, error=4)
    return judge("loss at start", verdict, figure, "vectors or weights of classes are far from usual sizes")


def learning_rate(figures: Mapping[str, Any], epochs: int, rate: float) -> Check:
    """How often the loss diverged, so that training had to go back."""
    diverged = int(figures.get("diverged", 0))
    figure = f"the loss diverged in {diverged} of {epochs} epochs" if diverged else "the loss never diverged"
    advice = f"a learning rate of {rate:g} is too large: try --learning-rate {rate / 4 ** max(diverged, 1):.2g}"
    return judge("learning rate", grade(diverged, warning=1, error=2), figure, advice)


def gain_over_guessing(
    targets: NDArray[np.bool_],
    probabilities: NDArray[np.float32],
    prior: Floats,
    *,
    multi_label: bool,
    weights: Floats | None = None,
) -> float:
    """By how many standard errors answers are better than guessing by frequency, in log loss.

    Args:
        targets: (B, K).
        probabilities: (B, K).
        prior: (K,) the guess.
        multi_label: whether a text can have several labels.
        weights: (B,) of the texts; if not given, all count the same.
    """
    guess, answers = (
        losses_of_probabilities(given, targets, multi_label=multi_label, least=_LEAST)
        for given in (np.broadcast_to(prior, targets.shape), probabilities)
    )
    gain, counted = guess - answers, np.ones(len(targets)) if weights is None else weights
    mean = float(np.average(gain, weights=counted))
    error = float(np.square(counted * (gain - mean)).sum()) ** 0.5 / float(counted.sum())
    return mean / error if error > 0 else 0.0


def log_loss(targets: NDArray[np.bool_], probabilities: NDArray[Any], *, multi_label: bool) -> float:
    """The mean over texts, and over labels where there are several; sure errors are cut off."""
    return float(losses_of_probabilities(probabilities, targets, multi_label=multi_label, least=_LEAST).mean())


def beats_guessing(sample: Sample, probabilities: NDArray[np.float32], known: Frequencies) -> Check:
    """Whether the texts tell anything about their labels at all; classes count here as they did in training."""
    weights = None if sample.multi_label else sample.targets @ known.of_classes
    gain = gain_over_guessing(
        sample.targets, probabilities, known.shares, multi_label=sample.multi_label, weights=weights
    )
    if sample.multi_label:
        loss, guess = log_loss(sample.targets, probabilities, multi_label=True), entropy(sample.prior, multi_label=True)
        figure = f"log loss {loss:.3f} on unseen texts, {guess:.3f} by the frequency of the labels"
    else:
        hits = probabilities.argmax(axis=1) == sample.targets.argmax(axis=1)
        right, most = float(np.average(hits, weights=weights)), int(known.shares.argmax())
        always = f"by always saying {sample.classes[most]!r}{', weighted' * known.weighted}"
        figure = f"{right:.1%} of unseen texts right, {known.shares[most]:.1%} {always}"
    figure += f"; better than guessing by {max(gain, 0):.1f} standard errors (at least {_SURE:.0f} wanted)"
    if gain >= _SURE:
        return judge("beats guessing", Verdict.ok, figure)
    if gain >= _LIKELY:
        return judge("beats guessing", Verdict.warning, figure, "it may be chance")
    if gain >= _POSSIBLE and len(sample.targets) < _TELLING:
        advice = f"so few texts can hardly tell: label some {_TELLING} and check again"
        return judge("beats guessing", Verdict.warning, figure, advice)
    return judge("beats guessing", Verdict.error, figure, NO_BETTER)


def swallowed(
    recall: Mapping[str, float],
    counts: Mapping[str, int],
    loss: float,
    *,
    multi_label: bool,
    class_weight: str = "none",
) -> Check:
    """Whether some labels are hardly ever found, as when one class swallows the others: a low loss can hide it.

    Args:
        recall: of each label, on unseen texts.
        counts: how many of those texts have it.
        loss: log loss on them.
        multi_label: whether a text can have several labels; a cautious model then rather gives none.
        class_weight: the setting, which is not recommended where it was made.
    """
    judged = sorted((label for label in recall if counts[label] >= _RARE), key=recall.__getitem__)
    if not judged:
        return judge("swallowed labels", Verdict.ok, f"no label has {_RARE} texts to judge by")
    worst = judged[0]
    figure = f"log loss {loss:.3f}; {worst!r} is found least: in {recall[worst]:.0%} of its {counts[worst]:,} texts"
    lost = [label for label in judged if recall[label] < _LOST]
    even = sum(counts.values()) / len(counts)
    rare = class_weight == "none" and any(counts[label] < even / 2 for label in lost)
    fix = "more texts of them, or --class-weight balanced" if rare else "more texts of them, or clearer labels"
    advice = f"other labels are answered instead of {named(lost)}: {fix}"
    return judge("swallowed labels", _lost([recall[label] for label in judged], multi_label), figure, advice)


def _lost(recalls: Sequence[float], multi_label: bool) -> Verdict:
    """An error where half of the labels but the largest are never found; a warning where one hardly ever is."""
    never = recalls.count(0)
    if never and 2 * never >= len(recalls) - 1 and not multi_label:
        return Verdict.error
    return Verdict.warning if min(recalls) < _LOST else Verdict.ok


class Fit(NamedTuple):
    """Figures about how well a model fits."""

    own: float  # share of right answers on texts that were learned
    unseen: float  # the same for others
    losses: list[float]  # validation loss of each epoch
    weights: int
    words: int  # in the texts that were learned


def fits(fit: Fit) -> Check:
    """Under-fitting and over-fitting: right answers on learned and on unseen texts, the curve, the size."""
    gap = fit.own - fit.unseen
    figure = f"{fit.own:.1%} right on learned texts, {fit.unseen:.1%} on unseen ones"
    figure += f"; {fit.weights:,} weights of filters, {fit.words:,} words"
    rising = bool(fit.losses) and fit.losses[-1] > 1.3 * min(fit.losses) + 0.02
    if fit.own < 0.85 and gap < 0.1:
        advice = "under-fitting: more --filters, more --epochs, another --learning-rate, or clearer labels"
        return judge("fit", Verdict.warning, figure, advice)
    if gap >= 0.25 or (rising and gap >= 0.05):
        figure += "; the validation loss rose again" if rising else ""
        return judge("fit", Verdict.warning, figure, "over-fitting: more texts, more --dropout, fewer --filters")
    return judge("fit", Verdict.ok, figure)
