"""The command line as a stranger meets it: help, training, measuring, answering, and the shell around them."""

import csv
import io
import json
import math
import re
import subprocess
import sys

import program
import pytest
from conftest import EXAMPLES, HAM, SPAM, write_csv
from program import TINY, imported

COMMANDS = ("train", "evaluate", "predict", "inspect")


class TestHelp:
    def test_alone_it_shows_its_commands(self, textcnn):
        answer = textcnn()
        assert answer.code == 2
        assert answer.out == ""
        assert all(f"\n  {command} " in answer.err for command in COMMANDS)

    @pytest.mark.parametrize("option", ["-h", "--help"])
    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_has_help_with_an_example(self, textcnn, command, option):
        answer = textcnn(command, option)
        assert answer.code == 0
        assert answer.out.startswith(f"Usage: textcnn {command} ")
        assert f"\nExample: {'tail -f mail.log | ' if command == 'predict' else ''}textcnn {command} " in answer.out
        assert answer.err == ""

    @pytest.mark.parametrize("columns", [60, 80, 200])
    @pytest.mark.parametrize("command", COMMANDS)
    def test_no_option_is_cut_on_a_narrow_terminal(self, textcnn, monkeypatch, command, columns):
        wide = textcnn(command, "-h").out
        monkeypatch.setenv("COLUMNS", str(columns))
        shown = textcnn(command, "-h").out
        assert re.findall(r"--[a-z-]+", shown) == re.findall(r"--[a-z-]+", wide)
        assert max(map(len, shown.splitlines())) <= columns

    def test_train_groups_its_settings_and_says_their_limits(self, textcnn):
        shown = " ".join(textcnn("train", "-h").out.split())
        assert all(f" {group}: " in shown for group in ("Reading", "Network", "Regularisation", "Training"))
        assert "--dropout NUMBER Share of features dropped (0 to 0.95; default 0.5)." in shown

    def test_version(self, textcnn):
        assert re.fullmatch(r"textcnn \d+\.\d+\.\d+\n", textcnn("--version").out)

    def test_common_options_have_the_same_names_everywhere(self, textcnn):
        common = ("--text-column", "--input-format", "--encoding", "--delimiter", "--skip-bad-rows", "--quiet")
        for command in ("train", "evaluate", "predict"):
            shown = textcnn(command, "-h").out
            assert all(option in shown for option in common)

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["nonsense"], "nonsense"),
            (["--nonsense"], "--nonsense"),
            (["train"], "FILE..."),
            (["train", "x.csv", "--epochs", "many"], "--epochs"),
            (["predict", "x", "--top", "0"], "--top"),
            (["predict", "x", "--threshold", "2"], "--threshold"),
            (["predict", "x", "--format", "xml"], "xml"),
            (["evaluate", "x.csv", "--min-accuracy", "-1"], "--min-accuracy"),
        ],
    )
    def test_a_slip_in_the_command_is_one_line_and_says_where_help_is(self, textcnn, arguments, named):
        answer = textcnn(*arguments)
        assert answer.code == 2
        assert answer.out == ""
        assert re.fullmatch(r"textcnn: .*; see textcnn( [a-z]+)? -h\n", answer.err)
        assert named in answer.err

    def test_the_shell_completes_options(self):
        asked = {"_TEXTCNN_COMPLETE": "complete_bash", "COMP_WORDS": "textcnn evaluate --min", "COMP_CWORD": "2"}
        script = "from textcnn.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", script], env=program.environment(**asked), capture_output=True, timeout=60
        )
        assert done.stdout.split() == [b"--min-accuracy"]


class TestTrain:
    def test_says_what_it_reads_and_how_it_goes_and_what_comes_next(self, textcnn, train_csv, folder):
        answer = textcnn("train", train_csv, "--epochs=3", *TINY)
        assert answer.code == 0
        assert answer.out == ""  # what is said to people does not go into pipes
        assert 'text from "text" (by name), labels from "label" (by name)' in answer.err
        assert "40 texts, 2 labels" in answer.err
        assert len(re.findall(r"^epoch +\d  loss \d\.\d+  validation loss", answer.err, re.MULTILINE)) == 3
        assert re.search(r"^ham +[\d.]+ +[\d.]+ +[\d.]+ +7$", answer.err, re.MULTILINE)
        assert "on 14 texts held out" in answer.err
        assert answer.err.endswith("try: textcnn predict 'your text'\n")
        assert "\x1b" not in answer.err
        assert (folder / "model.textcnn").stat().st_size > 1000

    def test_quiet_says_nothing(self, textcnn, train_csv, folder):
        assert textcnn("train", train_csv, "-q", "--epochs=2", *TINY) == (0, "", "")
        assert (folder / "model.textcnn").exists()

    def test_ends_early_and_says_so(self, textcnn, train_csv):
        answer = textcnn("train", train_csv, "--epochs=60", "--patience=2", *TINY)
        assert re.search(r"no better score in 2 epochs: the weights of epoch \d+ are kept", answer.err)

    def test_the_model_goes_where_it_is_told_and_the_next_command_can_be_pasted(self, textcnn, train_csv, folder):
        (folder / "my models").mkdir()
        answer = textcnn("train", train_csv, "-o", "my models/a.textcnn", "--epochs=1", *TINY)
        assert answer.err.endswith("try: textcnn predict -m 'my models/a.textcnn' 'your text'\n")
        assert (folder / "my models" / "a.textcnn").exists()

    def test_settings_come_from_a_file_and_options_win(self, textcnn, train_csv, folder):
        (folder / "s.toml").write_text(
            'widths = [1.0, 3]\nfilters = 4\nepochs = 1.0\nvectors = "none"\nmax-norm = 2.5\n'
        )
        assert textcnn("train", train_csv, "--settings", "s.toml", "--filters", "5").code == 0
        settings = json.loads(textcnn("inspect", "--format", "json").out)["settings"]
        assert (settings["widths"], settings["filters"], settings["max_norm"]) == ([1, 3], 5, 2.5)

    def test_too_few_texts_to_hold_some_out(self, textcnn, folder):
        write_csv(folder / "few.csv", [("ham", "a b"), ("ham", "a b"), ("spam", "a b"), ("spam", "a b")])
        answer = textcnn("train", "few.csv", "--epochs=1", *TINY)
        assert answer.code == 0
        assert "on the 4 texts that it learned from: too few to hold some out\n" in answer.err

    def test_validates_on_a_file(self, textcnn, train_csv, folder):
        write_csv(folder / "held.csv", [("ham", "lunch at noon"), ("spam", "free cash"), ("news", "a storm")])
        answer = textcnn("train", train_csv, "--validation", "held.csv", "--epochs=1", *TINY)
        assert answer.code == 0
        assert "cannot be learned, for no training text has them: 'news'" in answer.err
        assert "1 of 3 validation texts have a label that no training text has and are left out\n" in answer.err
        assert "on 2 texts held out" in answer.err

    def test_validation_texts_that_are_learned_from_are_left_out(self, textcnn, train_csv):
        answer = textcnn("train", train_csv, "--validation", train_csv, "--epochs=1", *TINY)
        assert answer.code == 0
        assert re.search(r"(\d+) of \1 validation texts are training texts too and left out; parts of", answer.err)

    def test_names_of_columns_are_said_as_text(self, textcnn, folder):
        write_csv(folder / "odd.csv", EXAMPLES, header=("label", "te\x1b[31mxt"))
        answer = textcnn("train", "odd.csv", "--epochs=1", *TINY)
        assert answer.code == 0 and "\x1b" not in answer.err and "te\ufffd[31mxt" in answer.err

    def test_labels_are_any_text(self, textcnn, folder):
        labels = {"ham": "[bold]a [/b] :smile:", "spam": "7 💰\u202e"}
        write_csv(folder / "odd.csv", [(labels[label], text) for label, text in EXAMPLES])
        answer = textcnn("train", "odd.csv", "--epochs=20", *TINY)
        assert answer.code == 0
        assert "[bold]a [/b] :smile:" in answer.err
        found = {textcnn("predict", text, "--format=label").out for text in (HAM[0], SPAM[0])}
        assert found <= {f"{label}\n" for label in labels.values()}
        evaluated = textcnn("evaluate", "odd.csv")
        assert "[bold]a [/b] :smile:" in evaluated.out
        assert "\u202e" not in evaluated.out  # nothing that a terminal would obey

    def test_several_labels_per_text(self, textcnn, folder):
        rows = [(f"{label}|long" if len(text) > 25 else label, text) for label, text in EXAMPLES]
        write_csv(folder / "tags.csv", rows)
        assert "separated by" in textcnn("train", "tags.csv", "--epochs=30", *TINY).err
        answers = textcnn("predict", "--format=jsonl", "--input", "tags.csv").out.splitlines()
        assert all(isinstance(json.loads(answer)["label"], list) for answer in answers)
        figures = json.loads(textcnn("evaluate", "tags.csv", "--format=json").out)
        assert figures["subset_accuracy"] == figures["accuracy"]
        assert set(figures["labels"]) == {"ham", "spam", "long"}
        assert "all labels right" in textcnn("evaluate", "tags.csv", "--errors", "3").out
        write_csv(folder / "one.csv", [("ham|long", "see you at noon"), ("spam", "free cash")])  # says little alone
        assert set(json.loads(textcnn("evaluate", "one.csv", "--format=json").out)["labels"]) == {"ham", "spam", "long"}
        held = textcnn("train", "tags.csv", "--validation", "one.csv", "--epochs=1", *TINY)
        assert held.err.count("separated by") == 2 and "cannot be learned" not in held.err

    def test_the_seed_fixes_the_bytes(self, textcnn, train_csv, folder):
        for threads in (1, 2):
            for name in ("a", "b"):
                arguments = ["--epochs=2", f"--threads={threads}", "--seed=5", *TINY]
                assert textcnn("train", train_csv, "-q", "-o", name, *arguments).code == 0
            assert (folder / "a").read_bytes() == (folder / "b").read_bytes()


class TestEvaluate:
    @pytest.fixture
    def test_csv(self, folder):
        wrong = [("spam", "see you at lunch"), ("ham", "claim your free prize"), ("ham", "dinner at home")]
        return write_csv(folder / "test.csv", [*EXAMPLES[:10], *wrong])

    def test_tables(self, textcnn, model, test_csv):
        answer = textcnn("evaluate", test_csv, "--errors", "1")
        assert answer.code == 0
        assert re.search(r"^accuracy +0\.\d{4} +95 % interval 0\.\d+ to \d\.\d+, 13 texts$", answer.out, re.MULTILINE)
        for name in ("macro F1", "micro F1", "MCC", "log loss", "calibration error"):
            assert re.search(rf"^{name} +-?\d\.\d{{4}}$", answer.out, re.MULTILINE)
        assert re.search(r"^is \\ said +ham +spam$", answer.out, re.MULTILINE)
        assert re.search(
            r"test\.csv:1[23]  said (ham|spam) \(\d\.\d{3}\), is (ham|spam)\n    \S", answer.out, re.MULTILINE
        )

    def test_a_matrix_that_is_too_wide_becomes_a_list(self, textcnn, folder, monkeypatch):
        names = [f"{label} of {colour} colour" for label in ("ham", "spam") for colour in ("red", "green", "blue")]
        write_csv(folder / "many.csv", [(names[place % 6], text) for place, (_, text) in enumerate(EXAMPLES)])
        assert textcnn("train", "many.csv", "-q", "--epochs=1", *TINY).code == 0
        shown = textcnn("evaluate", "many.csv").out
        assert "is \\ said" not in shown
        assert re.search(r"^confused most: is +said +texts$", shown, re.MULTILINE)
        monkeypatch.setenv("COLUMNS", "200")
        assert "is \\ said" in textcnn("evaluate", "many.csv").out

    def test_json_is_one_object_with_everything(self, textcnn, model, test_csv):
        answer = textcnn("evaluate", test_csv, "--format=json", "--errors=5")
        found = json.loads(answer.out)
        assert found["count"] == 13
        assert found["accuracy"] == pytest.approx(11 / 13)
        assert found["accuracy_interval"][0] < found["accuracy"] < found["accuracy_interval"][1]
        assert set(found["labels"]["ham"]) == {"precision", "recall", "f1", "support"}
        assert sum(map(sum, found["confusion"])) == 13
        assert {"macro_f1", "micro_f1", "mcc", "log_loss", "calibration_error"} <= found.keys()
        assert [(each["line"], each["gold"]) for each in found["errors"]] in (
            [(12, ["spam"]), (13, ["ham"])],
            [(13, ["ham"]), (12, ["spam"])],
        )

    def test_below_the_least_accuracy_it_exits_with_1(self, textcnn, model, test_csv):
        assert textcnn("evaluate", test_csv, "--min-accuracy", "0.8").code == 0
        answer = textcnn("evaluate", test_csv, "--min-accuracy", "0.95")
        assert answer.code == 1
        assert answer.err.endswith("textcnn: accuracy 0.8462 is below 0.95\n")

    def test_labels_that_the_model_does_not_know_are_named_and_wrong(self, textcnn, model, folder):
        write_csv(folder / "new.csv", [*EXAMPLES[:4], ("news", "see you at lunch")])
        answer = textcnn("evaluate", "new.csv", "--format=json")
        assert "the model does not know these labels; each text of theirs counts as wrong: 'news'" in answer.err
        assert json.loads(answer.out)["accuracy"] == 0.8

    def test_the_very_texts_that_it_learned_from_are_no_measure(self, textcnn, train_csv, folder):
        assert textcnn("train", train_csv, "-q", "--epochs=1", *TINY).code == 0
        assert "has learned from these very texts" in textcnn("evaluate", train_csv).err
        write_csv(folder / "less.csv", EXAMPLES[1:])
        assert "these very texts" not in textcnn("evaluate", "less.csv").err

    def test_standard_input(self, textcnn, model):
        given = b"label,text\nham,see you at lunch\nspam,free prize\n"
        assert json.loads(textcnn("evaluate", "-", "--format=json", stdin=given).out)["count"] == 2


class TestPredict:
    def test_a_text_in_a_pipe(self, textcnn, model):
        answer = textcnn("predict", "claim your free prize", "see you\tat\nlunch")
        assert re.fullmatch(
            r"spam\t[01]\.\d{4}\tclaim your free prize\nham\t[01]\.\d{4}\tsee you at lunch\n", answer.out
        )
        assert answer.err == ""

    def test_labels_alone(self, textcnn, model):
        assert textcnn("predict", "free prize", "see you at lunch", "--format=label").out == "spam\nham\n"

    def test_json_lines(self, textcnn, model):
        found = json.loads(textcnn("predict", 'free "prize"\n', "--format=jsonl").out)
        assert list(found) == ["label", "probability", "probabilities", "text"]
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

    def test_top(self, textcnn, model):
        fields = textcnn("predict", "free prize", "--top=9").out.rstrip("\n").split("\t")
        assert (fields[0], fields[2], fields[4]) == ("spam", "ham", "free prize")
        assert float(fields[1]) + float(fields[3]) == pytest.approx(1, abs=1e-3)

    def test_threshold(self, textcnn, model):
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
        assert (first["label"], first["id"], first["input_input_label"], first["input_label"]) == ("spam", 1, "x", None)
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
        assert "longer than --max-words 4" in textcnn("train", train_csv, "--max-words=4", "--epochs=1", *TINY).err
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
        from textcnn.cli.console import cells

        assert max(map(cells, answers)) <= columns
        assert all(re.match(r"(ham |spam)  .*\d\.\d %", answer) for answer in answers)
        assert any("█" in answer for answer in answers) == bars
        assert "\x1b" not in "".join(answers)


class TestInspect:
    def test_lines(self, textcnn, model):
        shown = textcnn("inspect").out
        assert re.search(r"^labels +ham, spam$", shown, re.MULTILINE)
        assert re.search(r"^  widths +1, 2$", shown, re.MULTILINE)
        assert re.search(r"^  validation +count 40, accuracy [\d.]+", shown, re.MULTILINE)

    def test_json(self, textcnn, model):
        found = json.loads(textcnn("inspect", model, "--format=json").out)
        assert found["labels"] == ["ham", "spam"]
        assert found["bytes"] == model.stat().st_size


class TestColdStart:
    def test_an_answer_needs_nothing_but_numpy(self, model, folder):
        found = imported("predict", "this is not a spam", folder=folder)
        assert "numpy" in found
        assert not found & {"torch", "gensim", "sklearn", "scipy", "pandas", "rich", "safetensors"}

    @pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["predict", "-h"], ["--version"]])
    def test_help_does_not_even_need_numpy(self, folder, arguments):
        assert not imported(*arguments, folder=folder) & {"numpy", "torch", "gensim", "sklearn", "scipy", "rich"}


class TestExplanations:
    """`predict --explain`: the parts add up, on a terminal and in JSON lines."""

    def test_json_lines(self, textcnn, model):
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

    def test_for_people(self, textcnn, model):
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

    def test_formats_without_room(self, textcnn, model):
        answer = textcnn("predict", "-m", model, "--explain", "--format=tsv", "x")
        assert answer.code == 2 and "jsonl" in answer.err
        answer = textcnn("predict", "-m", model, "--against", "ham", "x")
        assert answer.code == 2 and "--against goes with --explain" in answer.err
        answer = textcnn("predict", "-m", model, "--explain", "--against", "nobody", "x")
        assert answer.code == 2 and "--against: the model has no label 'nobody', but ham, spam" in answer.err
        answer = textcnn("predict", "--input-format=csv", "x")
        assert answer.code == 2 and "not for texts given here" in answer.err


def test_a_compact_model_keeps_the_training_words_only(textcnn, train_csv, folder):
    few = ("--filters=4", "--epochs=1", "--vectors=english")
    for name, options in (("a", []), ("b", ["--compact"])):
        assert textcnn("train", train_csv, "-o", f"{name}.textcnn", *few, *options).code == 0
    assert (folder / "b.textcnn").stat().st_size < (folder / "a.textcnn").stat().st_size / 5
