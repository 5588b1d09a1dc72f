"""Which vectors training starts from: English ones, those of many languages, those of the texts, or random ones."""

import numpy as np
import pytest

from textcnn.settings import Settings
from textcnn.storage.quantized import Quantized
from textcnn.text.lexicon import encode
from textcnn.text.tokens import normal
from textcnn.text.vocabulary import Vocabulary
from textcnn.training.embeddings import begin, segmenter_for
from textcnn.vectors.gensim_training import train_vectors
from textcnn.vectors.table import VectorTable

TEXTS = ["a good film", "a bad film", "good food", "bad food"] * 20


def test_vectors_trained_on_the_texts_are_fixed_by_the_seed():
    encoded = encode(TEXTS, max_words=99)
    every = np.ones(len(encoded.ragged.words), bool)
    one, other = (train_vectors(encoded, every, normal, dimensions=8, seed=3) for _ in range(2))
    assert set(one.vocabulary.words()) == {"a", "good", "bad", "film", "food"}
    np.testing.assert_array_equal(one.vectors.values, other.vectors.values)


def test_the_end_of_a_long_text_trains_too():
    """gensim leaves out what comes after 10,000 words."""
    encoded = encode(["one two three four " * 2500 + "five six seven eight " * 1000], max_words=20_000)
    table = train_vectors(encoded, np.ones(len(encoded.ragged.words), bool), normal, dimensions=20, seed=3)
    lengths = {word: float(np.linalg.norm(table.vector(table.find(word).rows))) for word in ("one", "five")}
    assert lengths["five"] > 0.5 * lengths["one"]


def test_vectors_are_trained_on_the_training_part_only():
    encoded = encode(["good food", "good food", "secret secret"], max_words=99)
    table = train_vectors(encoded, np.array([True] * 4 + [False] * 2), normal, dimensions=8, seed=3)
    assert set(table.vocabulary.words()) == {"good", "food"}
    encoded = encode(["every word once"], max_words=99)
    assert train_vectors(encoded, np.ones(3, bool), normal, dimensions=8, seed=3) is None


def started(texts, monkeypatch=None, **settings):
    chosen, notes = Settings(**settings), []
    encoded = encode(texts, max_words=99, segment=segmenter_for(texts, chosen))
    start = begin(encoded, np.ones(len(encoded.ragged.words), bool), chosen, notes.append)
    return start, notes


def test_training_says_how_many_words_are_known(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("a 1 2\nfilm 3 4\ngood 5 6\n")
    start, notes = started(TEXTS, vectors=str(path))
    assert notes == ["mine vectors: 60.0% of the words of the texts are known (3 different)"]
    assert start.known == pytest.approx(0.6) and start.source == "mine"
    assert start.words == ["", "a", "good", "film", "bad", "food"] and start.matrix.shape == (6, 2)
    root_mean_square = np.linalg.norm(start.matrix[1:4], axis=1).mean() / start.matrix.shape[1] ** 0.5
    assert root_mean_square == pytest.approx(0.4, rel=0.01)  # learning rates are made for it


def test_vectors_of_another_language_are_doubted(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("der 1 2\nfilm 3 4\n")
    assert started(TEXTS, vectors=str(path))[1][0].endswith("are they of the language of the texts?")


@pytest.fixture
def english(tmp_path, monkeypatch):
    """An embedded table that knows a film from a food."""
    path = tmp_path / "english.safetensors"
    with path.open("wb") as file:
        words = Vocabulary.of(["a", "film", "good", "bad", "food"])
        VectorTable("english", words, Quantized.of(np.eye(5, dtype=np.float32))).write(file, language="en")
    monkeypatch.setattr("textcnn.vectors.loading.EMBEDDED", path)
    monkeypatch.setattr("textcnn.vectors.loading.SHARED", tmp_path / "none")


@pytest.mark.usefixtures("english")
def test_english_is_the_default_for_text_that_it_covers():
    start, notes = started(TEXTS)
    assert start.source == "english" and notes == [
        "english vectors: 100.0% of the words of the texts are known (5 different)"
    ]
    assert [started(TEXTS, vectors=name)[0].afresh for name in ("auto", "trained", "none")] == [False, True, True]


GERMAN = """Das Hotel war wunderbar und das Frühstück sehr lecker
Wir waren mit dem Zimmer gar nicht zufrieden und reisten früher ab
Der Film hat mir gut gefallen, die Schauspieler sind großartig
Ich kann von diesem Buch nur abraten, es ist langweilig
Das Essen war kalt und die Bedienung hat uns vergessen
Die Musik war schön und die Stimmung ausgezeichnet
Der Wein war sauer und der Abend verdorben
Das Auto steht mehr in der Werkstatt als auf der Straße""".splitlines()
CHINESE = ["房间很干净，早餐也很好", "服务态度很差，不会再来了", "位置方便，离车站很近", "电影很无聊，音乐太吵"]
TERSE = [
    "iphone 12 case black tpu cover",
    "lol thx c u l8r m8",
    "kernel oops: null pointer in ext4 driver",
    "mg/dl glucose",
]


@pytest.mark.parametrize("texts", [GERMAN, CHINESE])
def test_german_and_chinese_leave_the_english_table_though_it_has_many_of_their_words(texts, tmp_path, monkeypatch):
    assert started(texts, vectors="english")[1][0].endswith("are they of the language of the texts?")
    monkeypatch.setattr("textcnn.vectors.loading.SHARED", tmp_path / "none")
    start, notes = started(texts * 4)
    assert start.source == "trained" and notes[0].endswith("so vectors are trained on the texts")


@pytest.mark.parametrize("texts", [TERSE, ["Where is the nearest station?"], ["12 30"]])
def test_english_of_every_kind_keeps_the_english_vectors(texts):
    start, notes = started(texts)
    assert start.source == "english" and not notes[0].endswith("?")


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize("texts", [["ein guter film", "das essen ist gut 12 !"] * 9, ["电影很好", "电影不好 ! 3"] * 9])
def test_text_in_another_language_trains_its_own(texts):
    start, notes = started(texts)
    assert start.source == "trained"
    assert "so vectors are trained on the texts" in notes[0] and notes[1].startswith("vectors trained on the texts: ")
    start, notes = started(texts, vectors="english")
    assert start.source == "english" and notes[0].endswith("are they of the language of the texts?")


@pytest.fixture
def shared(english, tmp_path, monkeypatch):
    """Beside the English table one of German, Spanish and Chinese words, and pieces."""
    path = tmp_path / "shared.safetensors"
    words = Vocabulary.of(["a", "film", "ein", "guter", "una", "película", "buena", "电影", "很", "好", "fil", "##me"])
    with path.open("wb") as file:
        VectorTable("shared", words, Quantized.of(np.eye(12, dtype=np.float32))).write(file, language="de en es zh")
    monkeypatch.setattr("textcnn.vectors.loading.SHARED", path)


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize(
    "texts",
    [["ein guter film", "guter ein filme"], ["电影 很 好"], ["a good film", "una película buena", "buena película"]],
)
def test_other_languages_and_several_take_the_shared_vectors(texts):
    start, notes = started(texts * 4)
    assert start.source == "shared" and start.known > 0.8 and notes[-1].startswith("shared vectors: ")


@pytest.mark.usefixtures("shared")
def test_english_keeps_its_own_vectors_though_others_are_there():
    for texts in (TEXTS, ["a good film", "the bad food", "a bad food"]):  # the second with a word that nobody knows
        start, notes = started(texts * 4)
        assert start.source == "english" and len(notes) == 1
    assert started(TEXTS, vectors="shared")[0].source == "shared"


@pytest.mark.usefixtures("shared")
def test_a_language_that_no_table_knows_trains_its_own():
    assert started(["mikä hieno päivä", "mikä huono päivä"] * 4)[0].source == "trained"


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize(("vectors", "joined"), [("auto", True), ("shared", True), ("english", False), ("none", False)])
def test_characters_are_joined_by_the_words_of_vectors_that_have_such(vectors, joined):
    segment = segmenter_for(["电影很好"], Settings(vectors=vectors))
    assert (segment is not None) == joined
    other = segmenter_for(["a good film"], Settings(vectors=vectors))
    assert (other is not None) == (vectors == "shared")  # whose model may be asked in another language
    assert segmenter_for(["a good film of 电影", "good food"], Settings()) is None  # still English texts


def test_without_vectors_and_enough_text_words_start_at_random():
    for start, notes in (started(TEXTS, vectors="none"), started(["each word once"], vectors="trained", min_count=1)):
        assert start.source == "random" and start.table is None and len(start.words) > 3
        assert [note.endswith("they start at random") for note in notes] == [True] * (len(start.words) == 4)
    assert not started(TEXTS, vectors="none")[0].matrix[0].any()
