"""Soft labels: probabilities are learned in place of a label, and those of one label alone are that label."""

from pathlib import Path

import numpy as np
import pytest
import torch
from small_training import LABELS, TEXTS, quick

from textcnn.model.file import write_model
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings
from textcnn.text.lexicon import encode
from textcnn.training.fit import fit
from textcnn.training.linear.solver import solve
from textcnn.training.loop import Trainer
from textcnn.training.network.channels import Channels
from textcnn.training.network.model import Shape, TextCNN
from textcnn.training.task import Dataset, Labelled

FROZEN = Settings(keep_ngrams="off")  # of few texts the last layer alone is learned; n-grams would take as long
FOOD = ["the soup was cold", "a fine dinner with good bread", "the cook burned our fish", "fresh salad and wine"]
CARS = ["the engine stalled again", "new tyres for the truck", "brakes that squeal", "a dealer sold me this van"]
MEALS = [("food",)] * 4 + [("car",)] * 4
SURE = [{label: 1.0} for (label,) in LABELS]


def test_a_svm_of_one_text_by_hand() -> None:
    """Of theta²/2 + C (.8 (1 - theta)² + .2 (1 + theta)²), C = 1, the least is at 2 y / 3 with y = .8 - .2."""
    alpha = solve(lambda a: a, np.full((1, 1), 0.6, np.float32), np.ones((1, 1), np.float32))
    assert alpha[0, 0] == pytest.approx(0.4, abs=0.02)


def test_a_text_with_a_probability_is_two_with_weights() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(30, 8)).astype(np.float32)
    p = random.random((30, 2)).astype(np.float32)
    soft = x.T @ solve(lambda a: x @ (x.T @ a), 2 * p - 1, np.full_like(p, 0.5))
    twice, signs = np.concatenate([x, x]), np.concatenate([np.ones_like(p), -np.ones_like(p)])
    copies = twice.T @ solve(lambda a: twice @ (twice.T @ a), signs, np.concatenate([p, 1 - p]) / 2)
    np.testing.assert_allclose(soft, copies, atol=0.03)


@pytest.mark.parametrize("multi_label", [False, True])
def test_the_gradient_of_the_loss_is_answer_less_probability(multi_label: bool) -> None:
    channels = Channels(torch.zeros(4, 3), "static")
    network = TextCNN(Shape(dimensions=3, labels=2, widths=(1,), filters=2), dropout=0)
    trainer = Trainer(network, channels, Settings(), weights=np.ones(2, np.float32), multi_label=multi_label)
    logits, wanted = torch.tensor([[0.3, -1.0]], requires_grad=True), np.array([[0.7, 0.3]], np.float32)
    trainer._loss(logits, wanted, np.ones(1, np.float32), smooth=True).backward()
    answer = (
        logits.sigmoid() / 2 - torch.from_numpy(wanted) / 2
        if multi_label
        else logits.softmax(1) - torch.from_numpy(wanted)
    )
    torch.testing.assert_close(logits.grad, answer.detach())


@pytest.mark.parametrize("settings", [quick(linear="on", min_count=1), FROZEN], ids=["network", "frozen"])
def test_a_sure_soft_label_is_a_label(settings: Settings, tmp_path: Path) -> None:
    for name, soft in (("hard", None), ("sure", SURE)):
        given = Labelled(TEXTS, LABELS, soft=soft)
        result = fit(given, classes=["ham", "spam"], multi_label=False, settings=settings)
        write_model(result.model, tmp_path / name)
    assert (tmp_path / "hard").read_bytes() == (tmp_path / "sure").read_bytes()


@pytest.mark.parametrize("frozen", ["on", "off"])
def test_answers_are_as_unsure_as_what_was_learned(frozen: str) -> None:
    soft = [{"car": 0.3, "food": 0.7}] * 4 + [{"car": 0.7, "food": 0.3}] * 4
    given = [Labelled((FOOD + CARS) * 3, MEALS * 3, soft=own and own * 3) for own in (None, soft)]
    network = quick(linear="on", min_count=1, learning_rate=0.02, epochs=10, refit="off")
    settings = FROZEN if frozen == "on" else network
    models = [fit(each, classes=["car", "food"], multi_label=False, settings=settings).model for each in given]
    sure, unsure = (Predictor(model).probabilities(FOOD)[:, 1] for model in models)
    assert (sure > unsure).all() and 0.5 < unsure.mean() < 0.9
    assert models[1].figures["soft_labels"] == 24 and "soft_labels" not in models[0].figures


def test_a_label_that_is_no_text_s_own_is_learned_too() -> None:
    soft = [{"a": 0.6, "c": 0.4}, {"b": 1.0}, None]
    data = Dataset.of(["x", "y", "z"], ["a", "b", "b"], labels_per_text="auto", soft=soft, weights=[1, 1, 0])
    assert data.labels.names == ("a", "b", "c") and data.training.soft == soft[:2]
    assert encode(list(data.training.texts), 9).ragged.lengths.tolist() == [1, 1]
