"""Sound data: `textcnn check` finds no errors, and warns of what is odd about them and of nothing else.

`data/spam.csv` is ours. The larger sets are public ones; the environment variable TEXTCNN_CORPORA names the
folder where they are, each in a folder of its own, with a header `label,text`.
"""

import json
import os
from pathlib import Path

import pytest
from program import ROOT

CORPORA = Path(os.environ.get("TEXTCNN_CORPORA") or "no folder of corpora")
ANYWHERE = {"label errors", "more texts"}  # what a small network does not learn may be either
TOO_HARD = ("sst1", "goemotions_multilabel")  # for a small network, which doubts no labels there


def corpus(name, file, odd):
    """A public set, and what the checks warn of."""
    missing = not (CORPORA / name / file).exists()
    reason = f"{name}/{file} is not in TEXTCNN_CORPORA"
    marks = [pytest.mark.skipif(missing, reason=reason)]
    return pytest.param(CORPORA / name / file, odd, marks=marks, id=name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "odd"),
    [
        pytest.param(ROOT / "data" / "spam.csv", {"languages", "unknown words"}, id="spam"),  # a fifth is not English
        corpus("trec", "train.csv", {"balance"}),  # few questions are about abbreviations
        corpus("cr", "all.csv", {"empty texts"}),
        corpus("sst2", "train.csv", set()),
        corpus("sst1", "train.csv", {"swallowed labels", "fit"}),
        corpus(
            "goemotions_multilabel",
            "train.csv",
            {"contradictions", "near-copies", "split", "balance", "swallowed labels", "fit"},
        ),
        corpus("sms_spam", "all.csv", {"copies", "near-copies", "split", "encodings"}),  # spam is sent again and again
        corpus("clinc150", "train.csv", {"near-copies", "split"}),  # written after patterns
        corpus("zh_chnsenticorp_htl", "all.csv", {"empty texts"}),
    ],
)
def test_sound_data_have_no_errors(textcnn, path, odd):
    answer = textcnn("check", path, "--format=json", "--quiet")
    found = json.loads(answer.out)
    checks = {check["name"]: check for check in found["checks"]}
    assert [check for check in checks.values() if check["verdict"] == "error"] == []
    assert answer.code == 0 and found["verdict"] == "warning"
    warned_of = {name for name, check in checks.items() if check["verdict"] == "warning"}
    assert warned_of - ANYWHERE == odd
    assert checks["label errors"]["figure"].startswith("cannot tell") is (path.parent.name in TOO_HARD)
    assert "more texts" not in warned_of or found["texts"] < 6000  # it was tried with 2,000, which says so much
    assert "100.0% right" in checks["learns a few"]["figure"]
    assert found["trained_on"] == min(found["texts"], 3000)
