"""Texts of no kind: no class is learned from them, but what makes a text novel, and how well that tells them."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import EXAMPLES, write_csv
from program import tiny
from small_training import LABELS, TEXTS, fitted

from textcnn import DataError, SettingsError, TextCNNClassifier
from textcnn.model.file import read_model
from textcnn.model.novelty import Likeness, Novelty
from textcnn.storage.tensor_file import TensorFileError
from textcnn.training.outside import Judged, fitted_novelty, told_apart
from textcnn.training.task import Dataset, Labelled

STRANGE = ["zebra quartz violin", "glacier orchid photon", "saffron turbine harbour", "monsoon zebra glacier"]


def some(random: np.random.Generator, count: int, cosine: float, length: float) -> Judged:
    """Texts with three labels, near to one of them or not, and long or short."""
    likely = random.dirichlet([5, 0.5, 0.5], count).astype(np.float32)
    likeness = Likeness(random.normal(cosine, 0.1, count), random.normal(length, 1, count), *np.zeros((2, count)))
    return Judged(likely, likeness)


def test_what_tells_texts_of_no_kind_counts_more() -> None:
    """The angle tells them, the length misleads: they are longer, not shorter."""
    random = np.random.default_rng(0)
    known, outside, others = (some(random, 400, 0.8, 9), some(random, 40, 0.6, 11), some(random, 400, 0.6, 11))
    made = fitted_novelty(known, outside, multi_label=False)
    doubt, angle, length = made.weights
    assert made.weights.mean() == pytest.approx(1) and angle > 1.5 > doubt > length > 0

    usual = fitted_novelty(known, None, multi_label=False)
    assert (usual.weights == 1).all()
    for novelty in (made, usual):
        assert (novelty.values(*known, multi_label=False) > 0.99).mean() <= 0.01
    above = [(novelty.values(*others, multi_label=False) > 0.9).mean() for novelty in (made, usual)]
    assert above[0] > above[1] + 0.2


def test_few_texts_of_no_kind_decide_little() -> None:
    random = np.random.default_rng(0)
    known, outside = some(random, 400, 0.8, 9), some(random, 200, 0.6, 9)
    angles = [
        fitted_novelty(known, outside.take(np.arange(200) < count), multi_label=False).weights[1]
        for count in (0, 1, 5, 20, 200)
    ]
    assert angles == sorted(angles) and angles[0] == 1 and angles[1] < 1.2


def test_figures_of_texts_like_all_others_are_those_of_chance() -> None:
    """Fitted to the texts that they are about, they would be better than chance."""
    areas = []
    for seed in range(15):
        random = np.random.default_rng(seed)
        made = told_apart("none", some(random, 200, 0.8, 9), some(random, 12, 0.8, 9), multi_label=False)
        areas.append(made.auroc)
    assert abs(np.mean(areas) - 0.5) < 3 * np.std(areas) / 15**0.5
    alone = told_apart("none", some(random, 2, 0.8, 9), some(random, 1, 0.1, 1), multi_label=False)
    assert alone.texts == 1


def test_weights_come_back_from_a_file_and_damaged_ones_do_not() -> None:
    random = np.random.default_rng(0)
    made = fitted_novelty(some(random, 100, 0.8, 9), some(random, 40, 0.6, 9), multi_label=False)
    read = Novelty.of_tensors(made.tensors())
    assert all(map(np.array_equal, read, made))
    for spoilt in (made.weights - 3, made.weights[:2], made.weights * np.nan, made.weights.astype(np.float32)):
        with pytest.raises(TensorFileError, match="damaged"):
            Novelty.of_tensors({**made.tensors(), "novelty.weights": spoilt})


def test_texts_of_no_kind_are_set_apart_with_their_weights() -> None:
    labels = [*(label for (label,) in LABELS), *["none"] * 4]
    weights = np.arange(1.0, 15)
    held = (["win", "zebra"], ["spam", "none"], None)
    data = Dataset.of(
        [*TEXTS, *STRANGE], labels, labels_per_text="auto", weights=weights, validation=held, outside="none"
    )
    assert data.labels.names == ("ham", "spam") and list(data.labels.classes) == ["ham", "spam"]
    assert data.training.texts == TEXTS and data.outside == [*STRANGE, "zebra"]
    assert data.training.weights is not None and data.training.weights.tolist() == weights[:10].tolist()
    assert data.validation is not None and data.validation.texts == ["win"]
    with pytest.raises(SettingsError, match=r"outside: no text has the label 'other'; the labels are 'ham', 'none'"):
        Dataset.of([*TEXTS, *STRANGE], labels, labels_per_text="auto", outside="other")
    with pytest.raises(DataError, match="the texts without 'spam' have a single label, 'ham'"):
        Dataset.of(TEXTS, labels[:10], labels_per_text="auto", outside="spam")


def test_models_learn_no_label_from_them() -> None:
    """Classes are the others, and all but the novelty is as if those texts had not been there."""
    without = fitted().model
    labels = [*(label for (label,) in LABELS), *["none"] * 4]
    values = {"vectors": "none", "filters": 8, "epochs": 4, "dimensions": 8, "linear": "off", "threads": 1}
    model = TextCNNClassifier(outside="none", **values).fit([*TEXTS, *STRANGE], labels)
    assert model.classes_.tolist() == ["ham", "spam"]
    assert np.array_equal(model.model_.members[0].network.filters[0], without.members[0].network.filters[0])
    assert model.model_.figures["validation"] == without.figures["validation"]
    assert model.model_.figures["outside"]["texts"] == 4
    figures = model.score_by([*TEXTS, *STRANGE], labels, labels)
    assert set(figures) == {"ham", "spam"} and sum(part.count for part in figures.values()) == 10
    for weights in (None, np.arange(1.0, 15)):
        alone = None if weights is None else weights[:10]
        assert model.score([*TEXTS, *STRANGE], labels, weights) == model.score(TEXTS, labels[:10], alone)
    with pytest.raises(DataError, match="all texts are of no kind that the model knows: 'none'"):
        model.score(STRANGE, labels[10:])
    with pytest.raises(SettingsError, match="outside must be text"):
        TextCNNClassifier(outside=3, **values).fit([*TEXTS, *STRANGE], labels)


def test_the_command_line_says_how_well_they_are_told(textcnn: Any, folder: Path) -> None:
    data = write_csv(folder / "train.csv", [*EXAMPLES, *(("none", text) for text in STRANGE)])
    settled = tiny("--epochs=8", "--quality=fast", "--validation-share=0.3")
    made = textcnn("train", data, "--outside=none", *settled)
    assert made.code == 0
    assert "4 of 44 texts are of no kind: 'none'" in made.err and "40 texts, 2 labels" in made.err
    assert "novelty tells 4 texts labelled 'none' from those held out: AUROC " in made.err
    figures = read_model(folder / "model.textcnn").figures["outside"]
    assert figures["label"] == "none" and figures["auroc_interval"][0] <= figures["auroc"]

    measured = json.loads(textcnn("evaluate", data, "--format=json").out)
    assert measured["count"] == 40 and measured["unknown_labels"] == [] and measured["outside"]["texts"] == 4
    assert "AUROC of novelty" in textcnn("evaluate", data).out
    strange = write_csv(folder / "strange.csv", [("none", text) for text in STRANGE])
    assert "all texts are of no kind that the model knows: 'none'" in textcnn("evaluate", strange).err
    refused = textcnn("train", data, "--outside=nobody", *settled)
    assert (refused.code, refused.err.count("no text has the label 'nobody'")) == (2, 1)


def test_checks_and_cross_validation_leave_them_out(textcnn: Any, folder: Path) -> None:
    data = write_csv(folder / "train.csv", [*EXAMPLES, *(("none", text) for text in STRANGE)])
    made = textcnn(
        "cv", data, "--outside=none", "--folds=2", "--write=out.csv", "-q", *tiny("--epochs=2", "--quality=fast")
    )
    assert made.code == 0
    with open(folder / "out.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(EXAMPLES)
    checked = textcnn("check", data, "--outside=none", "--data-only", "--format=json")
    assert json.loads(checked.out)["texts"] == len(EXAMPLES)
    other = textcnn("check", data, "--outside=none", "--data-only", f"--against={data}").out
    assert "40" in other and "'none'" not in other
    assert textcnn("check", data, "--outside=nobody", "--data-only").code == 2


def test_soft_labels_to_which_no_kind_is_probable_are_left_out() -> None:
    given = Labelled(["a", "b", "c"], [("x",), ("y",), ("none",)], soft=[{"x": 0.9, "none": 0.1}, {"y": 1.0}, None])
    known, outside = given.parted("none")
    assert (known.texts, known.soft, outside) == (["a", "b"], [None, {"y": 1.0}], ["c"])
