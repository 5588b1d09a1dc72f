"""Text to words: the treebank's conventions, scripts without spaces, and nothing lost."""

import string
import sys
import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from textcnn.text import tokens
from textcnn.text.tokens import chunks, cut, normal, parts, spellings, tokenize


def words(text: str) -> list[str]:
    return [word for chunk in chunks(text) for word in cut(chunk)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't you think it's a can't-miss film?", "Do n't you think it 's a ca n't - miss film ?"),
        ("I'd say they've won; o'clock rock'n'roll", "I 'd say they 've won ; o'clock rock'n'roll"),
        ("don’t, it’s", "do n’t , it ’s"),
        ("do n't it 's -lrb- ok -rrb- `` so ''", "do n't it 's -lrb- ok -rrb- `` so ''"),
        ("U.S. 3.14% $1,000!!! 24/7 12:30 2nd 5pm 1990s", "U.S. 3.14 % $ 1,000 !!! 24/7 12:30 2nd 5pm 1990s"),
        ("b4 u go 2nite ... ok--so", "b4 u go 2nite ... ok -- so"),
        ("see www.example.com/x?y=1, or me@example.co.uk", "see www.example.com/x?y=1, or me@example.co.uk"),
        ("AT&T feel-good (well-made) #tag @me a_b", "AT&T feel-good ( well-made ) # tag @ me a _ b"),
        (":-) <3 :D", ":-) <3 :D"),
    ],
)
def test_english_is_cut_as_in_the_treebank(text: str, expected: str) -> None:
    assert words(text) == expected.split()


def test_scripts_without_spaces_are_cut_into_characters_with_their_marks() -> None:
    assert words("房间很大,2M宽") == ["房", "间", "很", "大", ",", "2M", "宽"]
    assert words("ひらカナ") == list("ひらカナ")
    assert words("ไม่เข้าใจ") == ["ไ", "ม่", "เ", "ข้", "า", "ใ", "จ"]


def test_marks_stay_inside_words() -> None:
    assert words("हिन्दी में") == ["हिन्दी", "में"]
    assert words("한국어 문장") == ["한국어", "문장"]


def test_emoji_are_words_with_their_modifiers() -> None:
    assert words("ok👍🏽👨‍👩‍👧❤️") == ["ok", "👍🏽", "👨‍👩‍👧", "❤️"]


def test_invisible_characters_are_no_words() -> None:
    assert words("a\u200bb \x00 \ufeff c\ud800") == ["a", "b", "c"]
    assert words("http://x\ud800y") == ["http://x", "y"]  # half a surrogate pair, which no file can hold


def test_no_combining_mark_of_the_basic_plane_is_lost() -> None:
    invisible = {0x180E, *range(0xFE00, 0xFE10)}
    lost = [
        code
        for code in range(0x10000)
        if unicodedata.category(chr(code)) in ("Mn", "Mc") and code not in invisible and not words("क" + chr(code))
    ]
    assert not lost


@given(st.text())
def test_tokens_say_where_they_stand_in_the_text(text: str) -> None:
    found = tokenize(text)
    assert [text[token.start : token.end] for token in found] == [token.surface for token in found] == words(text)
    assert all(one.end <= other.start for one, other in pairwise(found))


@given(st.text())
def test_nothing_visible_is_lost(text: str) -> None:
    kept = "".join(words(text))
    assert all(character in kept for character in text if character.isalnum())


@given(st.text(st.characters(max_codepoint=127)), st.booleans())
def test_the_rules_for_ascii_are_the_rules(text: str, long: bool) -> None:
    general, special = (tokens._rules(ascii_only=only, long=long) for only in (False, True))
    for chunk in chunks(text.replace("\0", "")):
        assert general.findall(chunk) == special.findall(chunk)


@pytest.mark.parametrize("piece", ["a", "a.", "a@", "1/", "-", "a'", "n't", "é", "!", "a-", "x@y.", "www."])
def test_long_chunks_take_linear_time(piece: str) -> None:
    """A hostile chunk of a million characters must not hang; quadratic time would take hours."""
    chunk = piece * (300_000 // len(piece))
    began = time.process_time()
    cut(chunk)
    assert time.process_time() - began < 20


def test_normal_spelling_is_lower_case_and_plain() -> None:
    assert [normal(word) for word in ("FREE", "Ｆｒｅｅ", "Don’t", "É")] == ["free", "free", "don't", "é"]


@pytest.mark.parametrize(
    ("pointed", "bare"),
    [
        ("كِتَابٌ", "كتاب"),
        ("أيضاً", "أيضا"),
        ("جمـــيل", "جميل"),
        ("שָׁלוֹם", "שלום"),
        ("מודעה", "מודעה"),
        ("ـ", "ـ"),
        ("मैं", "मैं"),
    ],
)
def test_arabic_and_hebrew_words_are_spelt_without_points(pointed: str, bare: str) -> None:
    assert normal(pointed) == bare
    assert tokenize(f"{pointed} x")[0] == (pointed, 0, len(pointed))


@given(st.text(max_size=8))
@example("J\u030c")  # no character as it is, one in lower case
@example("Ａ" * 60)  # a run of letters and digits only when they are narrow
@example("x" * 100 + "-")
@example("\ufdfa" * 30)  # eighteen characters each
def test_what_is_spelt_normally_is_spelt_the_same_again(word: str) -> None:
    assert normal(normal(word)) == normal(word)


def test_unlisted_words_are_tried_without_repeats_and_with_zeros_for_digits() -> None:
    assert list(spellings("Sooooo")) == ["sooooo", "soo", "so"]
    assert list(spellings("07700900123")) == ["07700900123", "00000000000"]
    assert list(spellings("film")) == ["film"]
    assert parts("Feel-good") == ["feel", "good"]
    assert parts("www.free-prize.example") == ["www", "free", "prize", "example"]
    assert parts("film") == []
    assert parts("हिन्दी") == [] and parts("हिन्दी-film") == ["हिन्दी", "film"]


@given(st.text(string.ascii_letters, min_size=1, max_size=60))
@example("cant")
@example("wwwhttp")
def test_a_chunk_of_letters_is_the_word_that_the_rules_find(chunk: str) -> None:
    """Though they are not asked."""
    assert cut(chunk) == [found.group() for found in tokens._matches(chunk)]


def test_importing_the_module_compiles_no_large_set() -> None:
    """The rules for all of Unicode take tens of milliseconds to compile: only a text that needs them pays."""
    import subprocess

    code = "import textcnn.text.tokens as t; t.cut('plain,'); print(t._rules.cache_info().currsize)"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "1"
