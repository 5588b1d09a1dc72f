"""TextCNNClassifier behaves as scikit-learn's own estimators do."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

import textcnn
from textcnn import DataError, NotFittedError, SettingsError, TextCNNClassifier, load
from textcnn.model.predictor import Predictor

SPAM = ["win a free prize now", "free cash for you", "free prize inside", "cash prize", "a free cash prize waits"]
HAM = ["see you at lunch", "lunch at noon then", "are you home at noon", "lunch or dinner", "home for dinner"]
TEXTS = (SPAM + HAM) * 3
LABELS = (["spam"] * 5 + ["ham"] * 5) * 3
TINY = {
    "vectors": "none",
    "filters": 6,
    "dimensions": 8,
    "epochs": 12,
    "widths": (1, 2),
    "learning_rate": 0.02,
    "quality": "fast",  # one training instead of four
    "linear": "off",
    "threads": 1,
}


def tiny(**values: object) -> TextCNNClassifier:
    return TextCNNClassifier(**{**TINY, **values})


@pytest.fixture(scope="module")
def learned() -> TextCNNClassifier:
    """One that has learned, as thoroughly as by default; nobody may change it."""
    return tiny(quality="good", linear="on").fit(TEXTS, LABELS)


# scikit-learn generates no checks for estimators of texts; these are the ones that need no table of numbers.
APPLICABLE = [
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
]


@pytest.mark.parametrize("name", APPLICABLE)
def test_scikit_learn_checks(name: str) -> None:
    getattr(estimator_checks, name)("TextCNNClassifier", tiny())


class Rows(TextCNNClassifier):
    """Reads tables of numbers as texts of words such as `c0v3`, since that is what scikit-learn's checks come with."""

    def fit(self, X, y, sample_weight=None, **options):
        return super().fit(self.texts(X), y, sample_weight, **options)

    def predict(self, X):
        return super().predict(self.texts(X))

    def predict_proba(self, X):
        return super().predict_proba(self.texts(X))

    def score(self, X, y, sample_weight=None):
        return super().score(self.texts(X), y, sample_weight)

    @staticmethod
    def texts(X):
        return [" ".join(f"c{at}v{value:.0f}" for at, value in enumerate(row)) for row in np.asarray(X) * 2]


# Left out are those that want numbers to be refused, order of rows to matter less than rounding does, or one half to be
# the threshold of every label.
ON_ROWS = [
    "check_classifiers_classes",
    "check_classifiers_multilabel_output_format_predict",
    "check_classifiers_multilabel_output_format_predict_proba",
    "check_classifiers_multilabel_representation_invariance",
    pytest.param("check_classifiers_train", marks=pytest.mark.slow),
    "check_dict_unchanged",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_dont_overwrite_parameters",
    "check_estimators_fit_returns_self",
    "check_estimators_overwrite_params",
    "check_estimators_pickle",
    "check_estimators_unfitted",
    "check_fit_check_is_fitted",
    "check_fit_idempotent",
    "check_fit_score_takes_y",
    "check_methods_subset_invariance",
    "check_pipeline_consistency",
    "check_requires_y_none",
    "check_sample_weights_list",
    "check_sample_weights_not_an_array",
    "check_sample_weights_not_overwritten",
    "check_sample_weights_pandas_series",
    "check_sample_weights_shape",
    "check_supervised_y_2d",
    "check_supervised_y_no_nan",
]


@pytest.mark.filterwarnings("ignore::UserWarning")  # scikit-learn names the checks that it leaves out itself
@pytest.mark.parametrize("name", ON_ROWS)
@pytest.mark.slow
def test_scikit_learn_checks_on_rows(name: str) -> None:
    getattr(estimator_checks, name)("Rows", Rows(**{**TINY, "epochs": 4, "filters": 4, "linear": "on"}))


def test_learns_and_answers(learned: TextCNNClassifier) -> None:
    model = learned
    assert model.classes_.tolist() == ["ham", "spam"]
    assert model.predict(["a free prize", "noon lunch"]).tolist() == ["spam", "ham"]
    probabilities = model.predict_proba(["a free prize", "", "zzz"])
    assert probabilities.shape == (3, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert model.score(TEXTS, LABELS) == 1


def test_many_texts_are_answered_a_bounded_part_at_a_time(
    learned: TextCNNClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, answered, answer = learned, [], Predictor.probabilities

    def watched(self: Predictor, texts: list[str]) -> object:
        answered.append(sum(map(len, texts)))
        return answer(self, texts)

    monkeypatch.setattr(Predictor, "probabilities", watched)
    many = [f"free word{number} " * 900 for number in range(60)]
    assert model.predict_proba(many).shape == (60, 2) and model.predict(many).shape == (60,)
    assert model.score(many, ["spam"] * 60) >= 0
    assert max(answered) < 0.5 * sum(map(len, many))


@pytest.mark.slow
def test_trainings_of_several_threads_do_not_touch_each_other() -> None:
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(lambda seed: tiny(seed=seed, epochs=4).fit(TEXTS, LABELS), (1, 2, 1, 2)))
    for seed, model in zip((1, 2, 1, 2), models, strict=True):
        alone = tiny(seed=seed, epochs=4).fit(TEXTS, LABELS)
        np.testing.assert_array_equal(model.predict_proba(TEXTS), alone.predict_proba(TEXTS))


def test_what_is_explained_is_the_label_that_was_given() -> None:
    model = tiny().fit(TEXTS, [[label] for label in LABELS])
    model.model_ = replace(model.model_, thresholds=(0.0, 1.0))
    model._predictor = Predictor(model.model_)
    assert model.predict_proba(["free prize"])[0].argmax() == 1
    assert model.predict(["free prize"])[0] == ("ham",)
    assert model.explain("free prize").label == "ham"


def test_the_answer_does_not_depend_on_the_neighbours() -> None:
    model = tiny(widths=(1, 3)).fit(TEXTS, LABELS)
    texts = ["a free prize", "", "noon", "free free free lunch at noon " * 40]
    together = model.predict_proba(texts)
    alone = np.concatenate([model.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(texts[::-1])[::-1], together, atol=1e-6)


def test_no_texts_get_no_answers(learned: TextCNNClassifier) -> None:
    assert learned.predict_proba([]).shape == (0, 2)


def test_it_works_in_pipelines_grid_search_and_cross_validation() -> None:
    lower = FunctionTransformer(lambda texts: [text.lower() for text in texts])
    pipeline = make_pipeline(lower, tiny(epochs=4))
    assert len(cross_val_score(pipeline, TEXTS, LABELS, cv=2)) == 2
    search = GridSearchCV(tiny(epochs=4), {"filters": [4, 8]}, cv=2, error_score="raise").fit(TEXTS, LABELS)
    assert search.best_params_["filters"] in (4, 8)
    assert clone(tiny(dropout=0.25)).dropout == 0.25


def test_answers_before_fit_are_refused() -> None:
    for family in (NotFittedError, SklearnNotFittedError, textcnn.TextcnnError):
        with pytest.raises(family, match="fit"):
            tiny().predict(["a"])


def test_a_second_fit_forgets_the_first() -> None:
    model = tiny().fit(TEXTS, LABELS)
    model.fit(TEXTS, ["a" if label == "ham" else "b" for label in LABELS])
    assert model.classes_.tolist() == ["a", "b"]


def test_numbers_as_labels_survive_the_file(tmp_path) -> None:
    model = tiny().fit(TEXTS, [1 if label == "spam" else 0 for label in LABELS])
    assert model.predict(["a free prize"]).tolist() == [1]
    model.save(tmp_path / "m.textcnn")
    assert load(tmp_path / "m.textcnn").predict(["a free prize"]).tolist() == [1]


def test_a_multi_label_model_answers_with_all_labels_of_a_text() -> None:
    words = ["one", "two", "three", "four", "five", "six"]
    texts = [f"{text} {word}" for word in words for text in ("free prize", "lunch at noon", "free lunch", "hello")]
    labels = [["money"], ["food"], ["money", "food"], []] * len(words)
    model = tiny(epochs=60).fit(texts, labels)
    assert model.classes_.tolist() == ["food", "money"]
    assert [set(found) for found in model.predict(texts[:4])] == [{"money"}, {"food"}, {"money", "food"}, set()]


def test_given_validation_texts_are_those_that_are_measured() -> None:
    model = tiny().fit(TEXTS, LABELS, validation=(["free", "noon"], ["spam", "ham"]))
    assert model.model_.figures["validation"]["count"] == 2
    assert model.model_.figures["training_texts"] == len(TEXTS)


def test_a_validation_text_whose_label_is_not_learned_tells_nothing() -> None:
    notes: list[str] = []
    held = ["free", "noon", "a storm"], ["spam", "ham", "news"]
    with pytest.warns(UserWarning, match="no training text has these labels of the validation texts: 'news'"):
        model = tiny().fit(
            TEXTS,
            LABELS,
            validation=held,
            callback=lambda event: bool(event.kind == "note" and notes.append(event.note)),
        )
    assert (
        model.model_.figures["validation"]
        == (tiny().fit(TEXTS, LABELS, validation=(held[0][:2], held[1][:2])).model_.figures["validation"])
    )
    assert "1 of 3 validation texts have a label that no training text has and are left out" in notes


def test_a_validation_text_that_is_learned_from_tells_nothing() -> None:
    mixed = tiny().fit(TEXTS, LABELS, validation=([TEXTS[0].upper(), "noon"], [LABELS[0], "ham"]))
    assert mixed.model_.figures["validation"]["count"] == 1
    none, plain = tiny().fit(TEXTS, LABELS, validation=(TEXTS[:2], LABELS[:2])), tiny().fit(TEXTS, LABELS)
    assert none.model_.figures["validation"] == plain.model_.figures["validation"]
    assert np.array_equal(none.predict_proba(TEXTS), plain.predict_proba(TEXTS))  # and no text was learned twice


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        ("one text", ["a"], "not one text"),
        (["a", "b"], ["x"], "2 texts but 1 labels"),
        (["a", 5], ["x", "y"], "number 1"),
        ([], [], "no texts"),
        (["a", "b"], ["x", "x"], "nothing to tell apart"),
        (["a", "b"], ["x", None], "missing"),
        (["a", "b"], ["x", 1], "all texts or all numbers"),
        (["a", "b"], [1, "x"], "all texts or all numbers"),
        (["a", "b"], [True, "x"], "all texts or all numbers"),
        (["a", "b"], [b"x", b"y"], "all texts or all numbers"),
        (["a", "b"], ["x", ["y"]], "use lists for all"),
        (["a", "b"], "xy", "not one label"),
    ],
)
def test_texts_and_labels_that_cannot_be_learned_from_are_refused(texts, labels, message) -> None:
    with pytest.raises(DataError, match=message):
        tiny().fit(texts, labels)


def test_parameters_are_checked_when_learning_begins() -> None:
    model = tiny(filters=-1)
    with pytest.raises(SettingsError, match="filters"):
        model.fit(TEXTS, LABELS)


def test_numbers_of_numpy_and_weights_as_a_dictionary(tmp_path) -> None:
    model = tiny(filters=np.int64(5), widths=[np.int64(1), 2], class_weight={"spam": 2.0}).fit(TEXTS, LABELS)
    model.save(tmp_path / "m.textcnn")
    again = load(tmp_path / "m.textcnn")
    assert (again.filters, again.widths, again.class_weight) == (5, (1, 2), '{"spam": 2.0}')


def test_a_validation_part_of_one_label_will_do() -> None:
    assert tiny().fit(TEXTS, LABELS, validation=(["free"], ["spam"])).model_.figures["validation"]["count"] == 1


def test_the_settings_stay_as_given() -> None:
    widths = [1, 2]
    model = tiny(widths=widths)
    assert model.fit(TEXTS, LABELS).widths is widths


# Weights of texts


def test_equal_weights_are_none_and_a_weight_of_0_leaves_out() -> None:
    plain = tiny(epochs=4).fit(TEXTS, LABELS).predict_proba(TEXTS)
    equal = tiny(epochs=4).fit(TEXTS, LABELS, [0.3] * 30).predict_proba(TEXTS)
    np.testing.assert_array_equal(equal, plain)
    more = [*TEXTS, "free lunch", "neither"], [*LABELS, "ham", "other"]
    left_out = tiny(epochs=4).fit(*more, sample_weight=[2] * 30 + [0, 0])
    assert left_out.classes_.tolist() == ["ham", "spam"]
    np.testing.assert_array_equal(left_out.predict_proba(TEXTS), plain)


def test_the_heavier_opinion_wins_and_the_score_counts_by_weight() -> None:
    other = ["ham" if label == "spam" else "spam" for label in LABELS]
    weights = [1] * 30 + [9] * 30
    model = tiny(epochs=30, min_count=1, linear="on").fit(TEXTS * 2, LABELS + other, weights)
    assert model.score(TEXTS * 2, LABELS + other) == 0.5
    assert model.score(TEXTS * 2, LABELS + other, weights) == pytest.approx(0.9)


@pytest.mark.parametrize("wrong", [[1] * 29, [-1] + [1] * 29, [np.nan] + [1] * 29, [0] * 30, ["heavy"] * 30, 3])
def test_weights_that_are_none_are_refused(learned: TextCNNClassifier, wrong: Any) -> None:
    for use in (tiny().fit, learned.score):
        with pytest.raises(DataError, match="sample_weight"):
            use(TEXTS, LABELS, sample_weight=wrong)


def test_validation_texts_may_have_weights() -> None:
    held = ["free", "noon"], ["spam", "spam"]
    model = tiny(linear="on").fit(TEXTS, LABELS, validation=(*held, [3, 1]))
    assert model.model_.figures["validation"]["accuracy"] == 0.75


@pytest.mark.parametrize("wrong", [3, "texts", (TEXTS,), (TEXTS, LABELS, None, None)])
def test_a_validation_that_is_no_pair_is_refused(wrong) -> None:
    with pytest.raises(DataError, match=r"validation must be \(texts, labels\)"):
        tiny().fit(TEXTS, LABELS, validation=wrong)


def test_validation_texts_of_other_labels_alone_are_refused() -> None:
    with pytest.raises(DataError, match="none of the labels of the training texts, but 'news'"):
        tiny().fit(TEXTS, LABELS, validation=(["a storm"], ["news"]))


# Parameters


def test_a_loaded_model_has_the_parameters_that_were_given(tmp_path) -> None:
    """What was left to the number of labels is left to it again, and so it can be cloned to learn other labels."""
    given = tiny(filters=0, epochs=2, threads=0)
    given.fit(TEXTS, LABELS).save(tmp_path / "m.textcnn")
    again = load(tmp_path / "m.textcnn")
    assert again.model_.settings["filters"] == 100
    assert again.get_params() == given.get_params()
    copy = clone(again)
    assert copy.get_params() == given.get_params() and not hasattr(copy, "model_")
    np.testing.assert_array_equal(copy.fit(TEXTS, LABELS).predict_proba(TEXTS), again.predict_proba(TEXTS))


def test_an_unknown_parameter_is_named_with_the_classifier() -> None:
    with pytest.raises(TypeError, match=r"TextCNNClassifier.__init__\(\) got an unexpected keyword argument 'filter'"):
        TextCNNClassifier(filter=3)


def test_an_answer_before_fit_is_an_error_that_can_be_named() -> None:
    with pytest.raises(textcnn.TextcnnError) as error:
        tiny().predict(["a"])
    assert type(error.value).__name__ == "ClassifierNotFittedError"


def test_a_label_with_a_comma_is_given_a_weight() -> None:
    labels = ["a, b" if label == "ham" else "c" for label in LABELS]
    weights = {"a, b": 0, "c": 1}
    assert tiny(class_weight=weights, epochs=30).fit(TEXTS, labels).predict(TEXTS).tolist() == ["c"] * 30


MEALS = ["the soup was cold", "a fine dinner with good bread", "the cook burned our fish"]
CARS = ["the engine stalled again", "new tyres for the truck", "brakes that squeal"]


def test_soft_labels_are_learned_as_files_have_them() -> None:
    """An array, and mappings without labels, say the same; the label is what the figures count against."""
    table = np.array([[0.3, 0.7]] * 3 + [[0.7, 0.3]] * 3)
    labels = ["meal"] * 3 + ["car"] * 3
    by_array = TextCNNClassifier().fit(MEALS + CARS, labels, probabilities=table)
    mappings = [{"car": car, "meal": meal} for car, meal in table.tolist()]
    by_name = TextCNNClassifier().fit(MEALS + CARS, None, probabilities=mappings)
    answers = by_array.predict_proba(MEALS)
    assert np.array_equal(answers, by_name.predict_proba(MEALS))
    assert by_array.model_.figures["soft_labels"] == 6
    assert answers[:, 1].mean() < TextCNNClassifier().fit(MEALS + CARS, labels).predict_proba(MEALS)[:, 1].mean()


def test_a_label_that_is_only_probable_is_a_class_of_the_labels_kind() -> None:
    soft = [{1: 0.6, 3: 0.4}, {2: 1.0}, {1: 1.0}, {2: 1.0}]
    model = TextCNNClassifier().fit(MEALS[:2] + CARS[:2], [1, 2, 1, 2], probabilities=soft)
    assert model.classes_.tolist() == [1, 2, 3]


def test_hints_say_what_labels_mean() -> None:
    texts, labels = [MEALS[0], CARS[0]], [True, False]
    hints = {True: "food and drink in a restaurant", False: "cars, trucks and their repair"}
    plain, hinted = (TextCNNClassifier().fit(texts, labels, label_hints=given) for given in (None, hints))
    right = np.array([True] * 2 + [False] * 2)
    margins = [model.predict_proba(MEALS[1:] + CARS[1:])[np.arange(4), right.astype(int)] for model in (plain, hinted)]
    assert margins[1].mean() > margins[0].mean()
    with pytest.raises(SettingsError, match="there is no label 'boat'"):
        TextCNNClassifier().fit(texts, labels, label_hints={"boat": "sails"})


@pytest.fixture
def any_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A teacher that knows the cars, and takes all else for meals."""

    def vectors(texts: Sequence[str]) -> Any:
        return np.array([[1.0, text in CARS] for text in texts], np.float32)

    monkeypatch.setattr("textcnn.training.teacher.open_teacher", lambda name: vectors)


@pytest.mark.usefixtures("any_model")
def test_a_teacher_says_of_all_texts_what_networks_learn() -> None:
    labels = ["meal"] * 3 + ["car"] * 3
    model = TextCNNClassifier(frozen="off", filters=4, epochs=2)
    model.fit(MEALS + CARS, labels, unlabelled=["a bowl of rice"], teacher="any-model")
    assert model.model_.figures["training_texts"] == 7
    assert model.model_.figures["soft_labels"] == 7


@pytest.mark.usefixtures("any_model")
def test_of_few_texts_a_teacher_is_heard_beside_the_encoder() -> None:
    labels, notes = ["meal"] * 3 + ["car"] * 3, list[str]()
    others = [f"a bowl of rice and {what}" for what in ("eggs", "beans", "fish", "peas", "soup")]
    model = TextCNNClassifier().fit(
        MEALS + CARS,
        labels,
        unlabelled=others,
        teacher="any-model",
        callback=lambda event: notes.append(event.note) is not None,
    )
    assert model.model_.figures["training_texts"] == 6
    assert any(note.startswith("any-model teaches: it tells ") for note in notes)
    assert any("5 texts without labels" in note for note in notes)


def test_docstring_examples() -> None:
    import doctest

    from textcnn import estimator
    from textcnn.text import tokens

    assert doctest.testmod(tokens).attempted > 3
    for module in (estimator, tokens):
        assert doctest.testmod(module).failed == 0
