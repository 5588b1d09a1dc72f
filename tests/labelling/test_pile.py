"""The texts that wait for a label keep what stood beside them."""

import json

import pytest

from textcnn.corpus import Reading
from textcnn.errors import DataError
from textcnn.labelling.pile import read_pile


def test_columns_stay_in_their_order(folder):
    (folder / "a.csv").write_text("id,subject,text,city\n1,hello,a text of words,Rome\n2,,another text,\n")
    pile = read_pile(["a.csv"], Reading())
    assert pile.columns == ["id", "subject", "text", "city"] and pile.text_columns == ["text"]
    assert pile.row(0) == {"id": "1", "subject": "hello", "text": "a text of words", "city": "Rome"}
    assert list(pile.row(0)) == pile.columns and pile.shown(0, ["city"]) == {"city": "Rome"}
    joined = read_pile(["a.csv"], Reading(text_column=("subject", "text")))
    assert joined.texts == ["hello | a text of words", "another text"]
    assert joined.row(0) == pile.row(0) and joined.row(1)["subject"] == ""


def test_a_path_into_an_object_leaves_the_rest_of_it(folder):
    rows = [{"doc": {"title": "one", "body": "a text of words"}, "n": 1}, {"doc": {"body": "another text"}}]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pile = read_pile(["a.jsonl"], Reading(text_column="doc.body"))
    assert pile.row(0) == {"doc.body": "a text of words", "doc": {"title": "one"}, "n": 1}
    assert set(pile.columns) == {"doc.body", "doc", "n"}


def test_plain_lines_have_a_column_named_text(folder):
    (folder / "a.txt").write_text("one text\nanother one\n")
    pile = read_pile(["a.txt"], Reading())
    assert pile.columns == ["text"] and pile.row(1) == {"text": "another one"}


def test_copies_are_known_and_words_found_once(folder):
    (folder / "a.txt").write_text("Free prize\nsee you\nFree prize\n")
    pile = read_pile(["a.txt"], Reading())
    assert pile.search("PRIZE fr") == [0] and pile.search("") == [0, 1]
    assert pile.keys[0] == pile.keys[2]


def test_texts_with_several_labels_are_refused(folder):
    (folder / "a.jsonl").write_text('{"text": "one", "label": ["a", "b"]}\n{"text": "two", "label": []}\n')
    with pytest.raises(DataError, match=r"a.jsonl:1: the text has several labels"):
        read_pile(["a.jsonl"], Reading(label_column="label"))
