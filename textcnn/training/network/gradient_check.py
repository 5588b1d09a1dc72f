"""Gradients of convolution and pooling against numerical ones.

Twice: `convolution.pool` in double precision against central differences, and the compiled loops, where they are
used, against `convolution.pool`.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from textcnn.compiled.threads import WorkerThreads
from textcnn.model.bank import Bank, Pooling
from textcnn.text.ragged import Ragged
from textcnn.training.network.convolution import GroupedBatch, pool
from textcnn.training.network.maxpool import pool_by_loops, suits

__all__ = ["deviation"]

Features = Callable[..., Tensor]

_DIMENSIONS, _FILTERS, _STEP = 4, 3, 1e-6
_PROBES = 40  # numbers of each input that are moved


def deviation(ragged: Ragged, widths: Sequence[int], pooling: str, k: int) -> float:
    """The largest deviation of a gradient, relative to the largest gradient, on some short texts.

    Args:
        ragged: the texts.
        widths: of the filters.
        pooling: its kind, as in the settings.
        k: how many values `kmax` keeps.
    """
    random = torch.Generator().manual_seed(0)
    words, starts = torch.from_numpy(ragged.words.astype("int64")), torch.from_numpy(ragged.starts)
    distinct = int(words.max()) + 1 if len(words) else 1
    bank = Bank(tuple(widths), _FILTERS)
    sizes = ((distinct, _DIMENSIONS), (bank.slices, _DIMENSIONS), (bank.maps,))
    inputs = [torch.randn(size, generator=random, dtype=torch.float64) for size in sizes]
    batch, kind = GroupedBatch.of(words, starts, distinct, bank.widest), Pooling(pooling, k)

    def features(*given: Tensor) -> Tensor:
        return pool(given[0], given[1], given[2], batch, bank, kind)

    weights = torch.randn(features(*inputs).shape, generator=random, dtype=torch.float64)
    exact = _gradients(features, inputs, weights)
    worst = max(_of_differences(features, inputs, weights, number, exact[number]) for number in range(3))
    if not suits(inputs[0], kind):
        return worst
    workers = WorkerThreads(1)

    def by_loops(*given: Tensor) -> Tensor:
        return pool_by_loops(given[0], given[1], given[2], words, starts, bank, workers)

    single = _gradients(by_loops, [part.float() for part in inputs], weights.float())
    return max(worst, *(_relative(one.double(), other) for one, other in zip(single, exact, strict=True)))


def _gradients(features: Features, inputs: Sequence[Tensor], weights: Tensor) -> list[Tensor]:
    leaves = [part.clone().requires_grad_() for part in inputs]
    (features(*leaves) * weights).sum().backward()
    return [leaf.grad if leaf.grad is not None else torch.zeros_like(leaf) for leaf in leaves]


@torch.no_grad()
def _of_differences(features: Features, inputs: Sequence[Tensor], weights: Tensor, number: int, exact: Tensor) -> float:
    """Deviation of central differences in some numbers of one input."""
    chosen = torch.linspace(0, exact.numel() - 1, min(_PROBES, exact.numel())).long()
    differences = []
    for position in chosen.tolist():
        moved = []
        for step in (_STEP, -_STEP):
            given = [part.clone() for part in inputs]
            given[number].view(-1)[position] += step
            moved.append((features(*given) * weights).sum())
        differences.append((moved[0] - moved[1]) / (2 * _STEP))
    return _relative(torch.stack(differences), exact.view(-1)[chosen])


def _relative(gradient: Tensor, exact: Tensor) -> float:
    return float((gradient - exact).abs().max() / exact.abs().max().clamp(min=1e-9))
