"""Adam for word vectors, in the touched rows only.

An optimiser that walks the whole table at each step costs more than the network. Here a row that the batch does not
have keeps its moments until it is met again ("lazy" Adam). Source: Kingma & Ba 2015, algorithm 1.
"""

import torch
from torch import Tensor

__all__ = ["RowAdam"]


class RowAdam:
    """Adam on a table (V, d), a few rows at a time."""

    def __init__(self, table: Tensor, learning_rate: float) -> None:
        self.table, self.learning_rate = table, learning_rate
        self.mean, self.square = torch.zeros_like(table), torch.zeros_like(table)
        self.steps = 0

    def step(self, rows: Tensor, gradient: Tensor, beta1: float = 0.9, beta2: float = 0.999) -> None:
        """Update distinct rows (U,) by their gradient (U, d)."""
        self.steps += 1
        mean = self.mean[rows].lerp_(gradient, 1 - beta1)
        square = self.square[rows].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        self.mean[rows], self.square[rows] = mean, square
        rate = self.learning_rate / (1 - beta1**self.steps)
        scale = (square / (1 - beta2**self.steps)).sqrt_().add_(1e-8)
        self.table[rows] -= mean.div_(scale).mul_(rate)
