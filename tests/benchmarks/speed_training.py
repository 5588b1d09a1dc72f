"""One training step after another, ours and the dense way of most public code, on the same batches: JSON on stdout.

Dense: Embedding, Conv1d, max pooling, dropout, Linear, and Adam over all weights, those of every word included.

    python tests/benchmarks/speed_training.py train.csv --batch 50 --threads 1 --channels trained
"""

import argparse
import csv
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from textcnn.compiled.threads import WorkerThreads
from textcnn.settings import Settings
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Ragged
from textcnn.training.batches import Batch, batches
from textcnn.training.embeddings import Start, begin
from textcnn.training.loop import Trainer, TrainingPart
from textcnn.training.network.channels import Channels
from textcnn.training.network.model import Shape, TextCNN

WIDTHS, FILTERS, DROPOUT, RATE = (1, 2, 3, 4), 100, 0.5, 1e-3
ROUNDS = 3


class Dense(nn.Module):
    """(B, T) words to (B, K) logits."""

    def __init__(self, vectors: Tensor, labels: int, *, fixed: bool) -> None:
        super().__init__()
        padding = torch.zeros(1, vectors.shape[1])
        self.embedding = nn.Embedding.from_pretrained(torch.cat([vectors, padding]), freeze=fixed)
        self.filters = nn.ModuleList(nn.Conv1d(vectors.shape[1], FILTERS, width) for width in WIDTHS)
        self.dropout = nn.Dropout(DROPOUT)
        self.output = nn.Linear(len(WIDTHS) * FILTERS, labels)

    def forward(self, words: Tensor) -> Tensor:
        """One line an equation."""
        embedded = self.embedding(words).transpose(1, 2)
        return self.output(self.dropout(torch.cat([each(embedded).relu().amax(2) for each in self.filters], 1)))


def dense_step(start: Start, targets: np.ndarray, fixed: bool) -> Callable[[Batch, Ragged], float]:
    """A function that learns from a batch."""
    network = Dense(torch.from_numpy(start.matrix), targets.shape[1], fixed=fixed)
    optimizer = torch.optim.Adam([each for each in network.parameters() if each.requires_grad], lr=RATE)
    padding = len(start.matrix)

    def step(batch: Batch, ragged: Ragged) -> float:
        words, starts = ragged.take(batch.texts)
        inside = np.arange(max(int(np.diff(starts).max()), max(WIDTHS))) < np.diff(starts)[:, None]
        padded = np.full(inside.shape, padding, np.int64)
        padded[inside] = words
        loss = nn.functional.cross_entropy(
            network(torch.from_numpy(padded)), torch.from_numpy(targets[batch.texts].argmax(1))
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def our_step(start: Start, targets: np.ndarray, fixed: bool, threads: int) -> Callable[[Batch, Ragged], float]:
    """The same for ours, without the adversarial steps that the dense network does not have."""
    settings = Settings(
        widths=WIDTHS, filters=FILTERS, dropout=DROPOUT, adversarial=0.0, channels="static" if fixed else "trained"
    )
    channels = Channels(torch.from_numpy(start.matrix), settings.channels)
    shape = Shape(dimensions=channels.dimensions, labels=targets.shape[1], widths=WIDTHS, filters=FILTERS)
    workers = WorkerThreads(threads, lambda: torch.set_num_threads(1))
    network = TextCNN(shape, dropout=DROPOUT, workers=workers)
    trainer = Trainer(network, channels, settings, weights=np.ones(targets.shape[1], np.float32), multi_label=False)
    weights = np.ones(len(targets), np.float32)
    return lambda batch, ragged: trainer._step(batch, TrainingPart(ragged, targets, weights), 1.0, worsen=False)


def measured(steps: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Milliseconds of a step: the median of some rounds, of each in turn, after a round that does not count."""
    rounds: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(ROUNDS + 1):
        for name, take in steps.items():
            seconds = take()
            if number:
                rounds[name].append(1000 * seconds)
    return {name: statistics.median(own) for name, own in rounds.items()}


def round_of(
    step: Callable[[Batch, Ragged], float], given: list[Batch], ragged: Ragged, threads: int
) -> Callable[[], float]:
    """A function that takes all steps with so many threads of torch, and says how long each took on average."""

    def take() -> float:
        torch.set_num_threads(threads)
        began = time.perf_counter()
        for batch in given:
            step(batch, ragged)
        return (time.perf_counter() - began) / len(given)

    return take


def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("file")
    options.add_argument("--batch", type=int, default=50)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--steps", type=int, default=20)
    options.add_argument("--channels", choices=("trained", "static"), default="trained")
    given = options.parse_args()
    csv.field_size_limit(sys.maxsize)
    with open(given.file, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = sorted({row["label"] for row in rows})
    targets = np.eye(len(labels), dtype=np.float32)[[labels.index(row["label"]) for row in rows]]
    encoded = encode([row["text"] for row in rows], 20_000)
    start = begin(encoded, np.ones(len(encoded.ragged.words), bool), Settings(), lambda note: None)
    ragged = start.ragged(encoded)
    chosen = [
        batch
        for batch, _ in zip(
            batches(ragged, given.batch, random=np.random.default_rng(0)), range(given.steps), strict=False
        )
    ]
    fixed = given.channels == "static"
    torch.manual_seed(0)
    ours = our_step(start, targets, fixed, given.threads)  # which has threads of its own
    found: dict[str, Any] = {
        "words": len(start.matrix),
        "tokens_in_batch": float(np.mean([len(batch.words) for batch in chosen])),
        **measured(
            {
                "ours": round_of(ours, chosen, ragged, 1),
                "dense": round_of(dense_step(start, targets, fixed), chosen, ragged, given.threads),
            }
        ),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
