"""How well a number tells some texts from others: by hand, beside scikit-learn, and as often as the interval says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textcnn.evaluation.separation import separation

VALUES = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=30)


def test_by_hand() -> None:
    """Of the six pairs four are in order and one is equal: 4.5 / 6."""
    made = separation("none", np.array([0.5, 0.9, 1.0]), np.array([0.5, 0.95]))
    assert made.auroc == pytest.approx(4.5 / 6 - 1 / 6)
    assert (made.label, made.texts) == ("none", 3)
    assert (made.above, made.others_above) == (pytest.approx(1 / 3), 0)


@given(VALUES, VALUES)
def test_the_area_is_that_of_scikit_learn_and_inside_its_interval(high: list[float], low: list[float]) -> None:
    from sklearn.metrics import roc_auc_score

    made = separation("none", np.array(high), np.array(low))
    assert made.auroc == pytest.approx(roc_auc_score([1] * len(high) + [0] * len(low), high + low))
    first, last = made.auroc_interval
    assert 0 <= first <= made.auroc <= last <= 1


def test_the_interval_holds_the_true_area_in_95_of_100_cases() -> None:
    """Two normal distributions whose means are 1.5 deviations of the difference apart: the area is Phi(1.5)."""
    from scipy.stats import norm

    random, inside = np.random.default_rng(0), 0
    for _ in range(400):
        low, high = random.normal(0, 1, 200), random.normal(1.5 * 2**0.5, 1, 60)
        first, last = separation("none", high, low).auroc_interval
        inside += first <= norm.cdf(1.5) <= last
    assert 0.92 < inside / 400 < 0.98
