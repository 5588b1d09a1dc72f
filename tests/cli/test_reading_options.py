"""Options that say which columns and rows are read."""

import json

import pytest
from program import tiny

REVIEWS = "id,Title,Body,label\n" + "".join(
    f"{at},{'' if at % 3 == 0 else 'lunch at noon'},{'win a cash prize' if at % 2 else 'see you at home'},{at % 2}\n"
    for at in range(12)
)
FLAGS = "text,rude,loud,split\n" + "".join(
    f"{'fool ' * (at % 2)}{'hey ' * (at % 3 == 0)}friend,{at % 2},{int(at % 3 == 0)},{'test' if at > 30 else 'train'}\n"
    for at in range(40)
)


@pytest.fixture
def reviews(folder):
    (folder / "reviews.csv").write_text(REVIEWS)
    return "reviews.csv"


class TestJoinedTexts:
    """Several text columns are one text, and an explanation says which of them a word is from."""

    def test_an_explanation_names_the_column_of_each_word(self, textcnn, model, reviews):
        columns = ["--text-column", "Title", "--text-column", "Body"]
        answer = textcnn("predict", "-i", reviews, *columns, "--explain", "--format=jsonl")
        assert 'text from "Title" and "Body" (as told, joined)' in answer.err
        first, second = map(json.loads, answer.out.splitlines()[:2])
        assert (first["text"], second["text"]) == ("see you at home", "lunch at noon | win a cash prize")
        columns = {word["word"]: word["column"] for word in second["explanation"]["words"]}
        assert (columns["lunch"], columns["|"], columns["prize"]) == ("Title", None, "Body")
        assert {word["column"] for word in first["explanation"]["words"]} == {"Body"}
        assert (second["id"], second["input_label"]) == ("1", "1")

    def test_on_a_terminal_each_column_has_a_line(self, textcnn, model, reviews):
        answer = textcnn("predict", "-i", reviews, "--text-column=Title,Body", "--explain", "--format=pretty")
        assert "Title: lunch at noon\nBody: win a cash prize\nfor spam rather than ham" in answer.out

    def test_without_several_columns_a_word_has_none(self, textcnn, model, reviews):
        answer = textcnn("predict", "-i", reviews, "--text-column=Body", "--explain", "--format=jsonl")
        assert "column" not in json.loads(answer.out.splitlines()[1])["explanation"]["words"][0]

    def test_they_are_evaluated_and_checked(self, textcnn, model, folder):
        (folder / "named.csv").write_text(REVIEWS.replace(",0\n", ",ham\n").replace(",1\n", ",spam\n"))
        assert textcnn("evaluate", "named.csv", "--text-column=Title,Body", "--format=json").code == 0
        checked = textcnn("check", "named.csv", "--text-column=Title,Body", "--data-only", "--format=json")
        assert json.loads(checked.out)["texts"] == 12


def test_a_model_is_trained_on_labels_with_a_column_each(textcnn, folder):
    (folder / "flags.csv").write_text(FLAGS)
    answer = textcnn(
        "train", "flags.csv", "--label-column", "rude", "--label-column", "loud", *tiny("--epochs=20", "--quality=fast")
    )
    assert answer.code == 0, answer.err
    assert 'labels from "rude" and "loud" (as told)' in answer.err
    assert '"split" has train (31), test (9), and all are read; those of one: --rows split=train' in answer.err
    answer = textcnn("evaluate", "flags.csv", "--label-column=rude,loud", "--rows=split=test", "--format=json")
    assert '9 of 40 rows are read, those with "split" test' in answer.err
    found = json.loads(answer.out)
    assert found["count"] == 9 and set(found["labels"]) == {"rude", "loud"}


class TestRows:
    """--rows COLUMN=VALUE."""

    @pytest.mark.parametrize(
        ("rows", "count"),
        [
            (["split=train"], 31),
            (["split=train,test"], 40),
            (["split=test", "--rows", "split=train"], 40),
            (["split=test", "--rows", "rude=1"], 5),
            (['rude="1"'], 20),
        ],
    )
    def test_values_are_listed_or_given_again(self, textcnn, folder, rows, count):
        (folder / "flags.csv").write_text(FLAGS)
        answer = textcnn("check", "flags.csv", "--label-column=loud", "--data-only", "--format=json", "--rows", *rows)
        assert json.loads(answer.out)["texts"] == count

    def test_what_is_no_choice_of_rows_is_a_usage_error(self, textcnn, model, train_csv):
        for wrong in ("split", "=train"):
            answer = textcnn("check", train_csv, "--data-only", "--rows", wrong)
            assert answer.code == 2 and "--rows takes COLUMN=VALUE" in answer.err

    def test_answers_are_for_the_rows_that_are_chosen(self, textcnn, model, folder):
        (folder / "flags.csv").write_text(FLAGS)
        answer = textcnn("predict", "--rows=split=test", "--format=label", stdin=FLAGS.encode())
        assert (answer.code, answer.out.count("\n")) == (0, 9)
        assert "9 of 40 rows are read" in answer.err
        answer = textcnn("predict", "-i", "flags.csv", "--rows=split=tests")
        assert answer.code == 1 and "no row has 'tests' in \"split\", which has train (31), test (9)" in answer.err
