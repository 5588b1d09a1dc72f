"""Labels come in whatever form Python programs have them, and go back in the same form."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import MultiLabelBinarizer

from textcnn import DataError, TextCNNClassifier, load
from textcnn.labels import (
    indicator,
    is_multi_label,
    label_names,
    label_sets,
    margins,
    require_two,
    restored,
    score_count,
    score_weights,
    targets,
)

TEXTS = ["win a free prize", "see you at lunch", "free cash prize now", "lunch at noon then"] * 6
SPAM = np.array([True, False] * 12)
TABLE = np.stack([SPAM, np.arange(24) % 4 == 3], axis=1).astype(int)  # spam; ends with "then"
TINY = {
    "vectors": "none",
    "filters": 4,
    "dimensions": 8,
    "epochs": 8,
    "widths": (1,),
    "learning_rate": 0.02,
    "quality": "fast",  # one training instead of four
    "threads": 1,
}


def tiny(**values: object) -> TextCNNClassifier:
    return TextCNNClassifier(**{**TINY, **values})


@pytest.mark.parametrize(
    "labels",
    [
        ["spam" if each else "ham" for each in SPAM],
        np.array(["spam" if each else "ham" for each in SPAM]),
        pd.Series(["spam" if each else "ham" for each in SPAM], index=range(100, 124)),
        pd.Series(["spam" if each else "ham" for each in SPAM], dtype="string"),
        pd.Series(["spam" if each else "ham" for each in SPAM], dtype="category"),
        SPAM,
        SPAM.tolist(),
        SPAM.astype(int),
        np.where(SPAM, 1, -1),
        np.where(SPAM, 0.5, -2e-30),
        [1 if each else 2.5 for each in SPAM],
        [2**70 if each else -1 for each in SPAM],
        [2**70 if each else 0.5 for each in SPAM],
    ],
    ids=lambda labels: f"{type(labels).__name__} {next(iter(labels))!r}",
)
def test_answers_are_labels_as_they_were_given(labels, tmp_path) -> None:
    model = tiny().fit(pd.Series(TEXTS), labels)
    model.save(tmp_path / "m")
    for each in (model, load(tmp_path / "m")):
        answers = each.predict(np.array(TEXTS))
        assert answers.tolist() == list(labels)
        assert type(answers.tolist()[0]) is type(np.asarray(labels).tolist()[0])
        assert each.score(TEXTS, labels) == 1
        assert set(each.classes_.tolist()) == set(labels)


@pytest.mark.parametrize(
    "multi_label",
    [
        [["spam"] if each else ["ham", "ham"] for each in SPAM],
        [{"spam", "x"} if each else set() for each in SPAM],
        pd.Series([("spam",) if each else ("ham", "x") for each in SPAM]),
        [[1, 2] if each else [30] for each in SPAM],
        [np.array(["spam", "x"]) if each else np.array(["x"]) for each in SPAM],
        pd.Series([np.array(["spam", "x"]) if each else np.array(["ham", "x"]) for each in SPAM]),
    ],
    ids=["lists", "sets", "tuples", "numbers", "arrays", "series"],
)
def test_multi_label_answers_are_sets_as_they_were_given(multi_label, tmp_path) -> None:
    model = tiny().fit(TEXTS, multi_label)
    model.save(tmp_path / "m")
    for each in (model, load(tmp_path / "m")):
        assert [set(answer) for answer in each.predict(TEXTS)] == [set(own) for own in multi_label]
        assert each.score(TEXTS, multi_label) == 1
        assert each.score(TEXTS, multi_label, sample_weight=[1] * 24) == 1
        assert each.score(["zzz"] * 24, multi_label) < 1


@pytest.mark.parametrize(
    "table",
    [
        TABLE,
        TABLE.astype(bool),
        csr_matrix(TABLE),
        TABLE.tolist(),
        list(TABLE),
        list(map(tuple, TABLE)),
        tuple(TABLE.tolist()),
        pd.DataFrame(TABLE, columns=["s", "e"]),
    ],
    ids=["numbers", "truth", "sparse", "lists", "arrays", "tuples", "a tuple", "frame"],
)
def test_a_table_of_zeros_and_ones_is_answered_by_one(table, tmp_path) -> None:
    model = tiny().fit(TEXTS, table)
    assert model.predict(TEXTS).tolist() == TABLE.tolist()
    assert model.predict_proba(TEXTS).shape == TABLE.shape
    assert model.predict([]).shape == (0, 2)
    assert model.score(TEXTS, table) == model.score(TEXTS, TABLE) == 1
    assert model.classes_.tolist() == (["s", "e"] if hasattr(table, "columns") else [0, 1])
    model.save(tmp_path / "m")
    found = load(tmp_path / "m")  # a file has the names of the labels, not the form in which they came
    assert [set(row) for row in found.predict(TEXTS)] == [
        {model.classes_[at] for at in row.nonzero()[0]} for row in TABLE
    ]


def test_labels_as_long_as_texts_are_refused_before_training() -> None:
    labels = [f"{number} {'x' * 5000}" for number in range(250)]
    with pytest.raises(DataError, match="are they the texts"):
        targets(labels, len(labels), "auto")


def test_columns_with_names_are_labels_by_these_in_any_order() -> None:
    frame = pd.DataFrame(TABLE, columns=["s", "e"])
    model = tiny().fit(TEXTS, frame, validation=(TEXTS, frame[["e", "s"]]))
    assert model.score(TEXTS, frame[["e", "s"]]) == 1
    assert model.score(TEXTS, pd.DataFrame(TABLE)) == 1  # no names: by their order
    turned = pd.DataFrame(TABLE, columns=[1, 0])
    assert tiny().fit(TEXTS, turned).score(TEXTS, turned[[0, 1]]) == 1
    assert model.score(TEXTS, frame[["e", "s"]].rename(columns={"e": "other"})) < 1
    with pytest.raises(DataError, match="no column of the table of labels is a label of the model"):
        model.score(TEXTS, pd.DataFrame(TABLE, columns=["x", "y"]))


def test_a_table_with_one_label_a_text_is_answered_by_one() -> None:
    table = np.stack([SPAM, ~SPAM], axis=1).astype(int)
    model = tiny(labels_per_text="one").fit(TEXTS, pd.DataFrame(table, columns=["spam", "ham"]))
    assert model.predict(TEXTS).tolist() == table.tolist()
    assert model.predict_proba(TEXTS).sum(axis=1) == pytest.approx(1)
    assert model.score(TEXTS, table) == 1


@pytest.mark.parametrize("labels", [SPAM, SPAM.astype(int), SPAM.astype(float)], ids=["truth", "whole", "numbers"])
def test_numbers_are_found_by_their_value(labels) -> None:
    model = tiny(class_weight={1: 2.0, False: 1}).fit(TEXTS, labels)
    assert model.explain("free", 1).label == model.explain("free", True).label == model.explain("free", 1.0, 0).label
    assert model.score(TEXTS, SPAM.astype(int)) == 1
    with pytest.raises(DataError, match="there is no label 2, but"):
        model.explain("free", 2)
    spelt = tiny().fit(TEXTS, ["1" if each else "0" for each in SPAM])
    assert spelt.explain("free", 1) == spelt.explain("free", "1")


@pytest.mark.slow
def test_tables_work_in_cross_validation_and_grid_search() -> None:
    assert cross_val_score(tiny(), TEXTS, TABLE, cv=2).shape == (2,)
    search = GridSearchCV(tiny(), {"filters": [3, 4]}, cv=2, scoring="f1_macro").fit(TEXTS, TABLE)
    assert search.predict(TEXTS).shape == TABLE.shape


def test_a_label_that_no_text_has_keeps_its_column() -> None:
    table = np.column_stack([TABLE, np.zeros(24, int)])
    model = tiny(class_weight="balanced").fit(TEXTS, table)
    assert model.predict(TEXTS).tolist() == table.tolist()


def test_answers_go_back_through_scikit_learn_s_binarizer() -> None:
    binarizer = MultiLabelBinarizer()
    table = binarizer.fit_transform([{"x", "spam" if each else "ham"} for each in SPAM])
    model = tiny().fit(TEXTS, table)
    assert binarizer.inverse_transform(model.predict(TEXTS[:2])) == [("spam", "x"), ("ham", "x")]


def test_weights_of_classes_can_be_named_by_numbers() -> None:
    answers = (
        tiny(class_weight={1: 1000, 0: 0.0001}, epochs=30, linear="off").fit(TEXTS, SPAM.astype(int)).predict(TEXTS)
    )
    assert answers.tolist() == [1] * 24


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "the target y is None"),
        ("spam", "not one label"),
        (pd.Series(["spam", pd.NA] * 12, dtype="string"), "12 of the labels are missing"),
        (np.where(SPAM, 1.0, np.nan), "12 of the labels are missing"),
        (["spam"] * 24, "a single label, 'spam'"),
        ([["a"]] * 23 + ["b"], "use lists for all"),
        (TABLE[:5], "24 texts but 5 labels"),
        (TABLE * 0.5, "0 and 1 only"),
        (TABLE * 0, "there must be some"),
        (TABLE[:, [0, 0]] * 0 + [1, 0], "a single label, 0"),
        (pd.DataFrame(TABLE, columns=["a", "a"]), "the same name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_labels_that_are_none_are_refused(labels, message) -> None:
    with pytest.raises(DataError, match=message):
        tiny().fit(TEXTS, labels)


def test_a_column_of_labels_is_taken_with_a_warning() -> None:
    from sklearn.exceptions import DataConversionWarning

    with pytest.warns(DataConversionWarning, match="column-vector"):
        assert tiny().fit(TEXTS, SPAM.reshape(-1, 1)).predict(TEXTS).tolist() == SPAM.tolist()


@pytest.mark.parametrize(
    "texts", [np.array(TEXTS).reshape(-1, 1), pd.DataFrame({"text": TEXTS})], ids=["array", "frame"]
)
def test_a_table_of_texts_is_refused(texts) -> None:
    with pytest.raises(DataError, match="give the column"):
        tiny().fit(texts, SPAM)


def test_a_table_of_another_width_is_refused() -> None:
    with pytest.raises(DataError, match="3 columns for 2 labels"):
        label_sets(np.zeros((1, 3)), 1, "auto", np.array(["a", "b"]))


def test_names_go_back_to_what_they_were() -> None:
    for classes in (np.array([False, True]), np.array([-3, 10]), np.array([-2.5, 1e300])):
        made = targets(classes, 2, "auto")
        again = restored(made.names, True)
        assert again.dtype == classes.dtype
        assert again.tolist() == classes.tolist() == made.classes.tolist()
    assert targets([2**63 + 1, -1], 2, "auto").classes.tolist() == [-1, 2**63 + 1]  # which NumPy would round
    with pytest.raises(ValueError, match="could not convert"):
        restored(["spam"], True)


@pytest.mark.parametrize("names", [["1", "1.0"], ["1", "True"], ["1_0", "2"], ["01", "2"], ["nan", "1"]], ids=" ".join)
def test_names_that_no_different_numbers_have_are_refused(names) -> None:
    with pytest.raises(ValueError, match="different numbers"):
        restored(names, True)


def test_indicator_has_a_column_for_each_name_in_their_order() -> None:
    assert indicator([("b",), ("a", "b"), ()], ["b", "a"]).tolist() == [[True, False], [True, True], [False, False]]
    assert indicator([], ["a", "b"]).shape == (0, 2)


def test_indicator_refuses_an_unknown_label_or_leaves_it_out_as_told() -> None:
    assert indicator([("a", "x")], ["a"], skip_unknown=True).tolist() == [[True]]
    with pytest.raises(DataError, match="no label 'x'"):
        indicator([("a", "x")], ["a"])


@pytest.mark.parametrize(
    ("sets", "names", "multi_label"),
    [([("b",), ("a",)], ["a", "b"], False), ([("b", "a")], ["a", "b"], True), ([("b",), ()], ["b"], True)],
    ids=str,
)
def test_label_sets_tell_their_names_and_whether_they_are_multi_label(sets, names, multi_label) -> None:
    assert (label_names(sets), is_multi_label(sets)) == (names, multi_label)


@pytest.mark.parametrize(
    ("names", "message"), [([], "these have no labels"), (["x"], "these have a single label, 'x'")]
)
def test_fewer_than_two_labels_are_refused(names, message) -> None:
    require_two(["x", "y"])
    with pytest.raises(DataError, match=message):
        require_two(names, "these")


@pytest.mark.parametrize(("labels", "multi_label", "scores"), [(2, False, 1), (2, True, 2), (3, False, 3)])
def test_weights_of_scores_sum_to_what_weights_of_margins_do(labels, multi_label, scores) -> None:
    assert score_count(labels, multi_label=multi_label) == scores
    random = np.random.default_rng(0)
    given, weights = random.normal(size=(5, scores)), random.normal(size=labels)
    assert margins(given, labels).shape == (5, labels)
    assert margins(given, labels)[:, -scores:].tolist() == given.tolist()
    np.testing.assert_allclose(given @ score_weights(weights, scores), margins(given, labels) @ weights)
