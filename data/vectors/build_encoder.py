#!/usr/bin/env python3
"""Train the sentence encoder that comes with textcnn: textcnn/vectors/sentences.safetensors.

    python data/vectors/build_encoder.py --list        what has to be in the folder of inputs besides, and its terms
    python data/vectors/build_encoder.py --inputs inputs --work work      after build_filters.py, with the same folders

The encoder joins the filters of the table, which learned what MPNet says of passages, with others that learn here to
tell good from bad. A first network learns it from texts that people rated (ratings.py). Then reviews whose ratings
nobody reads teach more: what the other sentences of a review sound like says what a sentence of it likely means, where
its words alone do not. A second network learns from both.

The readout is linear. It has the principal axes of two views of a sentence, its standardised features and what they
predict of MPNet's vector for it (ridge regression), and beside them the verdict, good or bad, as the last number.

Reading by MPNet takes ten minutes for a portion of sentences on one core that is free, all else about twenty. Needs the
same packages as build_vectors.py.
"""

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from build_vectors import Floats, say
from encoder import Encoder, equal_lengths, mpnet
from inputs import MPNET, checked
from numpy.typing import NDArray
from passages import Excluded
from ratings import RATINGS, rated
from sentences import gather
from texts import TEXTS

from textcnn.compiled.threads import WorkerThreads, free_cores
from textcnn.encoder import ENCODER, write_encoder
from textcnn.model.bank import Bank, Pooling
from textcnn.model.network import Network
from textcnn.settings import Settings
from textcnn.storage.atomic import written_whole
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Ragged
from textcnn.training.batches import Batch, batches
from textcnn.training.embeddings import Start, begin
from textcnn.training.network.model import Shape, TextCNN
from textcnn.training.optimizer import Adam
from textcnn.vectors.pretrained_filters import Filters, read_filters, tensors_of
from textcnn.vectors.table import EMBEDDED, VectorTable

PORTIONS = 1  # of sentences that MPNet reads, some 19,000 each
PIECES = 96  # of a sentence that it reads
WIDTHS, FILTERS = (1, 2, 3, 4), 150
BATCH, DROPOUT, WORD_DROPOUT, RATE = 64, 0.4, 0.05, 1.5e-3
EPOCHS, EPOCHS_WITH_REVIEWS = 4, 2
SENTENCES = 107_500  # of reviews that are learned from
LEAST = 4  # sentences of a review that is heard
SHORT, LONG = 3, 30  # words of a sentence that is learned from
CERTAIN = 0.6  # of the reviews, the best and the worst, are believed
BY_REVIEW, BY_ITSELF = 1.2, 0.5  # log-odds that a review's side gives a sentence, and what its own count for
AXES, RIDGE, VERDICT = 256, 3000.0, 0.3


class Read(NamedTuple):
    """All texts that are learned from."""

    sentences: list[str]  # that MPNet reads
    reviews: list[list[str]]
    ratings: list[tuple[str, float]]


class Lessons(NamedTuple):
    """Texts with their goodness from 0 to 1."""

    ragged: Ragged
    goodness: Floats


def read_all(inputs: Path, work: Path, exclude: Path | None) -> Read:
    """The texts, from the work folder if they are there."""
    file = work / "encoder_texts.json"
    if not file.exists():
        excluded = Excluded(exclude)
        sentences, reviews = gather(inputs, excluded, PORTIONS, say)
        file.write_text(json.dumps([sentences, reviews, rated(inputs, excluded, say)]))
    return Read(*json.loads(file.read_text()))


def teach(sentences: Sequence[str], encoder: Encoder, file: Path) -> Floats:
    """The encoder's unit vectors, (N, size); from the file if it is there."""
    if file.exists():
        return np.load(file).astype(np.float32)
    encoder.cutter.enable_truncation(PIECES)
    vectors = np.zeros((len(sentences), encoder.size), np.float32)
    pieces = [one.ids for one in encoder.cutter.encode_batch(list(sentences))]
    for batch in equal_lengths([len(one) for one in pieces]):
        with torch.inference_mode():
            states = encoder.states(torch.tensor([pieces[number] for number in batch]))[encoder.layers[-1]]
            vectors[batch] = torch.nn.functional.normalize(states.float().mean(dim=1), dim=1).numpy()
    np.save(file, vectors.astype(np.float16))
    return vectors


class Words(NamedTuple):
    """Rated texts and sentences of reviews as rows of vectors."""

    start: Start
    ratings: Ragged
    reviews: Ragged

    @classmethod
    def of(cls, read: Read) -> "Words":
        """Look all words up."""
        texts = [*(text for text, _ in read.ratings), *(one for review in read.reviews for one in review)]
        encoded = encode(texts, max_words=64)
        # A word that the table does not have tells nothing here.
        settings = Settings(vectors="english", min_count=1000)
        start = begin(encoded, np.zeros(len(encoded.ragged.words), bool), settings, say)
        ragged, count = start.ragged(encoded), len(read.ratings)
        return cls(start, ragged.take(np.arange(count)), ragged.take(np.arange(count, len(texts))))


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
    verdicts: Floats, review: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Floats]:
    """Sentences of reviews that are clearly good or bad as a whole, and their goodness.

    A review is judged for each sentence by its other ones.

    Args:
        verdicts: log-odds of each sentence, (S,).
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
    odds = BY_REVIEW * np.sign(others[chosen]) + BY_ITSELF * np.clip(verdicts[chosen], -4, 4)
    return chosen, (1 / (1 + np.exp(-odds))).astype(np.float32)


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


def judge(read: Read, table: VectorTable) -> Verdict:
    """Learn to tell good from bad, from rated texts and from reviews."""
    words = Words.of(read)
    school = School(words.start, dict(table.filters))
    ratings = np.array([goodness for _, goodness in read.ratings], np.float32)
    first = school.learn(Lessons(words.ratings, ratings), EPOCHS)
    review = np.repeat(np.arange(len(read.reviews)), [len(one) for one in read.reviews])
    chosen, goodness = by_company(school.verdicts(first, words.reviews), review, words.reviews.lengths)
    say(f"{len(chosen):,} sentences of reviews")
    both = Ragged.joined([words.ratings, words.reviews.take(chosen)])
    network = school.learn(Lessons(both, np.concatenate([ratings, goodness])), EPOCHS_WITH_REVIEWS)
    return Verdict.of(network, words.start.scale)


def joined(ones: Mapping[int, Filters], others: Mapping[int, Filters]) -> dict[int, Filters]:
    """Filters of both, width by width."""
    return {
        width: Filters(
            np.concatenate([filters.slices, others[width].slices], axis=1),
            np.concatenate([filters.biases, others[width].biases]),
        )
        for width, filters in ones.items()
    }


def features_of(table: VectorTable, filters: dict[int, Filters], sentences: Sequence[str]) -> Floats:
    """What the filters make of sentences: (N, M)."""
    bank = Bank(tuple(filters), filters[WIDTHS[0]].biases.size)
    slices = np.concatenate([one.slices.reshape(-1, table.dimensions) for one in filters.values()])
    biases = np.concatenate([one.biases for one in filters.values()])
    network = Network(bank, Pooling("max"), (slices.astype(np.float32),), (biases.astype(np.float32),), ())
    encoded = encode(sentences, max_words=64)
    rows = [table.find(surface).rows for surface in encoded.surfaces]
    zero = np.zeros(table.dimensions, np.float32)
    vectors = np.stack([table.vector(one) if one else zero for one in rows])
    features = []
    for part in encoded.ragged.parts():
        distinct, places = np.unique(part.words, return_inverse=True)
        features.append(network.features(vectors[distinct], Ragged(places.astype(np.int32), part.starts)))
    return np.concatenate(features)


def readout(features: Floats, taught: Floats, verdict: Floats, bias: float) -> tuple[Floats, Floats]:
    """The readout (AXES + 1, M) and its bias, for vectors whose mean square is about one.

    Args:
        features: of sentences, (N, M).
        taught: an encoder's vectors of the same, (N, size).
        verdict: weights of the log-odds of good, (M,).
        bias: of the same.
    """
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-2
    moved = (features - mean) / deviation
    gram = moved.T @ moved
    own = np.zeros((len(gram), AXES), np.float32)
    known = verdict == 0  # the table's filters: the others respond to much of one thing, which is the last number
    own[known] = np.linalg.eigh(gram[known][:, known])[1][:, : -AXES - 1 : -1]
    told = np.linalg.solve(gram + RIDGE * np.eye(len(gram), dtype=np.float32), moved.T @ (taught - taught.mean(axis=0)))
    views = np.concatenate([_scaled(moved, told), _scaled(moved, own)], axis=1)
    seen = moved @ views
    axes = _scaled(moved, views @ np.linalg.eigh(seen.T @ seen)[1][:, : -AXES - 1 : -1]) / deviation[:, None]
    share = VERDICT / (features @ verdict).std()
    weights = np.concatenate([axes.T, share * verdict[None]])
    return weights.astype(np.float32), np.append(-(mean @ axes), share * bias).astype(np.float32)


def _scaled(moved: Floats, view: Floats) -> Floats:
    """A view whose vectors have one as their mean square length."""
    scaled: Floats = view / np.sqrt(((moved @ view) ** 2).sum(axis=1).mean())
    return scaled


def build(inputs: Path, work: Path, exclude: Path | None, path: Path) -> None:
    """All steps."""
    torch.set_num_threads(1)  # worker threads share the work, see textcnn/compiled/threads.py
    for origin in (*MPNET, *(source.origin for source in (*TEXTS, *RATINGS))):
        checked(origin, inputs)
    read = read_all(inputs, work, exclude)
    taught = teach(read.sentences, mpnet(inputs, (12,)), work / "sentences.npy")
    table, learned = VectorTable.open(EMBEDDED), work / "good_or_bad.npz"
    if not learned.exists():
        judge(read, table).write(learned)
    verdict = Verdict.read(learned)
    filters = joined(table.filters, verdict.filters)
    # Of each width, those of the table come first.
    known = table.filters[WIDTHS[0]].biases.size
    weights = np.pad(verdict.weights.reshape(len(WIDTHS), FILTERS), ((0, 0), (known, 0))).ravel()
    layer = readout(features_of(table, filters, read.sentences), taught, weights, verdict.bias)
    facts = {"from": "all-mpnet-base-v2 over texts, and texts that people rated"}
    with written_whole(path) as file:
        write_encoder(file, filters, *layer, facts)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Train the sentence encoder of textcnn.")
    parser.add_argument("--list", action="store_true", help="name the rated texts and their terms")
    parser.add_argument("--inputs", type=Path, default=Path("inputs"), help="folder with packages and clones")
    parser.add_argument("--work", type=Path, default=Path("work"), help="folder for what steps leave")
    parser.add_argument("--exclude", type=Path, help="folder of CSV files whose texts must not be read")
    parser.add_argument("--output", type=Path, default=ENCODER, help="where it goes (default: into the package)")
    options = parser.parse_args()
    if options.list:
        for source in RATINGS:
            print(f"{source.name}: {source.origin.name} {source.origin.commit}\n  {source.origin.terms}")
        return
    began = time.monotonic()
    build(options.inputs, options.work, options.exclude, options.output)
    say(f"{time.monotonic() - began:,.0f} seconds")


if __name__ == "__main__":
    main()
