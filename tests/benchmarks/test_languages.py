"""The benchmark in many languages, on data sets of our own: what is learned from what, and what the table says."""

import subprocess
import sys
from pathlib import Path

import pytest
from examples import write_csv

SCRIPT = Path(__file__).with_name("languages.py")
WORDS = {"deu_Latn": ("Suppe kalt", "Motor alt"), "eng_Latn": ("soup cold", "engine old")}


@pytest.mark.slow
def test_each_way_has_rows_and_a_mean(tmp_path):
    for language, (food, car) in WORDS.items():
        (tmp_path / language).mkdir()
        texts = [(label, f"{words} {number}") for number in range(10) for label, words in (("a", food), ("b", car))]
        for name in ("train", "dev", "test"):
            write_csv(tmp_path / language / f"{name}.csv", texts if name == "train" else [("a", food), ("b", car)])
    folders = [tmp_path / language for language in WORDS]
    asked = ["--data", *folders, "--from", folders[1], "--systems", "svm", "textcnn-pack", "textcnn-shared"]
    command = [sys.executable, SCRIPT, *asked, "--draws", "2", "--seeds", "1", "--results", tmp_path / "rows.csv"]
    done = subprocess.run(list(map(str, command)), capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert "textcnn-pack: left out on deu_Latn: the pack of de is not installed" in done.stderr
    lines = [line.split(" | ") for line in done.stdout.splitlines()]
    assert [line[0].strip("| ") for line in lines[2:]] == [
        "deu_Latn, 8-dev", "eng_Latn, 8-dev", "**mean, 8-dev**", "deu_Latn, all-dev", "eng_Latn, all-dev",
        "**mean, all-dev**", "deu_Latn, from eng_Latn-dev", "**mean, from eng_Latn-dev**",
    ]  # fmt: skip
    assert lines[2][1:] == ["–", "100.0 |"]  # the shared vectors are for other languages than a model's own
    assert lines[-1][1] == "100.0"
    assert subprocess.run(
        list(map(str, command)), capture_output=True, encoding="utf-8", check=False
    ).stderr == "".join(line + "\n" for line in done.stderr.splitlines() if "left out" in line)
