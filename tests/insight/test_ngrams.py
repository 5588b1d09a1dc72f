"""Interpretations: right sums, sane n-grams, a file that is checked."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from damaged import changed
from examples import EXAMPLES, HAM, SPAM, write_csv

from textcnn import ModelFileError, TextCNNClassifier
from textcnn.insight.activations import Words, find_activations, joined
from textcnn.insight.filters import active_share, effective_rank, nearest_filters
from textcnn.insight.ngrams import _centred, _coefficients, _contributions, _threshold
from textcnn.model.file import read_model, write_model
from textcnn.model.interpretation import Filter, Interpretation, LabelNgrams, Ngram, pack, unpack
from textcnn.model.model import Model
from textcnn.model.predictor import Predictor
from textcnn.storage.tensor_file import TensorFileError, read_tensors, write_tensors
from textcnn.text.lexicon import encode

SMALL = {
    "vectors": "none",
    "filters": 8,
    "dimensions": 12,
    "widths": (1, 2, 3),
    "min_count": 1,
    "epochs": 15,
    "quality": "fast",  # one training instead of four
    "threads": 1,
}


def fitted(**settings: object) -> Model:
    texts, labels = [text for _, text in EXAMPLES], [label for label, _ in EXAMPLES]
    return TextCNNClassifier(**{**SMALL, "learning_rate": 0.02, **settings}).fit(texts, labels).model_


@pytest.fixture(scope="module")
def model_of_examples() -> Model:
    """Of all examples; nobody may change it."""
    return fitted(quality="good")


def test_a_person_would_call_the_strongest_ngrams_sane(model_of_examples: Model) -> None:
    found = model_of_examples.interpretation()
    assert found is not None and found.texts == len(EXAMPLES)
    ham, spam = (" ".join(ngram.text for ngram in sides.speak_for).split() for sides in found.labels)
    assert {"free", "prize", "cash", "reply", "win"} & set(spam)
    spam_words, ham_words = (set(" ".join(texts).lower().split()) for texts in (SPAM, HAM))
    only_spam = spam_words - ham_words
    assert not only_spam & set(ham)
    assert all(ngram.strength > 0 for sides in found.labels for ngram in sides.speak_for)
    assert all(ngram.strength < 0 for sides in found.labels for ngram in sides.against)


@pytest.mark.parametrize("settings", [{}, {"stages": 2}, {"channels": "both"}, {"widths": (2, 2, 3)}], ids=str)
def test_contributions_add_up_to_the_logits(settings: dict[str, object]) -> None:
    model = fitted(linear="off", epochs=2, **settings)
    encoded = encode([text for _, text in EXAMPLES] + ["", "unheard"], 100)
    predictor, network = Predictor(model), model.members[0].network
    (vectors,) = predictor.vectors_of(encoded.surfaces)
    words = Words.of(encoded.surfaces, encoded.ragged)
    pooled, activations = find_activations(network, vectors, encoded.ragged, words, threads=2)
    features = network.features(vectors, encoded.ragged)
    np.testing.assert_allclose(pooled, features, atol=1e-5)
    coefficients = _centred(_coefficients(network, vectors, encoded.ragged), multi_label=False)
    total = _contributions(activations, coefficients).totals.sum(axis=0)
    alone = pooled.copy()  # what a filter gives by its bias alone belongs to no n-gram
    alone[:] = 0
    np.add.at(alone, (np.zeros(len(activations.values), int), activations.filters), activations.values)
    np.testing.assert_allclose(total, (alone @ coefficients.T).sum(axis=0), rtol=1e-4, atol=1e-5)
    assert alone.sum() > 0.9 * pooled.sum()


def test_an_ngram_is_cut_to_the_words_that_count() -> None:
    model = fitted(linear="off")
    found = model.interpretation()
    assert found is not None
    lengths = {len(ngram.text.split()) for one in found.filters if one.width == 3 for ngram in one.ngrams}
    assert max(lengths) <= 3 and min(lengths) < 3


def test_what_words_and_pairs_of_the_linear_part_contribute() -> None:
    linear = fitted().linear
    assert linear is not None
    for text in ("a free prize now", "free free"):
        encoded = encode([text], 100)
        surfaces = [encoded.surfaces[word] for word in encoded.ragged.words]
        found = linear.totals(encoded.surfaces, encoded.ragged)
        singles, pairs = linear.attributed(surfaces)
        by_name = dict(zip(found.names, found.sums, strict=True))
        for word in set(surfaces):
            expected = singles[[position for position, other in enumerate(surfaces) if other == word]].sum(axis=0)
            np.testing.assert_allclose(by_name[(word,)], expected, rtol=1e-4, atol=1e-6)
        for position, pair in enumerate(pairwise(surfaces), 1):
            np.testing.assert_allclose(by_name[pair], pairs[position], rtol=1e-4, atol=1e-6)
        assert len(found.names) == len(set(surfaces)) + len(set(pairwise(surfaces)))


@pytest.mark.parametrize("pooling", ["kmax", "mean", "max+mean"])
def test_every_kind_of_network_can_be_inspected(pooling: str) -> None:
    found = fitted(pooling=pooling, hidden=(6,), epochs=2).interpretation()
    assert found is not None and len(found.filters) == 24 and any(sides.speak_for for sides in found.labels)


def test_the_filters_of_an_ensemble() -> None:
    found = fitted(networks=2, epochs=2).interpretation()
    assert found is not None and [one.network for one in found.filters] == [0] * 24 + [1] * 24
    assert all(one.nearest == -1 or one.nearest // 24 == one.network for one in found.filters)


def test_widths_from_numpy_can_be_written() -> None:
    found = fitted(widths=np.array([1, 2]), epochs=1).interpretation()
    assert found is not None and {one.width for one in found.filters} == {1, 2}


def test_multi_label_and_texts_without_words() -> None:
    texts = ["red ball", "blue ball", "red and blue", "", "!"] * 6
    labels = [["red"], ["blue"], ["red", "blue"], [], []] * 6
    model = TextCNNClassifier(**SMALL).fit(texts, labels).model_
    found = model.interpretation()
    assert found is not None and len(found.labels) == 2
    assert "red" in {ngram.text for ngram in found.labels[model.labels.index("red")].speak_for}


def test_the_threshold_is_where_three_of_four_texts_still_have_the_label() -> None:
    labelled = np.array([True, True, True, False, False, False])
    assert _threshold(np.array([6.0, 5, 4, 3, 2, 1]), labelled) == 3
    assert _threshold(np.array([1.0, 2, 3, 4, 5, 6]), labelled) is None
    assert _threshold(np.zeros(6), labelled) is None
    assert _threshold(np.array([2.0, 2, 2, 2, 2, 2]), labelled) is None


def test_words_are_joined_as_their_script_joins_them() -> None:
    assert joined(["free", "entry"]) == "free entry"
    assert joined(["很", "好", "wifi"]) == "很好 wifi"


def test_dead_filters_duplicates_and_rank() -> None:
    base = np.random.default_rng(0).random((50, 3))
    features = np.column_stack([base, base[:, 0] * 2, np.zeros(50), np.ones(50)])
    assert active_share(features).tolist() == [1, 1, 1, 1, 0, 1]
    found = nearest_filters(features, [slice(0, 6)])
    assert found.numbers[[0, 3, 4, 5]].tolist() == [3, 0, -1, -1]
    assert found.correlations[0] == pytest.approx(1)
    assert nearest_filters(features, [slice(0, 3), slice(3, 6)]).numbers[3] == -1
    assert 2.5 < effective_rank(features[:, :3]) <= 3
    assert effective_rank(np.ones((5, 4))) == 0


ONE = Ngram("free", 1.5, 3)
EXAMPLE = Interpretation(
    4, (LabelNgrams((ONE,), ()), LabelNgrams((), (ONE,))), (Filter(0, 2, (ONE,), 1, 0.5, None, 0.25, -1, 0.0),)
)


def test_a_packed_interpretation_comes_back() -> None:
    assert unpack(pack(EXAMPLE), 2) == EXAMPLE


def test_a_damaged_interpretation_is_refused() -> None:
    good = json.loads(pack(EXAMPLE).tobytes())

    def damaged(change: str) -> None:
        bad = json.loads(json.dumps(good))
        exec(change, {"bad": bad, "nan": float("nan")})
        with pytest.raises(TensorFileError, match="n-grams are damaged"):
            unpack(np.frombuffer(json.dumps(bad).encode(), np.uint8), 2)

    for change in (
        "bad[0] = -1",
        "bad[0] = True",
        "bad[1].pop()",
        "bad[1][0] = 5",
        "bad[1][0][0][0][0] = 7",
        "bad[1][0][0][0][1] = 'x'",
        "bad[1][0][0][0][1] = nan",
        "bad[2][0].append(1)",
        "bad[2][0][3] = 2",
        "bad[2][0][6] = 1.5",
        "bad[2][0][7] = 1",
        "bad.append(1)",
        "bad.clear()",
    ):
        damaged(change)
    for text in (b"", b"\xff", b"null", b"[" * 100_000):
        with pytest.raises(TensorFileError, match="n-grams are damaged"):
            unpack(np.frombuffer(text, np.uint8), 2)


class TestInspect:
    def test_inspect_shows_ngrams_of_labels_and_filters(self, textcnn, model):
        shown = textcnn("inspect").out
        assert "what speaks for a label" in shown and "spam: " in shown and "32 filters" in shown
        assert "threshold" in shown and "threshold" not in textcnn("inspect", "--filters=0").out

    def test_json_has_all_labels_and_filters(self, textcnn, model):
        found = json.loads(textcnn("inspect", "--format=json").out)["interpretation"]
        assert found["labels"].keys() == {"ham", "spam"}
        assert {"text", "strength", "texts"} == found["labels"]["spam"]["for"][0].keys()
        assert len(found["filters"]) == 32 and found["filters"][0]["label"] in ("ham", "spam", None)

    def test_a_setting_keeps_the_texts_out_of_the_file(self, textcnn, folder):
        write_csv(folder / "t.csv", EXAMPLES)
        options = ("--vectors=none", "--filters=4", "--widths=1,2", "--epochs=2", "--keep-ngrams=off", "-q")
        assert textcnn("train", "t.csv", *options).code == 0
        assert "interpretation" not in read_tensors(folder / "model.textcnn").tensors
        assert "none were kept" in textcnn("inspect").out
        assert json.loads(textcnn("inspect", "--format=json").out)["interpretation"] is None

    def test_a_damaged_part_is_named_and_answers_still_come(self, textcnn, model):
        opened = read_model(model)
        write_model(replace(opened, packed_interpretation=np.frombuffer(b"[1, 2", np.uint8)), model)
        answer = textcnn("inspect")
        assert answer.code == 1 and "n-grams are damaged" in answer.err and answer.out == ""
        assert textcnn("predict", "free prize").code == 0

    def test_one_of_the_wrong_shape_is_refused(self, model):
        file = read_tensors(model)
        tensors = {**{name: array.copy() for name, array in file.tensors.items()}, "interpretation": np.zeros((2, 2))}
        with model.open("wb") as target:
            write_tensors(target, file.metadata, tensors)
        with pytest.raises(ModelFileError, match="n-grams are damaged"):
            read_model(model)

    def test_hostile_ngrams_do_not_reach_the_terminal(self, textcnn, model):
        opened = read_model(model)
        evil = EXAMPLE._replace(labels=(LabelNgrams((ONE._replace(text="\x1b[2Jx"),), ()),) * 2)
        write_model(replace(opened, packed_interpretation=pack(evil)), model)
        assert "\x1b" not in textcnn("inspect").out


def test_a_model_without_an_interpretation(tmp_path, model_of_examples: Model) -> None:
    path = tmp_path / "m.textcnn"
    write_model(replace(model_of_examples, packed_interpretation=None), path)
    changed(path, version="0.0.1")
    assert read_model(path).interpretation() is None
