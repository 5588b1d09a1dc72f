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

    @pytest.mark.parametrize("columns", [60, 80])
    def test_progress_is_live_and_fits(self, monkeypatch, columns):
        from textcnn.cli.display.progress import Display
        from textcnn.training.loop import Epoch, Step

        terminal = io.StringIO()
        terminal.isatty = lambda: True
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys, "stderr", terminal)
        with Display(quiet=False) as display:
            display.show(Step(1, 20, 170, 170, 0.5))
            display.show(Epoch(1, 20, 0.51234, 0.6, 0.7, 10.5, True, "the loss diverged"))
            display.show(Step(12, 20, 110, 170, 0.4))
            display.live.refresh()
            display.show("the same again with all texts")
            display.show(Epoch(1, 20, 0.3, None, None, 9.0, True, ""))
            display.end()
        shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", terminal.getvalue())
        assert "preparing words and vectors" in shown
        assert f"epoch 12/20  {'batch ' * (columns == 80)}110/170  loss 0.400  score 0.700" in shown
        assert re.search(r" 58 % [-\d]+:[-\d]{2}", shown)
        assert "the loss diverged\n" in shown
        assert shown.count("no better score in 0 epochs: the weights of epoch 1 are") == 1
        assert ("validation loss 0.6000  score 0.7000" in shown) == (columns == 80)
        assert max(len(line) for line in re.split("[\r\n]", shown)) <= columns

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("columns", "env"), [(60, {"NO_COLOR": "1"}), (80, {}), (80, {"TERM": "dumb"})], ids=["60", "80", "dumb"]
    )
    def test_training_is_shown_live(self, train_csv, columns, env):
        # So many passes, for ten times in a second what is live is shown anew, and a pass takes some milliseconds.
        passes = ("--epochs=100", "--patience=100")
        code, shown = on_a_terminal("train", train_csv, *passes, *TINY, columns=columns, env=env)
        assert code == 0
        dumb = env.get("TERM") == "dumb"
        assert ("\x1b" not in shown) == dumb
        assert bool(re.search(r"epoch \d+/100  (batch )?\d/\d  loss \d\.\d{3}  score \d\.\d{3}", shown)) != dumb
        if "NO_COLOR" in env:
            assert not re.search(r"\x1b\[[\d;]*3\dm", shown)
        lines = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown).replace("\r", "\n").split("\n")
        epochs = [line for line in lines if "loss" in line]
        assert max(map(len, epochs)) <= columns
        assert sum("validation" in line for line in epochs) == 100
        assert any("textcnn predict 'your text'" in line for line in lines)
