"""Soft labels as programs have them become those that files have: for each text numbers by the names of labels."""

from typing import Any

import numpy as np
import pytest

from textcnn.errors import DataError
from textcnn.training.probabilities import soft_labels

Y = ["ham", "spam", "spam"]


def test_columns_of_an_array_are_the_labels_in_order() -> None:
    table = np.array([[0.75, 0.25], [0.5, 0.5], [0.0, 1.0]])
    assert soft_labels(table, Y, 3, "auto")[1] == [
        {"ham": 0.75, "spam": 0.25},
        {"ham": 0.5, "spam": 0.5},
        {"ham": 0.0, "spam": 1.0},
    ]


def test_columns_of_a_frame_say_which_labels_they_are() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"spam": [0.25, 0.5, 1.0], "ham": [0.75, 0.5, 0.0]})
    _, found = soft_labels(table, Y, 3, "auto")
    assert found and found[0] == {"spam": 0.25, "ham": 0.75}


def test_mappings_name_labels_as_the_program_does() -> None:
    """Numbers that are a little off 1 in sum are scaled, as in files; None is a text with its label alone."""
    y, found = soft_labels([{1: 0.597, 0: 0.398}, None, {2: 1}], [0, 1, 0], 3, "auto")
    assert y == [0, 1, 0]
    assert found and found[0] == {"1": pytest.approx(0.6), "0": pytest.approx(0.4)}
    assert found[1:] == [None, {"2": 1.0}]


def test_labels_that_do_not_exclude_each_other_have_numbers_of_their_own() -> None:
    assert soft_labels([{"a": 0.9, "b": 0.8}, None], [["a", "b"], []], 2, "auto")[1] == [{"a": 0.9, "b": 0.8}, None]


def test_without_labels_it_is_the_likeliest_one() -> None:
    given = [{"a": 0.2, "b": 0.8}, {"a": 1.0}]
    assert soft_labels(given, None, 2, "auto") == (["b", "a"], given)
    assert soft_labels([*given, {"a": 0.1}], None, 3, "several")[0] == [["b"], ["a"], []]
    for nameless in (np.eye(2), [None, {"a": 1.0}]):
        with pytest.raises(DataError, match="probabilities that name them"):
            soft_labels(nameless, None, 2, "auto")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.eye(3), "3 columns for 2 labels"),
        (np.eye(2), "2 rows for 3 texts"),
        ([0.5, 0.2, 0.1], r"a mapping or None, but number 0 \(from 0\) is float"),
        ([None, None, {"spam": 0.5}], r"text 2 \(from 0\) add up to 0.5, where 1 is needed"),
        ([None, {"spam": -0.1, "ham": 1}, None], r"text 1 \(from 0\): -0.1 for 'spam', where a number from 0 to 1"),
        ([None, {"spam": float("nan")}, None], "nan for 'spam'"),
        ([None, {"spam": True}, None], "True for 'spam'"),
    ],
)
def test_what_is_no_probability_is_named(given: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        soft_labels(given, Y, 3, "auto")
