"""Texts of no known kind are told from others: by a number that few texts of a known kind exceed."""

import json
from typing import Any

import numpy as np
import pytest
from examples import EXAMPLES

from textcnn import SettingsError, load
from textcnn.answers import Policy
from textcnn.model.novelty import Likeness, Novelty, unseen_shares
from textcnn.model.predictor import Predictor
from textcnn.storage.tensor_file import TensorFileError
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Ragged

NONSENSE = ["xqzt wvkk prrl", "", "ζζζ ψψψ", "%%% &&&", "8237 11 9921", "q", "👍 👍", "<br/>", "asdf jkl; qwer"]


def some(random: np.random.Generator, count: int) -> tuple[Any, Likeness]:
    """Texts with three labels."""
    likely = random.dirichlet([5, 0.5, 0.5], count).astype(np.float32)
    return likely, Likeness(random.beta(9, 2, count), random.gamma(9, 1, count), *random.beta(1, 20, (2, count)))


@pytest.mark.parametrize("count", [1, 10, 300, 3000])
def test_at_most_one_in_a_hundred_texts_exceeds_099(count: int) -> None:
    random = np.random.default_rng(count)
    texts = some(random, count)
    made = Novelty.of(*texts, multi_label=False)
    values = made.values(*texts, multi_label=False)
    assert (values > 0.99).mean() <= 0.01 and (values >= 0).all() and (values <= 1).all()
    if count == 3000:
        others = made.values(*some(random, 3000), multi_label=False)
        assert (others > 0.99).mean() < 0.02 and 0.05 < (others > 0.9).mean() < 0.15


def test_each_sign_makes_a_text_more_novel() -> None:
    made = Novelty.of(*some(np.random.default_rng(0), 1000), multi_label=False)

    def of(
        cosine: float = 0.85, length: float = 9, unknown: float = 0, unseen: float = 0.1, first: float = 0.98
    ) -> float:
        likely = np.array([[first, (1 - first) / 2, (1 - first) / 2]], np.float32)
        likeness = Likeness(*(np.array([value]) for value in (cosine, length, unknown, unseen)))
        return float(made.values(likely, likeness, multi_label=False)[0])

    usual = of()
    assert min(of(cosine=0.1), of(length=0.5), of(unknown=0.9), of(unseen=0.9), of(first=0.34)) > usual
    assert of(cosine=0.1, length=0.5) > 0.95 and min(of(unknown=0.9), of(unseen=0.9)) > 0.99
    assert of(unknown=0.4) == of(unseen=0.4) == usual


def test_nonsense_is_novel_where_training_texts_are_full_of_unknown_words_too() -> None:
    """Of one text in eight more than half of the words are unknown, of none all: then all is more than a hundredth."""
    random = np.random.default_rng(0)
    likely, likeness = some(random, 800)
    unknown = np.where(np.arange(800) % 8, likeness.unknown, random.uniform(0.5, 1, 800))
    made = Novelty.of(likely, likeness._replace(unknown=unknown), multi_label=False)
    nonsense = Likeness(*(np.array([value]) for value in (0.85, 9.0, 1.0, 0.1)))
    assert made.values(likely[:1], nonsense, multi_label=False) > 0.99
    values = made.values(likely, likeness._replace(unknown=unknown), multi_label=False)
    assert 0.002 < (values > 0.99).mean() <= 0.01


def test_tensors_come_back_and_damaged_ones_do_not() -> None:
    made = Novelty.of(*some(np.random.default_rng(0), 100), multi_label=True)
    assert np.array_equal(Novelty.of_tensors(made.tensors()).tails, made.tails)
    for place, value in (((0, 0), 9e9), ((1, -1), 0), ((2, 3), np.nan)):
        spoilt = made.tails.copy()
        spoilt[place] = value
        with pytest.raises(TensorFileError, match="damaged"):
            Novelty.of_tensors({"novelty.tails": spoilt})


def test_shares_of_marked_words() -> None:
    ragged = Ragged(np.array([0, 1, 1, 2], np.int32), np.array([0, 3, 3, 4]))
    assert ragged.shares(np.array([True, False, True])).tolist() == [1 / 3, 0, 1]
    assert ragged.shares(np.array([True, False, True]), of_none=1).tolist() == [1 / 3, 1, 1]


def test_shares_of_what_is_no_word_of_the_training_texts() -> None:
    """Of "new here", "!" and "new" only "here" was met; a single new word is about half a text, a sign all of it."""
    ragged = Ragged(np.array([0, 1, 2, 0], np.int32), np.array([0, 2, 3, 4, 4]))
    words, seen = np.array([True, True, False]), np.array([False, True, True])
    assert unseen_shares(ragged, words, seen).tolist() == [1 / 3, 1, 1 / 2, 1]


def test_a_text_without_words_is_known_as_little_as_one_of_unknown_words(model: Any) -> None:
    predictor = Predictor.open(model)
    likeness = predictor.seen(encode(["", "%", "xqzt", "free cash"], 100))[-1]
    assert likeness.unknown.tolist() == [1, 1, 1, 0]
    assert likeness.unseen.tolist() == [1, 1, 1 / 2, 0]


def test_nonsense_is_novel_and_many_texts_are_judged_as_few_are(model: Any) -> None:
    predictor, texts = Predictor.open(model), [text for _, text in EXAMPLES]
    singly = np.concatenate([predictor.all_seen([text])[1] for text in [*texts, *NONSENSE]])
    assert (singly[len(texts) :] > 0.99).all() and np.median(singly[: len(texts)]) < 0.9
    many = predictor.all_seen([*texts, *NONSENSE] * 20)
    assert np.array_equal(many[1], np.tile(singly, 20))
    assert np.array_equal(many[0], predictor.all_probabilities([*texts, *NONSENSE] * 20))
    assert np.array_equal(load(model).novelty([*texts, *NONSENSE]), singly)


def test_novel_texts_get_a_label_of_their_own(textcnn: Any, model: Any) -> None:
    texts = ["claim your free prize", *NONSENSE]
    answer = textcnn("predict", "--novel-above=0.99", "--format=label", *texts)
    assert answer.out.splitlines() == ["spam"] + ["none"] * len(NONSENSE)
    named = textcnn("predict", "--novel-above=0.99", "--novel-label=?", "--only=?", "--format=jsonl", *texts)
    made = [json.loads(line) for line in named.out.splitlines()]
    assert [one["label"] for one in made] == ["?"] * len(NONSENSE) and min(one["novelty"] for one in made) > 0.99
    assert textcnn("predict", "--novel-label=?", "a").code == 2
    assert "nearest to " in textcnn("predict", "--explain", "--format=pretty", "xqzt").out
    with pytest.raises(SettingsError, match="novel_above must be a number from 0 to 1"):
        Policy(novel_above=2)
