"""Hold out validation parts: stratified, and no text of one part recurs in the other."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from textcnn.settings import Settings
from textcnn.text.tokens import folded

__all__ = ["Split", "deal", "hold_out", "splits"]

Split = tuple[NDArray[np.int64], NDArray[np.int64]]

_SHARE = 0.1
_PARTS = 3
_MANY = 6_000  # texts, a tenth of which says enough
_MANY_LETTERS = 10_000_000  # that take so long to learn that it is not done more often than it must


def splits(texts: Sequence[str], strata: Sequence[Hashable], settings: Settings) -> list[Split]:
    """What is learned from and what is held out, in turn: the settings' share, or what suits the number of texts.

    Of few texts each third is held out once, if the model will learn from all in the end: the more texts were answered
    by a model that had not seen them, the better is it known what such answers are worth.
    """
    random, keys = np.random.default_rng(settings.seed), list(map(folded, texts))
    many = len(texts) > _MANY or sum(map(len, texts)) > _MANY_LETTERS
    if many or settings.validation_share or settings.refit != "on":
        return [hold_out(keys, strata, settings.validation_share or _SHARE, random)]
    return deal(keys, strata, _PARTS, random)


def deal(texts: Sequence[Hashable], strata: Sequence[Hashable], parts: int, random: np.random.Generator) -> list[Split]:
    """So many splits, each text being held out in one of them; one that is the only one of its stratum in none.

    Equal texts stay together. At least one split, which holds nothing out if there is nothing to deal.
    """
    part = np.full(len(texts), -1)
    dealt = 0
    for stratum in _groups(texts, strata):
        if len(stratum) > 1:
            for place in random.permutation(len(stratum)):
                part[stratum[place]] = dealt % parts
                dealt += 1
    held = [number for number in range(parts) if np.any(part == number)] or [0]
    return [(np.flatnonzero(part != number), np.flatnonzero(part == number)) for number in held]


def hold_out(texts: Sequence[Hashable], strata: Sequence[Hashable], share: float, random: np.random.Generator) -> Split:
    """Numbers of the training texts and of the validation texts.

    Equal texts stay together. Of every stratum about `share` is held out, at least one text if it has two different
    ones, and never all of it.
    """
    held: list[int] = []
    for stratum in _groups(texts, strata):
        wanted = min(max(round(share * len(stratum)), 1), len(stratum) - 1)
        for chosen in random.permutation(len(stratum))[:wanted]:
            held += stratum[chosen]
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
