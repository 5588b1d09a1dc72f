"""Ridge regression: its closed form against equations written out, and leaving out against learning again."""

import numpy as np
import pytest

from textcnn.training.ridge import Dual, RidgeRegression

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(9, 4))
Y = np.where(RANDOM.random((9, 2)) < 0.5, -1.0, 1.0)


def ridge(rows: np.ndarray, weights: np.ndarray) -> RidgeRegression:
    return RidgeRegression.of(X[rows] @ X[rows].T, weights, 0.7)


def solved(rows: np.ndarray, weights: np.ndarray) -> Dual:
    return ridge(rows, weights).solved(Y[rows])


def test_one_number_by_hand() -> None:
    """Texts at -1 and 1 with targets -1 and 1: w² / 2 · .5 and (1 - w)² twice are least where 4 (1 - w) = 2 · .5 w."""
    gram = np.array([[1.0, -1.0], [-1.0, 1.0]])
    found = RidgeRegression.of(gram, np.ones(2), 1.0).solved(np.array([[-1.0], [1.0]]))
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
    found = ridge(np.arange(9), weights)
    left_out = found.left_out(Y, [folds])
    for fold in range(3):
        others, out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        without, again = solved(others, weights[others]), found.without(Y, out)
        assert left_out[out] == pytest.approx(X[out] @ (X[others].T @ without.alpha) + without.bias)
        assert again.alpha[others] == pytest.approx(without.alpha)
        assert again.bias == pytest.approx(without.bias)
        assert not again.alpha[out].any()
    every = found.without(Y, np.empty(0, np.int64))
    assert left_out[7] == pytest.approx(X[7] @ (X.T @ every.alpha) + every.bias)


def test_several_dealings_are_averaged() -> None:
    one, other = np.arange(9) % 3, np.arange(9) // 3
    found = ridge(np.arange(9), np.ones(9))
    each = [found.left_out(Y, [folds]) for folds in (one, other)]
    assert found.left_out(Y, [one, other]) == pytest.approx((each[0] + each[1]) / 2)


def test_a_text_of_weight_two_is_there_twice() -> None:
    rows = np.array([0, *range(9)])
    weights = np.ones(9)
    weights[0] = 2
    once, twice = solved(np.arange(9), weights), solved(rows, np.ones(10))
    assert X.T @ once.alpha == pytest.approx(X[rows].T @ twice.alpha)
    assert once.bias == pytest.approx(twice.bias)
