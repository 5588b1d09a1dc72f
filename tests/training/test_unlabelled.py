"""Texts without labels: where answers are sure they are as good as labels, and they owe nothing to texts left out."""

from pathlib import Path
from typing import Any

import pytest

from textcnn.model.file import write_model
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings
from textcnn.training.fit import FitResult, fit
from textcnn.training.task import Labelled
from textcnn.training.unlabelled import MOST_UNLABELLED, sampled

FOOD = ["the soup was cold", "a fine dinner with good bread", "the cook burned our fish", "fresh salad and wine"]
CARS = ["the engine stalled again", "new tyres for the truck", "brakes that squeal", "a dealer sold me this van"]
POOL = [
    *("we ate rice and beans", "my lunch was too salty", "the waiter brought cheese", "bake the cake slowly"),
    *("the motor needs oil", "a flat tyre on the road", "he parked the car outside", "the gearbox makes noise"),
]
LABELS = [("food",)] * 4 + [("car",)] * 4


def learned(unlabelled: list[str], labels: Any = LABELS, **settings: Any) -> tuple[FitResult, list[str]]:
    heard: list[str] = []
    names = sorted({label for own in labels for label in own})
    result = fit(
        Labelled(FOOD + CARS, labels),
        classes=names,
        multi_label=any(len(own) > 1 for own in labels),
        settings=Settings(**{"keep_ngrams": "off", **settings}),
        callback=lambda event: heard.append(event.note) is not None or event.kind == "epoch",
        unlabelled=unlabelled,
    )
    return result, [note for note in heard if "without labels" in note]


def test_words_that_only_texts_without_labels_have_mean_what_stands_beside_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No vector knows zorblat, and no labelled text has it."""
    monkeypatch.setattr("textcnn.training.frozen._Frozen._gain", lambda *_: -1.0)  # eight texts cannot tell
    pool = [f"{text} {number}" for number in range(30) for text in POOL]
    beside = [f"{text} zorblat" if number % 8 < 4 else text for number, text in enumerate(pool)]
    (result, _), (without, _) = learned(beside), learned(pool)
    asked = ["zorblat", "zorblat zorblat"]
    more, less = (Predictor(each.model).probabilities(asked)[:, 1] for each in (result, without))
    assert "unlabelled" in result.model.figures
    assert (more > less).all()


def test_copies_empty_texts_and_labelled_ones_are_no_lesson() -> None:
    assert sampled(["a b", "A  b", " ", "the soup was COLD", "c"], FOOD, 0) == ["A  b", "c"]
    many = [f"text {number}" for number in range(MOST_UNLABELLED + 100)]
    chosen = sampled(many, [], 0)
    assert len(set(chosen)) == MOST_UNLABELLED
    assert chosen == sampled(many, [], 0) != sampled(many, [], 1)


def test_it_is_said_how_many_are_used_and_what_they_gained(tmp_path: Path) -> None:
    result, (note,) = learned([*POOL, "", FOOD[0]])
    used = result.model.figures.get("unlabelled")
    if used:
        losses = f"{used['log_loss_without']:.2f} → {used['log_loss']:.2f}"
        assert note.startswith(f"uses 8 texts without labels: held-out log loss {losses}")
    else:
        assert note.startswith("8 texts without labels are left out: with them, held-out log loss ")
        write_model(result.model, tmp_path / "with")
        write_model(learned([])[0].model, tmp_path / "without")
        assert (tmp_path / "with").read_bytes() == (tmp_path / "without").read_bytes()
    for name in ("a", "b"):
        write_model(learned(POOL)[0].model, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


GERMAN = ["wir haben gestern abend lange gewartet", "das essen war kalt und fade", "der motor ist schon wieder kaputt"]


@pytest.mark.parametrize(
    ("unlabelled", "labels", "settings", "why"),
    [
        (GERMAN, LABELS, {}, "their words are hardly English"),
        (["", FOOD[0]], LABELS, {}, "all are empty, or are texts that have labels"),
        (POOL, [("food", "short"), *LABELS[1:]], {}, "they teach only where each text has one label"),
        (POOL, LABELS, {"frozen": "off"}, "they teach the sentence encoder, which has no part in this model"),
        (POOL, LABELS, {"vectors": "none"}, "they teach the sentence encoder, which has no part in this model"),
    ],
)
def test_who_is_left_out_is_told_why(unlabelled: list[str], labels: Any, settings: dict[str, Any], why: str) -> None:
    result, (note,) = learned(unlabelled, labels, **settings)
    assert note.startswith(f"the texts without labels are left out: {why}")
    assert "unlabelled" not in result.model.figures


def test_beside_many_texts_that_have_labels_they_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts for validation, which are none of these, make no difference."""
    for few, why in ((7, "they teach where up to 7 texts have labels"), (8, "they teach the sentence encoder, which")):
        monkeypatch.setattr("textcnn.training.networks.ALWAYS", few)
        result, notes = learned(POOL, LABELS, filters=4, epochs=1, frozen="off")
        assert len(notes) == 1 and notes[0].startswith(f"the texts without labels are left out: {why}")
        assert len(result.model.members) == 1
