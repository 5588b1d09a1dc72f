"""Answers are decided for a metric: offsets by hand, shrunk, and in a model."""

from dataclasses import replace

import numpy as np
import pytest

from textcnn import SettingsError, TextCNNClassifier
from textcnn.model.predictor import Predictor
from textcnn.training.offsets import check_metric, offsets_for

# Nine of ten texts are "a"; of "b" the probability never exceeds a half, but tells it from the others.
TARGETS = np.array([[1, 0]] * 90 + [[0, 1]] * 10, np.float32)
PROBABILITIES = np.array([[0.9, 0.1]] * 90 + [[0.6, 0.4]] * 10, np.float32)
ONES = np.ones(100)


def decided(offsets: tuple[float, ...]) -> list[int]:
    return list((np.log(PROBABILITIES) + np.array(offsets or (0, 0))).argmax(axis=1))


@pytest.mark.parametrize("metric", ["macro-f1", "mcc", "f1:b"])
def test_a_swallowed_label_is_found(metric: str) -> None:
    assert decided(()) == [0] * 100
    assert decided(offsets_for(metric, "ab", PROBABILITIES, TARGETS, ONES)) == [0] * 90 + [1] * 10
    assert offsets_for("accuracy", "ab", PROBABILITIES, TARGETS, ONES) == ()


def test_two_texts_do_not_decide() -> None:
    few = np.r_[0:90, 90:92]
    offset = offsets_for("f1:b", "ab", PROBABILITIES[few], TARGETS[few], ONES[few])
    many = offsets_for("f1:b", "ab", np.tile(PROBABILITIES, (9, 1)), np.tile(TARGETS, (9, 1)), np.ones(900))
    assert 0 < offset[1] < many[1] / 2


def test_even_labels_have_no_offsets() -> None:
    even = offsets_for("macro-f1", "ab", PROBABILITIES[[0, 99]], np.eye(2, dtype=np.float32), np.ones(2))
    assert np.allclose(even, 0)


@pytest.mark.parametrize("metric", ["f2", "f1:c", "f1", "Accuracy"])
def test_metrics_that_are_none_are_refused(metric: str) -> None:
    with pytest.raises(SettingsError, match="metric must be accuracy, macro-f1, mcc, or f1: and a label; "):
        check_metric(metric, "ab", multi_label=False)
    with pytest.raises(SettingsError, match="thresholds with the best F1 already"):
        check_metric("mcc", "ab", multi_label=True)


def test_a_model_keeps_its_offsets_and_its_probabilities(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from textcnn import load

    texts, labels = ["free cash", "see you", "lunch then", "home now"] * 6, [1, 0, 0, 0] * 6
    settings = {"vectors": "none", "filters": 6, "dimensions": 8, "epochs": 2, "widths": (1, 2)}
    model = TextCNNClassifier(**settings, metric="macro-f1").fit(texts, labels)
    assert len(model.model_.offsets) == 2 and model.model_.offsets[1] >= 0
    model.model_ = replace(model.model_, offsets=(0.0, 50.0))
    model._predictor = Predictor(model.model_)
    assert model.predict(texts).tolist() == [1] * 24
    assert model.predict_proba(texts).argmax(axis=1).tolist() != [1] * 24
    model.save(tmp_path / "m.textcnn")
    again = load(tmp_path / "m.textcnn")
    assert again.model_.offsets == (0.0, 50.0) and again.predict(texts[:2]).tolist() == [1, 1]
