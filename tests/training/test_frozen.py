"""Few texts: the last layer alone is learned, in closed form, over the sentence encoder."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_training import LABELS, TEXTS, Heard, by_chance, questions

from textcnn.encoder import SentenceEncoder
from textcnn.errors import SettingsError
from textcnn.insight.explain import explain
from textcnn.model.file import FORMAT, format_of, read_model, write_model
from textcnn.model.hashing import distinct_spellings, features, pair_buckets
from textcnn.model.model import Model
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings, settled
from textcnn.text.lexicon import encode
from textcnn.training import frozen
from textcnn.training.fit import FitResult, fit
from textcnn.training.frozen import _Spelling, fit_frozen
from textcnn.training.outcome import Outcome
from textcnn.training.task import Labelled, Task

FOOD = ["the soup was cold", "a fine dinner with good bread", "the cook burned our fish", "fresh salad and wine"]
CARS = ["the engine stalled again", "new tyres for the truck", "brakes that squeal", "a dealer sold me this van"]
MEALS = [("food",)] * 4 + [("car",)] * 4


def learned(texts: list[str], labels: list[tuple[str, ...]], *, more: Any = None, **settings: Any) -> FitResult:
    classes = sorted({label for own in labels for label in own})
    several = any(len(own) != 1 for own in labels)
    chosen = Settings(**{"keep_ngrams": "off", **settings})  # to find n-grams takes half of the time
    return fit(Labelled(texts, labels), classes=classes, multi_label=several, settings=chosen, **(more or {}))


@pytest.fixture(scope="module")
def of_messages() -> Model:
    """A model of a few messages, and nobody may change it."""
    return learned(TEXTS, LABELS).model


def test_what_words_mean_is_known_from_four_texts() -> None:
    heard = Heard()
    result = learned(FOOD + CARS, MEALS, more={"callback": heard})
    model = result.model
    answers = Predictor(model).probabilities(["the waiter forgot my lunch", "my motor needs oil"])
    assert [model.labels[place] for place in answers.argmax(axis=1)] == ["food", "car"]
    assert model.settings["frozen"] == "on"
    assert heard.stages == ["learning the last layer from 8 texts"]
    (held,) = result.held_out
    assert held.texts.tolist() == list(range(8))  # every text
    assert model.figures["validation"]["count"] == 8
    assert not result.seen


GERMAN = ["Die Suppe war kalt.", "Ein gutes Abendessen mit Brot.", "Der Fisch ist verbrannt.", "Salat und Wein",
          "Der Motor ist wieder ausgegangen.", "Neue Reifen für den Lastwagen", "Die Bremsen quietschen.",
          "Ein Händler verkaufte mir das Auto."]  # fmt: skip
THAI = ["ซุปเย็นมาก", "อาหารเย็นอร่อยมาก", "พ่อครัวทำปลาไหม้", "สลัดสดและไวน์",
        "เครื่องยนต์ดับอีกแล้ว", "ยางใหม่สำหรับรถบรรทุก", "เบรกรถมีเสียงดัง", "เขาขายรถคันนี้ให้ฉัน"]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "asked"),
    [(GERMAN, ["Das Restaurant kocht Gemüse", "Die Werkstatt repariert Fahrzeuge"]), (THAI, ["ข้าวผัด", "ขับรถยนต์"])],
)
def test_so_it_is_in_other_languages(texts: list[str], asked: list[str], tmp_path: Path) -> None:
    """Over the shared vectors, whose encoder is a mean: the model file holds it, and explanations add up."""
    model = learned(texts, MEALS).model
    write_model(model, tmp_path / "m")
    predictor = Predictor(read_model(tmp_path / "m"))
    answers = predictor.probabilities(asked)
    assert [model.labels[place] for place in answers.argmax(axis=1)] == ["food", "car"]
    assert (model.settings["frozen"], model.settings["pooling"], model.settings["widths"]) == ("on", "mean", (1,))
    assert (answers == Predictor(model).probabilities(asked)).all()
    explanation = explain(predictor, asked[1], "car")
    total = explanation.bias + sum(word.contribution for word in explanation.words)
    assert total == pytest.approx(explanation.logit, abs=1e-5)
    assert format_of(model) == FORMAT and len(model.vocabulary) >= 185_000  # in half bytes all shared words have room


def test_what_german_texts_teach_holds_for_english_ones() -> None:
    model = learned(GERMAN, MEALS, linear="off").model
    answers = Predictor(model).probabilities(["bread and fish for dinner", "the engine of a truck"])
    assert [model.labels[place] for place in answers.argmax(axis=1)] == ["food", "car"]


def test_words_that_only_a_text_held_out_has_count_as_those_of_new_texts_do() -> None:
    texts = ["rain and wind", "wind and clouds", "a goal and a match", "a match and a team"]
    (held,) = learned(texts, [("weather",)] * 2 + [("sport",)] * 2).held_out
    assert held.likeness.unseen[np.argsort(held.texts)].tolist() == [1 / 4, 1 / 4, 3 / 6, 3 / 6]  # "a" is no word


def test_who_has_learned_nothing_is_not_sure() -> None:
    """Of single draws the surest answer is between .63 and .91, so twelve tell."""
    surest = []
    for seed in range(12):
        texts, labels, *_ = by_chance(seed)
        surest.append(Predictor(learned(list(texts), list(labels)).model).probabilities(FOOD + CARS).max())
    assert np.mean(surest) < 0.72


def test_the_same_texts_give_the_same_file(of_messages: Model, tmp_path: Path) -> None:
    write_model(of_messages, tmp_path / "a")
    write_model(learned(TEXTS, LABELS).model, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_file_gives_the_same_answers(of_messages: Model, tmp_path: Path) -> None:
    write_model(of_messages, tmp_path / "a")
    texts = ["free lunch", "", "win a prize"]
    written = Predictor(read_model(tmp_path / "a")).probabilities(texts)
    assert (written == Predictor(of_messages).probabilities(texts)).all()


def test_contributions_add_up(of_messages: Model) -> None:
    predictor = Predictor(of_messages)
    text = "a free lunch at home"
    explanation = explain(predictor, text, "spam")
    total = explanation.bias + sum(word.contribution for word in explanation.words)
    assert total == pytest.approx(explanation.logit, abs=1e-5)


def test_how_several_texts_begin_counts_four_times_as_much() -> None:
    """Its weight is the square of that beside the same pair elsewhere; how one text alone begins is like its end."""
    texts = ["so we eat", "so they eat", "then we drive", "then they drive", "fresh bread", "new tyres"]
    encoded = encode(texts, 20)
    spelling = _Spelling.of(encoded)
    spellings, spelling_of = distinct_spellings(encoded.surfaces)
    pairs = pair_buckets(features(spellings), spelling_of, encoded.ragged)  # four of "so we eat", the first at its edge
    weights = spelling.features.weights(np.eye(len(texts), dtype=np.float32))  # to each text those of its own features

    def of_pair(text: int, pair: int) -> float:
        (place,) = np.flatnonzero(spelling.features.tables.buckets == pairs[pair])
        return float(weights[place, text])

    assert of_pair(0, 0) == pytest.approx(4**2 * of_pair(0, 3), rel=1e-5)  # "so" begins as many texts as "eat" ends
    fresh = sum(len(text.split()) + 1 for text in texts[:4])
    assert of_pair(4, fresh) == pytest.approx(of_pair(4, fresh + 2), rel=1e-5)


def test_texts_left_out_choose_the_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where labels are chance it is best to say little: the larger penalty; where they are not, the smaller one."""
    noise, labels, *_ = by_chance()
    topics = [text + end for text in FOOD + CARS for end in ("", " again", " today")]
    sets = [(list(noise), list(labels)), (topics, [label for label in MEALS for _ in range(3)])]
    chosen = [learned(*of_set).model.members[0].network.layers[0][0] for of_set in sets]
    for one, penalty in zip(range(2), (3.0, 1.0), strict=True):
        monkeypatch.setattr("textcnn.training.last_layer._PENALTIES", (penalty,))
        assert (learned(*sets[one]).model.members[0].network.layers[0][0] == chosen[one]).all()


def test_what_is_asked_is_told_by_the_first_word() -> None:
    things = ["tickets", "rain", "chairs", "the dog", "a house", "my parcel", "cold soup", "this van"]
    asked = [("when" if place % 2 else "who") + " is about " + thing for place, thing in enumerate(things)]
    model = learned(asked, [("time",) if place % 2 else ("person",) for place in range(8)]).model
    answers = Predictor(model).probabilities(["who is about tickets", "when is about tickets"])
    assert [model.labels[place] for place in answers.argmax(axis=1)] == ["person", "time"]


@pytest.mark.parametrize("others", [[], ["Who saw the garden?", "What year is the church from?", "Who wrote to us?"]])
@pytest.mark.parametrize("by", ["what is asked", "what it is about"])
def test_labels_say_whether_questions_are_learned_by_what_they_ask_for(
    by: str, others: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where they are not, the model is as if nothing were known of that; where they are, it is nearer to the truth."""
    texts, labels = questions(by)
    both = learned(texts, labels, more={"unlabelled": others}).model
    monkeypatch.setattr(SentenceEncoder, "asking", lambda self: self)
    usual = learned(texts, labels, more={"unlabelled": others}).model
    write_model(both, tmp_path / "both")
    write_model(usual, tmp_path / "usual")
    same = (tmp_path / "both").read_bytes() == (tmp_path / "usual").read_bytes()
    assert same == (by == "what it is about")
    losses = [model.figures["validation"]["log_loss"] for model in (both, usual)]
    assert same or losses[0] < losses[1]


def test_validation_texts_and_hints_are_not_asked_whether_they_are_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = []
    every = frozen.encoders_over
    monkeypatch.setattr(frozen, "encoders_over", lambda *given: offered.append(every(*given)) or offered[-1])
    texts, labels = questions("what is asked")
    said = Labelled(["It was late.", "They are here."] * 20, [("when",), ("who",)] * 20)
    learned(texts, labels, more={"validation": said, "hints": {"who": "a person", "when": "a year or a day"}})
    assert [len(each) for each in offered] == [2]


@pytest.mark.parametrize("linear", ["on", "off"])
def test_several_labels(linear: str) -> None:
    labels = [own if number % 2 else (*own, "short") for number, own in enumerate(MEALS)]
    model = learned(FOOD + CARS, labels, linear=linear).model
    answers = Predictor(model).probabilities([*FOOD, *CARS])
    assert model.multi_label
    assert len(model.thresholds) == 3
    assert (answers[:4, model.labels.index("food")] > answers[4:, model.labels.index("food")].max()).all()


def test_texts_that_are_the_only_ones_of_their_label() -> None:
    result = learned([FOOD[0], CARS[0]], [("food",), ("car",)])
    assert result.seen
    assert result.model.figures["validation"]["count"] == 2


def test_copies_are_held_out_together() -> None:
    """A copy would give away the label: without the others of their kind, these say nothing."""
    random = np.random.default_rng(0)
    texts = [f"w{number}x" for number in random.permutation(8)]
    result = learned([*texts, *texts], LABELS[1:9] * 2, linear="on")
    assert result.model.figures["validation"]["accuracy"] < 0.8


def test_validation_texts_say_how_good_it_is() -> None:
    held = Labelled([FOOD[3], CARS[3]], [("food",), ("car",)])
    result = learned(FOOD[:3] + CARS[:3], MEALS[1:7], more={"validation": held})
    assert result.held_out[0].texts.tolist() == [6, 7]
    assert result.model.figures["validation"]["count"] == 2


def test_weights_of_classes_count() -> None:
    texts, labels = FOOD + CARS[:2], MEALS[:6]
    plain, heavy = (
        Predictor(learned(texts, labels, class_weight=weight).model).probabilities(["it is what it is"])[0]
        for weight in ("none", "car=5")
    )
    assert heavy[0] > plain[0]


@pytest.mark.parametrize("settings", [{"filters": 8, "epochs": 1}, {"frozen": "off", "epochs": 1}])
def test_who_asks_for_a_network_gets_one(settings: dict[str, Any]) -> None:
    model = learned(TEXTS, LABELS, quality="fast", **settings).model
    assert model.settings["frozen"] != "on"
    assert model.figures["curve"]


def test_more_than_200_texts_get_a_network_however_many_labels_they_have() -> None:
    texts = [f"the {one} and the {other}" for one in range(10) for other in range(21)]
    labels = [(str(number % 70),) for number in range(210)]
    assert _without_network(Labelled(texts[:200], labels[:200]), Settings()) is not None
    assert _without_network(Labelled(texts, labels), Settings()) is None
    assert _without_network(Labelled(texts, labels), Settings(frozen="on")) is not None


def _without_network(training: Labelled, settings: Settings) -> Outcome | None:
    classes = sorted({label for (label,) in training.labels})
    task = Task.of([training], classes, settled(settings, len(classes)), multi_label=False)
    return fit_frozen(task, training, np.empty(0, np.int64), lambda event: False)


def test_languages_that_no_vectors_know_get_a_network() -> None:
    texts = ["ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ ᎠᎴ ᏗᏂᏲᎵ", "ᎠᎹ ᎤᏴᏝ ᎢᎦ ᎤᏗᎴᎦ"] * 2
    labels = [("a",), ("b",)] * 2
    assert learned(texts, labels, more={"callback": lambda event: event.kind == "epoch"}).model.figures["curve"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 5}, "frozen: on does not go with --epochs"),
        ({"vectors": "none"}, "frozen: on is for the vectors in the package"),
    ],
)
def test_what_is_not_possible_is_said(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        learned(TEXTS, LABELS, frozen="on", **settings)


def test_torch_is_not_imported(tmp_path: Path) -> None:
    rows = [f'{own[0]},"{text}"' for text, own in zip(TEXTS, LABELS, strict=True)]
    (tmp_path / "few.csv").write_text("\n".join(["label,text", *rows]), encoding="utf-8")
    code = (
        "import sys; from textcnn.cli.application import main; sys.argv = ['textcnn', 'train', 'few.csv']\n"
        "try: main()\nfinally: print(sorted({'torch', 'gensim', 'sklearn'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr
    assert "accuracy" in done.stderr
    assert "try: textcnn predict" in done.stderr
