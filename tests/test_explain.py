"""Explanations are exact: bias and contributions add up to the logit, whatever the network."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from textcnn import TextCNNClassifier
from textcnn.explain import explain
from textcnn.predictor import Predictor

SPAM = ["win a free prize now", "free cash for you", "free prize inside", "cash prize", "a free cash prize waits"]
HAM = ["see you at lunch", "lunch at noon then", "are you home at noon", "lunch or dinner", "home for dinner"]
TINY = {"vectors": "none", "filters": 6, "dimensions": 8, "epochs": 8, "widths": (1, 2, 3), "learning_rate": 0.02}
KINDS = [
    {},
    {"pooling": "kmax", "k": 2},
    {"pooling": "mean", "channels": "static"},
    {"pooling": "max+mean", "channels": "both"},
    {"stages": 2},
    {"stages": 3, "pooling": "max+mean", "widths": (2, 3)},
    {"hidden": (5,), "wide": "off"},
    {"hidden": (6, 4), "pooling": "max+mean"},
]
WORDS = st.lists(
    st.sampled_from(["free", "prize", "lunch", "noon", "you", "unseen,", "!", "Free", "7", "at"]), max_size=12
).map(" ".join)


@pytest.fixture(scope="module", params=KINDS, ids=str)
def predictor(request: pytest.FixtureRequest) -> Predictor:
    model = TextCNNClassifier(**{**TINY, **request.param}).fit((SPAM + HAM) * 2, (["spam"] * 5 + ["ham"] * 5) * 2)
    return Predictor(model.model_)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=WORDS)
def test_parts_add_up_to_the_logit(predictor: Predictor, text: str) -> None:
    model = predictor.model
    logits = predictor.logits([text])[0]
    for number, label in enumerate(model.labels):
        found = explain(predictor, text, label)
        assert found.logit == pytest.approx(logits[number], rel=1e-4, abs=1e-4)
        assert found.bias + sum(word.contribution for word in found.words) == pytest.approx(found.logit, abs=1e-9)
        assert found.bias + sum(each.contribution for each in found.ngrams) == pytest.approx(found.logit, abs=1e-6)


def test_places_are_those_of_the_original_text(predictor: Predictor) -> None:
    text = "  FREE\tprize,  at noon"
    found = explain(predictor, text, "spam")
    assert [word.text for word in found.words] == ["FREE", "prize", ",", "at", "noon"]
    assert all(text[part.start : part.end] == part.text for part in [*found.words, *found.ngrams])


def test_one_label_against_another(predictor: Predictor) -> None:
    text = "free lunch at noon"
    spam, ham, both = (explain(predictor, text, *labels) for labels in (("spam",), ("ham",), ("spam", "ham")))
    assert both.logit == pytest.approx(spam.logit - ham.logit, abs=1e-3)
    assert both.against == "ham"


def test_what_decided_is_what_a_person_would_say() -> None:
    model = TextCNNClassifier(**{**TINY, "filters": 40, "epochs": 40}).fit(
        (SPAM + HAM) * 2, (["spam"] * 5 + ["ham"] * 5) * 2
    )
    found = explain(Predictor(model.model_), "a free lunch", "spam", "ham")
    values = {word.text: word.contribution for word in found.words}
    assert values["free"] > values["lunch"]
    assert found.exact


def test_unknown_words_are_named() -> None:
    model = TextCNNClassifier(**TINY).fit((SPAM + HAM) * 2, (["spam"] * 5 + ["ham"] * 5) * 2)
    assert explain(Predictor(model.model_), "free qwertyuiop", "spam").unknown == ["qwertyuiop"]


def test_no_words_no_contributions(predictor: Predictor) -> None:
    found = explain(predictor, "", "spam")
    assert (found.words, found.ngrams) == ([], [])
    assert np.isfinite(found.bias) and found.bias == found.logit
