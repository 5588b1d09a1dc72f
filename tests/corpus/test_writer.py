"""What is written is read as it was."""

import io
from pathlib import Path

import pytest

from textcnn.corpus import Reading, open_corpus
from textcnn.corpus.writer import write_rows, written_format

TEXTS = ["plain", 'a "quoted", word', "two\nlines", "cr\ronly", " blanks ", "文字", "half \ud800 a pair", ""]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_texts_and_labels_come_back(form):
    rows = [{"id": number, "text": text, "label": "a"} for number, text in enumerate(TEXTS)]
    file = io.BytesIO()
    write_rows(file, form, ["id", "text", "label"], rows)
    reading = Reading(text_column="text", label_column="label")
    with open_corpus("-", reading=reading, stream=io.BytesIO(file.getvalue())) as reader:
        records = list(reader)
    assert [record.text for record in records] == [text.encode("utf-8", "replace").decode() for text in TEXTS]
    assert {record.labels for record in records} == {("a",)}


def test_a_cell_of_csv_is_text_or_json():
    file = io.BytesIO()
    write_rows(file, "csv", ["a", "b", "c", "d"], [{"a": None, "b": ["x"], "c": 1.5}, {"d": True}])
    assert file.getvalue().decode() == 'a,b,c,d\n,"[""x""]",1.5,\n,,,true\n'


def test_the_name_says_the_format():
    assert [written_format(Path(name)) for name in ("a.csv", "A.JSONL", "a.txt", "csv")] == ["csv", "jsonl", None, None]
