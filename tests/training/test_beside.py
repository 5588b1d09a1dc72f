"""The sentence encoder beside networks: a member of the ensemble, whose last layer is learned from the same texts."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_training import LABELS, TEXTS, questions

from textcnn.encoder import SentenceEncoder
from textcnn.errors import ModelFileError
from textcnn.insight.explain import explain
from textcnn.labels import indicator
from textcnn.model.file import FORMAT, PLAIN, read_model, write_model
from textcnn.model.model import Model
from textcnn.model.predictor import Predictor
from textcnn.settings import MOST_NETWORKS, Settings
from textcnn.storage.atomic import written_whole
from textcnn.storage.tensor_file import read_tensors, write_tensors
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Encoded, Ragged
from textcnn.training.beside import may_stand, standing, weighted
from textcnn.training.fit import fit
from textcnn.training.task import Labelled, Task
from textcnn.vectors.loading import open_vectors

OTHERS = ["a free lunch at home", "", "zzxqv", "the prize is cash, call now", "see you later then"]


def learned(texts: list[str] = TEXTS, labels: list[tuple[str, ...]] = LABELS, **values: Any) -> Model:
    classes = sorted({label for own in labels for label in own})
    small = {"filters": 4, "epochs": 2, "linear": "off", "refit": "off", "keep_words": 50, "keep_ngrams": "off"}
    settings = Settings(**{**small, **values})
    several = any(len(own) != 1 for own in labels)
    return fit(Labelled(texts, labels), classes=classes, multi_label=several, settings=settings).model


@pytest.mark.parametrize(
    ("texts", "words", "quality", "stands"),
    [
        (300, 20, "fast", True),
        (300, 5_000, "good", True),
        (2_000, 800, "fast", True),
        (2_001, 20, "good", True),
        (2_001, 20, "fast", False),
        (2_001, 120, "good", False),
        (7_001, 5, "good", False),
    ],
)
def test_it_stands_beside_networks_of_few_texts_however_long_they_are(
    texts: int, words: int, quality: str, stands: bool
) -> None:
    ragged = Ragged(np.empty(0, np.int32), words * np.arange(texts + 1))
    nothing = np.zeros((texts, 2), np.float32)
    task = Task(Encoded([], ragged), nothing, nothing[:, 0], "ab", Settings(quality=quality), False, nothing)
    assert may_stand(task, texts) == stands


@pytest.fixture(scope="module")
def both() -> Model:
    return learned(TEXTS * 3, LABELS * 3, keep_ngrams="on")


def test_its_filters_and_its_mean_of_words_are_members(both: Model) -> None:
    network, encoder, mean = (member.network for member in both.members)
    assert network.bank.filters == 4
    assert encoder.bank.filters > 100
    assert encoder.bank.widths == network.bank.widths
    assert (mean.pooling.kind, mean.bank.widths) == ("mean", (1,))


@pytest.mark.parametrize("by", ["what is asked", "what it is about"])
def test_labels_say_whether_it_heeds_what_questions_ask_for(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, labels = questions(by)
    both = learned(texts, labels)
    monkeypatch.setattr(SentenceEncoder, "asking", lambda self: self)
    usual = learned(texts, labels)
    layers = [[member.network.layers[0][0] for member in model.members[1:]] for model in (both, usual)]
    same = all(np.array_equal(*pair) for pair in zip(*layers, strict=True))
    assert same == (by == "what it is about")


def test_the_file_gives_the_same_answers(both: Model, tmp_path: Path) -> None:
    write_model(both, tmp_path / "both")
    read = Predictor(read_model(tmp_path / "both"))
    assert (read.probabilities(OTHERS) == Predictor(both).probabilities(OTHERS)).all()


def test_vectors_that_two_networks_share_stand_in_the_file_once(both: Model, tmp_path: Path) -> None:
    """Maxima and mean of the encoder see the same; a file of the older format cannot say so."""
    write_model(both, tmp_path / "both")
    metadata, tensors, *_ = read_tensors(tmp_path / "both")
    assert [f"{number}.trained.values" in tensors for number in range(3)] == [True, True, False]
    described = json.loads(metadata["textcnn"])
    assert (described["format"], described["shared"]) == (FORMAT, [2])
    again = read_model(tmp_path / "both")
    assert again.members[2].trained is again.members[1].trained
    write_model(again, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "both").read_bytes()
    for wrong in ({**described, "format": PLAIN}, {**described, "shared": []}, {**described, "shared": [1]}):
        with written_whole(tmp_path / "wrong") as file:
            write_tensors(file, {"textcnn": json.dumps(wrong)}, dict(tensors))
        with pytest.raises(ModelFileError, match=r"'2\.trained\.values' is missing"):
            read_model(tmp_path / "wrong")
    with written_whole(tmp_path / "wrong") as file:
        write_tensors(file, {"textcnn": json.dumps({**described, "shared": "2"})}, dict(tensors))
    with pytest.raises(ModelFileError, match="description is damaged"):
        read_model(tmp_path / "wrong")


def test_what_was_learned_can_be_read_again(both: Model, tmp_path: Path) -> None:
    """The nearest filter is one of the same network, of which the two have differently many."""
    write_model(both, tmp_path / "both")
    interpretation = read_model(tmp_path / "both").interpretation()
    assert interpretation is not None
    filters = interpretation.filters
    near = [(one, filters[one.nearest]) for one in filters if one.nearest >= 0]
    assert {one.network for one, _ in near} == {0, 1, 2}
    assert all(one.network == other.network and one.width == other.width for one, other in near)


@pytest.mark.parametrize("vectors", ["english", "shared"])
def test_compiled_loops_give_the_same_answers(vectors: str) -> None:
    """And say the same of how novel texts are, an empty one too."""
    model = learned(TEXTS * 3, LABELS * 3, vectors=vectors, linear="on")
    plain, ready = Predictor(model), Predictor(model, threads=1)
    ready.make_ready()
    assert ready._bulk is not None
    (answers, likeness), (expected, likeness_expected) = (one.all_judged(OTHERS) for one in (ready, plain))
    np.testing.assert_array_equal(answers, expected)
    np.testing.assert_allclose(likeness, likeness_expected, rtol=1e-6)


def test_contributions_add_up(both: Model) -> None:
    explanation = explain(Predictor(both), OTHERS[3], "spam")
    total = explanation.bias + sum(word.contribution for word in explanation.words)
    assert total == pytest.approx(explanation.logit, abs=1e-5)


@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_a_mean_of_words_stands_beside_networks_of_any_widths(tmp_path: Path, pooling: str) -> None:
    """That of the shared vectors is one: the file says so, and gives the same answers and explanations."""
    model = learned(TEXTS * 3, LABELS * 3, vectors="shared", widths=(2, 3), pooling=pooling, keep_ngrams="on")
    network, encoder = (member.network for member in model.members)
    assert (network.pooling.kind, network.bank.widths) == (pooling, (2, 3))
    assert (encoder.pooling.kind, encoder.bank.widths) == ("mean", (1,))
    write_model(model, tmp_path / "both")
    read = Predictor(read_model(tmp_path / "both"))
    assert (read.probabilities(OTHERS) == Predictor(model).probabilities(OTHERS)).all()
    filters = read.model.interpretation().filters
    assert len(filters) == network.bank.maps + encoder.bank.maps
    assert all(filters[one.nearest].network == one.network for one in filters if one.nearest >= 0)
    explanation = explain(read, OTHERS[3], "spam")
    total = explanation.bias + sum(word.contribution for word in explanation.words)
    assert total == pytest.approx(explanation.logit, abs=1e-5)


def test_to_a_mean_of_words_rare_ones_count_more() -> None:
    """Of the words of the texts it has vectors of its own, of the table's others their lengths."""
    model = learned(TEXTS * 3, LABELS * 3, vectors="shared")
    table = open_vectors("shared", say=print).table
    words = ["free", "at"]
    lengths = np.linalg.norm(list(model.vectors_of(model.members[-1], model.rows_of(words))), axis=1)
    found = [table.find(word).rows for word in words]
    ranks = np.array([1 + rows[0] for rows in found])
    expected = ranks / (ranks + 10_000) * np.linalg.norm([table.vector(rows) for rows in found], axis=1)
    np.testing.assert_allclose(lengths[0] / lengths[1], expected[0] / expected[1], rtol=0.05)
    others = np.array([model.first_static, len(model.vocabulary) - 1])
    of_network, of_encoder = (model.vectors(member, others) for member in model.members)
    ranks = np.array([1 + table.vocabulary.row(model.vocabulary.word(row)) for row in others.tolist()])
    np.testing.assert_allclose(of_encoder, of_network * (ranks / (ranks + 10_000))[:, None], rtol=1e-5)


def test_words_without_a_vector_say_nothing_to_it() -> None:
    """A word that is there often gets a vector that the network learns; the encoder does not know of it."""
    strange = [f"ẍẅẍ {text}" for text in TEXTS * 3]
    model = learned(strange, LABELS * 3)
    row = model.rows_of(["ẍẅẍ"])
    of_network, *of_encoder = (model.vectors_of(member, row) for member in model.members)
    assert np.any(of_network)
    assert not np.any(of_encoder)


def test_several_labels() -> None:
    labels = [own if number % 2 else (*own, "short") for number, own in enumerate(LABELS * 3)]
    model = learned(TEXTS * 3, labels)
    assert model.multi_label
    assert len(model.members) == 3


@pytest.mark.parametrize(
    "values",
    [{"frozen": "off"}, {"widths": (1, 2)}, {"channels": "static"}, {"hidden": (4,)}, {"vectors": "none"}],
    ids=lambda values: next(iter(values)),
)
def test_where_it_does_not_fit_networks_are_alone(values: dict[str, Any]) -> None:
    assert len(learned(TEXTS * 3, LABELS * 3, **values).members) == 1


def test_beside_as_many_networks_as_there_may_be_it_can_be_read(tmp_path: Path) -> None:
    model = learned(TEXTS * 3, LABELS * 3, networks=MOST_NETWORKS, filters=1, epochs=1)
    write_model(model, tmp_path / "many")
    assert len(read_model(tmp_path / "many").members) == MOST_NETWORKS + 2


@pytest.mark.parametrize(("worth", "members"), [(-99.0, 3), (0.999, 1)])
def test_of_many_texts_it_has_to_be_worth_its_time(monkeypatch: pytest.MonkeyPatch, worth: float, members: int) -> None:
    """As many as are called many here; the linear part, which knows some of it, is heard first."""
    monkeypatch.setattr("textcnn.training.networks.ALWAYS", len(TEXTS * 3) - 1)
    monkeypatch.setattr("textcnn.training.beside.ALWAYS", 10)
    monkeypatch.setattr("textcnn.training.beside._WORTH", worth)
    model = learned(TEXTS * 3, LABELS * 3, linear="on", refit="on")
    assert len(model.members) == members
    alone = learned(TEXTS * 3, LABELS * 3, linear="on", refit="on", frozen="off")
    if members == 1:
        assert (Predictor(model).probabilities(OTHERS) == Predictor(alone).probabilities(OTHERS)).all()


def test_it_stands_beside_several_networks_too() -> None:
    assert len(learned(TEXTS * 3, LABELS * 3, networks=2).members) == 4


def test_texts_without_labels_may_teach_it() -> None:
    notes: list[str] = []
    model = fit(
        Labelled(TEXTS * 3, LABELS * 3),
        classes=["ham", "spam"],
        multi_label=False,
        settings=Settings(filters=4, epochs=2, linear="off", keep_words=50, keep_ngrams="off"),
        callback=lambda event: notes.append(event.note) is not None,
        unlabelled=["a cash prize is free", "win it now", "home for lunch", "see you", "call me at home"],
    ).model
    (note,) = [note for note in notes if "without labels" in note]
    used = "unlabelled" in model.figures
    assert note.startswith("uses 5 texts" if used else "5 texts without labels are left out: with them, held-out")


def test_what_others_taught_is_taken_unless_it_is_worse(both: Model) -> None:
    """Of two encoders that say the same the taught one stands; of one that says the opposite the other."""
    network, *encoder = both.members
    opposite = weighted(encoder, -len(encoder), 1)
    part, targets = encode(TEXTS, 20), indicator(LABELS, ["ham", "spam"]).astype(np.float32)
    for other, taught in ((encoder, True), (opposite, False)):
        model = replace(both, members=(network, *encoder, *other))
        found = standing(model, [2, 2], part, targets, np.ones(len(TEXTS)), multi_label=False, worth_it=False)
        assert found.taught == taught
        assert found.weight > 0
        assert len(found.losses) == 2
