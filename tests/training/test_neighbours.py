"""Texts drawn towards those most like them."""

import numpy as np
import pytest

from textcnn.training.neighbours import drawn_to_neighbours

RANDOM = np.random.default_rng(0)


def test_each_takes_in_the_mean_of_its_neighbours_by_hand() -> None:
    """Of texts at 2, 1 and -1 the first two are alike, and the third is like none: 3, 3 and -1, then shortened."""
    drawn, _ = drawn_to_neighbours(np.array([[2.0], [1.0], [-1.0]]), np.zeros((3, 3)))
    assert drawn == pytest.approx(np.array([[3.0], [3.0], [-1.0]]) * (6 / 19) ** 0.5)


def test_only_the_fifteen_most_alike_count() -> None:
    rows = RANDOM.normal(size=(40, 5))
    drawn, _ = drawn_to_neighbours(rows, np.zeros((40, 40)))
    expected = rows.copy()
    for number, alike in enumerate(rows @ rows.T):
        others = [other for other in np.argsort(-alike).tolist() if other != number][:15]
        weights = np.maximum(alike[others], 0)
        expected[number] += weights @ rows[others] / weights.sum()
    assert drawn == pytest.approx(expected * np.sqrt(np.square(rows).sum() / np.square(expected).sum()))


def test_features_of_the_linear_part_are_drawn_as_numbers_of_the_encoder_are() -> None:
    """By their products alone: those of the drawn texts are the same, wherever the numbers stand."""
    rows = RANDOM.normal(size=(9, 4))
    by_rows, _ = drawn_to_neighbours(rows, np.zeros((9, 9)))
    nothing, by_products = drawn_to_neighbours(np.zeros((9, 4)), rows @ rows.T)
    assert by_products == pytest.approx(by_rows @ by_rows.T)
    assert not nothing.any()


@pytest.mark.parametrize("count", [2, 3, 15, 16, 17])
def test_of_few_texts_all_others_are_neighbours(count: int) -> None:
    rows = np.abs(RANDOM.normal(size=(count, 3)))
    drawn, _ = drawn_to_neighbours(rows, np.zeros((count, count)))
    assert np.square(drawn).sum() == pytest.approx(np.square(rows).sum())
    assert np.linalg.norm(drawn - drawn.mean(axis=0)) < np.linalg.norm(rows - rows.mean(axis=0))


def test_texts_that_say_nothing_stay_so() -> None:
    drawn, products = drawn_to_neighbours(np.zeros((4, 2)), np.zeros((4, 4)))
    assert not drawn.any()
    assert not products.any()
