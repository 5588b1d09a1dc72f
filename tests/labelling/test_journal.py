"""The journal: what was answered is there, whatever ended the program, and at whatever moment."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from program import environment

from textcnn.errors import OutputError, ReadError
from textcnn.labelling.journal import Journal, Step, key_of, standing

STEPS = [
    Step("label", ("k1",), "bug", "random"),
    Step("name", label='naïve "quoted" 文'),
    Step("label", ("k2", "k3"), "billing", "alike"),
    Step("undo"),
    Step("skip", ("k4",), how="diverse"),
]


def without_time(steps):
    return [step._replace(when="") for step in steps]


def filled(path, steps=STEPS):
    journal = Journal(path, seed=7)
    for step in steps:
        journal.append(step)
    journal.close()
    return path.read_bytes()


def test_what_was_done_is_read_again_with_its_seed_and_times(tmp_path):
    filled(tmp_path / "journal")
    again = Journal(tmp_path / "journal", seed=8)
    assert without_time(again.steps) == STEPS and again.seed == 7
    assert all(step.when.endswith("Z") and len(step.when) == 20 for step in again.steps)
    again.close()


def test_an_undo_takes_back_the_last_step_that_stands():
    one, two, three = (Step("label", (key,), "bug") for key in ("k1", "k2", "k3"))
    undo = Step("undo")
    assert standing([one, two, undo, three]) == [one, three]
    assert standing([one, two, undo, undo, undo, three]) == [three]
    assert standing([undo]) == []


def test_cut_off_anywhere_it_has_all_whole_lines_and_goes_on(tmp_path):
    path = tmp_path / "journal"
    content = filled(path)
    for end in (*range(0, len(content), 23), len(content) - 1, len(content)):
        path.write_bytes(content[:end])
        journal = Journal(path, seed=7)
        whole = max(content[:end].count(b"\n") - 1, 0)
        assert without_time(journal.steps) == STEPS[:whole]
        journal.append(STEPS[0])
        journal.close()
        again = Journal(path)
        assert without_time(again.steps) == [*STEPS[:whole], STEPS[0]]
        again.close()


@settings(max_examples=20)
@given(
    st.lists(
        st.builds(
            Step,
            st.sampled_from(["label", "skip", "name", "undo"]),
            st.lists(st.text(min_size=1), max_size=3).map(tuple),
            st.text(),
            st.text(),
        ),
        max_size=8,
    )
)
def test_any_steps_come_back_as_they_were(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("journals") / "journal"
    filled(path, steps)
    again = Journal(path)
    assert without_time(again.steps) == without_time(steps)
    again.close()


def test_each_step_is_flushed_before_the_call_returns(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "journal")
    flushed = []
    monkeypatch.setattr(os, "fsync", lambda file: flushed.append((tmp_path / "journal").read_bytes().count(b"\n")))
    for step in STEPS:
        journal.append(step)
    assert flushed == [2, 3, 4, 5, 6]
    journal.close()


def test_a_full_disk_leaves_no_half_line(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "journal")
    journal.append(STEPS[0])
    before = (tmp_path / "journal").read_bytes()
    write = os.write

    def fail(file, content):
        if len(content) > 10:
            return write(file, content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(OutputError, match="No space left"):
        journal.append(Step("label", ("k9",), "x"))
    assert len(journal.steps) == 1
    monkeypatch.undo()
    assert (tmp_path / "journal").read_bytes().startswith(before)
    journal.append(STEPS[2])
    journal.close()
    again = Journal(tmp_path / "journal")
    assert without_time(again.steps) == [STEPS[0], STEPS[2]]
    again.close()


def test_other_files_and_damaged_lines_are_refused_by_name(tmp_path):
    path = tmp_path / "notes.txt"
    for content in (b"my notes\n", b"my notes", b'{"journal": "another", "seed": 1}\n', b"[]\n"):
        path.write_bytes(content)
        with pytest.raises(ReadError, match="is no journal"):
            Journal(path)
        assert path.read_bytes() == content
    lines = filled(tmp_path / "journal").splitlines(keepends=True)
    for bad in (b"\0\0\0\n", b"[]\n", b'{"step": "dance"}\n', b'{"texts": 3, "step": "label"}\n'):
        (tmp_path / "journal").write_bytes(b"".join([*lines[:2], bad, *lines[2:]]))
        with pytest.raises(ReadError, match=r"journal:3: .*damaged"):
            Journal(tmp_path / "journal")


def test_two_sessions_do_not_write_to_one_journal(tmp_path):
    first = Journal(tmp_path / "journal")
    with pytest.raises(ReadError, match="another session"):
        Journal(tmp_path / "journal")
    first.close()
    Journal(tmp_path / "journal").close()


def test_texts_are_known_by_what_they_say():
    assert key_of("free prize") == key_of("free prize") != key_of("free prize ")
    assert len(key_of("\ud800")) == 16


WRITER = """
import sys
from pathlib import Path
from textcnn.labelling.journal import Journal, Step
journal = Journal(Path(sys.argv[1]))
for number in range(len(journal.steps), 10**6):
    journal.append(Step("label", (f"k{number}",), "bug", "random"))
    print(number, flush=True)  # the next question: the answer before counts as given
"""


@pytest.mark.slow
def test_killed_at_fifty_random_moments_it_loses_no_answer(tmp_path):
    path, moments = tmp_path / "journal", random.Random(0)
    promised = 0
    for _ in range(50):
        command = [sys.executable, "-c", WRITER, str(path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment())
        process.stdout.readline()
        time.sleep(moments.random() / 20)
        process.send_signal(signal.SIGKILL)
        shown = process.communicate()[0].split()
        promised = max([promised, *(int(number) + 1 for number in shown[:-1] or ())])
        journal = Journal(path)
        assert [step.texts for step in journal.steps] == [(f"k{number}",) for number in range(len(journal.steps))]
        assert len(journal.steps) >= promised
        promised = len(journal.steps)
        journal.close()
    assert promised > 50
    assert all(json.loads(line) for line in path.read_bytes().splitlines())
