"""From texts to a model: what is held out, what is fitted on all, what a callback hears and what it can stop."""

from typing import Any

import numpy as np
import pytest
from small_training import LABELS, TEXTS, Heard, by_chance, fitted, quick

from textcnn import TextCNNClassifier
from textcnn.errors import TrainingError
from textcnn.model.file import write_model
from textcnn.model.linear import Join
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings, settled
from textcnn.training.calibration import Calibration
from textcnn.training.fit import fit
from textcnn.training.task import Labelled

PARTS = [f"holding out part {part} of 3" for part in (1, 2, 3)]
ALL = "fitting on all 10 texts"


def test_data_and_seed_fix_every_byte_on_any_number_of_threads(tmp_path) -> None:
    files = set()
    for attempt, threads in enumerate((1, 2, 2)):
        path = tmp_path / f"{attempt}.textcnn"
        write_model(fitted(threads=threads, linear="on").model, path)
        files.add(path.read_bytes())
    assert len(files) == 1


# Stages and events


@pytest.mark.parametrize(
    ("values", "stages"),
    [
        ({}, [*PARTS, ALL]),
        ({"networks": 2}, [*PARTS, ALL]),
        ({"validation_share": 0.1}, ["holding out 2 of 10 texts", ALL]),
        ({"validation_share": 0.1, "refit": "off"}, ["holding out 2 of 10 texts"]),
        ({"quality": "fast"}, ["holding out 2 of 10 texts"]),
    ],
    ids=str,
)
def test_parts_are_held_out_in_turn_and_then_all_are_fitted(values: dict[str, Any], stages: list[str]) -> None:
    heard = Heard()
    result = fitted(callback=heard, **values)
    assert heard.stages == stages
    assert len(result.model.members) == values.get("networks", 1)
    assert not result.seen and len(result.held_out) == len([stage for stage in stages if "holding" in stage])
    numbers = [event.stage.number for event in heard.events]
    assert numbers == sorted(numbers) or not heard.events[-1].stage.name  # the n-grams are no stage
    assert max(numbers) <= max(event.stage.total for event in heard.events)


def test_each_stage_tells_epochs_and_what_the_held_out_texts_say() -> None:
    heard = Heard()
    fitted(callback=heard, batch_size=2)
    *parts, last = heard.of("stage")
    assert all(event.epoch == event.epochs == 4 and event.seconds > 0 for event in (*parts, last))
    assert all(event.loss > 0 and 0 <= event.score <= 1 for event in parts) and last.score is None
    assert [event.epoch for event in heard.of("epoch")] == [1, 2, 3, 4] * 4
    scored = [event.score is not None for event in heard.of("epoch")]
    assert scored == [True] * 4 + [False] * 12  # only the first makes the plan
    assert [event.batch for event in heard.of("batch")][:4] == [1, 2, 3, 1]
    assert {event.batches for event in heard.of("batch") if event.stage.name == ALL} == {5}


def test_vectors_are_told_of_once() -> None:
    heard = Heard()
    fitted(callback=heard, vectors="trained", min_count=1)
    assert len(heard.notes) == len(set(heard.notes)) == 1


def test_validation_texts_are_scored_and_nothing_else_is_held_out() -> None:
    heard = Heard()
    result = fit(
        Labelled(TEXTS, LABELS),
        classes=["ham", "spam"],
        multi_label=False,
        settings=quick(),
        validation=Labelled(["free prize", "at noon"], [("spam",), ("ham",)]),
        callback=heard,
    )
    assert heard.stages == ["fitting on all 10 texts, scored on 2 others"]
    assert [part.texts.tolist() for part in result.held_out] == [[10, 11]]


def test_validation_texts_none_of_whose_labels_is_known_are_left_out() -> None:
    heard = Heard()
    multi_label = [("ham", "x")[: 1 + number % 2] if own == ("ham",) else own for number, own in enumerate(LABELS)]
    result = fit(
        Labelled(TEXTS, multi_label),
        classes=["ham", "spam", "x"],
        multi_label=True,
        settings=quick(),
        validation=Labelled(["free z", "no label", "lunch now"], [("z", "y"), (), ("ham", "z")]),
        callback=heard,
    )
    assert "1 of 3 validation texts have a label that no training text has and are left out" in heard.notes
    assert result.model.figures["validation"]["count"] == 2


def test_where_nothing_can_be_held_out_the_texts_themselves_are_measured() -> None:
    heard = Heard()
    result = fitted(Labelled(["a b", "a b", "c"], [("ham",), ("ham",), ("spam",)]), callback=heard)
    assert result.seen and heard.stages == ["fitting on all 3 texts"]
    assert result.model.figures["validation"]["count"] == 3


def test_nothing_to_learn_from() -> None:
    with pytest.raises(TrainingError, match="empty"):
        fit(Labelled(["", " "], [("a",), ("b",)]), classes=["a", "b"], multi_label=False, settings=quick())


# Stopping


@pytest.fixture(scope="module")
def everything() -> Heard:
    """All events of a training that nobody stops."""
    heard = Heard()
    fitted(callback=heard)
    return heard


@pytest.mark.parametrize("values", [{"epochs": 50}, {"epochs": 0}], ids=str)
@pytest.mark.parametrize("after", [0, 3])
def test_stopping_keeps_the_best_checkpoint(values: dict[str, Any], after: int) -> None:
    """Also before the first epoch has ended, when there is none yet."""
    heard = Heard(stop_after=after)
    result = fitted(callback=heard, linear="on", **values)
    assert len(heard.of("batch", "epoch")) == after + 1  # nothing is learned any more
    assert len(result.model.figures["curve"]) <= 2 and len(result.held_out) == 1
    expected = "stopped: checkpoint of epoch 2 kept" if after else "stopped before an epoch had ended"
    assert heard.of("stage")[0].note == expected


def test_stopping_in_a_later_part_leaves_that_part_out(everything: Heard) -> None:
    first = [event for event in everything.of("batch", "epoch") if event.stage.name == PARTS[0]]
    for after, parts in ((len(first), 1), (2 * len(first), 2)):
        result = fitted(callback=Heard(stop_after=after))
        assert len(result.held_out) == parts
        assert result.model.figures["validation"]["count"] == sum(len(part.texts) for part in result.held_out)


def test_stopping_at_the_end_keeps_the_model_of_the_first_part(everything: Heard) -> None:
    count = len(everything.of("batch", "epoch"))
    stopped = fitted(callback=Heard(stop_after=count - 2))
    first = fitted(validation_share=0.0, callback=Heard(stop_after=count // 4))
    assert len(stopped.held_out) == 3
    np.testing.assert_array_equal(
        stopped.model.members[0].network.filters[0], first.model.members[0].network.filters[0]
    )


# Figures


@pytest.mark.slow
def test_the_model_is_calibrated_and_measured_on_answers_to_all_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer is of a model that had not seen the text: by heart all would be right here, by chance half."""
    calibrated: list[int] = []

    def of(network: Any, linear: Any, targets: Any, *others: Any, **more: Any) -> Calibration:
        calibrated.append(len(targets))
        assert (network.argmax(axis=1) == targets.argmax(axis=1)).mean() < 0.8
        return Calibration(Join(2.0, 0.0))

    monkeypatch.setattr(Calibration, "of", of)
    texts, labels, *_ = noise = by_chance()
    model = fitted(noise, min_count=1, epochs=60, learning_rate=0.02).model
    assert calibrated == [60, 40, 40, 40]  # all for the model; for the figures of a part the other parts
    assert model.join == Join(2.0, 0.0)
    figures = model.figures["validation"]
    assert figures["count"] == 60 and 0.3 < figures["accuracy"] < 0.7
    answers = Predictor(model).all_probabilities(texts).argmax(axis=1)
    assert np.mean([model.labels[answer] == own for answer, (own,) in zip(answers, labels, strict=True)]) > 0.9


@pytest.mark.parametrize(("values", "last"), [({}, True), ({"quality": "fast"}, False), ({"patience": 1}, False)])
def test_the_last_checkpoint_is_kept_if_all_texts_are_fitted_in_the_end(values: dict[str, Any], last: bool) -> None:
    """What is kept of the part held out is what the whole will be; else, or if it ended early, the best."""
    model = fitted(by_chance(), epochs=9, learning_rate=0.1, **values).model
    curve, kept = model.figures["curve"], model.figures["kept"]
    best = 1 + max(range(len(curve)), key=lambda epoch: (curve[epoch][2], -curve[epoch][1]))
    assert best < len(curve) and kept == (len(curve) if last else best)


# What goes into the model


def test_what_inspect_would_need_is_left_out_if_it_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textcnn.training.fit.MOST_PACKED", 10)
    heard = Heard()
    assert fitted(callback=heard).model.packed_interpretation is None
    assert "so many filters have learned more than a model can keep for textcnn inspect" in heard.notes


@pytest.mark.parametrize(("frozen", "vectors"), [("off", 1), ("auto", 2)])  # of a word: the encoder has its own
def test_of_very_many_words_those_met_once_stay_out(monkeypatch: pytest.MonkeyPatch, frozen: str, vectors: int) -> None:
    """With room for so few, words met once make way for the table's frequent ones; the answers go on."""
    texts = ["free film tonight", "free film again zyzzyva", "good lunch tomorrow", "good lunch quokkas"] * 2
    texts += ["wonderful sparrows", "terrible umbrellas"]
    labels = ["a", "a", "b", "b"] * 2 + ["a", "b"]
    small: dict[str, Any] = {"filters": 2, "epochs": 1, "linear": "off", "refit": "off", "keep_words": 5}
    small["frozen"] = frozen
    usual = TextCNNClassifier(**small).fit(texts, labels).model_
    room = 14 * (vectors * 256 + 20)
    monkeypatch.setattr("textcnn.training.export._MOST_BYTES", room)
    less = TextCNNClassifier(**small).fit(texts, labels).model_
    assert "sparrows" in usual.vocabulary.words() and "sparrows" not in less.vocabulary.words()
    assert {"film", "lunch", "the", ","} <= set(less.vocabulary.words())
    of_texts = len(less.members[0].trained.scales)
    assert of_texts * (vectors * 256 + 20) + (len(less.vocabulary) - of_texts) * (256 + 20) <= room
    assert len(less.members[0].trained.scales) + 5 >= len(less.vocabulary)
    assert Predictor(less).probabilities(["free sparrows", "the lunch"]).shape == (2, 2)
    monkeypatch.undo()
    greedy = TextCNNClassifier(**{**small, "keep_words": 1_000_000}).fit(texts, labels).model_
    assert {"sparrows", "zyzzyva"} <= set(greedy.vocabulary.words())


def test_what_is_left_to_the_data_and_to_quality_is_settled_once() -> None:
    assert [settled(Settings(), labels).filters for labels in (2, 50, 51)] == [100, 100, 200]
    assert settled(Settings(filters=3), 100).filters == 3
    assert [settled(Settings(quality=quality), 2).refit for quality in ("fast", "good")] == ["off", "on"]
    assert [settled(Settings(quality=quality), 2).adversarial for quality in ("fast", "good")] == [0, 0.6]
    assert [settled(Settings(quality="fast", adversarial=length), 2).adversarial for length in (0, 1)] == [0, 1]
