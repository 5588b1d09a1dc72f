"""What the names of labels, or hints, say: with no labelled text a guess, with few a help."""

import numpy as np
import pytest
from small_training import LABELS, TEXTS, Heard, quick

from textcnn.encoder import ENCODER, encode, read_encoder
from textcnn.errors import DataError, SettingsError
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings
from textcnn.training.fit import fit
from textcnn.training.guess import fit_guess
from textcnn.training.label_names import guessed, have_words, hint_weight, label_words, words_for
from textcnn.training.task import Labelled
from textcnn.vectors.loading import open_vectors

ENGLISH = read_encoder(ENCODER)
QUICK = Settings(keep_ngrams="off")  # to find n-grams takes half of the time
FOOD = ["the soup was cold", "a fine dinner with good bread", "the cook burned our fish", "fresh salad and wine"]
GERMAN = [
    *("Die Suppe war kalt.", "Ein gutes Abendessen mit Brot.", "Der Fisch ist verbrannt.", "Salat und Wein"),
    *("Der Motor ist ausgegangen.", "Neue Reifen für den Lastwagen", "Die Bremsen quietschen.", "ein neues Auto"),
]
CARS = ["the engine stalled again", "new tyres for the truck", "brakes that squeal", "a dealer sold me this van"]


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("not_spam", "not spam"),
        ("NotSpam", "not spam"),
        ("Sci/Tech", "science technology"),
        ("HTMLPage2", "html page 2"),
        ("NEG", "negative"),
        ("SANTÉ", "santé"),
        ("खेल_जगत", "खेल जगत"),
        ("กีฬา", "กีฬา"),
    ],
)
def test_names_are_cut_into_words(label: str, words: str) -> None:
    assert label_words(label) == words


def test_a_hint_wins_over_the_name() -> None:
    assert words_for(["0", "car_repair"], {"0": "meals"}, ENGLISH.table) == ["meals", "car repair"]


@pytest.mark.parametrize("label", ["0", "a", "xqzvw", "好"])
def test_what_is_no_word_wants_a_hint(label: str) -> None:
    with pytest.raises(SettingsError, match=f"nothing can be guessed from label '{label}': it has no word"):
        words_for([label, "food"], {}, ENGLISH.table)


def test_a_hint_for_another_label_is_a_mistake() -> None:
    with pytest.raises(SettingsError, match="label_hints: there is no label 'fod', but 'car', 'food'"):
        words_for(["car", "food"], {"fod": "meals"}, ENGLISH.table)


def test_texts_are_of_the_label_whose_words_they_are_near() -> None:
    shares = guessed(FOOD + CARS, ["food", "car"], ENGLISH)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert (shares.argmax(axis=1) == [0] * 4 + [1] * 4).all()
    assert shares.max() < 0.97


def test_the_logits_of_a_guess_are_standardised_cosines() -> None:
    """Of two labels by hand: the places are opposite each other, and so are the logits."""
    rows = encode(FOOD + CARS).astype(float)
    logits = np.log(guessed(FOOD + CARS, ["food", "car"], ENGLISH))
    differences = logits[:, 0] - logits[:, 1]
    assert len(rows) == 8 and differences.mean() == pytest.approx(0, abs=1e-9)
    assert differences.std() == pytest.approx(2)


def test_a_first_model_guesses_and_promises_nothing() -> None:
    heard = Heard()
    model = fit_guess(FOOD * 2 + CARS, ["food", "car"], settings=QUICK, callback=heard)
    answers = Predictor(model).probabilities(["the waiter forgot my lunch", "my motor needs oil"])
    assert model.labels == ("car", "food") and answers.argmax(axis=1).tolist() == [1, 0]
    assert "validation" not in model.figures and not model.optional
    assert model.figures["guessed_from"] == {"car": "car", "food": "food"}
    assert model.figures["training_texts"] == 8


def test_german_texts_are_guessed_by_the_shared_vectors_from_german_or_english_names() -> None:
    for names in (["food", "car"], ["Essen", "Auto"]):
        model = fit_guess(GERMAN * 2, names, settings=QUICK)
        answers = Predictor(model).probabilities(["Das Restaurant kocht Gemüse", "Die Werkstatt repariert Fahrzeuge"])
        assert [model.labels[place] for place in answers.argmax(axis=1)] == names
        assert model.figures["vectors"] == "shared"


def test_nothing_is_guessed_in_a_language_that_no_vectors_know() -> None:
    with pytest.raises(SettingsError, match="hardly know the language"):
        fit_guess(["ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "ᎠᎴ ᏗᏂᏲᎵ", "ᎠᎹ ᎤᏴᏝ", "ᎢᎦ ᎤᏗᎴᎦ"], ["food", "car"], settings=QUICK)


def test_nothing_is_guessed_from_hardly_any_texts() -> None:
    with pytest.raises(DataError, match="3 different texts for 2 labels"):
        fit_guess(FOOD[:3], ["food", "car"], settings=QUICK)
    with pytest.raises(SettingsError, match="where each text has one"):
        fit_guess(FOOD + CARS, ["food", "car"], settings=Settings(labels_per_text="several"))


def test_hints_help_where_texts_are_few() -> None:
    training = Labelled([FOOD[0], CARS[2]], [("food",), ("car",)])
    hints = {"food": "meals, restaurants, cooking", "car": "cars, trucks, engines, driving"}
    asked = ["my sister bakes", "the road to work"]
    answers = []
    for given in (None, hints):
        model = fit(training, classes=["car", "food"], multi_label=False, settings=QUICK, hints=given).model
        answers.append(Predictor(model).probabilities(asked))
    assert answers[1][0, 1] > answers[0][0, 1] and answers[1][1, 0] > answers[0][1, 0]


def test_names_are_where_few_texts_start() -> None:
    """What a, b mean nobody knows; of food and car the vectors do, and texts bear them out."""
    asked = ["she bakes pies", "my sister cooks rice", "fried eggs", "the road to work", "a parking lot", "we drive"]
    is_car, heard, right = np.repeat([0, 1], 3), Heard(), []
    for names in (("a", "b"), ("food", "car")):
        labels = [names[:1]] * 4 + [names[1:]] * 4
        model = fit(
            Labelled(FOOD + CARS, labels), classes=names, multi_label=False, settings=QUICK, callback=heard
        ).model
        right.append(Predictor(model).probabilities(asked)[np.arange(6), is_car])
    assert (right[1] > right[0]).all()
    assert [event.note.partition("; ")[2] for event in heard.of("stage")] == ["", "names of labels trusted 100%"]


def test_names_that_deceive_are_as_no_names() -> None:
    answers = []
    for first, second in (("car", "food"), ("b", "a")):
        labels = [(first,)] * 4 + [(second,)] * 4
        model = fit(Labelled(FOOD + CARS, labels), classes=[first, second], multi_label=False, settings=QUICK).model
        answers.append(Predictor(model).probabilities(CARS))
    assert answers[0] == pytest.approx(answers[1])


def test_texts_that_names_cannot_tell_apart_are_told_apart_by_nothing() -> None:
    """To the encoder all are one text; a thousandth of nothing must not be made as large as a label."""
    heard = Heard()
    texts, names = ["zxqv the", "qwrtz the", "the kkkzz"], ["food", "politics", "sports"]
    labels = [(name,) for name in names]
    model = fit(Labelled(texts, labels), classes=names, multi_label=False, settings=QUICK, callback=heard).model
    assert np.abs(model.members[0].network.layers[0][0]).max() < 100
    (stage,) = heard.of("stage")
    assert "on texts learned from" in stage.note


def test_unchecked_names_are_trusted_by_a_quarter_and_that_is_said() -> None:
    heard = Heard()
    texts, labels = [FOOD[0], CARS[2]], [("food",), ("car",)]
    fit(Labelled(texts, labels), classes=["car", "food"], multi_label=False, settings=QUICK, callback=heard)
    (stage,) = heard.of("stage")
    assert stage.note.endswith("on texts learned from; names of labels trusted 25%, unchecked")


def test_names_of_other_scripts_are_words_that_vectors_may_know() -> None:
    shared = open_vectors("shared", say=lambda note: None).table
    assert have_words(["खेल", "体育新闻", "กีฬา", "Geographie", "3"], shared) == [True, True, True, True, False]
    assert have_words(["x", "", "food"], ENGLISH.table) == [False, False, True]


def test_hints_are_not_held_out() -> None:
    result = fit(
        Labelled(FOOD + CARS, [("food",)] * 4 + [("car",)] * 4),
        classes=["car", "food"],
        multi_label=False,
        settings=QUICK,
        hints={"food": "meals", "car": "engines"},
    )
    (held,) = result.held_out
    assert held.texts.tolist() == list(range(8)) and result.model.figures["training_texts"] == 8


def test_a_hint_weighs_less_the_more_texts_there_are() -> None:
    weights = [hint_weight(2 * size, 2) for size in (0, 1, 4, 12, 120)]
    assert weights == pytest.approx([10, 10, 3, 1, 0.1])


def test_networks_leave_hints_out_and_say_so() -> None:
    heard = Heard()
    fit(
        Labelled(TEXTS, LABELS),
        classes=["ham", "spam"],
        multi_label=False,
        settings=quick(quality="fast"),
        callback=heard,
        hints={"spam": "prizes"},
    )
    assert "label hints are left out: they are for few texts over the vectors of the package" in heard.notes
