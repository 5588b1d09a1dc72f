"""Filters that a network starts from: it learns to say of passages what a sentence encoder says of them.

For that they have to respond to much of what counts in any text: distillation (Hinton et al. 2015) into a network that
answers some hundred times faster. Its output layer is thrown away.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from build_vectors import Floats, say
from numpy.typing import NDArray
from readout import Lesson, centred, unit, vectors_and_words

from textcnn.compiled.threads import WorkerThreads, free_cores
from textcnn.text.ragged import Ragged
from textcnn.training.batches import Batch, batches
from textcnn.training.network.model import Shape, TextCNN
from textcnn.training.optimizer import Adam
from textcnn.vectors.pretrained_filters import Filters
from textcnn.vectors.table import VectorTable

WIDTHS, FILTERS = (1, 2, 3, 4), 200
EPOCHS, BATCH, DROPOUT, RATE = 5, 100, 0.2, 1.5e-3
LENGTH = 10.0  # root mean square of the targets of a passage
HELD_OUT = 3_000  # passages that measure the training
AXES = 192  # numbers of what is said of passages of many languages
PASSAGES = 8_000  # of each
UNIT = 0.4  # root mean square of a number in the vectors that are learned over


def principal(layer: Floats, axes: int) -> Floats:
    """A layer's numbers, each of variance one, on their first principal axes; a row's mean square length is 1."""
    moved = (layer - layer.mean(axis=0)) / (layer.std(axis=0) + 1e-6)
    _, directions = np.linalg.eigh(moved.T @ moved)
    kept = moved @ directions[:, : -axes - 1 : -1]
    return (kept / np.sqrt((kept**2).sum(axis=1).mean())).astype(np.float32)


def learn(ragged: Ragged, matrix: Floats, targets: Floats, filters: int = FILTERS, epochs: int = EPOCHS) -> TextCNN:
    """A network whose last layer predicts the targets of passages, whose words are rows of a matrix; least squares."""
    torch.manual_seed(0)
    workers, random = WorkerThreads(free_cores()), np.random.default_rng(0)
    vectors = torch.from_numpy(matrix)
    shape = Shape(dimensions=vectors.shape[1], labels=targets.shape[1], widths=WIDTHS, filters=filters)
    network = TextCNN(shape, dropout=DROPOUT, workers=workers)
    optimizers = [(weight, Adam(weight, workers=workers)) for weight in network.parameters()]
    numbers = np.random.default_rng(1).permutation(len(targets))
    held, learned = np.sort(numbers[:HELD_OUT]), np.sort(numbers[HELD_OUT:])

    def errors(part: NDArray[np.int64], batch: Batch) -> torch.Tensor:
        outputs = network(vectors[batch.distinct], batch.words, batch.starts)
        return (outputs - torch.from_numpy(targets[part[batch.texts]])).square().sum(dim=1)

    steps = epochs * -(-len(learned) // BATCH)
    rates: Iterator[float] = (RATE * (1 - step / steps) for step in range(steps))
    for epoch in range(epochs):
        network.train()
        for batch in batches(ragged.take(learned), BATCH, random=random):
            network.zero_grad()
            errors(learned, batch).mean().backward()
            rate = next(rates)
            for weight, optimizer in optimizers:
                assert weight.grad is not None
                optimizer.step(weight.grad, rate)
        network.eval()
        with torch.no_grad():
            left = torch.cat([errors(held, batch) for batch in batches(ragged.take(held), 200)]).mean().item()
        say(f"epoch {epoch + 1} of {epochs}: {1 - left / (targets[held] ** 2).sum(axis=1).mean():.3f} explained")
    workers.close()
    return network


def filters_of(network: TextCNN, scale: float) -> dict[int, Filters]:
    """The filters, as they are over vectors that were not multiplied by `scale`."""
    weight, bias = network.filters[0].detach().numpy() * scale, network.biases[0].detach().numpy()
    filters = {}
    for block in network.shape.bank.blocks:
        slices = weight[block.slices].reshape(block.width, block.filters, -1)
        filters[block.width] = Filters(slices.astype(np.float16), bias[block.maps].astype(np.float16))
    return filters


def distilled(lessons: Mapping[str, Lesson], tables: Mapping[str, VectorTable]) -> dict[int, Filters]:
    """Filters for tables on the same axes, learned from the lessons of all their languages."""
    torch.set_num_threads(1)  # worker threads share the work, see textcnn/compiled/threads.py
    chosen = {code: some(lesson) for code, lesson in lessons.items()}
    looked_up = [vectors_and_words(tables[code], lesson.passages) for code, lesson in chosen.items()]
    matrix = np.concatenate([vectors for vectors, _ in looked_up])
    said = np.concatenate([centred(unit(lesson.vectors)) for lesson in chosen.values()])
    scale = UNIT * matrix.shape[1] ** 0.5 / np.linalg.norm(matrix, axis=1).mean()
    targets = principal(said, AXES) * np.float32(LENGTH)
    network = learn(joined(looked_up), (matrix * scale).astype(np.float32), targets)
    return filters_of(network, float(scale))


def some(lesson: Lesson) -> Lesson:
    """So many passages, drawn."""
    drawn = np.sort(np.random.default_rng(0).permutation(len(lesson.passages))[:PASSAGES])
    return Lesson([lesson.passages[number] for number in drawn.tolist()], lesson.vectors[drawn])


def joined(looked_up: Sequence[tuple[Floats, Ragged]]) -> Ragged:
    """Texts of several languages, over the rows of all one after another."""
    words, starts, rows = [], [np.zeros(1, np.int64)], 0
    for vectors, ragged in looked_up:
        words.append(ragged.words + rows)
        starts.append(ragged.starts[1:] + starts[-1][-1])
        rows += len(vectors)
    return Ragged(np.concatenate(words).astype(np.int32), np.concatenate(starts))
