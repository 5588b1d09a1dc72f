"""Kim's network (2014) as most people write it in torch: a dense embedding and conv1d, with our English vectors.

Filters of widths 3, 4 and 5, 100 of each, max pooling, dropout 0.5, word vectors trained further ("non-static"), rows
of the output no longer than 3, batches of 50, Adam; training stops when the dev part has not got better in three
passes. Texts are cut after 400 words. Words that the
vectors do not know start at random, as long as the others.
"""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from protocol import Part, Task
from torch import Tensor, nn

from systems.answers import Answers, chosen
from textcnn.tokens import tokenize

WIDTHS, FILTERS, DROPOUT, MAX_NORM = (3, 4, 5), 100, 0.5, 3.0
BATCH, EPOCHS, PATIENCE, LEARNING_RATE, MAX_WORDS = 50, 25, 3, 1e-3, 400
PADDING, UNKNOWN = 0, 1


class KimNetwork(nn.Module):
    """Word numbers (B, T) to logits (B, K)."""

    def __init__(self, vectors: Tensor, labels: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(vectors, freeze=False, padding_idx=PADDING)
        self.filters = nn.ModuleList(nn.Conv1d(vectors.shape[1], FILTERS, width) for width in WIDTHS)
        self.dropout = nn.Dropout(DROPOUT)
        self.output = nn.Linear(FILTERS * len(WIDTHS), labels)

    def forward(self, words: Tensor) -> Tensor:
        """One line an equation."""
        embedded = self.embedding(words).transpose(1, 2)  # (B, d, T)
        features = [filters(embedded).relu().amax(dim=2) for filters in self.filters]
        return self.output(self.dropout(torch.cat(features, dim=1)))


class _Words:
    """The words of some texts, numbered, and their vectors."""

    def __init__(self, texts: Sequence[str], random: np.random.Generator) -> None:
        from textcnn.vectors.sources import open_vectors

        surfaces = dict.fromkeys(word for text in texts for word in _cut(text))
        pretrained = open_vectors("english", surfaces, say=lambda note: None)
        found = [pretrained.look_up(word).vector for word in surfaces]
        known = np.array([vector for vector in found if vector is not None])
        spread = known.std() if len(known) else 0.25
        dimensions = pretrained.table.dimensions
        rows = [random.normal(0, spread, dimensions) if vector is None else vector for vector in found]
        self.vectors = np.stack([np.zeros(dimensions), random.normal(0, spread, dimensions), *rows])
        self.numbers = {word: place for place, word in enumerate(surfaces, start=2)}

    def encode(self, texts: Sequence[str]) -> Tensor:
        """(B, T), padded to the longest text and to the widest filter."""
        rows = [[self.numbers.get(word, UNKNOWN) for word in _cut(text)] for text in texts]
        width = max(max(WIDTHS), *map(len, rows))
        return torch.tensor([row + [PADDING] * (width - len(row)) for row in rows])


def kim(task: Task, seed: int) -> Answers:
    """Train with early stopping, then answer with the best weights."""
    torch.manual_seed(seed)
    learn, held = task.with_dev(seed)
    # As Kim had it: a vector for every word of every part, though only those of the training part are trained.
    words = _Words([*learn.texts, *held.texts, *task.test.texts], np.random.default_rng(seed))
    vectors = torch.from_numpy(words.vectors.astype(np.float32))
    network = KimNetwork(vectors, len(task.classes()))
    _train(network, words, task, learn, held)
    return chosen(task, _probabilities(network, words, task, task.test.texts))


def _train(network: KimNetwork, words: _Words, task: Task, learn: Part, held: Part) -> None:
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    best, state, waited = -1.0, network.state_dict(), 0
    for _ in range(EPOCHS):
        _pass(network, words, task, learn, optimizer)
        right = chosen(task, _probabilities(network, words, task, held.texts)).labels
        score = float(np.mean([set(said) == set(own) for said, own in zip(right, held.labels, strict=True)]))
        waited = 0 if score > best else waited + 1
        if score > best:
            best, state = score, copy.deepcopy(network.state_dict())
        if waited >= PATIENCE:
            break
    network.load_state_dict(state)


def _pass(network: KimNetwork, words: _Words, task: Task, learn: Part, optimizer: torch.optim.Optimizer) -> None:
    network.train()
    lose = nn.functional.binary_cross_entropy_with_logits if task.several else nn.functional.cross_entropy
    numbers = {label: place for place, label in enumerate(task.classes())}
    for rows in torch.randperm(len(learn.texts)).split(BATCH):
        part = learn.take(rows.tolist())
        gold = torch.zeros(len(rows), len(numbers))
        for row, own in zip(gold, part.labels, strict=True):
            row[[numbers[label] for label in own]] = 1
        optimizer.zero_grad()
        lose(network(words.encode(part.texts)), gold).backward()
        optimizer.step()
        with torch.no_grad():
            network.output.weight.copy_(network.output.weight.renorm(2, 0, MAX_NORM))


@torch.no_grad()
def _probabilities(network: KimNetwork, words: _Words, task: Task, texts: list[str]) -> np.ndarray:
    network.eval()
    logits = torch.cat([network(words.encode(texts[start : start + 200])) for start in range(0, len(texts), 200)])
    return (logits.sigmoid() if task.several else logits.softmax(dim=1)).double().numpy()


def _cut(text: str) -> list[str]:
    return [token.surface for token in tokenize(text)[:MAX_WORDS]]
