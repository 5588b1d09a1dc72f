"""Sets hold the right label as often as promised, thresholds bound the error; what cannot be promised is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from textcnn import ModelFileError, SettingsError, load
from textcnn.evaluation.coverage import coverage
from textcnn.model.conformal import RightProbabilities, SetScores, needed
from textcnn.model.model import OPTIONAL
from textcnn.model.selective import RiskCurve
from textcnn.storage.tensor_file import TensorFileError

ROOM = [0.9, 0.8, 0.7, 0.95, 0.85, 0.6, 0.99, 0.75, 0.65, 0.5]


def scores(random: np.random.Generator, count: int) -> tuple[Any, Any]:
    """Probabilities of three labels that mean what they say, and the right label of each text."""
    logits = 2 * random.normal(size=(count, 3))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    right = (probabilities.cumsum(axis=1) > random.random((count, 1))).argmax(axis=1)
    return probabilities.astype(np.float32), right


def of_labels(probabilities: Any, right: Any) -> SetScores:
    own = probabilities[np.arange(len(right)), right]
    return SetScores(
        tuple(RightProbabilities.of(own[right == label]) for label in range(probabilities.shape[1])),
        RightProbabilities.of(own),
    )


def test_of_ten_texts_by_hand() -> None:
    """Of eleven numbers the new one is the smallest or second smallest in two cases."""
    ten = RightProbabilities.of(np.array(ROOM, np.float32))
    assert ten.least(1 - 2 / 11) == pytest.approx(0.6)
    assert ten.least(0.9) == pytest.approx(0.5)
    assert ten.least(0.95) is None
    assert [needed(sure) for sure in (0.5, 0.9, 0.95, 0.99, 0.999)] == [1, 9, 19, 99, 999]


@pytest.mark.parametrize("count", [19, 20, 99, 100, 777, 5000])
def test_the_quantile_is_that_of_split_conformal_prediction(count: int) -> None:
    """As Angelopoulos & Bates have it: of scores 1 - probability the ceil((n + 1) sure)-th smallest."""
    probabilities = np.random.default_rng(count).random(count).astype(np.float32)
    kept = RightProbabilities.of(probabilities)
    for sure in (0.8, 0.9, 0.95):
        rank = int(np.ceil(round((count + 1) * sure, 6)))
        reference = 1 - np.sort(1 - probabilities.astype(float))[rank - 1]
        least = kept.least(sure)
        if count <= 100:
            assert least == pytest.approx(reference, abs=1e-6)
        else:  # some numbers are left out, to the safe side
            assert least is not None and reference * 0.97 <= least <= reference + 1e-6


@pytest.mark.parametrize("per_label", [False, True])
def test_sets_hold_the_right_label_as_often_as_promised(per_label: bool) -> None:
    random = np.random.default_rng(0)
    kept = of_labels(*scores(random, 3000))
    probabilities, right = scores(random, 20_000)
    for sure in (0.8, 0.9, 0.95):
        least = kept.least(sure, "abc", per_label=per_label, multi_label=False)
        inside = (probabilities >= least)[np.arange(len(right)), right]
        parts = [inside[right == label] for label in range(3)] if per_label else [inside]
        for part in parts:
            assert sure - 0.02 < part.mean() < sure + 0.025


def test_a_label_with_fewer_than_nineteen_texts_is_not_promised_by_itself() -> None:
    random = np.random.default_rng(0)
    probabilities, right = scores(random, 500)
    rare = np.concatenate([np.flatnonzero(right == 2)[:18], np.flatnonzero(right != 2)])
    kept = of_labels(probabilities[rare], right[rare])
    with pytest.raises(SettingsError, match=r"takes 19 texts of it .* fewer: 'c' 18;"):
        kept.least(0.95, "abc", per_label=True, multi_label=False)
    least = kept.least(0.95, "abc", per_label=False, multi_label=True)
    assert least[2] == np.float32(kept.of_all.least(0.95)), "of a multi-label model, it is held to what holds for all"
    with pytest.raises(SettingsError, match=r"to be 0.999 sure takes 999 texts .* had \d+; it can be at most 0.99"):
        kept.least(0.999, "abc", per_label=False, multi_label=False)


def test_few_numbers_are_kept_of_many() -> None:
    assert len(RightProbabilities.of(np.linspace(0, 1, 100_000, dtype=np.float32)).ranks) < 500


def test_tensors_come_back_and_damaged_ones_do_not() -> None:
    kept = of_labels(*scores(np.random.default_rng(0), 300))
    tensors = kept.tensors()
    again = SetScores.of_tensors(tensors, 3)
    assert again.least(0.9, "abc", per_label=True, multi_label=False).tolist() == (
        kept.least(0.9, "abc", per_label=True, multi_label=False).tolist()
    )
    for name, change in (
        ("counts", -1),
        ("starts", 10**6),
        ("ranks", 0),
        ("values", np.nan),
        ("values", 2),
    ):
        spoilt = {key: array.copy() for key, array in tensors.items()}
        spoilt[f"sets.{name}"][-1] = change
        with pytest.raises(TensorFileError, match="damaged"):
            SetScores.of_tensors(spoilt, 3)
    with pytest.raises(TensorFileError, match="damaged"):
        SetScores.of_tensors(tensors, 4)


def test_the_bound_of_the_error_holds() -> None:
    """Of a hundred models whose bound holds with 95 %, hardly any answers worse than it promised."""
    broken = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        probabilities, right = scores(random, 600)
        curve = RiskCurve.of(probabilities.max(axis=1), probabilities.argmax(axis=1) != right)
        threshold = curve.threshold(0.2)
        others, theirs = scores(random, 10_000)
        answered = others.max(axis=1) >= threshold
        broken += (others.argmax(axis=1) != theirs)[answered].mean() > 0.2
    assert broken <= 5


def test_a_bound_by_hand() -> None:
    """117 right ones of 117: 0.95 to this power is 0.0025, a twentieth of what is allowed for all twenty cuts."""
    sure = np.linspace(1, 0.5, 118, dtype=np.float32)
    curve = RiskCurve.of(sure, np.zeros(118, bool))
    assert curve.threshold(0.05) == sure[-1]
    with pytest.raises(SettingsError, match=r"of 118 texts .*, 0 were answered wrong; the least .* is 0.050$"):
        curve.threshold(0.049)
    wrong = np.zeros(118, bool)
    wrong[-1] = True  # the least sure one
    with pytest.raises(SettingsError, match="no threshold can promise"):
        RiskCurve.of(sure, wrong).threshold(0.05)
    with pytest.raises(TensorFileError, match="damaged"):
        RiskCurve.of_tensors({**curve.tensors(), "risk.wrong": curve.texts + 1})


def test_coverage_by_hand() -> None:
    made = coverage([("a",), ("b",), ("a",), ("c",)], [("a",), ("a", "b"), ("b",), ()])
    assert (made.covered.value, made.size, made.alone.value, made.alone_right.value) == (0.5, 1.0, 0.5, 0.5)
    assert {name: share.value for name, share in made.of_labels.items()} == {"a": 0.5, "b": 1.0, "c": 0.0}


# ------------------------------------------------------------------------------------------- on the command line


def test_predict_answers_with_sets_or_silence(textcnn: Any, model: Any) -> None:
    texts = ["claim your free prize", "prize at noon", "see you at noon"]
    sets = [
        json.loads(line)["label"]
        for line in textcnn("predict", "--format=jsonl", "--sure=0.9", *texts).out.splitlines()
    ]
    assert sets[0] == ["spam"] and sets[2] == ["ham"]
    assert load(model).predict_set(texts, 0.9).tolist() == [tuple(own) for own in sets]
    assert load(model).predict_set([]).tolist() == []
    refused = textcnn("predict", "--sure=0.999", *texts)
    assert refused.code == 2 and "takes 999 texts" in refused.err
    for options in (
        ["--sure=0.9", "--threshold=0.9"],
        ["--sure=1"],
        ["--sure-per-label"],
        ["--max-error=0"],
        ["--pass-on=x"],
    ):
        assert textcnn("predict", *options, "a text").code == 2


def test_what_is_not_sure_is_passed_on(textcnn: Any, model: Any, folder: Path) -> None:
    (folder / "in.csv").write_text("id,text\n1,claim your free prize\n2,xyzzy\n3,see you at noon\n")
    answer = textcnn("predict", "-i", "in.csv", "--threshold=0.9", "--pass-on=rest.csv", "--format=csv")
    assert [line.partition(",")[0] for line in answer.out.splitlines()] == ["label", "spam", "ham"]
    header, rest = (folder / "rest.csv").read_text().splitlines()
    assert header == "label,probability,id,text" and rest.startswith("unknown,") and rest.endswith(",2,xyzzy")
    assert "2 of 3 texts answered (66.7 %), 1 passed on to rest.csv" in answer.err
    assert textcnn("predict", "-i", "in.csv", "--threshold=0.9", "--pass-on=in.csv").code == 1
    assert textcnn("predict", "--threshold=0.9", "--pass-on=x.csv", "--only=ham", "a").code == 2
    assert textcnn("predict", "--threshold=1", "--pass-on=rest.jsonl", "xyzzy").out == ""
    assert json.loads((folder / "rest.jsonl").read_text())["text"] == "xyzzy"


def test_evaluate_measures_sets_and_bounds(textcnn: Any, model: Any, train_csv: Path) -> None:
    made = json.loads(textcnn("evaluate", train_csv, "--format=json", "--sure=0.9", "--max-error=0.3").out)
    assert made["sure"]["covered"]["value"] >= 0.9 and set(made["sure"]["of_labels"]) == {"ham", "spam"}
    assert made["max_error"]["alone"]["of"] == 40
    assert "right label in set" in textcnn("evaluate", train_csv, "--sure=0.9").out


def test_a_model_that_held_nothing_out_says_so(model: Any) -> None:
    from dataclasses import replace

    old = load(model)
    old._predictor.model = replace(old.model_, optional={})
    for options in ({"sure": 0.9}, {"max_error": 0.3}):
        with pytest.raises(ModelFileError, match=r"older textcnn, or had too few texts .* train it again"):
            old.answer(["a"], **options)


def test_an_answer_without_promises_looks_into_none(model: Any) -> None:
    assert all(name.startswith(OPTIONAL) for name in load(model).model_.optional)
    assert not {"set_scores", "risk_curve"} & load(model).model_.__dict__.keys()
