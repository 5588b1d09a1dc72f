"""`textcnn predict` in a pipe, as a process of its own: an answer for each line, at once, in order, in little memory.

And what becomes of models when training is interrupted or killed.
"""

import gzip
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import program
import pytest
from examples import EXAMPLES, HAM, SPAM, write_csv
from program import TINIEST


def answers(done):
    """Label, probability and text of each answer."""
    return [line.split("\t", 2) for line in done.stdout.decode().splitlines()]


class TestLines:
    @pytest.mark.parametrize("format", ["tsv", "jsonl"])
    def test_each_answer_is_there_before_the_next_line_is_written(self, start, model, format):
        process = start("predict", f"--format={format}")
        for text in [HAM[0], SPAM[0], "", HAM[1]]:
            process.write(f"{text}\n")
            assert text in process.answer()
        process.write(SPAM[1][:7])
        time.sleep(0.1)
        process.write(f"{SPAM[1][7:]}\n")
        assert SPAM[1] in process.answer()
        assert process.end() == (0, "")

    def test_columns_are_answered_at_once_too(self, start, model):
        process = start("predict", "--quiet", "--input=-", "--input-format=csv", "--format=csv")
        process.write(f"id,text\n1,{HAM[0]}\n")
        assert process.answer() == "label,probability,id,text\n"
        assert re.fullmatch(rf"ham,[\d.]+,1,{HAM[0]}\n", process.answer())
        process.write(f"2,{SPAM[0]}\n")
        assert re.fullmatch(rf"spam,[\d.]+,2,{SPAM[0]}\n", process.answer())
        assert process.end() == (0, "")

    @pytest.mark.parametrize(
        ("given", "texts"),
        [
            (b"", []),
            (b"\n", [""]),
            (b"a\n\n\nb", ["a", "", "", "b"]),
            (b"a\r\nb\r\n", ["a", "b"]),
            (b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", ["a", "\ufeffb"]),
            (b" a \n\tb\n", [" a ", " b"]),
            (b"caf\xe9\nb\x00c\n", ["caf\ufffd", "b\x00c"]),
            ("x\u2028y\x85z\n".encode(), ["x y z"]),
            (b'"a\n",b\n', ['"a', '",b']),
        ],
        ids=repr,
    )
    def test_one_out_for_one_in(self, textcnn, model, given, texts):
        answer = textcnn("predict", stdin=given)
        assert answer.code == 0
        assert [line.split("\t", 2)[2] for line in answer.out.split("\n")[:-1]] == texts
        assert ("unreadable bytes" in answer.err) == ("\ufffd" in "".join(texts))

    @pytest.mark.parametrize(
        "given",
        [
            b"one\ntwo\r\nthree\rfour\r\r\nsix\n\rend",
            b"no end",
            b"an end\n",
            b"\n\r\r\n\n",
            b"\xef\xbb\xbfmark\n\xef\xbb\xbfmark\n",
            b"\xef\xbb\xbf\nnext\n",
            b"\xef\xbb\xbf",
            b" a\x0bb\x0cc\x1cd\x1ee \n\tf\x7f\x1b\n",
            "x\u2028y\u2029z\x85w\xa0\n".encode(),
            b"x" * ((1 << 20) - 1) + b"\r\ny\n",
        ],
        ids=lambda given: repr(given[-20:]),
    )
    def test_lines_end_in_a_pipe_as_in_a_file(self, textcnn, model, folder, given):
        """A block of a pipe can end between \\r and \\n, as the last one here does."""
        (folder / "lines.txt").write_bytes(given)
        texts = [
            [json.loads(line)["text"] for line in answer.out.split("\n")[:-1]]
            for answer in (
                textcnn("predict", "--format=jsonl", stdin=given),
                textcnn("predict", "--format=jsonl", "--input=lines.txt"),
            )
        ]
        assert texts[0] == texts[1]
        assert len(texts[0]) < 2 or given.count(b"\n") + given.count(b"\r") >= len(texts[0]) - 1

    def test_a_line_that_a_carriage_return_ends_is_answered_at_once(self, start, model):
        process = start("predict")
        process.write(f"{HAM[0]}\r")
        assert HAM[0] in process.answer()
        process.write(f"\n{SPAM[0]}\r\n")
        assert SPAM[0] in process.answer()
        assert process.end() == (0, "")

    @pytest.mark.parametrize(
        ("line", "form"),
        [
            ('{"text": "free prize"}', "jsonl"),
            ("[", "json"),
            ('[{"text": "free prize"},', "json"),
            ("id,text", "csv"),
            ("message;label", "csv"),
            ("label\ttext", "tsv"),
            ("__label__spam free prize", "fasttext"),
            ("free prize, text claim", ""),
            ("text", ""),
            ("{not json}", ""),
            ("[URGENT] free prize", ""),
            ("hello,you there: text me back at 5,will you", ""),
        ],
    )
    def test_what_looks_like_no_plain_line_is_one_but_gets_a_hint(self, textcnn, model, folder, line, form):
        hint = f"to have it read: --input-format {form}\n" if form else ""
        answer = textcnn("predict", stdin=f"{line}\nnext\n".encode())
        assert (answer.code, answer.out.count("\n")) == (0, 2)
        assert answer.err.endswith(hint)
        assert bool(answer.err) == bool(form)
        for option in ("--quiet", "--input-format=lines"):
            assert textcnn("predict", option, stdin=f"{line}\n".encode()).err == ""
        (folder / "lines.txt").write_text(f"{line}\nnext\n")
        of_file = textcnn("predict", "--input=lines.txt")
        assert of_file.out.count("\n") == 2
        assert (f"to have it read so: --input-format {form}" in of_file.err) == bool(form and form != "fasttext")

    @pytest.mark.parametrize(
        "data", [gzip.compress(b"free prize\n", mtime=0), "free prize\n".encode("utf-16"), "a".encode("utf-16-le")]
    )
    def test_what_is_no_text_gets_no_answers(self, textcnn, model, data):
        answer = textcnn("predict", stdin=data)
        assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
        assert answer.err.startswith("textcnn: standard input: this is not utf-8 text; it ")

    def test_lines_are_decoded_as_told_or_the_encoding_is_refused(self, textcnn, model):
        found = textcnn("predict", "--encoding=latin-1", stdin="café\n".encode("latin-1"))
        assert found.out.endswith("\tcafé\n")
        for encoding in ("utf-16", "nonsense", "base64", "undefined"):
            refused = textcnn("predict", f"--encoding={encoding}", stdin=b"x\n")
            assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)

    @pytest.mark.slow
    def test_many_lines_get_the_answers_of_the_same_texts_in_a_file(self, model, folder):
        choose = random.Random(0)
        words = " ".join([*HAM, *SPAM]).split()
        texts = [" ".join(choose.choices(words, k=choose.randrange(30))) for _ in range(50_000)]
        texts[25_000] = " ".join(words * 200)
        piped = answers(program.run("predict", input="\n".join(texts).encode()))
        assert [text for _, _, text in piped] == texts
        write_csv(folder / "texts.csv", [[number, text] for number, text in enumerate(texts)], ("id", "text"))
        of_file = answers(program.run("predict", "--input=texts.csv", "--text-column=text"))
        # Sums of other neighbours are rounded otherwise, so the last of the four digits may differ by one.
        for (label, probability, text), other in zip(piped, of_file, strict=True):
            assert (label, text) == (other[0], other[2])
            assert abs(float(probability) - float(other[1])) < 0.00015

    def test_a_line_that_never_ends_is_one_text(self, model):
        given = b"free prize " * 300_000
        answer = program.run("predict", "--format=label", input=given + b"\nsee you at lunch tomorrow\n")
        assert answer.stdout == b"spam\nham\n"

    @pytest.mark.slow
    def test_memory_does_not_grow_with_the_input(self, model, folder):
        """Peak memory of ten times the lines is that of the lines."""
        lines = "".join(f"{text}\n" for _, text in EXAMPLES).encode() * 2000
        script = (
            "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
            " print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        peaks = []
        for times in (1, 10):
            (folder / "lines.txt").write_bytes(lines * times)
            with (folder / "lines.txt").open("rb") as given:
                measured = subprocess.run(
                    [sys.executable, "-c", script, *program.command("predict")],
                    stdin=given,
                    capture_output=True,
                    env=program.environment(),
                    timeout=600,
                )
            code, peak = map(int, measured.stdout.split())
            assert code == 0
            peaks.append(peak)
        assert peaks[1] < 1.1 * peaks[0]
        assert peaks[1] < 200_000 * (1 if sys.platform.startswith("linux") else 1024)


class TestPipes:
    def test_a_reader_that_has_enough_ends_it_quietly(self, model, folder):
        (folder / "lines.txt").write_text("".join(f"{text}\n" for _, text in EXAMPLES) * 2000)
        with (folder / "lines.txt").open() as given, program.start("predict", stdin=given) as process:
            assert process.stdout.readline().startswith(b"ham\t")
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == -signal.SIGPIPE

    @pytest.mark.parametrize(
        "arguments", [["predict"], ["evaluate", "-"], ["predict", "-i", "-", "--input-format=csv"]]
    )
    def test_a_closed_standard_input_is_an_error_in_one_line(self, model, arguments):
        closed = program.run(*arguments, preexec_fn=lambda: os.close(0), stdin=None)
        assert closed.returncode == 1
        assert re.fullmatch(rb"textcnn: standard input.*closed.*\n", closed.stderr)

    def test_nobody_needs_to_hear_what_is_said_but_an_answer_for_nobody_is_an_error(self, model):
        assert program.run("predict", "x", preexec_fn=lambda: os.close(2)).returncode == 0
        unheard = program.run("predict", "x", preexec_fn=lambda: os.close(1))
        assert unheard.returncode == 1
        assert re.fullmatch(rb"textcnn: .*standard output is closed\n", unheard.stderr)

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
    @pytest.mark.parametrize("arguments", [["predict", "x"], ["inspect"], ["inspect", "--format=json"], ["--version"]])
    def test_a_full_disk_under_the_answers(self, model, arguments):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                program.command(*arguments), stdout=full, stderr=subprocess.PIPE, env=program.environment(), timeout=60
            )
        assert done.returncode == 1
        assert re.fullmatch(rb"textcnn: .*No space left on device\n", done.stderr)

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
    @pytest.mark.slow
    def test_a_full_disk_under_what_is_said_loses_nothing(self, model, train_csv):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                program.command("evaluate", train_csv),
                stdout=subprocess.PIPE, stderr=full, env=program.environment(), timeout=60,
            )  # fmt: skip
        assert done.returncode == 0
        assert done.stdout.startswith(b"accuracy ")

    def test_ctrl_c_while_it_waits(self, start, model):
        process = start("predict")
        process.write("x\n")
        assert process.answer()
        process.send_signal(signal.SIGINT)
        assert process.end() == (130, "textcnn: stopped\n")


# The signals come from inside, the second at the very moment at which the first one is being obeyed.
IMPATIENT = """
import os, signal
from textcnn.cli import main, train

class Impatient(train.Interruption):
    def _on_signal(self, number, frame):
        super()._on_signal(number, frame)
        os.kill(os.getpid(), signal.SIGINT)

train.Interruption = Impatient
main()
"""


class TestInterruptedTraining:
    @pytest.fixture
    def training(self, start, folder):
        """Start a training that goes on for long, where a model was before, and wait for its first epoch."""
        write_csv(folder / "train.csv", EXAMPLES * 25)
        (folder / "model.textcnn").write_bytes(b"the old model")

        def begin(**options):
            process = start(
                "train", "train.csv", "-v", "--epochs=1000", "--patience=1000", "--batch-size=2", *TINIEST, **options
            )
            process.wait_until_said("epoch  1 ")
            return process

        return begin

    @pytest.mark.slow
    def test_ctrl_c_once_keeps_the_best_checkpoint(self, training, textcnn):
        process = training()
        process.send_signal(signal.SIGINT)
        code, said = process.end()
        assert code == 0
        assert "stopped: the best checkpoint so far is kept\n" in said
        assert "try: textcnn predict" in said
        assert textcnn("predict", SPAM[0], "--format=label").out == "spam\n"

    @pytest.mark.slow
    def test_ctrl_c_twice_leaves_at_once(self, training, folder):
        process = training(script=IMPATIENT)
        process.send_signal(signal.SIGINT)
        code, said = process.end()
        assert code == 130
        assert said.endswith("textcnn: stopped\n")
        self._old_model_is_left(folder)

    @pytest.mark.slow
    def test_kill_leaves_the_old_model(self, training, folder):
        process = training()
        process.send_signal(signal.SIGKILL)
        assert process.end()[0] == -signal.SIGKILL
        self._old_model_is_left(folder)

    @staticmethod
    def _old_model_is_left(folder):
        assert (folder / "model.textcnn").read_bytes() == b"the old model"
        assert {path.name for path in folder.iterdir()} == {"model.textcnn", "train.csv"}  # no litter

    def test_ctrl_c_before_anything_was_learned_leaves_at_once(self, textcnn, train_csv, folder, monkeypatch):
        from textcnn.training import fit

        def interrupted(*arguments, **options):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)

        monkeypatch.setattr(fit, "fit", interrupted)
        (folder / "model.textcnn").write_bytes(b"the old model")
        answer = textcnn("train", train_csv, *TINIEST)
        assert (answer.code, answer.err.splitlines()[-1]) == (130, "textcnn: stopped")
        assert (folder / "model.textcnn").read_bytes() == b"the old model"
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


LITTLE_DISK = """
import resource
from textcnn.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))  # bytes of a file
main()
"""


@pytest.mark.slow
def test_a_disk_that_gets_full_while_the_model_is_written(start, train_csv, folder):
    (folder / "model.textcnn").write_bytes(b"the old model")
    code, said = start("train", train_csv, "--epochs=1", "-q", *TINIEST, script=LITTLE_DISK).end()
    assert code == 1
    assert re.fullmatch(r"textcnn: cannot write model.textcnn: .+\n", said)
    assert (folder / "model.textcnn").read_bytes() == b"the old model"
    assert {path.name for path in folder.iterdir()} == {"model.textcnn", "train.csv"}
