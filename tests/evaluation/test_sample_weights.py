"""Weights of texts: checked, compared with each other, and figures that count by them."""

import numpy as np
import pytest

from textcnn.errors import DataError
from textcnn.evaluation.metrics import measure
from textcnn.evaluation.sample_weights import effective_count, relative, sample_weights

KNOWN = ("ham", "spam")
GOLD = [("ham",), ("ham",), ("spam",), ("spam",)]
PROBABILITIES = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.6, 0.4]], np.float32)


def best(row):
    return (KNOWN[int(row.argmax())],)


def measured(gold, probabilities, weights=None):
    return measure(gold, probabilities, best, KNOWN, multi_label=False, weights=weights)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1, 2], r"the shape \(3,\).*not \(2,\)"),
        ([[1], [1], [1]], r"not \(3, 1\)"),
        (2, r"not \(\)"),
        ([1, -1, 1], "number 1 .*-1"),
        ([1, 1, np.nan], "number 2 .*nan"),
        ([np.inf, 1, 1], "number 0 .*inf"),
        ([1, None, 1], "number 1 .*nan"),
        (["a", "b", "c"], "must be a number for each text"),
        ([1, [2], 3], "must be a number for each text"),
        ([0, 0, 0], "all weights are 0"),
    ],
)
def test_weights_that_are_none_are_refused(given, message) -> None:
    with pytest.raises(DataError, match=message) as error:
        sample_weights(given, 3)
    assert isinstance(error.value, ValueError) and "sample_weight" in str(error.value)


def test_only_how_weights_compare_matters() -> None:
    assert relative(np.array([1.0, 2.0, 3.0])).tolist() == [0.5, 1.0, 1.5]
    assert relative(np.array([1e308, 1e308])).tolist() == [1, 1]
    assert relative(np.array([0.1, 0.1, 0.1])).tolist() == [1, 1, 1]


def test_one_text_that_counts_for_all_says_as_much_as_one() -> None:
    assert effective_count(np.array([5.0, 5.0, 5.0])) == 3
    assert effective_count(np.array([1.0, 0.0, 0.0])) == 1
    assert effective_count(np.array([2.0, 1.0, 1.0])) == pytest.approx(16 / 6)


def test_weighted_figures_by_hand() -> None:
    """The first text counts for three of six: right are 3 + 1 of them, and of ham 3 of 4 found."""
    report = measured(GOLD, PROBABILITIES, np.array([3.0, 1.0, 1.0, 1.0]))
    assert report.accuracy == pytest.approx(4 / 6)
    assert report.labels["ham"].recall == pytest.approx(3 / 4)
    assert report.log_loss == pytest.approx(-np.log([0.9, 0.9, 0.9, 0.3, 0.8, 0.4]).mean(), rel=1e-5)
    assert report.weighted and report.as_dict()["weighted"] and report.figures()["weighted"]
    assert report.count == 4 and report.labels["ham"].support == 2  # texts, each once
    assert report.confusion == [[1, 1], [1, 1]]
    low, high = measured(GOLD, PROBABILITIES).accuracy_interval
    wide = report.accuracy_interval  # of three texts' worth
    assert wide[1] - wide[0] > high - low


def test_a_weight_of_two_is_a_text_that_is_there_twice() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(40, 1))
    probabilities = (1 / (1 + np.exp(np.hstack([logits, -logits])))).astype(np.float32)
    gold = [(KNOWN[label],) for label in random.integers(0, 2, 40)]
    weights = random.integers(1, 4, 40)
    rows = np.repeat(np.arange(40), weights)
    one = measured(gold, probabilities, weights.astype(float)).as_dict()
    other = measured([gold[row] for row in rows], probabilities[rows]).as_dict()
    for figure in ("accuracy", "macro_f1", "micro_f1", "mcc", "log_loss", "calibration_error"):
        assert one[figure] == pytest.approx(other[figure]), figure


def test_equal_weights_change_nothing() -> None:
    report = measured(GOLD, PROBABILITIES, np.full(4, 0.3))
    assert report == measured(GOLD, PROBABILITIES)
    assert "weighted" not in report.as_dict() and "weighted" not in report.figures()
