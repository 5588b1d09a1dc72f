"""The same network without look-ups: torch's own conv1d, a text at a time. The reference for ours."""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from textcnn.model.bank import Bank, Pooling
from textcnn.training.network.convolution import GroupedBatch


def slices_of(weight: Tensor, bank: Bank) -> list[Tensor]:
    """The weights of each width as conv1d wants them, (F, d, h), from a bank's (C, d).

    This knows the layout by itself, not from Bank.blocks, which is on trial here.
    """
    pieces = weight.split([width * bank.filters for width in bank.widths])
    return [
        piece.view(width, bank.filters, -1).permute(1, 2, 0) for piece, width in zip(pieces, bank.widths, strict=True)
    ]


def pool(
    vectors: Tensor, weight: Tensor, bias: Tensor, words: Tensor, starts: Tensor, bank: Bank, pooling: Pooling
) -> Tensor:
    """(B, S·M), like textcnn.training.network.convolution.pool."""
    rows = [_pool_one(vectors[words[start:stop]], weight, bias, bank, pooling) for start, stop in pairwise(starts)]
    return torch.stack(rows)


def _pool_one(text: Tensor, weight: Tensor, bias: Tensor, bank: Bank, pooling: Pooling) -> Tensor:
    kind, k, *_ = pooling
    best, mean = [], []
    for kernel, of_width in zip(slices_of(weight, bank), bias.split(bank.filters), strict=True):
        width = kernel.shape[2]
        padded = torch.nn.functional.pad(text.T[None], (width - 1, width - 1))
        if padded.shape[2] < width:
            padded = torch.nn.functional.pad(padded, (0, width - padded.shape[2]))
        responses = torch.conv1d(padded, kernel)[0].T + of_width  # (W, F)
        if kind == "kmax":
            best.append(_kmax(responses, k).relu())
        elif "max" in kind:
            best.append(responses.amax(dim=0, keepdim=True).relu())
        if "mean" in kind:
            mean.append(responses.relu().mean(dim=0))
    joined = [torch.cat(best, dim=1).flatten()] if best else []
    return torch.cat([*joined, *mean])


def _kmax(responses: Tensor, k: int) -> Tensor:
    order = responses.detach().sort(dim=0, descending=True, stable=True).indices[:k].sort(dim=0).values
    kept = responses.gather(0, order)
    return torch.nn.functional.pad(kept, (0, 0, 0, k - len(kept)))


def convolve(vectors: Tensor, weight: Tensor, bias: Tensor, words: Tensor, starts: Tensor, bank: Bank) -> Tensor:
    """(T, M), like textcnn.training.network.convolution.convolve: the window of a token has it in its middle."""
    rows = []
    for start, stop in pairwise(starts):
        text = vectors[words[start:stop]]
        if not len(text):
            continue
        maps = []
        for kernel, of_width in zip(slices_of(weight, bank), bias.split(bank.filters), strict=True):
            width = kernel.shape[2]
            padded = torch.nn.functional.pad(text.T[None], ((width - 1) // 2, width // 2))
            maps.append(torch.conv1d(padded, kernel)[0].T + of_width)
        rows.append(torch.cat(maps, dim=1).relu())
    return torch.cat(rows)


POOLINGS = [Pooling("max"), Pooling("kmax", 3), Pooling("mean"), Pooling("max+mean")]
WIDTHS = [(1,), (2,), (1, 2, 3), (3, 5)]
LENGTHS = [[4], [0], [1], [0, 0], [0, 1, 5, 2, 9, 0, 30], [3, 3, 3, 50]]


class Case(NamedTuple):
    vectors: Tensor
    weight: Tensor
    bias: Tensor
    words: Tensor
    starts: Tensor
    bank: Bank

    @property
    def inputs(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.vectors, self.weight, self.bias

    def batch(self) -> GroupedBatch:
        return GroupedBatch.of(self.words, self.starts, len(self.vectors), self.bank.widest)


def a_case(widths: tuple[int, ...], lengths: list[int], seed: int = 0, filters: int = 4) -> Case:
    torch.manual_seed(seed)
    bank = Bank(widths, filters)
    starts = torch.tensor([0, *lengths]).cumsum(0)
    words = torch.randint(0, 12, (int(starts[-1]),))
    sizes = [(12, 6), (bank.slices, 6), (bank.maps,)]
    vectors, weight, bias = (torch.randn(*size, dtype=torch.float64, requires_grad=True) for size in sizes)
    return Case(vectors, weight, bias, words, starts, bank)
