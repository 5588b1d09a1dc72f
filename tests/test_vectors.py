"""Word vectors from every kind of file, and what is wrong with broken ones."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from textcnn.errors import VectorsError
from textcnn.vectors.sources import read_vectors, train_vectors
from textcnn.vectors.table import Quantized, VectorTable
from textcnn.vocabulary import Vocabulary, encode

WORDS = ["the", "film", "free", "naïve"]
MATRIX = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)


def lines() -> list[str]:
    return [f"{word} {' '.join(f'{value:.6f}' for value in row)}" for word, row in zip(WORDS, MATRIX, strict=True)]


def word2vec_binary() -> bytes:
    body = b"".join(
        word.encode() + b" " + struct.pack("<5f", *row) + b"\n" for word, row in zip(WORDS, MATRIX, strict=True)
    )
    return b"4 5\n" + body


CONTENTS = {
    "glove.txt": "\n".join(lines()).encode() + b"\n",
    "word2vec.txt": ("4 5\n" + "\n".join(lines()) + "\n").encode(),
    "word2vec.bin": word2vec_binary(),
}


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("zipped", [False, True])
def test_every_format_gives_the_wanted_rows(tmp_path: Path, name: str, zipped: bool) -> None:
    path = tmp_path / (name + ".gz" * zipped)
    path.write_bytes(gzip.compress(CONTENTS[name]) if zipped else CONTENTS[name])
    table = read_vectors(path, {"film", "naïve", "absent"})
    assert sorted(table.vocabulary.words()) == ["film", "naïve"]
    for word in ("film", "naïve"):
        row = table.vocabulary.row(word)
        np.testing.assert_allclose(table.vectors.rows(np.array([row]))[0], MATRIX[WORDS.index(word)], atol=0.02)


def test_fasttext_knows_words_by_their_parts(tmp_path: Path) -> None:
    from gensim.models import FastText
    from gensim.models.fasttext import save_facebook_model

    texts = [["free", "prize"], ["freely", "prizes"]] * 20
    model = FastText(texts, vector_size=5, min_count=1, bucket=100, workers=1, epochs=1)
    save_facebook_model(model, str(tmp_path / "ft.bin"))
    table = read_vectors(tmp_path / "ft.bin", {"free", "freed"})
    assert table.vocabulary.words() == ["free", "freed"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"the 0.1 0.2 0.3\nfilm 0.1 0.2\n", "line 2: 2 numbers where 3"),
        (b"the 0.1 0.2 0.3\nfilm 0.1 x 0.3\n", "line 2"),
        (b"the 0.1 0.2 0.3\nfilm 0.1 nan 0.3\n", "line 2: a value is not a finite"),
        (b"5 3\nthe 0.1 0.2 0.3\n", "promises 5 words, but it has 1"),
        (word2vec_binary()[:-12], "cannot be read"),
        (gzip.compress(b"the 0.1 0.2 0.3\n" * 99)[:-20], "cut off|cannot read"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "broken"
    path.write_bytes(content)
    with pytest.raises(VectorsError, match=message):
        read_vectors(path, {"the", "film"})


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(VectorsError, match="nothing.vec"):
        read_vectors(tmp_path / "nothing.vec", set())


def test_of_duplicate_words_the_first_counts(tmp_path: Path) -> None:
    path = tmp_path / "twice.txt"
    path.write_text("the 1 2\nthe 3 4\n", encoding="utf-8")
    assert read_vectors(path, {"the"}).vectors.rows(np.array([0])) == pytest.approx(np.array([[1, 2]]), abs=0.02)


def test_a_table_of_ours_comes_back(tmp_path: Path) -> None:
    table = VectorTable("mine", Vocabulary.of(WORDS), Quantized.of(MATRIX))
    path = tmp_path / "mine.vectors"
    with path.open("wb") as file:
        table.write(file, licence="CC0")
    read = read_vectors(path, set())
    assert read.vocabulary.words() == WORDS and read.name == "mine"
    np.testing.assert_array_equal(read.vectors.values, table.vectors.values)


@pytest.mark.parametrize("cut", [0, 5, 100, -1])
def test_a_damaged_table_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "mine.vectors"
    with path.open("wb") as file:
        VectorTable("mine", Vocabulary.of(WORDS), Quantized.of(MATRIX)).write(file)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(VectorsError, match="mine.vectors"):
        VectorTable.open(path)


def test_bytes_cost_less_than_half_a_percent() -> None:
    matrix = np.random.default_rng(1).normal(size=(100, 300)).astype(np.float32)
    back = Quantized.of(matrix).rows(np.arange(100))
    assert (np.linalg.norm(back - matrix, axis=1) / np.linalg.norm(matrix, axis=1)).max() < 0.01
    assert Quantized.of(np.zeros((2, 3), np.float32)).rows(np.arange(2)).tolist() == [[0, 0, 0]] * 2


def test_vectors_trained_on_the_texts_are_fixed_by_the_seed() -> None:
    encoded = encode(["a good film", "a bad film", "good food", "bad food"] * 20, max_words=99)
    one, other = (train_vectors(encoded, str.lower, dimensions=8, seed=3) for _ in range(2))
    assert set(one.vocabulary.words()) == {"a", "good", "bad", "film", "food"}
    np.testing.assert_array_equal(one.vectors.values, other.vectors.values)
