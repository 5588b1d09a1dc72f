"""What counts more weighs more: a text of weight 2 is one that is there twice, in every part of a training."""

from typing import Any

import numpy as np
import pytest
import torch
from small_training import LABELS, TEXTS, fitted, quick

from textcnn.errors import SettingsError
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings, settled
from textcnn.text.lexicon import encode
from textcnn.training.calibration import calibrate, per_label, thresholds
from textcnn.training.class_weights import class_weights, weighted_shares
from textcnn.training.device import use_device
from textcnn.training.linear.search import _least_loss
from textcnn.training.linear.svm import Examples, FeatureStatistics, Recipe, fit_linear
from textcnn.training.loop import Trainer
from textcnn.training.network.channels import Channels
from textcnn.training.network.model import Shape, TextCNN
from textcnn.training.run import Job, _Training
from textcnn.training.task import Dataset, Labelled, Task

WEIGHTS = np.array([2, 1, 3, 1, 1, 2, 1, 1, 1, 2])
ROWS = np.repeat(np.arange(10), WEIGHTS)


def of_texts() -> np.ndarray:
    """The same with the mean 1."""
    return (WEIGHTS / WEIGHTS.mean()).astype(np.float32)


def a_table(multi_label: bool) -> np.ndarray:
    random = np.random.default_rng(1)
    if multi_label:
        return random.integers(0, 2, (10, 3)).astype(np.float32)
    return np.eye(3, dtype=np.float32)[random.integers(0, 3, 10)]


@pytest.mark.parametrize("multi_label", [False, True])
def test_the_loss_is_that_of_repeated_texts(multi_label: bool) -> None:
    settings = Settings(label_smoothing=0.1)
    shape = Shape(dimensions=4, labels=3, widths=(1,), filters=2)
    of_classes = np.array([1, 2, 0.5], np.float32)  # which multiply the weights of the texts
    trainer = Trainer(
        TextCNN(shape), Channels(torch.zeros(3, 4), "trained"), settings, weights=of_classes, multi_label=multi_label
    )
    logits, targets = torch.randn(10, 3, generator=torch.Generator().manual_seed(0)), a_table(multi_label)
    weighted = trainer._loss(logits, targets, of_texts(), smooth=True)
    repeated = trainer._loss(logits[ROWS], targets[ROWS], np.ones(len(ROWS), np.float32), smooth=True)
    assert float(weighted) == pytest.approx(float(repeated), rel=1e-5)


def test_the_linear_part_is_that_of_repeated_texts() -> None:
    """C is of a text of mean weight, so that of the repeated ones is less by that mean."""
    encoded, targets = encode(TEXTS, 99), np.eye(2, dtype=np.float32)[[1] * 5 + [0] * 5]
    examples = Examples.of(encoded, targets, multi_label=False, of_texts=of_texts())
    assert examples.penalty[:, 0] == pytest.approx(of_texts())
    weighted = fit_linear(examples, Recipe(C=float(WEIGHTS.mean())))
    again = encode([TEXTS[row] for row in ROWS], 99)
    repeated = fit_linear(Examples.of(again, targets[ROWS], multi_label=False))
    scores = weighted.scores(*encoded)[ROWS, 0], repeated.scores(*again)[:, 0]
    assert np.corrcoef(*scores)[0, 1] > 0.999
    assert scores[0] == pytest.approx(scores[1], abs=0.05)


def test_classes_and_texts_multiply_in_the_linear_part() -> None:
    targets = np.eye(2, dtype=np.float32)[[1] * 5 + [0] * 5]
    heavy = np.array([1, 3], np.float32)
    examples = Examples.of(
        encode(TEXTS, 99), targets, multi_label=False, class_weights=heavy, of_texts=WEIGHTS.astype(np.float32)
    )
    assert examples.penalty[:, 0].tolist() == [6, 3, 9, 3, 3, 2, 1, 1, 1, 2]


def test_features_are_counted_by_weight() -> None:
    targets = np.eye(2, dtype=np.float32)[[1] * 5 + [0] * 5]
    examples = Examples.of(encode(TEXTS, 99), targets, multi_label=False, of_texts=WEIGHTS.astype(np.float32))
    again = encode([TEXTS[row] for row in ROWS], 99)
    repeated = Examples.of(again, targets[ROWS], multi_label=False)
    one, other = FeatureStatistics.of(examples), FeatureStatistics.of(repeated)
    assert sorted(one.frequency.tolist()) == sorted(other.frequency.tolist())
    assert sorted(one.ratio.tolist()) == pytest.approx(sorted(other.ratio.tolist()), rel=1e-5)


@pytest.mark.parametrize("multi_label", [False, True])
def test_the_calibration_is_that_of_repeated_texts(multi_label: bool) -> None:
    random = np.random.default_rng(2)
    targets = np.tile(a_table(multi_label), (60, 1))
    network, linear = (targets + random.normal(size=(2, *targets.shape))).astype(np.float32)
    weights = np.tile(WEIGHTS, 60)
    rows = np.repeat(np.arange(600), weights)
    even = weights / weights.mean()
    one = calibrate(network, linear, targets, even, multi_label=multi_label)
    other = calibrate(network[rows], linear[rows], targets[rows], multi_label=multi_label)
    assert (one.temperature, one.linear_weight) == pytest.approx((other.temperature, other.linear_weight), rel=0.02)
    for mine, theirs in zip(per_label(network, targets, even), per_label(network[rows], targets[rows]), strict=True):
        assert mine == pytest.approx(theirs, abs=0.1)  # both are drawn to no change, that of fewer texts more
    probabilities = 1 / (1 + np.exp(-network))
    mine, theirs = thresholds(probabilities, targets, even), thresholds(probabilities[rows], targets[rows])
    assert mine == pytest.approx(theirs, abs=0.02)


def test_the_search_for_the_linear_part_counts_by_weight() -> None:
    margins = np.array([[2], [1], [-1]], np.float32)
    targets, weights = np.array([[1], [0], [0]], bool), np.array([2, 1, 3], np.float32)
    rows = np.repeat(np.arange(3), [2, 1, 3])
    loss = _least_loss(margins, targets, weights, alone=True) / 3
    assert loss == pytest.approx(_least_loss(margins[rows], targets[rows], alone=True) / 6, rel=1e-4)


# What is known at the start


def test_shares_count_classes_and_texts_by_weight() -> None:
    """Of a, a, b, with b of weight 4, b has 4 of 6; with the first text counting for three besides, 4 of 8."""
    targets = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    heavy = np.array([1, 4], np.float32)
    assert weighted_shares(targets, heavy, np.ones(3, np.float32), multi_label=False) == pytest.approx([1 / 3, 2 / 3])
    three = np.array([3, 1, 1], np.float32)
    assert weighted_shares(targets, heavy, three, multi_label=False) == pytest.approx([1 / 2, 1 / 2])
    assert weighted_shares(targets, heavy, three, multi_label=True) == pytest.approx([4 / 5, 1 / 5])


def test_balanced_weights_count_by_the_weights_of_texts() -> None:
    targets = np.eye(2, dtype=np.float32)[[0, 0, 1]]
    of_texts = np.array([0.75, 0.75, 1.5], np.float32)
    assert class_weights("balanced", ["a", "b"], targets, of_texts) == pytest.approx([1, 1])


@pytest.mark.parametrize(
    ("values", "weights", "shares"),
    [
        ({}, None, [0.75, 0.25]),
        ({"class_weight": "balanced"}, None, [0.5, 0.5]),
        ({"class_weight": "spam=9"}, None, [0.25, 0.75]),
        ({}, np.array([1.0] * 6 + [3.0] * 2), [0.5, 0.5]),
    ],
)
def test_the_network_starts_from_weighted_shares(values: dict[str, Any], weights: Any, shares: list[float]) -> None:
    labelled = Labelled(TEXTS[:8], [("ham",)] * 6 + [("spam",)] * 2, weights)
    task = Task.of([labelled], ["ham", "spam"], settled(quick(**values), 2), False)
    with use_device(task.settings) as device:
        trainer = _Training(Job(task, np.arange(8), np.arange(0)), device, lambda event: False)._trainer(0)
    bias = trainer.network.output.bias.detach().numpy()
    assert np.exp(bias) == pytest.approx(shares, rel=1e-5)


# The whole


def test_a_text_of_weight_0_is_not_there() -> None:
    data = Dataset.of(
        ["a", "b", "c", "d"], ["x", "y", "z", "x"], labels_per_text="auto", weights=[1, 2, 0, 3],
        validation=(["e", "f"], ["x", "y"], [0, 1]),
    )  # fmt: skip
    assert data.labels.names == ("x", "y")
    assert data.training.texts == ["a", "b", "d"] and data.training.weights.tolist() == [1, 2, 3]
    assert data.validation.texts == ["f"] and data.validation.labels == [("y",)]


@pytest.mark.slow
def test_the_heavier_of_two_opinions_is_learned() -> None:
    """Each text is there twice, as ham and as spam; which of the two counts more depends on its words."""
    texts = [*TEXTS, *TEXTS] * 3
    other = [("ham",) if label == ("spam",) else ("spam",) for label in LABELS]
    labels = [*LABELS, *other] * 3
    for right, wrong in ((9.0, 1.0), (1.0, 9.0)):
        weights = np.array(([right] * 10 + [wrong] * 10) * 3)
        result = fitted(Labelled(texts, labels, weights), linear="on", epochs=30, learning_rate=0.02, min_count=1)
        answers = Predictor(result.model).all_probabilities(TEXTS).argmax(axis=1)
        said = [result.model.labels[answer] for answer in answers]
        assert said == [label for (label,) in (LABELS if right > wrong else other)]
        figures = result.model.figures["validation"]
        assert figures["weighted"] and figures["count"] == 60


# A label with a comma


def test_a_label_with_a_comma_is_given_a_weight_by_a_table() -> None:
    classes, targets = ["a, b", "c"], np.eye(2, dtype=np.float32)
    for wrong in ("a, b=2", "a=2,b=1"):
        with pytest.raises(SettingsError, match=r'\[class_weight\], then "a, b" = 2'):
            class_weights(wrong, classes, targets)
    with pytest.raises(SettingsError) as error:
        class_weights("a=2", ["x", "y"], targets)
    assert str(error.value) == "class_weight names labels that the texts do not have: 'a'"
