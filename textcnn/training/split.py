"""Hold out a validation part: stratified, and no text of one part recurs in the other."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Split", "hold_out"]

Split = tuple[NDArray[np.int64], NDArray[np.int64]]


def hold_out(texts: Sequence[Hashable], strata: Sequence[Hashable], share: float, random: np.random.Generator) -> Split:
    """Numbers of the training texts and of the validation texts.

    Equal texts stay together. Of every stratum about `share` is held out, at least one text if it has two different
    ones, and never all of it.
    """
    copies: dict[Hashable, list[int]] = {}
    for number, text in enumerate(texts):
        copies.setdefault(text, []).append(number)
    groups: dict[Hashable, list[list[int]]] = {}
    for same in copies.values():
        groups.setdefault(strata[same[0]], []).append(same)
    held: list[int] = []
    for stratum in groups.values():
        wanted = min(max(round(share * len(stratum)), 1), len(stratum) - 1)
        for chosen in random.permutation(len(stratum))[:wanted]:
            held += stratum[chosen]
    mask = np.zeros(len(texts), bool)
    mask[held] = True
    return np.flatnonzero(~mask), np.flatnonzero(mask)
