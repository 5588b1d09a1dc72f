"""The same network without the trick: torch's own conv1d, a text at a time. The reference for the engine."""

from itertools import pairwise

import torch
from torch import Tensor

from textcnn.network.responses import Bank


def slices_of(weight: Tensor, bank: Bank) -> list[Tensor]:
    """The weights of each width as conv1d wants them, (F, d, h), from the engine's (C, d)."""
    pieces = weight.split([width * bank.filters for width in bank.widths])
    return [
        piece.view(width, bank.filters, -1).permute(1, 2, 0) for piece, width in zip(pieces, bank.widths, strict=True)
    ]


def pool(
    vectors: Tensor, weight: Tensor, bias: Tensor, words: Tensor, starts: Tensor, bank: Bank, pooling: str, k: int
) -> Tensor:
    """(B, S·widths·F), like textcnn.network.responses.pool."""
    rows = [_pool_one(vectors[words[start:stop]], weight, bias, bank, pooling, k) for start, stop in pairwise(starts)]
    return torch.stack(rows)


def _pool_one(text: Tensor, weight: Tensor, bias: Tensor, bank: Bank, pooling: str, k: int) -> Tensor:
    best, mean = [], []
    for kernel, own in zip(slices_of(weight, bank), bias.split(bank.filters), strict=True):
        width = kernel.shape[2]
        padded = torch.nn.functional.pad(text.T[None], (width - 1, width - 1))
        if padded.shape[2] < width:
            padded = torch.nn.functional.pad(padded, (0, width - padded.shape[2]))
        responses = torch.conv1d(padded, kernel)[0].T + own  # (W, F)
        if pooling == "kmax":
            best.append(_kmax(responses, k).relu())
        elif "max" in pooling:
            best.append(responses.amax(dim=0, keepdim=True).relu())
        if "mean" in pooling:
            mean.append(responses.relu().mean(dim=0))
    joined = [torch.cat(best, dim=1).flatten()] if best else []
    return torch.cat([*joined, *mean])


def _kmax(responses: Tensor, k: int) -> Tensor:
    order = responses.detach().sort(dim=0, descending=True, stable=True).indices[:k].sort(dim=0).values
    kept = responses.gather(0, order)
    return torch.nn.functional.pad(kept, (0, 0, 0, k - len(kept)))


def convolve(vectors: Tensor, weight: Tensor, bias: Tensor, words: Tensor, starts: Tensor, bank: Bank) -> Tensor:
    """(T, widths·F), like textcnn.network.responses.convolve: the window of a token has it in its middle."""
    rows = []
    for start, stop in pairwise(starts):
        text = vectors[words[start:stop]]
        if not len(text):
            continue
        maps = []
        for kernel, own in zip(slices_of(weight, bank), bias.split(bank.filters), strict=True):
            width = kernel.shape[2]
            padded = torch.nn.functional.pad(text.T[None], ((width - 1) // 2, width // 2))
            maps.append(torch.conv1d(padded, kernel)[0].T + own)
        rows.append(torch.cat(maps, dim=1).relu())
    return torch.cat(rows)
