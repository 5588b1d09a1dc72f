"""Weights of texts and classes at the command line."""

import json

import pytest
from examples import EXAMPLES, write_csv
from program import tiny

QUICK = tiny("--linear=on", "--epochs=12", "--quality=fast")


def write_opinions(folder):
    """Each text twice: once with its label, which counts for three, once with the other, which counts for one."""
    rows = [
        (given, text, weight)
        for label, text in EXAMPLES
        for given, weight in ((label, 3), ("ham" if label == "spam" else "spam", 1))
    ]
    write_csv(folder / "opinions.csv", rows, header=("label", "text", "votes"))


def test_texts_count_by_a_column_in_training_and_in_figures(textcnn, folder):
    write_opinions(folder)
    trained = textcnn("train", "opinions.csv", "--weight-column", "votes", *QUICK)
    assert trained.code == 0 and 'weights from "votes"' in trained.err and "held out, weighted\n" in trained.err
    answer = textcnn("evaluate", "opinions.csv", "--weight-column=votes", "--format=json")
    found = json.loads(answer.out)
    assert (found["count"], found["weighted"]) == (80, True) and found["accuracy"] > 0.7
    assert "figures are weighted; numbers of texts, confusions and comparisons count each text once" in answer.err
    plain = json.loads(textcnn("evaluate", "opinions.csv", "--format=json").out)
    assert plain["accuracy"] == 0.5 and "weighted" not in plain  # one of the two opinions about each text


@pytest.mark.slow
def test_figures_baseline_and_page_say_that_they_are_weighted(textcnn, folder, model):
    write_opinions(folder)
    answer = textcnn(
        *("evaluate", model, "opinions.csv", "--weight-column=votes"),
        *("--baseline", write_csv(folder / "train.csv", EXAMPLES), "--report", "page.html"),
    )
    assert answer.code == 0 and "80 texts, weighted\n" in answer.out and "compared on the same 80 texts" in answer.out
    assert "Figures are weighted" in (folder / "page.html").read_text(encoding="utf-8")


def test_a_weight_that_is_none_stops_it_with_file_and_line(textcnn, folder):
    write_csv(
        folder / "train.csv", [(*row, "1") for row in EXAMPLES[:3]] + [(*EXAMPLES[3], "x")], ("label", "text", "w")
    )
    answer = textcnn("train", "train.csv", "--weight-column=w", *QUICK)
    assert answer.code == 1 and "train.csv:5: the weight in \"w\" is 'x'" in answer.err


def test_a_label_with_a_comma_is_given_a_weight_in_a_settings_file(textcnn, folder):
    """The message names the form, and the form works: nothing but the label that counts is learned."""
    rows = [("a, b" if label == "ham" else "c", text) for label, text in EXAMPLES]
    write_csv(folder / "train.csv", rows)
    told = ("--labels-per-text=one", "--validation-share=0.2", *QUICK)
    for wrong in ("a, b=2", "a=1"):
        answer = textcnn("train", "train.csv", "--class-weight", wrong, *told)
        assert answer.code == 2 and 'a line [class_weight], then "a, b" = 2' in answer.err
    (folder / "settings.toml").write_text('[class_weight]\n"a, b" = 2\nc = 0\n', encoding="utf-8")
    assert textcnn("train", "train.csv", "--settings=settings.toml", *told).code == 0
    assert set(textcnn("predict", "--input=train.csv", "--format=label").out.splitlines()) == {"a, b"}
