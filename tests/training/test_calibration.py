"""Probabilities mean what they say: the join of network and linear part, labels that stand alone, thresholds."""

import numpy as np
import pytest

from textcnn import TextCNNClassifier
from textcnn.model.linear import Join
from textcnn.model.predictor import Predictor
from textcnn.text.lexicon import encode
from textcnn.training.calibration import Calibration, calibrate, per_label, thresholds


def test_temperature_undoes_overconfidence() -> None:
    """Logits that are three times too large are divided by about three."""
    random = np.random.default_rng(0)
    logits = random.normal(size=(20_000, 3)).astype(np.float32)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    drawn = (chances.cumsum(axis=1) > random.random((len(logits), 1))).argmax(axis=1)
    targets = np.eye(3, dtype=np.float32)[drawn]
    join = calibrate(3 * logits, np.zeros_like(logits), targets, multi_label=False)
    assert join.temperature == pytest.approx(3, rel=0.05)
    nothing = np.empty((0, 3), np.float32)
    assert calibrate(nothing, nothing, nothing, multi_label=False).temperature == 1


def test_the_part_that_knows_more_weighs_more() -> None:
    random = np.random.default_rng(0)
    targets = np.eye(2, dtype=np.float32)[random.integers(0, 2, 2000)]
    noise, other = random.normal(size=(2, *targets.shape)).astype(np.float32)
    telling = calibrate(noise, 2 * targets + other, targets, multi_label=False)
    silent = calibrate(2 * targets + other, noise, targets, multi_label=False)
    assert telling.linear_weight * telling.temperature > 3 > 0.3 > silent.linear_weight * silent.temperature


def test_labels_that_stand_alone_are_calibrated_each_by_itself() -> None:
    """One says too little by two, the other is twice too sure; of a label that no text has little can be said."""
    random = np.random.default_rng(0)
    logits = random.normal(size=(20_000, 3)).astype(np.float32)
    targets = (random.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(np.float32)
    factors, summands = per_label(logits * [1, 2, 1] - [2, 0, 0], targets)
    assert factors == pytest.approx([1, 0.5, 1], abs=0.05)
    assert summands == pytest.approx([2, 0, 0], abs=0.1)
    factors, summands = per_label(logits[:5] * [1, 1, 1], targets[:5] * 0)
    assert np.abs(factors - 1).max() < 0.2 and summands.min() > -0.5


def test_what_each_label_needs_goes_into_the_last_weights() -> None:
    examples = [(f"{word} {n}", [word] * (n % 3 > 0)) for n in range(60) for word in ("ham", "spam")]
    fit = TextCNNClassifier(vectors="none", epochs=2, filters=3, networks=2, refit="off").fit(
        *zip(*examples, strict=True)
    )
    found = Calibration(Join(2.0, 0.7), np.array([1.5, 0.5]), np.array([0.1, -2.0]), (0.5, 0.5))
    many = ["ham ham 3", "spam", "what"]
    texts = encode(many, 100)
    before, after = Predictor(fit.model_), Predictor(found.applied(fit.model_))
    expected = found.probabilities(before.network_logits(texts), before.linear_margins(texts))
    assert after.probabilities(many) == pytest.approx(expected, abs=1e-6)


def test_a_label_gets_the_threshold_with_the_best_f1() -> None:
    """By hand: of 0.9, 0.6, 0.4, 0.3, 0.2 the first and the third are right. F1 after one, two, three: 2/3, 1/2, 4/5.

    The third, 0.4, is the last that gets the label and 0.3 the first that does not. A label that no text has is left to
    what suits all labels.
    """
    probabilities = np.array([[0.9, 0.01], [0.6, 0.01], [0.4, 0.01], [0.3, 0.01], [0.2, 0.01]], np.float32)
    targets = np.array([[1, 0], [0, 0], [1, 0], [0, 0], [0, 0]], np.float32)
    assert thresholds(probabilities, targets) == pytest.approx((0.35, 0.35))
    # Of equal ones all get the label or none: half of 0.9 and 0.5 are right, but of twenty 0.5 only one.
    tied = thresholds(np.array([[0.9]] + [[0.5]] * 20, np.float32), np.array([[1], [1]] + [[0]] * 19, np.float32))
    assert tied == pytest.approx((0.7,))
    common, rare = np.tile(targets[:, :1], (200, 1)), np.zeros((1000, 1), np.float32)
    rare[:5] = 1
    own = thresholds(np.hstack([np.tile(probabilities[:, :1], (200, 1)), 0.1 * rare + 0.05]), np.hstack([common, rare]))
    assert own[0] == pytest.approx(0.35, abs=0.01) and 0.1 < own[1] < own[0]
