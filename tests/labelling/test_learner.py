"""What is computed between questions: by hand, and against learners that were made again and again."""

import numpy as np
import pytest
import scipy.sparse
from examples import EXAMPLES

from textcnn.corpus import Record
from textcnn.errors import DataError
from textcnn.labelling.forecast import forecast_gain
from textcnn.labelling.learner import PileFeatures, WordTable, fit_kernel, kernel_of, learn_quickly, likeness
from textcnn.labelling.pile import Pile
from textcnn.labelling.pool import prepare_pool
from textcnn.labelling.pupil import prepare_lessons, teach
from textcnn.labelling.sentences import vectors_for
from textcnn.labelling.session import random_order
from textcnn.labelling.simulation import Simulation, simulate
from textcnn.labelling.smoothing import smoothed
from textcnn.labelling.strategies import covering, likely, margins_of, uncertain, uncertain_and_telling
from textcnn.training.label_names import places_of

TEXTS = [text for _, text in EXAMPLES]
LABELS = np.array([int(label == "spam") for label, _ in EXAMPLES])


@pytest.fixture(scope="module")
def features():
    vectors = vectors_for(TEXTS, np.random.default_rng(0))(TEXTS)[0]
    return PileFeatures(vectors, WordTable(TEXTS).of(TEXTS), vectors)


def blobs(*sizes, spread=0.1):
    """Unit vectors about as many axes as there are sizes."""
    random = np.random.default_rng(0)
    centres = np.repeat(np.eye(len(sizes), 8), sizes, axis=0)
    rows = centres + spread * random.standard_normal((sum(sizes), 8))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


class TestLearner:
    def test_answers_to_unseen_texts_are_those_of_learners_without_the_text(self, features):
        kernel, penalty = kernel_of(features), 0.1
        fit = fit_kernel(kernel, LABELS, 2, penalties=(penalty,))
        for row in (0, 7, 23):
            rest = np.delete(np.arange(len(TEXTS)), row)
            alone = np.linalg.solve(kernel[np.ix_(rest, rest)] + penalty * np.eye(len(rest)), np.eye(2)[LABELS[rest]])
            scores = kernel[row, rest] @ alone * fit.sharpness
            expected = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
            assert fit.unseen[row] == pytest.approx(expected, abs=1e-5)

    def test_it_learns_ham_from_spam_by_twenty_texts(self, features):
        model = learn_quickly(features, range(20), LABELS[:20].tolist(), 2)
        probabilities = model.probabilities(features)
        assert (probabilities.argmax(axis=1) == LABELS)[20:].mean() >= 0.8
        assert probabilities.sum(axis=1) == pytest.approx(np.ones(40), abs=1e-5)

    def test_few_texts_do_not_make_it_sure(self, features):
        model = learn_quickly(features, [0, 1], [0, 1], 2)
        assert model.probabilities(features).max() < 0.99


class TestPupil:
    def test_it_learns_the_sharpened_answers_to_texts_without_labels(self, features):
        teacher = learn_quickly(features, range(20), LABELS[:20].tolist(), 2)
        pupil = teach(prepare_lessons(features), teacher)
        sharp = teacher.probabilities(features) ** 4
        sharp /= sharp.sum(axis=1, keepdims=True)
        kernel, mean = kernel_of(features), sharp.mean(axis=0)
        expected = kernel @ np.linalg.solve(kernel + 0.3 * np.eye(len(TEXTS)), sharp - mean) + mean
        assert pupil.linear.scores(features) == pytest.approx(expected, abs=1e-4)

    def test_it_counts_the_less_the_more_texts_have_labels(self, features):
        lessons = prepare_lessons(features)
        few, many = (
            teach(lessons, learn_quickly(features, rows, LABELS[rows].tolist(), 2))
            for rows in (np.arange(20), np.arange(40))
        )
        assert few.share == pytest.approx(300 / 320)
        assert many.share == pytest.approx(300 / 340)

    def test_it_is_as_sure_as_its_teacher(self, features):
        teacher = learn_quickly(features, range(20), LABELS[:20].tolist(), 2)
        pupil = teach(prepare_lessons(features), teacher)
        found, wanted = (each.probabilities(features).max(axis=1).mean() for each in (pupil, teacher))
        assert found == pytest.approx(wanted, abs=0.1)

    def test_words_that_come_with_known_ones_count_where_no_label_is(self):
        texts = ["red apple", "blue whale", *["red cherry"] * 5, *["blue shark"] * 5, "cherry", "shark"]
        vectors = np.zeros((len(texts), 1), np.float32)
        features = PileFeatures(vectors, WordTable(texts).of(texts), vectors)
        teacher = learn_quickly(features, [0, 1], [0, 1], 2)
        assert teacher.probabilities(features)[-2:] == pytest.approx(np.full((2, 2), 0.5))
        pupil = teach(prepare_lessons(features), teacher)
        assert pupil.probabilities(features)[-2:].argmax(axis=1).tolist() == [0, 1]


class TestLikeness:
    def test_what_texts_are_about_counts_seven_tenths_and_how_they_begin_the_rest(self):
        sentences, openings = (np.array(rows, np.float32) for rows in ([[1, 0], [0.8, 0.6]], [[1, 0], [0, 1]]))
        words = scipy.sparse.csr_array(np.array([[1, 0], [0.6, 0.8]], np.float32))
        texts = PileFeatures(sentences, words, openings)
        assert likeness(texts, texts) == pytest.approx(np.array([[1, 0.49], [0.49, 1]]), abs=1e-6)
        vectors = texts.vectors()
        assert vectors @ vectors.T == pytest.approx(np.array([[1, 0.56], [0.56, 1]]), abs=1e-6)
        assert texts.take(np.array([1])).and_others(texts.take(np.array([0]))).openings.tolist() == [[0, 1], [1, 0]]

    def test_answers_are_those_of_the_kernel(self, features):
        other = features._replace(openings=features.openings[::-1].copy())
        model = learn_quickly(other, range(20), LABELS[:20].tolist(), 2)
        scores = (likeness(other, other.take(np.arange(20))) + 1) @ model.weights * model.sharpness
        expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        assert model.probabilities(other) == pytest.approx(expected, abs=1e-5)


class TestNames:
    @staticmethod
    def said(features, words):
        return places_of(features.sentences, vectors_for(TEXTS, np.random.default_rng(0))(words)[0])

    def test_with_guesses_the_rest_is_learned_and_the_unseen_are_told_as_without_them(self, features):
        """What is left of the labels is learned by hand, without each text in turn."""
        kernel, guesses = kernel_of(features), np.where(LABELS[:, None] == [0, 1], 0.7, 0.3)
        fit = fit_kernel(kernel, LABELS, 2, penalties=(0.1,), guesses=guesses)
        assert fit.trust == 1
        rest = np.delete(np.arange(len(TEXTS)), 7)
        left = np.eye(2)[LABELS] - guesses
        alone = np.linalg.solve(kernel[np.ix_(rest, rest)] + 0.1 * np.eye(len(rest)), left[rest])
        scores = (kernel[7, rest] @ alone + guesses[7]) * fit.sharpness
        assert fit.unseen[7] == pytest.approx(np.exp(scores) / np.exp(scores).sum(), abs=1e-5)

    def test_names_that_deceive_are_not_trusted(self, features):
        kernel, right = kernel_of(features), np.where(LABELS[:, None] == [0, 1], 0.9, 0.1)
        rows = np.arange(20)
        trusted = [
            fit_kernel(kernel[:20, :20], LABELS[rows], 2, guesses=guesses[rows]).trust
            for guesses in (right, 1 - right, np.full((40, 2), 0.5))
        ]
        assert trusted[0] == 1 and trusted[1] == 0
        assert fit_kernel(kernel[:19, :19], LABELS[:19], 2, guesses=right[:19]).trust < 1  # too few texts to tell

    def test_names_that_say_something_help_where_labels_are_few(self, features):
        names = self.said(features, ["see you at home", "free prize, claim now"])
        rows = [int(np.flatnonzero(label == LABELS)[0]) for label in (0, 1)]
        right = [
            (learn_quickly(features, rows, [0, 1], 2, said).probabilities(features).argmax(axis=1) == LABELS).mean()
            for said in (None, names)
        ]
        assert right[1] > right[0]


class TestWords:
    def test_a_text_is_its_words_and_pairs_of_length_one(self):
        table = WordTable(["free prize now", "see you now"]).of(["Free prize", "prize free", "free prize", ""])
        assert table.toarray()[:3].nonzero()[0].tolist().count(0) == 4  # two words, a pair, and with what it begins
        lengths = np.sqrt(table.multiply(table).sum(axis=1)).ravel().tolist()
        assert lengths == pytest.approx([1, 1, 1, 0], abs=1e-6)
        alike = (table @ table.T).toarray()
        assert alike[0, 2] == pytest.approx(1, abs=1e-6) and 0 < alike[0, 1] < 1  # the pair is another one

    def test_words_that_are_not_known_are_left_out(self):
        words = WordTable(["free prize"])
        assert words.of(["unheard of"])[:, -2:].nnz == 0
        assert words.of(["free"]).shape == words.of(["never heard"]).shape

    def test_pairs_do_not_cross_texts(self):
        words = WordTable(["a b", "c d"])
        assert words.of(["a b", "c d"]).nnz == 8

    def test_texts_that_begin_alike_are_more_alike(self):
        table = WordTable(["who wrote it", "it wrote who"]).of(["who", "who wrote", "wrote who", "", "else who"])
        begins_alike, other = (table[:1] @ table[1:3].T).toarray()[0]
        assert begins_alike == pytest.approx(other + 0.2, abs=1e-6)
        assert table[3].nnz == 0


class TestSentences:
    def test_english_and_other_texts_alike_are_close(self):
        for texts in (
            ["Where is my parcel?", "My order did not come.", "Play some jazz music"],
            ["wo ist mein Paket geblieben", "meine Bestellung kam nicht an", "spiele etwas Jazzmusik bitte"],
            ["ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ ᎠᎴ", "ᏗᏂᏲᎵ ᎦᏬᏂᎯᏍᏗ ᎠᎴ", "ᎠᎹ ᎤᏴᏝ ᎢᎦ"],
        ):
            vectors = vectors_for(texts, np.random.default_rng(0))(texts)[0]
            assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
            assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


class TestSmoothing:
    def test_a_text_is_drawn_to_its_neighbours_by_their_likeness_and_not_to_itself(self):
        sentences = np.array([[1, 0], [0.8, 0.6], [0.6, 0.8], [0, 0]], np.float32)
        texts = without_words(sentences)
        drawn = smoothed(texts, texts).sentences
        expected = sentences[0] + (0.8 * sentences[1] + 0.6 * sentences[2]) / 1.4
        assert drawn[0] == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
        assert drawn[3].tolist() == [0, 0]  # no words, no neighbours
        alone = smoothed(texts.take(np.array([1, 0])), texts).sentences
        assert alone == pytest.approx(drawn[[1, 0]], abs=1e-6)

    def test_how_it_begins_is_drawn_to_the_same_neighbours(self):
        sentences = np.array([[1, 0], [0.8, 0.6], [0, 0]], np.float32)
        texts = without_words(sentences)._replace(openings=np.array([[0, 1], [1, 0], [0, 1]], np.float32))
        drawn = smoothed(texts, texts).openings
        assert drawn[:2] == pytest.approx(np.full((2, 2), 0.5**0.5), abs=1e-6)
        assert drawn[2].tolist() == [0, 1]  # about nothing, so nobody's neighbour

    def test_few_labels_go_further_where_texts_lie_in_regions(self):
        vectors, wanted = blobs(100, 100, spread=0.6), np.repeat([0, 1], 100)
        texts = without_words(vectors)
        rows = [0, 1, 100, 101]
        right = [
            (learn_quickly(each, rows, wanted[rows].tolist(), 2).probabilities(each).argmax(axis=1) == wanted).mean()
            for each in (texts, smoothed(texts, texts))
        ]
        assert right[1] > right[0]


def without_words(sentences):
    """They begin as they go on."""
    return PileFeatures(sentences, scipy.sparse.csr_array((len(sentences), 1), dtype=np.float32), sentences)


class TestStrategies:
    def test_the_first_ones_are_of_all_regions_the_largest_first(self):
        vectors = blobs(50, 30, 20)
        region = np.repeat([0, 1, 2], [50, 30, 20])
        chosen = covering(vectors, np.empty(0, np.int64), 3, np.random.default_rng(0))
        assert region[chosen].tolist() == [0, 1, 2]
        assert set(region[covering(vectors, chosen[:1], 2, np.random.default_rng(0))]) == {1, 2}

    def test_the_smallest_margins_are_the_most_uncertain(self):
        probabilities = np.array([[0.9, 0.1, 0.0], [0.5, 0.4, 0.1], [0.4, 0.35, 0.25], [0.34, 0.33, 0.33]], np.float32)
        assert margins_of(probabilities) == pytest.approx([0.8, 0.1, 0.05, 0.01], abs=1e-6)
        assert uncertain(probabilities, np.array([0, 1, 2]), 2).tolist() == [2, 1]
        assert likely(probabilities, 2, np.array([0, 1, 2])) == 2

    def test_uncertain_texts_are_not_all_of_one_region(self):
        texts = without_words(blobs(100, 100))
        margins = np.linspace(0, 0.5, 200)[::-1]
        probabilities = np.stack([(1 + margins) / 2, (1 - margins) / 2], axis=1).astype(np.float32)
        probabilities[:30] = 0.5
        chosen = uncertain_and_telling(texts, np.empty(0, np.int64), probabilities, np.arange(200), 2)
        assert sorted((chosen >= 100).tolist()) == [False, True]
        assert (margins[chosen] <= 0.1).all() or (chosen < 30).any()

    def test_uncertain_texts_tell_by_the_one_most_like_each_and_labelled_ones_tell_already(self):
        sentences = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 1, 0], [0, 0, 1]], np.float32)
        texts, unsure, rows = without_words(sentences), np.full((4, 2), 0.5, np.float32), np.arange(3)
        # The squares of the middle one's cosines are .64, 1 and .36; the first one's 1, .64 and 0.
        assert uncertain_and_telling(texts, np.array([3]), unsure, rows, 1).tolist() == [1]
        assert uncertain_and_telling(texts, np.array([0]), unsure, np.arange(1, 4), 2).tolist() == [2, 3]

    def test_fewer_texts_than_are_wanted_are_all(self):
        vectors = blobs(2, 1)
        assert sorted(covering(vectors, np.empty(0, np.int64), 9, np.random.default_rng(0))) == [0, 1, 2]
        probabilities = np.full((3, 2), 0.5, np.float32)
        texts, nothing = without_words(vectors), np.empty(0, np.int64)
        assert uncertain_and_telling(texts, nothing, probabilities, nothing, 2).tolist() == []
        assert sorted(uncertain_and_telling(texts, nothing, probabilities, np.arange(3), 9)) == [0, 1, 2]


class TestForecast:
    def kernel(self, count, spread):
        vectors = blobs(count, count, spread=spread).astype(np.float64)
        order = np.random.default_rng(0).permutation(2 * count)
        return (vectors @ vectors.T + 1)[np.ix_(order, order)], np.repeat([0, 1], count)[order]

    def test_of_few_texts_it_cannot_be_told(self):
        assert forecast_gain(*self.kernel(9, 0.1), 40, np.random.default_rng(0)) is None

    def test_where_all_is_right_more_labels_hardly_help(self):
        found = forecast_gain(*self.kernel(30, 0.1), 40, np.random.default_rng(0))
        assert found.hardly and found.low == pytest.approx(-0.01) and found.high >= 0

    def test_where_the_curve_rises_there_is_something_to_gain(self):
        found = forecast_gain(*self.kernel(20, 1.0), 40, np.random.default_rng(0))
        assert found.low == pytest.approx(-0.01) and 0.01 < found.high < 0.25
        assert [point.labels for point in found.curve] == [16, 22, 28, 34]


class TestPool:
    def test_texts_are_compared_by_their_first_five_words_too(self):
        texts = [
            "who was the first man on the moon",
            "Who  was the first man to fly",
            "the first man who was on the moon",
        ]
        pile = Pile([Record(text) for text in texts], ["text"], ["text"])
        pool = prepare_pool(pile, random_order(pile, 0), 0)
        alone = pool.alone.take(np.argsort(pool.rows))
        assert alone.openings[0] @ alone.openings[1] == pytest.approx(1, abs=1e-5)
        assert alone.openings[0] @ alone.openings[2] < 0.99 and alone.sentences[0] @ alone.sentences[1] < 0.99

    def test_near_copies_are_in_it_once_and_others_can_be_added(self):
        long = "please call me when you are back at home and have had some dinner with the kids"
        pile = Pile([Record(text) for text in (long, "win cash now", f"{long} 2", "", "see you")], ["text"], ["text"])
        pool = prepare_pool(pile, random_order(pile, 0), 0)
        assert len(pool.rows) == 3 and pool.groups[0] == pool.groups[2]
        assert pool.place_of(0) == pool.place_of(2) in range(3)
        other = ({0, 2} - set(pool.rows.tolist())).pop()
        more = pool.with_rows([other, 1])
        assert more.rows.tolist() == [*pool.rows.tolist(), other] and len(more.features.sentences) == 4
        assert set(pool.rows[pool.open_places(frozenset([other]))].tolist()) == {1, 4}

    def test_questions_are_compared_by_what_they_ask_for_too(self):
        texts = ["who was the first man on the moon?", "who sold the car?", "when was the car sold?", "it was in June"]
        pile = Pile([Record(text) for text in texts], ["text"], ["text"])
        pool = prepare_pool(pile, random_order(pile, 0)[:3], 0)
        assert pool.asking is not None and pool.asking.asking is None
        assert pool.asking.alone.sentences.shape[1] > pool.alone.sentences.shape[1]
        assert pool.asking.alone.openings.shape == pool.asking.alone.sentences.shape
        others = pool.with_rows(range(4))
        assert others.asking is not None and others.asking.rows.tolist() == others.rows.tolist()
        told = Pile([Record(text.replace("?", ".")) for text in texts], ["text"], ["text"])
        assert prepare_pool(told, random_order(told, 0), 0).asking is None


SENDER = "the office of prizes and surprises writes to you on this fine day"
LETTERS = ["come and collect what you have won", "no answer came from you about the money"]


def test_what_is_saved_is_read_from_the_curves():
    chosen, random = np.array([[0.5, 0.7, 0.8]]), np.array([[0.5, 0.6, 0.7]])
    assert Simulation((10, 20, 30), chosen, random, 9).saved() == (20, 30)
    assert Simulation((10, 20, 30), random, chosen, 9).saved() is None


def test_a_simulation_never_asks_what_is_held_out():
    records = [Record(text, (label,), line) for line, (label, text) in enumerate(EXAMPLES)]
    found = simulate(Pile(records, ["text"], ["text"]), 100, seeds=2)
    assert found.held_out == 10 and found.labels == (10, 20, 30)
    assert found.chosen.shape == (2, 3) and found.chosen[:, -1] == pytest.approx(found.random[:, -1])


def test_copies_of_texts_cost_a_simulation_nothing():
    """Nor do texts without a label that are like those that have one: these are left out."""
    records = [Record(text, (label,), line) for line, (label, text) in enumerate(EXAMPLES)]
    once = simulate(Pile(records, ["text"], ["text"]), 20, seeds=1)
    twice = simulate(Pile([*records, *records], ["text"], ["text"]), 20, seeds=1)
    assert twice.labels == once.labels and twice.held_out == once.held_out
    assert (twice.chosen == once.chosen).all()
    more = [Record(f"{SENDER}, {text}", ("spam",)) for text in LETTERS]
    like_one = Record(f"Dear sir, {SENDER.upper()}, {LETTERS[0]}")
    found = simulate(Pile([*records, *more, like_one], ["text"], ["text"]), 100, seeds=1)
    assert found.labels[-1] + found.held_out == len(EXAMPLES) + len(LETTERS) - 1


def test_a_simulation_of_near_copies_is_refused():
    records = [Record(f"please call {number} to have the prize sent home", ("ab"[number % 2],)) for number in range(60)]
    with pytest.raises(DataError, match=r"near-copies of others: 1; a simulation takes 40"):
        simulate(Pile(records, ["text"], ["text"]), 20, seeds=1)
