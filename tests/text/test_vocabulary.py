"""Words to rows: binary search in a blob, and what an unknown word is taken for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textcnn.storage.tensor_file import TensorFileError
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Ragged
from textcnn.text.vocabulary import UNKNOWN, Vocabulary, check_vocabulary

VOCABULARY = Vocabulary.of(["", "film", "good", "so", "well", "made", "0000", "naïve", "電"])


def test_encoding_numbers_the_words_as_they_come() -> None:
    surfaces, ragged = encode(["a good film", "", "Good good"], max_words=100)
    assert surfaces == ["a", "good", "film", "Good"]
    assert ragged.words.tolist() == [0, 1, 2, 3, 1]
    assert ragged.starts.tolist() == [0, 3, 3, 5]
    assert ragged.lengths.tolist() == [3, 0, 2]


def test_only_the_first_words_are_read() -> None:
    assert encode(["a b c-d, e", "f"], max_words=3).ragged.lengths.tolist() == [3, 1]


def test_take_keeps_the_order_given() -> None:
    ragged = encode(["a b", "c", "", "d e f"], max_words=9).ragged
    taken = ragged.take(np.array([3, 2, 0]))
    assert (taken.words.tolist(), taken.starts.tolist()) == ([3, 4, 5, 0, 1], [0, 3, 3, 5])


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True))
def test_every_word_is_found_in_its_row_and_no_other(words: list[str]) -> None:
    vocabulary = Vocabulary.of(words)
    check_vocabulary(vocabulary)
    assert [vocabulary.row(word) for word in words] == list(range(len(words)))
    assert vocabulary.words() == words
    assert vocabulary.row("no such word \U0010ffff") is None


@pytest.mark.parametrize(
    ("surface", "rows"),
    [
        ("FILM", (1,)),
        ("Sooooo", (3,)),
        ("1234", (6,)),
        ("Well-made", (4, 5)),
        ("well-xyz", (4,)),
        ("NAÏVE", (7,)),
        ("Goodfilm", (2, 1)),
        ("filmgoods", (UNKNOWN,)),
        ("sofilm", (UNKNOWN,)),  # two characters are hardly a word
        ("good" * 9, (UNKNOWN,)),
        ("電", (8,)),
        ("qwerty", (UNKNOWN,)),
        ("\ud800", (UNKNOWN,)),
    ],
)
def test_an_unlisted_word_is_found_by_its_spelling_or_its_parts(surface: str, rows: tuple[int, ...]) -> None:
    assert VOCABULARY.find(surface) == rows


def test_a_word_is_found_by_pieces_where_the_vocabulary_lists_such() -> None:
    pieces = Vocabulary.of(["", "ev", "evler", "##ler", "##imiz", "##i", "##miz", "##den", "हिन्", "##दी", "##", "den"])
    assert pieces.has_pieces
    assert pieces.find("Evlerimizden") == 5 * (2,) + 4 * (4,) + 3 * (7,)  # the longest piece first: evler, imiz, den
    assert pieces.find("evden") == 2 * (1,) + 3 * (7,)  # from inside, so not the word den
    assert pieces.find("हिन्दी") == 4 * (8,) + 2 * (9,)  # its marks are no ends of parts
    assert pieces.find("denx") == pieces.find("ev" + "ler" * 9) == (UNKNOWN,)
    assert pieces.find("evler7") == (2,)


@pytest.mark.parametrize(
    ("surface", "row"),
    [
        ("والكتاب", 2),  # and the book: of what is listed, what is nearest
        ("وبالكتاب", 2),
        ("وَكِتـــاب", 1),  # points, and the stroke that makes a word longer
        ("للكتب", 3),
        ("בבית", 4),
        ("כשהבית", 4),
        ("ולבית", 4),
        ("سكتاب", 1),
        ("نكتاب", UNKNOWN),  # no clitic
        ("بيت", UNKNOWN),  # two letters are no word to be left
    ],
)
def test_a_word_is_found_without_the_clitics_that_are_written_as_one_with_it(surface: str, row: int) -> None:
    assert Vocabulary.of(["", "كتاب", "الكتاب", "كتب", "בית", "يت"]).find(surface) == (row,)


def test_a_word_without_clitics_is_better_than_pieces() -> None:
    pieces = Vocabulary.of(["", "و", "##كتاب", "كتاب"])
    assert pieces.find("وكتاب") == (3,) and pieces.find("وكتابكتاب") == (1,) + 8 * (2,)


def test_two_signs_are_no_piece() -> None:
    assert not Vocabulary.of(["", "#", "##", "film"]).has_pieces
    assert not VOCABULARY.has_pieces


def test_a_compound_is_cut_where_both_parts_are_frequent() -> None:
    words = ["", "the", "rapist", "therapist", "time", "zone", "timez", "one"]
    assert Vocabulary.of(words).find("timezone") == (4, 5)
    assert Vocabulary.of(words).find("therapist") == (3,)
    rare = ["", "time", *(f"w{number}" for number in range(20_000)), "zone"]
    assert Vocabulary.of(rare).find("timezone") == (UNKNOWN,)


@pytest.mark.parametrize(
    "broken",
    [
        Vocabulary(VOCABULARY.text, VOCABULARY.offsets[:-1], VOCABULARY.order),
        Vocabulary(VOCABULARY.text[:-1], VOCABULARY.offsets, VOCABULARY.order),
        Vocabulary(VOCABULARY.text, VOCABULARY.offsets[::-1].copy(), VOCABULARY.order),
        Vocabulary(VOCABULARY.text, VOCABULARY.offsets, VOCABULARY.order + np.uint32(5)),
        Vocabulary(VOCABULARY.text, VOCABULARY.offsets.astype(np.int64), VOCABULARY.order),
    ],
)
def test_a_vocabulary_that_could_lead_astray_is_refused(broken: Vocabulary) -> None:
    with pytest.raises(TensorFileError):
        check_vocabulary(broken)


def test_no_texts_make_no_rows() -> None:
    assert encode([], max_words=5).ragged.starts.tolist() == [0]
    assert isinstance(encode([""], max_words=5).ragged, Ragged)
