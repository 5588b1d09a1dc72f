"""Training on texts of a script without blanks: the model finds the words of the vectors, and holds what it needs."""

import numpy as np
import pytest
from small_training import quick

from textcnn.insight.explain import explain
from textcnn.model.file import read_model, write_model
from textcnn.model.predictor import Predictor
from textcnn.storage.quantized import Quantized
from textcnn.text.lexicon import encode
from textcnn.text.vocabulary import Vocabulary
from textcnn.training.fit import fit
from textcnn.training.task import Labelled, Task
from textcnn.vectors.table import VectorTable

TEXTS = [
    "房间很干净",
    "早餐非常好",
    "服务很好，房间好",
    "干净！早餐好",
    "房间很脏",
    "早餐非常差",
    "服务很差，房间差",
    "脏！早餐差",
]
LABELS = [("好评",)] * 4 + [("差评",)] * 4


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """From vectors in a file that is gone when the model answers; one of its words is in no text."""
    folder = tmp_path_factory.mktemp("segmented")
    vectors = folder / "zh.txt"
    words = ["房间", "干净", "早餐", "非常", "服务", "很", "好", "差", "脏", "非常好看"]
    rows = np.random.default_rng(0).normal(size=(len(words), 6)).round(3)
    vectors.write_text("".join(f"{word} {' '.join(map(str, row))}\n" for word, row in zip(words, rows, strict=True)))
    settings = quick(linear="on", vectors=str(vectors), min_count=1)
    trained = fit(Labelled(TEXTS, LABELS), classes=("好评", "差评"), multi_label=False, settings=settings).model
    vectors.unlink()
    write_model(trained, folder / "m.textcnn")
    return read_model(folder / "m.textcnn")


def test_the_words_of_the_vectors_are_those_of_the_model(model):
    assert model.segmented and model.segment is not None
    found = encode(TEXTS, 99, model.segment).surfaces
    assert found[:3] == ["房间", "很", "干净"] and "非常" in found and "非" not in found
    assert encode(["非常好看"], 99, model.segment).surfaces == ["非常好看"]  # kept of the table, as others are


def test_answers_are_the_same_one_by_one_and_many_at_once(model):
    texts = ["服务非常好，房间很干净 ok", "房间脏"]
    one, many = Predictor(model), Predictor(model)
    many.make_ready()
    np.testing.assert_allclose(one.logits(texts), many.logits(texts), atol=1e-4)


def test_words_are_counted_as_answers_have_them(model):
    texts = ["房间很干净 ok", "", "非常好看"]
    predictor = Predictor(model)
    for _ in ("one by one", "ready for many"):
        unknown, words = predictor.word_figures(texts)
        assert words.tolist() == [4, 0, 1] and unknown.tolist() == [1 / 4, 0, 0]
        predictor.make_ready()


def test_explanations_name_words_at_their_places(model):
    text = "x 房间很干净"
    explanation = explain(Predictor(model), text, "好评")
    assert [(word.text, word.start) for word in explanation.words] == [("x", 0), ("房间", 2), ("很", 4), ("干净", 5)]
    assert explanation.logit == pytest.approx(sum(word.contribution for word in explanation.words) + explanation.bias)


def test_other_models_cut_such_scripts_into_characters():
    task = Task.of([Labelled(TEXTS, LABELS)], ("好评", "差评"), quick(), multi_label=False)
    assert not task.segmented and task.encoded.surfaces[:2] == ["房", "间"]


def test_of_vectors_of_several_languages_words_of_each_are_kept(tmp_path):
    path = tmp_path / "many.vectors"
    words = Vocabulary.of(["房间", "干净", "早餐", "clean", "room", "dirty", "bad"])
    with path.open("wb") as file:
        VectorTable("many", words, Quantized.of(np.eye(7, dtype=np.float32))).write(file, language="en zh")
    training = Labelled(["房间很干净", "房间很脏"] * 5, [("a",), ("b",)] * 5)
    settings = quick(vectors=str(path), keep_words=1, epochs=1)
    model = fit(training, classes=("a", "b"), multi_label=False, settings=settings).model
    assert model.vocabulary.words()[-2:] == ["早餐", "clean"]
