"""A model remembers the columns that it learned from; commands that read other texts take the same."""

import json

import pytest
from program import tiny

REVIEWS = "Start,Rest,Note,verdict\n" + "".join(
    f"{'win' if at % 2 else 'see you'} {at},{'cash prize' if at % 2 else 'at home'} {at},"
    f"as it is now {at},{'spam' if at % 2 else 'ham'}\n"
    for at in range(20)
)
TOLD = ["--text-column", "Rest", "--text-column", "Start", "--label-column", "verdict", "--label-separator", ""]
TAKEN = 'text from "Rest" and "Start" (as in training, joined)'


@pytest.fixture
def learn(textcnn, folder):
    """Learn from a file, and say what the model's description has of it."""

    def learning(name, *options, output="model.textcnn"):
        assert textcnn("train", name, *options, *tiny("--epochs=2", "--quality=fast"), "-q", "-o", output).code == 0
        return json.loads(textcnn("inspect", output, "--format=json").out)["reading"]

    (folder / "reviews.csv").write_text(REVIEWS)
    (folder / "others.csv").write_text(REVIEWS.replace("now", "then"))
    return learning


def test_commands_take_the_columns_that_a_model_learned_from(textcnn, learn, folder):
    assert textcnn("evaluate", "others.csv").code == 1, "there is no model, nor is it clear what the text is"
    assert learn("reviews.csv", *TOLD) == {"texts": ["Rest", "Start"], "labels": ["verdict"], "label_separator": ""}
    shown = textcnn("inspect").out
    assert "texts                   Rest, Start\n" in shown
    assert 'label separator         ""\n' in shown
    answer = textcnn("evaluate", "others.csv", "--format=json")
    assert answer.code == 0
    assert (
        f'others.csv: CSV, comma-separated, with a header; {TAKEN}, labels from "verdict" (as in training)'
        in answer.err
    )
    answer = textcnn("predict", "-i", "others.csv", "--format=jsonl")
    assert json.loads(answer.out.splitlines()[1])["text"] == "cash prize 1 | win 1"
    answer = textcnn("predict", "--input-format=csv", "--format=csv", stdin=REVIEWS.encode())
    assert f"standard input: CSV, comma-separated, with a header; {TAKEN}" in answer.err
    (folder / "ham.csv").write_text(REVIEWS.replace("spam", "ham"))
    assert TAKEN in textcnn("check", "ham.csv", "--model=model.textcnn").err, "though one label is not enough"
    assert "as told" in textcnn("evaluate", "others.csv", "--text-column=Note", "--format=json").err


def test_what_is_not_there_is_said(textcnn, learn, folder):
    learn("reviews.csv", *TOLD)
    (folder / "mails.csv").write_text("label,text\nham,see you\nspam,cash prize\n")
    answer = textcnn("evaluate", "mails.csv", "--format=json")
    assert 'labels from "label" (by name; the model learned from "verdict", which is not there)' in answer.err
    answer = textcnn("predict", "-i", "mails.csv", "--format=label")
    assert '"text" (by name; the model learned from "Rest" and "Start", which are not there)' in answer.err
    (folder / "rest.csv").write_text("Rest,Note\ncash prize,b c\n")
    answer = textcnn("predict", "-i", "rest.csv", "--format=label")
    assert '"Rest" (as in training; the model learned from "Start", which is not there)' in answer.err


def test_two_models_answer_the_texts_of_the_first(textcnn, learn):
    learn("reviews.csv", *TOLD)
    learn("reviews.csv", "--text-column=Note", "--label-column=verdict", output="note.textcnn")
    answer = textcnn("evaluate", "model.textcnn", "note.textcnn", "others.csv", "--format=json")
    assert "note.textcnn has learned from other columns; it answers the texts as they are read for model" in answer.err


def test_the_name_of_a_file_leaves_no_trace_in_the_model(learn, folder):
    (folder / "copy.csv").write_text(REVIEWS)
    learn("reviews.csv", *TOLD)
    learn("copy.csv", *TOLD, output="copy.textcnn")
    assert (folder / "copy.textcnn").read_bytes() == (folder / "model.textcnn").read_bytes()


def test_a_model_of_lines_remembers_no_columns(learn, folder):
    (folder / "lines.txt").write_text("#spam cash prize\n#ham see you\n" * 10)
    assert learn("lines.txt", "--label-prefix=#") == {"label_prefix": "#"}
    (folder / "usual.txt").write_text("__label__spam cash prize\n__label__ham see you\n" * 10)
    assert learn("usual.txt") is None
