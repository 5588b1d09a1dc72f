"""Which texts are held out: stratified, in folds or a share, and no text of one part recurs in the other.

Everybody who holds texts out does it here: training, the search for the linear part's recipe, and the checks.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from textcnn.settings import Settings
from textcnn.text.tokens import folded

__all__ = ["FOLDS", "Split", "deal", "hold_out", "random_folds", "splits", "stratified_folds"]

Ints = NDArray[np.int64]
Split = tuple[Ints, Ints]  # numbers of the texts that are learned from, and of those held out

FOLDS = 3
_SHARE = 0.1
_MANY = 6_000  # texts, a tenth of which says enough
_ENOUGH = 1_300  # held-out texts that say what answers are worth
_ENOUGH_OF_SEVERAL = 2_500  # the same where each label has a threshold of its own
_MANY_CHARACTERS = 10_000_000  # that take so long to learn that it is not done more often than it must


def splits(texts: Sequence[str], labels: Sequence[tuple[str, ...]], settings: Settings) -> list[Split]:
    """What is learned from and what is held out, in turn: the settings' share, or what suits the number of texts.

    If the model will learn from all texts in the end, one third of them is held out after the other until enough are:
    the more were answered by a model that had not seen them, the better is it known what such answers are worth. Of
    many a tenth is enough, and how many epochs suit is better seen where nearly all are learned from. Of several labels
    of a text the first is its stratum.
    """
    random, keys, strata = np.random.default_rng(settings.seed), list(map(folded, texts)), [own[:1] for own in labels]
    many = len(texts) > _MANY or sum(map(len, texts)) > _MANY_CHARACTERS
    if many or settings.validation_share or settings.refit != "on":
        return [hold_out(keys, strata, settings.validation_share or _SHARE, random)]
    parts = deal(keys, strata, FOLDS, random)
    enough = _ENOUGH if all(len(own) == 1 for own in labels) else _ENOUGH_OF_SEVERAL
    held = np.cumsum([len(held) for _, held in parts])
    return parts[: int(np.searchsorted(held, enough)) + 1]


def deal(texts: Sequence[Hashable], strata: Sequence[Hashable], folds: int, random: np.random.Generator) -> list[Split]:
    """A split for each fold; a text that is the only one of its stratum is held out in none.

    At least one split, which holds nothing out if there is nothing to deal.
    """
    fold_of = stratified_folds(texts, strata, folds, random)
    held = [fold for fold in range(folds) if np.any(fold_of == fold)] or [0]
    return [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in held]


def stratified_folds(
    texts: Sequence[Hashable],
    strata: Sequence[Hashable],
    folds: int,
    random: np.random.Generator,
    *,
    single: bool = False,
) -> Ints:
    """The fold of each text, (B,): the texts of every stratum in turn, equal texts in the same fold.

    A text that is the only one of its stratum has none, -1, unless `single` ones are dealt, too.
    """
    fold_of = np.full(len(texts), -1)
    dealt = 0
    for stratum in _groups(texts, strata):
        if len(stratum) > 1 or single:
            for group in random.permutation(len(stratum)):
                fold_of[stratum[group]] = dealt % folds
                dealt += 1
    return fold_of


def random_folds(copies: Ints, folds: int, random: np.random.Generator) -> Ints:
    """The fold of each text, (B,), whatever its labels; texts with the same number in `copies` (B,) share one."""
    return np.asarray(random.permutation(copies.max(initial=-1) + 1)[copies] % folds)


def hold_out(texts: Sequence[Hashable], strata: Sequence[Hashable], share: float, random: np.random.Generator) -> Split:
    """Numbers of the training texts and of the validation texts.

    Equal texts stay together. Of every stratum about `share` is held out, at least one text if it has two different
    ones, and never all of it.
    """
    held: list[int] = []
    for stratum in _groups(texts, strata):
        wanted = min(max(round(share * len(stratum)), 1), len(stratum) - 1)
        for group in random.permutation(len(stratum))[:wanted]:
            held += stratum[group]
    mask = np.zeros(len(texts), bool)
    mask[held] = True
    return np.flatnonzero(~mask), np.flatnonzero(mask)


def _groups(texts: Sequence[Hashable], strata: Sequence[Hashable]) -> list[list[list[int]]]:
    """Numbers of equal texts together, by stratum (that of the first of them)."""
    copies: dict[Hashable, list[int]] = {}
    for number, text in enumerate(texts):
        copies.setdefault(text, []).append(number)
    groups: dict[Hashable, list[list[int]]] = {}
    for same in copies.values():
        groups.setdefault(strata[same[0]], []).append(same)
    return list(groups.values())
