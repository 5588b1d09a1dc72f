"""Ridge regression: its closed form against equations written out, and leaving out against learning again."""

import numpy as np
import pytest

from textcnn.training.ridge import RidgeRegression

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(9, 4))
Y = np.where(RANDOM.random((9, 2)) < 0.5, -1.0, 1.0)
ALL_IN = np.full(9, -1)


def solved(rows: np.ndarray, weights: np.ndarray, folds: np.ndarray = ALL_IN) -> RidgeRegression:
    x, y = X[rows], Y[rows]
    return RidgeRegression.of(x @ x.T, y, weights, 0.7, [folds])


def test_one_number_by_hand() -> None:
    """Texts at -1 and 1 with targets -1 and 1: w² / 2 · .5 and (1 - w)² twice are least where 4 (1 - w) = 2 · .5 w."""
    gram = np.array([[1.0, -1.0], [-1.0, 1.0]])
    found = RidgeRegression.of(gram, np.array([[-1.0], [1.0]]), np.ones(2), 1.0, [np.array([-1, -1])])
    assert found.bias == pytest.approx([0])
    assert gram @ found.alpha == pytest.approx(np.array([[-2 / 3], [2 / 3]]))  # w = 2 / (2 + 1)


def test_the_gradient_is_nothing() -> None:
    weights = RANDOM.uniform(0.5, 2, 9)
    found = solved(np.arange(9), weights)
    slopes = X.T @ found.alpha
    error = Y - X @ slopes - found.bias
    assert X.T @ (weights[:, None] * error) == pytest.approx(0.7 * slopes)
    assert weights @ error == pytest.approx(np.zeros(2), abs=1e-9)


def test_leaving_out_is_learning_without() -> None:
    folds = np.array([0, 1, 2, 0, 1, 2, 0, -1, 1])
    weights = RANDOM.uniform(0.5, 2, 9)
    found = solved(np.arange(9), weights, folds)
    for fold in range(3):
        others = np.flatnonzero(folds != fold)
        without = solved(others, weights[others])
        expected = X[folds == fold] @ (X[others].T @ without.alpha) + without.bias
        assert found.left_out[folds == fold] == pytest.approx(expected)
    assert found.left_out[7] == pytest.approx(X[7] @ (X.T @ found.alpha) + found.bias)


def test_several_dealings_are_averaged() -> None:
    one, other = np.arange(9) % 3, np.arange(9) // 3
    gram = X @ X.T
    both = RidgeRegression.of(gram, Y, np.ones(9), 0.7, [one, other])
    each = [RidgeRegression.of(gram, Y, np.ones(9), 0.7, [folds]).left_out for folds in (one, other)]
    assert both.left_out == pytest.approx((each[0] + each[1]) / 2)


def test_a_text_of_weight_two_is_there_twice() -> None:
    rows = np.array([0, *range(9)])
    weights = np.ones(9)
    weights[0] = 2
    once, twice = solved(np.arange(9), weights), solved(rows, np.ones(10), np.full(10, -1))
    assert X.T @ once.alpha == pytest.approx(X[rows].T @ twice.alpha)
    assert once.bias == pytest.approx(twice.bias)
