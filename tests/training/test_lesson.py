"""What a teacher hands on: soft labels, in which the sentence encoder of the package has a say where texts are few."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from textcnn.settings import Settings
from textcnn.training.encoder_answers import TeachingAnswers, answers_of_encoder
from textcnn.training.lesson import Lesson, mixed, taught
from textcnn.training.task import Labelled

NETWORKS = Settings(frozen="off")  # which is nothing for the encoder: the teacher is asked alone

# Twenty texts of each of two labels, whose vectors say which.
TEXTS = [f"{side} {number}" for side in ("left", "right") for number in range(20)]
LABELS = [("l",)] * 20 + [("r",)] * 20

# Of food and of cars; the encoder tells them from each other.
MEALS = [
    "the soup was cold",
    "we had noodles and tea",
    "a bowl of rice",
    "the cook burned my fish",
    "pasta with tomato sauce",
    "bread, butter and cheese",
]
CARS = [
    "the engine makes a noise",
    "he changed a tyre",
    "my truck needs oil",
    "the brakes are worn",
    "a new gearbox for the van",
    "it would not start this morning",
]


def sides(texts: Sequence[str]) -> np.ndarray:
    """Vectors of one number, with a little that says nothing."""
    noise = np.random.default_rng(0).normal(size=(len(texts), 3)) / 10
    side = [[1.0 if text.startswith("left") else -1.0] for text in texts]
    return np.concatenate([side, noise], axis=1).astype(np.float32)


def kinds(texts: Sequence[str]) -> np.ndarray:
    """Vectors that say whether a text is one of the above about food."""
    return np.array([[1.0, 0.0] if text in MEALS else [0.0, 1.0] for text in texts], np.float32)


def codes_only(texts: Sequence[str]) -> np.ndarray:
    """Vectors that tell codes of food from those of cars, which no encoder can, and say nothing of other texts."""
    return np.array([[text.startswith("fq"), text.startswith("cx")] for text in texts], np.float32)


def nothing(texts: Sequence[str]) -> np.ndarray:
    """Vectors that say nothing."""
    return np.random.default_rng(1).normal(size=(len(texts), 2)).astype(np.float32)


def alone(labels: Sequence[tuple[str, ...]] = LABELS, others: Sequence[str] = (), **more: Any) -> Lesson:
    return taught(
        Labelled(TEXTS, labels),
        others,
        sides,
        "sides",
        ["l", "r"],
        NETWORKS,
        **{"multi_label": False, "hints": {}, **more},
    )


def beside(encode: Any, others: Sequence[str] = (), **settings: Any) -> Lesson:
    labelled = Labelled(MEALS + CARS, [("food",)] * 6 + [("car",)] * 6)
    given = Settings(**settings)
    return taught(labelled, others, encode, "it", ["car", "food"], given, multi_label=False, hints={})


def soft_of(lesson: Lesson, number: int) -> dict[str, float]:
    assert lesson.labelled.soft is not None
    soft = lesson.labelled.soft[number]
    assert soft is not None
    return dict(soft)


class TestATeacherAlone:
    def test_it_teaches_texts_that_nobody_has_labelled(self) -> None:
        lesson = alone(others=["left of all"])
        soft = soft_of(lesson, 40)
        assert soft["l"] > 0.9 and sum(soft.values()) == pytest.approx(1)
        assert lesson.labelled.labels[40] == ("l",) and lesson.unlabelled == ()
        assert "it labels 1 further texts" in lesson.notes[-1]

    def test_a_labelled_text_is_taught_by_others_and_by_its_label(self) -> None:
        """A text whose label is wrong: the others say so, and what it is taught lies between."""
        lesson = alone([("r",), *LABELS[1:]])
        assert 0.5 <= soft_of(lesson, 0)["r"] < 0.6 and soft_of(lesson, 1)["l"] > 0.9
        assert lesson.labelled.labels[0] == ("r",)
        assert lesson.notes == ["sides teaches: it tells 97.5% of texts that it has not learned from"]

    def test_multi_label_texts_are_taught_each_label_by_itself(self) -> None:
        labels = [("l", "r")] * 20 + [("r",)] * 20
        lesson = alone(labels, ["right"], multi_label=True)
        soft = soft_of(lesson, 40)
        assert soft["l"] < 0.2 and soft["r"] == pytest.approx(1)
        assert lesson.labelled.labels[40] == ("r",)

    def test_the_only_text_of_a_label_is_taught_its_label(self) -> None:
        labelled = Labelled(["left", "right", "right too"], [("l",), ("r",), ("r",)])
        lesson = taught(labelled, (), sides, "it", ["l", "r"], NETWORKS, multi_label=False, hints={})
        assert soft_of(lesson, 0) == {"l": 1.0, "r": 0.0}

    def test_empty_texts_are_no_lesson(self) -> None:
        assert len(alone(others=["", "left", "  "]).labelled.texts) == 41

    def test_soft_labels_that_are_there_stay(self) -> None:
        given: list[Any] = [{"l": 0.7, "r": 0.3}, *[None] * 39]
        labelled = Labelled(TEXTS, LABELS, None, given)
        lesson = taught(labelled, (), sides, "it", ["l", "r"], NETWORKS, multi_label=False, hints={})
        assert soft_of(lesson, 0) == given[0] and soft_of(lesson, 1)["l"] > 0.9


class TestBesideTheEncoder:
    def test_a_teacher_that_is_wrong_is_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        wrong = np.array([[1.0, 0.0]] * 6 + [[0.0, 1.0]] * 6)
        answers = TeachingAnswers(wrong, np.ones(12, bool), np.array([[0.9, 0.1]]))
        monkeypatch.setattr("textcnn.training.lesson.answers_of_teacher", lambda *_, **__: answers)
        lesson = beside(nothing, ["fried eggs"])
        assert lesson.labelled.soft is None and lesson.unlabelled == ["fried eggs"]
        assert lesson.notes[-1] == "the teacher is left out: the encoder alone is clearly better"

    def test_one_that_knows_nothing_of_few_texts_counts_least(self) -> None:
        assert beside(nothing).notes[-1] == "of what is taught the encoder says 75%, the teacher 25%"

    def test_of_few_texts_a_pupil_hears_it(self) -> None:
        lesson = beside(kinds, ["a plate of cold meat"])
        assert lesson.labelled.soft is None and lesson.unlabelled == ["a plate of cold meat"]
        assert lesson.said is not None and 0 < lesson.said.share <= 1
        second = lesson.said.of(lesson.unlabelled, ["food", "boat"])
        assert second.share == lesson.said.share
        assert second.probabilities[0, 0] == lesson.said.by_text["a plate of cold meat"]["food"]
        assert second.probabilities[0, 1] == 0

    def test_of_more_texts_networks_learn_what_both_say(self) -> None:
        """Codes are known to the teacher alone, food and cars to the encoder."""
        codes = [*(f"fq{number}" for number in range(100)), *(f"cx{number}" for number in range(100))]
        labels = [*[("food",)] * 6, *[("car",)] * 6, *[("food",)] * 100, *[("car",)] * 100]
        labelled = Labelled(MEALS + CARS + codes, labels)
        others = ["a plate of cold meat", "fq700"]
        both, alone = (
            taught(labelled, others, codes_only, "it", ["car", "food"], given, multi_label=False, hints={})
            for given in (Settings(), NETWORKS)
        )
        assert re.match(r"of what is taught the encoder says (25|50|75)%, the teacher", both.notes[-2])
        assert both.said is None and both.unlabelled == ()
        assert soft_of(both, 212)["food"] > soft_of(alone, 212)["food"]
        assert soft_of(both, 213)["food"] > 0.65

    def test_networks_that_are_asked_for_leave_the_teacher_alone(self) -> None:
        for settings in ({"frozen": "off"}, {"filters": 7}):
            assert len(beside(kinds, **settings).notes) == 1

    def test_where_nothing_can_be_left_out_the_encoder_counts_three_times_as_much(self) -> None:
        labelled = Labelled([MEALS[0], CARS[0]], [("food",), ("car",)])
        lesson = taught(labelled, [], kinds, "it", ["car", "food"], Settings(), multi_label=False, hints={})
        assert lesson.notes[0] == "it teaches: it tells what cannot be checked, for no text could be left out"
        assert lesson.notes[-1] == "of what is taught the encoder says 75%, the teacher 25%"
        assert soft_of(lesson, 0) == {"car": 0.0, "food": 1.0}

    def test_multi_label_texts_can_be_taught_by_both(self) -> None:
        """To the teacher all that it has not seen is a car."""
        labels = [("food",), ("food", "cheap")] * 3 + [("car",), ("car", "cheap")] * 3
        labelled, classes = Labelled(MEALS + CARS, labels), ["car", "cheap", "food"]
        both, alone = (
            taught(labelled, ["a slice of cake"], kinds, "it", classes, given, multi_label=True, hints={})
            for given in (Settings(), NETWORKS)
        )
        assert both.notes[-1].startswith("both label 1 further texts")
        assert soft_of(both, 12)["food"] > soft_of(alone, 12)["food"]


class TestMixing:
    ONE = TeachingAnswers(np.array([[0.9, 0.1]]), np.array([True]), np.array([[0.5, 0.5]]))
    OTHER = TeachingAnswers(np.array([[0.5, 0.5]]), np.array([False]), np.array([[0.2, 0.8]]))

    def test_logits_are_weighted_means(self) -> None:
        """log(.9 / .1) · ¾ = log(9^¾), and so 9^¾ to 1."""
        both = mixed(self.ONE, self.OTHER, 0.75, multi_label=False)
        assert both.labelled == pytest.approx(np.array([[9**0.75, 1]]) / (9**0.75 + 1))
        assert both.others == pytest.approx(np.array([[1, 4**0.25]]) / (4**0.25 + 1))
        assert both.left_out.tolist() == [False]

    def test_multi_label_each_label_by_itself(self) -> None:
        both = mixed(self.ONE, self.OTHER, 0.5, multi_label=True)
        assert both.labelled == pytest.approx(np.array([[3 / 4, 1 / 4]]))

    def test_shares_of_nothing_and_all(self) -> None:
        for share, one in ((1.0, self.ONE), (0.0, self.OTHER)):
            both = mixed(self.ONE, self.OTHER, share, multi_label=False)
            assert both.labelled == pytest.approx(one.labelled) and both.others == pytest.approx(one.others)


class TestWhatTheEncoderSays:
    def test_of_texts_left_out_and_of_others(self) -> None:
        labelled = Labelled(MEALS + CARS, [("food",)] * 6 + [("car",)] * 6)
        found = answers_of_encoder(
            labelled, ["fried eggs"], ["car", "food"], Settings(), multi_label=False, hints={"food": "meals"}
        )
        assert found is not None and found.left_out.all()
        assert found.labelled.sum(axis=1) == pytest.approx(1, abs=1e-5)
        assert (found.labelled.argmax(axis=1) == [1] * 6 + [0] * 6).mean() > 0.8
        assert found.others.argmax() == 1

    def test_words_that_no_labelled_text_has_are_understood(self) -> None:
        """However few words the model is to keep."""
        labelled = Labelled(MEALS + CARS, [("food",)] * 6 + [("car",)] * 6)
        others = ["fried eggs", "windscreen wipers"]
        for keep in (0, 40_000):
            given = Settings(keep_words=keep)
            found = answers_of_encoder(labelled, others, ["car", "food"], given, multi_label=False, hints={})
            assert found is not None and found.others.argmax(axis=1).tolist() == [1, 0]
