"""Convolution by look-up with max pooling, on the CPU, in compiled loops: the usual case, several times faster.

The same numbers as `convolution.pool`, which defines them and does every other pooling, runs on a GPU, and on machines
without a compiler. Here a batch needs no groups of texts: the loops run over each text as long as it is.

Shapes: T tokens in B texts, U distinct words, d dimensions; C slices and M maps, see model/bank.py.
"""

from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from textcnn.compiled.loader import loops
from textcnn.compiled.threads import WorkerThreads, spans
from textcnn.model.bank import Bank, Pooling

__all__ = ["pool_by_loops", "suits"]

_TEXTS, _WORDS, _ROWS = 16, 128, 128  # of a task
Numbers = NDArray[np.float32] | NDArray[np.float64]


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
        met = _Met.by_slices(given, ctx.at, ctx.places, len(weight))
        of_weight, of_vectors = torch.zeros_like(weight), torch.zeros_like(vectors)
        sums = list(met.sums(of_weight, vectors))
        if ctx.needs_input_grad[0]:
            sums.extend(met.by_words(len(vectors), *ctx.places[2:]).sums(of_vectors, weight))
        ctx.workers.run(sums)
        return of_vectors, of_weight, given.sum(dim=0), None, None, None, None


class _Met(NamedTuple):
    """The sparse gradient of R: what each slice met, or each word, one after the other."""

    values: Numbers  # (C·B,) gradients of R, of which the last may be empty
    partners: NDArray[np.int32]  # (C·B,) the words of slices, or the slices of words
    ends: NDArray[np.int64]  # (C + 1,), or (U + 1,) where the list of each begins, and the last one ends

    @classmethod
    def by_slices(cls, given: Tensor, at: NDArray[np.int32], places: tuple[Any, ...], slices: int) -> "_Met":
        """From the gradient (B, M) of the pooled responses and the places of their windows."""
        gradients = given.T.contiguous().numpy()
        room = slices * gradients.shape[1]
        met = cls(np.empty(room, gradients.dtype), np.empty(room, np.int32), np.empty(slices + 1, np.int64))
        _loops().list_gradients(gradients, np.ascontiguousarray(at.T), *places, *met)
        return met

    def by_words(self, words: int, widths: NDArray[np.int64], filters: int) -> "_Met":
        """The same for each word."""
        met = _Met(np.empty_like(self.values), np.empty_like(self.partners), np.zeros(words + 1, np.int64))
        _loops().sort_by_word(*self, widths, filters, *met)
        return met

    def sums(self, total: Tensor, table: Tensor) -> Iterator[Callable[[], None]]:
        """Tasks that add the weighted rows of the partners to the total."""
        task = partial(_loops().add_rows, total.numpy(), *self, table.numpy())
        return (partial(task, span) for span in spans(len(total), _ROWS))


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
