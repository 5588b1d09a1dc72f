"""Labels that are spelled in several ways, and such as say that a value is missing."""

import io

import pytest

from textcnn.checks.data import label_spelling
from textcnn.checks.verdict import Verdict
from textcnn.corpus import Corpus, read_corpus
from textcnn.corpus.label_spelling import label_doubts, look_missing, same_numbers, spelling_variants, unread_lists
from textcnn.labels import label_names, targets


def corpus(labels: list[str], **choices) -> Corpus:
    content = "text,label\n" + "".join(f"text {at},{label}\n" for at, label in enumerate(labels))
    return read_corpus(["-"], stream=io.BytesIO(content.encode()), **choices)


@pytest.mark.parametrize(
    ("labels", "names", "spelled"),
    [
        (["1.0", "2.0", "1"], [], {"1.0": "1", "2.0": "2"}),
        (["1.0", "2.0"], [], {}),
        (["1.0", "1.5", "2.0"], [], {}),
        (["1", "2"], ["1.0", "2.0"], {"1": "1.0", "2": "2.0"}),
        (["1.0", "3.0"], ["1", "2"], {"1.0": "1", "3.0": "3"}),
        (["-1.00", "-1"], [], {"-1.00": "-1"}),
        (["a", "a.0", "v1.0", "v1"], [], {}),
        (["1.0", "1"], ["1.0", "1"], {}),
    ],
)
def test_whole_numbers_are_the_same_with_and_without_decimals(labels, names, spelled):
    assert same_numbers(labels, names) == spelled


def test_numbers_of_two_files_are_the_same_labels(tmp_path):
    for name, labels in (("a.csv", "12"), ("b.csv", ("1.0", "2.0"))):
        rows = "".join(f"text,{label}\n" for label in labels)
        (tmp_path / name).write_text(f"text,label\n{rows}", encoding="utf-8")
    read = read_corpus([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert read.labels == [("1",), ("2",), ("1",), ("2",)]
    assert "label '1.0' is taken for '1'" in read.notes[-1]
    assert read_corpus([tmp_path / "b.csv"], names=("1", "2")).labels == [("1",), ("2",)]
    assert read_corpus([tmp_path / "b.csv"]).labels == [("1.0",), ("2.0",)]


def test_missing_values_and_variants_are_pointed_out():
    assert look_missing(["nan", "NULL", "#N/A", "None", "spam", "national"]) == ["nan", "NULL", "#N/A", "None"]
    assert spelling_variants(["Spam", "spam", "sp\u200bam", "a  b", "a\u00a0b", "ham"]) == [
        ["Spam", "spam", "sp\u200bam"],
        ["a  b", "a\u00a0b"],
    ]
    assert unread_lists(["[a, b]", "{a: 0.5}", "[a", "a"]) == ["[a, b]", "{a: 0.5}"]
    notes = corpus(["nan", "NaN", "Spam", "spam", "spam", "spam\u200b"]).notes[1:]
    assert [note.split(":")[0] for note in notes] == [
        "labels that look like missing values",
        "labels that differ only in case or in characters that cannot be seen",
    ]
    assert "'Spam' (1), 'spam' (2), 'spam\\u200b' (1)" in notes[1]
    assert label_doubts([("é",), ("e\u0301",)])[0].count("\\") > 0, "what looks alike is shown by its code"
    assert label_doubts([("spam",), ("ham",)]) == []


def test_a_check_warns_of_doubtful_labels():
    assert label_spelling(corpus(["spam", "ham"])).verdict is Verdict.ok
    check = label_spelling(corpus(["spam", "Spam", "nan"]))
    assert check.verdict is Verdict.warning
    assert "'Spam' (1), 'spam' (1)" in check.advice


def test_labels_that_are_numbers_are_in_numeric_order():
    numbers = ["10", "9", "1", "2.5"]
    assert label_names([(number,) for number in numbers]) == ["1", "2.5", "9", "10"]
    assert targets(numbers, 4, "auto").names == ("1", "2.5", "9", "10")
    assert label_names([("10",), ("9",), ("x",)]) == ["10", "9", "x"]
    assert label_names([("10",), ("9",), ("nan",)]) == ["10", "9", "nan"]
