"""Explanations are exact: bias and contributions add up to the logit, whatever the network; and how they show."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from textcnn import DataError, NotFittedError, TextCNNClassifier
from textcnn.insight.explain import explain
from textcnn.insight.highlight import Shade, shaded_html, visible
from textcnn.model.model import Member, Model
from textcnn.model.predictor import Predictor

SPAM = ["win a free prize now", "free cash for you", "free prize inside", "cash prize", "a free cash prize waits"]
HAM = ["see you at lunch", "lunch at noon then", "are you home at noon", "lunch or dinner", "home for dinner"]
TINY = {
    "vectors": "none",
    "filters": 6,
    "dimensions": 8,
    "epochs": 8,
    "widths": (1, 2, 3),
    "learning_rate": 0.02,
    "quality": "fast",  # one training instead of four
    "threads": 1,
}
POOLINGS: list[dict[str, object]] = [{"pooling": "kmax", "k": 2}, {"pooling": "mean"}, {"pooling": "max+mean"}]
KINDS: list[dict[str, object]] = [
    {},
    *POOLINGS,
    *({"channels": channels} for channels in ("static", "both", "random")),
    {"stages": 2, "pooling": "kmax", "k": 3},
    {"stages": 3, "pooling": "max+mean", "widths": (2, 3)},
    {"hidden": (5,), "linear": "off"},
    {"hidden": (6, 4), "pooling": "max+mean", "channels": "both"},
    {"max_words": 4},
]
WORDS = st.lists(
    st.sampled_from(["free", "prize", "lunch", "noon", "you", "unseen,", "!", "Free", "7", "at"]), max_size=12
).map(" ".join)


def learned(multi_label: bool = False, **changes: object) -> Model:
    """A small model that knows spam from ham; multi-label, also what is about money."""
    texts = (SPAM + HAM) * 2
    labels = [["spam"] * ("a" in text) + ["cash"] * ("cash" in text or "home" in text) for text in texts]
    single = ["spam"] * 5 + ["ham"] * 5
    return TextCNNClassifier(**{**TINY, **changes}).fit(texts, labels if multi_label else single * 2).model_


def averaged(seeds: int, **changes: object) -> Model:
    """Several networks of different seeds, whose logits are averaged, each with its own trained vectors."""
    models = [learned(seed=seed, **changes) for seed in range(seeds)]
    members: list[Member] = [member for model in models for member in model.members]
    return replace(models[0], members=tuple(members))


MODELS = {
    **{str(kind): kind for kind in KINDS},
    "multi-label": {"multi_label": True},
    "multi-label, k-max": {"multi_label": True, "pooling": "kmax", "linear": "off"},
    "three networks": {"seeds": 3},
    "two networks of two stages with hidden layers": {"seeds": 2, "stages": 2, "hidden": (5,), "pooling": "max+mean"},
}


@pytest.fixture(scope="module", params=MODELS.values(), ids=MODELS.keys())
def predictor(request: pytest.FixtureRequest) -> Predictor:
    return Predictor(averaged(**request.param) if "seeds" in request.param else learned(**request.param))


@pytest.fixture(scope="module")
def usual() -> Predictor:
    """Of a network with nothing special; nobody may change it."""
    return Predictor(learned())


@pytest.fixture(scope="module")
def sure() -> Predictor:
    """One that has learned well what is spam."""
    return Predictor(learned(filters=40, epochs=40))


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=WORDS)
def test_parts_add_up_to_the_logit(predictor: Predictor, text: str) -> None:
    model = predictor.model
    logits = predictor.logits([text])[0]
    for number, label in enumerate(model.labels):
        found = explain(predictor, text, label)
        assert found.logit == pytest.approx(logits[number], rel=1e-4, abs=1e-5)
        assert found.bias + sum(word.contribution for word in found.words) == pytest.approx(found.logit, abs=1e-9)
        assert found.bias + sum(each.contribution for each in found.ngrams) == pytest.approx(found.logit, abs=1e-6)


def test_places_are_those_of_the_original_text(usual: Predictor) -> None:
    text = "  FREE\tprize,  at noon"
    found = explain(usual, text, "spam")
    assert [word.text for word in found.words] == ["FREE", "prize", ",", "at", "noon"]
    assert all(text[part.start : part.end] == part.text for part in [*found.words, *found.ngrams])


def test_one_label_against_another(predictor: Predictor) -> None:
    text = "free lunch at noon"
    other, label = predictor.labels
    for_label, for_other, both = (explain(predictor, text, *labels) for labels in ((label,), (other,), (label, other)))
    assert both.logit == pytest.approx(for_label.logit - for_other.logit, rel=1e-4, abs=1e-4)
    assert both.against == other


def test_what_decided_is_what_a_person_would_say(sure: Predictor) -> None:
    found = explain(sure, "a free lunch", "spam", "ham")
    values = {word.text: word.contribution for word in found.words}
    assert values["free"] > values["lunch"]
    assert found.exact


def test_unknown_words_are_named(usual: Predictor) -> None:
    assert explain(usual, "free qwertyuiop", "spam").unknown == ["qwertyuiop"]


def test_unknown_words_that_come_again_are_named_once(usual: Predictor) -> None:
    assert explain(usual, "zzz free zzz qqq", "spam").unknown == ["qqq", "zzz"]


@pytest.mark.slow
def test_the_longest_text_is_explained_in_little_memory() -> None:
    """Twenty thousand different words, and as many filters and dimensions as usual."""
    model = learned(filters=100, dimensions=256, widths=(1, 2, 3, 4), epochs=1)
    text = " ".join(f"w{number}" for number in range(20_000))
    tracemalloc.start()
    try:
        assert len(explain(Predictor(model), text, "spam").words) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 250_000_000
    finally:
        tracemalloc.stop()


def test_no_words_no_contributions(predictor: Predictor) -> None:
    found = explain(predictor, "", predictor.labels[0])
    assert (found.words, found.ngrams) == ([], [])
    assert np.isfinite(found.bias) and found.bias == found.logit


class TestAgainstIntegratedGradients:
    """captum's integrated gradients, the usual approximation, from a text without vectors to this one."""

    def ranked_alike(self, model: Model, texts: list[str]) -> list[float]:
        """For each text the rank correlation of the words' contributions with captum's attributions."""
        captum = pytest.importorskip("captum.attr")
        import torch
        from scipy.stats import spearmanr

        from textcnn.text.lexicon import encode
        from textcnn.training.network.model import Shape, TextCNN

        (member,) = model.members
        network, settings = member.network, model.settings
        again = TextCNN(
            Shape(
                dimensions=network.filters[0].shape[1],
                labels=len(model.labels),
                **{name: settings[name] for name in ("widths", "filters", "stages", "pooling", "k", "hidden")},
            )
        ).eval()
        weights = {
            f"{kind}.{n}": each for kind in ("filters", "biases") for n, each in enumerate(getattr(network, kind))
        }
        for number, pair in enumerate(network.layers):
            weights |= {f"layers.{number}.weight": pair[0], f"layers.{number}.bias": pair[1]}
        again.load_state_dict({name: torch.from_numpy(each.copy()) for name, each in weights.items()})

        def forward(vectors: torch.Tensor) -> torch.Tensor:
            texts, words, _ = vectors.shape
            rows = vectors.reshape(texts * words, -1)
            return again(rows, torch.arange(len(rows)), torch.arange(0, len(rows) + 1, words))

        predictor, found = Predictor(model), []
        for text in texts:
            encoded = encode([text], 100)
            (vectors,) = predictor.vectors_of(encoded.surfaces)
            inputs = torch.from_numpy(vectors[encoded.ragged.words])[None]
            label = int(predictor.probabilities([text])[0].argmax())
            given = captum.IntegratedGradients(forward).attribute(inputs, target=label, n_steps=100)
            exact = [word.contribution for word in explain(predictor, text, model.labels[label]).words]
            found.append(float(spearmanr(exact, given.sum(dim=2)[0].numpy()).statistic))
        return found

    @pytest.mark.parametrize("changes", [{}, {"pooling": "max+mean"}, {"hidden": (8,)}], ids=str)
    @pytest.mark.slow
    def test_words_are_ranked_alike(self, changes: dict[str, object]) -> None:
        model = learned(**{"filters": 30, "epochs": 25, "linear": "off", **changes})
        alike = self.ranked_alike(model, [text for text in SPAM + HAM if len(text.split()) > 3])
        assert np.mean(alike) > 0.85
        assert min(alike) > 0.4


@pytest.fixture(scope="module")
def fitted() -> TextCNNClassifier:
    """An estimator whose labels are numbers."""
    numbers = [1] * 5 + [0] * 5
    return TextCNNClassifier(**{**TINY, "epochs": 30}).fit((SPAM + HAM) * 2, numbers * 2)


class TestEstimator:
    def test_explains_the_likeliest_label_unless_told(self, fitted: TextCNNClassifier) -> None:
        assert fitted.explain("free prize").label == "1"
        assert fitted.explain("free prize", label=0).label == "0"
        both = fitted.explain("free prize", 1, against=0)
        assert (both.label, both.against) == ("1", "0")
        assert fitted.explain("free prize").against == "0"

    def test_of_three_labels_the_likeliest_other_is_what_it_is_not(self) -> None:
        texts, labels = (SPAM + HAM) * 2, (["spam"] * 5 + ["ham"] * 3 + ["food"] * 2) * 2
        model = TextCNNClassifier(**{**TINY, "epochs": 30}).fit(texts, labels)
        first, second, _ = np.argsort(-model.predict_proba(["lunch or a prize"])[0]).tolist()
        found = model.explain("lunch or a prize")
        assert (found.label, found.against) == (model.classes_[first], model.classes_[second])

    def test_multi_label_explains_each_label_alone(self) -> None:
        labels = [["spam"]] * 5 + [["ham"]] * 5
        model = TextCNNClassifier(**{**TINY, "epochs": 30}).fit(SPAM + HAM, labels)
        found = model.explain("free prize")
        assert found.against == ""
        assert 1 / (1 + np.exp(-found.logit)) == pytest.approx(model.predict_proba(["free prize"])[0].max(), rel=1e-4)

    def test_says_what_is_wrong(self, fitted: TextCNNClassifier) -> None:
        with pytest.raises(DataError, match="no label 'news', but 0, 1"):
            fitted.explain("free prize", label="news")
        with pytest.raises(DataError, match="no label 7"):
            fitted.explain("free prize", against=7)
        with pytest.raises(DataError, match="must be str"):
            fitted.explain(None)  # type: ignore[arg-type]
        with pytest.raises(NotFittedError):
            TextCNNClassifier().explain("free prize")


class TestHtml:
    def test_a_notebook_shows_words_shaded_and_the_strongest_ngrams(self, sure: Predictor) -> None:
        found = explain(sure, "a free prize", "spam", "ham")
        shown = found._repr_html_()
        assert "<b>spam</b> rather than <b>ham</b>" in shown
        assert f"logit {found.logit:+.2f}, of which bias {found.bias:+.2f}" in shown
        assert 'title="' in shown and ">free</span>" in shown
        assert f"{found.ngrams[0].contribution:+.2f}" in shown

    def test_what_is_not_exact_says_so(self, usual: Predictor) -> None:
        assert "integrated gradients" in explain(Predictor(learned(hidden=(5,))), "free", "spam")._repr_html_()
        assert "integrated gradients" not in explain(usual, "free", "spam")._repr_html_()

    def test_the_strongest_word_is_darkest_and_what_is_against_is_underlined(self) -> None:
        shown = shaded_html("ab cd", [Shade(0, 2, 1.0), Shade(3, 5, -0.5)])
        first, second = shown.split("</span>")[:2]
        assert "0.60)" in first and "dotted" not in first and 'title="+1.00"' in first
        assert "0.30)" in second and "dotted" in second and second.endswith("cd")

    def test_weak_words_are_left_alone(self) -> None:
        assert shaded_html("ab cd", [Shade(0, 2, 1.0), Shade(3, 5, 0.01)]).endswith("</span> cd")
        assert shaded_html("ab", [Shade(0, 2, 0.0)]) == "ab"

    @given(text=st.text(st.characters(codec=None), max_size=40))
    def test_hostile_text_is_only_text(self, text: str) -> None:
        """Taken apart by an HTML parser, the page has the shades and the very characters of the text."""
        from html.parser import HTMLParser

        seen: list[str] = []
        parser = HTMLParser(convert_charrefs=True)
        parser.handle_data = seen.append  # type: ignore[method-assign]
        parser.handle_starttag = lambda tag, attributes: seen.append("" if tag == "span" else f"<{tag}>")  # type: ignore[method-assign]
        half = len(text) // 2
        parser.feed(shaded_html(text, [Shade(0, half, 1.0), Shade(half, len(text), -1.0)]))
        parser.close()
        assert "".join(seen) == visible(text)
        assert len(visible(text)) == len(text)

    def test_what_controls_or_turns_around_is_made_visible(self) -> None:
        assert visible("a\x1b[31m\u202e\x00b\ud800") == "a\ufffd[31m\ufffd\ufffdb\ufffd"
        assert visible("नमस्\u200dते 👩\u200d👧\n\té") == "नमस्\u200dते 👩\u200d👧\n\té"

    def test_hostile_words_and_labels_of_a_model(self, usual: Predictor) -> None:
        script = "<script>alert(1)</script>"
        model = replace(usual.model, labels=(script, "b"))
        shown = explain(Predictor(model), f"free {script} &amp;", script)._repr_html_()
        assert "<script" not in shown
        assert shown.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 1
        assert "&amp;amp;" in shown
