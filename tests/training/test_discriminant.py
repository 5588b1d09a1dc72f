"""What the outputs for all labels say together."""

import numpy as np
import pytest

from textcnn.training.discriminant import Discriminant
from textcnn.training.last_layer import LabelledRows, LastLayer

DRAW = np.random.default_rng(0)


def centred(outputs: np.ndarray) -> np.ndarray:
    """What tells one label from another, and one text from the mean of all."""
    outputs = outputs - outputs.mean(axis=1)[:, None]
    return outputs - outputs.mean(axis=0)


def graded(count: int, spread: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    """Texts at a grade of 0, 1 or 2, and the outputs of three regressions on where they seem to be."""
    grades = np.arange(count) % 3
    seen = grades - 1 + spread * DRAW.normal(size=count)
    return grades, np.stack([-seen / 2 - 1 / 3, np.full(count, -1 / 3), seen / 2 - 1 / 3], axis=1)


def test_a_middle_grade_is_told_by_what_is_usual_for_it() -> None:
    """Its own output is the largest of hardly any text: that is the masking of least squares."""
    grades, outputs = graded(300)
    assert np.mean(outputs.argmax(axis=1)[grades == 1] == 1) < 0.5
    found = Discriminant.of(outputs, np.eye(3)[grades], np.ones(300)).read(outputs)
    assert np.mean(found.argmax(axis=1)[grades == 1] == 1) > 0.8
    assert np.mean(found.argmax(axis=1) == grades) > np.mean(outputs.argmax(axis=1) == grades) + 0.1


def test_labels_that_are_equally_unlike_keep_their_answers_and_their_size() -> None:
    labels = np.arange(400) % 4
    targets = np.eye(4)[labels]
    outputs = 2 * targets - 1 + 0.5 * DRAW.normal(size=(400, 4))
    found = Discriminant.of(outputs, targets, np.ones(400)).read(outputs)
    assert np.mean(found.argmax(axis=1) == outputs.argmax(axis=1)) > 0.97
    slopes = [np.mean(of[targets > 0]) - np.mean(of[targets == 0]) for of in (outputs, found)]
    assert slopes[1] == pytest.approx(slopes[0], rel=0.05)


def test_where_labels_are_equally_unlike_answers_stay() -> None:
    """But for the shares of the labels, which are equal here: nothing else can be told by 40 texts that scatter so."""
    targets = np.tile(np.eye(4), (10, 1))
    outputs = targets + np.repeat(np.random.default_rng(3).normal(size=(10, 4)), 4, axis=0)
    found = Discriminant.of(outputs, targets, np.ones(40)).read(outputs)
    np.testing.assert_allclose(centred(found), centred(outputs))


def test_rare_labels_are_answered_more_rarely() -> None:
    labels = np.repeat([0, 1, 2], [80, 10, 10])
    outputs = np.eye(3)[labels] + DRAW.normal(size=(100, 3))
    by_texts, alike = (
        Discriminant.of(outputs, np.eye(3)[labels], weights).read(outputs).argmax(axis=1)
        for weights in (np.ones(100), np.where(labels == 0, 1 / 8, 1))
    )
    assert np.mean(by_texts == 0) > np.mean(alike == 0)


def test_a_text_that_counts_twice_is_like_two_texts() -> None:
    grades, outputs = graded(30)
    once = Discriminant.of(outputs, np.eye(3)[grades], np.where(np.arange(30) < 6, 2.0, 1.0))
    rows = np.r_[0:30, 0:6]
    twice = Discriminant.of(outputs[rows], np.eye(3)[grades[rows]], np.ones(36))
    # Weights have the mean one, so fewer texts are a little less sure that they scatter as they do.
    np.testing.assert_allclose(once.weights / once.weights[0, 0], twice.weights / twice.weights[0, 0], atol=0.1)


@pytest.mark.parametrize("outputs", [np.zeros((6, 3)), -np.eye(3)[[0, 1, 2, 0, 1, 2]], np.eye(3)[[0, 1, 2, 0, 1, 2]]])
def test_outputs_that_tell_nothing_or_all_stay(outputs: np.ndarray) -> None:
    found = Discriminant.of(outputs, np.eye(3)[[0, 1, 2, 0, 1, 2]], np.ones(6))
    np.testing.assert_array_equal(found.read(outputs), outputs)


def test_texts_of_one_label_alone_tell_nothing() -> None:
    _, outputs = graded(6)
    found = Discriminant.of(outputs, np.eye(3)[[1] * 6], np.ones(6))
    np.testing.assert_array_equal(found.read(outputs), outputs)


def test_a_label_that_no_text_has_is_no_obstacle() -> None:
    grades, outputs = graded(30)
    found = Discriminant.of(np.pad(outputs, ((0, 0), (0, 1))), np.eye(4)[grades], np.ones(30))
    assert np.isfinite(found.weights).all() and np.isfinite(found.bias).all()


def a_layer(grades: np.ndarray, outputs: np.ndarray, folds: np.ndarray) -> tuple[LastLayer, LabelledRows]:
    count, labels = outputs.shape
    weights, alpha = DRAW.normal(size=(5, labels)), DRAW.normal(size=(count, labels))
    rows = DRAW.normal(size=(count, 5))
    layer = LastLayer(weights, alpha, DRAW.normal(size=labels), outputs)
    return layer, LabelledRows(rows, np.eye(count), 2 * np.eye(labels)[grades] - 1, np.ones(count), [folds])


def test_it_is_part_of_the_layer_and_reads_texts_by_those_of_other_folds() -> None:
    grades, outputs = graded(60)
    folds = np.arange(60) // 3 % 5
    layer, texts = a_layer(grades, outputs, folds)
    read = layer.read_together(texts)
    every = Discriminant.of(outputs, np.eye(3)[grades], np.ones(60))
    said = texts.rows @ layer.weights + texts.spelling @ layer.alpha + layer.bias
    np.testing.assert_allclose(texts.rows @ read.weights + texts.spelling @ read.alpha + read.bias, every.read(said))
    others = Discriminant.of(outputs[folds != 2], np.eye(3)[grades[folds != 2]], np.ones(48))
    np.testing.assert_allclose(read.left_out[folds == 2], others.read(outputs[folds == 2]))


def test_two_labels_and_texts_that_none_can_be_left_out_of_are_read_as_they_are() -> None:
    grades, outputs = graded(12)
    for folds in (np.full(12, -1), np.zeros(12, np.int64)):
        layer, texts = a_layer(grades, outputs, folds)
        assert layer.read_together(texts) is layer
    layer, texts = a_layer(grades % 2, outputs[:, :2], np.arange(12) % 3)
    assert layer.read_together(texts) is layer
    layer, texts = a_layer(grades, outputs, np.arange(12) % 3)
    several = texts._replace(signs=np.ones((12, 3)))
    assert layer.read_together(several) is layer
