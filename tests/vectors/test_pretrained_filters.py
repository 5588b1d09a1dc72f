"""Pretrained filters: kept in the file of a table of vectors, and what networks start from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from program import script

from textcnn import TextCNNClassifier
from textcnn.errors import VectorsError
from textcnn.settings import Settings
from textcnn.storage.quantized import Quantized
from textcnn.storage.tensor_file import write_tensors
from textcnn.text.lexicon import encode
from textcnn.text.vocabulary import Vocabulary
from textcnn.training.embeddings import begin
from textcnn.training.network.model import Shape, TextCNN
from textcnn.vectors.pretrained_filters import Filters, tensors_of
from textcnn.vectors.table import EMBEDDED, VectorTable

DIMENSIONS = 3
WORDS = ["good", "bad", "film", "food"]


def some_filters(width: int, count: int) -> Filters:
    draw = np.random.default_rng(width)
    slices, biases = draw.normal(size=(width, count, DIMENSIONS)), draw.normal(size=count)
    return Filters(slices.astype(np.float16), biases.astype(np.float16))


LEARNED = {1: some_filters(1, 4), 2: some_filters(2, 4)}


def write_table(path: Path, filters: dict[int, Filters] = LEARNED, **changed: Any) -> Path:
    vectors = Quantized.of(np.random.default_rng(0).normal(size=(len(WORDS), DIMENSIONS)).astype(np.float32))
    with path.open("wb") as file:
        VectorTable("mine", Vocabulary.of(WORDS), vectors, {}, filters).write(file)
    if changed:
        table = VectorTable.open(path)
        tensors = {
            "vectors": table.vectors.values, "scales": table.vectors.scales, "text": table.vocabulary.text,
            "offsets": table.vocabulary.offsets, "order": table.vocabulary.order, **tensors_of(filters), **changed,
        }  # fmt: skip
        path = path.with_suffix(".changed")
        with path.open("wb") as file:
            write_tensors(file, {"format": "textcnn-vectors-1"}, {k: v for k, v in tensors.items() if v is not None})
    return path


def a_network(filters: int, channels: int = 1, widths: tuple[int, ...] = (1, 2)) -> TextCNN:
    torch.manual_seed(0)
    return TextCNN(Shape(dimensions=channels * DIMENSIONS, labels=2, widths=widths, filters=filters)).eval()


def features(network: TextCNN, vectors: torch.Tensor) -> torch.Tensor:
    """Of the texts 0 1 2 and 3 1."""
    return network.features(vectors, torch.tensor([0, 1, 2, 3, 1]), torch.tensor([0, 3, 5])).detach()


def test_one_filter_by_hand() -> None:
    """One filter of width 2 over vectors of one number that were doubled: 3 and 5 become 1.5 and 2.5.

    The text 2 4 has the windows (-, 2) (2, 4) (4, -): 5, 3 + 10, 6, and the bias -6.
    """
    learned = {2: Filters(np.array([[[3]], [[5]]], np.float16), np.array([-6], np.float16))}
    network = TextCNN(Shape(dimensions=1, labels=2, widths=(2,), filters=1))
    network.start_from(learned, scale=2.0)
    assert network.filters[0].tolist() == [[1.5], [2.5]] and network.biases[0].tolist() == [-6]
    vectors = torch.tensor([[2.0], [4.0]])
    assert network.features(vectors, torch.tensor([0, 1]), torch.tensor([0, 2])).tolist() == [[7.0]]


def test_both_channels_share_the_response_of_one() -> None:
    vectors, single, double = torch.randn(4, DIMENSIONS), a_network(4), a_network(4, channels=2)
    single.start_from(LEARNED, 0.7)
    double.start_from(LEARNED, 0.7)
    torch.testing.assert_close(features(double, vectors.repeat(1, 2)), features(single, vectors))


def test_of_few_filters_the_first_are_taken_and_another_network_takes_the_next() -> None:
    vectors, whole = torch.randn(4, DIMENSIONS), a_network(4)
    whole.start_from(LEARNED, 1.0)
    expected = features(whole, vectors).view(2, 2, 4)  # text, width, filter
    for skip, places in [(0, [0, 1, 2]), (3, [3, 0, 1])]:  # after the last comes the first
        fewer = a_network(3)
        fewer.start_from(LEARNED, 1.0, skip)
        torch.testing.assert_close(features(fewer, vectors).view(2, 2, 3), expected[:, :, places])


def test_filters_that_are_not_pretrained_start_at_random() -> None:
    untouched, network = a_network(6, widths=(2, 3)), a_network(6, widths=(2, 3))
    network.start_from(LEARNED, 1.0)
    before, now = untouched.filters[0], network.filters[0]
    assert now[12:].equal(before[12:])  # width 3
    of_width_2 = now[:12].view(2, 6, DIMENSIONS), before[:12].view(2, 6, DIMENSIONS)
    assert of_width_2[0][:, 4:].equal(of_width_2[1][:, 4:]) and not of_width_2[0].equal(of_width_2[1])
    assert network.biases[0][4:].eq(0).all() and network.biases[0][:4].ne(0).all()


def test_a_table_keeps_its_filters(tmp_path: Path) -> None:
    table = VectorTable.open(write_table(tmp_path / "table"))
    assert sorted(table.filters) == [1, 2]
    for width, each in table.filters.items():
        np.testing.assert_array_equal(each.slices, LEARNED[width].slices)
        np.testing.assert_array_equal(each.biases, LEARNED[width].biases)
    assert VectorTable.open(write_table(tmp_path / "plain", {})).filters == {}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"biases.2": None}, "width 2 do not fit"),
        ({"biases.2": np.zeros((4, 1), np.float16)}, "width 2 do not fit"),
        ({"filters.2": np.zeros((2, 4, DIMENSIONS + 1), np.float16)}, "width 2 do not fit"),
        ({"filters.1": np.zeros((2, 4, DIMENSIONS), np.float16)}, "width 1 do not fit"),
        ({"filters.1": np.zeros((1, 4, DIMENSIONS), np.int8)}, "width 1 are damaged"),
        ({"filters.1": np.full((1, 4, DIMENSIONS), np.nan, np.float16)}, "width 1 are damaged"),
        ({"biases.1": np.full(4, np.inf, np.float16)}, "width 1 are damaged"),
    ],
)
def test_damaged_filters_are_refused(tmp_path: Path, changed: dict[str, Any], why: str) -> None:
    path = write_table(tmp_path / "table", **changed)
    with pytest.raises(VectorsError, match=f"its filters of {why}"):
        VectorTable.open(path)


@pytest.mark.parametrize(("wanted", "channels"), [("on", "trained"), ("on", "both"), ("off", "trained")])
def test_training_starts_from_them_unless_told_not_to(tmp_path: Path, wanted: str, channels: str) -> None:
    """With steps of next to nothing, the model still has what it started from."""
    path, texts = write_table(tmp_path / "table"), ["good film", "good food", "bad film", "bad food"] * 3
    classifier = TextCNNClassifier(
        vectors=str(path), learned_filters=wanted, channels=channels, filters=2, networks=2, widths=(1, 2), epochs=1,
        learning_rate=1e-7, vector_learning_rate=1e-7, linear="off", validation_share=0.25,
    )  # fmt: skip
    classifier.fit(texts, ["yes", "yes", "no", "no"] * 3)
    scale = begin(encode(texts, 9), np.ones(24, bool), Settings(vectors=str(path)), lambda note: None).scale
    for number, member in enumerate(classifier.model_.members):
        chosen = [2 * number, 2 * number + 1]
        share = scale * (2 if channels == "both" else 1)
        pieces = [LEARNED[width].slices[:, chosen].astype(float).reshape(-1, DIMENSIONS) for width in (1, 2)]
        expected = np.concatenate(pieces) / share
        same = np.allclose(member.network.filters[0][:, :DIMENSIONS], expected, atol=1e-4)
        assert same == (wanted == "on")


def test_the_english_table_has_filters_of_the_widths_that_are_the_default() -> None:
    filters = VectorTable.open(EMBEDDED).filters
    assert tuple(filters) == Settings().widths
    assert {each.slices.shape[1:] for each in filters.values()} == {(200, 256)}  # as many as the most that are used


# how they learn


def test_targets_keep_the_axes_of_most_variance() -> None:
    """Two layers of four numbers, of which two go together, two are alone: three axes keep everything."""
    build, draw = script("build_filters"), np.random.default_rng(0).normal(size=(500, 2, 3))
    states = np.concatenate([draw, draw[:, :, :1]], axis=2).astype(np.float16)
    targets = build.targets_of(states, axes=3)
    assert targets.shape == (500, 6)
    assert np.sqrt((targets**2).sum(axis=1).mean()) == pytest.approx(build.LENGTH, rel=1e-3)
    first = targets[:, 0]
    assert abs(np.corrcoef(first, draw[:, 0, 0])[0, 1]) > 0.99  # the one that counts twice


def test_filters_learn_their_targets_and_keep_them_in_the_table(monkeypatch, tmp_path) -> None:
    """The targets: whether a text has "good", and whether it has "bad film"; in the end little is left to explain."""
    build = script("distillation")
    monkeypatch.setattr(build, "HELD_OUT", 100)
    path, draw = write_table(tmp_path / "table", {}), np.random.default_rng(0)
    texts = [" ".join(draw.choice(WORDS, size=6)) for _ in range(1500)]
    wanted = np.array([["good" in text, "bad film" in text] for text in texts], np.float32)
    encoded = encode(texts, 9)
    start = begin(encoded, np.ones(len(encoded.ragged.words), bool), Settings(vectors=str(path)), lambda note: None)
    ragged = start.ragged(encoded)
    said: list[str] = []
    monkeypatch.setattr(build, "say", said.append)
    network = build.learn(ragged, start.matrix, wanted, filters=8, epochs=12)
    assert float(said[-1].split()[-2]) > 0.7 > float(said[0].split()[-2])
    learned, again = TextCNN(network.shape), TextCNN(network.shape)
    learned.load_state_dict(network.state_dict())
    again.start_from(build.filters_of(network, start.scale), start.scale)
    words, starts = torch.from_numpy(ragged.words.astype(np.int64)), torch.from_numpy(ragged.starts)
    vectors = torch.from_numpy(start.matrix)
    expected = learned.features(vectors, words, starts)
    torch.testing.assert_close(again.features(vectors, words, starts), expected, rtol=1e-2, atol=1e-2)
