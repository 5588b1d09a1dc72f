"""A model file that an earlier textcnn wrote answers as it did then, or is refused; earlier/README.md says whence."""

import json
import lzma
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from program import complaint

from textcnn import ModelFileError, Predictor, load
from textcnn.insight.explain import explain

EARLIER = Path(__file__).with_name("earlier")
# Its responses were not yet rounded to whole numbers of two bytes, see model/rounding.py.
NEARLY = {"3252543-one-label": 1e-4}
NAMES = sorted(file.stem for file in EARLIER.glob("*.json"))


def unpacked(name, folder):
    path = folder / "model.textcnn"
    path.write_bytes(lzma.decompress((EARLIER / f"{name}.textcnn.xz").read_bytes()))
    return path


def said_then(name):
    return json.loads((EARLIER / f"{name}.json").read_text(encoding="utf-8"))


def closeness(name):
    return partial(pytest.approx, abs=NEARLY.get(name, 1e-6))


def test_there_are_models_of_earlier_commits():
    assert len(NAMES) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_an_earlier_model_answers_and_explains_as_it_did(name, tmp_path):
    predictor, close = Predictor.open(unpacked(name, tmp_path)), closeness(name)
    probabilities, novelty = predictor.all_seen(list(said_then(name)))
    for number, (text, then) in enumerate(said_then(name).items()):
        explanation = explain(predictor, text, predictor.labels[0])
        assert list(predictor.choose(probabilities[number])) == then["chosen"]
        assert probabilities[number].tolist() == close([then["probabilities"][label] for label in predictor.labels])
        assert (novelty is None and then["novelty"] is None) or novelty[number] == close(then["novelty"])
        assert explanation.logit == close(then["logit"])
        for parts, kind in ((explanation.words, "words"), (explanation.ngrams, "ngrams")):
            assert [part.text for part in parts] == [text for text, _ in then[kind]]
            assert [part.contribution for part in parts] == close([value for _, value in then[kind]])


@pytest.mark.parametrize("name", NAMES)
def test_an_earlier_model_is_loaded_in_python_and_saved_as_one_of_today(name, tmp_path):
    load(unpacked(name, tmp_path)).save(tmp_path / "again.textcnn")
    answers = load(tmp_path / "again.textcnn").predict_proba(list(said_then(name)))
    then = [list(answer["probabilities"].values()) for answer in said_then(name).values()]
    np.testing.assert_allclose(answers, then, rtol=0, atol=NEARLY.get(name, 1e-6))


def test_of_an_earlier_format_it_says_what_to_do(textcnn, folder):
    path = unpacked("format-1", folder)
    with pytest.raises(ModelFileError, match=r"format 1, made by an older textcnn.*train it again"):
        load(path)
    assert "train it again" in complaint(textcnn("predict", "-m", path, stdin=b"hello\n"))
