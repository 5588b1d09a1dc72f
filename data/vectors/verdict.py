"""Networks that learn to tell good from bad, for the sentence encoder.

People rated some texts. multilingual-e5-small knows more of good and bad than these tell: the direction from bad to
good ones among its vectors (logistic regression, held back strongly) says it of other sentences, and a first network
learns from both. Then reviews whose ratings nobody reads teach more: what the other sentences of a review sound like
says what a sentence of it likely means, where its words alone do not. A second network learns from all three.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from build_vectors import Floats, say
from numpy.typing import NDArray
from readout import said_of, unit

from textcnn.compiled.threads import WorkerThreads, free_cores
from textcnn.settings import Settings
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Ragged
from textcnn.training.batches import Batch, batches
from textcnn.training.embeddings import Start, begin
from textcnn.training.network.model import Shape, TextCNN
from textcnn.training.optimizer import Adam
from textcnn.vectors.pretrained_filters import Filters, read_filters, tensors_of
from textcnn.vectors.table import VectorTable

WIDTHS, FILTERS = (1, 2, 3, 4), 150
BATCH, DROPOUT, WORD_DROPOUT, RATE = 64, 0.4, 0.05, 1.5e-3
EPOCHS = 2
SENTENCES = 107_500  # of reviews that are learned from
LEAST = 4  # sentences of a review that is heard
SHORT, LONG = 3, 30  # words of a sentence that is learned from
CERTAIN = 0.6  # of the reviews, the best and the worst, are believed
BY_REVIEW, BY_ITSELF = 1.2, 0.5  # log-odds that a review's side gives a sentence, and what its own count for
BY_TEACHER = 0.7  # what those of the larger encoder count for, where it has read the sentence
HELD_BACK = 0.5  # C of the regression on unit vectors
CLEAR = 0.2  # how far from the middle ratings are that it learns from
CLEAR_TEXTS, OTHER_TEXTS, LONGER = 5_000, 7_000, 40  # rated texts that the encoder reads, and words of the others


class Opinions(NamedTuple):
    """What is learned from."""

    ratings: list[tuple[str, float]]  # texts, and from 0 for bad to 1 for good
    reviews: list[list[str]]  # sentence by sentence
    others: list[str]  # sentences that the larger encoder reads besides


class Lessons(NamedTuple):
    """Texts with their goodness from 0 to 1."""

    ragged: Ragged
    goodness: Floats

    @classmethod
    def joined(cls, ones: Sequence["Lessons"]) -> "Lessons":
        """All of them."""
        return cls(Ragged.joined([one.ragged for one in ones]), np.concatenate([one.goodness for one in ones]))


class Words(NamedTuple):
    """Texts as rows of vectors."""

    start: Start
    ratings: Ragged
    reviews: Ragged
    others: Ragged

    @classmethod
    def of(cls, opinions: Opinions) -> "Words":
        """Look all words up."""
        parts = [text for text, _ in opinions.ratings], [*chain.from_iterable(opinions.reviews)], opinions.others
        encoded = encode([*chain.from_iterable(parts)], max_words=64)
        # A word that the table does not have tells nothing here.
        settings = Settings(vectors="english", min_count=1000)
        start = begin(encoded, np.zeros(len(encoded.ragged.words), bool), settings, say)
        ragged, borders = start.ragged(encoded), np.cumsum([0, *map(len, parts)])
        return cls(start, *(ragged.take(np.arange(first, last)) for first, last in pairwise(borders)))


class School:
    """Networks that learn what is good, over vectors that stay as they are."""

    def __init__(self, start: Start, filters: dict[int, Filters]) -> None:
        self.vectors, self.start, self.filters = torch.from_numpy(start.matrix), start, filters
        self.workers = WorkerThreads(free_cores())

    def learn(self, lessons: Lessons, epochs: int) -> TextCNN:
        """A network with one output, the log-odds of good; it starts from filters of the table."""
        torch.manual_seed(0)
        shape = Shape(dimensions=self.vectors.shape[1], labels=1, widths=WIDTHS, filters=FILTERS)
        network = TextCNN(shape, dropout=DROPOUT, workers=self.workers)
        network.start_from(self.filters, self.start.scale)
        optimizers = [(weight, Adam(weight, workers=self.workers)) for weight in network.parameters()]
        draw = np.random.default_rng(0)
        steps = epochs * -(-len(lessons.goodness) // BATCH)
        rates: Iterator[float] = (RATE * (1 - step / steps) for step in range(steps))
        for epoch in range(epochs):
            losses = []
            for batch in batches(lessons.ragged, BATCH, random=draw, word_dropout=WORD_DROPOUT):
                network.zero_grad()
                loss = self._loss(network, lessons, batch)
                loss.backward()
                losses.append(loss.item())
                rate = next(rates)
                for weight, optimizer in optimizers:
                    assert weight.grad is not None
                    optimizer.step(weight.grad, rate)
            say(f"epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.4f}")
        network.eval()
        return network

    def _loss(self, network: TextCNN, lessons: Lessons, batch: Batch) -> torch.Tensor:
        goodness = torch.from_numpy(lessons.goodness[batch.texts])
        said = network(self.vectors[batch.distinct], batch.words, batch.starts)[:, 0]
        return torch.nn.functional.binary_cross_entropy_with_logits(said, goodness)

    @torch.no_grad()
    def verdicts(self, network: TextCNN, ragged: Ragged) -> Floats:
        """Its log-odds for texts."""
        said = [
            network(self.vectors[batch.distinct], batch.words, batch.starts)[:, 0] for batch in batches(ragged, 500)
        ]
        return torch.cat(said).numpy()


def by_company(
    verdicts: Floats, own: Floats, review: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Floats]:
    """Sentences of reviews that are clearly good or bad as a whole, and their goodness.

    A review is judged for each sentence by its other ones.

    Args:
        verdicts: log-odds of each sentence, (S,), by which reviews are judged.
        own: log-odds that each sentence has by itself, (S,).
        review: which each belongs to, (S,).
        lengths: words of each, (S,).
    """
    counts = np.bincount(review)[review]
    mild = np.tanh(verdicts / 2)
    others = (np.bincount(review, mild)[review] - mild) / np.maximum(counts - 1, 1)
    others = np.where(counts > 1, others - np.median(others), 0)
    low, high = np.quantile(others, [CERTAIN / 2, 1 - CERTAIN / 2])
    clear = ((others < low) | (others > high)) & (counts >= LEAST)
    chosen = np.flatnonzero(clear & (lengths >= SHORT) & (lengths <= LONG))
    chosen = np.sort(np.random.default_rng(0).permutation(chosen)[:SENTENCES])
    return chosen, likely(BY_REVIEW * np.sign(others[chosen]) + own[chosen])


class Verdict(NamedTuple):
    """Filters that respond to what is good or bad, and what each of them says for good; F of each width, M in all."""

    filters: dict[int, Filters]
    weights: Floats  # (M,)
    bias: float

    @classmethod
    def of(cls, network: TextCNN, scale: float) -> "Verdict":
        """That of a network whose vectors were multiplied by `scale`: over vectors as they are."""
        slices, biases = network.filters[0].detach().numpy() * scale, network.biases[0].detach().numpy()
        filters = {}
        for block in network.shape.bank.blocks:
            of_width = slices[block.slices].reshape(block.width, block.filters, -1).astype(np.float16)
            filters[block.width] = Filters(of_width, biases[block.maps].astype(np.float16))
        return cls(filters, network.output.weight.detach().numpy()[0], float(network.output.bias.detach()[0]))

    def write(self, file: Path) -> None:
        """Keep it in the work folder."""
        np.savez(file, weights=self.weights, bias=self.bias, **tensors_of(self.filters))

    @classmethod
    def read(cls, file: Path) -> "Verdict":
        """As it was kept."""
        arrays = dict(np.load(file))
        dimensions = arrays["filters.1"].shape[2]
        return cls(read_filters(arrays, dimensions), arrays["weights"], float(arrays["bias"]))


class Said(NamedTuple):
    """Unit vectors of the larger encoder."""

    rated: list[tuple[str, float]]  # texts that it read
    of_rated: Floats  # (n, size)
    others: Floats  # (N, size), of `Opinions.others`


def said_of_opinions(opinions: Opinions, inputs: Path, file: Path) -> Said:
    """What multilingual-e5-small says of some of the rated texts and of the others; from the file if it is there."""
    rated = read_of_ratings(opinions.ratings)
    if not file.exists():
        np.save(file, said_of([*(text for text, _ in rated), *opinions.others], inputs))
    vectors = unit(np.load(file).astype(np.float32))
    return Said(rated, vectors[: len(rated)], vectors[len(rated) :])


def read_of_ratings(ratings: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The rated texts that the encoder reads: short ones that are clearly good or bad, then others."""
    clear = [one for one in ratings if len(one[0].split()) <= LONG and abs(one[1] - 0.5) > CLEAR][:CLEAR_TEXTS]
    taken = {text for text, _ in clear}
    others = [one for one in ratings if one[0] not in taken and len(one[0].split()) <= LONGER][:OTHER_TEXTS]
    return clear + others


def direction_odds(said: Said) -> Floats:
    """Log-odds of good of the others, by logistic regression on the rated ones: (N,)."""
    from sklearn.linear_model import LogisticRegression

    goodness = np.array([goodness for _, goodness in said.rated])
    clear, middle = np.abs(goodness - 0.5) > CLEAR, said.of_rated.mean(axis=0)
    good, rated = goodness[clear] > 0.5, said.of_rated[clear] - middle
    regression = LogisticRegression(C=HELD_BACK, max_iter=1000).fit(rated, good)
    scale = LogisticRegression(C=1e3)  # what the regression holds back is given again
    scale.fit(regression.decision_function(rated)[:, None], good)
    odds = scale.decision_function(regression.decision_function(said.others - middle)[:, None])
    return np.asarray(odds, np.float32)


def judge(opinions: Opinions, said: Said, table: VectorTable) -> Verdict:
    """Learn to tell good from bad, from rated texts, from what an encoder says of others, and from reviews.

    Args:
        opinions: all texts.
        said: what the larger encoder says of them.
        table: whose filters networks start from.
    """
    words, odds = Words.of(opinions), direction_odds(said)
    school = School(words.start, dict(table.filters))
    rated = Lessons(words.ratings, np.array([goodness for _, goodness in opinions.ratings], np.float32))
    first = school.learn(Lessons.joined([rated, Lessons(words.others, likely(odds))]), EPOCHS)
    sentences = [*chain.from_iterable(opinions.reviews)]
    review = np.repeat(np.arange(len(opinions.reviews)), list(map(len, opinions.reviews)))
    verdicts = school.verdicts(first, words.reviews)
    known = dict(zip(opinions.others, odds.tolist(), strict=True))
    own = np.array(
        [
            BY_TEACHER * np.clip(known[one], -5, 5) if one in known else BY_ITSELF * np.clip(verdict, -4, 4)
            for one, verdict in zip(sentences, verdicts.tolist(), strict=True)
        ]
    )
    chosen, goodness = by_company(verdicts, own, review, words.reviews.lengths)
    say(f"{len(chosen):,} sentences of reviews")
    taken = {sentences[number] for number in chosen.tolist()}
    alone = np.array([number for number, one in enumerate(opinions.others) if one not in taken])
    lessons = [
        rated,
        Lessons(words.others.take(alone), likely(odds[alone])),
        Lessons(words.reviews.take(chosen), goodness),
    ]
    return Verdict.of(school.learn(Lessons.joined(lessons), EPOCHS), words.start.scale)


def likely(odds: Floats) -> Floats:
    """Log-odds as probabilities."""
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)
