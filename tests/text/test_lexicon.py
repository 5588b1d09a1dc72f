"""Texts become numbers: with compiled loops and without them the same ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textcnn.compiled.loader import loops
from textcnn.text import lexicon
from textcnn.text.lexicon import Lexicon, encode
from textcnn.text.tokens import normal, tokenize
from textcnn.text.vocabulary import Vocabulary

needs_loops = pytest.mark.skipif(loops("words") is None, reason="the loops were not compiled")


def both(monkeypatch: pytest.MonkeyPatch, texts: list[str], most: int = 99) -> list[lexicon.Encoded]:
    found = []
    for few in (0, 10**9):
        monkeypatch.setattr(lexicon, "_FEW", few)
        found.append(encode(texts, most))
    return found


@needs_loops
@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""],
        ["", "  ", "a"],
        ["free prize, free!", "see you", "", "free"],
        ["\x1e odd\x1etext", "a\x85b c\xa0d", "e\u3000f"],
        ["one\ntwo\r\nthree", "\ud800 alone", "naïve café 免费 \U0001f600!!"],
        ["word " * 300],
    ],
)
def test_loops_and_python_agree(monkeypatch: pytest.MonkeyPatch, texts: list[str]) -> None:
    compiled, plain = both(monkeypatch, texts)
    assert compiled.surfaces == plain.surfaces
    assert compiled.ragged.words.tolist() == plain.ragged.words.tolist()
    assert compiled.ragged.starts.tolist() == plain.ragged.starts.tolist()


@needs_loops
@given(texts=st.lists(st.text(max_size=30), max_size=6), most=st.integers(1, 8))
def test_any_text_becomes_its_words(texts: list[str], most: int) -> None:
    read = Lexicon()
    ragged = read._by_loops(texts, most, loops("words"))
    for number, text in enumerate(texts):
        own = ragged.words[ragged.starts[number] : ragged.starts[number + 1]]
        assert [read.words[word] for word in own] == [token.surface for token in tokenize(text)][:most]


@needs_loops
def test_loops_cut_at_white_space_alone_and_know_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """They look at eight bytes at a time: chunks of all lengths, wherever they lie, with what is no white space."""
    monkeypatch.setattr(lexicon, "_FEW", 0)
    chunks = ["a" * length + end for length in range(20) for end in ("b", "\0", "\0\0", "\x08", "\x1b.", "é", "電x")]
    for blank in (" ", "\t", "\n", "\x0b", "\x0c", "\r", "\x1c", "\x1d", "\x1f", "  "):
        text = blank.join(chunks)
        read = Lexicon()
        found = read.read([text, text[5:], ""], 10_000)
        for row, whole in enumerate((text, text[5:], "")):
            words = found.words[found.starts[row] : found.starts[row + 1]].tolist()
            assert [read.words[word] for word in words] == [token.surface for token in tokenize(whole)]


@pytest.mark.parametrize("few", [pytest.param(0, marks=needs_loops), 10**9])
def test_words_that_were_forgotten_are_numbered_anew(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(lexicon, "_FEW", few)
    read = Lexicon(normal)
    read.read(["Free prize"], 9)
    mark = read.mark()
    assert read.read(["a b FREE", "c d"], 9).words.tolist() == [2, 3, 0, 4, 5]
    read.forget(mark)
    assert read.words == ["free", "prize"] and read.mark() == mark
    assert read.read(["d free x"], 9).words.tolist() == [2, 0, 3]
    assert read.words == ["free", "prize", "d", "x"]


@needs_loops
def test_groups_of_texts_share_one_lexicon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "_GROUP", 40)
    monkeypatch.setattr(lexicon, "_FEW", 0)
    texts = [f"word{number % 7} and word{number % 11}" for number in range(100)]
    surfaces, ragged = encode(texts, 9)
    spelt = [[surfaces[word] for word in ragged.words[a:b]] for a, b in zip(ragged.starts, ragged.starts[1:])]  # noqa: B905
    assert spelt == [text.split() for text in texts]


@needs_loops
def test_rows_are_found_by_loops_as_without(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["", "a", "ab", "abc", "b", "é", "免费", "zz"]
    vocabulary = Vocabulary.of(words)
    wanted = [*words, "aa", "abcd", "", "0", "zzz", "x"]
    compiled = vocabulary.rows(wanted)
    monkeypatch.setattr("textcnn.text.vocabulary.loops", lambda name: None)
    assert vocabulary.rows(wanted).tolist() == compiled.tolist() == [*range(8), -1, -1, 0, -1, -1, -1]
    assert vocabulary.rows([]).tolist() == [] and np.array_equal(Vocabulary.of([]).rows(["a"]), [-1])


def test_words_that_no_text_has_may_be_left_out() -> None:
    """Those that stay keep their order."""
    encoded = encode(["free lunch", "call me", "me free"], 99)
    some = encoded._replace(ragged=encoded.ragged.take(np.array([2, 1]))).compact()
    assert some.surfaces == ["free", "call", "me"]
    assert some.ragged.words.tolist() == [2, 0, 1, 2] and some.ragged.words.dtype == encoded.ragged.words.dtype
    assert some.ragged.starts.tolist() == [0, 2, 4]
