"""Learning curves and shaded matrices in a terminal, and where there are none."""

import io
import re
import sys

import pytest
from examples import EXAMPLES
from program import TINIEST, on_a_terminal

from textcnn.cli.display.console import cells
from textcnn.cli.display.sparkline import bars, learning_lines

CURVE = [[1.0, 0.9, 0.5], [0.6, 0.7, 0.8], [0.3, 0.75, 0.8], [0.1, 0.9, 0.7]]


@pytest.fixture
def terminal(monkeypatch):
    """Standard error as a terminal of so many columns and of some encoding."""

    def make(columns=80, encoding="utf-8", tty=True):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        stream.isatty = lambda: tty
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setenv("COLUMNS", str(columns))

    return make


def test_a_line_for_each_with_both_losses_on_one_scale(terminal):
    terminal()
    assert learning_lines(CURVE) == [
        "loss      █▅▃▁  1.000 to 0.100",
        "held out  ▇▆▆▇  0.900 to 0.900",
        "score     ▁██▆  0.500, at best 0.800 (epoch 2)",
    ]


@pytest.mark.parametrize(
    "where", [{"tty": False}, {"encoding": "ascii"}, {"columns": 40}], ids=["a pipe", "no such letters", "no room"]
)
def test_where_nobody_would_see_them_there_are_none(terminal, where):
    terminal(**where)
    assert learning_lines(CURVE) == []


def test_a_single_epoch_is_no_curve(terminal):
    terminal()
    assert learning_lines(CURVE[:1]) == []


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_many_epochs_fit(terminal, columns):
    terminal(columns)
    lines = learning_lines([[1 / (n + 1), 2 / (n + 1), n / 1000] for n in range(1000)])
    assert max(map(cells, lines)) <= columns
    assert lines[0].split()[1].startswith("▅") and lines[0].split()[1].endswith("▁")


def test_what_never_changes_is_flat():
    assert bars([2.0, 2.0, 2.0], 2.0, 2.0, 10) == "▁▁▁"


@pytest.mark.parametrize(("columns", "env"), [(80, {}), (60, {"NO_COLOR": "1"})], ids=["colours", "none, narrow"])
@pytest.mark.slow
def test_a_confusion_matrix_is_shaded_where_there_are_colours(model, train_csv, columns, env):
    code, shown = on_a_terminal("evaluate", "-q", "train.csv", columns=columns, env=env)
    assert code == 0
    green = "\x1b[30;42m"  # most of the row
    assert len(re.findall(re.escape(green) + r" +\d+", shown)) == (0 if env else 2)
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert re.search(r"is \\ said +ham +spam", plain)
    assert re.search(r"ham +\d+ +\d+\s", plain)
    assert max(len(line) for line in plain.splitlines()) <= columns
    assert len(EXAMPLES) == sum(map(int, re.findall(r"\d+", " ".join(plain.split("said")[1].split("spam")[1:]))))


@pytest.mark.slow
def test_training_ends_with_its_curve(train_csv):
    code, shown = on_a_terminal("train", "train.csv", "--epochs=4", *TINIEST, columns=80)
    assert code == 0
    assert re.search("loss      [▁▂▃▄▅▆▇█]{4}  ", shown) and re.search("score     [▁▂▃▄▅▆▇█]{4}  ", shown)
