"""One training as a job: it draws from generators of its own, keeps to its plan, and gives the same model anywhere."""

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from small_training import LABELS, TEXTS, Heard, by_chance, fitted, quick
from torch import nn

from textcnn.model.predictor import Predictor
from textcnn.settings import settled
from textcnn.text.lexicon import encode
from textcnn.training.events import Stage, TrainingEvent
from textcnn.training.linear.svm import Recipe
from textcnn.training.network.model import Dropout, Shape, TextCNN
from textcnn.training.run import Job, Plan, train
from textcnn.training.task import Labelled, Task


def a_job(**changes: Any) -> Job:
    task = Task.of([Labelled(TEXTS, LABELS)], ["ham", "spam"], settled(quick(linear="on"), 2), False)
    every = np.arange(len(TEXTS))
    return Job(task, every[::2], every[1::2])._replace(**changes)


def weights(model: Any) -> list[Any]:
    return [array for member in model.members for array in (*member.network.filters, *member.network.layers[-1])]


# Random numbers


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_dropout_sets_a_share_to_zero_and_keeps_the_mean(share: float) -> None:
    features = torch.full((400, 50), 3.0, requires_grad=True)
    dropout = Dropout(share, torch.Generator().manual_seed(5))
    dropped = dropout(features)
    assert dropped.unique().tolist() == pytest.approx([0, 3 / (1 - share)])
    assert (dropped == 0).float().mean().item() == pytest.approx(share, abs=0.01)  # of 20,000, three deviations
    dropped.sum().backward()
    assert torch.allclose(features.grad, dropped / 3)
    assert not dropout(features).equal(dropped)
    assert Dropout(share, torch.Generator().manual_seed(5))(features).equal(dropped)
    assert dropout.eval()(features) is features
    assert Dropout(0.0)(features) is features


def test_weights_at_the_start_are_those_of_torch_s_layers() -> None:
    shape = Shape(dimensions=5, labels=3, widths=(2,), filters=4, hidden=(7,))
    network = TextCNN(shape, generator=torch.Generator().manual_seed(5))
    with torch.random.fork_rng():
        torch.manual_seed(5)
        bound = (6 / 10) ** 0.5
        expected = [torch.empty(8, 5).uniform_(-bound, bound)]
        for layer in (nn.Linear(4, 7), nn.Linear(7, 3)):
            expected += [layer.weight, layer.bias]
    found = [network.filters[0], *(weight for layer in network.layers for weight in (layer.weight, layer.bias))]
    assert all(one.equal(other) for one, other in zip(found, expected, strict=True))


def test_training_leaves_torch_as_it_was() -> None:
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    fitted(linear="on")
    assert torch.get_rng_state().equal(state) and torch.get_num_threads() == threads


# Jobs


def test_a_job_is_a_value_that_fixes_its_model() -> None:
    job = a_job(plan=Plan(0.5, Recipe(3.0, 1.0)), stage=Stage("a", "b", 2, 3))
    copy = pickle.loads(pickle.dumps(job))
    one, other = train(job, Heard()), pickle.loads(pickle.dumps(train(copy, Heard())))
    assert all(np.array_equal(a, b) for a, b in zip(weights(one.model), weights(other.model), strict=True))
    assert np.array_equal(one.model.linear.weights, other.model.linear.weights)


def test_a_plan_fixes_epochs_and_recipe() -> None:
    run = train(a_job(plan=Plan(0.5, Recipe(3.0, 1.0))), heard := Heard())
    assert len(run.history) == 2 and run.plan == Plan(0.5, Recipe(3.0, 1.0))
    assert all(event.score is None for event in heard.of("epoch")) and not heard.notes
    assert {event.stage for event in heard.events} == {Stage()}


def test_what_was_learned_by_heart_is_learned_again_for_fewer_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textcnn.training.loop._SEEN_OF_FEW", 400)
    values = {"learning_rate": 0.02, "epochs": 0}
    again = "holding out part 1 of 3 again, for fewer epochs"
    heard = Heard()
    model = fitted(by_chance(), callback=heard, **values).model
    assert heard.stages[1] == again and len(heard.stages) == 5
    assert len(model.figures["curve"]) == model.figures["kept"] == 10
    assert [event.epochs for event in heard.of("stage")][1:4] == [10, 10, 10]

    def stops_after_the_first(event: TrainingEvent) -> bool:
        return heard(event) or event.stage.name == "holding out part 2 of 3"

    for asked in ({"epochs": 20}, {"patience": 12}, {"quality": "fast"}):
        heard = Heard()
        model = fitted(by_chance(), callback=stops_after_the_first, **{**values, **asked}).model
        assert again not in heard.stages and len(model.figures["curve"]) > 12


def test_early_stopping_says_which_checkpoint_is_kept() -> None:
    heard = Heard()
    fitted(by_chance(), callback=heard, epochs=30, learning_rate=0.1, patience=2)
    event = heard.of("stage")[0]
    assert event.epoch < event.epochs == 30
    assert event.note == f"early stopping: checkpoint of epoch {event.epoch - 2} kept"


# Ensembles


def test_an_ensemble_is_averaged_and_its_networks_differ() -> None:
    heard = Heard()
    model = fitted(callback=heard, networks=3).model
    assert len(model.members) == 3 and {event.networks for event in heard.of("batch")} == {3}
    assert [event.network for event in heard.of("epoch")] == sorted([1, 2, 3] * 4) * 4
    first, second, third = (member.network.filters[0] for member in model.members)
    assert not np.array_equal(first, second) and not np.array_equal(second, third)
    encoded = encode(["free lunch"], 9)
    each = [Predictor(replace(model, members=(member,))).network_logits(encoded) for member in model.members]
    np.testing.assert_allclose(Predictor(model).network_logits(encoded), np.mean(each, axis=0), rtol=1e-5)


def test_a_network_that_was_stopped_before_its_first_epoch_ended_says_nothing() -> None:
    run = train(
        a_job(task=a_job().task._replace(settings=settled(quick(networks=2, epochs=9), 2))),
        lambda event: event.kind == "batch" and event.network == 2,
    )
    assert len(run.model.members) == 1 and run.stopped
