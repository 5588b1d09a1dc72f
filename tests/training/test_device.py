"""Where there is a GPU, training on it gives what the processor gives; a model does not say where it was trained."""

import numpy as np
import pytest
import torch
from dense import POOLINGS, a_case

from textcnn import TextCNNClassifier, load
from textcnn.errors import SettingsError
from textcnn.model.bank import Pooling
from textcnn.training.network.convolution import GroupedBatch, pool

THERE = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
on_each_gpu = pytest.mark.parametrize("device", [name for name, there in THERE.items() if there])
TEXTS = ["win a free prize now", "see you at lunch", "free cash prize now", "lunch at noon then"] * 10
LABELS = ["spam", "ham"] * 20


@on_each_gpu
@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_same_features_and_gradients(device: str, pooling: Pooling) -> None:
    case = a_case((1, 2, 3), [0, 1, 5, 2, 9, 30])
    found = []
    for where in ("cpu", device):
        learned = [each.detach().float().to(where).requires_grad_() for each in case.inputs]
        words, starts = case.words.to(where), case.starts.to(where)
        batch = GroupedBatch.of(words, starts, len(case.vectors), case.bank.widest)
        features = pool(learned[0], learned[1], learned[2], batch, case.bank, pooling)
        gradients = torch.autograd.grad(features.square().sum(), learned)
        found.append([each.cpu() for each in (features, *gradients)])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@on_each_gpu
@pytest.mark.parametrize("channels", ["trained", "static", "both"])
def test_training_there_gives_a_model_that_answers_here(device: str, channels: str, tmp_path) -> None:
    model = TextCNNClassifier(device=device, channels=channels, vectors="none", filters=8, epochs=20)
    model.fit(TEXTS, LABELS).save(tmp_path / "m.textcnn")
    again = load(tmp_path / "m.textcnn")
    assert again.predict(["free prize", "lunch at noon"]).tolist() == ["spam", "ham"]
    np.testing.assert_array_equal(again.predict_proba(TEXTS), model.predict_proba(TEXTS))


@pytest.mark.parametrize("device", [name for name, there in THERE.items() if not there])
def test_a_device_that_is_not_there_is_named(device: str) -> None:
    with pytest.raises(SettingsError, match=f"there is no {device} on this machine; use --device cpu"):
        TextCNNClassifier(device=device, vectors="none", epochs=1).fit(TEXTS, LABELS)


def test_without_a_gpu_auto_is_the_processor() -> None:
    small = {"vectors": "none", "filters": 4, "epochs": 2, "linear": "off"}
    if not THERE["cuda"]:
        found = [TextCNNClassifier(device=device, **small).fit(TEXTS, LABELS) for device in ("auto", "cpu")]
        np.testing.assert_array_equal(found[0].predict_proba(TEXTS), found[1].predict_proba(TEXTS))
