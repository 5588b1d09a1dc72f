"""Figures from sums are those of scikit-learn, and their intervals are as wide as they should be."""

import numpy as np
import pytest

from textcnn.crossvalidation.figures import figures_of, spread_figures, sums_of_answers
from textcnn.evaluation.metrics import measure_answers
from textcnn.labels import indicator

NAMES = ["a", "b", "c", "unseen"]


def some_answers(multi_label, count=200, seed=0):
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.ones(3), count).astype(np.float32)
    probabilities = np.pad(probabilities, ((0, 0), (0, 1)))
    if multi_label:
        gold = [tuple(name for name in "abc" if random.random() < 0.4) for _ in range(count)]
        said = [tuple(NAMES[at] for at in np.flatnonzero(row > 0.4)) for row in probabilities]
    else:
        said = [(NAMES[int(row.argmax())],) for row in probabilities]
        gold = [own if random.random() < 0.6 else ("b",) for own in said]
    return gold, said, probabilities


def spread(gold, said, probabilities, multi_label=False, units=None, folds=None):
    sums = sums_of_answers(indicator(gold, NAMES), indicator(said, NAMES), probabilities, multi_label=multi_label)
    count = len(gold)
    units = np.arange(count) if units is None else units
    folds = np.arange(count) % 5 if folds is None else folds
    probable = probabilities is not None
    return spread_figures(sums, units, folds, 0.25, multi_label=multi_label, probable=probable)


@pytest.mark.parametrize("multi_label", [False, True], ids=["one label", "several"])
def test_values_are_those_of_a_report(multi_label):
    gold, said, probabilities = some_answers(multi_label)
    report = measure_answers(gold, said, probabilities, NAMES, multi_label=multi_label)
    made = spread(gold, said, probabilities, multi_label)
    assert set(made) == {"accuracy", "macro_f1", "micro_f1", "log_loss", "calibration_error"} | (
        set() if multi_label else {"mcc"}
    )
    for name, figure in made.items():
        assert figure.value == pytest.approx(getattr(report, name), abs=1e-9), name
        assert figure.over_texts.low < figure.value < figure.over_texts.high, name
    assert made["accuracy"].over_texts == pytest.approx(report.accuracy_interval, abs=1e-9)  # each text for itself
    part = slice(2, None, 5)
    of_fold = measure_answers(gold[part], said[part], probabilities[part], NAMES, multi_label=multi_label)
    assert made["macro_f1"].by_fold[2] == pytest.approx(of_fold.macro_f1, abs=1e-9)


def test_without_probabilities_only_answers_count():
    gold, said, _ = some_answers(False)
    assert set(spread(gold, said, None)) == {"accuracy", "macro_f1", "micro_f1", "mcc"}


def test_texts_that_belong_together_say_less():
    gold, said, probabilities = some_answers(False)
    right = [own == other for own, other in zip(gold, said, strict=True)]
    order = np.argsort(right, kind="stable")  # so that those of a unit are all right, or all wrong
    gold, said, probabilities = [gold[n] for n in order], [said[n] for n in order], probabilities[order]
    alone, together = (
        spread(gold, said, probabilities, units=units)["accuracy"].over_texts
        for units in (np.arange(200), np.arange(200) // 10)
    )
    # Twenty units of ten equal answers are about as good as twenty answers.
    assert together.high - together.low > 2.5 * (alone.high - alone.low)


def test_answers_that_are_all_right_are_not_sure():
    gold = [("a",), ("b",)] * 20
    made = spread(gold, gold, None)
    assert made["accuracy"].over_texts == pytest.approx((0.9124, 1.0), abs=1e-4)  # Wilson: 40 of 40
    assert made["accuracy"].over_folds is None


def test_one_label_alone_has_no_correlation():
    truth = indicator([("a",)] * 3, NAMES)
    (mcc,) = figures_of(
        sums_of_answers(truth, truth, None, multi_label=False).toarray().sum(axis=0)[None], multi_label=False
    )["mcc"]
    assert mcc == 0


def test_a_text_of_weight_2_counts_as_if_it_was_there_twice() -> None:
    random = np.random.default_rng(0)
    truth, answers = (np.eye(3, dtype=bool)[random.integers(0, 3, 12)] for _ in range(2))
    probabilities = random.dirichlet([1, 1, 1], 12).astype(np.float32)
    weights, twice = np.array([2.0] + [1.0] * 11), [0, *range(12)]
    weighted = sums_of_answers(truth, answers, probabilities, weights, multi_label=False)
    repeated = sums_of_answers(truth[twice], answers[twice], probabilities[twice], multi_label=False)
    one, two = (
        figures_of(np.asarray(sums.sum(axis=0)).reshape(1, -1), multi_label=False) for sums in (weighted, repeated)
    )
    for name, figure in one.items():
        assert figure[0] == pytest.approx(two[name][0]), name
