"""Sentences as vectors: alike ones are near, a text's vector is its own, and a bad file is refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from program import run

import textcnn
from textcnn.encoder import (
    ENCODER,
    SHARED_ENCODER,
    SentenceEncoder,
    by_rarity,
    encoder_for,
    encoders_for,
    read_encoder,
    write_asked,
    write_encoder,
)
from textcnn.errors import DataError, VectorsError
from textcnn.text.lexicon import encode as encode_words
from textcnn.vectors.loading import open_vectors
from textcnn.vectors.pretrained_filters import Filters
from textcnn.vectors.table import VectorTable

TEXTS = ["Where is my parcel?", "My order never came.", "We play football on Sundays.", "", "good " * 3000]


@pytest.fixture
def small() -> SentenceEncoder:
    """One filter of width 1 and one of width 2; the vector is the first, the second, and their difference."""
    return read_encoder_of(small_filters(), np.array([[1, 0], [0, 1], [1, -1]]), np.zeros(3))


def small_filters() -> dict[int, Filters]:
    random = np.random.default_rng(0)
    return {h: Filters(random.normal(size=(h, 1, 256)).astype(np.float16), np.zeros(1, np.float16)) for h in (1, 2)}


def read_encoder_of(
    filters: dict[int, Filters], readout: np.ndarray, bias: np.ndarray, words: np.ndarray | None = None
) -> SentenceEncoder:
    path = Path("small.safetensors")
    with path.open("wb") as file:
        write_encoder(file, filters, readout.astype(np.float32), bias, {}, words)
    return read_encoder(path)


def test_alike_sentences_are_near() -> None:
    parcel, order, football = textcnn.encode(TEXTS[:3])
    assert parcel @ order > max(parcel @ football, order @ football)


def test_rows_are_unit_vectors_in_single_precision() -> None:
    vectors = textcnn.encode(TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
    assert textcnn.encode([]).shape == (0, vectors.shape[1])


def test_what_a_text_gets_does_not_depend_on_the_others() -> None:
    alone = [textcnn.encode([text])[0] for text in TEXTS]
    np.testing.assert_array_equal(textcnn.encode(TEXTS), alone)


def test_one_string_is_not_taken_for_many_texts_nor_a_number_for_one() -> None:
    with pytest.raises(DataError, match="not one text"):
        textcnn.encode("where is my parcel?")
    with pytest.raises(DataError, match=r"number 1 .* is float: nan"):
        textcnn.encode(["where is my parcel?", float("nan")])


def test_by_hand(folder: Path, small: SentenceEncoder) -> None:
    good, film = (small.table.vector(small.table.find(word).rows) for word in ("good", "film"))
    one, two = (filters.slices.astype(np.float32)[:, 0] for filters in small_filters().values())
    first = max(good @ one[0], film @ one[0], 0)
    second = max(good @ two[1], good @ two[0] + film @ two[1], film @ two[0], 0)
    by_hand = np.array([first, second, first - second])
    np.testing.assert_allclose(small.encode(["Good film"])[0], by_hand / np.linalg.norm(by_hand), atol=0.01)


def test_the_mean_of_words_has_a_readout_of_its_own(folder: Path) -> None:
    """To what filters of no response leave, 2 and nothing, it adds twice the first number of the mean, and its last."""
    none = {1: Filters(np.zeros((1, 1, 256), np.float16), np.zeros(1, np.float16))}
    words = np.zeros((2, 256), np.float32)
    words[0, 0], words[1, -1] = 2, 1
    encoder = read_encoder_of(none, np.zeros((2, 1)), np.array([2, 0]), words)
    mean = np.mean([encoder.table.vector(encoder.table.find(word).rows) for word in ("good", "film", "film")], axis=0)
    by_hand = np.array([2 + 2 * mean[0], mean[-1]])
    np.testing.assert_allclose(encoder.encode(["Good film film"])[0], by_hand / np.linalg.norm(by_hand), atol=1e-3)
    np.testing.assert_array_equal(encoder.encode([""]), [[1, 0]])


def test_what_a_question_asks_for_is_told_by_numbers_of_its_own(folder: Path) -> None:
    """The first of them is twice the vector's first number, the other its last and one."""
    words = np.random.default_rng(1).normal(size=(3, 256)).astype(np.float32)
    read_encoder_of(small_filters(), np.array([[1, 0], [0, 1], [1, -1]]), np.array([1, 0, 2]), words)
    write_asked(Path("small.safetensors"), np.array([[2, 0, 0], [0, 0, 1]], np.float32), np.array([0, 1]))
    encoder = read_encoder(Path("small.safetensors"))
    said = encoder.outputs(TEXTS[:2])
    by_hand = np.stack([2 * said[:, 0], said[:, 2] + 1], axis=1)
    assert encoder.encode(TEXTS[:2]).shape == (2, 3)
    np.testing.assert_allclose(encoder.asking().outputs(TEXTS[:2]), np.hstack([said, by_hand]), atol=1e-4)
    assert encoder.asking().asking().dimensions == 5


def test_who_asks_alike_is_near_where_that_counts() -> None:
    """Two questions about persons, one about a number; two of them about a city."""
    asked = ["Who built Rome?", "Which woman wrote Emma?", "How many people live in Rome?"]
    encoder = read_encoder(ENCODER)
    usual, asking = encoder.encode(asked), encoder.asking().encode(asked)
    assert usual[0] @ usual[2] > usual[0] @ usual[1]
    assert asking[0] @ asking[1] > asking[0] @ asking[2]


def test_of_questions_there_are_two_encoders() -> None:
    english, shared = (open_vectors(name, say=lambda note: None).table for name in ("english", "shared"))
    asked, told = (encode_words(texts, 100) for texts in (["Who is it?", "Where?"], ["It is me.", "Here."]))
    assert [each.dimensions for each in encoders_for(english, asked)] == [385, 449]
    assert [each.dimensions for each in encoders_for(english, told)] == [385]
    assert len(encoders_for(shared, asked)) == 1


def test_over_the_shared_vectors_a_sentence_is_near_its_translation() -> None:
    encoder = read_encoder(SHARED_ENCODER)
    dinner, dish, train = encoder.encode(["We eat fish and rice.", "Wir essen Fisch und Reis.", "Der Zug fährt ab."])
    assert dinner @ dish > 0.5 > dinner @ train


def test_words_of_scripts_without_blanks_are_found_by_the_shared_vectors() -> None:
    """Its readout is linear: a text of two words is the mean of both, each as long as it is rare."""
    encoder = read_encoder(SHARED_ENCODER)
    weights = encoder.networks[0].layers[0][0][:, : encoder.table.dimensions]
    vectors = [encoder.table.vector(encoder.table.find(word).rows) for word in ("日本", "音楽")]
    by_hand = weights @ sum(vectors)
    np.testing.assert_allclose(encoder.encode(["日本音楽"])[0], by_hand / np.linalg.norm(by_hand), atol=1e-3)


def test_the_more_frequent_the_less_a_word_counts() -> None:
    table = open_vectors("shared", say=lambda note: None).table
    lengths = by_rarity(table, 10).vectors.scales[[0, 9, 89]] / table.vectors.scales[[0, 9, 89]]
    np.testing.assert_allclose(lengths, [1 / 11, 1 / 2, 9 / 10], rtol=1e-6)
    assert by_rarity(table, 0) is table


def test_an_encoder_is_for_the_vectors_that_it_was_made_for(tmp_path: Path) -> None:
    """So the one in the package is for those in the package, and must be made again when they are."""
    table = open_vectors("shared", say=lambda note: None).table
    assert encoder_for(table) is not None
    assert encoder_for(by_rarity(table, 10)) is None
    with (tmp_path / "english.vectors").open("wb") as file:
        table._replace(name="english").write(file)
    assert encoder_for(VectorTable.open(tmp_path / "english.vectors")) is None  # whatever it is called


def test_without_compiled_loops_the_vectors_are_the_same() -> None:
    code = "import sys, json, textcnn; print(textcnn.encode(json.load(sys.stdin)).tolist())"
    plain = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(TEXTS[:4]), env={**os.environ, "TEXTCNN_LOOPS": "off"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    np.testing.assert_allclose(json.loads(plain.stdout), textcnn.encode(TEXTS[:4]), atol=1e-5)


def test_encoding_imports_nothing_heavy() -> None:
    code = (
        "import sys, textcnn; textcnn.encode(['a']); print(*{'torch', 'sklearn', 'scipy', 'gensim'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("readout", np.zeros((3, 5), np.int8)),
        ("words.readout", np.zeros((3, 255), np.int8)),
        ("words.scales", np.zeros(2, np.float32)),
        ("asked.readout", np.zeros((2, 4), np.int8)),
        ("scales", np.full(3, np.nan, np.float32)),
        ("bias", np.zeros(4, np.float32)),
        ("biases.1", np.zeros(3, np.float16)),
        ("filters.2", np.zeros((2, 1, 255), np.float16)),
    ],
)
def test_a_damaged_file_is_refused(folder: Path, name: str, value: np.ndarray) -> None:
    from textcnn.storage.tensor_file import read_tensors, write_tensors

    read_encoder_of(small_filters(), np.ones((3, 2)), np.zeros(3), np.ones((3, 256), np.float32))
    write_asked(Path("small.safetensors"), np.ones((2, 3), np.float32), np.zeros(2))
    read = read_tensors(Path("small.safetensors"))
    with Path("small.safetensors").open("wb") as file:
        write_tensors(file, read.metadata, {**read.tensors, name: value})
    with pytest.raises(VectorsError, match=r"small\.safetensors is not an encoder of ours"):
        read_encoder(Path("small.safetensors"))


def test_two_means_of_words_are_refused(folder: Path) -> None:
    """A model's file could not tell which is which."""
    with pytest.raises(VectorsError, match="two means of words"), Path("two.safetensors").open("wb") as file:
        words = np.ones((3, 256), np.float32)
        write_encoder(file, small_filters(), np.ones((3, 2)), np.zeros(3), {"pooling": "mean"}, words)
        file.flush()
        read_encoder(Path("two.safetensors"))


def test_another_file_or_none_is_refused(folder: Path) -> None:
    with pytest.raises(VectorsError, match="cannot read the encoder"):
        read_encoder(Path("nothing.safetensors"))
    Path("other.safetensors").write_bytes(ENCODER.with_name("english.safetensors").read_bytes()[:1000])
    with pytest.raises(VectorsError, match="is not an encoder of ours"):
        read_encoder(Path("other.safetensors"))


def test_in_the_shell_a_line_of_json_for_each_text(folder: Path) -> None:
    Path("texts.csv").write_text('label,text\nask,Where is my parcel?\nsay,"My order, it never came."\n')
    done = run("vectors", "encode", "texts.csv")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["text"] for line in lines] == ["Where is my parcel?", "My order, it never came."]
    expected = textcnn.encode([line["text"] for line in lines])
    np.testing.assert_allclose([line["vector"] for line in lines], expected, atol=1e-6)


def test_in_the_shell_an_array_of_all(folder: Path) -> None:
    Path("texts.txt").write_text("Where is my parcel?\nMy order never came.\n")
    done = run("vectors", "encode", "texts.txt", "--input-format", "lines", "-o", "texts.npy")
    assert (done.returncode, done.stdout) == (0, b"")
    np.testing.assert_array_equal(np.load("texts.npy", allow_pickle=False), textcnn.encode(TEXTS[:2]))
    done = run("vectors", "encode", "texts.txt", "-o", "texts.txt")
    assert (done.returncode, b"no array of vectors" in done.stderr) == (1, True)
