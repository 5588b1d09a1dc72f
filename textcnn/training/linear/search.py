"""The penalty C of the linear part and how much rare features count, chosen by cross-validation.

Long texts that say plainly what they are want a larger C than short or doubtful ones do. Opinions want rare
features to count less, subjects that are told by names want them to count more. From the usual recipe the choice goes
up or down for as long as the log loss of texts that were not learned from falls, in turn for the one and the other.
"""

from collections.abc import Callable
from functools import cache, partial
from threading import Event
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.compiled.threads import WorkerThreads
from textcnn.evaluation.log_loss import losses_of_logits
from textcnn.training.folds import FOLDS, random_folds
from textcnn.training.linear.svm import (
    USUAL,
    Examples,
    FeatureStatistics,
    FeatureTables,
    Recipe,
    WeightedFeatures,
    learn_weighted,
)

__all__ = ["chosen"]

COSTS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
POWERS = (3.0, 2.0, 1.0, 0.5, 0.0)
_CAUTION = 3.0  # how many texts' loss a departure of C by a factor of e is worth
_TEXTS, _WORDS, _LABELS = 8000, 600_000, 20  # at most, drawn at random, words counted once in each text
_OUTPUTS = 8  # labels; if there are more, fewer words
_SCALES = (-3, 5)  # logarithms
_ROUNDED = 1e-3  # of probabilities that add up to 1


class _Place(NamedTuple):
    """Where a recipe stands among the costs and powers, or a step from one to another."""

    cost: int
    power: int


_START = _Place(COSTS.index(USUAL.C), POWERS.index(USUAL.power))


class _Fold:
    """A part of the texts to learn from, and the rest to measure on.

    The features stay weighted as they were last, for a penalty needs no other weights than the one before.
    """

    def __init__(self, part: Examples, rest: Examples) -> None:
        self.part, self.rest = part, rest
        self._spread = FeatureStatistics.of(part)
        self._power: float | None = None

    def measure(self, recipe: Recipe, out: NDArray[np.float32]) -> None:
        """Margins of the texts that are not learned from."""
        if recipe.power != self._power:
            self._features = WeightedFeatures.of(self.part.tables, self._spread, recipe.power)
            self._gram, self._power = self._features.gram(), recipe.power
        learned = learn_weighted(self.part, self._features, self._gram, recipe.C)
        out[:] = learned.margins(self.rest.tables)


def chosen(examples: Examples, workers: WorkerThreads, hurry: Event | None = None) -> Recipe:
    """The recipe with the least log loss; each worker measures a fold. The usual one if there is no time to search."""
    folds = _folds(examples)
    signs = np.concatenate([fold.rest.signs for fold in folds]) if folds else examples.signs[:0]
    targets = np.asarray((1 + signs) / 2, np.float32)
    weights = np.concatenate([fold.rest.weights for fold in folds]) if folds else examples.weights[:0]

    @cache
    def loss(place: _Place) -> float:
        recipe, margins = _recipe(place), [np.empty_like(fold.rest.signs) for fold in folds]
        workers.run(partial(fold.measure, recipe, out) for fold, out in zip(folds, margins, strict=True))
        departure = _CAUTION * float(np.log(recipe.C / USUAL.C) ** 2) / 2
        return _least_loss(np.concatenate(margins), targets, weights, alone=examples.independent) + departure

    return _recipe(_descended(loss, hurry or Event())) if folds else USUAL


def _descended(loss: Callable[[_Place], float], hurry: Event) -> _Place:
    """Where no place beside has less loss; where it began if it must hurry."""
    place, before = _START, None
    while place != before:
        before = place
        for step in (_Place(1, 0), _Place(-1, 0), _Place(0, 1), _Place(0, -1)):
            while not hurry.is_set() and (beside := _moved(place, step)) and loss(beside) < loss(place):
                place = beside
    return _START if hurry.is_set() else place


def _folds(examples: Examples) -> list[_Fold]:
    random = np.random.default_rng(0)
    labels = random.permutation(examples.signs.shape[1])[:_LABELS]
    words = _WORDS * min(_OUTPUTS / len(labels), 1)
    texts = random.permutation(len(examples.signs))[:_TEXTS]
    texts = texts[np.cumsum(np.diff(examples.tables.words.indptr)[texts]) <= words]
    folds = random_folds(_copies(examples.tables.part(texts)), FOLDS, random)
    if len(np.unique(folds)) < FOLDS:
        return []
    return [_fold(examples, labels, texts, folds == number) for number in range(FOLDS)]


def _copies(tables: FeatureTables) -> NDArray[np.int64]:
    """Numbers of the texts (B,), the same for those with the same words: a copy must not tell what the other is."""
    probe = tables.words @ np.random.default_rng(0).random(tables.words.shape[1])
    return np.unique(probe, return_inverse=True)[1]


def _fold(examples: Examples, labels: NDArray[np.int64], texts: NDArray[np.int64], out: NDArray[np.bool_]) -> _Fold:
    return _Fold(examples.part(texts[~out], labels), examples.part(texts[out], labels))


def _recipe(place: _Place) -> Recipe:
    return Recipe(COSTS[place.cost], POWERS[place.power])


def _moved(place: _Place, step: _Place) -> _Place | None:
    cost, power = place.cost + step.cost, place.power + step.power
    return _Place(cost, power) if 0 <= cost < len(COSTS) and 0 <= power < len(POWERS) else None


def _least_loss(
    margins: NDArray[np.float32],
    targets: NDArray[np.float32],
    weights: NDArray[np.float32] | None = None,
    *,
    alone: bool,
) -> float:
    """The log loss of all texts together, the margins being scaled as suits best: (B, K), (B, K), (B,).

    A text that must have one label and has none of these has another, whose logit is the same for all texts.
    """
    from scipy.optimize import minimize

    others = np.maximum(1 - targets.sum(axis=1, keepdims=True), 0)
    if another := bool(np.any(others > _ROUNDED)) and not alone:
        targets = np.append(targets, others, axis=1)

    def loss(found: NDArray[np.float64]) -> float:
        logits = np.exp(found[0]) * margins
        if another:
            logits = np.append(logits, np.full(others.shape, found[1]), axis=1)
        losses = losses_of_logits(logits, targets, multi_label=alone)
        return float(np.average(losses, weights=weights)) * len(logits)

    return float(minimize(loss, [0.0, 0.0], method="L-BFGS-B", bounds=[_SCALES, (None, None)]).fun)
