"""The linear part: sums over words and pairs, fitted as a linear SVM is, and explained exactly."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.svm import LinearSVC

from textcnn.compiled.threads import WorkerThreads
from textcnn.model.hashing import BITS, bag_of_items, features
from textcnn.model.linear import LinearPart
from textcnn.text.lexicon import encode
from textcnn.training.linear import search, solver
from textcnn.training.linear import svm as learning
from textcnn.training.linear.search import chosen
from textcnn.training.linear.svm import USUAL, Examples, Recipe, fit_linear

WORDS = ["free", "prize", "Free", "lunch", "noon", "winner", "wins", "dinner", "!", "看", "x"]
TEXTS = ["free prize winner", "Free prizes !", "wins a free lunch", "lunch at noon", "dinner at noon", "noon lunch x"]
TARGETS = np.eye(2, dtype=np.float32)[[1, 1, 1, 0, 0, 0]]


def fitted() -> LinearPart:
    return fit_linear(Examples.of(encode(TEXTS, 99), TARGETS, multi_label=False))


@pytest.fixture(scope="module")
def linear() -> LinearPart:
    """One that has learned, and nobody may change it."""
    return fitted()


def test_a_word_is_itself_and_its_n_grams_with_marks() -> None:
    """<aaa>: the word, <a aa aa a>, <aa aaa aa>, <aaa aaa>, <aaa>: one of weight 1, ten n-grams of a half each."""
    found = features(["aaa", ""])
    assert found.values[: found.starts[1]].sum() == pytest.approx(1 + 0.5 * (4 + 3 + 2 + 1))
    assert found.values[: found.starts[1]].max() == 1  # the word, and "aa" twice a half
    assert (found.buckets < 1 << BITS).all() and len(found.starts) == 3


@given(st.lists(st.text(max_size=12), max_size=8))
@settings(deadline=None)
def test_the_features_of_a_word_do_not_depend_on_its_neighbours(words: list[str]) -> None:
    together = features(words)
    for number, word in enumerate(words):
        alone = features([word])
        inside = slice(together.starts[number], together.starts[number + 1])
        assert together.buckets[inside].tolist() == alone.buckets.tolist()
        assert together.hashes[number] == alone.hashes[0]


def test_a_bag_counts_items_text_by_text() -> None:
    bag = bag_of_items(np.array([3, 1, 3, 3, 2]), np.array([0, 4, 4, 5]))
    assert bag.items.tolist() == [1, 3, 2] and bag.starts.tolist() == [0, 2, 2, 3]
    assert bag.weights == pytest.approx([1, 1 + np.log(3), 1])


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), max_size=6))
@settings(deadline=None)
def test_words_pairs_and_bias_add_up_to_the_scores(linear: LinearPart, texts: list[str]) -> None:
    scores = linear.scores(*encode(texts, 99))
    assert scores.shape == (len(texts), 1)
    for text, score in zip(texts, scores, strict=True):
        words, pairs = linear.attributed(text.split())
        assert words.sum() + pairs.sum() + linear.bias[0] == pytest.approx(score[0], abs=1e-5)
        assert linear.scores(*encode([text], 99))[0] == pytest.approx(score, abs=1e-6)


def test_unseen_words_are_told_by_their_spelling() -> None:
    linear = fitted()
    assert ((linear.scores(*encode(TEXTS, 99))[:, 0] > 0) == TARGETS[:, 1]).all()
    unseen = linear.scores(*encode(["freedom prized", "lunches nooning"], 99))[:, 0]
    assert unseen[0] > 0 > unseen[1]


@pytest.mark.parametrize(("C", "power"), [(1.0, 1.0), (10.0, 0.5)])
@pytest.mark.parametrize("weights", [None, (1.0, 6.0)])
def test_the_solution_is_that_of_liblinear(
    monkeypatch: pytest.MonkeyPatch, weights: tuple[float, float] | None, C: float, power: float
) -> None:
    """On the same features, to the precision asked for."""
    monkeypatch.setattr(solver, "TOLERANCE", 1e-4)
    random = np.random.default_rng(0)
    texts = [" ".join(random.choice(WORDS, 6)) for _ in range(200)]
    labels = np.array(["free" in text or "x" in text.split() for text in texts])
    encoded = encode(texts, 99)
    seen = {}

    class Spy(learning._Gram):
        def __init__(self, data, scale):
            super().__init__(data, scale)
            seen["features"] = sp.hstack([data.words @ data.of_words, data.pairs]) @ sp.diags_array(scale)

    monkeypatch.setattr(learning, "_Gram", Spy)
    examples = Examples.of(
        encoded,
        np.eye(2, dtype=np.float32)[labels.astype(int)],
        multi_label=False,
        class_weights=None if weights is None else np.array(weights, np.float32),
    )
    linear = fit_linear(examples, Recipe(C, power))
    given = None if weights is None else dict(zip([False, True], weights, strict=True))
    reference = LinearSVC(C=C, tol=1e-6, class_weight=given, max_iter=20_000, random_state=0).fit(
        sp.csr_matrix(seen["features"]), labels
    )
    ours = linear.scores(*encoded)[:, 0]
    theirs = reference.decision_function(sp.csr_matrix(seen["features"]))
    # the norms that scale the features are rounded to bytes in one and not in the other
    assert np.corrcoef(ours, theirs)[0, 1] > 0.999
    assert np.mean((ours > 0) == (theirs > 0)) > 0.99


def test_multi_label_has_an_output_for_each_label() -> None:
    targets = np.array([[1, 0], [1, 1], [1, 0], [0, 0], [0, 0], [0, 1]], np.float32)
    examples = Examples.of(encode(TEXTS, 99), targets, multi_label=True)
    assert fit_linear(examples).scores(*encode(TEXTS, 99)).shape == (6, 2)


def test_a_table_that_is_too_large_loses_what_matters_least(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fitted()
    monkeypatch.setattr(learning, "_MOST_BYTES", 5 * 40)
    small = fitted()
    assert len(small.buckets) == 40 < len(whole.buckets)
    assert small.weights.any(axis=1).all()


def test_empty_texts_have_finite_scores() -> None:
    linear = fitted()
    assert linear.scores(*encode([], 99)).shape == (0, 1)
    assert np.isfinite(linear.scores(*encode(["", " "], 99))).all()
    empty = fit_linear(
        Examples.of(encode(["a", "", "b"], 99), np.eye(2, dtype=np.float32)[[0, 1, 1]], multi_label=False)
    )
    assert np.isfinite(empty.scores(*encode(["a", ""], 99))).all()


def test_of_very_many_texts_it_learns_from_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "_MOST_WORDS", 40)
    texts, targets = TEXTS * 20, np.tile(TARGETS, (20, 1))
    chosen = learning._sample(encode(texts, 99).ragged)
    assert 8 < len(chosen) < 20 and (np.diff(chosen) > 0).all()
    encoded = encode(TEXTS, 99)
    margins = fit_linear(Examples.of(encode(texts, 99), targets, multi_label=False)).scores(*encoded)
    assert ((margins[:, 0] > 0) == TARGETS[:, 1].astype(bool)).all()


def test_each_of_many_labels_is_learned_as_if_alone_on_however_many_threads() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(60, 8)).astype(np.float32)
    signs = np.where(random.random((60, 40)) < 0.2, 1, -1).astype(np.float32)
    penalty = np.full_like(signs, 0.5)
    found = [solver.solve(lambda a: x @ (x.T @ a), signs, penalty, WorkerThreads(threads)) for threads in (1, 3)]
    np.testing.assert_array_equal(*found)
    for label in (0, 15, 39):
        alone = solver.solve(lambda a: x @ (x.T @ a), signs[:, [label]], penalty[:, [label]])
        np.testing.assert_allclose(x.T @ found[0][:, [label]], x.T @ alone, atol=1e-3)


@pytest.mark.filterwarnings("error")
@given(st.text("ab ", max_size=9), st.lists(st.integers(0, 7), min_size=2, max_size=30), st.booleans())
@example("a a", [1, 3, 1, 6, 1, 5, 1, 0], False)
@settings(deadline=None, max_examples=25)
def test_texts_that_are_all_alike_have_small_scores(text: str, labels: list[int], multi_label: bool) -> None:
    """Nothing tells the labels apart: then rounding errors would be all there is to follow."""
    examples = Examples.of(
        encode([text] * len(labels), 99), np.eye(8, dtype=np.float32)[labels], multi_label=multi_label
    )
    linear = fit_linear(examples, chosen(examples, WorkerThreads(1)))
    assert np.abs(linear.scores(*encode([text, "", "zzz"], 99))).max() < 10


def recipe_of(count: int, flipped: float, signs: int, of_label: int, others: int, common: int) -> Recipe:
    """Texts have a few of their label's words, and some of those that are common; a share of the labels is wrong."""
    random = np.random.default_rng(0)

    def made_up(count: int) -> list[str]:
        return ["".join(random.choice(list("abcdefghijklmnopqrst"), 7)) for _ in range(count)]

    words, common_words = [made_up(of_label) for _ in range(3)], made_up(common)
    labels = random.integers(0, 3, count)
    texts = [" ".join([*random.choice(words[label], signs), *random.choice(common_words, others)]) for label in labels]
    told = np.where(random.random(count) < flipped, (labels + 1) % 3, labels)
    examples = Examples.of(encode(texts, 99), np.eye(3, dtype=np.float32)[told], multi_label=False)
    return chosen(examples, WorkerThreads(1))


@pytest.mark.slow
def test_C_is_larger_where_texts_say_plainly_what_they_are() -> None:
    """All words are about as frequent."""
    assert recipe_of(600, 0.0, signs=4, of_label=200, others=40, common=6000).C > USUAL.C
    assert recipe_of(1000, 0.3, signs=3, of_label=60, others=6, common=360).C < USUAL.C


@pytest.mark.slow
def test_rare_words_count_more_where_it_is_they_that_tell() -> None:
    assert recipe_of(600, 0.0, signs=4, of_label=200, others=40, common=300).power > USUAL.power
    assert recipe_of(600, 0.0, signs=1, of_label=2, others=20, common=6000).power < USUAL.power


def test_a_label_that_is_left_out_is_another() -> None:
    """By hand: the margins scaled by the factor that suits best; all that is none of the two has one logit."""
    targets = np.array([[1, 0], [0, 1], [0, 0]], np.bool_)
    margins = np.array([[1, -1], [-1, 1], [0, 0]], np.float32)
    assert search._least_loss(margins[:2], targets[:2], alone=False) == pytest.approx(0, abs=0.02)
    scales, logits = np.meshgrid(np.exp(np.linspace(-3, 5, 400)), np.linspace(-5, 50, 400))
    right = np.logaddexp(np.logaddexp(scales, -scales), logits) - scales
    by_hand = 2 * right + np.logaddexp(np.log(2), logits) - logits
    assert search._least_loss(margins, targets, alone=False) == pytest.approx(by_hand.min(), abs=0.05)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0, 3.0])
def test_the_rarest_features_keep_their_lead_in_a_byte(power: float) -> None:
    """Of 4,000 texts all have one word, a half a second one, and one a third: idf 1, 1.7 and 8.6, before its power."""
    texts = ["the"] * 2000 + ["the hall"] * 1999 + ["the hall quagga"]
    targets = np.eye(2, dtype=np.float32)[np.arange(4000) % 2]
    examples = Examples.of(encode(texts, 99), targets, multi_label=False)
    found = learning.learn(examples, learning.FeatureStatistics.of(examples), Recipe(power=power))
    idf = {word: float(found.idf[_column(examples, word)]) for word in ("the", "hall", "quagga")}
    assert idf["quagga"] / idf["hall"] == pytest.approx((8.6 / 1.7) ** power, rel=0.15)
    assert (idf["the"] < idf["hall"] < idf["quagga"]) or power == 0


def _column(examples: Examples, word: str) -> int:
    hashed = features([word])
    return int(np.flatnonzero(examples.tables.buckets == hashed.buckets[hashed.values == 1])[0])


def test_of_next_to_nothing_the_usual_recipe_is_made() -> None:
    examples = Examples.of(encode(["a", "b"], 99), np.eye(2, dtype=np.float32), multi_label=False)
    assert chosen(examples, WorkerThreads(1)) == USUAL


def test_copies_of_a_text_are_on_one_side_of_each_fold() -> None:
    texts = [f"{first} {second} {third}" for first in WORDS for second in WORDS for third in WORDS[:3]]
    examples = Examples.of(
        encode(texts * 3, 99), np.eye(2, dtype=np.float32)[np.arange(len(texts) * 3) % 2], multi_label=False
    )
    for fold in search._folds(examples):
        bags = [{tuple(row) for row in side.tables.words.toarray().tolist()} for side in (fold.part, fold.rest)]
        assert bags[0] and bags[1] and not bags[0] & bags[1]


def test_the_choice_does_not_depend_on_threads() -> None:
    examples = Examples.of(encode(TEXTS * 9, 99), np.tile(TARGETS, (9, 1)), multi_label=False)
    assert chosen(examples, WorkerThreads(1)) == chosen(examples, WorkerThreads(3))
