"""`textcnn label`: what keys do, what is shown at any width, and a whole session on a real terminal."""

import csv
import json
import os
import shutil
import subprocess
import time

import program
import pytest
from examples import EXAMPLES, write_csv

from textcnn.cli.display.console import cells
from textcnn.cli.display.labelling import draw, wrapped
from textcnn.cli.label_dialog import LabelDialog
from textcnn.corpus import Record
from textcnn.insight.highlight import Shade
from textcnn.labelling.adviser import Advice, DoubtedLabel, Estimate
from textcnn.labelling.forecast import Forecast
from textcnn.labelling.journal import Journal
from textcnn.labelling.pile import Pile
from textcnn.labelling.session import SEARCHED, Session
from textcnn.labelling.wording import gain_to_come, label_keys, nothing_left

TRUTH = {text: label for label, text in EXAMPLES}
COLUMNS = ("id", "text")


@pytest.fixture
def dialog():
    """Over forty texts, nothing learned yet."""
    records = [Record(text, line=number, fields=(("id", f"t{number}"),)) for number, text in enumerate(TRUTH)]
    with Session(Pile(records, COLUMNS, ["text"]), Journal(seed=0), labels=["ham", "spam"], background=False) as made:
        yield LabelDialog(made, columns=["id"])


def press(dialog, *keys):
    for key in keys:
        dialog.press(key)


def shown(dialog, width=80, height=24, shades=()):
    return ["".join(text for _, text in line) for line in draw(dialog, shades, width, height)]


def text_of(dialog):
    return dialog.session.pile.texts[dialog.question.row]


class TestKeys:
    def test_labels_have_numbers_and_the_first_letter_that_is_free(self):
        keys = label_keys(["bug", "billing", "Bug report", "other", "文", "1b"])
        assert keys == {
            "bug": ["1", "b"],
            "billing": ["2", "i"],
            "Bug report": ["3", "u"],
            "other": ["4", "o"],
            "文": ["5", "文"],
            "1b": ["6"],
        }
        assert label_keys([f"l{number}" for number in range(12)])["l11"] == []

    def test_a_key_labels_and_the_next_text_comes(self, dialog):
        first = dialog.question
        press(dialog, "s")
        assert dialog.session.labelled[dialog.session.pile.keys[first.row]].label == "spam"
        assert dialog.question.row != first.row
        press(dialog, "1")
        assert dialog.session.progress().counts == {"ham": 1, "spam": 1}

    def test_other_keys_do_nothing_but_say_so(self, dialog):
        press(dialog, "x", "9", "tab", "left")
        assert not dialog.session.journal.steps
        press(dialog, "x")
        assert "no label has the key 'x'" in shown(dialog)[-1]
        press(dialog, "enter")
        assert "there is no guess yet" in shown(dialog)[-1]

    def test_steps_are_taken_back_and_the_text_is_there_again(self, dialog):
        first = dialog.question
        press(dialog, "h", "backspace")
        assert dialog.question == first and not dialog.session.labelled
        press(dialog, " ", "backspace")
        assert dialog.question == first and not dialog.session.skipped
        press(dialog, "backspace")
        assert "nothing to take back" in dialog.message

    def test_where_there_is_no_label_yet_it_is_said_how_one_is_named(self, dialog):
        with Session(dialog.session.pile, Journal(seed=0), background=False) as session:
            nameless = LabelDialog(session)
            assert "no label yet: + names the first one" in shown(nameless)
            press(nameless, "enter")
            assert nameless.message == "there is no label yet; + names the first one"

    def test_a_new_label_is_typed_and_gets_a_key(self, dialog):
        press(dialog, "+", *"newz", "backspace", *"s letter", "enter")
        assert dialog.session.labels == ["ham", "spam", "news letter"]
        assert dialog.session.progress().counts["news letter"] == 1
        press(dialog, "n")
        assert dialog.session.progress().counts["news letter"] == 2

    def test_the_beginning_of_a_label_is_completed(self, dialog):
        press(dialog, "+", "s")
        assert any("Tab: spam" in line for line in shown(dialog))
        press(dialog, "tab", "enter")
        assert dialog.session.labels == ["ham", "spam"] and dialog.session.progress().counts["spam"] == 1
        press(dialog, "+", "escape")
        assert dialog.mode == "ask"

    def test_texts_that_are_found_are_ticked_and_labelled_at_once(self, dialog):
        press(dialog, "/", *"FREE prize", "enter")
        rows = list(dialog.list.rows)
        assert dialog.mode == "list" and len(rows) > 1 and not dialog.list.ticked
        press(dialog, "s")
        assert "nothing is ticked" in dialog.message and not dialog.session.labelled
        press(dialog, "*", "down", " ", "s")
        given = {dialog.session.pile.first_of[key] for key in dialog.session.labelled}
        assert given == {*rows} - {rows[1]}
        press(dialog, "backspace")
        assert not dialog.session.labelled

    def test_a_text_that_is_found_can_be_opened(self, dialog):
        press(dialog, "/", *"lunch", "enter")
        assert any("Enter open" in line for line in shown(dialog))
        press(dialog, "down", "enter")
        assert dialog.mode == "ask" and "lunch" in text_of(dialog) and dialog.question.how == "searched"
        press(dialog, "/", *"nowhere", "enter")
        assert dialog.mode == "search" and "no text without a label has 'nowhere'" in dialog.message

    def test_texts_alike_are_shown_before_they_are_labelled(self, dialog):
        for _ in range(12):
            press(dialog, TRUTH[text_of(dialog)][0])
        dialog.session.learn()
        press(dialog, "=")
        count = len(dialog.list.rows)
        assert dialog.list.ticked == set(dialog.list.rows) and not dialog.message
        assert f"texts like this one: {count} of {count} ticked" in shown(dialog)[3]
        guess = dialog.session.advice.guesses(dialog.list.rows[0])[0][0]
        assert any(f"Enter all {guess}" in line for line in shown(dialog))
        press(dialog, "escape")
        assert dialog.session.progress().labelled == 12
        press(dialog, "=", " ", "h")
        assert dialog.session.progress().labelled == 12 + count - 1
        assert [given.how for given in dialog.session.labelled.values()][-1] == "alike"

    def test_enter_says_that_the_guess_is_right(self, dialog):
        for _ in range(12):
            press(dialog, TRUTH[text_of(dialog)][0])
        dialog.session.learn()
        dialog.refresh()
        guess = dialog.question.guesses[0][0]
        before = dialog.session.progress().counts[guess]
        assert any(line.startswith(f"probably {guess} 0.") for line in shown(dialog))
        press(dialog, "enter")
        assert dialog.session.progress().counts[guess] == before + 1

    def test_doubted_labels_are_asked_again_before_the_end(self, dialog):
        press(dialog, "h", "s", "h")
        keys = list(dialog.session.labelled)
        row, other = (dialog.session.pile.first_of[key] for key in keys[:2])
        dialog.session.advice = Advice(3, doubts=(DoubtedLabel(row, "ham", "spam"), DoubtedLabel(other, "spam", "ham")))
        press(dialog, "escape")
        assert any("2 labels look doubtful" in line for line in shown(dialog))
        assert any(
            line.split()[:1] == ["ham"] and line.endswith(dialog.session.pile.texts[row]) for line in shown(dialog)
        )
        press(dialog, "y")
        assert dialog.question.row == row
        assert "you said ham, the other texts suggest spam; Enter keeps it" in shown(dialog)
        press(dialog, "s")
        assert dialog.session.labelled[keys[0]].label == "spam" and dialog.question.row == other
        press(dialog, "enter")  # it stays as it was
        assert dialog.session.labelled[keys[1]].label == "spam" and dialog.session.labelled[keys[1]].again
        assert dialog.ended

    def test_where_doubted_labels_are_offered_the_last_step_can_still_be_taken_back(self, dialog):
        press(dialog, "h", "s")
        last = list(dialog.session.labelled)[-1]
        row = dialog.session.pile.first_of[last]
        dialog.session.advice = Advice(2, doubts=(DoubtedLabel(row, "spam", "ham"),))
        press(dialog, "escape", "backspace")
        assert dialog.mode == "ask" and dialog.question.row == row and last not in dialog.session.labelled
        press(dialog, "s", "escape")
        assert dialog.mode == "end" and not dialog.ended  # asked for once more
        press(dialog, "backspace", "+", *"junk", "enter", "escape", *["backspace"] * 3)
        assert dialog.mode == "ask" and dialog.question is not None
        press(dialog, "s", "escape", "n")
        assert dialog.ended

    def test_it_ends_when_the_budget_is_spent_or_nothing_is_left(self, dialog):
        dialog.session.budget = 2
        press(dialog, "h")
        assert not dialog.ended and shown(dialog)[0].startswith("1 of 2 labels · 40 texts  ham 1")
        press(dialog, "h")
        assert dialog.ended
        for key in ("c-c", "c-d", "escape"):
            dialog.ended = False
            press(dialog, key)
            assert dialog.ended


class TestScreen:
    @pytest.mark.parametrize("width", [40, 80, 120])
    @pytest.mark.parametrize("keys", ["", "?", "+ab", "/lunch", "="])
    def test_no_line_is_wider_or_the_screen_higher_than_there_is_room(self, dialog, width, keys):
        dialog.session.add_label("a label with a rather long name, in 文字文字文字文字文字文字")
        press(dialog, *keys)
        lines = shown(dialog, width, 20)
        assert len(lines) <= 20 and max(map(cells, lines)) <= width

    def test_at_40_columns_counts_and_help_go_on_in_the_next_line(self, dialog):
        for label in ("ham", "spam", "newsletters", "receipts"):
            press(dialog, "+", *label, "enter")
        lines = [line.rstrip() for line in shown(dialog, 40)]
        assert lines[:2] == ["4 of 40 labelled  ham 1  spam 1", "newsletters 1  receipts 1"]
        press(dialog, "?")
        assert not any("..." in line for line in shown(dialog, 40)[3:])

    def test_columns_and_what_was_chosen_stand_beside_the_text(self, dialog):
        lines = shown(dialog)
        assert text_of(dialog) in lines and f"id: t{dialog.question.row}" in lines
        assert lines[0].startswith("0 of 40 labelled") and "comparing the texts with each other" in lines[1]
        assert any("1 h ham   2 s spam" in line for line in lines)

    def test_words_are_shaded_by_what_they_contribute(self, dialog):
        text = text_of(dialog)
        first, second = text.split()[:2]
        shades = [Shade(0, len(first), 2.0), Shade(len(first) + 1, len(first) + 1 + len(second), -0.7)]
        styles = {part: style for line in draw(dialog, shades, 80, 24) for style, part in line}
        assert styles[first] == "for3" and styles[second] == "against1"

    def test_texts_are_broken_between_words_and_lose_nothing(self):
        text = "a  bb ccc dddd eeeeeeeeeeeeeeee\n\n文字文字文字 end "
        spans = wrapped(text, 8)
        assert all(cells(text[start:end]) <= 8 for start, end in spans)
        joined = "".join(text[start:end] for start, end in spans)
        assert joined.replace(" ", "") == text.replace(" ", "").replace("\n", "")
        assert wrapped("", 8) == [(0, 0)] and wrapped("文", 1) == [(0, 1), (1, 1)]

    def test_on_a_low_screen_the_columns_give_way_to_the_text(self, dialog):
        dialog.session.pile.texts[dialog.question.row] = "see you at the station, and bring the tickets, please"
        for height in range(9, 24):
            assert "see you at the station, and bring the" in [line.strip() for line in shown(dialog, 40, height)]

    def test_a_long_text_is_scrolled(self, dialog):
        dialog.session.pile.texts[dialog.question.row] = " ".join(f"word{number}" for number in range(500))
        assert any("Page Down" in line for line in shown(dialog))
        assert not any("word499" in line for line in shown(dialog))
        press(dialog, *["pagedown"] * 20)
        assert any("word499" in line for line in shown(dialog))

    def test_nothing_in_a_text_is_obeyed(self, dialog):
        dialog.session.pile.texts[dialog.question.row] = "a \x1b[31m\x07 b\x9b"
        assert not set("\x1b\x07\x9b") & set("".join(shown(dialog)))

    def test_what_more_labels_bring_is_said_in_words(self):
        assert gain_to_come(Advice()) == "40 more labels: cannot tell yet"
        told = gain_to_come(Advice(forecast=Forecast(40, 0.004, 0.063, ())))
        assert told == "40 more labels: +0 to +6 points"
        assert "hardly help (at most +0.7 points)" in gain_to_come(Advice(forecast=Forecast(40, 0.0, 0.007, ())))

    def test_why_nothing_is_asked_any_more_is_said(self, dialog):
        session = dialog.session
        assert nothing_left(session) == ""
        skipped, *others = range(len(session.pile))
        session.skip(session.about(skipped))
        session.label(others, "ham", SEARCHED)
        assert nothing_left(session).startswith("nothing is left to ask: of the other texts, 1, each is a near-copy")
        session.label([skipped], "ham", SEARCHED)
        assert nothing_left(session) == ""
        session.budget = 40
        assert nothing_left(session) == "the budget of 40 labels is used up; a larger --budget goes on"

    def test_a_failure_in_the_background_is_said(self, dialog):
        dialog.session.failure = ValueError("no such thing")
        assert "learning has failed (ValueError: no such thing)" in shown(dialog, width=100)[1]
        press(dialog, "h")
        assert dialog.session.progress().labelled == 1

    def test_the_accuracy_comes_with_its_interval(self, dialog):
        dialog.session.learn()
        dialog.session.advice = Advice(9, estimate=Estimate(0.75, 0.3, 0.95, 4))
        assert "accuracy 75% (30% to 95%, 4 random texts)" in shown(dialog)[1]


class TestCommand:
    def test_it_needs_people_and_a_file(self, textcnn, train_csv):
        answer = textcnn("label", "train.csv")
        assert answer.code == 2 and "needs a terminal" in answer.err
        answer = textcnn("label", "-")
        assert answer.code == 2 and "standard input is the keyboard" in answer.err

    def test_a_simulation_says_what_it_would_be_worth(self, textcnn, train_csv):
        answer = textcnn("label", "train.csv", "--simulate", "label", "--budget", "20", "--seeds", "2")
        assert answer.code == 0, answer.err
        rows = [line.split() for line in answer.out.splitlines()[2:]]
        assert [row[0] for row in rows] == ["10", "20"] and float(rows[-1][1]) > 0.5
        assert "labels chosen by auto" in answer.err and "on 10 texts held out, mean of 2 seeds" in answer.err

    def test_a_simulation_is_there_for_programs(self, textcnn, train_csv):
        options = ("--simulate", "label", "--budget", "12", "--seeds", "2", "--format", "json", "--strategy", "random")
        told = json.loads(textcnn("label", "train.csv", *options).out)
        assert told["held_out"] == 10 and [row["labels"] for row in told["curve"]] == [10, 12]
        assert {"chosen", "chosen_error", "random", "random_error"} < told["curve"][0].keys()

    def test_hints_are_for_labels_that_there_are(self, textcnn, folder, train_csv):
        (folder / "hints.toml").write_text('spam = "free prizes, winners"\nhma = "news of friends"\n')
        options = ("--simulate", "label", "--budget", "12", "--seeds", "1", "--label-hints", "hints.toml")
        answer = textcnn("label", "train.csv", *options)
        assert answer.code == 2 and "there is no label 'hma', but 'ham', 'spam'" in answer.err
        (folder / "hints.toml").write_text('spam = "free prizes, winners"\n')
        assert textcnn("label", "train.csv", *options).code == 0

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--simulate", "colour"], 'there is no column "colour"'),
            (["--simulate", "label", "--strategy", "best"], "auto, uncertain, diverse, random"),
            (["--simulate", "label", "--format", "yaml"], "pretty or json"),
        ],
    )
    def test_what_cannot_be_done_is_said(self, textcnn, train_csv, options, message):
        answer = textcnn("label", "train.csv", *options)
        assert answer.code in (1, 2) and message in answer.err


TMUX = shutil.which("tmux")


class Terminal:
    """A program on a terminal of tmux."""

    def __init__(self, folder, name, *arguments, columns=80, rows=24):
        self.name = name
        words = " ".join(f"'{word}'" for word in program.command(*arguments))
        left = f"PYTHONPATH='{program.ROOT}' NO_COLOR=1 {words}; echo exit $?; sleep 60"
        size = ["-x", str(columns), "-y", str(rows)]
        self._tmux("new-session", "-d", "-s", name, "-c", str(folder), *size, left)

    def _tmux(self, *arguments):
        server = f"textcnn-tests-{os.getpid()}"  # tests may run more than once at a time
        done = subprocess.run([TMUX, "-L", server, *arguments], capture_output=True, text=True, timeout=60)
        return done.stdout

    def keys(self, *keys):
        self._tmux("send-keys", "-t", self.name, *keys)

    def screen(self):
        return self._tmux("capture-pane", "-p", "-t", self.name)

    def wait_for(self, text, seconds=60):
        """The screen, once it has this text."""
        end = time.monotonic() + seconds
        while text not in (found := self.screen()):
            assert time.monotonic() < end, found
            time.sleep(0.1)
        return found

    def end(self):
        self._tmux("kill-session", "-t", self.name)


@pytest.mark.slow
@pytest.mark.skipif(TMUX is None, reason="there is no tmux")
class TestTerminal:
    @pytest.fixture
    def terminal(self, folder):
        write_csv(folder / "mail.csv", [(f"m{number}", text) for number, text in enumerate(TRUTH)], ("id", "text"))
        started = []

        def begin(*options, columns=80, labels=("--labels", "ham,spam")):
            arguments = ("label", "mail.csv", *labels, "--show", "id", *options)
            started.append(Terminal(folder, f"label{len(started)}", *arguments, columns=columns))
            return started[-1]

        yield begin
        for each in started:
            each.end()

    def label_rightly(self, terminal, first, count):
        for number in range(first, first + count):
            screen = terminal.wait_for(f"{number} of 40 labelled")
            (label,) = {label for text, label in TRUTH.items() if text in screen.splitlines()}
            terminal.keys(label[0])
        return terminal.wait_for(f"{first + count} of 40 labelled")

    def test_a_session_from_the_first_question_to_a_model(self, terminal, folder):
        first = terminal("-o", "mail.textcnn", columns=60)
        self.label_rightly(first, 0, 6)
        first.keys("BSpace")
        first.wait_for("5 of 40 labelled")
        first.keys("C-c")  # all is there nevertheless
        first.wait_for("exit 0")
        again = terminal("-o", "mail.textcnn", columns=60)
        again.wait_for("5 of 40 labelled")
        self.label_rightly(again, 5, 12)
        again.wait_for("probably")
        again.keys("Escape")
        time.sleep(1)
        if "look doubtful" in again.screen():
            again.keys("n")
        again.wait_for("exit 0", seconds=400)
        with open("mail.labelled.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 17 and list(rows[0]) == ["id", "text", "label", "labelled_at", "chosen_by"]
        assert all(TRUTH[row["text"]] == row["label"] for row in rows)
        assert program.run("predict", "-m", "mail.textcnn", "free prize, reply now").stdout
        columns = ("--text-column", "text", "--label-column", "label")
        program.run("train", "mail.labelled.csv", *columns, "--unlabelled", "mail.csv", "-o", "same.textcnn")
        assert (folder / "mail.textcnn").read_bytes() == (folder / "same.textcnn").read_bytes()

    def test_labels_that_have_hints_are_offered_and_the_hints_go_on_to_training(self, terminal, folder):
        (folder / "hints.toml").write_text('ham = "news of friends"\nspam = "free prizes, winners"\n')
        first = terminal(labels=("--label-hints", "hints.toml"))
        self.label_rightly(first, 0, 10)
        first.keys("C-c")
        first.wait_for("exit 0")
        assert "--label-hints hints.toml" in " ".join(line.strip() for line in first.screen().splitlines())
