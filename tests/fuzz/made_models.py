"""Models made by chance: every shape that a training can give, and weights that none gives, without a training."""

from itertools import pairwise
from random import Random
from typing import Any

import mutations
import numpy as np
from numpy.typing import NDArray

from textcnn.model.bank import Bank, Pooling
from textcnn.model.hashing import BUCKETS
from textcnn.model.interpretation import Filter, Interpretation, LabelNgrams, Ngram, pack
from textcnn.model.linear import Join, LinearPart
from textcnn.model.model import Member, Model
from textcnn.model.network import Network
from textcnn.settings import Settings, record
from textcnn.storage.quantized import Quantized
from textcnn.text.tokens import normal, tokenize
from textcnn.text.vocabulary import Vocabulary

__all__ = ["any_model"]


def any_model(random: Random) -> Model:
    """A model whose parts fit together."""
    numbers = np.random.default_rng(random.getrandbits(64))
    labels = [f"{random.choice(mutations.TEXTS)}{number}" for number in range(random.choice((1, 2, 2, 3, 7, 40)))]
    settings = _settings(random)
    words = _words(random)
    dimensions, first = random.choice((1, 2, 8, 33)), random.randint(0, len(words))
    first = 0 if settings.channels in ("static", "both") else first
    multi_label = len(labels) > 1 and random.random() < 0.3
    networks = random.choice((1, 1, 1, 2, 3))
    return Model(
        labels=tuple(labels),
        multi_label=multi_label,
        settings=record(settings),
        vocabulary=Vocabulary.of(words),
        static=_vectors(numbers, len(words) - first, dimensions),
        first_static=first,
        members=tuple(
            _member(random, numbers, settings, (dimensions, len(words), first), len(labels)) for _ in range(networks)
        ),
        linear=_linear(numbers, 1 if len(labels) == 2 and not multi_label else len(labels))
        if random.random() < 0.5
        else None,
        join=Join(random.choice((0.01, 1.0, 30.0)), random.choice((0.01, 1.0, 30.0))),
        thresholds=tuple(numbers.random(len(labels)).tolist()) if multi_label else (),
        figures={"accuracy": 0.5, "texts": 10},
        packed_interpretation=pack(_interpretation(random, len(labels))) if random.random() < 0.5 else None,
    )


def _settings(random: Random) -> Settings:
    if random.random() < 0.002:  # large, in a file that is not
        return Settings(widths=(15,) * 20, filters=2000, channels="static", linear="off")
    return Settings(
        widths=tuple(random.choices((1, 1, 2, 3, 4, 15), k=random.choice((1, 1, 2, 4)))),
        filters=random.choice((1, 2, 5, 16)),
        pooling=random.choice(("max", "max", "max", "kmax", "mean", "max+mean")),
        k=random.choice((1, 2, 5, 50)),
        channels=random.choice(("trained", "static", "both", "random")),
        stages=random.choice((1, 1, 1, 2, 4)),
        hidden=tuple(random.choices((1, 4, 9), k=random.choice((0, 0, 0, 1, 3)))),
        max_words=random.choice((1, 5, 20000)),
    )


def _words(random: Random) -> list[str]:
    known = {normal(token.surface) for each in mutations.TEXTS for token in tokenize(each)}
    known |= {f"w{random.randrange(300)}" for _ in range(random.choice((0, 1, 30, 200)))}
    return ["", *random.sample(sorted(known), random.randint(1, len(known)))]


def _floats(numbers: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    return (numbers.standard_normal(shape) * numbers.choice([0.0, 0.1, 1.0, 100.0])).astype(np.float32)


def _vectors(numbers: np.random.Generator, rows: int, dimensions: int) -> Quantized:
    values = numbers.integers(-128, 128, (rows, dimensions), np.int8)
    return Quantized(values, np.abs(_floats(numbers, rows)))


def _member(
    random: Random, numbers: np.random.Generator, settings: Settings, of: tuple[int, int, int], labels: int
) -> Member:
    dimensions, words, first = of
    bank, pooling = Bank(settings.widths, settings.filters), Pooling(settings.pooling, settings.k)
    inputs = [dimensions * (2 if settings.channels == "both" else 1), *[bank.maps] * (settings.stages - 1)]
    sizes = [bank.features(pooling), *settings.hidden, labels]
    network = Network(
        bank,
        pooling,
        tuple(_floats(numbers, bank.slices, size) for size in inputs),
        tuple(_floats(numbers, bank.maps) for _ in inputs),
        tuple((_floats(numbers, out, size), _floats(numbers, out)) for size, out in pairwise(sizes)),
    )
    trained = None if settings.channels == "static" else _vectors(numbers, random.randint(first, words), dimensions)
    return Member(network, trained)


def _linear(numbers: np.random.Generator, outputs: int) -> LinearPart:
    buckets = np.unique(numbers.integers(0, BUCKETS, numbers.choice([0, 500, 10_000]), np.uint32))
    return LinearPart(
        buckets,
        numbers.integers(-128, 128, (len(buckets), outputs), np.int8),
        np.abs(_floats(numbers, outputs)),
        numbers.integers(0, 256, BUCKETS, np.uint8),
        _floats(numbers, outputs),
    )


def _interpretation(random: Random, labels: int) -> Interpretation:
    def ngrams() -> tuple[Any, ...]:
        return tuple(Ngram(mutations.text(random), random.uniform(-3, 3), random.randrange(9)) for _ in range(3))

    filters = [
        Filter(
            0,
            1,
            ngrams(),
            random.randrange(-1, labels),
            0.5,
            random.choice((None, 0.1)),
            0.5,
            random.randrange(-1, 3),
            0.96,
        )
        for _ in range(3)
    ]
    return Interpretation(9, tuple(LabelNgrams(ngrams(), ngrams()) for _ in range(labels)), tuple(filters))
