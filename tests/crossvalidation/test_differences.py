"""The corrected resampled t-test, by hand."""

import numpy as np
import pytest

from textcnn.crossvalidation.differences import FoldComparison, corrected_t


class TestCorrectedT:
    def test_worked_example(self):
        # Differences of five folds, a fifth held out each: mean .02, variance ((.01² + .01² + 0 + 0 + 0) / 4) = .00005.
        # The variance of the mean: (1/5 + 1/4) · .00005 = .0000225, its root .0047434; t = .02 / .0047434 = 4.2164.
        # Student's t with 4 degrees of freedom has 2.7764 as its 97.5th percentile.
        made = corrected_t(np.array([0.01, 0.02, 0.03, 0.02, 0.02]), share=0.25)
        assert made.mean == pytest.approx(0.02)
        assert made.low == pytest.approx(0.02 - 2.7764 * 0.0047434, abs=1e-6)
        assert made.high == pytest.approx(0.02 + 2.7764 * 0.0047434, abs=1e-6)
        # For 4 degrees of freedom the two tails beyond t are 1 - u (3 - u²) / 2, where u = t / √(t² + 4).
        u = 4.2164 / (4.2164**2 + 4) ** 0.5
        assert made.p_value == pytest.approx(1 - u * (3 - u**2) / 2, abs=1e-5)

    def test_without_overlap_it_is_the_usual_test(self):
        from scipy.stats import ttest_1samp

        values = np.array([0.1, -0.2, 0.4, 0.3])
        usual = ttest_1samp(values, 0)
        made = corrected_t(values, share=0.0)
        assert made.p_value == pytest.approx(usual.pvalue)
        assert (made.low, made.high) == pytest.approx(tuple(usual.confidence_interval()))

    @pytest.mark.parametrize("values", [[0.1], [0.1, 0.1, 0.1]], ids=str)
    def test_where_nothing_tells_the_noise_nothing_is_said_of_it(self, values):
        assert corrected_t(np.array(values), share=0.5)[1:] == (None, None, None)


def comparison(*differences, level=0.05):
    mean = corrected_t(np.array(differences), 0.25, level)
    return FoldComparison(first="good", second="fast", folds=len(differences), level=level, figures={"accuracy": mean})


class TestVerdict:
    @pytest.mark.parametrize(
        ("differences", "sentence"),
        [
            (
                (0.02, 0.03, 0.026, 0.03),
                "good is better than fast by 0.0265 in accuracy (95 % interval +0.0159 to +0.0371), and",
            ),
            (
                (-0.02, -0.03, -0.026, -0.03),
                "fast is better than good by 0.0265 in accuracy (95 % interval +0.0159 to +0.0371), and",
            ),
            (
                (0.02, -0.01, 0.03, 0.0),
                "good is ahead of fast by 0.0100 in accuracy (95 % interval -0.0311 to +0.0511), but that",
            ),
            ((0.01, -0.01), "no difference to be seen between good and fast"),
            (
                (0.01, 0.01),
                "good is ahead of fast by 0.0100 in accuracy, but these folds cannot tell whether that is noise",
            ),
        ],
    )
    def test_better_worse_or_noise(self, differences, sentence):
        assert comparison(*differences).verdict.startswith(sentence)

    def test_of_many_comparisons_each_must_be_surer(self):
        differences = (0.01, 0.03, 0.025, 0.03)
        assert comparison(*differences).significant and not comparison(*differences, level=0.005).significant
        assert "(99.5 % interval" in comparison(*differences, level=0.005).verdict
