"""Figures by hand, and labels that the model does not know."""

import numpy as np
import pytest

from textcnn.evaluation.metrics import measure, mistakes
from textcnn.model.predictor import to_probabilities

KNOWN = ("ham", "spam")
PROBABILITIES = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]], np.float32)
GOLD = [("ham",), ("ham",), ("ham",), ("spam",)]


def best(row):
    return (KNOWN[int(row.argmax())],)


def above_half(row):
    return tuple(label for label, value in zip(KNOWN, row, strict=True) if value >= 0.5)


def test_figures_by_hand() -> None:
    """Three of four right; ham 2 of 3 found, never wrongly; spam found, but one of two wrongly."""
    report = measure(GOLD, PROBABILITIES, best, KNOWN, multi_label=False)
    assert (report.count, report.accuracy, report.micro_f1) == (4, 0.75, 0.75)
    assert report.labels["ham"].precision == 1 and report.labels["ham"].recall == pytest.approx(2 / 3)
    assert report.labels["spam"].precision == 0.5 and report.labels["spam"].support == 1
    assert report.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert report.confusion == [[2, 1], [0, 1]]
    assert report.log_loss == pytest.approx(-np.log([0.9, 0.8, 0.3, 0.6]).mean(), rel=1e-5)
    assert report.mcc == pytest.approx((2 * 1 - 0 * 1) / np.sqrt(3 * 1 * 2 * 2))
    low, high = report.accuracy_interval
    assert 0.30 < low < 0.31 and 0.95 < high < 0.96  # Wilson, 3 of 4


def test_calibration_error_by_hand() -> None:
    """Confidences .9 .8 .7 .6 in four bins; right, right, wrong, right: gaps .1 .2 .7 .4, of a quarter each."""
    report = measure(GOLD, PROBABILITIES, best, KNOWN, multi_label=False)
    assert report.calibration_error == pytest.approx((0.1 + 0.2 + 0.7 + 0.4) / 4, abs=1e-6)


def test_a_label_that_the_model_does_not_know_is_named_and_wrong() -> None:
    report = measure([*GOLD[:3], ("news",)], PROBABILITIES, best, KNOWN, multi_label=False)
    assert report.unknown_labels == ["news"]
    assert report.accuracy == 0.5
    assert report.labels["news"].recall == 0
    assert report.confusion == [[2, 1, 0], [0, 0, 0], [0, 1, 0]]
    assert np.isfinite(report.log_loss)


def test_multi_label_figures_by_hand() -> None:
    gold = [("ham", "spam"), ("ham",), (), ("spam",)]
    probabilities = np.array([[0.9, 0.6], [0.8, 0.7], [0.1, 0.2], [0.4, 0.6]], np.float32)
    report = measure(gold, probabilities, above_half, KNOWN, multi_label=True)
    assert report.subset_accuracy == report.accuracy == 0.75
    assert report.micro_f1 == pytest.approx(2 * 4 / (2 * 4 + 1))
    assert report.mcc is None and report.confusion == []
    assert "subset_accuracy" in report.as_dict()
    assert "subset_accuracy" not in measure(GOLD, PROBABILITIES, best, KNOWN, multi_label=False).as_dict()


def test_mistakes_come_with_the_most_confident_first() -> None:
    found = mistakes([("spam",), ("spam",), ("ham",), ("spam",)], PROBABILITIES, best, KNOWN, most=2)
    assert [(mistake.number, mistake.predicted) for mistake in found] == [(0, ("ham",)), (1, ("ham",))]


def test_a_mistake_has_the_probability_of_what_was_said() -> None:
    """The likeliest label need not have reached its threshold; where none has, the likeliest one counts."""
    gold, probabilities = [("spam",), ("spam",)], np.array([[0.8, 0.1], [0.7, 0.2]], np.float32)
    answers = iter([("spam", "ham"), ()])
    assert [each.probability for each in mistakes(gold, probabilities, lambda row: next(answers), KNOWN, most=2)] == [
        pytest.approx(0.8), pytest.approx(0.7),
    ]  # fmt: skip
    said = mistakes([("ham",)], probabilities[:1], lambda row: ("spam",), KNOWN, most=1)
    assert said[0].probability == pytest.approx(probabilities[0, KNOWN.index("spam")])


def test_logits_become_softmax_or_sigmoids() -> None:
    logits = np.array([[0.0, 0.0], [1000.0, 0.0]], np.float32)
    assert to_probabilities(logits, multi_label=False).tolist() == [[0.5, 0.5], [1.0, 0.0]]
    assert to_probabilities(logits, multi_label=True)[0].tolist() == [0.5, 0.5]


@pytest.mark.filterwarnings("error")
def test_texts_without_any_label_give_no_warning() -> None:
    """Nothing was to be said, and nothing was."""
    report = measure([(), ()], PROBABILITIES[:2] * 0.1, above_half, KNOWN, multi_label=True)
    assert (report.accuracy, report.macro_f1, report.micro_f1) == (1, 0, 0)
