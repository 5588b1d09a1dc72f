"""The shared vectors: many languages in one space, in one small table of the package."""

import sys

import numpy as np
import pytest
from program import script

from textcnn.settings import Settings
from textcnn.text.lexicon import encode
from textcnn.text.segmentation import Segmenter
from textcnn.text.tokens import cut
from textcnn.training.embeddings import begin, segmenter_for
from textcnn.vectors.loading import open_vectors
from textcnn.vectors.neighbours import nearest, terms
from textcnn.vectors.table import SHARED


@pytest.fixture(scope="module")
def shared():
    return open_vectors("shared", say=sys.exit)


def test_the_table_is_small_and_says_what_it_is(shared):
    assert SHARED.stat().st_size < 16_000_000
    assert shared.table.name == "shared" and shared.table.languages >= 30 and shared.table.vocabulary.has_pieces


def test_the_notice_names_the_sources():
    notice = SHARED.with_name("NOTICE").read_text(encoding="utf-8")
    for source in script("languages").SOURCES:
        assert source.name.split(",")[0] in notice


@pytest.mark.parametrize(
    ("word", "others"), [("hund", {"dog", "犬", "cachorro"}), ("music", {"musik", "音楽", "музыка", "música"})]
)
def test_a_word_is_near_its_translations(shared, word, others):
    near = {found.word for found in nearest(shared, terms([word])[0], 40)}
    assert len(near & others) >= 2


@pytest.mark.parametrize("code", ["nl", "pl", "cs", "he", "fa", "el", "hu", "ro", "bn", "da", "ur"])
def test_languages_that_few_tables_have_are_in_it(shared, code):
    assert code in shared.table.facts["language"].split()


def test_a_word_that_is_not_listed_is_known_by_its_pieces(shared):
    known = shared.look_up("Haustierbesitzerinnen")
    assert known.vector is not None and not shared.table.find("Haustierbesitzerinnen").listed


@pytest.mark.parametrize(("text", "words"), [("今天很好", ["今天", "很好"]), ("日本語は", ["日本語", "は"])])
def test_words_are_found_where_there_are_no_blanks(shared, text, words):
    assert cut(text, segment=Segmenter.of(shared.table.vocabulary)) == words


def test_english_texts_do_not_even_open_it(tmp_path, monkeypatch):
    damaged = tmp_path / "shared.safetensors"
    damaged.write_bytes(b"no table")
    monkeypatch.setattr("textcnn.vectors.loading.SHARED", damaged)
    texts = ["a very good film", "the food was bad"]
    assert segmenter_for(texts, Settings()) is None
    encoded = encode(texts, 99)
    start = begin(encoded, np.ones(len(encoded.ragged.words), bool), Settings(), print)
    assert start.source == "english"
