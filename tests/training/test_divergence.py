"""A loss that diverges is taken back, and one that only looks so is not: rare labels, smoothing, odd validation."""

from typing import Any

import pytest
from small_training import Heard

from textcnn import TextCNNClassifier

RARE = [f"word{number % 9} again {number % 7}" for number in range(198)] + ["win a prize", "free cash"]
LABELS = ["ham"] * 198 + ["spam"] * 2
SMALL: dict[str, Any] = {
    **{"vectors": "none", "filters": 3, "dimensions": 6, "widths": (1,), "min_count": 1, "epochs": 3},
    "linear": "off",  # it has no loss that could diverge
}


def notes_of(labels: Any, validation: Any = None, texts: list[str] = RARE, **values: Any) -> list[str]:
    """What is said about diverging losses."""
    heard = Heard()
    TextCNNClassifier(**{**SMALL, **values}).fit(texts, labels, validation=validation, callback=heard)
    return [event.note for event in heard.of("epoch") if event.note]


@pytest.mark.parametrize(
    ("labels", "validation", "values"),
    [
        (LABELS, None, {"label_smoothing": 0.1}),
        (
            [[label, *(["x"] * (number % 50 == 0))] for number, label in enumerate(LABELS)],
            None,
            {"label_smoothing": 0.1},
        ),
        (LABELS, (["word1 new", "word2 new"], ["ham", "ham"]), {}),
        (LABELS, (["word1 new", "word2 new"], ["ham", "ham"]), {"class_weight": "ham=0"}),
        (LABELS, None, {"class_weight": {"ham": 0, "spam": 1}, "batch_size": 1}),
    ],
    ids=["smoothed", "several, smoothed", "validation of one label", "which weighs nothing", "batches that do"],
)
@pytest.mark.slow
def test_a_loss_that_only_looks_so_is_left_alone(labels: Any, validation: Any, values: dict[str, Any]) -> None:
    assert notes_of(labels, validation, **values) == []


@pytest.mark.slow
@pytest.mark.parametrize("values", [{}, {"class_weight": "ham=0"}], ids=str)
def test_nor_is_one_of_many_texts_that_hold_a_few_of_a_label(values: dict[str, Any]) -> None:
    """Not all texts are looked at for the loss at the start."""
    texts = [f"word{number % 9} again {number % 7} n{number}" for number in range(6000)]
    labels = ["spam" if number in (1501, 3001, 4501, 5999) else "ham" for number in range(6000)]
    assert notes_of(labels, texts=texts, **values) == []


def test_one_that_diverges_is_taken_back() -> None:
    assert notes_of(LABELS, learning_rate=100.0, vector_learning_rate=100.0)
