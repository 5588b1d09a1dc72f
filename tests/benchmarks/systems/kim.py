"""Kim's network (2014) as most people write it in torch: a dense embedding and conv1d, with our English vectors.

Filters of widths 3, 4 and 5, 100 of each, max pooling, dropout 0.5, word vectors trained further ("non-static"), rows
of the output no longer than 3, batches of 50, Adam; training stops when the score on the dev part has not risen
for three epochs. Texts are cut after 400 words. Words that the vectors do not know start at random, as long as the
others.
"""

import copy
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from protocol import Part, Task
from sklearn.metrics import f1_score
from torch import Tensor, nn

from systems.answers import Answers, chosen
from textcnn.text.tokens import tokenize
from textcnn.vectors.loading import open_vectors

WIDTHS, FILTERS, DROPOUT, MAX_NORM = (3, 4, 5), 100, 0.5, 3.0
BATCH, EPOCHS, PATIENCE, LEARNING_RATE, MAX_WORDS = 50, 25, 3, 1e-3, 400
PADDING = 0


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
        surfaces = dict.fromkeys(word for text in texts for word in _cut(text))
        pretrained = open_vectors("english", surfaces, say=lambda note: None)
        found = [pretrained.look_up(word).vector for word in surfaces]
        known = np.array([vector for vector in found if vector is not None])
        spread, dimensions = known.std() if len(known) else 0.25, pretrained.table.dimensions
        rows = [random.normal(0, spread, dimensions) if vector is None else vector for vector in found]
        self.vectors = np.stack([np.zeros(dimensions), *rows]).astype(np.float32)
        self.numbers = {word: place for place, word in enumerate(surfaces, start=PADDING + 1)}

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The numbers of the words of each text."""
        return [[self.numbers[word] for word in _cut(text)] for text in texts]


class _Coded(NamedTuple):
    """A part as the network sees it."""

    words: list[list[int]]
    gold: Tensor  # (B, K) zeros and ones

    @classmethod
    def of(cls, part: Part, words: _Words, classes: Sequence[str]) -> "_Coded":
        gold = [[float(label in own) for label in classes] for own in part.labels]
        return cls(words.encode(part.texts), torch.tensor(gold))

    def padded(self, rows: Sequence[int]) -> Tensor:
        """(B, T) the chosen texts, padded to the longest of them and to the widest filter."""
        chosen_texts = [self.words[row] for row in rows]
        width = max(max(WIDTHS), *map(len, chosen_texts))
        return torch.tensor([text + [PADDING] * (width - len(text)) for text in chosen_texts])


def kim(task: Task, seed: int) -> Answers:
    """Train with early stopping, then answer with the best weights."""
    torch.manual_seed(seed)
    parts = [*task.with_dev(seed), task.test]
    # As Kim had it: a vector for every word of every part, though only those of the training part are trained.
    words = _Words([text for part in parts for text in part.texts], np.random.default_rng(seed))
    learn, held, test = (_Coded.of(part, words, task.classes()) for part in parts)
    network = KimNetwork(torch.from_numpy(words.vectors), len(task.classes()))
    _train(network, learn, held, multi_label=task.multi_label)
    return chosen(task, _probabilities(network, test, multi_label=task.multi_label))


def _train(network: KimNetwork, learn: _Coded, held: _Coded, *, multi_label: bool) -> None:
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    best, state, waited = -1.0, network.state_dict(), 0
    for _ in range(EPOCHS):
        _epoch(network, learn, optimizer, multi_label=multi_label)
        score = _score(
            _probabilities(network, held, multi_label=multi_label), held.gold.numpy(), multi_label=multi_label
        )
        waited = 0 if score > best else waited + 1
        if score > best:
            best, state = score, copy.deepcopy(network.state_dict())
        if waited >= PATIENCE:
            break
    network.load_state_dict(state)


def _epoch(network: KimNetwork, learn: _Coded, optimizer: torch.optim.Optimizer, *, multi_label: bool) -> None:
    network.train()
    lose = nn.functional.binary_cross_entropy_with_logits if multi_label else nn.functional.cross_entropy
    for rows in torch.randperm(len(learn.words)).split(BATCH):
        optimizer.zero_grad()
        lose(network(learn.padded(rows.tolist())), learn.gold[rows]).backward()
        optimizer.step()
        with torch.no_grad():
            network.output.weight.copy_(network.output.weight.renorm(2, 0, MAX_NORM))


def _score(probabilities: np.ndarray, gold: np.ndarray, *, multi_label: bool) -> float:
    """Accuracy, or micro F1 of multi-label texts."""
    if multi_label:
        return float(f1_score(gold, probabilities > 0.5, average="micro", zero_division=0.0))
    return float((probabilities.argmax(axis=1) == gold.argmax(axis=1)).mean())


@torch.no_grad()
def _probabilities(network: KimNetwork, part: _Coded, *, multi_label: bool) -> np.ndarray:
    network.eval()
    places = torch.arange(len(part.words)).split(200)
    logits = torch.cat([network(part.padded(rows.tolist())) for rows in places])
    return (logits.sigmoid() if multi_label else logits.softmax(dim=1)).double().numpy()


def _cut(text: str) -> list[str]:
    return [token.surface for token in tokenize(text)[:MAX_WORDS]]
