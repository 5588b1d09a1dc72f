"""A last layer over the encoder: the model says what was learned, of texts and of how they begin."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from textcnn import TextCNNClassifier, load
from textcnn.encoder import mean_of_words
from textcnn.errors import ModelFileError
from textcnn.insight.explain import explain
from textcnn.model import predictor as answering
from textcnn.model.bank import Bank, Pooling
from textcnn.model.file import FORMAT, write_model
from textcnn.model.model import Model
from textcnn.model.network import Network
from textcnn.model.predictor import Predictor
from textcnn.storage.tensor_file import read_tensors
from textcnn.text.ragged import Ragged
from textcnn.training.encoder_layer import EncoderFeatures

RANDOM = np.random.default_rng(0)
BEGINNINGS = {
    "person": ("Who", "Which man"),
    "place": ("Where is what", "In which city"),
    "time": ("When they", "What year"),
}
ENDS = ("painted the old bridge", "sold the first car", "found the lost ship", "built the house", "opened the school")
QUESTIONS = [(label, f"{begin} {end}?") for label, begins in BEGINNINGS.items() for begin in begins for end in ENDS]


def a_bank() -> Network:
    """Two filters of each of two widths over three dimensions, with a readout of four numbers."""
    bank = Bank((1, 2), 2)
    slices, layer = RANDOM.normal(size=(bank.slices, 3)), RANDOM.normal(size=(4, bank.maps))
    biases = RANDOM.normal(size=bank.maps)
    return Network(
        bank,
        Pooling("max"),
        (slices.astype(np.float32),),
        (biases.astype(np.float32),),
        ((layer.astype(np.float32), np.ones(4, np.float32)),),
    )


@pytest.fixture(scope="module")
def model() -> Model:
    labels, texts = zip(*QUESTIONS, strict=True)
    learned: Model = TextCNNClassifier().fit(list(texts), list(labels)).model_
    return learned


@pytest.mark.parametrize("columns", [4, 8], ids=["what they are about", "how they begin, too"])
def test_networks_say_what_the_last_layer_says_of_the_columns(columns: int) -> None:
    networks = (a_bank(), mean_of_words(RANDOM.normal(size=(4, 3)).astype(np.float32)))
    matrix = RANDOM.normal(size=(9, 3)).astype(np.float32)
    ragged = Ragged(RANDOM.integers(0, 9, 17).astype(np.int32), np.array([0, 1, 6, 6, 9, 17]))
    features = EncoderFeatures.of(networks, matrix, ragged, 4)
    weights, bias = RANDOM.normal(size=(columns, 2)), RANDOM.normal(size=2)
    said = [network.logits(matrix, ragged) for network in features.with_layer(weights, bias)]
    assert np.mean(said, axis=0) == pytest.approx(features.rows[:, :columns] @ weights + bias, abs=1e-4)


def test_texts_are_as_long_on_average_and_how_they_begin_has_a_fifth() -> None:
    networks = (mean_of_words(RANDOM.normal(size=(4, 3)).astype(np.float32)),)
    ragged = Ragged(np.arange(30, dtype=np.int32), np.arange(0, 31, 5))
    features = EncoderFeatures.of(networks, RANDOM.normal(size=(30, 3)).astype(np.float32), ragged, 6)
    about, begin = (np.square(half).sum(axis=1).mean() for half in np.split(features.rows, 2, axis=1))
    assert about == pytest.approx(1)
    assert begin / (about + begin) == pytest.approx(0.2)


def test_an_encoder_of_maxima_alone_says_nothing_of_how_texts_begin() -> None:
    ragged = Ragged(np.arange(30, dtype=np.int32), np.arange(0, 31, 5))
    features = EncoderFeatures.of((a_bank(),), RANDOM.normal(size=(30, 3)).astype(np.float32), ragged, 6)
    assert features.rows[:, :4].any()
    assert not features.rows[:, 4:].any()


def test_threads_share_what_is_computed_and_change_nothing() -> None:
    """Of more words and texts than one takes at a time."""
    networks = (a_bank(), mean_of_words(RANDOM.normal(size=(4, 3)).astype(np.float32)))
    matrix = RANDOM.normal(size=(2500, 3)).astype(np.float32)
    lengths = RANDOM.integers(0, 40, 200)
    words = RANDOM.integers(0, 2500, lengths.sum()).astype(np.int32)
    ragged = Ragged(words, np.append(0, np.cumsum(lengths)))
    alone, shared = (EncoderFeatures.of(networks, matrix, ragged, 150, threads).rows for threads in (1, 3))
    np.testing.assert_array_equal(alone, shared)


def test_the_mean_of_the_first_words_by_hand() -> None:
    """Three words at 1, 2 and -6 on the only axis: positive parts are 1, 2 and 0, of the first two on average 1.5."""
    network = mean_of_words(np.ones((1, 1), np.float32))
    opened = network._replace(pooling=network.pooling._replace(opening=2))
    matrix = np.array([[1.0], [2.0], [-6.0]], np.float32)
    found = opened.features(matrix, Ragged(np.array([0, 1, 2, 2], np.int32), np.array([0, 3, 3, 4])))
    assert found == pytest.approx(np.array([[1, 2, 1.5, 0], [0, 0, 0, 0], [0, 6, 0, 6]]))


def test_questions_are_told_by_how_they_begin(model: Model) -> None:
    assert model.members[-1].network.pooling == Pooling("mean", opening=2)
    asked = ["Who sold the school?", "In which city is the ship?", "What year was the car found?"]
    assert Predictor(model).probabilities(asked).argmax(axis=1).tolist() == [0, 1, 2]


def test_where_beginnings_say_nothing_the_model_does_without() -> None:
    texts = ["a good meal", "the nice meal", "a lovely place", "the best of all", "a bad meal", "the awful meal"]
    texts += ["a horrid place", "the worst of all"]
    model = TextCNNClassifier().fit(texts, ["good"] * 4 + ["bad"] * 4).model_
    assert not any(member.network.pooling.opening for member in model.members)


def test_an_answer_is_the_same_with_compiled_loops_or_without(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [text for _, text in QUESTIONS] + ["", "Who", "one two three four five six"] * 3
    alone = Predictor(model).logits(texts)
    monkeypatch.setattr(answering, "_MANY", 0)
    np.testing.assert_array_equal(Predictor(model).logits(texts), alone)


@pytest.mark.parametrize("text", ["Who sold the old school to the first man?", "When", ""])
def test_explanations_add_up(model: Model, text: str) -> None:
    asked = Predictor(model)
    explanation = explain(asked, text, "person", "time")
    logits = asked.logits([text])[0]
    assert explanation.logit == pytest.approx(float(logits[0] - logits[2]), abs=1e-4)


def test_its_file_comes_back_and_older_programs_refuse_it(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "m.textcnn"
    write_model(model, path)
    assert f'"format": {FORMAT}' in read_tensors(path).metadata["textcnn"]
    texts = [text for _, text in QUESTIONS]
    np.testing.assert_array_equal(load(path).predict_proba(texts), Predictor(model).probabilities(texts))


def test_beside_networks_of_any_pooling_it_comes_back(model: Model, tmp_path: Path) -> None:
    """What the settings say of pooling is said of the others; the last network is a mean of words."""
    maxima, mean = model.members
    bank = maxima.network.bank
    wide = maxima.network._replace(
        pooling=Pooling("max+mean"),
        layers=((np.zeros((3, 2 * bank.maps), np.float32), maxima.network.layers[0][1]),),
    )
    settings = {**model.settings, "pooling": "max+mean"}
    write_model(
        replace(model, settings=settings, members=(maxima._replace(network=wide), mean)), tmp_path / "m.textcnn"
    )
    assert Predictor.open(tmp_path / "m.textcnn").model.members[-1].network.pooling == Pooling("mean", 2, 2)


def test_only_a_mean_has_an_opening(model: Model, tmp_path: Path) -> None:
    """Of a damaged file: the last network's maxima would have no such slot."""
    maxima = model.members[0].network
    weights, bias = maxima.layers[0]
    damaged = maxima._replace(
        pooling=maxima.pooling._replace(opening=2), layers=((np.concatenate([weights] * 2, axis=1), bias),)
    )
    write_model(replace(model, members=(model.members[0]._replace(network=damaged),)), tmp_path / "m.textcnn")
    with pytest.raises(ModelFileError, match="damaged"):
        load(tmp_path / "m.textcnn")


@pytest.mark.parametrize("opening", [-1, 1.5, True, "2", None, 101, 2**63])
def test_a_damaged_number_of_words_is_refused(model: Model, tmp_path: Path, opening: object) -> None:
    path, *rest = model.members
    network = rest[-1].network
    pooling = network.pooling._replace(opening=opening)
    damaged = replace(model, members=(path, rest[-1]._replace(network=network._replace(pooling=pooling))))
    write_model(damaged, tmp_path / "m.textcnn")
    with pytest.raises(ModelFileError, match=r"damaged|wrong shape"):
        load(tmp_path / "m.textcnn")
