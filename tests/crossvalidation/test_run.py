"""Cross-validation from end to end, in Python."""

import numpy as np
import pytest
from examples import EXAMPLES
from small_training import quick

from textcnn import DataError, TrainingError, cross_validate
from textcnn.corpus import Record
from textcnn.crossvalidation.folds import plan_folds
from textcnn.crossvalidation.run import run_folds
from textcnn.distributed.executor import SerialExecutor
from textcnn.model.predictor import Predictor
from textcnn.training.fit import fit
from textcnn.training.task import Labelled

TEXTS, LABELS = [text for _, text in EXAMPLES], [label for label, _ in EXAMPLES]
TINY = {"vectors": "none", "filters": 6, "epochs": 3, "dimensions": 8, "quality": "fast", "linear": "off", "threads": 1}


@pytest.fixture(scope="module")
def result():
    """Two ways to train and the baseline, three folds, twice."""
    compare = {"small": {}, "smaller": {"filters": 2}}
    return cross_validate(TEXTS, LABELS, folds=3, repeats=2, compare=compare, baseline=True, keep_models=True, **TINY)


class TestResult:
    def test_every_text_is_answered_once_in_each_repeat(self, result):
        assert len(result.folds) == result.planned == 6
        assert sorted(result.text_numbers.tolist()) == sorted([*range(40)] * 2)
        assert result.classes == ("ham", "spam")
        assert [one.name for one in result.configurations] == ["small", "smaller", "TF-IDF + linear SVM"]

    def test_a_fold_is_answered_by_the_model_that_fit_would_make(self, result):
        fold, answered = result.folds[1], result.configurations[0].folds[1]
        learn = Labelled([TEXTS[n] for n in fold.learn], [(LABELS[n],) for n in fold.learn])
        settings = quick(**TINY)
        model = fit(learn, classes=["ham", "spam"], multi_label=False, settings=settings).model
        said = Predictor(model).all_probabilities([TEXTS[number] for number in fold.held])
        np.testing.assert_array_equal(answered.probabilities, said)
        assert answered.model is not None and result.configurations[1].folds[1].model is None
        assert result.configurations[0].folds[4].model is None  # of the second repeat

    def test_probabilities_stand_in_the_order_of_the_texts(self, result):
        assert result.probabilities.shape == (40, 2)
        assert result.probabilities.sum(axis=1) == pytest.approx(1.0)
        rows = [answered.probabilities for answered in result.configurations[0].folds]
        text = result.folds[0].held[0]
        (again,) = (at for at, fold in enumerate(result.folds[3:], 3) if text in fold.held)
        where = result.folds[again].held.tolist().index(text)
        assert result.probabilities[text] == pytest.approx((rows[0][0] + rows[again][where]) / 2)

    def test_every_two_are_compared(self, result):
        pairs = [(each.first, each.second) for each in result.comparisons]
        names = ("small", "smaller", "TF-IDF + linear SVM")
        assert pairs == [(names[0], names[1]), (names[0], names[2]), (names[1], names[2])]
        assert {each.level for each in result.comparisons} == {0.05 / 3}
        assert set(result.comparisons[0].figures) - set(result.comparisons[1].figures) == {
            *("log_loss", "calibration_error")
        }

    def test_answers_are_as_predict_gives_them(self, result):
        records = [Record(text, (), number, "a.csv", (("who", "Ann"),)) for number, text in enumerate(TEXTS, 2)]
        answers = [answer.as_dict() for answer in result.answers(records)]
        assert len(answers) == 2 * 2 * 40
        assert list(answers[0]) == [
            *("label", "probability", "probabilities", "text", "configuration", "gold", "fold", "repeat"),
            *("source", "line", "who"),
        ]
        assert {answer["gold"] == LABELS[answer["line"] - 2] for answer in answers} == {True}
        assert [answer["label"] for answer in answers[:40]] == [own[0] for own in result.configurations[0].labels[:40]]

    def test_it_is_one_object_of_json(self, result):
        import json

        made = json.loads(json.dumps(result.as_dict()))
        assert made["texts"] == 40 and len(made["parts"]) == 6
        accuracy = made["configurations"][0]["figures"]["accuracy"]
        assert set(accuracy) == {"value", "over_texts", "over_folds", "by_fold"} and len(accuracy["by_fold"]) == 6
        assert made["configurations"][2]["settings"] is None
        assert made["configurations"][0]["settings"]["filters"] == 6


class TestOddData:
    def test_a_label_that_a_fold_does_not_learn_counts_as_wrong(self):
        result = cross_validate([*TEXTS, "who is there"], [*LABELS, "odd"], folds=2, **TINY)
        assert any("hold" in note and "'odd'" in note for note in result.plan.notes)
        (where,) = np.flatnonzero(result.text_numbers == 40)
        assert result.configurations[0].probabilities[where, 1] == 0  # ham, odd, spam
        assert result.configurations[0].labels[where] != ("odd",)
        assert result.configurations[0].report.labels["odd"].recall == 0

    def test_multi_label_texts(self):
        labels = [[label] if number % 4 else [label, "fourth"] for number, label in enumerate(LABELS)]
        labels[3] = []
        result = cross_validate(TEXTS, labels, folds=2, baseline=True, **TINY)
        assert result.multi_label and "mcc" not in result.figures
        first = next(iter(result.answers())).as_dict()
        assert isinstance(first["label"], list) and isinstance(first["gold"], list)

    def test_labels_may_be_numbers_or_a_table(self):
        assert cross_validate(TEXTS, [label == "spam" for label in LABELS], folds=2, **TINY).classes == (
            "False",
            "True",
        )
        table = np.array([[label == "ham", label == "spam"] for label in LABELS], int)
        assert cross_validate(TEXTS, table, folds=2, **TINY).classes == ("0", "1")

    def test_dates_are_an_order(self):
        times = [f"2024-01-{number // 2 + 1:02}" for number in range(40)]
        result = cross_validate(TEXTS, LABELS, folds=3, times=times, **TINY)
        assert [(len(fold.learn), len(fold.held)) for fold in result.folds] == [(10, 10), (20, 10), (30, 10)]
        assert np.isnan(result.probabilities[:10]).all() and not np.isnan(result.probabilities[10:]).any()

    def test_what_cannot_be_learned_is_named(self):
        with pytest.raises(DataError, match=r"what fold 2 would learn from has the label .ham. only"):
            cross_validate(["a", "b"] * 4, ["ham"] * 7 + ["odd"], folds=2, **TINY)
        with pytest.raises(TrainingError, match="all texts are empty"):
            cross_validate(["", " "] * 4, LABELS[:8], folds=2, **TINY)


class TestEnding:
    @staticmethod
    def run(stop_in, **options):
        """Stop in this training, counted from 1."""
        stages = []

        def callback(event):
            stages.append(event)
            return event.kind == "batch" and event.stage.number > (stop_in - 1) * event.stage.total / 8

        plan = plan_folds(TEXTS, [(label,) for label in LABELS], folds=4)
        settings = {"one": quick(**TINY), "two": quick(**TINY)}
        data = Labelled(TEXTS, [(label,) for label in LABELS])
        made = run_folds(data, plan, settings, classes=["ham", "spam"], multi_label=False, callback=callback, **options)
        return made, stages

    def test_only_complete_folds_count(self):
        made, _ = self.run(stop_in=6)  # the second configuration of the third fold
        assert (len(made.folds), made.planned) == (2, 4)
        assert [len(one.folds) for one in made.configurations] == [2, 2]
        assert len(made.text_numbers) == sum(len(fold.held) for fold in made.folds) < 40

    def test_of_one_fold_there_is_no_interval_over_folds_and_no_comparison(self):
        made, _ = self.run(stop_in=3)
        assert made.figures["accuracy"].over_folds is None and made.comparisons == []

    def test_before_one_is_complete_there_is_nothing(self):
        with pytest.raises(TrainingError, match="stopped before a fold was complete"):
            self.run(stop_in=2)

    def test_events_tell_which_training_of_all_it_is(self):
        _, events = self.run(stop_in=100, executor=SerialExecutor())
        inner = [event for event in events if event.epochs]
        assert {event.stage.total for event in inner} == {40}  # five stages of each training, of which fast has one
        numbers = [event.stage.number for event in inner]
        assert numbers == sorted(numbers) and set(numbers) == set(range(1, 41, 5))
        assert inner[0].stage.name.startswith("fold 1 of 4, one: holding out")
        ends = [event for event in events if event.kind == "stage" and not event.epochs]
        assert [event.stage.name for event in ends][:3] == ["fold 1 of 4, one", "fold 1 of 4, two", "fold 2 of 4, one"]
        assert ends[0].note.endswith("of 10 texts right, 30 learned from")
