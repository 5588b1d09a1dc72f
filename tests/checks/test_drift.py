"""Drift is seen where texts have changed, and hardly ever where they have not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import EXAMPLES, write_csv

from textcnn.evaluation.distributions import chi_square, kolmogorov_smirnov
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
    answer = textcnn("drift", model, other, "--format=json", "--report=page.html")
    made = json.loads(answer.out)
    assert answer.code == 1 and made["drifted"] and made["came"][0] == ["prrt", 1.0]
    assert {shift["name"] for shift in made["shifts"]} == {"labels", "confidence", "novelty", "unknown", "words"}
    assert (folder / "page.html").is_file()
    few = write_csv(folder / "few.csv", EXAMPLES[:5])
    assert "drift takes 30 or more" in textcnn("drift", model, few).err
