"""The page about a cross-validation: what stands in it, and that it opens in a browser."""

import browser
import pytest
from examples import EXAMPLES

from textcnn import cross_validate
from textcnn.report.folds_page import folds_page

IMAGE = "<img src=x onerror=alert(1)>"
TINY = {"vectors": "none", "filters": 6, "epochs": 2, "dimensions": 8, "quality": "fast", "linear": "off", "threads": 1}


@pytest.fixture(scope="module")
def result():
    """Two configurations and two repeats of hostile texts, and a label that one fold does not learn."""
    texts = [*(f"{text} {IMAGE}" for _, text in EXAMPLES), "who is there"]
    labels = [*(label for label, _ in EXAMPLES), IMAGE]
    compare = {IMAGE: {}, "other": {"filters": 3}}
    return cross_validate(texts, labels, folds=2, repeats=2, compare=compare, keep_models=True, **TINY)


@pytest.fixture(scope="module")
def text(result):
    """The page."""
    return folds_page(result, [f"{IMAGE}.csv:{number}" for number in range(2, 43)], IMAGE)


def test_it_has_every_part(text):
    for part in ("comparison", "folds", "labels", "threshold-section", "probabilities", "mistakes", "settings"):
        assert f'<section id="{part}">' in text
    for other in ("ngrams", "filters", "training", "model", "checks"):
        assert f'<section id="{other}">' not in text
    assert "Of several repeats these are the answers of the first." in text
    assert "labels that a fold holds out whole" in text.lower() and "dealt 2 times" in text


def test_hostile_text_stays_text(text):
    assert "<img" not in text and "&lt;img src=x" in text


def test_numbers_are_those_of_the_result(text, result):
    assert f"<b>{result.figures['accuracy'].value:.3f}</b>" in text
    for value in result.configurations[1].figures["accuracy"].by_fold:
        assert f">{value:.4f}</td>" in text


def test_multi_label_and_a_single_fold():
    labels = [[label, "odd"] if number % 3 == 0 else [label] for number, (label, _) in enumerate(EXAMPLES)]
    result = cross_validate([text for _, text in EXAMPLES], labels, folds=2, keep_models=True, **TINY)
    page = folds_page(result, ["a.csv:1"] * 40, "several")
    assert "all labels right" in page and "Confusion matrix" not in page


@pytest.mark.skipif(browser.CHROMIUM is None, reason="there is no Chromium")
def test_it_opens_in_a_browser(tab, text, tmp_path):
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    tab.open(tmp_path / "page.html")
    assert tab.run("document.getElementById('answered').textContent").endswith(" %")
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    assert tab.happened == []
