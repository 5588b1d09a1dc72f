"""Few texts are checked by what `train` learns from so few: no network, but a last layer over the sentence encoder."""

import random
import re

import numpy as np
import pytest
from checking import corpus, run_checks
from messages import SMALL

from textcnn.checks import Verdict, learning
from textcnn.checks.small_runs import train_small
from textcnn.checks.suite import CheckInput, CheckSuite
from textcnn.errors import SettingsError

PRAISE = """a warm and funny evening; the battery lasts for days; we loved every minute; it works perfectly
a delight from start to end; the staff were kind and quick; best purchase of the year; sharp pictures, easy to use
beautifully written; the soup was delicious; I would come again; clever, moving and well played"""
BLAME = """a dull and endless evening; the battery died in an hour; we left before the end; it broke on the first day
a waste of money; the staff were rude and slow; worst purchase of the year; blurred pictures, hard to use
badly written; the soup was cold and salty; I want my money back; boring, flat and poorly played"""


def opinions():
    good, bad = (re.split(r"[;\n]\s*", each) for each in (PRAISE, BLAME))
    return corpus([*good, *bad], ["praise"] * len(good) + ["blame"] * len(bad))


def test_few_texts_are_judged_by_what_train_makes_of_few():  # networks learn nothing from these
    found = run_checks(opinions(), {})
    assert found["beats guessing"].verdict is Verdict.ok
    assert found["swallowed labels"].verdict is Verdict.ok
    assert found["shuffled labels"].verdict is Verdict.ok
    assert "of 24 texts are doubted" in found["label errors"].figure
    assert not {"loss at start", "learning rate", "fit", "dead filters", "features"} & set(found)  # of networks


@pytest.mark.parametrize(
    ("sure", "wrong", "advice", "errors"),
    [(0.7, 5, "it may be chance", "2.3"), (0.6, 3, "label some 50 and check again", "1.2")],
    ids=["two errors", "one, of hardly any texts"],
)
def test_a_gain_that_may_be_chance_is_no_error(sure, wrong, advice, errors):
    """Of 24 texts one in five, or in three, is answered the other way round, all others as they are labelled."""
    sample = CheckSuite(CheckInput(opinions(), {})).sample
    right = np.where(sample.targets, sure, 1 - sure)
    right[::wrong] = 1 - right[::wrong]
    known = learning.Frequencies.of(sample.targets, "none", sample.classes, multi_label=False)
    found = learning.beats_guessing(sample, right.astype(np.float32), known)
    assert found.verdict is Verdict.warning and found.advice.endswith(advice), found.figure
    assert f"{errors} standard errors" in found.figure


def test_few_texts_with_labels_by_chance_do_not_beat_guessing():
    few = opinions()
    random.Random(0).shuffle(few.labels)
    assert run_checks(few, {}, until="beats guessing")["beats guessing"].verdict is Verdict.error


@pytest.mark.parametrize(
    ("values", "network"),
    [({}, False), ({"frozen": "on"}, False), ({"frozen": "off"}, True), ({"filters": 8}, True), (SMALL, True)],
)
def test_who_asks_for_networks_has_networks_checked(values, network):
    suite = CheckSuite(CheckInput(opinions(), values))
    run = train_small(
        suite.sample, np.arange(24), np.arange(0), {**values, "epochs": 1} if network else values, few=suite._few()
    )
    assert run.has_network is network


def test_what_stands_against_the_last_layer_alone_is_said():
    with pytest.raises(SettingsError, match="frozen: on does not go with --filters"):
        run_checks(opinions(), {"frozen": "on", "filters": 8})
