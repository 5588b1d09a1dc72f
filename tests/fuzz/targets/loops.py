"""The compiled loops, with AddressSanitizer where fuzz.py could build them so: odd shapes, and models that are damaged.

What they compute is compared with the same in NumPy or Python; what they touch, the sanitizers see.
"""

import os
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import mutations
import numpy as np
import sanitized
from made_models import any_model
from targets import models

from textcnn.compiled.loader import loops
from textcnn.errors import TextcnnError
from textcnn.model.bank import Bank, Pooling
from textcnn.model.network import Network
from textcnn.model.predictor import Predictor
from textcnn.text.lexicon import Lexicon
from textcnn.text.ragged import Ragged
from textcnn.text.vocabulary import Vocabulary

if "TEXTCNN_FUZZ_LOOPS" in os.environ:
    sanitized.use()


class Case(NamedTuple):
    """What is looped over, and the seed of its numbers."""

    kind: str
    seed: int
    data: bytes = b""
    texts: tuple[str, ...] = ()


def make(random: Random) -> Case:
    """Shapes by chance, with much that is empty, or a model with damage."""
    kind = random.choice((*_KINDS, "answers"))
    seed = random.getrandbits(64)
    texts = tuple(mutations.text(random) for _ in range(random.choice((0, 1, 2, 30))))
    data = b""
    if kind == "damaged":
        data = models.make(random).data
    return Case(kind, seed, data, texts)


def check(case: Case) -> None:
    """Loop."""
    assert loops("convolution") is not None, "there are no compiled loops"
    _KINDS[case.kind](case)


def _damaged(case: Case) -> None:
    Path("m").write_bytes(case.data)
    with suppress(TextcnnError):
        models.ask(Path("m"), list(case.texts), many=True)


def _answers(case: Case) -> None:
    """Several groups of texts, the same model: its tables grow, and what is not kept is forgotten."""
    random = Random(case.seed)
    model = any_model(random)
    alone, together = Predictor(model), Predictor(model, threads=random.choice((1, 2)))
    for _ in range(3):
        texts = [*case.texts, *(f"w{random.randrange(10**6)}" for _ in range(random.choice((0, 1, 200))))]
        with suppress(TextcnnError), models.LoopsFromTheFirstText():
            found = together.probabilities(texts)
            if together._bulk is not None and random.random() < 0.3:
                together._bulk._most_words = random.choice((0, 1, 100))
        with suppress(TextcnnError):
            assert np.array_equal(alone.probabilities(texts), found), "the loops give other answers"


def _ragged(numbers: np.random.Generator, words: int) -> Ragged:
    lengths = numbers.integers(0, numbers.choice([1, 2, 5, 40]), numbers.choice([0, 1, 2, 9]))
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Ragged(numbers.integers(0, words, max(starts[-1], 1)).astype(np.int32), starts)


def _convolution(case: Case) -> None:
    """Max pooling forward, against NumPy, and its gradient, against the sum it stands for."""
    numbers = np.random.default_rng(case.seed)
    bank = Bank(tuple(numbers.integers(1, 16, numbers.integers(1, 4)).tolist()), int(numbers.choice([1, 2, 3, 17])))
    count, dimensions = int(numbers.choice([1, 2, 30])), int(numbers.choice([1, 3, 16, 70, 130]))
    ragged, kind = _ragged(numbers, count), numbers.choice([np.float32, np.float64])
    vectors = numbers.integers(-3, 4, (count, dimensions)).astype(kind)
    filters = numbers.integers(-3, 4, (bank.slices, dimensions)).astype(kind)
    texts = len(ragged.starts) - 1
    best, at = np.empty((texts, bank.maps), kind), np.empty((texts, bank.maps), np.int32)
    places = (ragged.words, ragged.starts, np.array(bank.widths, np.int64), bank.filters)
    compiled: Any = loops("convolution")
    table = np.ascontiguousarray(vectors @ filters.T)
    for kept in (at, np.empty((0, 0), np.int32)):
        compiled.pool_max(table, *places, (0, texts), best, kept, np.empty(bank.filters, kind))
    if texts:
        zeros = (np.zeros(bank.maps, np.float32),)
        network = Network(bank, Pooling("max"), (filters.astype(np.float32),), zeros, ())
        inside = Ragged(ragged.words[: ragged.starts[-1]], ragged.starts)
        assert np.array_equal(np.maximum(best, 0), network.features(vectors.astype(np.float32), inside))
    given = numbers.integers(-2, 3, (bank.maps, texts)).astype(kind)
    turned = np.ascontiguousarray(at.T)
    of_weight, of_vectors = np.zeros_like(filters), np.zeros_like(vectors)
    room = texts * bank.slices
    met = (np.empty(room, kind), np.empty(room, np.int32))
    of_slices = (*met, np.empty(bank.slices + 1, np.int64))
    of_words = (*map(np.empty_like, met), np.zeros(count + 1, np.int64))
    compiled.list_gradients(given, turned, *places, *of_slices)
    compiled.sort_by_word(*of_slices, *places[2:], *of_words)
    compiled.add_rows(of_weight, *of_slices, vectors, (0, bank.slices))
    compiled.add_rows(of_vectors, *of_words, filters, (0, count))
    lengths = np.diff(ragged.starts)
    live = (given * best.T)[:, lengths > 0].sum()
    assert np.isclose((of_weight * filters).sum(), live), "the gradient of the slices is another one"
    assert np.isclose((of_vectors * vectors).sum(), live), "the gradient of the words is another one"


def _adam(case: Case) -> None:
    numbers = np.random.default_rng(case.seed)
    rows, columns = (int(numbers.choice([1, 2, 9, 40])) for _ in range(2))
    kind = numbers.choice([np.float32, np.float64])
    chosen = np.sort(numbers.choice(rows, numbers.integers(0, rows + 1), replace=False)).astype(np.int64)
    weight, mean, square = (np.abs(numbers.standard_normal((rows, columns))).astype(kind) for _ in range(3))
    gradient = numbers.standard_normal((len(chosen), columns)).astype(kind)
    before = weight.copy()
    compiled: Any = loops("adam")
    compiled.adam(weight, mean, square, gradient, chosen, (0, len(chosen)), 1.0, 0.1, 0.5, (0.9, 0.999), 1e-8)
    others = np.setdiff1d(np.arange(rows), chosen)
    assert np.array_equal(weight[others], before[others]) and np.isfinite(weight).all()


def _lexicon(case: Case) -> None:
    """Texts to numbers of words, with a memory that is forgotten now and then."""
    random, plain, looped = Random(case.seed), Lexicon(), Lexicon()
    most = random.choice((1, 3, 20_000))
    for _ in range(4):
        texts = [random.choice((mutations.text(random), *case.texts)) for _ in range(random.choice((0, 1, 5)))]
        mark = looped.mark()
        with models.LoopsFromTheFirstText():
            read = _words(looped, looped.read(texts, most))
        assert read == _words(plain, plain._by_python([text[: 50 * most] for text in texts], most)), "other words"
        if random.random() < 0.5:
            looped.forget(mark)


def _words(lexicon: Lexicon, ragged: Ragged) -> list[list[str]]:
    return [[lexicon.words[number] for number in ragged.words[slice(*ends)]] for ends in pairwise(ragged.starts)]


def _vocabulary(case: Case) -> None:
    random = Random(case.seed)
    words = sorted(
        {mutations.text(random)[:20].encode("utf-8", "replace").decode() for _ in range(random.choice((0, 1, 2, 50)))}
    )
    random.shuffle(words)
    vocabulary = Vocabulary.of(words)
    asked = [*words, "", "zzz", *case.texts]
    assert vocabulary.rows(asked).tolist() == [vocabulary._search(word.encode("utf-8", "replace")) for word in asked]
    if words:  # in an order that is none
        order = np.array([random.randrange(len(words)) for _ in words], np.uint32)
        Vocabulary(vocabulary.text, vocabulary.offsets, order).rows(asked)


_KINDS = {
    "damaged": _damaged,
    "answers": _answers,
    "convolution": _convolution,
    "adam": _adam,
    "lexicon": _lexicon,
    "vocabulary": _vocabulary,
}
