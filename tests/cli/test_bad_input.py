"""Whatever is wrong with what it is given: one clear line on standard error, the right exit code, nothing lost."""

import os
import shutil
from pathlib import Path

import pytest
from examples import EXAMPLES, write_csv
from program import TINIEST, complaint, tiny

GOOD = "".join(
    f"{label},{text}\n".replace("s, ", "s ") for label, text in EXAMPLES if '"' not in text and "," not in text
)


NO_TEXT = ("idna", "punycode", "undefined", "base64", "hex", "zip", "rot13", "")


class TestTexts:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "the file is empty"),
            (b"\n\n \n", "there is no text in it"),
            (b"label,text\n", "a header, but not a single row below it"),
            (b"label,text\nham,a b\nham,c d\n", "single label, 'ham': there is nothing to tell apart"),
            (b"label,text\nham,\nspam,\nham, \n", "all texts are empty"),
            (b"label,text\nham,a b\nspam,a\0b\n", "bad.csv:3: byte 0x00 at column 7 is NUL"),
            (b"label,text\nham,a b\nspam,caf\xe9\n", "bad.csv:3: byte 0xe9 at column 9 is not utf-8; "),
            ("label,text\nham,a b\n".encode("utf-16"), "this is not utf-8 text; it begins like UTF-16"),
            (b"label,text\nham,a b\nspam,c,d\n", "bad.csv:3: the row has 3 fields instead of 2"),
            (b"label,text\nham,a b\nspam\n", "bad.csv:3: the row has 1 field instead of 2"),
            (b"label,text\nham,a b\n,c d\nspam,e f\n", 'bad.csv:3: there is no label in "label"'),
            (b'label,text\nham,a b\nspam,"c d\nham,e f\n', "bad.csv:3"),
            (b"title,text,author\na b,c d,e f\ng h,i j,k l\n", "--label-column"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "bad.csv:1"),
        ],
        ids=lambda value: value[:24] if isinstance(value, str) else "",
    )
    def test_training_refuses_it_and_writes_no_model(self, textcnn, folder, content, said):
        (folder / "bad.csv").write_bytes(content)
        answer = textcnn("train", "bad.csv", *TINIEST)
        assert said in complaint(answer)
        assert not (folder / "model.textcnn").exists()

    @pytest.mark.parametrize(
        ("content", "name", "said"),
        [
            (b'{"text": "a b", "label": "ham"}\n{"text": "c"\n', "bad.jsonl", "bad.jsonl:2: this is not JSON"),
            (b"[" * 100_000, "bad.jsonl", "bad.jsonl:1"),
            (b"not gzip", "bad.csv.gz", "bad.csv.gz: it cannot be read"),
        ],
        ids=lambda value: value[:20] if isinstance(value, str) else "",
    )
    def test_faults_of_other_formats_are_said_in_one_line(self, textcnn, folder, content, name, said):
        (folder / name).write_bytes(content)
        assert said in complaint(textcnn("train", name, *TINIEST))

    @pytest.mark.parametrize("command", [["train"], ["evaluate"], ["predict", "--input"]], ids=" ".join)
    def test_a_missing_file_and_a_folder_without_labels_are_errors(self, textcnn, model, command):
        assert complaint(textcnn(*command, "nowhere.csv")) == "nowhere.csv: there is no such file"
        Path("somewhere").mkdir()
        assert "somewhere: this is a folder" in complaint(textcnn(*command, "somewhere")) or command[0] == "predict"

    @pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
    def test_files_and_folders_without_permission_are_errors(self, textcnn, train_csv, folder):
        train_csv.chmod(0)
        assert "no permission" in complaint(textcnn("train", train_csv))
        folder.chmod(0o500)
        assert "cannot write" in complaint(textcnn("train", train_csv))

    def test_a_column_that_is_missing_or_in_doubt_is_an_error_that_lists_columns(self, textcnn, folder):
        rows = [(f"{label} {number}", label, f"{text} now", text) for number, (label, text) in enumerate(EXAMPLES)]
        write_csv(folder / "two.csv", rows, ("id", "kind", "first", "second"))
        said = complaint(textcnn("train", "two.csv", *TINIEST))
        assert "--text-column" in said
        assert '"first" (such as ' in said
        assert '"second" (such as ' in said
        assert (
            textcnn("train", "two.csv", "-q", "--text-column=second", "--label-column=2", "--epochs=1", *TINIEST).code
            == 0
        )
        assert 'there is no column "subject"' in complaint(textcnn("train", "two.csv", "--text-column=subject"))

    def test_bad_rows_are_skipped_if_told_so_and_counted(self, textcnn, model, folder):
        (folder / "rows.csv").write_text("label,text\n" + GOOD + "spam,a,b,c\nham\n")
        for command in (["train", "--epochs=1", *TINIEST], ["evaluate"]):
            assert "rows.csv:" in complaint(textcnn(*command, "rows.csv"))
            skipped = textcnn(*command, "rows.csv", "--skip-bad-rows")
            assert skipped.code == 0
            assert "rows.csv: 2 bad rows skipped; the first: rows.csv:" in skipped.err
            assert "rows.csv: 2 bad rows skipped" in textcnn(*command, "rows.csv", "--skip-bad-rows", "-q").err

    def test_answers_before_a_bad_row_are_not_lost(self, textcnn, model, folder):
        (folder / "rows.csv").write_text("label,text\n" + GOOD + "spam,a,b,c\nham,the end\n")
        answer = textcnn("predict", "--input=rows.csv", "--text-column=text", "--format=label")
        assert answer.code == 1
        assert answer.out.count("\n") == GOOD.count("\n")
        assert answer.err.count("\n") == 2  # what was read as what, and what was wrong
        skipped = textcnn("predict", "--input=rows.csv", "--text-column=text", "--format=label", "--skip-bad-rows")
        assert skipped.code == 0
        assert skipped.out.count("\n") == GOOD.count("\n") + 1
        assert "1 bad row skipped" in skipped.err

    def test_a_class_with_one_example_is_a_note(self, textcnn, folder):
        write_csv(folder / "one.csv", [*EXAMPLES, ("news", "a storm is coming"), ("ham", "")])
        answer = textcnn("train", "one.csv", "--epochs=1", *TINIEST)
        assert answer.code == 0
        assert "only one example of 'news': learned from, but it cannot be validated\n" in answer.err
        assert "1 of 42 texts are empty\n" in answer.err

    def test_empty_standard_input_is_an_error_unless_answers_are_wanted(self, textcnn, model):
        assert complaint(textcnn("train", "-")) == "standard input: the file is empty"
        assert complaint(textcnn("evaluate", "-")) == "standard input: the file is empty"
        assert textcnn("predict") == (0, "", "")

    def test_validation_texts_of_other_labels_are_an_error(self, textcnn, train_csv, folder):
        write_csv(folder / "held.csv", [("x", "a b"), ("y", "c d")])
        assert "none of the labels of the training texts" in complaint(
            textcnn("train", train_csv, "--validation=held.csv", *TINIEST)
        )

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--encoding=nonsense"],
            *([f"--encoding={name}"] for name in NO_TEXT),
            ["--delimiter=ab"],
            ["--input-format=xml"],
            ["--filters=-1"],
            ["--pooling=median"],
            ["--widths=1,x"],
            ["--widths="],
            ["--settings=nowhere.toml"],
            ["--settings=bad.toml"],
            ["--settings=unknown.toml"],
            ["--settings=whole.toml"],
            ["--settings=deep.toml"],
            ["--settings=deep_weights.toml"],
            ["--settings=digits.toml"],
            ["--settings=hexadecimal.toml"],
            ["--settings=nul.toml"],
            ["--settings=long.toml"],
            ["--settings=pipe"],
            ["--settings=/dev/zero"],
            ["--settings=loop"],
            ['--class-weight={"a":' + "[" * 100_000],
            ["--class-weight=spam"],
            ["--class-weight=news=2"],
        ],
        ids=lambda arguments: " ".join(arguments)[:40],
    )
    def test_settings_out_of_their_limits_are_usage_errors(self, textcnn, train_csv, folder, arguments):
        (folder / "bad.toml").write_text("epochs = [")
        (folder / "unknown.toml").write_text("layers = 3")
        (folder / "whole.toml").write_text("epochs = 1.5")
        (folder / "deep.toml").write_text(f"widths = {'[' * 5000}")
        (folder / "deep_weights.toml").write_text(f"class_weight{'.a' * 40} = 1")
        (folder / "digits.toml").write_text(f"epochs = {'9' * 5000}")
        (folder / "hexadecimal.toml").write_text(f"epochs = 0x{'f' * 5000}")
        (folder / "nul.toml").write_text('vectors = "a\\u0000b"')
        (folder / "long.toml").write_text("#" * 1_000_001)
        os.mkfifo(folder / "pipe")
        (folder / "loop").symlink_to("loop")
        complaint(textcnn("train", train_csv, *TINIEST, *arguments), code=2)

    @pytest.mark.parametrize("encoding", NO_TEXT)
    def test_what_encodes_no_text_is_refused_for_lines_too(self, textcnn, model, encoding):
        said = complaint(textcnn("predict", f"--encoding={encoding}", stdin=b"a b\n"), code=2)
        assert f"there is no text encoding {encoding!r}" in said

    @pytest.mark.parametrize(
        "command",
        [
            "train loop",
            "train train.csv -o loop",
            "train train.csv --report loop",
            "train train.csv --validation loop",
            "train train.csv --vectors loop",
            "evaluate loop",
            "evaluate train.csv --report loop",
            "predict -i loop",
            "check loop",
            "check train.csv --against loop",
            "vectors nearest --vectors loop film",
            "vectors convert loop x.vectors",
            "vectors convert own.vec loop",
            "vectors train loop -o x.vectors",
            "vectors coverage loop",
            "train train.csv --vectors ~nobody-of-this-name/x",
        ],
    )
    def test_links_in_a_circle_and_homes_of_nobody_are_plain_errors(self, textcnn, model, train_csv, folder, command):
        (folder / "loop").symlink_to("loop")
        (folder / "own.vec").write_text("win 1 2\nlunch 2 1\n")
        answer = textcnn(*command.split())
        assert answer.code in (1, 2)
        assert "a fault of textcnn" not in answer.err
        assert (folder / "loop").is_symlink()

    def test_two_words_about_the_same_are_refused(self, textcnn, train_csv):
        assert "one of the two" in complaint(textcnn("train", train_csv, "--compact", "--keep-words=5"), code=2)
        Path("s.toml").write_text("keep_words = 5")
        assert textcnn("train", train_csv, "--compact", "--settings=s.toml", "-q", "--epochs=1", *TINIEST).code == 0


class TestOutput:
    @pytest.mark.parametrize(
        ("output", "said"),
        [
            ("train.csv", "train.csv is one of the inputs"),
            ("./link.csv", "link.csv is one of the inputs"),
            ("held.csv", "held.csv is one of the inputs"),
            ("s.toml", "s.toml is one of the inputs"),
            ("own.vec", "own.vec is one of the inputs"),
            ("mails/spam/1.txt", "would lie among the texts of mails"),
            ("mails/spam/new", "would lie among the texts of mails"),
            (".", "it is a folder"),
            ("nowhere/model", "there is no folder"),
            ("/dev/null", "a device or a pipe"),
            ("train.csv/model", "there is no folder"),
            ("x" * 300, "cannot write"),
        ],
        ids=lambda value: value[:20],
    )
    def test_what_cannot_be_written_is_said_before_training(self, textcnn, train_csv, folder, output, said):
        shutil.copy(train_csv, "held.csv")
        (folder / "link.csv").symlink_to("train.csv")
        (folder / "s.toml").write_text("epochs = 1")
        (folder / "own.vec").write_text("win 1 2\nlunch 2 1\n")
        (folder / "mails" / "spam").mkdir(parents=True)
        (folder / "mails" / "spam" / "1.txt").write_text("win cash")
        before = train_csv.read_bytes()
        options = ["--validation=held.csv", "--settings=s.toml", *tiny("--vectors=own.vec")]
        answer = textcnn("train", train_csv, "mails", "-o", output, *options)
        assert said in complaint(answer)
        assert answer.err.count("\n") == 1
        assert train_csv.read_bytes() == before

    def test_a_read_only_folder_is_an_error_before_training(self, textcnn, train_csv):
        answer = textcnn("train", train_csv, "-o", "/proc/model.textcnn", *TINIEST)
        assert complaint(answer).startswith("cannot write /proc/model.textcnn: ")


class TestVectors:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (None, "v.txt"),
            (b"", "v.txt"),
            (b"free 1 2 3\nprize 1 2\n", "2"),
            (b"free 1 2 3\nprize 1 x 3\n", "2"),
            (b"free 1 2 3\nprize 1 nan 3\n", "2"),
            (b"9 3\nfree 1 2 3\nprize 1 2 3\n", "9"),
            (b"\x00\x01\x02" * 99, "v.txt"),
        ],
        ids=["missing", "empty", "short line", "no number", "nan", "cut", "random"],
    )
    def test_faults_of_vectors_are_said_in_one_line(self, textcnn, train_csv, folder, content, said):
        if content is not None:
            (folder / "v.txt").write_bytes(content)
        answer = textcnn("train", train_csv, *tiny("--epochs=1", "--vectors=v.txt", "--quality=fast"))
        assert said in complaint(answer)
        assert not (folder / "model.textcnn").exists()
