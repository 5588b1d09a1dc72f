#!/usr/bin/env python3
"""Pretrain filters over the English vectors, and put them into the file of the vectors.

    python data/vectors/build_filters.py --inputs inputs --work work      after build_vectors.py, with the same folders

A network of textcnn with static vectors learns to predict, from a passage's words, the states of a sentence encoder
(MPNet): the means of four of its layers over the passage. For that its filters have to respond to much of what counts
in any text, and a classifier that starts from them has less to learn: distillation (Hinton et al. 2015) into a network
that answers some hundred times faster. No labels are used, and the passages are those that build_vectors.py read,
without the excluded ones. The output layer, from the features to 768 numbers, is thrown away.

Encoding takes twenty minutes on one core, training three. Needs the same packages as build_vectors.py.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from build_vectors import Floats, passages_and_words, say, write
from encoder import LONGEST, Encoder, equal_lengths, mpnet
from inputs import MPNET, checked
from numpy.typing import NDArray

from textcnn.compiled.threads import WorkerThreads, free_cores
from textcnn.settings import Settings
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Ragged
from textcnn.training.batches import Batch, batches
from textcnn.training.embeddings import Start, begin
from textcnn.training.network.model import Shape, TextCNN
from textcnn.training.optimizer import Adam
from textcnn.vectors.pretrained_filters import Filters
from textcnn.vectors.table import EMBEDDED, VectorTable

LAYERS = (3, 6, 9, 12)  # of MPNet's twelve: the early ones know more of grammar, the late ones of meaning
AXES = 192  # numbers that are kept of each layer
WIDTHS, FILTERS = (1, 2, 3, 4), 200
EPOCHS, BATCH, DROPOUT, RATE = 5, 100, 0.2, 1.5e-3
LENGTH = 10.0  # root mean square of the targets of a passage
HELD_OUT = 3_000  # passages that measure the training


def states(passages: Sequence[str], encoder: Encoder, file: Path) -> NDArray[np.float16]:
    """The means of the layers over each passage, (N, layers, size); from the file if it is there."""
    if file.exists():
        stored: NDArray[np.float16] = np.load(file)
        return stored
    means = np.zeros((len(passages), len(encoder.layers), encoder.size), np.float16)
    for first in range(0, len(passages), 4_000):
        encoded = encoder.cutter.encode_batch(list(passages[first : first + 4_000]))
        for batch in equal_lengths([len(one.ids) for one in encoded]):
            with torch.inference_mode():
                layers = encoder.states(torch.tensor([encoded[number].ids for number in batch]))
            for place, layer in enumerate(encoder.layers):
                means[first + np.array(batch), place] = layers[layer].float().mean(dim=1).half().numpy()
        say(f"read {min(first + 4_000, len(passages)):,} of {len(passages):,} passages")
    part = file.with_suffix(".part")
    with part.open("wb") as stream:
        np.save(stream, means)
    part.replace(file)
    return means


def principal(layer: Floats, axes: int) -> Floats:
    """A layer's numbers, each of variance one, on their first principal axes; a row's mean square length is 1."""
    moved = (layer - layer.mean(axis=0)) / (layer.std(axis=0) + 1e-6)
    _, directions = np.linalg.eigh(moved.T @ moved)
    kept = moved @ directions[:, : -axes - 1 : -1]
    return (kept / np.sqrt((kept**2).sum(axis=1).mean())).astype(np.float32)


def targets_of(means: NDArray[np.float16], axes: int = AXES) -> Floats:
    """What is to be predicted of each passage: (N, layers, size) -> (N, layers·axes)."""
    layers = [principal(means[:, place].astype(np.float32), axes) for place in range(means.shape[1])]
    return np.concatenate(layers, axis=1) * np.float32(LENGTH / len(layers) ** 0.5)


def learn(ragged: Ragged, start: Start, targets: Floats, filters: int = FILTERS, epochs: int = EPOCHS) -> TextCNN:
    """A network whose last layer predicts the targets; least squares."""
    torch.manual_seed(0)
    workers, random = WorkerThreads(free_cores()), np.random.default_rng(0)
    vectors = torch.from_numpy(start.matrix)
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


def build(inputs: Path, work: Path, exclude: Path | None, path: Path) -> None:
    """All steps."""
    torch.set_num_threads(1)  # worker threads share the work, see textcnn/compiled/threads.py
    for origin in MPNET:
        checked(origin, inputs)
    passages, _ = passages_and_words(inputs, work, exclude)
    targets = targets_of(states(passages, mpnet(inputs, LAYERS), work / "passages.npy"))
    encoded = encode(passages, max_words=LONGEST)
    # A word that the table does not have tells nothing here.
    settings = Settings(vectors=str(path), min_count=1000)
    start = begin(encoded, np.ones(len(encoded.ragged.words), bool), settings, say)
    ragged = start.ragged(encoded)
    network = learn(ragged, start, targets)
    table = VectorTable.open(path)
    facts = {**table.facts, "filters": "distilled from all-mpnet-base-v2 over texts"}
    write(table._replace(facts=facts, filters=filters_of(network, start.scale)), path)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Pretrain filters over the English word vectors of textcnn.")
    parser.add_argument("--inputs", type=Path, default=Path("inputs"), help="folder with packages and clones")
    parser.add_argument("--work", type=Path, default=Path("work"), help="folder for what steps leave")
    parser.add_argument("--exclude", type=Path, help="folder of CSV files whose texts must not be read")
    parser.add_argument("--table", type=Path, default=EMBEDDED, help="the vectors (default: those in the package)")
    options = parser.parse_args()
    began = time.monotonic()
    build(options.inputs, options.work, options.exclude, options.table)
    say(f"{time.monotonic() - began:,.0f} seconds")


if __name__ == "__main__":
    main()
