"""Words of scripts without blanks, found by a vocabulary's words."""

import time

import pytest

from textcnn.text.lexicon import Lexicon, encode
from textcnn.text.segmentation import Segmenter
from textcnn.text.tokens import cut, tokenize, unspaced_share
from textcnn.text.vocabulary import Vocabulary

WORDS = ["房间", "干净", "很", "早餐", "早餐券", "โรงแรม", "สะอาด", "มาก", "東京", "東京都", "##房间", "film", "हिन्दी"]
SEGMENT = Segmenter.of(Vocabulary.of(WORDS))


def words(text):
    return [token.surface for token in tokenize(text, segment=SEGMENT)]


def test_the_longest_listed_word_is_taken_and_what_is_not_listed_stays_a_character():
    assert words("房间很干净，早餐券好") == ["房间", "很", "干净", "，", "早餐券", "好"]
    assert words("東京都に東京") == ["東京都", "に", "東京"]
    assert words("โรงแรมสะอาดมาก") == ["โรงแรม", "สะอาด", "มาก"]
    assert len(SEGMENT) == 9  # words of one character are found anyway, and those of other scripts


def test_a_word_ends_where_a_character_with_its_marks_does():
    segment = Segmenter(["กา"])
    assert [token.surface for token in tokenize("กากี", segment=segment)] == ["กา", "กี"]
    assert [token.surface for token in tokenize("กิกา", segment=segment)] == ["กิ", "กา"]


def test_other_scripts_blanks_and_invisible_blanks_divide():
    assert words("A房间 film3房间") == ["A", "房间", "film3", "房间"]
    assert words("房 间") == ["房", "间"] and words("房\u200b间") == ["房", "间"]
    assert words("don't, हिन्दी") == ["do", "n't", ",", "हिन्दी"]


def test_places_are_those_of_the_text():
    text = "Das 房间: 早餐很 โรงแรมดี ok"
    for surface, start, end in tokenize(text, segment=SEGMENT):
        assert text[start:end] == surface
    assert tokenize("x 早餐券", segment=SEGMENT)[1][1:] == (2, 5)


def test_spellings_that_differ_in_compatibility_forms_only_are_one():
    segment = Segmenter(["カメラ", "ทํา"])
    assert [token.surface for token in tokenize("ｶﾒﾗทำ", segment=segment)] == ["ｶﾒﾗ", "ทำ"]


@pytest.mark.parametrize("text", ["房间很干净早餐券東京都東京", "东早餐券房间很很"])
def test_a_vocabulary_of_the_found_words_alone_finds_the_same(text):
    found = words(text)
    assert cut(text, segment=Segmenter(found)) == found


@pytest.mark.parametrize("copies", [1, 3000])  # few texts are read by Python, many by compiled loops
def test_numbers_are_those_of_the_same_words(copies):
    texts = ["房间很干净 早餐", "x 早餐券！"] * copies
    surfaces, ragged = encode(texts, 3, SEGMENT)
    assert [surfaces[word] for word in ragged.words[:5].tolist()] == ["房间", "很", "干净", "x", "早餐券"]
    assert Lexicon(segment=SEGMENT).read(texts, 3).starts.tolist() == ragged.starts.tolist()


def test_time_is_linear_in_the_text():
    text = "早餐房" * 20_000
    began = time.process_time()
    assert len(cut(text, segment=Segmenter(["早餐房" * 8, "早餐"]))) == 2500
    assert time.process_time() - began < 5


@pytest.mark.parametrize("shift", range(4))
def test_no_word_is_cut_where_a_long_run_is_looked_at_in_pieces(shift):
    text = "很" * (990 + shift) + "早餐券" * 400 + "干净"
    assert words(text) == ["很"] * (990 + shift) + ["早餐券"] * 400 + ["干净"]


def test_share_of_such_characters():
    assert unspaced_share(["ab", "房间 "]) == 0.5 and unspaced_share([]) == 0 == unspaced_share(["", "é"])
