"""A column says how much each text counts: found as told, read as numbers, and what is none is named."""

import pytest

from textcnn.corpus import Reading, read_corpus
from textcnn.errors import ColumnError, ReadError

TABLE = "text,label,Worth\nfree prize,spam,2\nsee you,ham,0.5\nlunch at noon,ham,0\ncash now,spam, 1e1\n"


def read(folder, content, name="mail.csv", column="worth", **reading):
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return read_corpus([path], reading=Reading(weight_column=column, **reading))


@pytest.mark.parametrize("column", ["Worth", "worth", "3", 3])
def test_a_column_of_numbers_is_read_and_texts_of_weight_0_are_left_out(tmp_path, column) -> None:
    corpus = read(tmp_path, TABLE, column=column)
    assert corpus.texts == ["free prize", "see you", "cash now"]
    assert corpus.weights == [2, 0.5, 10]
    assert corpus.notes[0].endswith('weights from "Worth"; 1 text of weight 0 left out')


def test_without_one_there_are_no_weights(tmp_path) -> None:
    assert read(tmp_path, TABLE, column=None).weights is None


def test_json_has_it_too(tmp_path) -> None:
    lines = '{"text": "a b", "label": "x", "worth": 2}\n{"text": "c d", "label": "y", "worth": "0.5"}\n'
    assert read(tmp_path, lines, "mail.jsonl").weights == [2, 0.5]


def test_in_a_table_without_a_header_it_is_told_by_its_number(tmp_path) -> None:
    rows = TABLE.partition("\n")[2]
    told = {"header": False, "text_column": 1, "label_column": 2}
    assert read(tmp_path, rows, column="3", **told).weights == [2, 0.5, 10]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *(("heavy", "'heavy'"), ("-1", "'-1'"), ("nan", "'nan'"), ("inf", "'inf'"), ("1e999", "'1e999'")),
        *(('"0,5"', "'0,5'"), ("", "empty")),
    ],
)
def test_what_is_no_weight_is_named_with_line_and_value(tmp_path, value, shown) -> None:
    content = TABLE.replace("0.5", value)
    with pytest.raises(ReadError, match=rf'mail.csv:3: the weight in "Worth" is {shown}, where a number from 0 up'):
        read(tmp_path, content)
    skipped = read(tmp_path, content, skip_bad_rows=True)
    assert skipped.weights == [2, 10] and "1 bad row skipped" in skipped.losses[0]


@pytest.mark.parametrize(
    ("value", "shown"), [('"worth": null', "missing"), ('"other": 1', "missing"), ('"worth": true', "True")]
)
def test_so_is_what_json_has_in_its_place(tmp_path, value, shown) -> None:
    lines = '{"text": "a b", "label": "x", "worth": 2}\n{"text": "c d", "label": "y", ' + value + "}\n"
    with pytest.raises(ReadError, match=f'mail.jsonl:2: the weight in "worth" is {shown}'):
        read(tmp_path, lines, "mail.jsonl")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("weight", 'no column "weight"; the columns are 1 "text" (such as'),
        ("4", 'no column "4"'),
        ("9" * 5000, 'no column "999'),
        ("text", '"text" cannot be both text and weight'),
        ("2", '"label" cannot be both label and weight'),
        ("text,label", "--weight-column takes one column"),
    ],
)
def test_a_column_that_cannot_be_it_is_refused(tmp_path, column, message) -> None:
    with pytest.raises(ColumnError, match="choose with --weight-column") as error:
        read(tmp_path, TABLE, column=column, text_column="text", label_column="label")
    assert message in str(error.value)


def test_several_columns_of_the_name_are_refused(tmp_path) -> None:
    with pytest.raises(ColumnError, match='2 columns are called "w"'):
        read(tmp_path, "text,label,w,w\na b,x,1,2\nc d,y,1,2\n", column="w")


def test_where_there_are_no_columns_there_is_none_of_weights(tmp_path) -> None:
    for label in ("a", "b"):
        (tmp_path / "texts" / label).mkdir(parents=True)
        (tmp_path / "texts" / label / "1.txt").write_text("some words", encoding="utf-8")
    with pytest.raises(ColumnError, match="only tables and JSON"):
        read_corpus([tmp_path / "texts"], reading=Reading(weight_column="w"))
    with pytest.raises(ColumnError, match="only tables and JSON"):
        read(tmp_path, "__label__a some words\n__label__b others\n", "mail.txt")


def test_where_all_are_0_or_the_file_is_empty_it_is_said(tmp_path) -> None:
    with pytest.raises(ReadError, match='all weights in "w" are 0'):
        read(tmp_path, "text,label,w\na b,x,0\nc d,y,0\n", column="w")
    with pytest.raises(ReadError, match="the file is empty"):
        read(tmp_path, "")
