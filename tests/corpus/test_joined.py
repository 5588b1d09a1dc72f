"""Several columns of a row: texts that are joined, labels with a column each; and the rows that are chosen."""

import json

import pytest

from textcnn.corpus import Corpus, Reading, read_corpus
from textcnn.errors import ColumnError, ReadError

FLAGS = 'id,comment,toxic,insult,"mean, rude"\n1,fool,1,0,0\n2,hello,0,0,\n3,idiot,true,TRUE,false\n4,well,0.0,1.0,\n'
REVIEWS = "Title,Body,Mood\nred coat,warm and soft,good\n,it ripped,bad\ngreen hat,,bad\n"
PARTS = "text,label,split,lang\n" + "".join(
    f"text {at},{label},{split},{'de' if at % 3 == 0 else 'en'}\n"
    for at, (label, split) in enumerate([("", "test"), ("b", "train"), ("a", "train"), ("b", "dev")] * 6)
)


@pytest.fixture
def read(tmp_path):
    """A function from the contents of a file to its corpus."""

    def make(content: str, name: str = "a.csv", **choices) -> Corpus:
        path = tmp_path / name
        path.write_text(content)
        return read_corpus([path], reading=Reading(**choices), fields=True)

    return make


def as_objects(content: str) -> str:
    """A CSV as JSON lines; empty fields are null."""
    header, *rows = (line.split(",") for line in content.splitlines())
    return "".join(
        json.dumps({name: value or None for name, value in zip(header, row, strict=True)}) + "\n" for row in rows
    )


# Labels with a column each.


@pytest.mark.parametrize("told", ["toxic,insult", ("toxic", "insult"), "3,4", (3, "INSULT"), ["toxic", " insult "]])
def test_each_of_several_label_columns_is_a_label(read, told):
    found = read(FLAGS, label_column=told)
    assert found.labels == [("toxic",), (), ("toxic", "insult"), ("insult",)]
    assert found.fields[0] == (("id", "1"), ("mean, rude", "0"))


def test_a_column_whose_name_has_a_comma_is_one_column(read):
    assert read(FLAGS, label_column="mean, rude", skip_bad_rows=True).labels == [("0",), ("false",)]
    assert read(FLAGS, label_column=("mean, rude", "toxic")).labels == [("toxic",), (), ("toxic",), ()]


def test_texts_may_be_without_labels_even_where_none_has_several(read):
    content = "text,x|y,y\nlate,1,0\nfine,0,0\nrude,0,1\n"
    found = read(content, label_column="x|y,y")
    assert (found.labels, found.separator) == ([("x|y",), (), ("y",)], None)


def test_values_of_label_columns_are_zeros_and_ones(read):
    with pytest.raises(ReadError) as caught:
        read(FLAGS.replace("0.0,1.0", "0,2"), label_column="toxic,insult")
    assert "a.csv:5: \"insult\" is '2', where 0, 1, true, false, yes, no or nothing is needed; fix it" in str(
        caught.value
    )
    rows = '{"text": "x", "a": true, "b": null}\n{"text": "y", "a": 0, "b": 1.0}\n'
    assert read(rows, "a.jsonl", label_column=("a", "b")).labels == [("a",), ("b",)]
    with pytest.raises(ReadError, match=r'a.jsonl:3: the key "b" is \[1\], where 0, 1'):
        read(rows + '{"text": "z", "a": 0, "b": [1]}\n', "a.jsonl", label_column=("a", "b"))


@pytest.mark.parametrize(("yes", "no"), [("yes", "no"), ("Y", "N"), ("x", ""), ("t", "f")])
def test_label_columns_may_say_yes_and_no(read, yes, no):
    table = f"comment,toxic,insult\nwell said,{no},{no}\nyou fool,{yes},{yes}\nan idiot,{no},{yes}\n"
    with pytest.raises(ColumnError, match="if each is a label, --label-column toxic,insult"):
        read(table)
    assert read(table, label_column="toxic,insult").labels == [(), ("toxic", "insult"), ("insult",)]


def test_a_column_that_is_missing_or_named_twice_is_an_error(read):
    with pytest.raises(ColumnError, match='there is no column "insilt"; the columns are 1 "id"'):
        read(FLAGS, label_column="toxic,insilt")
    with pytest.raises(ColumnError, match='--label-column names "toxic" twice'):
        read(FLAGS, label_column=("toxic", "3"))
    with pytest.raises(ColumnError, match='"toxic" cannot be both text and label'):
        read(FLAGS, text_column=("comment", "toxic"), label_column="insult,toxic")


# Texts that are joined.


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_several_text_columns_are_joined_in_the_order_told(read, name):
    content = REVIEWS if name == "a.csv" else as_objects(REVIEWS)
    found = read(content, name, text_column=("Title", "Body"))
    assert found.texts == ["red coat | warm and soft", "it ripped", "green hat"]
    assert found.labels == [("good",), ("bad",), ("bad",)]
    assert read(content, name, text_column="body,TITLE").texts[0] == "warm and soft | red coat"
    assert 'text from "Title" and "Body" (as told, joined)' in found.notes[0]


def test_a_record_knows_what_each_column_gave(tmp_path):
    from textcnn.corpus import open_corpus

    (tmp_path / "a.csv").write_text(REVIEWS)
    with open_corpus(tmp_path / "a.csv", reading=Reading(text_column=("Title", "Body"))) as reader:
        first, second, _ = reader
    assert [(part.column, first.text[part.start : part.end]) for part in first.parts] == [
        ("Title", "red coat"),
        ("Body", "warm and soft"),
    ]
    columns = [first.column_of(first.text.index(word)) for word in ("coat", "|", "warm")]
    assert columns == ["Title", None, "Body"]
    assert [part.column for part in second.parts] == ["Body"]


def test_a_list_is_no_text_to_be_joined(read):
    with pytest.raises(ReadError, match='the key "b" holds a list, where one text is needed'):
        read('{"a": "x", "b": ["y"], "label": "z"}\n', "a.jsonl", text_column="a,b")


# Rows that are chosen.


def test_only_rows_of_one_value_are_read(read):
    found = read(PARTS, rows={"split": ["train"]})
    assert found.texts == [f"text {at}" for at in range(24) if at % 4 in (1, 2)]
    assert found.notes[0].endswith('; 12 of 24 rows are read, those with "split" train')


def test_several_values_and_several_columns_can_be_told(read):
    assert len(read(PARTS, rows={"SPLIT": ["train", "dev"]}).texts) == 18
    assert len(read(PARTS, rows={"split": ["train"], "3": ["dev"]}).texts) == 18, "a column by its name and its number"
    found = read(PARTS, rows={"split": ["train", "dev"], "lang": "de"})
    assert found.texts == [f"text {at}" for at in range(24) if at % 4 and at % 3 == 0]
    assert '6 of 24 rows are read, those with "split" train or dev and "lang" de' in found.notes[0]
    assert len(read(as_objects(PARTS), "a.jsonl", rows={"split": ["dev"]}).texts) == 6


def test_columns_are_judged_by_the_rows_that_are_read(read):
    """The test rows have no labels."""
    content = PARTS.replace("label", "Art")
    assert 'labels from "Art" (by content)' in read(content, rows={"split": ["train", "dev"]}).notes[0]


def test_a_column_or_value_that_is_not_there_is_an_error(read):
    with pytest.raises(ColumnError, match='there is no column "part"; the columns are'):
        read(PARTS, rows={"part": ["train"]})
    with pytest.raises(
        ReadError, match=r"no row has 'tran' in \"split\", which has train \(12\), test \(6\), dev \(6\)"
    ):
        read(PARTS, rows={"split": ["train", "tran"]})
    with pytest.raises(ReadError, match="no row has all that --rows wants"):
        read("text,label,a,b\nx,y,1,2\nx,z,2,1\n", rows={"a": ["1"], "b": ["1"]})
    with pytest.raises(ColumnError, match="--rows chooses by a column, but fastText lines have none"):
        read("__label__a x\n", "a.txt", rows={"a": ["1"]})


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("split", ("test", "train", "train"), '"split" has train (8), test (4), and all are read; '
         "those of one: --rows split=train"),
        ("data set", ("Validation", "Train"), "--rows 'data set=Train'"),
        ("Usage", ("Training", "PublicTest", "PrivateTest"), "--rows Usage=Training"),
        ("fold", ("0", "1", "2"), '"fold" has 0 (4), 1 (4), 2 (4), and all are read; those of one: --rows fold=0'),
        ("is_test", ("0", "1"), "--rows is_test=0"),
        ("kind", ("0", "1"), ""),
        ("split", ("train",), ""),
        ("part", ("train", "bus"), ""),
    ],
)  # fmt: skip
def test_a_column_that_tells_train_from_test_is_pointed_out(read, name, values, says):
    rows = "".join(f"this is text {at},{'aab'[at % 3]},{values[at % len(values)]}\n" for at in range(12))
    found = read(f"text,label,{name}\n{rows}")
    assert len(found.texts) == 12
    assert says in found.notes[0]
    assert ("--rows" in found.notes[0]) is bool(says)
