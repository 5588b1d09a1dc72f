"""Word vectors from every kind of file, and what is wrong with broken ones."""

import gzip
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
from safetensors.numpy import load_file

from textcnn.errors import VectorsError
from textcnn.settings import Settings
from textcnn.storage.quantized import HALF_BYTE, Quantized
from textcnn.text.lexicon import encode
from textcnn.text.vocabulary import Vocabulary
from textcnn.training.embeddings import begin
from textcnn.vectors import loading, text_format, word2vec
from textcnn.vectors.fasttext import FastText
from textcnn.vectors.loading import Pretrained, open_vectors, write_table
from textcnn.vectors.source import Source
from textcnn.vectors.table import VectorTable

WORDS = ["the", "film", "free", "naïve"]
MATRIX = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)


def lines():
    return [f"{word} {' '.join(f'{value:.6f}' for value in row)}" for word, row in zip(WORDS, MATRIX, strict=True)]


def word2vec_binary(*, end=b"\n", words=WORDS, matrix=MATRIX):
    rows = [word.encode() + b" " + row.astype("<f4").tobytes() + end for word, row in zip(words, matrix, strict=True)]
    return b"%d %d\n" % matrix.shape + b"".join(rows)


CONTENTS = {
    "glove.txt": "\n".join(lines()).encode() + b"\n",
    "no-last-line-end.txt": "\n".join(lines()).encode(),
    "windows.txt": "\r\n".join(lines()).encode() + b"\r\n",
    "word2vec.txt": ("4 5\n" + "\n".join(lines()) + "\n").encode(),
    "fasttext.vec": ("4 5\n" + " \n".join(lines()) + " \n").encode(),
    "tabs.vec": ("4\t5\n" + "\n".join(lines()).replace(" ", "\t") + "\n").encode(),
    "marked.txt": b"\xef\xbb\xbf" + "\n".join(lines()).encode(),
    "marked.vec": ("\ufeff4 5\n" + "\n".join(lines()) + "\n").encode(),
    "word2vec.bin": word2vec_binary(),
    "gensim.bin": word2vec_binary(end=b""),
    "named.as.text.txt": word2vec_binary(),
    "named.as.binary.bin": "\n".join(lines()).encode(),
}


def opened(path, surfaces=None):
    return open_vectors(str(path), surfaces, say=lambda note: None)


def said_of(path, surfaces=None):
    notes = []
    open_vectors(str(path), surfaces, say=notes.append)
    return notes


def vector(pretrained, word):
    return pretrained.look_up(word).vector


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("zipped", [False, True])
def test_every_format_gives_the_same_rows_whatever_its_name_says(tmp_path, name, zipped):
    path = tmp_path / (name + ".gz" * zipped)
    path.write_bytes(gzip.compress(CONTENTS[name]) if zipped else CONTENTS[name])
    pretrained = opened(path)
    assert pretrained.table.vocabulary.words() == WORDS
    for word, row in zip(WORDS, MATRIX, strict=True):
        np.testing.assert_allclose(vector(pretrained, word), row, atol=0.02)
    assert vector(pretrained, "absent") is None


def test_what_is_written_is_read_back_by_us_and_by_the_library_of_the_format(tmp_path):
    source, made = tmp_path / "glove.txt.gz", tmp_path / "glove.vectors"
    source.write_bytes(gzip.compress(CONTENTS["glove.txt"]))
    with made.open("wb") as file:
        write_table(str(source), file, say=print, progress=lambda what, share: None)
    mine, theirs, direct = VectorTable.open(made), load_file(made), opened(source).table
    assert (mine.name, mine.facts["from"], mine.facts["format_of_source"]) == ("glove", "glove.txt.gz", "text")
    assert mine.vocabulary.words() == WORDS
    np.testing.assert_array_equal(mine.vectors.values, direct.vectors.values)
    np.testing.assert_array_equal(theirs["vectors"], direct.vectors.values)
    np.testing.assert_array_equal(theirs["scales"], direct.vectors.scales)


def test_the_size_of_blocks_does_not_change_the_rows(tmp_path, monkeypatch):
    """Of 250 rows, a hundred are a block."""
    for reader in (text_format, word2vec):
        monkeypatch.setattr(reader, "_VALUES", 3000)
    matrix = np.random.default_rng(1).normal(size=(250, 30)).astype(np.float32)
    words = [f"w{number}" for number in range(250)]
    (tmp_path / "w.bin").write_bytes(word2vec_binary(words=words, matrix=matrix))
    (tmp_path / "w.txt").write_text(
        "".join(f"{word} {' '.join(map(str, row.tolist()))}\n" for word, row in zip(words, matrix, strict=True))
    )
    for name in ("w.bin", "w.txt"):
        with (tmp_path / "w.vectors").open("wb") as file:
            write_table(str(tmp_path / name), file, say=print, progress=lambda what, share: None)
        table = VectorTable.open(tmp_path / "w.vectors")
        assert table.vocabulary.words() == words
        np.testing.assert_allclose(table.vectors.rows(np.arange(250)), matrix, atol=0.02)


def test_words_of_glove_may_hold_blanks(tmp_path):
    path = tmp_path / "glove.840B.txt"
    path.write_text("the 1 2 3\n. . . 4 5 6\nat name@domain.com 7 8 9\n1 2 10 11 12\n" + "\u00a0 1 2 3\n 1 1 1\n")
    with pytest.raises(VectorsError, match="line 4: 4 numbers where 3"):
        opened(path)
    path.write_text("the 1 2 3\n. . . 4 5 6\nat name@domain.com 7 8 9\n1999 10 11 12\n 1 1 1\n")
    assert opened(path).table.vocabulary.words() == ["the", ". . .", "at name@domain.com", "1999"]


def test_words_with_capitals_are_found_unless_they_have_a_twin(tmp_path):
    path = tmp_path / "news.txt"
    path.write_text("London 1 2\nWIN 3 4\nwin 5 6\nLONDON 7 8\n")
    pretrained = opened(path)
    np.testing.assert_allclose(vector(pretrained, "London"), [1, 2], atol=0.02)
    np.testing.assert_allclose(vector(pretrained, "WIN"), [5, 6], atol=0.05)


def test_of_duplicate_words_the_first_counts_and_the_others_are_counted(tmp_path):
    path = tmp_path / "twice.txt"
    path.write_text("the 1 2\nthe 3 4\nfilm 5 6\nthe 7 8\n")
    np.testing.assert_allclose(vector(opened(path), "the"), [1, 2], atol=0.02)
    assert said_of(path) == [f"{path}: 2 words are there more than once; the first counts"]


# fastText


@pytest.fixture(scope="module")
def fasttext(tmp_path_factory):
    """A small .bin, and gensim's view of it."""
    from gensim.models import FastText
    from gensim.models.fasttext import save_facebook_model

    texts = [["free", "prize", "naïve"], ["freely", "prizes", "Lake"]] * 20
    model = FastText(texts, vector_size=5, min_count=1, bucket=100, workers=1, epochs=1)
    path = tmp_path_factory.mktemp("fasttext") / "ft.bin"
    save_facebook_model(model, str(path))
    return path, model.wv


@pytest.mark.parametrize("zipped", [False, True])
def test_fasttext_knows_its_words_and_builds_others_from_their_parts(tmp_path, fasttext, zipped):
    path, theirs = fasttext
    if zipped:
        (tmp_path / "ft.bin.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = tmp_path / "ft.bin.gz"
    pretrained = opened(path, ["Free", "freed", "lake", "film"])
    assert set(pretrained.table.vocabulary.words()) == {"free", "freely", "prize", "prizes", "naïve", "lake"}
    assert set(pretrained.built) == {"freed", "film"}
    for word in ("free", "naïve", "freed", "film"):
        np.testing.assert_allclose(vector(pretrained, word), theirs[word], atol=0.002)
    np.testing.assert_allclose(vector(pretrained, "Lake"), theirs["Lake"], atol=0.002)
    assert not opened(path).built  # nothing was asked for


def test_a_broken_fasttext_file_is_refused_wherever_it_is_cut(tmp_path, fasttext):
    content = fasttext[0].read_bytes()
    path = tmp_path / "cut.bin"
    for cut in (4, 20, 60, 100, 130, 200, len(content) // 2):
        path.write_bytes(content[:cut])
        with pytest.raises(VectorsError, match=r"cut\.bin is (cut off or )?damaged"):
            opened(path)
    path.write_bytes(content[:8] + struct.pack("<i", 7) + content[12:])
    with pytest.raises(VectorsError, match="sizes do not fit"):
        opened(path)
    for place, kind, number in ((40, "<i", -1), (44, "<i", 1 << 30), (64, "<i", -5), (84, "<q", 1 << 62)):
        path.write_bytes(content[:place] + struct.pack(kind, number) + content[place + struct.calcsize(kind) :])
        with pytest.raises(VectorsError, match="damaged"):
            opened(path)
    with Source(fasttext[0]) as source:
        listed = FastText.open(source)
    met = {row for word in listed.words for row in listed._ngrams(word)}
    values = bytearray(content)
    first = len(content) - 17 - 4 * 6 * 5 - 4 * listed.matrix.size  # the output matrix of the six words comes last
    for row in set(range(len(listed.words), len(listed.matrix))) - met:  # n-grams that only other words have
        struct.pack_into("<f", values, first + 4 * 5 * row, float("nan"))
    path.write_bytes(values)
    with pytest.raises(VectorsError, match="n-grams whose vectors are not numbers"):
        opened(path, [f"word{number}" for number in range(3000)])


# what is wrong


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "has no words"),
        (b"3 4\n", "promises 3 words, but it has 0"),
        (b"hello world\n", "line 1: it is not a word and its numbers"),
        (b"the 0.1 0.2 0.3\nfilm 0.1 0.2\n", "line 2: 2 numbers where 3"),
        (b"the 0.1 0.2 0.3\nfilm 0.1 0.2 0.3 0.4\n", "line 2: 4 numbers where 3"),
        (b"2 3\nthe 0.1 0.2 0.3\nfilm 0.1 0.2 0.3 0.4\n", "line 3: 4 numbers where 3"),
        (b"2 3\nthe 0.1 0.2\nfilm 0.1 0.2\n", "line 2: 2 numbers where 3"),
        (b"the 0.1 0.2 0.3\nfilm 0.1 x 0.3\n", "line 2: 'x' is not a number"),
        (b"the 0.1 0.2 0.3\nfilm 0.1 1_0 0.3\n", "line 2: '1_0' is not a number"),
        (b"the 0.1 0.2 0.3\nfilm 0.1 nan 0.3\n", "line 2: a value is not a finite"),
        (b"the 0.1 0.2 0.3\nfilm 0.1 inf 0.3\n", "line 2: a value is not a finite"),
        (b"the 0.1 0.2 0.3\nfilm 0.1 1e99 0.3\n", "line 2: a value is not a finite"),
        (b"5 3\nthe 0.1 0.2 0.3\n", "promises 5 words, but it has 1; it may be cut off"),
        (b"1 3\nthe 0.1 0.2 0.3\na 1 2 3\n", "promises 1 words, but it has 2"),
        (b"9 1\nthe 0.1\n", "line 1: it is not a word and its numbers"),
        (b"x" * 3_000_000, "line 1: it is not a word"),
        (word2vec_binary()[:-12], "word 4 of 4: the file is cut off here"),
        (word2vec_binary().replace(b"4 5", b"9 5"), "word 5 of 9: the file is cut off here"),
        (word2vec_binary().replace(b"4 5", b"3 5"), "promises 3 words, but there is more"),
        (word2vec_binary().replace(b"4 5", b"4 999999999"), "999999999 dimensions"),
        (b"4 5\n" + bytes(30_000), "word 1 of 4: there is no word"),
        (word2vec_binary(matrix=np.where(MATRIX[2, 1] == MATRIX, np.nan, MATRIX)), "word 3 of 4: a value is not"),
        (gzip.compress(b"the 0.1 0.2 0.3\n" * 99, mtime=0)[:-20], "cut off"),
        (b"\x1f\x8b" + b"nonsense" * 9, "cannot read"),
        (bytes(range(256)) * 9, "neither text nor any kind"),
        ("the 1 2 3".encode("utf-16"), "neither text nor any kind"),
        (b"\x93NUMPY\x01\x00", "a NumPy array"),
        (b"BZh91AY&SY", "bzip2; unpack it"),
        (pickle.dumps(["the"]), "is a pickle"),
        (gzip.compress(pickle.dumps(["the"]), mtime=0), "is a pickle"),
    ],
)
def test_malformed_vectors_are_refused_with_the_place_of_the_fault(tmp_path, content, message):
    path = tmp_path / "broken"
    path.write_bytes(content)
    with pytest.raises(VectorsError, match=message) as error:
        opened(path)
    assert "broken" in str(error.value)


def test_gensims_own_format_is_never_unpickled(tmp_path):
    from gensim.models import KeyedVectors

    path = tmp_path / "mine.kv"
    keyed = KeyedVectors(5)
    keyed.add_vectors(WORDS, MATRIX)
    keyed.save(str(path))
    with pytest.raises(VectorsError, match="save_word2vec_format"):
        opened(path)
    keyed.save_word2vec_format(str(path), binary=True)
    assert opened(path).table.vocabulary.words() == WORDS


def test_a_zip_archive_is_refused_with_the_advice_to_unpack_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "glove.6B.zip", "w") as archive:
        archive.writestr("glove.6B.50d.txt", CONTENTS["glove.txt"])
    with pytest.raises(VectorsError, match="zip archive; unpack it"):
        opened(tmp_path / "glove.6B.zip")


def test_a_folder_a_device_and_nothing_are_no_vectors(tmp_path):
    with pytest.raises(VectorsError, match=r"no vectors '.*nothing.vec'.* the names are english, shared, gensim:NAME"):
        opened(tmp_path / "nothing.vec")
    with pytest.raises(VectorsError, match="is a folder"):
        opened(tmp_path)
    with pytest.raises(VectorsError, match="is a device or a pipe"):
        opened("/dev/zero")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_vectors_that_may_not_be_read_are_an_error(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_bytes(CONTENTS["glove.txt"])
    path.chmod(0)
    with pytest.raises(VectorsError, match="no permission"):
        opened(path)


@pytest.mark.parametrize("name", ["none", "trained", "auto", ""])
def test_names_that_mean_something_in_training_only_open_files_elsewhere(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(VectorsError, match=f"'{name}' are no vectors that could be opened; name english"):
        opened(name)
    if name:
        (tmp_path / name).write_bytes(CONTENTS["glove.txt"])
        assert opened(name).table.vocabulary.words() == WORDS


def test_an_installation_without_the_english_table_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "EMBEDDED", tmp_path / "english.safetensors")
    with pytest.raises(VectorsError, match="no English vectors"):
        opened("english")


# our own tables


def test_a_table_of_ours_comes_back_with_its_facts(tmp_path):
    table = VectorTable("mine", Vocabulary.of(WORDS), Quantized.of(MATRIX), {"source": "thin air"})
    path = tmp_path / "any.name"
    with path.open("wb") as file:
        table.write(file, licence="CC0")
    read = opened(path).table
    assert read.vocabulary.words() == WORDS and read.name == "mine"
    assert read.facts == {"source": "thin air", "licence": "CC0"}
    np.testing.assert_array_equal(read.vectors.values, table.vectors.values)
    (tmp_path / "packed").write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(VectorsError, match="gzipped table"):
        opened(tmp_path / "packed")


@pytest.mark.parametrize("cut", [0, 5, 100, -1])
def test_a_damaged_table_is_refused(tmp_path, cut):
    path = tmp_path / "mine.vectors"
    with path.open("wb") as file:
        VectorTable("mine", Vocabulary.of(WORDS), Quantized.of(MATRIX)).write(file)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(VectorsError, match=r"mine\.vectors"):
        VectorTable.open(path)
    with pytest.raises(VectorsError, match=r"mine\.vectors"):
        opened(path)


def test_a_table_with_infinite_scales_is_refused(tmp_path):
    path = tmp_path / "mine.vectors"
    with path.open("wb") as file:
        vectors = Quantized(np.zeros((4, 5), np.int8), np.array([1, 1, np.inf, 1], np.float32))
        VectorTable("mine", Vocabulary.of(WORDS), vectors).write(file)
    with pytest.raises(VectorsError, match="scales"):
        VectorTable.open(path)


def test_bytes_cost_less_than_one_percent():
    matrix = np.random.default_rng(1).normal(size=(100, 300)).astype(np.float32)
    back = Quantized.of(matrix).rows(np.arange(100))
    assert (np.linalg.norm(back - matrix, axis=1) / np.linalg.norm(matrix, axis=1)).max() < 0.01
    assert Quantized.of(np.zeros((2, 3), np.float32)).rows(np.arange(2)).tolist() == [[0, 0, 0]] * 2


# words as they stand in texts


def test_a_word_is_looked_up_by_its_spellings_then_its_parts():
    table = VectorTable("mine", Vocabulary.of(["so", "feel", "good", "0nd"]), Quantized.of(np.eye(4, dtype=np.float32)))
    pretrained = Pretrained(table, {"unheard": np.ones(4, np.float32)})
    assert pretrained.look_up("SOOOOO").spelling == "so"
    assert pretrained.look_up("2nd").spelling == "0nd"
    np.testing.assert_allclose(vector(pretrained, "Feel-good"), [0, 0.5, 0.5, 0], atol=0.01)
    assert vector(pretrained, "Unheard").tolist() == [1, 1, 1, 1]
    np.testing.assert_allclose(vector(pretrained, "Goodfeel"), [0, 0.5, 0.5, 0], atol=0.01)
    assert pretrained.look_up("nothing") == ("nothing", None)
    np.testing.assert_allclose(
        vector(
            Pretrained(VectorTable("", Vocabulary.of(["the", "film"]), Quantized.of(np.eye(2, dtype=np.float32)))),
            "thefilm",
        ),
        0.5,
        atol=0.01,
    )


def test_many_words_are_looked_up_as_one_after_the_other_is():
    table = VectorTable("mine", Vocabulary.of(["so", "feel", "good", "0nd"]), Quantized.of(np.eye(4, dtype=np.float32)))
    for pretrained in (Pretrained(table), Pretrained(table, {"unheard": np.ones(4, np.float32)})):
        for words in (["Good", "SOOOOO", "2nd", "Feel-good", "Unheard", "Goodfeel", "nothing", "good"], []):
            together, each = pretrained.look_up_all(words), [pretrained.look_up(word) for word in words]
            assert [known.spelling for known in together] == [known.spelling for known in each]
            for one, other in zip(together, each, strict=True):
                np.testing.assert_array_equal(one.vector, other.vector)


# vectors trained on the texts, and what training starts from


def test_words_from_a_fasttext_file_serve_those_that_it_does_not_list(fasttext):
    path, theirs = fasttext
    encoded = encode(["free freed", "prize prized"], max_words=99)
    start = begin(encoded, np.ones(4, bool), Settings(vectors=str(path)), lambda note: None)
    row = start.words.index("freed")
    np.testing.assert_allclose(start.matrix[row], theirs["freed"] * start.scale, rtol=1e-4)
    assert start.known == 1


def test_a_table_of_half_bytes_opens_as_it_was_written(tmp_path):
    matrix = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    vectors, path = Quantized.of(matrix, HALF_BYTE), tmp_path / "half.vectors"
    assert np.abs(vectors.values).max() == 7
    with path.open("wb") as file:
        VectorTable("half", Vocabulary.of(list("abcde")), vectors).write(file, in_half_bytes=True)
    table = VectorTable.open(path)
    assert table.dimensions == 6 and table.vectors.values.dtype == np.int8 and table.in_half_bytes
    halved = vectors.halved()
    assert halved.dimensions == 6 and halved.values.shape == (5, 3)
    np.testing.assert_array_equal(halved.rows(np.array([4, 0])), vectors.rows(np.array([4, 0])))
    np.testing.assert_array_equal(table.vectors.values[:], vectors.values)
    np.testing.assert_array_equal(table.vectors.values[np.array([3, 1])], vectors.values[[3, 1]])
    errors = np.abs(table.vectors.rows(np.arange(5)) - matrix) / np.abs(matrix).max(axis=1, keepdims=True)
    assert errors.max() <= 1 / 14 + 1e-6
    with (tmp_path / "whole.vectors").open("wb") as file:
        table.write(file)
    np.testing.assert_array_equal(VectorTable.open(tmp_path / "whole.vectors").vectors.values[:], vectors.values)
