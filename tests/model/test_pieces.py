"""Long texts are pooled piece by piece: what says most in each of these counts, on average."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from dense import a_case, pool
from hypothesis import given
from hypothesis import strategies as st

import textcnn
from textcnn import TextCNNClassifier, load
from textcnn.errors import ModelFileError
from textcnn.insight.activations import Words, find_activations
from textcnn.insight.explain import explain
from textcnn.insight.ngrams import interpret
from textcnn.model import predictor as answering
from textcnn.model.bank import Bank, Pooling
from textcnn.model.file import FORMAT, PLAIN, format_of, write_model
from textcnn.model.model import Model
from textcnn.model.network import Network
from textcnn.model.predictor import Predictor
from textcnn.model.rounding import in_whole_numbers
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Ragged

GOOD = "the meal was lovely and we came back with friends the very next week "
BAD = "the meal was awful and nobody in the kitchen seemed to mind at all that day "
LONG = [GOOD * 7, BAD * 7, GOOD * 2 + BAD * 6, "", "a short one", "word " * 400]


@pytest.fixture(scope="module")
def model() -> Model:
    texts = [f"{text} {day}" for day in ("monday", "tuesday", "friday") for text in (GOOD, BAD, GOOD * 5, BAD * 5)]
    learned: Model = TextCNNClassifier().fit(texts, ["good", "bad"] * 6).model_
    return learned


def test_pieces_by_hand() -> None:
    """Of four words each, about: texts of 5, 6, 0 and 13 words are one, two, one and three pieces."""
    texts = Ragged(np.arange(24, dtype=np.int32), np.array([0, 5, 11, 11, 24]))
    pieces, counts = texts.pieces(4)
    assert counts.tolist() == [1, 2, 1, 3]
    assert pieces.starts.tolist() == [0, 5, 8, 11, 11, 15, 19, 24]


@given(st.lists(st.integers(0, 300), max_size=8), st.integers(1, 50), st.integers(0, 5))
def test_pieces_are_of_about_as_many_words_and_nothing_is_lost(lengths: list[int], words: int, before: int) -> None:
    starts = before + np.cumsum([0, *lengths])
    texts = Ragged(np.arange(starts[-1], dtype=np.int32), starts)
    pieces, counts = texts.pieces(words)
    assert len(counts) == len(lengths) and counts.sum() == len(pieces.lengths)
    ends = np.concatenate([[0], np.cumsum(counts)])
    assert pieces.starts[ends].tolist() == starts.tolist()
    several = np.repeat(counts > 1, counts)
    assert np.all(pieces.lengths[several] * 1.5 >= words - 1) and np.all(pieces.lengths <= 1.5 * words)


def test_features_by_hand() -> None:
    """Words at 3, 1, -2 and 5 in pieces of two: the largest are 3 and 5, on average 4; of the third alone nothing."""
    network = Network(
        Bank((1,), 1),
        Pooling("max", piece=2),
        (np.ones((1, 1), np.float32),),
        (np.zeros(1, np.float32),),
        ((np.ones((1, 1), np.float32), np.zeros(1, np.float32)),),
    )
    matrix = np.array([[3.0], [1.0], [-2.0], [5.0]], np.float32)
    found = network.features(matrix, Ragged(np.array([0, 1, 2, 3, 2], np.int32), np.array([0, 4, 5, 5])))
    assert found.tolist() == [[4.0], [0.0], [0.0]]


@pytest.mark.parametrize("widths", [(1,), (2,), (1, 2, 3), (3, 5)])
def test_features_are_means_of_what_a_dense_network_makes_of_the_pieces(widths: tuple[int, ...]) -> None:
    case = a_case(widths, [0, 1, 5, 22, 9, 0, 30])
    of_slices, bias = (weights.detach().numpy().astype(np.float32) for weights in (case.weight, case.bias))
    layer = (np.ones((2, case.bank.maps), np.float32), np.zeros(2, np.float32))
    network = Network(case.bank, Pooling("max", piece=6), (of_slices,), (bias,), (layer,))
    texts = Ragged(case.words.numpy().astype(np.int32), case.starts.numpy())
    pieces, counts = texts.pieces(6)
    dense = pool(*case.inputs, case.words, torch.from_numpy(pieces.starts), case.bank, Pooling("max"))
    groups = dense.detach().numpy()
    wanted = [group.mean(axis=0) for group in np.split(groups, np.cumsum(counts)[:-1])]
    vectors = case.vectors.detach().numpy().astype(np.float32)
    assert counts.max() == 5
    np.testing.assert_allclose(network.features(vectors, texts), wanted, atol=1e-5)
    rounded = in_whole_numbers(network, float(np.linalg.norm(vectors, axis=1).max()))
    features = rounded.features(vectors, texts)
    assert rounded.whole and np.array_equal(features, np.rint(16 * features) / 16) and (features % 1).any()
    np.testing.assert_allclose(rounded.logits(vectors, texts), network.logits(vectors, texts), atol=0.02)


def test_a_model_of_few_texts_reads_long_ones_by_pieces(model: Model) -> None:
    assert [member.network.pooling.piece for member in model.members] == [40, 0]
    good, bad, mixed = Predictor(model).probabilities(LONG[:3])[:, model.labels.index("good")]
    assert good > mixed > bad
    assert good > 0.8 > 0.2 > bad


@pytest.mark.parametrize("many", [0, 10**9], ids=["compiled loops", "NumPy"])
def test_what_a_text_gets_does_not_depend_on_the_others(
    model: Model, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(answering, "_MANY", 10**9)
    monkeypatch.setattr(answering, "_MANY_WORDS", 10**9)
    alone = np.concatenate([Predictor(model).logits([text]) for text in LONG])
    monkeypatch.setattr(answering, "_MANY", many)
    np.testing.assert_array_equal(Predictor(model, threads=2).logits(LONG * 2), np.concatenate([alone, alone]))


def test_texts_that_were_cut_into_words_get_the_same(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """As held-out texts are; their words have other numbers than the loops have given to those they met before."""
    groups = [encode(texts, 1000) for texts in (["So lovely a week", *LONG], [*reversed(LONG), "WEEK after week"])]
    alone = [Predictor(model).seen(group) for group in groups]
    monkeypatch.setattr(answering, "_MANY_WORDS", 0)
    asked = Predictor(model, threads=1)
    for group, (logits, margins, likeness) in zip(groups, alone, strict=True):
        assert np.array_equal(asked.network_logits(group), logits)
        found = asked.seen(group)
        assert np.array_equal(found[0], logits) and np.array_equal(found[1], margins)
        assert all(map(np.array_equal, found[2], likeness))


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
def test_explanations_add_up(model: Model, text: str) -> None:
    asked = Predictor(model)
    explanation = explain(asked, text, "good", "bad")
    logits = dict(zip(model.labels, asked.logits([text])[0].tolist(), strict=True))
    assert explanation.logit == pytest.approx(logits["good"] - logits["bad"], abs=1e-4)
    assert explanation.bias + sum(part.contribution for part in explanation.ngrams) == pytest.approx(explanation.logit)


def test_each_mention_in_a_long_text_counts(model: Model) -> None:
    """The first of equal maxima of a whole text alone would count."""
    words = explain(Predictor(model), BAD * 12, "bad", "good").words
    assert sum(word.text == "awful" and word.contribution > 0 for word in words) > 3


def test_what_an_ngram_contributes_is_summed_up_over_the_pieces(model: Model) -> None:
    """By the filters alone: what the n-grams of texts are said to give, and what all words of these texts give."""
    texts, bank = encode([BAD * 7], 1000), model.members[0]
    asked = Predictor(replace(model, members=(bank,), linear=None))
    (vectors,) = asked.vectors_of(texts.surfaces)
    words = Words.of([asked.spelling(surface) for surface in texts.surfaces], texts.ragged)
    pooled, found = find_activations(bank.network, vectors, texts.ragged, words)
    assert pooled == pytest.approx(bank.network.features(vectors, texts.ragged), abs=1e-5)
    parts = np.bincount(found.filters, found.values * found.shares, pooled.shape[1])
    assert parts == pytest.approx(pooled[0], abs=1e-5)
    assert (found.texts == 1).all()


def test_a_text_counts_once_for_an_ngram_that_a_filter_takes_of_several_pieces(model: Model) -> None:
    told = interpret(model, encode([GOOD * 7, BAD * 7], 1000), np.eye(2, dtype=np.float32))
    texts = [ngram.texts for of_filter in told.filters for ngram in of_filter.ngrams]
    assert min(texts) == 1 and max(texts) == 2


def test_the_vector_of_a_long_text_is_that_of_its_pieces_on_average() -> None:
    piece = " ".join((GOOD + BAD).split()[:20] * 2)
    one, whole, other = textcnn.encode([piece, f"{piece} {piece} {piece}", f"{piece} {GOOD * 3}"])
    assert whole == pytest.approx(one, abs=1e-6)
    assert whole @ other < 0.999


def test_its_file_comes_back(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "m.textcnn"
    write_model(model, path)
    np.testing.assert_array_equal(load(path).predict_proba(LONG), Predictor(model).probabilities(LONG))
    assert format_of(model) == FORMAT > PLAIN


@pytest.mark.parametrize("piece", [1, 10_000, -1, 1.5, True, "40", [40], 10_001, 2**63])
def test_a_number_of_words_that_cannot_be_is_refused(model: Model, tmp_path: Path, piece: object) -> None:
    first, *rest = model.members
    pooling = first.network.pooling._replace(piece=piece)
    changed = replace(model, members=(first._replace(network=first.network._replace(pooling=pooling)), *rest))
    write_model(changed, tmp_path / "m.textcnn")
    if type(piece) is int and piece in (1, 10_000):
        assert load(tmp_path / "m.textcnn").model_.members[0].network.pooling.piece == piece
    else:
        with pytest.raises(ModelFileError, match="damaged"):
            load(tmp_path / "m.textcnn")


def test_a_mean_has_no_pieces(model: Model, tmp_path: Path) -> None:
    """What it is of a whole text is what it is of its pieces on average."""
    first, last = model.members
    pooling = last.network.pooling._replace(piece=40)
    write_model(
        replace(model, members=(first, last._replace(network=last.network._replace(pooling=pooling)))),
        tmp_path / "m.textcnn",
    )
    with pytest.raises(ModelFileError, match="damaged"):
        load(tmp_path / "m.textcnn")
