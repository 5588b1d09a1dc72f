"""The text CNN of Kim 2014, "Convolutional Neural Networks for Sentence Classification", section 2.

    words -> vectors -> filters of several widths -> ReLU -> pooling over time -> dropout -> (hidden layers) -> logits

Not here: the vectors themselves, of which only the distinct words' rows come in, and softmax or sigmoid, which belong
to the loss and to the answers.

Shapes: T tokens in B texts, U distinct words, D dimensions of all channels together, K labels; C slices, M maps and S
slots, see model/bank.py.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from textcnn.compiled.threads import WorkerThreads
from textcnn.model.bank import Bank, Pooling
from textcnn.training.network.convolution import GroupedBatch, convolve, pool
from textcnn.training.network.maxpool import pool_by_loops, suits
from textcnn.vectors.pretrained_filters import Filters

__all__ = ["Shape", "TextCNN"]


class Shape:
    """The sizes of a network, all that is needed to build it or to read its weights."""

    def __init__(
        self,
        *,
        dimensions: int,
        labels: int,
        widths: Sequence[int],
        filters: int,
        stages: int = 1,
        pooling: str = "max",
        k: int = 1,
        hidden: Sequence[int] = (),
    ) -> None:
        self.bank = Bank(tuple(map(int, widths)), filters)  # NumPy's numbers, too
        self.pooling = Pooling(pooling, k)
        self.dimensions, self.labels, self.stages = dimensions, labels, stages
        self.layers = (self.features, *hidden, labels)

    @property
    def features(self) -> int:
        """Pooled features of each text, S·M."""
        return self.bank.features(self.pooling)

    @property
    def inputs(self) -> tuple[int, ...]:
        """Dimensions that come into each stage."""
        return (self.dimensions, *[self.bank.maps] * (self.stages - 1))


class Dropout(nn.Module):
    """Inverted dropout (Srivastava et al. 2014), from a generator of its own.

    Uniform numbers are compared with the share, for nn.Dropout's way to draw a mask takes three times as long.
    """

    def __init__(self, share: float, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.share, self.generator = share, generator

    def forward(self, features: Tensor) -> Tensor:
        """Some features set to zero, the others made larger: (B, F) -> (B, F)."""
        if not self.training or not self.share or not features.numel():
            return features
        mask = torch.empty_like(features).uniform_(generator=self.generator).ge_(self.share)
        return features * mask.div_(1 - self.share)


class TextCNN(nn.Module):
    """One network. Dropout is on the pooled features and on hidden layers.

    All that is random, the weights at the start and dropout, is drawn from `generator` in this order; without one, from
    torch's global generator.
    """

    def __init__(
        self,
        shape: Shape,
        *,
        dropout: float = 0.0,
        workers: WorkerThreads | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.shape, self.workers = shape, workers or WorkerThreads(1)
        self.filters = nn.ParameterList(nn.Parameter(_filters(shape.bank, size, generator)) for size in shape.inputs)
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(shape.bank.maps)) for _ in shape.inputs)
        self.layers = nn.ModuleList(_layer(*sizes, generator) for sizes in pairwise(shape.layers))
        self.dropout = Dropout(dropout, generator)

    @property
    def output(self) -> nn.Linear:
        """The last layer."""
        last = self.layers[-1]
        assert isinstance(last, nn.Linear)
        return last

    @torch.no_grad()
    def start_from(self, pretrained: Mapping[int, Filters], scale: float, skip: int = 0) -> None:
        """Let the first bank start from pretrained filters; beyond their number and widths it stays as it is.

        Args:
            pretrained: (h, F', d) of each width h, over vectors of one channel.
            scale: what the vectors were multiplied by since.
            skip: filters that others start from; counted on from the beginning when there are no more.
        """
        for block in self.shape.bank.blocks:
            if block.width in pretrained:
                of_width = self.filters[0][block.slices].view(block.width, block.filters, -1)
                slices, biases = (torch.from_numpy(part.astype(np.float32)) for part in pretrained[block.width])
                count = min(block.filters, len(biases))
                chosen = (torch.arange(count) + skip) % len(biases)
                channels = of_width.shape[2] // slices.shape[2]  # each adds its share to the response
                of_width[:, :count] = (slices[:, chosen] / (scale * channels)).repeat(1, 1, channels)
                self.biases[0][block.maps][:count] = biases[chosen]

    def forward(self, vectors: Tensor, words: Tensor, starts: Tensor) -> Tensor:
        """Logits (B, K) of texts `words[starts[b]:starts[b + 1]]`, whose vectors are the rows of `vectors` (U, D)."""
        features = self.features(vectors, words, starts)  # (B, S·M)
        *hidden, last = self.layers
        for layer in hidden:
            features = layer(self.dropout(features)).relu()  # (B, hidden)
        logits: Tensor = last(self.dropout(features))  # (B, K)
        return logits

    def features(self, vectors: Tensor, words: Tensor, starts: Tensor) -> Tensor:
        """The pooled features (B, S·M)."""
        bank, pooling = self.shape.bank, self.shape.pooling
        for filters, bias in zip(self.filters[:-1], self.biases[:-1], strict=True):
            batch = GroupedBatch.of(words, starts, len(vectors), bank.widest)
            vectors = convolve(vectors, filters, bias, batch, bank)  # (T, M)
            words = torch.arange(len(vectors), device=vectors.device)  # from here on each token is its own word
        if suits(vectors, pooling):
            return pool_by_loops(vectors, self.filters[-1], self.biases[-1], words, starts, bank, self.workers)
        batch = GroupedBatch.of(words, starts, len(vectors), bank.widest)
        return pool(vectors, self.filters[-1], self.biases[-1], batch, bank, pooling)


class _Unset(nn.Linear):
    """A layer whose weights are not drawn yet; nn.utils.skip_init makes one, too, but imports SymPy for it."""

    def reset_parameters(self) -> None:
        """Draw nothing."""


def _layer(inputs: int, outputs: int, generator: torch.Generator | None) -> nn.Linear:
    """A layer whose weights are drawn as nn.Linear draws them, but from a generator of its own."""
    layer = _Unset(inputs, outputs)
    bound = 1 / math.sqrt(inputs)
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer


def _filters(bank: Bank, dimensions: int, generator: torch.Generator | None) -> Tensor:
    """Initial slices (C, d): uniform, with He et al.'s variance for each width, 2 / (h·d)."""
    slices = torch.empty(bank.slices, dimensions)
    for block in bank.blocks:
        bound = (6 / (block.width * dimensions)) ** 0.5
        slices[block.slices].uniform_(-bound, bound, generator=generator)
    return slices
