"""How one network learns: batches, the optimiser of word vectors, weights of classes, the loop and its troubles."""

import numpy as np
import pytest
import torch
from small_training import TEXTS, Heard

from textcnn import TextCNNClassifier
from textcnn.errors import SettingsError
from textcnn.settings import Settings, settled
from textcnn.text.lexicon import encode
from textcnn.training.batches import batches
from textcnn.training.class_weights import class_weights
from textcnn.training.events import TrainingEvent
from textcnn.training.loop import Trainer, TrainingPart
from textcnn.training.network.channels import Channels
from textcnn.training.network.model import Shape, TextCNN
from textcnn.training.optimizer import Adam

# The optimiser


@pytest.mark.parametrize("by_loops", [True, False])
@pytest.mark.parametrize("rows", [None, torch.arange(5)])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_adam_is_torch_s_when_all_rows_are_touched(rows: torch.Tensor | None, decay: float, by_loops: bool) -> None:
    torch.manual_seed(0)
    table = torch.randn(5, 3)
    reference = table.clone().requires_grad_()
    ours, theirs = Adam(table, decay), torch.optim.AdamW([reference], lr=0.1, weight_decay=decay)
    ours.loops = ours.loops if by_loops else None
    for _ in range(10):
        reference.grad = torch.randn(5, 3)
        ours.step(reference.grad, 0.1, rows)
        theirs.step()
    torch.testing.assert_close(table, reference.detach())


def test_only_touched_rows_change() -> None:
    table = torch.zeros(4, 2)
    Adam(table).step(torch.ones(2, 2), 0.1, torch.tensor([1, 3]))
    assert table[[0, 2]].eq(0).all() and table[[1, 3]].ne(0).all()


# Batches


def test_batches_hold_every_text_once_with_its_own_words() -> None:
    ragged = encode(["a b a", "", "c", "b c d"], max_words=9).ragged
    seen = []
    for batch in batches(ragged, 3, random=np.random.default_rng(0)):
        for place, text in enumerate(batch.texts):
            words = batch.distinct[batch.words[batch.starts[place] : batch.starts[place + 1]]]
            assert words.tolist() == ragged.take(np.array([text])).words.tolist()
            seen.append(int(text))
    assert sorted(seen) == [0, 1, 2, 3]


# Weights of classes


# Weights of classes


def test_a_class_whose_weight_is_0_is_not_learned_but_the_others_are() -> None:
    """A batch may hold nothing but such texts."""
    texts = [f"word{number % 5} of a" for number in range(10)] + [f"other{number % 5} of b" for number in range(10)]
    labels = ["a"] * 10 + ["b"] * 10
    values = {
        "vectors": "none",
        "filters": 4,
        "dimensions": 6,
        "widths": (1,),
        "batch_size": 1,
        "epochs": 3,
        "quality": "fast",
    }
    heard = Heard()
    model = TextCNNClassifier(**values, class_weight="a=0").fit(texts, labels, callback=heard)
    assert not any(event.note for event in heard.of("epoch"))
    assert model.predict(texts).tolist() == ["b"] * 20
    with pytest.raises(SettingsError, match="all weights are 0"):
        TextCNNClassifier(**values, class_weight="a=0,b=0").fit(texts, labels)


def test_class_weights_are_one_balanced_or_as_given() -> None:
    targets = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], np.float32)
    assert class_weights("none", ["a", "b"], targets).tolist() == [1, 1]
    assert class_weights("balanced", ["a", "b"], targets) == pytest.approx([4 / 6, 2])
    assert class_weights("b=2.5", ["a", "b"], targets).tolist() == [1, 2.5]
    assert class_weights('{"a": 3}', ["a", "b"], targets).tolist() == [3, 1]
    assert class_weights({"a": 2}, ["a", "b"], targets).tolist() == [2, 1]
    for wrong in ("c=1", "heavy", "a=x", "{", "a=nan", "a=-1"):
        with pytest.raises(SettingsError, match="class_weight"):
            class_weights(wrong, ["a", "b"], targets)


# The loop


def a_trainer(settings: Settings) -> tuple[Trainer, TrainingPart]:
    generator = torch.Generator().manual_seed(settings.seed)
    encoded = encode(TEXTS, max_words=99)
    targets = np.eye(2, dtype=np.float32)[[0] * 5 + [1] * 5]
    channels = Channels(torch.randn(len(encoded.surfaces), 8, generator=generator), settings.channels)
    shape = Shape(dimensions=channels.dimensions, labels=2, widths=(1, 2), filters=8)
    network = TextCNN(shape, dropout=0.2, generator=generator)
    settings = settled(settings, 2)
    trainer = Trainer(network, channels, settings, weights=np.ones(2, np.float32), multi_label=False)
    return trainer, TrainingPart(encoded.ragged, targets, np.ones(10, np.float32))


@pytest.mark.parametrize("channels", ["trained", "static", "both", "random"])
def test_the_loop_yields_events_and_learns(channels: str) -> None:
    trainer, part = a_trainer(Settings(epochs=30, batch_size=4, channels=channels, learning_rate=0.02))
    rows = list(trainer.events(part, part))
    epochs = [row for row in rows if row.kind == "epoch"]
    assert len(epochs) == 30
    assert [row.batch for row in rows if row.kind == "batch"][:4] == [1, 2, 3, 1]
    assert epochs[-1].loss < 0.5 * epochs[0].loss
    trainer.restore()
    assert trainer.validate(part)[1] == max(row.score for row in epochs) == 1


@pytest.mark.parametrize(("adversarial", "worsened"), [(0.6, 4), (0.0, 0)])
def test_every_second_batch_is_learned_from_made_worse_too(
    adversarial: float, worsened: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer, part = a_trainer(Settings(epochs=3, batch_size=4, adversarial=adversarial))  # 9 batches
    made, worsen = [], trainer._worsened
    monkeypatch.setattr(trainer, "_worsened", lambda *given: made.append(given) or worsen(*given))
    list(trainer.events(part, part))
    assert len(made) == worsened


def test_static_vectors_stay_and_trained_ones_move() -> None:
    trainer, part = a_trainer(Settings(epochs=3, channels="both"))
    assert trainer.channels.static is not None and trainer.channels.trained is not None
    before = trainer.channels.static.clone()
    list(trainer.events(part, part))
    assert trainer.channels.static.equal(before)
    assert not trainer.channels.trained.equal(before)


def test_the_loss_at_the_start_is_that_of_not_knowing() -> None:
    trainer, part = a_trainer(Settings())
    trainer.network.output.weight.data.zero_()
    trainer.network.output.bias.data.zero_()
    assert trainer.validate(part)[0] == pytest.approx(np.log(2), abs=1e-5)


def test_the_best_checkpoint_comes_back() -> None:
    trainer, part = a_trainer(Settings(epochs=30, batch_size=4, learning_rate=0.01))
    list(trainer.events(part, part))
    loss, score = trainer.validate(part)
    trainer.network.output.weight.data.zero_()
    trainer.restore()
    assert trainer.validate(part) <= (loss, score)


@pytest.mark.parametrize("rate", [100.0, 1e6])
def test_a_diverging_loss_lowers_the_rate_and_says_so(rate: float) -> None:
    settings = Settings(epochs=20, batch_size=4, learning_rate=rate, vector_learning_rate=rate)
    trainer, part = a_trainer(settings)
    epochs = [row for row in trainer.events(part, part) if row.kind == "epoch"]
    assert any("diverged" in row.note for row in epochs)
    assert trainer.rate < 1
    assert all(torch.isfinite(weight).all() for weight in trainer.network.state_dict().values())


def test_weights_decay_and_biases_do_not() -> None:
    trainer, _ = a_trainer(Settings(weight_decay=0.5))
    decays = {(weight.ndim > 1, optimizer.weight_decay) for weight, optimizer in trainer.optimizers}
    assert decays == {(True, 0.5), (False, 0.0)}


def test_output_weights_keep_their_norm() -> None:
    trainer, part = a_trainer(Settings(epochs=20, learning_rate=0.1, max_norm=0.5))
    list(trainer.events(part, part))
    assert trainer.network.output.weight.norm(dim=1).max() <= 0.5 + 1e-5


def test_labels_smoothed_to_the_end_say_nothing_but_the_prior() -> None:
    trainer, _ = a_trainer(Settings())
    logits = torch.tensor([[2.0, 2.0]])
    loss = trainer._loss(logits, np.array([[1, 0]], np.float32), np.ones(1, np.float32), smooth=True)
    assert float(loss) == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("texts", "labels", "epochs", "fast"),
    [
        (10, 2, 200, 200),
        (100, 2, 160, 160),
        (700, 2, 23, 23),
        (3000, 2, 10, 8),
        (10_000, 2, 5, 4),
        (10**6, 2, 4, 4),
        (700, 3, 46, 46),
        (10_000, 3, 10, 8),
    ],
)
def test_the_fewer_texts_the_more_epochs(texts: int, labels: int, epochs: int, fast: int) -> None:
    channels = Channels(torch.zeros(3, 4), "trained")
    network = TextCNN(Shape(dimensions=4, labels=labels, widths=(1,), filters=2))

    def planned(settings: Settings, *, afresh: bool = False) -> int:
        weights = np.ones(labels, np.float32)
        return Trainer(network, channels, settings, weights=weights, multi_label=False, afresh=afresh).epochs(texts)

    assert planned(Settings()) == epochs
    assert planned(Settings(quality="fast")) == fast
    if epochs < 100 and texts < 10**5:
        assert abs(planned(Settings(), afresh=True) - 2 * epochs) <= 1, "words of which nothing is known take longer"


def test_fewer_epochs_suit_if_the_held_out_loss_was_least_long_before_the_end() -> None:
    trainer, _ = a_trainer(Settings())

    def suiting(texts: int, least: int) -> float:
        losses = [abs(number - least) / 10 for number in range(1, 21)]
        history = [
            TrainingEvent("epoch", epoch=number, epochs=20, validation_loss=loss)
            for number, loss in enumerate(losses, 1)
        ]
        return 20 * trainer.suiting(texts, history)

    assert [suiting(4000, least) for least in (1, 4, 9, 10, 20)] == [2, 6, 13.5, 20, 20]
    assert suiting(1000, 2) == 8 and suiting(500, 2) == 20  # few texts held out say little
