"""A last layer in closed form: words of labels are where it starts, if they are right; texts left out tell."""

import numpy as np
import pytest

from textcnn.training.last_layer import LabelledRows, learned_from_many

RANDOM = np.random.default_rng(0)
ROWS = np.array([[-1.0], [1.0], [-1.0], [1.0]])
SIGNS = np.hstack([-ROWS, ROWS])
FOLDS = np.array([0, 0, 1, 1])
RIGHT = np.array([[-1.0, 1.0]])  # words that say of each text what is true


def labelled(named: np.ndarray | None, folds: np.ndarray = FOLDS) -> LabelledRows:
    return LabelledRows(ROWS, np.zeros((4, 4)), SIGNS, np.ones(4), [folds], named)


def test_words_that_say_all_leave_nothing_to_learn() -> None:
    chosen = labelled(RIGHT).learned()
    assert chosen.trust == 1
    assert chosen.layer().weights == pytest.approx(RIGHT)
    assert chosen.layer().alpha == pytest.approx(np.zeros((4, 2)))
    assert chosen.missed == pytest.approx(0)


def test_words_that_deceive_are_as_no_words() -> None:
    deceived, alone = labelled(-RIGHT).learned(), labelled(None).learned()
    assert deceived.trust == 0
    assert deceived.layer().weights == pytest.approx(alone.layer().weights)
    assert deceived.left_out == pytest.approx(alone.left_out)


def test_where_no_text_can_be_left_out_words_are_trusted_by_a_quarter() -> None:
    assert labelled(-RIGHT, np.full(4, -1)).learned().trust == 0.25


def test_without_words_it_is_ridge_regression_by_hand() -> None:
    """Four texts at -1 and 1 with these targets: 4 (1 - w)² + w² is least at 4 / 5."""
    assert labelled(None).learned().layer().weights == pytest.approx(0.8 * RIGHT)


def test_what_a_fold_is_told_owes_nothing_to_its_labels() -> None:
    rows, signs = RANDOM.normal(size=(6, 3)), np.where(RANDOM.random((6, 2)) < 0.5, -1.0, 1.0)
    texts = LabelledRows(rows, np.zeros((6, 6)), signs, np.ones(6), [np.arange(6) // 2])
    out = np.arange(2)
    flipped = texts._replace(signs=np.where(np.arange(6)[:, None] < 2, -signs, signs))
    one, other = (each.learned() for each in (texts, flipped))
    other = other._replace(ridge=one.ridge)  # the same penalty, whatever was chosen
    assert one.layer(out).weights == pytest.approx(other.layer(out).weights)
    assert rows[out] @ one.layer(out).weights + one.layer(out).bias == pytest.approx(one.left_out[out])


@pytest.mark.parametrize("count", [24, 600], ids=["few texts", "texts of which some tell"])
def test_further_columns_are_learned_from_where_they_plainly_help(count: int) -> None:
    """The last column tells the label, or it is nothing."""
    label = np.where(RANDOM.random(count) < 0.5, 1.0, -1.0)
    signs, noise, nothing = np.stack([-label, label], axis=1), RANDOM.normal(size=(count, 4)), np.zeros((count, count))
    for last, columns in ((label, 5), (np.zeros(count), 4)):
        rows = np.hstack([noise, last[:, None]])
        texts = LabelledRows(rows, nothing, signs, np.ones(count), [np.arange(count) % 8], np.zeros((5, 2)))
        assert texts.learned_by(4).texts.rows.shape == (count, columns)


@pytest.mark.parametrize("words", [None, 0.6, -1.0], ids=["no words", "words that help", "words that deceive"])
def test_of_many_texts_it_is_the_same_by_other_equations(words: float | None) -> None:
    rows, weights = RANDOM.normal(size=(60, 4)), RANDOM.uniform(0.5, 2, 60)
    true = RANDOM.normal(size=(4, 3))
    signs = np.where((rows @ true + RANDOM.normal(size=(60, 3))) > 0, 1.0, -1.0)
    named = None if words is None else words * true
    folds = RANDOM.permutation(60) % 10
    few = LabelledRows(rows, np.zeros((60, 60)), signs, weights, [folds], named).learned().layer()
    many = learned_from_many(rows, signs, weights, folds, named)
    assert many.weights == pytest.approx(few.weights)
    assert many.bias == pytest.approx(few.bias)
    assert many.left_out == pytest.approx(few.left_out)
