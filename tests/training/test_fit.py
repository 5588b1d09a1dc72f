"""How a network learns: the split, the optimiser of word vectors, the loop, and what it does in trouble."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from textcnn import TextCNNClassifier
from textcnn.errors import SettingsError, TrainingError
from textcnn.model.file import write_model
from textcnn.model.linear import Join
from textcnn.model.model import Model
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings, settled
from textcnn.text.lexicon import encode
from textcnn.training.batches import batches
from textcnn.training.calibration import Calibration
from textcnn.training.class_weights import class_weights
from textcnn.training.fit import Labelled, Measured, fit
from textcnn.training.folds import deal, hold_out, splits
from textcnn.training.loop import Epoch, Step, Trainer, TrainingPart
from textcnn.training.network.channels import Channels
from textcnn.training.network.model import Shape, TextCNN
from textcnn.training.optimizer import Adam

TEXTS = [
    *("win a free prize now", "free cash for you", "claim your prize", "you have won cash", "free entry, text win"),
    *("see you at lunch", "are you home yet", "call me when you can", "lunch at noon then", "I am on my way"),
]
LABELS = [("spam",)] * 5 + [("ham",)] * 5


# The split


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=1),
    st.floats(0.01, 0.9),
    st.integers(0, 5),
)
def test_no_text_is_on_both_sides_and_none_is_lost(rows: list[tuple[int, int]], share: float, seed: int) -> None:
    texts, strata = [text for text, _ in rows], [stratum for _, stratum in rows]
    learn, held = hold_out(texts, strata, share, np.random.default_rng(seed))
    assert sorted([*learn, *held]) == list(range(len(rows)))
    assert not {texts[row] for row in learn} & {texts[row] for row in held}
    assert len(learn)


def test_the_split_is_stratified() -> None:
    strata = [0] * 900 + [1] * 100
    _, held = hold_out(range(1000), strata, 0.1, np.random.default_rng(0))
    assert np.bincount(np.array(strata)[held]).tolist() == [90, 10]


def test_a_label_with_one_text_is_learned_from() -> None:
    learn, held = hold_out(["a", "b", "c"], ["x", "x", "single"], 0.5, np.random.default_rng(0))
    assert 2 in learn and len(held) == 1


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=1),
    st.integers(2, 4),
    st.integers(0, 5),
)
def test_each_text_is_held_out_once_and_never_beside_its_copy(
    rows: list[tuple[int, int]], parts: int, seed: int
) -> None:
    texts, strata = [text for text, _ in rows], [stratum for _, stratum in rows]
    dealt = deal(texts, strata, parts, np.random.default_rng(seed))
    assert 1 <= len(dealt) <= parts
    for learn, held in dealt:
        assert sorted([*learn, *held]) == list(range(len(rows))) and len(learn)
        assert not {texts[row] for row in learn} & {texts[row] for row in held}
    held_out = [row for _, held in dealt for row in held]
    assert len(held_out) == len(set(held_out))
    first_of = {text: row for row, text in reversed(list(enumerate(texts)))}
    alone = Counter(strata[row] for row in first_of.values())
    assert set(held_out) == {row for row, text in enumerate(texts) if alone[strata[first_of[text]]] > 1}


def test_the_parts_are_stratified() -> None:
    strata = [0] * 900 + [1] * 30
    for _, held in deal(range(930), strata, 3, np.random.default_rng(0)):
        assert np.bincount(np.array(strata)[held]).tolist() == [300, 10]


def test_of_few_texts_each_third_is_held_out_of_many_or_of_those_of_a_model_trained_once_a_tenth() -> None:
    def sizes(count: int, **values: Any) -> list[int]:
        settings = settled(Settings(**values), 2)
        return [len(held) for _, held in splits([str(n) for n in range(count)], [0, 1] * (count // 2), settings)]

    assert sizes(60) == sizes(60, quality="best") == [20, 20, 20]
    assert sizes(60, quality="fast") == sizes(60, refit="off") == [6]
    assert sizes(60, validation_share=0.2) == [12]
    assert sizes(6_010) == [600]
    long = [f"{'word ' * 400_000}{number}" for number in range(12)]
    assert [len(held) for _, held in splits(long, [0] * 12, settled(Settings(), 2))] == [1]


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


def test_a_class_whose_weight_is_0_is_not_learned_but_the_others_are() -> None:
    """A batch may hold nothing but such texts."""
    texts = [f"word{number % 5} of a" for number in range(30)] + [f"other{number % 5} of b" for number in range(30)]
    labels = ["a"] * 30 + ["b"] * 30
    values = {"vectors": "none", "filters": 4, "dimensions": 6, "widths": (1,), "batch_size": 1, "epochs": 3}
    notes: list[str] = []
    model = TextCNNClassifier(**values, class_weight="a=0").fit(
        texts, labels, callback=lambda row: bool(getattr(row, "note", "") and notes.append(row.note))
    )
    assert not notes
    assert model.predict(texts).tolist() == ["b"] * 60
    with pytest.raises(SettingsError, match="all weights are 0"):
        TextCNNClassifier(**values, class_weight="a=0,b=0").fit(texts, labels)


def test_class_weights() -> None:
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
    torch.manual_seed(settings.seed)
    encoded = encode(TEXTS, max_words=99)
    targets = np.eye(2, dtype=np.float32)[[0] * 5 + [1] * 5]
    channels = Channels(torch.randn(len(encoded.surfaces), 8), settings.channels)
    network = TextCNN(Shape(dimensions=channels.dimensions, labels=2, widths=(1, 2), filters=8), dropout=0.2)
    trainer = Trainer(network, channels, settings, weights=np.ones(2, np.float32), multi_label=False)
    return trainer, TrainingPart(encoded.ragged, targets)


@pytest.mark.parametrize("channels", ["trained", "static", "both", "random"])
def test_the_loop_yields_rows_and_learns(channels: str) -> None:
    trainer, part = a_trainer(Settings(epochs=60, batch_size=4, channels=channels, learning_rate=0.01))
    rows = list(trainer.rows(part, part))
    epochs = [row for row in rows if isinstance(row, Epoch)]
    assert len(epochs) == 60
    assert [row.batch for row in rows if isinstance(row, Step)][:4] == [1, 2, 3, 1]
    assert epochs[-1].loss < 0.5 * epochs[0].loss
    trainer.restore()
    assert trainer.validate(part)[1] == max(row.score for row in epochs) == 1


def test_static_vectors_stay_and_trained_ones_move() -> None:
    trainer, part = a_trainer(Settings(epochs=3, channels="both"))
    assert trainer.channels.static is not None and trainer.channels.trained is not None
    before = trainer.channels.static.clone()
    list(trainer.rows(part, part))
    assert trainer.channels.static.equal(before)
    assert not trainer.channels.trained.equal(before)


def test_the_loss_at_the_start_is_that_of_not_knowing() -> None:
    trainer, part = a_trainer(Settings())
    trainer.network.output.weight.data.zero_()
    trainer.network.output.bias.data.zero_()
    assert trainer.validate(part)[0] == pytest.approx(np.log(2), abs=1e-5)


def test_best_weights_come_back() -> None:
    trainer, part = a_trainer(Settings(epochs=30, batch_size=4, learning_rate=0.01))
    list(trainer.rows(part, part))
    loss, score = trainer.validate(part)
    trainer.network.output.weight.data.zero_()
    trainer.restore()
    assert trainer.validate(part) <= (loss, score)


@pytest.mark.parametrize("rate", [100.0, 1e6])
def test_a_diverging_loss_lowers_the_rate_and_says_so(rate: float) -> None:
    settings = Settings(epochs=40, batch_size=4, learning_rate=rate, vector_learning_rate=rate)
    trainer, part = a_trainer(settings)
    epochs = [row for row in trainer.rows(part, part) if isinstance(row, Epoch)]
    assert any("diverged" in row.note for row in epochs)
    assert trainer.rate < 1
    assert all(torch.isfinite(weight).all() for weight in trainer.network.state_dict().values())


def test_weights_decay_and_biases_do_not() -> None:
    trainer, _ = a_trainer(Settings(weight_decay=0.5))
    decays = {(weight.ndim > 1, optimizer.weight_decay) for weight, optimizer in trainer.optimizers}
    assert decays == {(True, 0.5), (False, 0.0)}


def test_output_weights_keep_their_norm() -> None:
    trainer, part = a_trainer(Settings(epochs=20, learning_rate=0.1, max_norm=0.5))
    list(trainer.rows(part, part))
    assert trainer.network.output.weight.norm(dim=1).max() <= 0.5 + 1e-5


def test_labels_smoothed_to_the_end_teach_nothing_but_the_prior() -> None:
    trainer, _ = a_trainer(Settings())
    logits = torch.tensor([[2.0, 2.0]])
    loss = trainer._loss(logits, np.array([[1, 0]], np.float32), smooth=True)
    assert float(loss) == pytest.approx(np.log(2))


# From texts to a model


def quick(**values: object) -> Settings:
    return Settings(**{"vectors": "none", "filters": 8, "epochs": 4, "dimensions": 8, **values})  # type: ignore[arg-type]


def by_chance() -> Labelled:
    """What one of these texts is says nothing about another."""
    random = np.random.default_rng(0)
    words = random.integers(0, 20, (60, 4))
    texts = [f"n{number} " + " ".join(f"w{word}" for word in row) for number, row in enumerate(words)]
    return Labelled(texts, [(("ham", "spam")[chosen],) for chosen in random.integers(0, 2, len(texts))])


def test_seed_data_and_threads_fix_every_weight(tmp_path) -> None:
    for threads in (1, 2):
        files = []
        for attempt in range(2):
            path = tmp_path / f"{threads}-{attempt}.textcnn"
            model = fit(
                Labelled(TEXTS, LABELS),
                classes=["ham", "spam"],
                multi_label=False,
                settings=quick(threads=threads),
                callback=lambda row: False,
            )
            write_model(model, path)
            files.append(path.read_bytes())
        assert files[0] == files[1]


def test_stopping_early_keeps_the_best_so_far() -> None:
    seen = []
    model = fit(
        Labelled(TEXTS, LABELS),
        classes=["ham", "spam"],
        multi_label=False,
        settings=quick(epochs=50),
        callback=lambda row: bool(seen.append(row)) or len(seen) > 3,
    )
    assert [type(row) for row in seen[4:]] == [Measured]  # nothing is learned any more
    assert len(model.figures["curve"]) <= 2


def test_at_the_end_it_learns_from_all_texts() -> None:
    def learn(**values: object) -> tuple[list[str], Model]:
        seen: list[object] = []
        model = fit(
            Labelled(TEXTS, LABELS),
            classes=["ham", "spam"],
            multi_label=False,
            settings=quick(**values),
            callback=lambda row: bool(seen.append(row)),
        )
        return [row for row in seen if isinstance(row, str)], model

    notes, model = learn()
    assert notes == ["the same again without another third of the texts"] * 2 + ["the same again with all texts"]
    tenth, model = learn(validation_share=0.1)
    assert tenth == ["the same again with all texts"]
    single, other = learn(validation_share=0.1, refit="off")
    assert not single and len(other.vocabulary) <= len(model.vocabulary)


def test_the_model_is_calibrated_on_answers_to_all_texts_and_its_first_part_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each answer is of a model that had not seen the text: by heart all would be right here, by chance half."""
    calibrated: list[int] = []

    def of(network: Any, linear: Any, targets: Any, *, multi_label: bool) -> Calibration:
        calibrated.append(len(targets))
        assert (network.argmax(axis=1) == targets.argmax(axis=1)).mean() < 0.8
        return Calibration(Join(2.0, 0.0))

    monkeypatch.setattr(Calibration, "of", of)
    measured: list[Measured] = []
    texts, labels = noise = by_chance()
    model = fit(
        noise,
        classes=["ham", "spam"],
        multi_label=False,
        settings=quick(linear="off", min_count=1, epochs=60, learning_rate=0.02),
        callback=lambda row: bool(isinstance(row, Measured) and measured.append(row)),
    )
    assert calibrated == [60] and model.join == Join(2.0, 0.0)
    assert len(measured[0].texts) == model.figures["validation"]["count"] == 20
    answers = Predictor(model).all_probabilities(texts).argmax(axis=1)
    assert np.mean([model.labels[answer] == own for answer, (own,) in zip(answers, labels, strict=True)]) > 0.9


@pytest.mark.parametrize(("values", "last"), [({}, True), ({"quality": "fast"}, False), ({"patience": 1}, False)])
def test_weights_of_the_last_pass_are_kept_if_the_model_learns_again(values: dict[str, Any], last: bool) -> None:
    """What is kept of the part that is judged is what the whole will be; else, or if it ended early, the best."""
    model = fit(
        by_chance(),
        classes=["ham", "spam"],
        multi_label=False,
        settings=quick(epochs=9, learning_rate=0.1, **values),
        callback=lambda row: False,
    )
    curve, kept = model.figures["curve"], model.figures["kept"]
    best = 1 + max(range(len(curve)), key=lambda epoch: (curve[epoch][2], -curve[epoch][1]))
    assert best < len(curve) and kept == (len(curve) if last else best)


def test_nothing_to_learn_from() -> None:
    with pytest.raises(TrainingError, match="empty"):
        fit(
            Labelled(["", " "], [("a",), ("b",)]),
            classes=["a", "b"],
            multi_label=False,
            settings=quick(),
            callback=lambda row: False,
        )


# Several networks


def test_several_networks_are_averaged_and_each_differs() -> None:
    texts, labels = ["free prize now", "see you soon", "win a prize", "lunch at noon"] * 8, ["spam", "ham"] * 16
    notes: list[str] = []

    def callback(row: object) -> bool:
        notes.extend([row] if isinstance(row, str) else [])
        return False

    model = (
        TextCNNClassifier(networks=3, vectors="none", filters=4, epochs=2, linear="off")
        .fit(texts, labels, callback=callback)
        .model_
    )
    assert len(model.members) == 3 and notes.count("network 2 of 3") == 4
    first, second, third = (member.network.filters[0] for member in model.members)
    assert not np.array_equal(first, second) and not np.array_equal(second, third)
    encoded = encode(["free lunch"], 9)
    each = [Predictor(replace(model, members=(member,))).network_logits(encoded) for member in model.members]
    np.testing.assert_allclose(Predictor(model).network_logits(encoded), np.mean(each, axis=0), rtol=1e-5)


def test_a_network_that_was_stopped_before_its_first_pass_ended_says_nothing() -> None:
    notes: list[str] = []

    def callback(row: object) -> bool:
        notes.extend([row] if isinstance(row, str) else [])
        return "network 2 of 2" in notes and isinstance(row, Step)

    settings = quick(networks=2, refit="off", epochs=9)
    model = fit(
        Labelled(TEXTS, LABELS), classes=["ham", "spam"], multi_label=False, settings=settings, callback=callback
    )
    assert len(model.members) == 1


def test_validation_texts_of_several_labels_none_of_which_is_known_are_left_out() -> None:
    notes: list[str] = []
    multi_label = [("ham", "x")[: 1 + number % 2] if own == ("ham",) else own for number, own in enumerate(LABELS)]
    model = fit(
        Labelled(TEXTS, multi_label),
        classes=["ham", "spam", "x"],
        multi_label=True,
        settings=quick(),
        validation=Labelled(["free z", "no label", "lunch now"], [("z", "y"), (), ("ham", "z")]),
        callback=lambda row: bool(isinstance(row, str) and notes.append(row)),
    )
    assert "1 of 3 validation texts have a label that no training text has and are left out" in notes
    assert model.figures["validation"]["count"] == 2


def test_what_inspect_would_need_is_left_out_if_it_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textcnn.training.fit.MOST_BYTES", 10)
    notes: list[object] = []
    labelled = Labelled(TEXTS, LABELS)
    model = fit(
        labelled,
        classes=["ham", "spam"],
        multi_label=False,
        settings=quick(),
        callback=lambda row: bool(notes.append(row)),
    )
    assert model.packed_interpretation is None
    assert "so many filters have learned more than a model can keep for textcnn inspect" in notes


def test_quality_says_how_many_networks_and_whether_they_learn_again() -> None:
    texts, labels = ["free prize now", "see you soon", "win a prize", "lunch at noon"] * 8, ["spam", "ham"] * 16
    small: dict[str, Any] = {"vectors": "none", "filters": 2, "epochs": 1, "linear": "off"}
    told: dict[str, list[str]] = {"fast": [], "good": [], "best": []}
    for quality, notes in told.items():
        model = TextCNNClassifier(quality=quality, **small).fit(
            texts, labels, callback=lambda row, notes=notes: bool(isinstance(row, str) and notes.append(row))
        )
        assert len(model.model_.members) == (2 if quality == "best" else 1)
    again = "the same again with all texts"
    assert [again in notes for notes in told.values()] == [False, True, True]


@pytest.mark.parametrize(
    ("texts", "labels", "passes", "fast"),
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
def test_the_fewer_texts_the_more_passes(texts: int, labels: int, passes: int, fast: int) -> None:
    channels = Channels(torch.zeros(3, 4), "trained")
    network = TextCNN(Shape(dimensions=4, labels=labels, widths=(1,), filters=2))

    def planned(settings: Settings, *, afresh: bool = False) -> int:
        weights = np.ones(labels, np.float32)
        return Trainer(network, channels, settings, weights=weights, multi_label=False, afresh=afresh).passes(texts)

    assert planned(Settings()) == passes
    assert planned(Settings(quality="fast")) == fast
    if passes < 100 and texts < 10**5:
        assert abs(planned(Settings(), afresh=True) - 2 * passes) <= 1, "words of which nothing is known take longer"


def test_fewer_passes_suit_if_the_loss_of_texts_held_out_was_least_long_before_the_end() -> None:
    trainer, _ = a_trainer(Settings())

    def suiting(texts: int, least: int) -> float:
        losses = [abs(number - least) / 10 for number in range(1, 21)]
        history = [Epoch(number, 20, 0.1, loss, 0.5, 1.0, True, "") for number, loss in enumerate(losses, 1)]
        return 20 * trainer.suiting(texts, history)

    assert [suiting(4000, least) for least in (1, 4, 9, 10, 20)] == [2, 6, 13.5, 20, 20]
    assert suiting(1000, 2) == 8 and suiting(500, 2) == 20  # few texts held out say little


def test_what_was_learned_by_heart_is_learned_again_in_fewer_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textcnn.training.loop._SEEN_OF_FEW", 400)

    def learn(**values: Any) -> tuple[list[str], Model]:
        notes: list[str] = []
        model = fit(
            by_chance(),
            classes=["ham", "spam"],
            multi_label=False,
            settings=quick(learning_rate=0.02, **{"epochs": 0, "linear": "off", **values}),
            callback=lambda row: bool(isinstance(row, str) and notes.append(row)),
        )
        return [note for note in notes if "passes" in note], model

    notes, model = learn()
    assert notes == ["the loss of the texts held out grew in the end: the same again in fewer passes"]
    assert len(model.figures["curve"]) == model.figures["kept"] == 10
    for asked in ({"epochs": 20}, {"patience": 12}, {"quality": "fast"}):
        notes, model = learn(**asked)
        assert not notes and len(model.figures["curve"]) > 12


def test_what_is_left_to_the_data_and_to_quality_is_settled_once() -> None:
    assert [settled(Settings(), labels).filters for labels in (2, 50, 51)] == [100, 100, 200]
    given = settled(Settings(quality="best", filters=3, networks=4), 100)
    assert (given.filters, given.networks) == (3, 4)


# What goes into the model


def test_of_very_many_words_those_met_once_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for so few, words met once make way for the table's frequent ones; the answers go on."""
    texts = ["free film tonight", "free film again zyzzyva", "good lunch tomorrow", "good lunch quokkas"] * 2
    texts += ["wonderful sparrows", "terrible umbrellas"]
    labels = ["a", "a", "b", "b"] * 2 + ["a", "b"]
    small: dict[str, Any] = {"filters": 2, "epochs": 1, "linear": "off", "refit": "off", "keep_words": 5}
    usual = TextCNNClassifier(**small).fit(texts, labels).model_
    monkeypatch.setattr("textcnn.training.export._MOST_BYTES", 14 * (256 + 20))
    less = TextCNNClassifier(**small).fit(texts, labels).model_
    assert "sparrows" in usual.vocabulary.words() and "sparrows" not in less.vocabulary.words()
    assert {"film", "lunch", "the", ","} <= set(less.vocabulary.words()) and len(less.vocabulary) <= 14
    assert len(less.members[0].trained.scales) + 5 >= len(less.vocabulary)
    assert Predictor(less).probabilities(["free sparrows", "the lunch"]).shape == (2, 2)
    monkeypatch.undo()
    greedy = TextCNNClassifier(**{**small, "keep_words": 1_000_000}).fit(texts, labels).model_
    assert {"sparrows", "zyzzyva"} <= set(greedy.vocabulary.words())
