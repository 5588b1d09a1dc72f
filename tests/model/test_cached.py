"""Many texts get the answers that each gets alone, to the last bit, and memory stays bounded."""

import pickle
import pkgutil
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import numpy as np
import pytest

from textcnn import TextCNNClassifier
from textcnn.compiled.loader import loops
from textcnn.model import cached, predictor
from textcnn.model.model import Model
from textcnn.model.predictor import Predictor
from textcnn.text.tokens import LONG_RUN

pytestmark = pytest.mark.skipif(loops("convolution") is None, reason="the loops were not compiled")

WORDS = [
    "free",
    "prize",
    "win",
    "cash",
    "now",
    "see",
    "you",
    "at",
    "noon",
    "lunch",
    "call",
    "me",
    "later",
    "ok",
    "thanks",
    "claim",
    "your",
    "money",
    "today",
]


def texts(count: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice([*WORDS, f"w{random.integers(500)}"], random.integers(0, 30))) for _ in range(count)]


@pytest.fixture(scope="module")
def model() -> Model:
    examples = texts(60)
    labels = [str(number % 3) for number in range(60)]
    return TextCNNClassifier(vectors="none", epochs=2, filters=7, quality="fast").fit(examples, labels).model_


def test_threads_that_share_a_model_get_the_answers_that_each_gets_alone(model: Model) -> None:
    """As a web server asks; words that a thread meets first are new to the others."""
    asked = [texts(60, seed) for seed in range(24)]
    expected = [Predictor(model).probabilities(group) for group in asked]
    shared = Predictor(model, threads=2)
    shared.probabilities(["lunch at noon " * 2000])
    assert shared._bulk is not None
    with ThreadPoolExecutor(4) as pool:
        for found, wanted in zip(pool.map(shared.probabilities, asked), expected, strict=True):
            assert np.array_equal(found, wanted)


@pytest.mark.parametrize("where", ["text.lexicon.cut", "model.cached.features", "model.model.Model.rows_of"])
@pytest.mark.slow
def test_an_interruption_leaves_nothing_behind(model: Model, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Ctrl-C in a notebook, in the middle of new words; the same model answers on."""
    monkeypatch.setattr(predictor, "_MANY", 0)
    asked, alone, shared = texts(600, seed=9), Predictor(model), Predictor(model, threads=2)
    shared.probabilities(texts(20, seed=3))
    known, left = pkgutil.resolve_name(f"textcnn.{where}"), [3 if where == "text.lexicon.cut" else 0]

    def interrupted(*given: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return known(*given)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(f"textcnn.{where}", interrupted)
        shared.probabilities(asked)
    expected = np.concatenate([alone.network_logits(bulk_free(text)) for text in asked])
    assert shared._bulk is not None
    assert np.array_equal(shared._bulk.scores(asked).network, expected)


def test_a_model_can_be_copied_and_sent_after_many_texts() -> None:
    examples = texts(40)
    classifier = TextCNNClassifier(vectors="none", epochs=1, filters=2, quality="fast").fit(examples, ["a", "b"] * 20)
    many = texts(20) * 20
    said = classifier.predict_proba(many)
    assert classifier._predictor._bulk is not None
    for copy in (pickle.loads(pickle.dumps(classifier)), deepcopy(classifier)):
        assert np.array_equal(copy.predict_proba(many), said)


def test_alone_or_together_in_any_order_on_any_number_of_threads(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    many = ["", "   ", "Free FREE free", "a\x1eb", *texts(400, seed=1)]
    alone = Predictor(model)
    expected = np.concatenate([alone.probabilities([text]) for text in many])
    assert alone._bulk is None
    monkeypatch.setattr(predictor, "_MANY", 0)
    monkeypatch.setattr(cached, "_TEXTS", 50)
    for threads in (1, 3):
        together = Predictor(model, threads)
        assert np.array_equal(together.probabilities(many), expected)
        assert together._bulk is not None
        assert np.array_equal(together.probabilities(many[::-1]), expected[::-1])
        assert together.probabilities([]).shape == (0, 3)


def test_words_beyond_the_bounds_are_forgotten_and_change_nothing(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictor, "_MANY", 0)
    monkeypatch.setattr(cached, "_MOST_BYTES", 0)  # so that a hundred words have responses, the least
    for most in (250, 100_000):
        monkeypatch.setattr(cached, "_MOST_CHUNKS", most)
        together, alone = Predictor(model), Predictor(model)
        for seed in range(2, 8):
            group = texts(50, seed)
            expected = np.concatenate([alone.network_logits(bulk_free(text)) for text in group])
            assert together._for_many(group) is not None
            assert np.array_equal(together._bulk.scores(group).network, expected)
            assert len(together._bulk._lexicon.words) <= most
        assert [len(table) for table in together._bulk._tables] == [100]


def test_a_text_of_more_words_than_have_room_gets_it(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "_MOST_BYTES", 0)
    asked = [" ".join(f"w{number}" for number in range(150)), "free lunch"]
    found = cached.CachedModel(model, 1).scores(asked).network
    alone = Predictor(model)
    assert np.array_equal(found, np.concatenate([alone.network_logits(bulk_free(text)) for text in asked]))


def test_a_word_that_begins_like_a_long_run_is_the_same_in_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictor, "_MANY", 0)
    learned = [f"{'A1b' * 20} free", "see you"] * 5
    model = (
        TextCNNClassifier(vectors="none", epochs=3, filters=7, min_count=1, quality="fast")
        .fit(learned, ["a", "b"] * 5)
        .model_
    )
    assert model.vocabulary.row(LONG_RUN)
    asked, together = f"{'x' * 100}-y", Predictor(model)
    network = together._for_many([asked]).scores([asked]).network
    assert np.array_equal(network, together.network_logits(bulk_free(asked)))


def test_words_that_come_often_keep_their_places_when_many_come_once() -> None:
    """Two of three places are for words of each group, however many pass by; a habit of long ago is forgotten."""
    places = cached._Places(3, 1000)

    def missing(*words: int) -> list[int]:
        found, at = places.make_room(np.array(words, np.int32))
        places.take(found, at)
        return found.tolist()

    assert missing(1, 0, 1) == [0, 1]
    assert all(missing(0, 1, word) == [word] for word in range(2, 40)), "the two stay"
    assert missing(500, 501, 502) == [500, 501, 502] and places.count == 3
    assert missing(0, 1) == [0, 1]
    assert missing(*range(600, 605)) == [600, 601, 602, 603, 604] and places.count == 5, "more at once have room"
    for word in range(700, 1000):
        missing(700 + word % 4, word)
    assert missing(701, 702) == [], "what came often of late"
    places.forget(700)
    assert missing(701, 702) == [701, 702]


def test_a_wide_model_sets_no_more_aside_than_it_may_cache(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """One with 2,000 filters of each width would ask for gigabytes that it does not use."""
    row = 4 * model.members[0].network.bank.slices
    monkeypatch.setattr(cached, "_MOST_BYTES", 200 * row)
    assert [table.nbytes for table in cached.CachedModel(model, 1)._tables] == [200 * row]


def test_a_narrow_model_sets_no_rows_aside_for_more_words_than_it_remembers_chunks(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One with a single filter could cache responses to twenty million words."""
    monkeypatch.setattr(cached, "_MOST_CHUNKS", 50)
    assert [len(table) for table in cached.CachedModel(model, 1)._tables] == [50]


def bulk_free(text: str) -> predictor.Encoded:
    return predictor.encode([text], 20000)


def test_the_responses_of_thousands_of_filters_are_not_cached(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    slices = model.members[0].network.bank.slices
    for widest, suits in ((slices, True), (slices - 1, False)):
        monkeypatch.setattr(cached, "_WIDEST", widest)
        assert cached.CachedModel.suits(model) == suits


def test_a_network_of_another_pooling_needs_no_loops() -> None:
    model = TextCNNClassifier(vectors="none", epochs=1, filters=3, pooling="kmax", quality="fast").fit(
        texts(20), ["a", "b"] * 10
    )
    assert not cached.CachedModel.suits(model.model_)
