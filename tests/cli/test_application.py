"""The command line as a stranger meets it: help, training, measuring, looking inside, and the shell around them."""

import json
import re
import subprocess
import sys

import program
import pytest
from examples import EXAMPLES, HAM, SPAM, write_csv
from program import TINIEST, TINY, changed, imported

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
        linear = textcnn(command, "-h").out
        monkeypatch.setenv("COLUMNS", str(columns))
        shown = textcnn(command, "-h").out
        assert re.findall(r"--[a-z-]+", shown) == re.findall(r"--[a-z-]+", linear)
        assert max(map(len, shown.splitlines())) <= columns

    def test_train_groups_its_settings_and_says_their_limits(self, textcnn):
        shown = " ".join(textcnn("train", "-h").out.split())
        assert all(f" {group}: " in shown for group in ("Reading", "Network", "Regularisation", "Training"))
        assert "--dropout NUMBER Share of features dropped (0 to 0.95; default 0.5)." in shown

    def test_version_is_printed(self, textcnn):
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
        ended = r"3 epochs, loss \d\.\d\d, score \d\.\d{3}, \d+\.\d s"
        for part in (1, 2, 3):
            assert re.search(rf"^holding out part {part} of 3: {ended}$", answer.err, re.MULTILINE)
        assert re.search(r"^fitting on all 40 texts: 3 epochs, \d+\.\d s$", answer.err, re.MULTILINE)
        assert len(answer.err.partition("label ")[0].splitlines()) <= 10  # before the table
        assert re.search(r"^ham +[\d.]+ +[\d.]+ +[\d.]+ +20$", answer.err, re.MULTILINE)
        assert "on 40 texts held out" in answer.err
        assert answer.err.endswith("try: textcnn predict 'your text'\n")
        assert "\x1b" not in answer.err
        assert (folder / "model.textcnn").stat().st_size > 1000

    @pytest.mark.parametrize(("option", "options", "trainings"), [("-v", TINY, 4), ("--verbose", TINIEST, 1)])
    def test_verbose_says_how_each_epoch_went(self, textcnn, train_csv, option, options, trainings):
        answer = textcnn("train", train_csv, "--epochs=3", option, *options)
        scored = r"^epoch +\d  loss \d\.\d+  validation loss \d\.\d+  score \d\.\d+  \d\.\d s(  best)?$"
        assert len(re.findall(scored, answer.err, re.MULTILINE)) == 3
        assert len(re.findall(r"^epoch +\d  loss", answer.err, re.MULTILINE)) == 3 * trainings

    def test_quiet_says_nothing(self, textcnn, train_csv, folder):
        assert textcnn("train", train_csv, "-q", "--epochs=2", *TINIEST) == (0, "", "")
        assert (folder / "model.textcnn").exists()

    def test_ends_early_and_says_so(self, textcnn, train_csv):
        answer = textcnn("train", train_csv, "--epochs=60", "--patience=2", *TINIEST)
        assert re.search(r"\d+ of 60 epochs, .*; early stopping: checkpoint of epoch \d+ kept\n", answer.err)

    def test_the_model_goes_where_it_is_told_and_the_next_command_can_be_pasted(self, textcnn, train_csv, folder):
        (folder / "my models").mkdir()
        answer = textcnn("train", train_csv, "-o", "my models/a.textcnn", "--epochs=1", *TINIEST)
        assert answer.err.endswith("try: textcnn predict -m 'my models/a.textcnn' 'your text'\n")
        assert (folder / "my models" / "a.textcnn").exists()

    def test_settings_come_from_a_file_and_options_win(self, textcnn, train_csv, folder):
        (folder / "s.toml").write_text(
            'widths = [1.0, 3]\nfilters = 4\nepochs = 1.0\nvectors = "none"\nmax-norm = 2.5\nquality = "fast"\n'
        )
        assert textcnn("train", train_csv, "--settings", "s.toml", "--filters", "5").code == 0
        settings = json.loads(textcnn("inspect", "--format", "json").out)["settings"]
        assert (settings["widths"], settings["filters"], settings["max_norm"]) == ([1, 3], 5, 2.5)

    def test_too_few_texts_to_hold_some_out_are_said(self, textcnn, folder):
        write_csv(folder / "few.csv", [("ham", "a b"), ("ham", "a b"), ("spam", "a b"), ("spam", "a b")])
        answer = textcnn("train", "few.csv", "--epochs=1", *TINY)
        assert answer.code == 0
        assert "on the 4 texts that it learned from: too few to hold some out\n" in answer.err

    def test_a_validation_file_decides_when_to_stop(self, textcnn, train_csv, folder):
        write_csv(folder / "held.csv", [("ham", "lunch at noon"), ("spam", "free cash"), ("news", "a storm")])
        answer = textcnn("train", train_csv, "--validation", "held.csv", "--epochs=1", *TINIEST)
        assert answer.code == 0
        assert "cannot be learned, for no training text has them: 'news'" in answer.err
        assert "1 of 3 validation texts have a label that no training text has and are left out\n" in answer.err
        assert "on 2 texts held out" in answer.err

    def test_validation_texts_that_are_learned_from_are_left_out(self, textcnn, train_csv):
        answer = textcnn("train", train_csv, "--validation", train_csv, "--epochs=1", *TINY)
        assert answer.code == 0
        assert re.search(r"(\d+) of \1 validation texts are training texts too and left out; parts of", answer.err)

    def test_names_of_columns_cannot_command_the_terminal(self, textcnn, folder):
        write_csv(folder / "odd.csv", EXAMPLES, header=("label", "te\x1b[31mxt"))
        answer = textcnn("train", "odd.csv", "--epochs=1", *TINIEST)
        assert answer.code == 0 and "\x1b" not in answer.err and "te\ufffd[31mxt" in answer.err

    def test_any_text_can_be_a_label(self, textcnn, folder):
        labels = {"ham": "[bold]a [/b] :smile:", "spam": "7 💰\u202e"}
        write_csv(folder / "odd.csv", [(labels[label], text) for label, text in EXAMPLES])
        answer = textcnn("train", "odd.csv", "--epochs=20", *TINIEST)
        assert answer.code == 0
        assert "[bold]a [/b] :smile:" in answer.err
        found = {textcnn("predict", text, "--format=label").out for text in (HAM[0], SPAM[0])}
        assert found <= {f"{label}\n" for label in labels.values()}
        evaluated = textcnn("evaluate", "odd.csv")
        assert "[bold]a [/b] :smile:" in evaluated.out
        assert "\u202e" not in evaluated.out  # nothing that a terminal would obey

    def test_multi_label_texts_are_trained_on_and_answered(self, textcnn, folder):
        rows = [(f"{label}|long" if len(text) > 25 else label, text) for label, text in EXAMPLES]
        write_csv(folder / "tags.csv", rows)
        assert "separated by" in textcnn("train", "tags.csv", "--epochs=30", *TINIEST).err
        answers = textcnn("predict", "--format=jsonl", "--input", "tags.csv").out.splitlines()
        assert all(isinstance(json.loads(answer)["label"], list) for answer in answers)
        figures = json.loads(textcnn("evaluate", "tags.csv", "--format=json").out)
        assert figures["subset_accuracy"] == figures["accuracy"]
        assert set(figures["labels"]) == {"ham", "spam", "long"}
        assert "all labels right" in textcnn("evaluate", "tags.csv", "--errors", "3").out
        write_csv(folder / "one.csv", [("ham|long", "see you at noon"), ("spam", "free cash")])  # says little alone
        assert set(json.loads(textcnn("evaluate", "one.csv", "--format=json").out)["labels"]) == {"ham", "spam", "long"}
        held = textcnn("train", "tags.csv", "--validation", "one.csv", "--epochs=1", *TINIEST)
        assert held.err.count("separated by") == 2 and "cannot be learned" not in held.err

    @pytest.mark.slow
    def test_the_same_seed_writes_the_same_bytes(self, textcnn, train_csv, folder):
        for threads in (1, 2):
            for name in ("a", "b"):
                arguments = ["--epochs=2", "--seed=5", *changed(TINY, f"--threads={threads}", "--linear=on")]
                assert textcnn("train", train_csv, "-q", "-o", name, *arguments).code == 0
            assert (folder / "a").read_bytes() == (folder / "b").read_bytes()


class TestEvaluate:
    @pytest.fixture
    def test_csv(self, folder):
        wrong = [("spam", "see you at lunch"), ("ham", "claim your free prize"), ("ham", "dinner at home")]
        return write_csv(folder / "test.csv", [*EXAMPLES[:10], *wrong])

    def test_figures_labels_and_mistakes_are_shown_in_tables(self, textcnn, model, test_csv):
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
        assert textcnn("train", "many.csv", "-q", "--epochs=1", *TINIEST).code == 0
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
        assert textcnn("train", train_csv, "-q", "--epochs=1", *TINIEST).code == 0
        assert "has learned from these very texts" in textcnn("evaluate", train_csv).err
        write_csv(folder / "less.csv", EXAMPLES[1:])
        assert "these very texts" not in textcnn("evaluate", "less.csv").err

    def test_labelled_texts_come_from_standard_input(self, textcnn, model):
        given = b"label,text\nham,see you at lunch\nspam,free prize\n"
        assert json.loads(textcnn("evaluate", "-", "--format=json", stdin=given).out)["count"] == 2


class TestInspect:
    def test_settings_and_figures_are_shown_in_lines(self, textcnn, model):
        shown = textcnn("inspect").out
        assert re.search(r"^labels +ham, spam$", shown, re.MULTILINE)
        assert re.search(r"^  widths +1, 2$", shown, re.MULTILINE)
        assert re.search(r"^  validation +count 40, accuracy [\d.]+", shown, re.MULTILINE)

    def test_json_says_what_the_file_is(self, textcnn, model):
        found = json.loads(textcnn("inspect", model, "--format=json").out)
        assert found["labels"] == ["ham", "spam"]
        assert found["bytes"] == model.stat().st_size and found["format"] == 2  # in whole bytes


class TestColdStart:
    def test_an_answer_needs_nothing_but_numpy(self, model, folder):
        found = imported("predict", "this is not a spam", folder=folder)
        assert "numpy" in found
        assert not found & {"torch", "gensim", "sklearn", "scipy", "pandas", "rich", "safetensors", "pyarrow", "ray"}

    @pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["predict", "-h"], ["--version"]])
    def test_help_does_not_even_need_numpy(self, folder, arguments):
        assert not imported(*arguments, folder=folder) & {"numpy", "torch", "gensim", "sklearn", "scipy", "rich"}


@pytest.mark.slow
def test_a_compact_model_keeps_the_training_words_only(textcnn, train_csv, folder):
    few = ("--filters=4", "--epochs=1", "--vectors=english", "--frozen=off")  # the sentence encoder is no words
    for name, options in (("a", []), ("b", ["--compact"])):
        assert textcnn("train", train_csv, "-o", f"{name}.textcnn", *few, *options).code == 0
    assert (folder / "b.textcnn").stat().st_size < (folder / "a.textcnn").stat().st_size / 5
