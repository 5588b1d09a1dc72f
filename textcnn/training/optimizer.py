"""Adam, for word vectors in the touched rows only.

An optimizer that updates the whole table of vectors at each step costs more than the network. Here a row that is not in
the batch keeps its moments until it is met again ("lazy" Adam). Weight decay is decoupled from the gradient. Those of
torch are not used because creating one imports torch's compiler, which takes a second or two.

Sources: Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019, algorithm 2.
"""

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from textcnn.compiled.loader import loops
from textcnn.compiled.threads import WorkerThreads, spans

__all__ = ["Adam"]

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
_ROWS = 256  # of a task


class Adam:
    """Adam on one tensor, whole or a few rows at a time.

    Args:
        weight: is updated in place.
        weight_decay: share of the weight, times the learning rate, that each step subtracts.
        workers: threads that share the rows.
    """

    def __init__(self, weight: Tensor, weight_decay: float = 0.0, workers: WorkerThreads | None = None) -> None:
        self.weight, self.weight_decay, self.workers = weight, weight_decay, workers or WorkerThreads(1)
        self.mean, self.square = torch.zeros_like(weight), torch.zeros_like(weight)
        self.steps = 0
        self.loops = loops("adam") if weight.device.type == "cpu" and weight.is_contiguous() else None

    @torch.no_grad()
    def step(self, gradient: Tensor, rate: float, rows: Tensor | None = None) -> None:
        """Update the weight.

        Args:
            gradient: of the weight, or (U, ...) of some of its rows.
            rate: the learning rate.
            rows: (U,) the distinct rows that the gradient is of; None: all.
        """
        self.steps += 1
        if self.loops is not None:
            self._step_by_loops(self.loops, gradient, rate, rows)
            return
        mean = self.mean if rows is None else self.mean[rows]
        square = self.square if rows is None else self.square[rows]
        mean.lerp_(gradient, 1 - BETA1)
        square.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        scale = (square / (1 - BETA2**self.steps)).sqrt_().add_(EPSILON)
        change = mean / scale * (rate / (1 - BETA1**self.steps))
        decay = 1 - rate * self.weight_decay
        if rows is None:
            self.weight.mul_(decay).sub_(change)
        else:
            self.mean[rows], self.square[rows] = mean, square
            self.weight[rows] = self.weight[rows] * decay - change

    def _step_by_loops(self, loops: Any, gradient: Tensor, rate: float, rows: Tensor | None) -> None:
        tables = [tensor.detach().numpy() for tensor in (self.weight, self.mean, self.square, gradient.contiguous())]
        flat = [table.reshape(len(table), -1) if table.ndim > 1 else table.reshape(1, -1) for table in tables]
        chosen = np.arange(len(flat[3])) if rows is None else rows.numpy()
        decay = 1 - rate * self.weight_decay
        rate = rate / (1 - BETA1**self.steps)
        unbias = (1 - BETA2**self.steps) ** 0.5
        self.workers.run(
            partial(loops.adam, *flat, chosen, span, decay, rate, unbias, (BETA1, BETA2), EPSILON)
            for span in spans(len(chosen), _ROWS)
        )
