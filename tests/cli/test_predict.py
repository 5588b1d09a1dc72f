"""`textcnn predict` as a stranger meets it: texts, files and formats, thresholds, explanations."""

import csv
import io
import json
import math
import re
import sys

import pytest
from examples import HAM, SPAM, write_csv
from program import TINIEST


class TestPredict:
    def test_a_text_in_a_pipe(self, textcnn, model):
        answer = textcnn("predict", "claim your free prize", "see you\tat\nlunch")
        assert re.fullmatch(
            r"spam\t[01]\.\d{4}\tclaim your free prize\nham\t[01]\.\d{4}\tsee you at lunch\n", answer.out
        )
        assert answer.err == ""

    def test_format_label_prints_labels_alone(self, textcnn, model):
        assert textcnn("predict", "free prize", "see you at lunch", "--format=label").out == "spam\nham\n"

    def test_json_lines_hold_all_probabilities(self, textcnn, model):
        found = json.loads(textcnn("predict", 'free "prize"\n', "--format=jsonl").out)
        assert list(found) == ["label", "probability", "probabilities", "novelty", "text"]
        assert found["label"] == "spam"
        assert found["probability"] == found["probabilities"]["spam"]
        assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert found["text"] == 'free "prize"\n'

    def test_csv_can_be_read_back(self, textcnn, model):
        text = 'a "free", prize\r\nfor you'
        rows = list(csv.DictReader(io.StringIO(textcnn("predict", text, "--format=csv", "--top=2").out, newline="")))
        assert list(rows[0]) == ["label", "probability", "label2", "probability2", "text"]
        assert rows[0]["text"] == text
        assert {rows[0]["label"], rows[0]["label2"]} == {"ham", "spam"}

    def test_top_prints_the_likeliest_labels(self, textcnn, model):
        fields = textcnn("predict", "free prize", "--top=9").out.rstrip("\n").split("\t")
        assert (fields[0], fields[2], fields[4]) == ("spam", "ham", "free prize")
        assert float(fields[1]) + float(fields[3]) == pytest.approx(1, abs=1e-3)

    def test_below_the_threshold_the_answer_is_another(self, textcnn, model):
        assert textcnn("predict", "zzz", "--threshold=1", "--format=label").out == "unknown\n"
        assert textcnn("predict", "zzz", "--threshold=1", "--otherwise=a person", "--format=label").out == "a person\n"
        assert textcnn("predict", "free prize", "--threshold=0.1", "--format=label").out == "spam\n"
        assert textcnn("predict", "zzz", "--otherwise=a person").code == 2

    def test_below_a_threshold_the_likeliest_labels_are_shown_all_the_same(self, textcnn, model):
        unsure = textcnn("predict", "zzz", "--threshold=1", "--top=2").out.split("\t")
        best = textcnn("predict", "zzz", "--top=2").out.split("\t")
        assert unsure == ["unknown", best[1], best[0], best[1], "zzz\n"]
        rows = textcnn("predict", "zzz", "free prize", "--threshold=1", "--top=9", "--format=csv").out.splitlines()
        assert rows[0] == "label,probability,label2,probability2,text"
        assert all(row.count(",") == rows[0].count(",") for row in rows)

    def test_a_dash_is_standard_input(self, textcnn, model):
        assert textcnn("predict", "-", "--format=label", stdin=b"free prize\nsee you at lunch\n").out == "spam\nham\n"
        assert textcnn("predict", "-", "free prize", "--format=label", stdin=b"x").out.count("\n") == 2

    def test_the_name_of_a_file_is_answered_but_the_option_is_named(self, textcnn, model, train_csv):
        answer = textcnn("predict", "train.csv", "--format=label")
        assert (answer.code, answer.out.count("\n")) == (0, 1)
        assert answer.err == "train.csv is answered as a text; to read the file: textcnn predict --input train.csv\n"
        assert textcnn("predict", "train.csv", "-q").err == ""
        assert textcnn("predict", "x" * 5000, ".", "--format=label").err == ""

    def test_an_input_without_a_name_is_no_standard_input(self, textcnn, model):
        assert textcnn("predict", "--input", "", stdin=b"free prize\n").code == 1

    def test_only_is_a_grep_by_meaning(self, textcnn, model):
        given = "\n".join([*HAM[:5], SPAM[0], *HAM[5:9], SPAM[1]]).encode()
        found = textcnn("predict", "--only=spam", stdin=given)
        assert found.code == 0
        assert [line.split("\t")[2] for line in found.out.splitlines()] == SPAM[:2]
        assert textcnn("predict", "--only=spam", "--only=ham", "--format=label", stdin=given).out.count("\n") == 11
        assert textcnn("predict", "--only=spam", HAM[0]) == (1, "", "")
        unknown = textcnn("predict", "--only=news", HAM[0])
        assert (unknown.code, "no label 'news', but ham, spam" in unknown.err) == (2, True)

    def test_other_columns_of_csv_pass_through(self, textcnn, model, folder):
        write_csv(
            folder / "mail.csv",
            [("1", "a, b", "free prize", "?"), ("2", "", "see you", "!")],
            ["id", "from", "text", "label"],
        )
        answer = textcnn("predict", "--input", "mail.csv", "--format=csv", "--text-column=text")
        rows = list(csv.reader(io.StringIO(answer.out)))
        assert rows[0] == ["label", "probability", "id", "from", "input_label", "text"]
        assert [(row[0], *row[2:]) for row in rows[1:]] == [
            ("spam", "1", "a, b", "?", "free prize"),
            ("ham", "2", "", "!", "see you"),
        ]

    def test_other_keys_of_json_lines_pass_through(self, textcnn, model, folder):
        records = [
            {"text": "free prize", "id": 1, "label": "x", "input_label": None},
            {"id": 2, "text": "see you", "tags": ["a", {"b": 1.5}]},
        ]
        (folder / "mail.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        first, second = map(json.loads, textcnn("predict", "-i", "mail.jsonl", "--format=jsonl").out.splitlines())
        assert (first["label"], first["id"], first["input_label_2"], first["input_label"]) == ("spam", 1, "x", None)
        assert (second["label"], second["tags"]) == ("ham", ["a", {"b": 1.5}])
        as_csv = textcnn("predict", "-i", "mail.jsonl", "--format=csv")
        assert "there is no column for 'tags'" in as_csv.err
        assert [row["id"] for row in csv.DictReader(io.StringIO(as_csv.out))] == ["1", "2"]

    def test_how_a_file_was_read_is_told_whatever_it_is(self, textcnn, model, folder):
        (folder / "some.txt").write_text("free prize\n")
        (folder / "some.ft").write_text("__label__x free prize\n")
        assert textcnn("predict", "--input=some.txt").err == "some.txt: plain lines, each a text\n"
        assert textcnn("predict", "--input=some.ft").err.startswith("some.ft: fastText")
        assert textcnn("predict", "--input=some.txt", "-q").err == ""

    def test_texts_that_begin_with_a_dash_come_after_two(self, textcnn, model):
        assert "-- goes before texts that begin with a dash" in textcnn("predict", "-free prize").err
        assert textcnn("predict", "--format=label", "--", "-free prize").out == "spam\n"

    def test_csv_has_a_header_though_there_is_no_answer(self, textcnn, model, train_csv):
        assert textcnn("predict", "--format=csv") == (0, "label,probability,text\n", "")
        answer = textcnn(
            "predict", "--input", train_csv, "--format=csv", "--threshold=1", "--only=ham", "--top=9", "-q"
        )
        assert (answer.code, answer.out) == (1, "label,probability,label2,probability2,input_label,text\n")

    def test_a_text_that_is_cut_is_told_once(self, textcnn, train_csv):
        assert "longer than --max-words 4" in textcnn("train", train_csv, "--max-words=4", "--epochs=1", *TINIEST).err
        answer = textcnn("predict", stdin=b"short\none two three four five\na b c d e f\n")
        said = "of this text and others as long only the first 4 words are read: 'one two three four five'...\n"
        assert answer.err == said
        assert textcnn("predict", "-q", stdin=b"one two three four five\n").err == ""
        assert re.search("of 40 texts have more than the 4 words that are read", textcnn("evaluate", train_csv).err)

    def test_labels_of_fasttext_lines_are_kept(self, textcnn, model):
        given = b"__label__x free prize __label__y\n"
        row = json.loads(textcnn("predict", "--input=-", "--input-format=fasttext", "--format=jsonl", stdin=given).out)
        assert (row["label"], row["text"], row["input_label"]) == ("spam", "free prize", "x|y")

    def test_lines_with_a_byte_order_mark(self, textcnn, model):
        given = b"\xef\xbb\xbffree prize\nlunch\n"
        assert textcnn("predict", "--encoding=utf-8-sig", stdin=given) == textcnn("predict", stdin=given)

    def test_what_json_lines_bring_along_is_kept_or_null(self, textcnn, model):
        given = b'{"text": "free prize", "explanation": "mine", "n": NaN, "m": -Infinity, "k": 1e999, "f": 0.5}\n'
        row = json.loads(
            textcnn("predict", "--input=-", "--input-format=jsonl", "--explain", "--format=jsonl", stdin=given).out,
            parse_constant=pytest.fail,
        )
        assert (row["input_explanation"], row["n"], row["m"], row["k"], row["f"]) == ("mine", None, None, None, 0.5)
        assert row["explanation"]["label"] == "spam"

    def test_standard_input_is_lines_unless_columns_are_named(self, textcnn, model):
        given = b"id,text\n1,free prize\n2,see you\n"
        assert textcnn("predict", "-i", "-", "--format=label", stdin=given).out.count("\n") == 3
        assert textcnn("predict", "--text-column=text", "--format=label", stdin=given).out == "spam\nham\n"
        assert textcnn("predict", "--input-format=csv", "--format=label", stdin=given).out == "spam\nham\n"

    def test_the_model_is_found_by_option_by_environment_or_in_the_folder(self, textcnn, model, folder, monkeypatch):
        assert textcnn("predict", "x").code == 0
        (folder / "elsewhere").mkdir()
        moved = model.rename(folder / "elsewhere" / "m")
        missing = textcnn("predict", "x")
        assert missing.code == 1
        assert missing.err == (
            "textcnn: there is no model model.textcnn; train one with: textcnn train FILE -o model.textcnn\n"
        )
        assert textcnn("predict", "-m", moved, "x").code == 0
        monkeypatch.setenv("TEXTCNN_MODEL", str(moved))
        import textcnn.cli.application as application

        assert application.run(["predict", "x"]) == 0
        assert application.run(["predict", "-m", "nowhere", "x"]) == 1

    def test_texts_and_input_together_are_refused(self, textcnn, model):
        assert textcnn("predict", "x", "--input", "y.csv").code == 2

    @pytest.mark.parametrize(("columns", "bars"), [(100, True), (60, False), (20, False)])
    def test_pretty_fits_the_terminal(self, textcnn, model, monkeypatch, columns, bars):
        texts = ["free prize " * 30, "今日は" * 50, "e\u0301" * 90, "", "\x1b[31mred\x07", "👩‍👩‍👧 hi"]
        answers = []
        with monkeypatch.context() as patch:
            patch.setenv("COLUMNS", str(columns))
            import textcnn.cli.application as application

            patch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
            application.run(["predict", "--format=pretty", *texts])
            answers = sys.stdout.buffer.getvalue().decode().splitlines()
        assert len(answers) == len(texts)
        from textcnn.cli.display.console import cells

        assert max(map(cells, answers)) <= columns
        assert all(re.match(r"(ham |spam)  .*\d\.\d %", answer) for answer in answers)
        assert any("█" in answer for answer in answers) == bars
        assert "\x1b" not in "".join(answers)


class TestExplanations:
    """`predict --explain`: the parts add up, on a terminal and in JSON lines."""

    def test_explanations_stand_in_json_lines(self, textcnn, model):
        answer = textcnn("predict", "-m", model, "--explain", "free prize,  xyzzy at noon")
        assert answer.code == 0
        found = json.loads(answer.out)
        reasons = found["explanation"]
        assert reasons["label"] == found["label"]
        assert reasons["logit"] == pytest.approx(
            reasons["bias"] + sum(word["contribution"] for word in reasons["words"]), rel=1e-4
        )
        assert all(found["text"][word["start"] : word["end"]] == word["word"] for word in reasons["words"])
        assert "xyzzy" in reasons["unknown"]

    def test_pretty_tells_what_is_known(self, textcnn, model):
        answer = textcnn("predict", "-m", model, "--explain", "--format=pretty", "free prize xyzzy")
        assert answer.code == 0
        assert "2 of 3 words known; unknown: xyzzy" in answer.out
        assert "bias" in answer.out

    def test_one_label_against_another(self, textcnn, model):
        labels = json.loads(textcnn("inspect", model, "--format=json").out)["labels"]
        answers = [
            json.loads(textcnn("predict", "-m", model, "--explain", "--against", label, "free prize").out)
            for label in labels
        ]
        plain = json.loads(textcnn("predict", "-m", model, "--explain", "free prize").out)
        assert [answer["explanation"] for answer in answers] == [plain["explanation"]] * 2  # there is one other label
        reasons = plain["explanation"]
        assert (reasons["label"], reasons["against"]) == ("spam", "ham") and set(labels) == {"ham", "spam"}
        assert 1 / (1 + math.exp(-reasons["logit"])) == pytest.approx(plain["probability"], abs=1e-4)

    def test_options_that_do_not_go_together_are_refused(self, textcnn, model):
        answer = textcnn("predict", "-m", model, "--explain", "--format=tsv", "x")
        assert answer.code == 2 and "jsonl" in answer.err
        answer = textcnn("predict", "-m", model, "--against", "ham", "x")
        assert answer.code == 2 and "--against goes with --explain" in answer.err
        answer = textcnn("predict", "-m", model, "--explain", "--against", "nobody", "x")
        assert answer.code == 2 and "the model has no label 'nobody', but ham, spam" in answer.err
        answer = textcnn("predict", "--input-format=csv", "x")
        assert answer.code == 2 and "not for texts given here" in answer.err
