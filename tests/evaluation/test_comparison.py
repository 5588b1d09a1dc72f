"""Whether a difference between two classifiers is noise, by hand and through the command line."""

import json
import re

import numpy as np
import pytest
from examples import EXAMPLES, HAM, SPAM, write_csv
from hypothesis import given, settings
from hypothesis import strategies as st
from program import TINY

from textcnn.errors import DataError
from textcnn.evaluation.baseline import BASELINE, baseline_answers
from textcnn.evaluation.comparison import compare


def answers(text: str) -> list[tuple[str, ...]]:
    """A letter for each text; a dot is no label, joined letters are several."""
    return [tuple(each.strip(".")) for each in text.split()]


class TestByHand:
    def test_mcnemar_counts_only_the_texts_that_one_alone_got_right(self) -> None:
        """Ten against two of twelve: twice the tail of a fair coin, 2 · (1 + 12 + 66) / 4096."""
        gold = answers("a " * 20)
        first = answers("a " * 18 + "b b")
        second = answers("b " * 10 + "a " * 10)
        found = compare(("one", "two"), gold, first, second)
        assert (found.only_first, found.only_second) == (10, 2)
        assert found.p_value == pytest.approx(2 * (1 + 12 + 66) / 4096)
        assert (found.first_accuracy, found.second_accuracy) == (0.9, 0.5)
        assert found.accuracy.difference == pytest.approx(0.4)
        assert found.significant
        assert found.verdict == "one is better than two, and that is not noise"

    def test_the_worse_one_is_named_too(self) -> None:
        found = compare(("one", "two"), answers("a " * 9), answers("b " * 9), answers("a " * 9))
        assert found.verdict == "two is better than one, and that is not noise"
        assert found.p_value == pytest.approx(2 / 2**9)

    def test_the_same_answers_are_no_difference(self) -> None:
        found = compare(("one", "two"), answers("a b a"), answers("a a a"), answers("a a a"))
        assert (found.p_value, found.accuracy.difference) == (1.0, 0.0)
        assert found.accuracy.low == -found.accuracy.high == pytest.approx(-1.96 / 5)  # of three texts, and two halves
        assert found.verdict == "no difference to be seen between one and two"

    def test_one_text_more_is_noise(self) -> None:
        found = compare(("one", "two"), answers("a b " * 20), answers("a b " * 20), answers("a b " * 19 + "a a"))
        assert found.p_value == 1.0 and not found.significant
        assert found.verdict == "one is ahead of two, but that may be noise"

    def test_the_interval_is_as_careful_as_the_test_where_few_texts_are_disputed(self) -> None:
        """None against four of fifty: half a text more of each, (4.5 - 0.5) / 52 ± 1.96 √(5 - 16/52) / 52."""
        found = compare(("one", "two"), answers("a " * 50), answers("a " * 50), answers("b " * 4 + "a " * 46))
        assert found.accuracy == pytest.approx((4 / 50, 4 / 52 - 0.0816, 4 / 52 + 0.0816), abs=1e-4)
        assert found.accuracy.low < 0 < found.accuracy.high and not found.significant

    def test_macro_f1_is_that_of_scikit_learn(self) -> None:
        from sklearn.metrics import f1_score

        random = np.random.default_rng(3)
        gold, first, second = (["abcd"[each] for each in random.integers(0, 4, 60)] for _ in range(3))
        found = compare(("", ""), *([(label,) for label in each] for each in (gold, first, second)))
        assert found.first_macro_f1 == pytest.approx(f1_score(gold, first, average="macro"))
        assert found.second_macro_f1 == pytest.approx(f1_score(gold, second, average="macro"))

    def test_the_interval_is_that_of_the_binomial_where_there_is_one(self) -> None:
        """First always right, second with one in four wrong: the difference is a share of 400 texts, sd sqrt(pq/n)."""
        found = compare(("", ""), answers("a " * 400), answers("a " * 400), answers("a a a b " * 100))
        half = 1.96 * (0.25 * 0.75 / 400) ** 0.5
        assert found.accuracy.low == pytest.approx(0.25 - half, abs=0.006)
        assert found.accuracy.high == pytest.approx(0.25 + half, abs=0.006)

    def test_multi_label_answers_are_right_as_a_whole(self) -> None:
        found = compare(("", ""), answers("ab a . b"), answers("ab a . a"), answers("a a a b"))
        assert (found.first_accuracy, found.second_accuracy) == (0.75, 0.5)
        assert (found.only_first, found.only_second) == (2, 1)

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.tuples(*[st.sampled_from("abc")] * 3), min_size=1, max_size=30))
    def test_exchanged_it_is_the_same_the_other_way_round(self, rows: list[tuple[str, str, str]]) -> None:
        gold, first, second = ([(row[place],) for row in rows] for place in range(3))
        one, other = compare(("x", "y"), gold, first, second), compare(("y", "x"), gold, second, first)
        assert one.p_value == other.p_value
        assert one.accuracy.difference == pytest.approx(-other.accuracy.difference)
        assert one.verdict == other.verdict or not one.significant
        assert (
            one.accuracy.low <= one.accuracy.difference + 1e-9 and one.accuracy.difference <= one.accuracy.high + 1e-9
        )


class TestBaseline:
    def test_it_learns_single_labels(self) -> None:
        train = ([*HAM[:15], *SPAM[:15]], [("ham",)] * 15 + [("spam",)] * 15)
        said = baseline_answers(train, [*HAM[15:], *SPAM[15:]], multi_label=False)
        assert sum(own == (label,) for own, label in zip(said, ["ham"] * 5 + ["spam"] * 5, strict=True)) >= 8

    def test_it_learns_several_labels_of_a_text(self) -> None:
        labels = [("ham", "short") if len(text) < 25 else ("ham",) for text in HAM] + [("spam",)] * 20 + [()]
        said = baseline_answers(([*HAM, *SPAM, ""], labels), ["see you at lunch", "free prize"], multi_label=True)
        assert "ham" in said[0] and said[1] == ("spam",)

    def test_texts_without_a_label_teach_nothing(self) -> None:
        train = (["free prize", "lunch", "?"], [("spam",), ("ham",), ()])
        assert baseline_answers(train, ["free"], multi_label=False) == [("spam",)]

    @pytest.mark.parametrize(
        ("texts", "labels", "named"),
        [(["a", "b"], [("x",), ("x",)], "a single label"), (["", " "], [("x",), ("y",)], "all empty")],
    )
    def test_what_cannot_be_learned_is_refused(self, texts: list[str], labels: list[tuple[str]], named: str) -> None:
        with pytest.raises(DataError, match=named):
            baseline_answers((texts, labels), ["a"], multi_label=False)


class TestCommand:
    @pytest.fixture
    def test_csv(self, folder):
        return write_csv(folder / "test.csv", [(label, f"{text} today") for label, text in EXAMPLES])

    def test_of_two_models_both_and_their_difference_are_shown(self, textcnn, model, train_csv, test_csv, folder):
        assert textcnn("train", train_csv, "-q", "-o", "b.textcnn", "--epochs=1", *TINY).code == 0
        answer = textcnn("evaluate", "model.textcnn", "b.textcnn", test_csv)
        assert answer.code == 0
        assert "compared on the same 40 texts\n" in answer.out
        assert re.search(r"^model\.textcnn +\d\.\d{4} +\d\.\d{4} +\d+$", answer.out, re.MULTILINE)
        assert re.search(r"^b\.textcnn +\d\.\d{4} +\d\.\d{4} +\d+$", answer.out, re.MULTILINE)
        assert re.search(
            r"^(no difference|model\.textcnn is better).*McNemar's exact test: p = ", answer.out, re.MULTILINE
        )
        (found,) = json.loads(textcnn("evaluate", "model.textcnn", "b.textcnn", test_csv, "--format=json").out)[
            "comparisons"
        ]
        assert (found["first"], found["second"], found["count"]) == ("model.textcnn", "b.textcnn", 40)
        assert found["accuracy"]["low"] <= found["accuracy"]["difference"] <= found["accuracy"]["high"]
        assert {"p_value", "only_first", "only_second", "macro_f1", "significant", "verdict"} <= found.keys()

    def test_the_baseline_is_trained_and_compared_with(self, textcnn, model, train_csv, test_csv):
        answer = textcnn("evaluate", test_csv, "--baseline", train_csv)
        assert answer.code == 0
        assert re.search(rf"^{re.escape(BASELINE)} +\d\.\d{{4}}", answer.out, re.MULTILINE)
        assert "the baseline learns from" not in answer.err
        found = json.loads(textcnn("evaluate", test_csv, "--baseline", train_csv, "--format=json").out)
        assert found["comparisons"][0]["second"] == BASELINE

    def test_a_baseline_that_knows_the_texts_is_no_measure(self, textcnn, model, train_csv):
        answer = textcnn("evaluate", train_csv, "--baseline", train_csv)
        assert "the baseline learns from 40 of the 40 texts that it is measured on" in answer.err

    def test_without_comparison_json_is_as_before(self, textcnn, model, test_csv):
        assert "comparisons" not in json.loads(textcnn("evaluate", test_csv, "--format=json").out)

    def test_a_single_model_can_stand_before_the_file(self, textcnn, model, test_csv, folder):
        model.rename(folder / "other.textcnn")
        assert textcnn("evaluate", "other.textcnn", test_csv).code == 0

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["model.textcnn"], "name the labelled texts too"),
            (["a.textcnn", "b.textcnn", "c.textcnn", "test.csv"], "two models"),
            (["-m", "model.textcnn", "b.textcnn", "test.csv"], "not both"),
        ],
    )
    def test_arguments_that_do_not_fit_are_refused(self, textcnn, model, arguments, named):
        answer = textcnn("evaluate", *arguments)
        assert (answer.code, answer.out) == (2, "")
        assert named in answer.err

    def test_the_environment_may_name_a_model_that_is_not_used(self, textcnn, model, test_csv, monkeypatch):
        import textcnn.cli.application as application

        monkeypatch.setenv("TEXTCNN_MODEL", "nowhere.textcnn")
        assert application.run(["evaluate", "model.textcnn", str(test_csv)]) == 0

    def test_a_missing_model_is_named(self, textcnn, model, test_csv):
        answer = textcnn("evaluate", "model.textcnn", "nowhere.textcnn", test_csv)
        assert answer.code == 1 and "there is no model nowhere.textcnn" in answer.err
