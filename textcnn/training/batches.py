"""Texts in random order, a batch at a time, with their distinct words found."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from textcnn.text.ragged import Ragged
from textcnn.text.vocabulary import UNKNOWN

__all__ = ["Batch", "batches"]


class Batch(NamedTuple):
    """B texts with T tokens of U distinct words; text b is `words[starts[b]:starts[b + 1]]`."""

    words: Tensor  # (T,) places in `distinct`
    starts: Tensor  # (B + 1,)
    distinct: Tensor  # (U,) rows of the vocabulary
    texts: NDArray[np.int64]  # (B,) numbers of the texts


def batches(
    ragged: Ragged,
    size: int,
    *,
    device: str = "cpu",
    random: np.random.Generator | None = None,
    word_dropout: float = 0.0,
) -> Iterator[Batch]:
    """All texts once: in random order if `random` is given, a share of the words made unknown."""
    order = np.arange(len(ragged.starts) - 1)
    if random is not None:
        random.shuffle(order)
    for first in range(0, len(order), size):
        texts = order[first : first + size]
        words, starts = ragged.take(texts)
        if random is not None and word_dropout:
            words = np.where(random.random(len(words)) < word_dropout, UNKNOWN, words)
        distinct, places = np.unique(words, return_inverse=True)
        if not len(distinct):
            distinct = np.array([UNKNOWN])
        yield Batch(
            torch.from_numpy(places.astype(np.int64)).to(device),
            torch.from_numpy(starts).to(device),
            torch.from_numpy(distinct.astype(np.int64)).to(device),
            texts,
        )
