"""Responses of two bytes: they are whole numbers, no sum of them overflows, and answers hardly move."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textcnn import TextCNNClassifier
from textcnn.compiled.loader import loops
from textcnn.insight.explain import explain
from textcnn.model.bank import Bank, Pooling
from textcnn.model.model import Model
from textcnn.model.network import Frame, Network, responses, to_slices
from textcnn.model.predictor import Predictor
from textcnn.model.rounding import MOST, in_whole_numbers
from textcnn.storage.quantized import HALF_BYTE, Quantized
from textcnn.text.ragged import Ragged

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def a_network(widths: tuple[int, ...], filters: int, *, pooling: str = "max", hidden: tuple[int, ...] = ()) -> Network:
    random = np.random.default_rng(0)
    bank, dimensions = Bank(widths, filters), 5

    def numbers(*shape: int) -> Floats:
        return random.standard_normal(shape).astype(np.float32)

    sizes = (bank.features(Pooling(pooling)), *hidden, 3)
    return Network(
        bank,
        Pooling(pooling),
        (numbers(bank.slices, dimensions),),
        (numbers(bank.maps),),
        tuple((numbers(after, before), numbers(after)) for before, after in pairwise(sizes)),
    )


def some_vectors(longest: float) -> Floats:
    vectors = np.random.default_rng(1).standard_normal((40, 5))
    return (vectors * (longest / np.sqrt(np.square(vectors).sum(axis=1)).max())).astype(np.float32)


TEXTS = Ragged(np.arange(40, dtype=np.int32), np.array([0, 0, 1, 3, 6, 20, 40], np.int64))


def sums(network: Network, vectors: Floats, ragged: Ragged) -> Floats:
    """All sums of responses, of the windows of all texts."""
    frame = Frame.around(ragged, network.bank.widest, len(vectors))
    return np.concatenate(
        [values.ravel() for _, values in responses(vectors, network.filters[0], network, frame, np.float32)]
    )


def pooled(network: Network, vectors: Floats, ragged: Ragged) -> Floats:
    """The features, by compiled loops."""
    compiled = loops("whole")
    assert compiled is not None
    features = np.empty((len(ragged.starts) - 1, network.bank.maps))
    table = to_slices(vectors, network.filters[0], True).astype(np.int16)
    bias, room = network.biases[0].astype(np.int16), np.zeros((2, network.bank.filters), np.int16)
    compiled.pool_whole(table, ragged.words, ragged.starts, np.array(network.bank.widths), bias, room, features)
    return features


@pytest.mark.parametrize("widths", [(1,), (2, 3), (1, 2, 3, 4), (5,), (8, 6)], ids=str)
@pytest.mark.parametrize("filters", [1, 7, 16, 37])
class TestShapes:
    def test_features_are_whole_numbers_near_those_of_the_trained_network(self, widths, filters) -> None:
        network, vectors = a_network(widths, filters), some_vectors(3.0)
        rounded = in_whole_numbers(network, 3.0)
        features = rounded.features(vectors, TEXTS)
        assert rounded.whole and np.array_equal(features, np.rint(features)) and features.max() > 1000
        np.testing.assert_allclose(rounded.logits(vectors, TEXTS), network.logits(vectors, TEXTS), atol=0.02)

    @pytest.mark.skipif(loops("whole") is None, reason="the loops were not compiled")
    def test_loops_and_numpy_have_the_same_features(self, widths, filters) -> None:
        rounded, vectors = in_whole_numbers(a_network(widths, filters), 3.0), some_vectors(3.0)
        features = rounded.features(vectors, TEXTS)
        assert np.array_equal(pooled(rounded, vectors, TEXTS), features)
        assert np.array_equal(rounded.head(features.astype(np.float64)), rounded.head(features))


@settings(max_examples=settings.default.max_examples // 2)
@given(
    widths=st.lists(st.integers(1, 8), min_size=1, max_size=3, unique=True),
    longest=st.floats(1e-20, 1e20),
    scales=st.lists(st.floats(1e-6, 1e6), min_size=8, max_size=8),
    sign=st.sampled_from([-1, 1]),
)
def test_no_words_overflow_two_bytes(widths: list[int], longest: float, scales: list[float], sign: int) -> None:
    """The worst: each word of a window is as long as any is, and points where its slice does."""
    network = a_network(tuple(widths), 2)
    factors = np.resize(np.array(scales, np.float32), network.bank.slices)
    network = network._replace(
        filters=(network.filters[0] * factors[:, None],), biases=(np.zeros_like(network.biases[0]),)
    )
    slices = network.filters[0].astype(np.float64)
    vectors = (sign * slices / np.sqrt(np.square(slices).sum(axis=1, keepdims=True)) * longest).astype(np.float32)
    rounded = in_whole_numbers(network, longest)
    assert rounded.whole
    for block in network.bank.blocks:
        for number in range(block.filters):  # a text of the words that each filter wants most, and least
            words = np.arange(block.slices.start, block.slices.stop)[number :: block.filters].astype(np.int32)
            ragged = Ragged(words, np.array([0, len(words)], np.int64))
            largest = np.abs(sums(rounded, vectors, ragged)).max()
            assert 32_600 < largest <= MOST
            if loops("whole") is not None:
                assert np.array_equal(pooled(rounded, vectors, ragged), rounded.features(vectors, ragged))


@pytest.mark.parametrize(
    "network",
    [
        a_network((1, 2), 3, pooling="mean"),
        a_network((1, 2), 3, pooling="max+mean"),
        a_network((1, 2), 3, pooling="kmax"),
        a_network((2, 9), 3),
        (two := a_network((1, 2), 3))._replace(filters=two.filters * 2, biases=two.biases * 2),
        two._replace(biases=(two.biases[0] * 1e9,)),
    ],
    ids=["mean", "max and mean", "k-max", "wide", "two stages", "beside its biases its responses are nothing"],
)
def test_these_keep_four_bytes(network: Network) -> None:
    assert in_whole_numbers(network, 3.0) is network


def test_vectors_beyond_single_precision_keep_four_bytes_and_answers_are_no_numbers_either() -> None:
    network = a_network((1, 2), 3)
    for longest in (1e300, 1e-300, np.inf, np.nan):
        assert in_whole_numbers(network, longest) is network


def test_filters_and_vectors_of_nothing_but_zeros_are_whole_too() -> None:
    network = a_network((1, 2), 3, hidden=(4,))
    nothing = network._replace(filters=(np.zeros_like(network.filters[0]),), biases=(np.ones_like(network.biases[0]),))
    for blank, longest in ((nothing, 3.0), (nothing, 0.0)):
        rounded = in_whole_numbers(blank, longest)
        assert rounded.whole
        np.testing.assert_allclose(
            rounded.logits(some_vectors(1), TEXTS), blank.logits(some_vectors(1), TEXTS), rtol=1e-6
        )


@pytest.mark.parametrize("halved", [False, True])
@pytest.mark.parametrize("rows", [0, 1, 300])
def test_the_longest_row_is_found(rows: int, halved: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(rows)
    matrix = (random.standard_normal((rows, 70)) * random.uniform(0, 9, (rows, 1))).astype(np.float32)
    table = Quantized.of(matrix, HALF_BYTE).halved() if halved else Quantized.of(matrix)
    expected = np.sqrt(np.square(table.rows(np.arange(rows)).astype(np.float64)).sum(axis=1)).max(initial=0)
    found = table.longest()
    assert found == pytest.approx(expected, rel=1e-6)
    monkeypatch.setattr("textcnn.storage.quantized.loops", lambda name: None)
    assert table.longest() == found


TEXTS_TO_LEARN = ["win a free prize now", "free cash for you", "see you at lunch", "are you home at noon"] * 5


@pytest.fixture(scope="module", params=["trained", "static", "both"])
def model(request: pytest.FixtureRequest) -> Model:
    classifier = TextCNNClassifier(
        vectors="none", filters=6, dimensions=8, epochs=6, learning_rate=0.02, channels=request.param, quality="fast"
    )
    return classifier.fit(TEXTS_TO_LEARN, ["spam", "spam", "ham", "ham"] * 5).model_


def as_trained(model: Model) -> Model:
    """The same model, whose responses are not rounded."""
    four_bytes = replace(model)
    four_bytes.__dict__["networks"] = tuple(member.network for member in model.members)
    return four_bytes


def test_answers_hardly_move(model: Model) -> None:
    texts = [*TEXTS_TO_LEARN, "", "free lunch", "prize prize prize unseen,"]
    before, after = (Predictor(each).probabilities(texts) for each in (as_trained(model), model))
    assert not np.array_equal(before, after)
    np.testing.assert_allclose(after, before, atol=0.002)


def test_an_explanation_is_of_the_answer_not_of_the_network_as_it_was_trained(model: Model) -> None:
    """Its parts are whole numbers of units: they add up to the logit of the answer as exactly as it is computed."""
    text = "are you at lunch for a free prize"
    logit = Predictor(model).logits([text])[0, 0]
    found, other = (explain(Predictor(each), text, model.labels[0]) for each in (model, as_trained(model)))
    assert found.logit == pytest.approx(logit, abs=2e-6)
    assert found.bias + sum(word.contribution for word in found.words) == pytest.approx(found.logit, abs=1e-9)
    assert [word.contribution for word in found.words] != [word.contribution for word in other.words]


@pytest.mark.skipif(loops("whole") is None, reason="the loops were not compiled")
@pytest.mark.parametrize("filters", [31, 32, 33, 128, 129, 300])
def test_loops_pool_any_number_of_filters(filters: int) -> None:
    """They take 32 at a time, and 128; what is left over is looked at twice, or one by one."""
    draw, widths, texts = np.random.default_rng(filters), (1, 5, 4), [[0, 1, 2, 3, 4, 5, 6], [], [3], [2, 2, 6]]
    table = draw.integers(-4000, 4000, (7, sum(widths) * filters), np.int16)
    bias = draw.integers(-3000, 3000, len(widths) * filters).astype(np.int16)
    words = np.array([word for text in texts for word in text], np.int32)
    starts = np.cumsum([0, *map(len, texts)])
    found = np.empty((len(texts), len(bias)))
    room = np.zeros((2, filters), np.int16)
    loops("whole").pool_whole(table, words, starts, np.array(widths), bias, room, found)
    slices = table.reshape(7, -1, filters)
    for text, features in zip(texts, found, strict=True):
        expected = []
        for width, first in zip(widths, np.cumsum([0, *widths[:-1]]), strict=True):
            windows = range(1 - width, max(len(text), 2 - width))
            at = [[(first + j, place + j) for j in range(width) if 0 <= place + j < len(text)] for place in windows]
            expected.append(
                np.max([sum((slices[text[p], s].astype(int) for s, p in w), np.zeros(filters, int)) for w in at], 0)
            )
        assert np.array_equal(features, np.maximum(np.concatenate(expected) + bias, 0))
