"""The predictor's network in numpy equals the trained one in torch."""

import numpy as np
import pytest
import torch

from textcnn.model import network as network_module
from textcnn.model.network import Network, product
from textcnn.text.ragged import Ragged
from textcnn.training.network.model import Shape, TextCNN

LENGTHS = [[0, 1, 5, 2, 9, 0, 30], [0], [0, 0], [1], [3]]


def a_network(shape: Shape) -> TextCNN:
    network = TextCNN(shape).eval()
    for bias in network.biases:
        torch.nn.init.normal_(bias)
    return network


def in_numpy(network: TextCNN) -> Network:
    weights = {name: weight.numpy() for name, weight in network.state_dict().items()}
    shape = network.shape
    return Network(
        bank=shape.bank,
        pooling=shape.pooling,
        filters=tuple(weights[f"filters.{stage}"] for stage in range(shape.stages)),
        biases=tuple(weights[f"biases.{stage}"] for stage in range(shape.stages)),
        layers=tuple(
            (weights[f"layers.{layer}.weight"], weights[f"layers.{layer}.bias"])
            for layer in range(len(shape.layers) - 1)
        ),
    )


@pytest.mark.parametrize("widths", [(1,), (2,), (1, 2, 3), (3, 5)])
@pytest.mark.parametrize("pooling", ["max", "kmax", "mean", "max+mean"])
@pytest.mark.parametrize(("stages", "hidden"), [(1, ()), (1, (7,)), (2, (5, 4)), (3, ())])
def test_numpy_equals_torch(widths: tuple[int, ...], pooling: str, stages: int, hidden: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    shape = Shape(dimensions=6, labels=3, widths=widths, filters=4, stages=stages, pooling=pooling, k=3, hidden=hidden)
    network, vectors = a_network(shape), torch.randn(12, 6)
    for lengths in LENGTHS:
        starts = np.cumsum([0, *lengths])
        words = random.integers(0, 12, starts[-1]).astype(np.int32)
        with torch.no_grad():
            expected = network(vectors, torch.from_numpy(words).long(), torch.from_numpy(starts))
        ours = in_numpy(network).logits(vectors.numpy(), Ragged(words, starts))
        np.testing.assert_allclose(ours, expected.numpy(), atol=1e-5)


def test_products_are_the_same_to_the_last_bit_in_any_order_and_company() -> None:
    random = np.random.default_rng(0)
    rows = random.standard_normal((70, 300)).astype(np.float32) * np.exp(random.uniform(-9, 9, (70, 1))).astype("f")
    columns = random.standard_normal((300, 90)).astype(np.float32) * 0.1
    found = product(rows, columns)
    exact = rows.astype(np.float64) @ columns.astype(np.float64)
    assert np.all(np.abs(found - exact) <= 1e-5 * np.abs(rows).max(1, keepdims=True))
    mixed = random.permutation(300)
    assert np.array_equal(product(rows[:, mixed], columns[mixed]), found)
    for place in range(70):
        assert np.array_equal(product(rows[place : place + 1], columns), found[place : place + 1])
    assert not product(np.zeros((2, 300), np.float32), columns).any()
    assert product(rows[:0], columns).shape == (0, 90)
    assert product(np.ones((2, 0)), np.ones((0, 3))).tolist() == [[0.0] * 3] * 2


def test_words_that_none_of_the_texts_has_respond_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held-out texts are answered some at a time, each time for their own words; the features are the same."""
    network = in_numpy(a_network(Shape(dimensions=6, labels=2, widths=(1, 2), filters=3)))
    vectors = np.random.default_rng(0).standard_normal((50, 6)).astype(np.float32)
    texts = Ragged(np.array([3, 3, 40, 7, 7, 9, 3], np.int32), np.array([0, 3, 3, 5, 7]))
    words, slices_of = [], network_module.rounded_to_slices
    monkeypatch.setattr(
        network_module, "rounded_to_slices", lambda rows, *rest: words.append(len(rows)) or slices_of(rows, *rest)
    )
    whole = network.features(vectors, texts)
    assert words == [4 + 1] * 3  # and an empty place, for each slice
    words.clear()
    assert np.array_equal(np.concatenate([network.features(vectors, part) for part in texts.parts(3)]), whole)
    assert words == [2 + 1] * 3 + [1 + 1] * 3 + [2 + 1] * 3
