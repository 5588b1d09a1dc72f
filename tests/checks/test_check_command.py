"""`check` as a command, and what `train` says of it."""

import json
import re

import numpy as np
import pytest
from examples import write_csv
from messages import OPTIONS, messages
from program import changed


class TestCommand:
    def test_each_check_is_a_line_and_errors_exit_with_1(self, textcnn, folder):
        texts, labels = messages()
        write_csv(folder / "t.csv", zip(labels, texts, strict=True))
        fine = textcnn("check", "t.csv", "--data-only")
        assert fine.code == 0 and re.search(r"^ok      copies  ", fine.out, re.MULTILINE)
        assert fine.out.endswith("0 errors\n")
        bad = textcnn("check", "t.csv", "--data-only", "--against", "t.csv")
        assert bad.code == 1 and "error   both files" in bad.out and bad.out.endswith("1 error\n")

    def test_json_has_verdict_figure_and_advice_of_each_check(self, textcnn, folder):
        texts, labels = messages()
        write_csv(folder / "t.csv", zip(labels, texts, strict=True))
        found = json.loads(textcnn("check", "t.csv", "--data-only", "--format=json").out)
        assert found["verdict"] in ("ok", "warning") and found["trained_on"] == 0
        assert found["checks"][0].keys() == {"name", "verdict", "figure", "advice"}
        assert found["near_copies"] == []

    def test_json_lists_all_near_copies_of_both_files(self, textcnn, folder):
        texts, labels = messages(20, 20)
        write_csv(folder / "t.csv", zip([*labels, "ham"], [*texts, texts[0].upper()], strict=True))
        write_csv(folder / "v.csv", [("ham", f"{texts[0]} :-)"), ("spam", "something else")])
        arguments = ("check", "t.csv", "--data-only", "--format=json")
        assert json.loads(textcnn(*arguments).out)["near_copies"] == [["t.csv:2", "t.csv:42"]]
        found = json.loads(textcnn(*arguments, "--against=v.csv").out)
        assert found["near_copies"] == [["t.csv:2", "t.csv:42", "v.csv:2"]]

    def test_bad_input_is_refused(self, textcnn, folder):
        write_csv(folder / "one.csv", [("a", "x"), ("a", "y")])
        assert "nothing to tell apart" in textcnn("check", "one.csv").err
        write_csv(folder / "empty.csv", [("a", " "), ("b", " ")])
        assert "all texts are empty" in textcnn("check", "empty.csv").err
        assert textcnn("check", "none.csv").code == 1
        assert textcnn("check", "empty.csv", "--filters=-1").code == 2
        assert textcnn("check", "empty.csv", "-m", "none.textcnn").code == 1

    @pytest.mark.parametrize(
        ("rows", "verdict", "said"),
        [
            ([("a", "hello there world"), ("b", "hello there world")] * 8, "warning", "1 different text is too few"),
            (
                [("a", f"word{n} here") for n in range(14)] + [("b", " "), ("b", "\u200b")] * 2,
                "error",
                "only texts of 'a' have words",
            ),
        ],
    )
    def test_why_nothing_is_trained_is_said(self, textcnn, folder, rows, verdict, said):
        write_csv(folder / "t.csv", rows)
        answer = textcnn("check", "t.csv", *OPTIONS)
        assert answer.code == 1  # for copies and empty texts
        assert re.search(rf"^{verdict} +training +{said}", answer.out, re.MULTILINE)

    def test_data_only_refuses_options_that_need_trainings(self, textcnn, train_csv):
        assert textcnn("check", train_csv, "--data-only", "--label-errors=3").code == 2
        assert textcnn("check", train_csv, "--data-only", "-m", "any.textcnn").code == 2

    @pytest.mark.slow
    def test_the_dead_filters_of_a_given_model_are_named(self, textcnn, model, folder):
        from dataclasses import replace

        from textcnn.model.file import read_model, write_model

        opened = read_model(model)
        member = opened.members[0]
        dead = member.network._replace(
            filters=tuple(each * 0 for each in member.network.filters), biases=(np.full(32, -1, np.float32),)
        )
        write_model(replace(opened, members=(member._replace(network=dead),)), model)
        texts, labels = messages(20, 20)
        write_csv(folder / "t.csv", zip(labels, texts, strict=True))
        answer = textcnn("check", "t.csv", "-m", model, *changed(OPTIONS, "--epochs=1"))
        assert answer.code == 1 and re.search(r"^error   dead filters +100% of 32", answer.out, re.MULTILINE)

    def test_hostile_texts_do_not_reach_the_terminal(self, textcnn, folder):
        texts, labels = messages(20, 20)
        labels = [label.replace("spam", "sp\x1b[31mam") for label in labels]
        write_csv(folder / "t.csv", zip(labels, [f"{text} \x1b]0;x\x07" for text in texts], strict=True))
        answer = textcnn("check", "t.csv", "--data-only")
        assert "\x1b" not in answer.out + answer.err and "balance" in answer.out


class TestAfterTraining:
    @pytest.mark.slow
    def test_only_warnings_and_errors_are_said(self, textcnn, folder):
        texts, labels = messages(60, 60)
        write_csv(folder / "t.csv", zip(labels, texts, strict=True))
        fine = textcnn("train", "t.csv", *OPTIONS)
        assert fine.code == 0 and "error  " not in fine.err
        bad = textcnn("train", "t.csv", *changed(OPTIONS, "--learning-rate=100"))
        assert "error   learning rate" in bad.err and "error  " not in bad.out and bad.code == 0
        write_csv(folder / "v.csv", zip(labels, texts, strict=True))
        both = textcnn("train", "t.csv", "--validation=v.csv", *OPTIONS)
        assert "error   both files" in both.err
        assert "error" not in textcnn("train", "t.csv", "--validation=v.csv", "-q", *OPTIONS).err
