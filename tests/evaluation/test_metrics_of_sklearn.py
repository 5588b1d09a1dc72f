"""Every figure of a report is that of scikit-learn, where scikit-learn has it: on any labels, answers and weights."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from textcnn.evaluation.metrics import LabelScore, Report, measure_answers
from textcnn.labels import indicator

KNOWN = ("a", "b", "c", "d")
few = settings(max_examples=settings.default.max_examples // 2)  # scikit-learn takes its time


@st.composite
def answered(draw, *, multi_label):
    """Labels, answers and probabilities of some texts, and how much each counts, if they do not all count the same."""
    texts = draw(st.integers(1, 12))
    one = st.sets(st.sampled_from(KNOWN)) if multi_label else st.sampled_from(KNOWN).map(lambda label: {label})
    sets = st.lists(one.map(sorted).map(tuple), min_size=texts, max_size=texts)
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    probabilities = random.uniform(0.01, 0.99, (texts, len(KNOWN)))
    if not multi_label:
        probabilities /= probabilities.sum(axis=1, keepdims=True)
    weights = draw(st.none() | st.lists(st.integers(1, 5).map(float), min_size=texts, max_size=texts))
    return draw(sets), draw(sets), probabilities.astype(np.float32), None if weights is None else np.array(weights)


def rows(report: Report) -> list[LabelScore]:
    return [report.labels[label] for label in KNOWN]


def compare_labels(report, truth, given, weights, labels) -> None:
    """Precision, recall and F1 of each label, and their means."""
    several = {"labels": labels, "sample_weight": weights, "zero_division": 0}
    each = metrics.precision_recall_fscore_support(truth, given, **several)
    for name, values in zip(("precision", "recall", "f1"), each, strict=False):
        assert [getattr(row, name) for row in rows(report)] == pytest.approx(values.tolist())
    micro = metrics.f1_score(truth, given, average="micro", **several)
    assert report.micro_f1 == pytest.approx(micro)


@few
@given(answered(multi_label=False))
def test_figures_of_texts_with_one_label(case) -> None:
    gold, said, probabilities, weights = case
    report = measure_answers(gold, said, probabilities, KNOWN, multi_label=False, weights=weights)
    truth, given = ([label for (label,) in side] for side in (gold, said))
    compare_labels(report, truth, given, weights, KNOWN)
    weighted = {"sample_weight": weights}
    macro = metrics.f1_score(truth, given, average="macro", zero_division=0, **weighted)
    assert report.macro_f1 == pytest.approx(macro)
    assert report.accuracy == pytest.approx(metrics.accuracy_score(truth, given, **weighted))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a single label
        assert report.mcc == pytest.approx(metrics.matthews_corrcoef(truth, given, **weighted), abs=1e-9)
        confusion = metrics.confusion_matrix(truth, given, labels=KNOWN)
    assert report.confusion == confusion.tolist()
    assert [row.support for row in rows(report)] == confusion.sum(axis=1).tolist()
    exact = probabilities / probabilities.sum(axis=1, keepdims=True, dtype=float)
    loss = metrics.log_loss(truth, exact, labels=KNOWN, **weighted)
    assert report.log_loss == pytest.approx(loss, rel=1e-5)


@few
@given(answered(multi_label=True))
def test_figures_of_texts_with_several_labels(case) -> None:
    gold, said, probabilities, weights = case
    report = measure_answers(gold, said, probabilities, KNOWN, multi_label=True, weights=weights)
    truth, given = indicator(gold, KNOWN), indicator(said, KNOWN)
    compare_labels(report, truth, given, weights, range(len(KNOWN)))
    assert report.accuracy == pytest.approx(metrics.accuracy_score(truth, given, sample_weight=weights))
    occurring = np.flatnonzero(truth.any(axis=0) | given.any(axis=0)).tolist()
    if occurring:
        several = {"labels": occurring, "sample_weight": weights, "zero_division": 0}
        assert report.macro_f1 == pytest.approx(metrics.f1_score(truth, given, average="macro", **several))
    assert [row.support for row in rows(report)] == truth.sum(axis=0).tolist()
    losses = [
        metrics.log_loss(own, said.astype(float), labels=[False, True], sample_weight=weights)
        for own, said in zip(truth.T, probabilities.T, strict=True)
    ]
    assert report.log_loss == pytest.approx(np.mean(losses), rel=1e-5)


@few
@given(answered(multi_label=False))
def test_the_calibration_error_is_the_mean_gap_of_fifteen_bins(case) -> None:
    """scikit-learn has none; here bin by bin, as Naeini et al. (2015) write it."""
    gold, said, probabilities, weights = case
    report = measure_answers(gold, said, probabilities, KNOWN, multi_label=False, weights=weights)
    counts = np.ones(len(gold)) if weights is None else weights
    best = probabilities.argmax(axis=1)
    right = np.array([KNOWN[column] in labels for column, labels in zip(best, gold, strict=True)])
    likely, error = probabilities.astype(float).max(axis=1), 0.0
    for number in range(15):
        inside = (likely >= number / 15) & (likely < (number + 1) / 15)
        if inside.any():
            gap = np.average(likely[inside], weights=counts[inside]) - np.average(right[inside], weights=counts[inside])
            error += counts[inside].sum() / counts.sum() * abs(gap)
    assert report.calibration_error == pytest.approx(error, abs=1e-9)
