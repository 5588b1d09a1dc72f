"""`textcnn vectors`: a visitor looks around, asks, converts, trains, and makes mistakes."""

import contextlib
import gzip
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from program import environment, run, start

from textcnn.vectors.table import VectorTable

PLACES = """paris 1 0 0.1
france 0.9 0.4 0.1
berlin 0 1 0.1
germany -0.1 1.4 0.1
cheese 0.3 -0.3 1
WINE 0.4 -0.3 1
"""
CORPUS = "the cat sat on the mat\nThe dog sat on the log\n\ndon't feed the cat !\n" * 30


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """An empty cache, no downloads of before, and no network."""
    monkeypatch.setenv("TEXTCNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GENSIM_DATA_DIR", str(tmp_path / "gensim"))
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    if "gensim.downloader" in sys.modules:
        monkeypatch.setattr(sys.modules["gensim.downloader"], "BASE_DIR", str(tmp_path / "gensim"))


@pytest.fixture
def places(folder):
    """Six words in three dimensions."""
    (folder / "places.txt").write_text(PLACES)
    return folder / "places.txt"


@pytest.fixture
def shelf(tmp_path, monkeypatch, places):
    """A web of one package, which gensim can reach."""
    from gensim import downloader

    package = tmp_path / "web" / "tiny"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('this program must never run')")
    content = gzip.compress(b"6 3\n" + PLACES.encode())
    (package / "tiny.gz").write_bytes(content)
    about = {
        "num_records": 6, "file_size": len(content), "license": "PDDL", "description": "Six\nwords", "parts": 1,
        "file_name": "tiny.gz", "checksum": hashlib.md5(content).hexdigest(),
        "parameters": {"dimension": 3}, "base_dataset": "an atlas",
    }  # fmt: skip
    (tmp_path / "web" / "list.json").write_text(json.dumps({"corpora": {}, "models": {"tiny": about}}))
    monkeypatch.setattr(downloader._load_info, "__defaults__", ((tmp_path / "web" / "list.json").as_uri(), "utf-8"))
    monkeypatch.setattr(downloader, "DOWNLOAD_BASE_URL", (tmp_path / "web").as_uri())
    return package


def test_help_of_every_command_has_an_example_that_names_it(textcnn):
    assert "Example" in textcnn("vectors", "-h").out
    for name in ("list", "get", "convert", "info", "nearest", "train", "coverage"):
        answer = textcnn("vectors", name, "-h")
        assert answer.code == 0 and f"Example: textcnn vectors {name}" in answer.out
    assert textcnn("vectors").code == 2


def test_nearest_words_and_sums_of_words(textcnn, places):
    answer = textcnn("vectors", "nearest", "Paris", "wine", "--vectors", places, "-n", 2)
    assert answer.code == 0 and answer.err == ""
    assert [line.split("\t")[:2] for line in answer.out.splitlines()] == [
        ["Paris", "france"], ["Paris", "wine"], ["wine", "cheese"], ["wine", "paris"],
    ]  # fmt: skip
    for words in (["paris", "-", "france", "+", "germany"], ["paris - france + germany"], ["paris -france +germany"]):
        answer = textcnn("vectors", "nearest", *words, "--vectors", places, "-n", 1)
        asked, word, cosine = answer.out.strip().split("\t")
        assert (asked, word) == ("paris - france + germany", "berlin") and 0.5 < float(cosine) <= 1


def test_the_embedded_vectors_are_ones_that_a_person_would_call_sane(textcnn):
    expected = {
        "good": "excellent", "terrible": "horrible", "free": "freely", "film": "movie", "who": "whom",
        "where": "somewhere", "city": "town", "win": "victory",
    }  # fmt: skip
    found = [line.split("\t") for line in textcnn("vectors", "nearest", *expected, "-n", 5).out.splitlines()]
    for word, near in expected.items():
        assert near in [other for asked, other, _ in found if asked == word]
    assert textcnn("vectors", "nearest", "king - man + woman", "-n", 1).out.split("\t")[1] == "queen"


def test_nearest_refuses_unknown_words_and_empty_sums(textcnn, places):
    answer = textcnn("vectors", "nearest", "atlantis", "--vectors", places)
    assert (answer.code, answer.out) == (1, "") and "do not have the word 'atlantis'" in answer.err
    assert textcnn("vectors", "nearest", "-", "--vectors", places).code == 2
    assert textcnn("vectors", "nearest", "paris", "-n", 0).code == 2
    assert len(textcnn("vectors", "nearest", "paris", "--vectors", places, "-n", 99).out.splitlines()) == 5


def test_converted_vectors_say_what_they_are(textcnn, places):
    answer = textcnn("vectors", "convert", places, "places.vectors")
    assert answer.code == 0 and answer.out == "" and "6 words of 3 dimensions" in answer.err
    shown = textcnn("vectors", "info", "places.vectors").out
    assert "words             6\n" in shown and "from              places.txt\n" in shown
    facts = json.loads(textcnn("vectors", "info", "places.vectors", "--format", "json").out)
    assert (facts["words"], facts["dimensions"], facts["name"]) == (6, 3, "places") and facts["length"] > 1
    assert facts["first_words"] == "paris france berlin germany cheese wine"


def test_convert_does_not_overwrite_its_input(textcnn, places):
    assert textcnn("vectors", "convert", places, places).code == 1
    assert places.read_text() == PLACES
    places.write_text(PLACES + "rome 1\n")
    answer = textcnn("vectors", "convert", places, "out.vectors")
    assert answer.code == 1 and "places.txt, line 7: 1 numbers where 3 are expected" in answer.err
    assert not Path("out.vectors").exists()
    assert textcnn("vectors", "convert", places, "no/where/out.vectors").code == 1


def test_duplicates_are_counted_when_converting(textcnn, places):
    places.write_text(PLACES + "paris 0 0 1\n")
    answer = textcnn("vectors", "convert", places, "out.vectors")
    assert "1 words are there more than once; the first counts" in answer.err
    assert textcnn("vectors", "convert", places, "out.vectors", "-q").err == ""


@pytest.mark.parametrize("kind", ["skipgram", "cbow", "fasttext"])
def test_train_on_a_corpus_and_use_what_came_out(textcnn, folder, kind):
    (folder / "corpus.txt").write_text(CORPUS)
    options = ("--kind", kind, "--dimensions", 8, "--epochs", 2, "--seed", 5)
    answer = textcnn("vectors", "train", "corpus.txt", "-o", "my.vectors", *options)
    assert answer.code == 0 and "11 words of 8 dimensions" in answer.err
    table = VectorTable.open(folder / "my.vectors")
    assert set(table.vocabulary.words()) == {
        *["the", "cat", "sat", "on", "mat", "dog", "log", "do", "n't", "feed", "!"]
    }
    assert table.facts["kind"] == kind and table.name == "my"
    assert textcnn("vectors", "nearest", "cat", "--vectors", "my.vectors", "-n", 3).out.count("\n") == 3


def test_train_from_standard_input_is_the_same_as_from_a_file(textcnn, folder):
    (folder / "corpus.txt.gz").write_bytes(gzip.compress(CORPUS.encode()))
    options = ("--dimensions", 8, "--epochs", 2, "-q")
    assert textcnn("vectors", "train", "-", "-o", "one.vectors", *options, stdin=CORPUS.encode()).code == 0
    assert textcnn("vectors", "train", "corpus.txt.gz", "-o", "two.vectors", *options).code == 0
    one, two = (VectorTable.open(folder / name) for name in ("one.vectors", "two.vectors"))
    np.testing.assert_array_equal(one.vectors.values, two.vectors.values)
    assert one.facts["from"] == "standard input"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that have a name")
def test_train_from_a_pipe_that_has_a_name(folder):
    os.mkfifo(folder / "pipe")
    process = start("vectors", "train", folder / "pipe", "-o", folder / "my.vectors", "--dimensions", 8, "-q")
    (folder / "pipe").write_text(CORPUS)
    assert process.communicate(timeout=60) == (b"", b"") and process.returncode == 0
    assert VectorTable.open(folder / "my.vectors").facts["from"] == "pipe"


def test_a_corpus_that_is_gone_after_the_first_pass_ends_training(folder):
    """gensim reads in a thread, and would wait for ever for one that died."""
    from textcnn.errors import ReadError
    from textcnn.vectors.gensim_training import Training, train_on_file

    (folder / "corpus.txt").write_text(CORPUS)

    def progress(what, share):
        (folder / "corpus.txt").write_text("")

    with pytest.raises(ReadError, match=r"corpus\.txt: the file is empty"):
        train_on_file("corpus.txt", Training(dimensions=8), progress)


def test_training_does_not_overwrite_its_corpus(textcnn, folder):
    (folder / "corpus.txt").write_text(CORPUS)
    answer = textcnn("vectors", "train", "corpus.txt", "-o", "corpus.txt")
    assert answer.code == 1 and "corpus.txt is the input; name another file" in answer.err
    assert (folder / "corpus.txt").read_text() == CORPUS


def test_a_corpus_in_another_encoding_is_read_if_it_is_named(textcnn, folder):
    (folder / "corpus.txt").write_bytes("bébé dort\n".encode("latin-1") * 9)
    options = ("-o", "my.vectors", "--dimensions", 8, "--epochs", 1)
    assert "--encoding latin-1" in textcnn("vectors", "train", "corpus.txt", *options).err
    assert textcnn("vectors", "train", "corpus.txt", *options, "--encoding", "latin-1").code == 0
    assert VectorTable.open(folder / "my.vectors").vocabulary.row("bébé") is not None


def test_a_corpus_that_cannot_be_learned_from_is_an_error(textcnn, folder):
    answer = textcnn("vectors", "train", "-", "-o", "my.vectors", stdin=b"each word once")
    assert answer.code == 1 and "no word is there 5 times; lower --min-count" in answer.err
    answer = textcnn("vectors", "train", "-", "-o", "my.vectors", stdin=b"fine\nnot fine \xff\n")
    assert answer.code == 1 and answer.err.startswith("textcnn: standard input:2:")
    assert textcnn("vectors", "train", "-", "-o", "my.vectors").err == "textcnn: standard input: the file is empty\n"
    assert textcnn("vectors", "train", "nowhere.txt", "-o", "my.vectors").code == 1
    assert textcnn("vectors", "train", "nowhere.txt").code == 2
    assert not (folder / "my.vectors").exists()


def test_coverage_counts_known_tokens_and_types_and_lists_unknown_words(textcnn, places):
    (places.parent / "trips.csv").write_text("label,text\ngood,Paris and the Wine\nbad,and and Berlin 12\n")
    answer = textcnn("vectors", "coverage", "trips.csv", "--vectors", places, "-n", 2)
    assert answer.code == 0 and "text from" in answer.err
    tokens, types, *unknown = answer.out.splitlines()
    assert tokens == "tokens\t3\t8\t0.3750" and types == "types\t3\t6\t0.5000"
    assert unknown == ["and\t3", "the\t1"]
    answer = textcnn("vectors", "coverage", "-", "--vectors", places, "-q", stdin=b"paris\n")
    assert answer.out.splitlines()[0] == "tokens\t1\t1\t1.0000" and answer.err == ""


@pytest.fixture
def atlas(tmp_path, monkeypatch, textcnn, places):
    """An installed pack, said to be Danish, whose program nobody may run."""
    package = tmp_path / "site" / "textcnn_vectors_da"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('this program must never run')")
    assert textcnn("vectors", "convert", places, package / "table.vectors").code == 0
    monkeypatch.syspath_prepend(package.parent)
    return package / "table.vectors"


def test_a_pack_is_found_by_its_language(textcnn, atlas):
    assert textcnn("vectors", "nearest", "wine", "--vectors", "da", "-n", 1).out == "wine\tcheese\t0.996\n"
    assert "da\t6\t3\t0.0\tinstalled\n" in textcnn("vectors", "list", "-q").out
    assert f"file              {atlas}\n" in textcnn("vectors", "info", "da").out
    missing = textcnn("vectors", "info", "no")
    assert missing.code == 1 and missing.err == (
        "textcnn: the vectors 'no' are not installed: there is no package textcnn_vectors_no, and no file of this name;"
        " packs that are installed: da\n"
    )


def test_of_a_file_and_a_pack_of_one_name_the_file_counts_and_a_folder_does_not(textcnn, atlas, folder):
    (folder / "da").mkdir()
    assert textcnn("vectors", "info", "da").code == 0
    (folder / "da").rmdir()
    (folder / "da").write_text("oslo 1 2\nnorway 1 3\n")
    assert "words             2\n" in textcnn("vectors", "info", "da").out


def test_coverage_names_the_pack_that_knows_more(textcnn, atlas, folder):
    (folder / "trips.txt").write_text("Germany, Berlin\n")
    said = "of the vectors that are installed {} know most of the words, {}: --vectors {}\n"
    answer = textcnn("vectors", "coverage", "trips.txt", "--vectors=da")
    assert said.format("english", "100.0%", "english") in answer.err
    (folder / "own.txt").write_text("berlin 1 2\n, 1 2\ngermany 2 1\n")
    assert "know most" not in textcnn("vectors", "coverage", "trips.txt", "--vectors=own.txt").err


def test_what_gensim_has_can_be_listed_fetched_and_used(textcnn, shelf, folder):
    answer = textcnn("vectors", "list")
    assert "gensim:tiny\t6\t3\t0.0\tto be fetched\n" in answer.out and answer.code == 0
    assert "licence           PDDL\n" in textcnn("vectors", "info", "tiny").out
    answer = textcnn("vectors", "get", "tiny")
    assert (answer.code, answer.out) == (0, "gensim:tiny\n"), answer.err
    assert "gensim:tiny\t6\t3\t0.0\tcached\n" in textcnn("vectors", "list").out
    (shelf.parent / "list.json").unlink()
    facts = json.loads(textcnn("vectors", "info", "tiny", "--format=json").out)
    assert (facts["licence"], facts["about"], facts["source"]) == ("PDDL", "Six words", "an atlas")
    answer = textcnn("vectors", "nearest", "paris", "--vectors", "gensim:tiny", "-n", 1)
    assert answer.out.split("\t")[1] == "france"


def test_a_download_that_is_damaged_is_refused(textcnn, shelf):
    (shelf / "tiny.gz").write_bytes(b"something else")
    answer = textcnn("vectors", "get", "tiny")
    assert answer.code == 1 and "cannot download 'tiny': Checksum comparison failed" in answer.err and answer.out == ""


def test_names_that_gensim_does_not_have_are_errors(textcnn, shelf):
    answer = textcnn("vectors", "get", "huge")
    assert answer.code == 1 and "gensim has no vectors 'huge'; it has tiny" in answer.err
    assert "gensim has no vectors of this name" in textcnn("vectors", "info", "huge").err


@pytest.mark.slow
def test_without_a_network_what_is_here_is_listed_and_the_rest_is_an_error():
    """In a process of its own, so that gensim is as it comes."""
    listed = run("vectors", "list")
    assert listed.returncode == 0 and b"is there a network?" in listed.stderr and b"Traceback" not in listed.stderr
    answer = run("vectors", "nearest", "film", "--vectors", "gensim:tiny")
    assert answer.returncode == 1 and answer.stdout == b"" and answer.stderr.count(b"\n") == 1
    assert b"is there a network?" in answer.stderr


def test_a_download_of_before_needs_no_network(textcnn, places):
    there = places.parent / "gensim" / "tiny"
    there.mkdir(parents=True)
    (there / "tiny.gz").write_bytes(gzip.compress(PLACES.encode()))
    assert textcnn("vectors", "get", "tiny").code == 0


def test_help_imports_nothing_heavy():
    code = "import sys, textcnn.cli.vectors; print([m for m in ('numpy', 'gensim', 'rich') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment(), check=True)
    assert answer.stdout == b"[]\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal that can be made")
def test_a_terminal_sees_a_bar_and_a_table(places):
    """The bar is taken away in the end, the table stays."""
    import pty

    control, terminal = pty.openpty()
    columns = {"COLUMNS": "80", "TERM": "xterm", "NO_COLOR": "1"}
    process = start("vectors", "nearest", "paris", "--vectors", places, stdout=terminal, stderr=terminal, env=columns)
    os.close(terminal)
    shown = b""
    with contextlib.suppress(OSError):  # its end, on Linux
        while data := os.read(control, 10_000):
            shown += data
    os.close(control)
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    assert b"reading places.txt" in shown and b"paris" in shown and b"wine" in shown
