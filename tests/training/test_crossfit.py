"""Cross-fitting: out-of-fold answers, calibrated by other parts, whoever does the jobs."""

import pickle
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_training import LABELS, TEXTS, by_chance, fitted, quick

from textcnn.distributed.executor import SerialExecutor
from textcnn.model.novelty import Likeness
from textcnn.model.predictor import Predictor
from textcnn.training.crossfit import CrossFit, OutOfFold
from textcnn.training.fit import fit
from textcnn.training.task import Labelled


class Elsewhere:
    """Does jobs as another process would: copies go there and come back, the last job first."""

    def run(self, work: Any, jobs: Any, callback: Any) -> Iterator[Any]:
        given = [pickle.dumps((work, job)) for job in jobs]
        done = []
        for each in reversed(given):
            work, job = pickle.loads(each)
            done.append(pickle.dumps(work(job, callback)))
        yield from (pickle.loads(each) for each in reversed(done))


@pytest.mark.parametrize("multi_label", [False, True])
def test_the_model_is_the_same_whoever_does_the_jobs(multi_label: bool) -> None:
    labels = [(*own, "x") for own in LABELS[:2]] + LABELS[2:] if multi_label else LABELS
    models = [
        fit(
            Labelled(TEXTS, labels),
            classes=["ham", "spam", "x"][: 2 + multi_label],
            multi_label=multi_label,
            settings=quick(linear="on"),
            executor=executor,
        ).model
        for executor in (SerialExecutor(), Elsewhere())
    ]
    assert models[0].figures == models[1].figures
    np.testing.assert_array_equal(*(Predictor(model).all_probabilities(TEXTS) for model in models))


@pytest.mark.slow
def test_each_text_is_answered_once_by_a_model_that_has_not_seen_it() -> None:
    texts, labels, *_ = by_chance()
    result = fitted(Labelled(texts, labels), linear="on", min_count=1, epochs=60, learning_rate=0.02)
    assert sorted(np.concatenate([part.texts for part in result.held_out]).tolist()) == list(range(60))
    for part in result.held_out:
        held = [texts[number] for number in part.texts]
        # A model that has seen a text knows its number, which no other text has.
        assert not any(f"n{number}" in part.model.vocabulary.words() for number in part.texts)
        again = Predictor(part.model).all_probabilities(held)
        np.testing.assert_allclose(part.probabilities, again, atol=1e-5)
        assert part.answers() == [Predictor(part.model).choose(row) for row in part.probabilities]


def test_a_part_is_calibrated_by_the_others() -> None:
    """Its own labels may be turned round, and its figures' calibration stays; that of the model does not."""
    random = np.random.default_rng(0)
    run: Any = SimpleNamespace(model=SimpleNamespace(settings={"metric": "accuracy"}, labels=("no", "yes")))

    def part() -> OutOfFold:
        logits = random.normal(size=(2, 50, 2)).astype(np.float32)
        targets = np.eye(2, dtype=np.float32)[logits[0].argmax(axis=1)]
        return OutOfFold(np.arange(50), *logits, targets, np.ones(50), run, Likeness(*np.zeros((4, 50))), targets)

    folds = [part(), part(), part()]
    turned = folds[2]._replace(targets=folds[2].targets[:, ::-1], learned=folds[2].learned[:, ::-1])
    before, after = CrossFit(folds, False, False), CrossFit([*folds[:2], turned], False, False)
    assert before.calibration(without=folds[2]).join == after.calibration(without=turned).join
    assert before.calibration().join != after.calibration().join
    alone = CrossFit(folds[:1], False, False)
    assert alone.calibration(without=folds[0]).join == alone.calibration().join
