"""A pupil learns what its teacher says of texts without labels, and answers beside it."""

import numpy as np
import pytest

from textcnn.training.last_layer import STEEP, LabelledRows
from textcnn.training.pupil import Said, SecondOpinion, as_sure, sharpened, taught

RANDOM = np.random.default_rng(0)
ROWS = np.array([[-1.0, 0], [1.0, 0], [-1.0, 0], [1.0, 0]])
SIGNS = np.hstack([-ROWS[:, :1], ROWS[:, :1]])
# What differs in the first direction differs in the second, too, of which the labelled texts have nothing.
OTHERS = np.array([[-1.0, -1], [1.0, 1]] * 250)
FOLDS = [np.array([0, 0, 1, 1])]
TEACHER = LabelledRows(ROWS, np.zeros((4, 4)), SIGNS, np.ones(4), FOLDS).learned()


def test_sharpened_by_hand() -> None:
    assert sharpened(np.array([[0.6, 0.4]])) == pytest.approx(np.array([[0.1296, 0.0256]]) / 0.1552)


def test_scores_are_made_as_sure_as_is_wanted() -> None:
    scores = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert as_sure(scores, 1 / (1 + np.exp(-4))) == 4
    assert as_sure(scores, 0.5) == 1


def test_it_learns_what_no_labelled_text_has() -> None:
    layer = taught(TEACHER, OTHERS, np.zeros((504, 504)), FOLDS)
    assert TEACHER.layer().weights[1] == pytest.approx([0, 0])
    assert layer.weights[1, 1] > 0.1
    assert layer.weights[1, 0] < -0.1


def test_a_second_opinion_is_heard_by_its_share() -> None:
    """Half of it: odds of 9 beside even ones are odds of 3."""
    second = Said({"a": {"yes": 0.9, "no": 0.1}, "b": {"yes": 1.0}}, 0.5).of(["a"], ["yes", "no"])
    assert second.heard(np.array([[0.5, 0.5]])) == pytest.approx(np.array([[0.75, 0.25]]))


def test_a_pupil_that_hears_somebody_else_alone_learns_what_he_says() -> None:
    """He says the opposite of what the teacher would."""
    opposite = np.where(OTHERS[:, :1] > 0, [0.9, 0.1], [0.1, 0.9])
    nothing = np.zeros((504, 504))
    one, other = (taught(TEACHER, OTHERS, nothing, FOLDS, each) for each in (None, SecondOpinion(opposite, 1.0)))
    assert one.weights[1, 1] > 0.1 > -0.1 > other.weights[1, 1]


def test_what_is_left_out_is_answered_by_what_its_fold_did_not_teach() -> None:
    """Its teacher is who learned from the other fold alone."""
    layer = taught(TEACHER, OTHERS, np.zeros((504, 504)), FOLDS)
    kept = np.arange(2, 4)
    part = LabelledRows(ROWS[kept], np.zeros((2, 2)), SIGNS[kept], np.ones(2), [np.full(2, -1)]).learned()
    assert TEACHER.layer(np.arange(2)).weights == pytest.approx(part.layer().weights)
    assert layer.left_out.shape == (4, 2)
    assert (layer.left_out.argmax(axis=1) == SIGNS.argmax(axis=1)).all()


def test_features_of_the_linear_part_teach_as_numbers_of_the_encoder_do() -> None:
    """What the one makes of texts the other makes, too: answers and those left out are the same."""
    rows, others = RANDOM.normal(size=(6, 3)), RANDOM.normal(size=(9, 3))
    signs = np.where(np.arange(6)[:, None] % 2 == np.arange(2), 1.0, -1.0)
    folds, nothing = [np.arange(6) // 2], np.zeros((15, 15))
    every = np.concatenate([rows, others])
    by_rows = taught(LabelledRows(rows, nothing[:6, :6], signs, np.ones(6), folds).learned(), others, nothing, folds)
    gram, none = every @ every.T, np.zeros((6, 3))
    teacher = LabelledRows(none, gram[:6, :6], signs, np.ones(6), folds).learned()
    by_features = taught(teacher, np.zeros((9, 3)), gram, folds)
    assert by_features.left_out == pytest.approx(by_rows.left_out)
    assert rows @ by_rows.weights + by_rows.bias == pytest.approx(gram[:6] @ by_features.alpha + by_features.bias)


def test_the_more_texts_have_labels_the_more_the_teacher_counts() -> None:
    def second(times: int) -> float:
        rows, signs, folds = np.tile(ROWS, (times, 1)), np.tile(SIGNS, (times, 1)), [np.tile(FOLDS[0], times)]
        none = np.zeros((4 * times, 4 * times))
        teacher = LabelledRows(rows, none, signs, np.ones(4 * times), folds).learned()
        every = 4 * times + len(OTHERS)
        weights = taught(teacher, OTHERS, np.zeros((every, every)), folds).weights
        return float(STEEP * weights[1, 1] / weights[0, 1])

    assert second(1) > second(200) > 0


def test_few_texts_without_labels_count_little() -> None:
    some = OTHERS[:50]
    few, many = (taught(TEACHER, each, np.zeros((4 + len(each),) * 2), FOLDS).weights for each in (some, OTHERS))
    assert 0 < few[1, 1] < many[1, 1] / 5
