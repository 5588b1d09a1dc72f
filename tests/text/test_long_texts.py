"""Whatever a text holds, its work is bounded, and training, answering and explaining read the same of it."""

import base64
import random
import subprocess
import sys
from pathlib import Path

import pytest
from examples import EXAMPLES
from hypothesis import given
from hypothesis import strategies as st
from program import command, environment

from textcnn.compiled.loader import loops
from textcnn.text import lexicon
from textcnn.text.lexicon import beyond, encode
from textcnn.text.tokens import CHARACTERS, LONG_RUN, cut, normal, parts, readable, spellings, tokenize

RUN = base64.b64encode(random.Random(0).randbytes(57)).decode()
KINDS = {
    "one letter": "a",
    "one-letter words": "a ",
    "a compound of letters": "a-",
    "digits and letters": "1a",
    "combining marks": "\u0316\u0301",
    "Han": "看",
    "no visible character": "\u200b",
    "families": "👩\u200d",
    "a link": "http://a/",
    "base64": RUN,
    "ligatures that stand for eighteen characters": "\ufdfa",
    "everything": "a ́看.@'-1b",
}
DIFFERENT = "different words"


@pytest.mark.parametrize("run", [RUN, "f" * 50, "0123456789abcdef" * 4, RUN.replace("=", "") * 9])
def test_a_run_too_long_to_be_a_word_is_one_word_without_parts(run: str) -> None:
    assert cut(f"({run}),") == ["(", run, ")", ","]
    assert normal(run) == LONG_RUN and list(spellings(run)) == [LONG_RUN] and parts(run) == []


@pytest.mark.parametrize(
    "chunk",
    [
        "usr/share/lib/python/site/packages/something/other/foo/bar",
        "http://example.org/" + "path/" * 20,
        "well-made-" * 9,
    ],
)
def test_paths_links_and_compounds_are_no_such_runs(chunk: str) -> None:
    assert all(normal(word) != LONG_RUN for word in cut(chunk))


def test_no_word_is_spelt_as_a_run_is() -> None:
    assert cut(LONG_RUN) == ["<", "long", ">"]


def test_scripts_without_blanks_are_not_meant() -> None:
    assert len(cut("看" * 80)) == 80


def test_a_word_is_known_by_its_first_hundred_characters() -> None:
    assert normal("é" * 100 + "x") == normal("é" * 100 + "y") != normal("é" * 99 + "x")


def test_marks_are_put_in_order_in_linear_time() -> None:
    """The square of their number would be half a day."""
    assert len(normal("a" + "\u0316\u0301" * 5_000_000)) <= 100


def test_of_a_text_so_many_words_and_fifty_times_as_many_characters_are_read() -> None:
    assert [token.surface for token in tokenize("a b c d", 3)] == ["a", "b", "c"]
    assert readable("x" * 1000, 3) == "x" * 3 * CHARACTERS
    assert beyond(["a b c", "a b c d", "\u200b" * 151, "\u200b" * 150], 3) == [1, 2]


@given(
    st.lists(st.text(alphabet=["a", "B", "1", "-", ".", " ", "\u200b", "\u2003", "看", "́", "'", "@"]), max_size=6),
    st.integers(1, 9),
)
def test_loops_python_and_explanations_read_the_same(texts: list[str], most: int) -> None:
    read = [[token.surface for token in tokenize(text, most)] for text in texts]
    ways = [0, 10**9] if loops("words") is not None else [10**9]
    for few in ways:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lexicon, "_FEW", few)
            encoded = encode(texts, most)
        words = [encoded.surfaces[number] for number in encoded.ragged.words.tolist()]
        assert words == [word for row in read for word in row]
        assert encoded.ragged.lengths.tolist() == [len(row) for row in read]


@pytest.fixture(scope="module")
def usual_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of the usual size, which has learned next to nothing."""
    from textcnn import TextCNNClassifier

    texts, labels = [text for _, text in EXAMPLES], [label for label, _ in EXAMPLES]
    path = tmp_path_factory.mktemp("usual") / "model.textcnn"
    TextCNNClassifier(vectors="none", dimensions=256, epochs=1).fit(texts, labels).save(path)
    return path


# A process begins with the largest memory of the one that made it, so a small one comes between.
MEASURED = """
import resource, subprocess, sys
with open(sys.argv[1], "rb") as stream:
    done = subprocess.run(sys.argv[2:], stdin=stream, stdout=subprocess.PIPE, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.stdout.decode().strip(), used.ru_maxrss, used.ru_utime + used.ru_stime)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a system that counts memory in kilobytes")
@pytest.mark.parametrize(
    ("kind", "switch"), [*((kind, "on") for kind in (*KINDS, DIFFERENT)), ("Han", "off"), (DIFFERENT, "off")]
)
def test_ten_million_characters_are_answered_in_300_megabytes(usual_model, tmp_path, kind: str, switch: str) -> None:
    """In three seconds, too, on a machine that has nothing else to do."""
    unit = KINDS.get(kind, "")
    text = unit * (10**7 // len(unit)) if unit else " ".join(f"word{number}" for number in range(900_000))
    (tmp_path / "text").write_text(f"{text}\n", encoding="utf-8")
    asked = command("predict", "-m", usual_model, "--format=label", "--threads=1")
    arguments = [sys.executable, "-c", MEASURED, str(tmp_path / "text"), *asked]
    environ = environment(TEXTCNN_LOOPS=switch)
    done = subprocess.run(arguments, capture_output=True, env=environ, check=True, text=True)
    label, kilobytes, seconds = done.stdout.split()
    assert label in ("ham", "spam") and int(kilobytes) < 300_000 and float(seconds) < 6
