"""What a command writes where it is looked at: broken between words, in colours or without, whole at any width."""

import fcntl
import io
import os
import pty
import re
import struct
import sys
import termios

import pytest
from program import TINY, on_a_terminal

from textcnn.cli.display import console


class TestTerminal:
    @pytest.mark.parametrize("columns", [20, 40, 80])
    def test_what_is_said_is_broken_between_words(self, columns, capsys, monkeypatch):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(console, "is_terminal", lambda stream: True)
        message = (
            'mail.csv: CSV, with a header; text from "text" (by name), 文本 文本 文本 文本, a/path/that/is/rather/long'
        )
        console.say(message)
        lines = capsys.readouterr().err.splitlines()
        assert " ".join(line.removeprefix("  ") for line in lines) == message
        assert all(console.cells(line) <= columns or line.count(" ") == 2 for line in lines)
        assert (len(lines) == 1) == (console.cells(message) <= columns)

    def test_the_width_is_that_of_the_stream_in_question(self, monkeypatch):
        monkeypatch.delenv("COLUMNS", raising=False)
        outside, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 43, 0, 0))
        with os.fdopen(outside), os.fdopen(inside, "w") as stream:
            assert console.width(stream) == 43
        assert console.width(io.StringIO()) == console.width()
        monkeypatch.setenv("COLUMNS", "50")
        assert console.width(io.StringIO()) == 50

    def test_answers_are_pretty(self, model):
        code, shown = on_a_terminal("predict", "free prize", columns=80)
        assert code == 0
        assert re.fullmatch(r"spam  █+.? *\d+\.\d %  free prize\r\n", shown)

    @pytest.mark.parametrize("format", ["tsv", "csv", "jsonl", "label"])
    def test_control_characters_of_texts_are_escaped_on_a_terminal_alone(self, textcnn, model, format):
        text = "free \x1b]0;title\x07 \x9b31m\x7f prize"
        wanted = r"free \u001b]0;title\u0007 \u009b31m\u007f prize"
        code, shown = on_a_terminal("predict", f"--format={format}", text, columns=80)
        assert code == 0
        assert (wanted in shown) == (format != "label")
        assert not set("\x1b\x07\x9b\x7f") & set(shown)
        if format in ("tsv", "csv"):
            assert text in textcnn("predict", f"--format={format}", text).out

    @pytest.mark.parametrize("verbose", [False, True])
    @pytest.mark.parametrize("columns", [60, 80, 120])
    def test_progress_is_live_and_fits(self, monkeypatch, columns, verbose):
        from textcnn.cli.display.progress import Display
        from textcnn.training.events import Stage, TrainingEvent

        terminal = io.StringIO()
        terminal.isatty = lambda: True
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys, "stderr", terminal)
        parts = [Stage(f"holding out part {part} of 3", f"part {part}/3", part, 4) for part in (1, 2, 3)]
        with Display(verbose=verbose) as display:
            display.show(TrainingEvent("note", parts[0], note="english vectors"))
            display.show(TrainingEvent("batch", parts[0], 1, 2, 1, 20, 170, 170, 0.5))
            display.show(TrainingEvent("epoch", parts[0], 1, 2, 1, 20, 0, 0, 0.51234, 0.6, 0.7, 10.5, True, "diverged"))
            display.show(TrainingEvent("batch", parts[0], 2, 2, 12, 20, 85, 170, 0.4))
            display.bar._live.refresh()
            display.show(TrainingEvent("stage", parts[0], networks=2, epoch=20, epochs=20, loss=0.6, score=0.7))
            display.show(TrainingEvent("phase", parts[1], note="preparing words and vectors"))
            display.bar._live.refresh()
            display.show(TrainingEvent("epoch", parts[2], epoch=1, epochs=20, loss=0.3, seconds=9.0))
        shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", terminal.getvalue())
        assert shown.lstrip().startswith("preparing words and vectors") and "english vectors\n" in shown
        name = "holding out part 1 of 3" if columns == 120 else "part 1/3"
        network = "  network 2/2" if columns == 120 else ""
        assert f"{name}{network}  epoch 12/20  loss 0.400  score 0.700" in shown
        assert re.search(r" 20 % [-\d]+:[-\d]{2}", shown) and re.search(r" 25 % ", shown)  # of four stages
        assert ("diverged\n" in shown) == verbose
        assert ("validation loss 0.6000  score 0.7000" in shown) == (verbose and columns >= 80)
        assert ("1  loss 0.512  validation 0.600  score 0.700  best" in shown) == (verbose and columns < 80)
        assert ("part 1 of 3: 2 networks, 20 epochs, loss 0.60, score 0.700" in " ".join(shown.split())) == verbose
        assert max(len(line) for line in re.split("[\r\n]", shown)) <= columns

    def test_stages_side_by_side_are_told_apart(self, monkeypatch):
        from textcnn.cli.display.progress import Display
        from textcnn.training.events import Stage, TrainingEvent

        monkeypatch.setattr(sys, "stderr", io.StringIO())
        one, two, three = (Stage(f"holding out part {part} of 3", f"part {part}/3", part, 4) for part in (1, 2, 3))
        with Display(verbose=True) as display:
            display.show(TrainingEvent("epoch", one, epoch=1, epochs=1, loss=0.5))
            display.show(TrainingEvent("stage", one, epoch=1, epochs=1))
            display.show(TrainingEvent("epoch", two, epoch=1, epochs=2, loss=0.4))
            display.show(TrainingEvent("epoch", three, epoch=1, epochs=2, loss=0.3))
            display.show(TrainingEvent("stage", two, epoch=2, epochs=2))
            display.show(TrainingEvent("epoch", three, epoch=2, epochs=2, loss=0.2))
        epochs = [line.partition("  loss")[0] for line in sys.stderr.getvalue().splitlines() if "  loss" in line]
        assert epochs == ["epoch  1", "epoch  1", "part 3/3  epoch  1", "epoch  2"]

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("columns", "env"), [(60, {"NO_COLOR": "1"}), (80, {}), (80, {"TERM": "dumb"})], ids=["60", "80", "dumb"]
    )
    def test_training_is_shown_live(self, train_csv, columns, env):
        # So many epochs, for ten times in a second what is live is shown anew, and an epoch takes some milliseconds; no
        # more, for 60 columns have room for "part 1/3" beside numbers of two digits.
        epochs = ("--epochs=99", "--patience=99")
        code, shown = on_a_terminal("train", train_csv, *epochs, *TINY, columns=columns, env=env)
        assert code == 0
        dumb = env.get("TERM") == "dumb"
        assert ("\x1b" not in shown) == dumb
        live = r"part 1(/| of )3  epoch \d+/99  loss \d\.\d{3}  score \d\.\d{3}"
        assert bool(re.search(live, shown)) != dumb
        if "NO_COLOR" in env:
            assert not re.search(r"\x1b\[[\d;]*3\dm", shown)
        lines = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown).replace("\r", "\n").split("\n")
        assert max(map(len, (line for line in lines if "epoch" in line))) <= columns
        assert any(line.startswith("holding out part 3 of 3: 99 epochs, ") for line in lines) == dumb
        assert any("textcnn predict 'your text'" in line for line in lines)
