"""Convolution by look-up with max pooling, on the CPU, in compiled loops: the usual case, several times faster.

The same numbers as `convolution.pool`, which defines them and does every other pooling, runs on a GPU, and on machines
without a compiler. Here a batch needs no groups of texts: the loops run over each text as long as it is.

Shapes: T tokens in B texts, U distinct words, d dimensions; C slices and M maps, see model/bank.py.
"""

from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from textcnn.compiled.loader import loops
from textcnn.compiled.threads import WorkerThreads, spans
from textcnn.model.bank import Bank, Pooling

__all__ = ["pool_by_loops", "suits"]

_TEXTS, _WORDS = 16, 128  # of a task


def suits(vectors: Tensor, pooling: Pooling) -> bool:
    """Whether `pool_by_loops` can take the place of `convolution.pool`."""
    return pooling.kind == "max" and vectors.device.type == "cpu" and loops("convolution") is not None


class _MaxPool(torch.autograd.Function):
    """Convolution, bias, ReLU and the maximum in one step; see `convolution._Pool`."""

    @staticmethod
    def forward(
        ctx: Any,
        vectors: Tensor,
        weight: Tensor,
        bias: Tensor,
        words: Tensor,
        starts: Tensor,
        bank: Bank,
        workers: WorkerThreads,
    ) -> Tensor:
        table = vectors.new_empty(len(vectors), bank.slices)  # (U, C)
        workers.run(partial(_respond, vectors, weight, table, *span) for span in spans(len(vectors), _WORDS))
        best = vectors.new_empty(len(starts) - 1, bank.maps)  # (B, M)
        at = np.empty(best.shape, np.int32)
        places = (words.numpy().astype(np.int32), starts.numpy(), np.array(bank.widths, np.int64), bank.filters)
        pool_max, rows = _loops().pool_max, table.numpy()
        workers.run(
            partial(pool_max, rows, *places, span, best.numpy(), at, np.empty(bank.filters, rows.dtype))
            for span in spans(len(best), _TEXTS)
        )
        best = (best + bias).relu_()
        ctx.save_for_backward(vectors, weight, best)
        ctx.at, ctx.places, ctx.workers = at, places, workers
        return best

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        vectors, weight, best = ctx.saved_tensors
        given = grads[0] * (best > 0)  # (B, M)
        of_weight, of_vectors = torch.zeros_like(weight), torch.zeros_like(vectors)
        shared = (given.T.contiguous().numpy(), np.ascontiguousarray(ctx.at.T), *ctx.places)
        gradient = _loops().gradient
        tasks = [partial(gradient, *shared, vectors.numpy(), of_weight.numpy(), False)]
        if ctx.needs_input_grad[0]:
            tasks.append(partial(gradient, *shared, of_vectors.numpy(), weight.numpy(), True))
        ctx.workers.run(tasks)
        return of_vectors, of_weight, given.sum(dim=0), None, None, None, None


@torch.no_grad()  # each thread has a mode of its own
def _respond(vectors: Tensor, weight: Tensor, table: Tensor, first: int, last: int) -> None:
    """R of some words, see convolution.py."""
    torch.mm(vectors[first:last], weight.T, out=table[first:last])


def _loops() -> ModuleType:
    compiled = loops("convolution")
    assert compiled is not None
    return compiled


def pool_by_loops(
    vectors: Tensor, weight: Tensor, bias: Tensor, words: Tensor, starts: Tensor, bank: Bank, workers: WorkerThreads
) -> Tensor:
    """Convolve, add the bias, apply the ReLU and take the maximum over time.

    Args:
        vectors: (U, d), of the distinct words.
        weight: (C, d), the slices of the filters.
        bias: (M,).
        words: (T,) rows of `vectors`.
        starts: (B + 1,) where texts begin.
        bank: widths and number of filters.
        workers: the threads that share the work.

    Returns:
        (B, M).
    """
    features: Tensor = _MaxPool.apply(vectors, weight, bias, words, starts, bank, workers)
    return features
