"""Drift is seen where texts have changed, and hardly ever where they have not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import EXAMPLES, write_csv

from textcnn.checks.drift import shifts
from textcnn.evaluation.distributions import chi_square, kolmogorov_smirnov, more_of_them
from textcnn.model.reference import Reference
from textcnn.storage.tensor_file import TensorFileError


def test_false_alarms_of_the_tests_are_rarer_than_stated() -> None:
    random = np.random.default_rng(0)
    alarms = [kolmogorov_smirnov(*random.normal(size=(2, 500)), 0.0)[1] < 0.01 for _ in range(300)]
    assert np.mean(alarms) < 0.03
    near, far = random.normal(size=5000), random.normal(size=5000)
    assert kolmogorov_smirnov(near, far + 0.2, 0.0)[1] < 0.01 < kolmogorov_smirnov(near, far + 0.2, 0.1)[1]
    assert kolmogorov_smirnov(near, far + 0.6, 0.1)[1] < 0.01
    assert chi_square(np.array([[50, 50], [50, 50]])) == 1 and chi_square(np.array([[90, 10], [50, 50]])) < 0.01


def test_of_more_novel_texts_fisher_tells() -> None:
    """The lady who tasted tea: 3 of 4 cups against 1 of 4 are chance with 17 of 70."""
    cups = np.arange(4)
    assert more_of_them(cups < 1, cups < 3, 0.0) == pytest.approx(17 / 70)
    assert more_of_them(cups < 3, cups < 1, 0.0) == pytest.approx(69 / 70)
    assert more_of_them(cups < 1, cups < 3, 0.25) == more_of_them(cups < 1, cups < 2, 0.0)
    assert more_of_them(cups < 1, cups < 1, 0.5) == 1


def texts(random: np.random.Generator, count: int, strange: float = 0.0, harder: float = 0.0) -> Reference:
    """What is measured of texts with six labels, of which a share is strange, and all are a little harder or not."""
    novel, label = random.random(count), random.choice(6, count, p=[0.2, 0.2, 0.2, 0.2, 0.19, 0.01])
    novel = np.where(random.random(count) < strange, 1 - 0.1 * novel**2, novel ** (1 - harder))
    words, unknown = random.poisson(10, count), np.maximum(random.normal(-1, 1, count), 0)
    return Reference(label, 1 - 0.8 * novel, novel, unknown, words)


@pytest.mark.parametrize("count", [30, pytest.param(200, marks=pytest.mark.slow), 5000])
def test_texts_of_the_same_kind_are_reported_in_one_of_twenty_files_at_most(count: int) -> None:
    random = np.random.default_rng(count)
    alarms = sum(
        any(one.drifted for one in shifts(texts(random, 1000), texts(random, count, harder=0.1), 6)) for _ in range(60)
    )
    assert alarms <= 3


@pytest.mark.parametrize(
    ("count", "strange", "least"), [(30, 0.5, 45), pytest.param(200, 0.2, 45, marks=pytest.mark.slow), (1000, 0.1, 40)]
)
def test_files_some_of_whose_texts_are_strange_are_reported(count: int, strange: float, least: int) -> None:
    """Most texts are as they were, so that distributions hardly differ: it is the end that tells."""
    random, noticed, by_novel = np.random.default_rng(count), 0, 0
    for _ in range(50):
        drifted = {one.name for one in shifts(texts(random, 1000), texts(random, count, strange), 6) if one.drifted}
        noticed += bool(drifted)
        by_novel += "novel" in drifted
    assert noticed >= least and by_novel >= noticed - 5


def test_a_reference_comes_back_and_a_damaged_one_does_not() -> None:
    columns = [np.zeros(1500), *np.random.default_rng(0).random((4, 1500))]
    tensors = Reference(*columns).sampled().tensors()
    assert tensors["reference.texts"].shape == (5, 1000)
    assert np.array_equal(np.stack(Reference.of_tensors(tensors, 2)), tensors["reference.texts"])
    for value in (-1, np.nan, 2):
        spoilt = tensors["reference.texts"].copy()
        spoilt[0, 7] = value
        with pytest.raises(TensorFileError, match="damaged"):
            Reference.of_tensors({"reference.texts": spoilt}, 2)


def test_drift_on_the_command_line(textcnn: Any, model: Any, folder: Path) -> None:
    same = write_csv(folder / "same.csv", [(label, f"{text}.") for label, text in EXAMPLES])
    answer = textcnn("drift", model, same)
    assert answer.code == 0 and "these texts are like those of training (40 texts)" in answer.out
    other = write_csv(folder / "other.csv", [("x", f"qwx{number} zzk prrt") for number in range(40)])
    assert "(40 texts); label some of them and train again" in textcnn("drift", model, other).out
    answer = textcnn("drift", model, other, "--format=json", "--report=page.html")
    made = json.loads(answer.out)
    assert answer.code == 1 and made["drifted"] and made["came"][0] == ["prrt", 1.0]
    names = {"labels", "novel", "confidence", "novelty", "unknown", "words"}
    assert {shift["name"] for shift in made["shifts"]} == names
    assert "These texts have drifted" in (folder / "page.html").read_text(encoding="utf-8")
    few = write_csv(folder / "few.csv", EXAMPLES[:5])
    assert "drift takes 30 or more" in textcnn("drift", model, few).err
