"""Figures for parts of the texts, by hand and as the command and the estimator give them."""

import csv
import json

import numpy as np
import pytest
from examples import EXAMPLES

from textcnn import DataError, load
from textcnn.evaluation.breakdown import break_down, scores_by
from textcnn.evaluation.metrics import measure_answers

KNOWN = ("ham", "spam")
PROBABILITIES = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6], [0.7, 0.3]], np.float32)
GOLD = [("ham",), ("ham",), ("ham",), ("spam",), ("news",)]
SAID = [("ham",), ("ham",), ("spam",), ("spam",), ("ham",)]


def test_figures_of_each_part_by_hand() -> None:
    """In b one of two is right: ham is never said, spam is said twice and right once."""
    scores = scores_by("aabbc", GOLD, SAID, PROBABILITIES, KNOWN, multi_label=False)
    assert [(name, score.count, score.accuracy) for name, score in scores.items()] == [
        ("a", 2, 1),
        ("b", 2, 0.5),
        ("c", 1, 0),
    ]
    assert scores["b"].macro_f1 == pytest.approx((0 + 2 / 3) / 2)
    assert scores["b"].log_loss == pytest.approx(-np.log([0.3, 0.6]).mean(), rel=1e-5)
    assert scores["c"].macro_f1 == 0 and np.isfinite(scores["c"].log_loss)  # the model does not know its label


def test_a_text_of_weight_2_counts_as_if_it_was_there_twice():
    weights, twice = np.array([1.0, 2, 1, 1, 1]), [0, 1, 1, 2, 3, 4]
    weighted = scores_by("aabbc", GOLD, SAID, PROBABILITIES, KNOWN, multi_label=False, weights=weights)["a"]
    gold, said = ([rows[number] for number in twice] for rows in (GOLD, SAID))
    repeated = scores_by("aaabbc", gold, said, PROBABILITIES[twice], KNOWN, multi_label=False)["a"]
    for figure in ("accuracy", "macro_f1", "log_loss"):
        assert getattr(weighted, figure) == pytest.approx(getattr(repeated, figure))
    assert weighted.count == 2 and repeated.count == 3


def test_all_texts_as_one_part_have_the_figures_of_the_report() -> None:
    (score,) = scores_by([0] * 5, GOLD, SAID, PROBABILITIES, KNOWN, multi_label=False).values()
    report = measure_answers(GOLD, SAID, PROBABILITIES, KNOWN, multi_label=False)
    assert score.accuracy_interval == report.accuracy_interval
    assert (score.macro_f1, score.log_loss) == pytest.approx((report.macro_f1, report.log_loss))


def test_texts_with_several_labels_or_none() -> None:
    gold, said = [("ham", "spam"), (), ()], [("ham", "spam"), (), ("spam",)]
    scores = scores_by("abb", gold, said, PROBABILITIES[:3], KNOWN, multi_label=True)
    assert (scores["a"].accuracy, scores["a"].macro_f1) == (1, 1)
    assert (scores["b"].accuracy, scores["b"].macro_f1) == (0.5, 0)


@pytest.mark.parametrize(
    ("values", "shown", "rare"),
    [
        (["b", "a", "a", "c", "a"], ["a", "b"], 1),
        (["10", "9", "", "9", "10"], ["9", "10"], 1),
        (["9", "", "", "9", "9"], ["9", ""], 0),
        (["2", "x", "x", "2", "x"], ["x", "2"], 0),
    ],
)
def test_the_most_frequent_values_are_shown_and_numbers_in_order(values, shown, rare) -> None:
    found = break_down("c", values, GOLD, SAID, PROBABILITIES, KNOWN, multi_label=False, most=2)
    assert list(found.scores) == shown and found.rare == rare
    assert (found.others is None) is (rare == 0)
    assert sum(score.count for score in [*found.scores.values(), *filter(None, [found.others])]) == 5


def write(path, column, values):
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = [(label, text, value) for (label, text), value in zip(EXAMPLES, values, strict=False)]
        csv.writer(file).writerows([("label", "text", column), *rows])


class TestCommand:
    def test_json_has_the_figures_of_each_value(self, textcnn, folder, model):
        write(folder / "t.csv", "Source", ["web", " phone", "web", ""] * 10)
        answer = textcnn("evaluate", "-m", model, "t.csv", "--by", "source", "--format=json")
        by = json.loads(answer.out)["by"]
        assert by["column"] == "Source" and by["others"] is None
        assert [(row["value"], row["count"]) for row in by["values"]] == [("web", 20), ("phone", 10), ("", 10)]
        assert by["values"][0].keys() == {"value", "count", "accuracy", "accuracy_interval", "macro_f1", "log_loss"}

    def test_rare_values_stand_together_in_a_table_of_80_columns(self, textcnn, folder, model):
        name = "the column with the longest name of all"
        write(folder / "t.csv", name, [f"{n} {'long ' * 20}" for n in range(40)])
        shown = textcnn("evaluate", "-m", model, "t.csv", "--by", name, "-q").out
        made = shown[shown.index("the column with the...") :].splitlines()
        assert len(made) == 1 + 1 + 30 + 1 and made[-1].startswith("(10 other values)")
        assert max(map(len, made)) == 80

    def test_an_unknown_column_is_refused_before_anything_is_answered(self, textcnn, folder, model):
        write(folder / "t.csv", "source", ["web"] * 40)
        answer = textcnn("evaluate", "-m", model, "t.csv", "--by", "label")
        assert answer.code == 1 and not answer.out
        assert answer.err.endswith("t.csv: there is no column 'label' beside text and label; there is 'source'\n")

    def test_keys_of_json_lines_may_be_missing_or_hold_anything(self, textcnn, folder, model):
        values = [{"tag": ["a", "b"]}, {"tag": True}, {"tag": None}, {}, {"tag": 1.5}]
        lines = [json.dumps({"text": "a", "label": "ham", **value}) for value in values]
        (folder / "t.jsonl").write_text("\n".join(lines))
        by = json.loads(textcnn("evaluate", "-m", model, "t.jsonl", "--by=tag", "--format=json").out)["by"]
        assert {row["value"]: row["count"] for row in by["values"]} == {'["a", "b"]': 1, "true": 1, "": 2, "1.5": 1}


class TestEstimator:
    def test_values_of_any_kind_tell_texts_apart(self, model):
        classifier = load(model)
        labels, texts = zip(*EXAMPLES, strict=True)
        by = [2021, None, float("nan"), "x"] * 10
        scores = classifier.score_by(texts, labels, by)
        assert {value: score.count for value, score in scores.items()} == {2021: 10, None: 20, "x": 10}
        mean = sum(score.accuracy * score.count for score in scores.values()) / 40
        assert mean == pytest.approx(classifier.score(texts, labels))
        assert classifier.score_by(texts, labels, np.array(by, object)) == scores

    def test_each_text_needs_a_value(self, model):
        with pytest.raises(DataError, match="2 texts but 1 values"):
            load(model).score_by(["a", "b"], ["ham", "spam"], ["x"])
