"""What `textcnn predict` prints beside a label is that label's probability, whichever label it is."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from textcnn.answers import Answer, Answers
from textcnn.cli.display.answers import OutputFormat, writer
from textcnn.corpus import Record

LABELS = ("ham", "long", "spam")
PROBABILITIES = [0.8, 0.55, 0.1]


def answer(
    *, multi_label: bool, thresholds: tuple[float, ...] = (), threshold: float | None = None, otherwise: str = "unknown"
) -> Answer:
    """Of one text, explained by the label that is asked about."""
    predictor: Any = SimpleNamespace(
        model=SimpleNamespace(multi_label=multi_label, thresholds=thresholds),
        labels=LABELS,
        probabilities=lambda texts: np.array([PROBABILITIES] * len(texts)),
    )
    explain: Any = lambda text, label, probabilities: label  # noqa: E731
    answers = Answers(predictor, 2, threshold, otherwise, (), explain)
    (row,) = answers.rows([Record("a text", (), 1, "-")])
    return row


@pytest.mark.parametrize(
    ("asked", "given", "probability", "explained"),
    [
        ({"multi_label": False}, ("ham",), 0.8, "ham"),
        ({"multi_label": False, "threshold": 0.9}, ("unknown",), 0.8, "ham"),
        ({"multi_label": False, "threshold": 0.9, "otherwise": "spam"}, ("spam",), 0.1, "spam"),
        ({"multi_label": True}, ("ham", "long"), 0.8, "ham"),
        ({"multi_label": True, "thresholds": (0.9, 0.5, 0.9)}, ("long",), 0.55, "long"),
        ({"multi_label": True, "thresholds": (0.9, 0.9, 0.9)}, (), 0.8, "ham"),
    ],
    ids=str,
)
def test_label_and_probability_belong_together(
    asked: dict[str, Any], given: tuple[str, ...], probability: float, explained: str
) -> None:
    row = answer(**asked)
    assert (row.given, row.probability, row.explanation) == (given, probability, explained)


def test_a_label_below_a_threshold_is_not_shown_twice() -> None:
    row = answer(multi_label=False, threshold=0.9, otherwise="long")._replace(explanation=None)
    assert writer(OutputFormat.tsv, top=2, labels=LABELS)([row], []) == "long\t0.5500\tham\t0.8000\ta text\n"


def test_several_labels_are_shown_whole_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    row = answer(multi_label=True)._replace(explanation=None, given=LABELS)
    for columns, shown in ((80, "ham|long|spam  "), (40, "ham|long|spam  "), (24, "ham|l...  ")):
        monkeypatch.setattr("textcnn.cli.display.answers.width", lambda columns=columns: columns)
        assert writer(OutputFormat.pretty, top=1, labels=LABELS)([row], []).startswith(shown)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({}, "ham\t0.8000\tlong\t0.5500"),
        ({"threshold": 0.9}, "unknown\t0.8000\tham\t0.8000"),
        ({"thresholds": (0.9, 0.5, 0.9)}, "long\t0.5500\tham\t0.8000"),
        ({"thresholds": (0.9, 0.9, 0.9)}, "ham\t0.8000\tlong\t0.5500"),
    ],
    ids=str,
)
def test_of_several_labels_the_answer_comes_first_too(asked: dict[str, Any], shown: str) -> None:
    row = answer(multi_label=True, **asked)._replace(explanation=None)
    assert writer(OutputFormat.tsv, top=2, labels=LABELS)([row], []) == f"{shown}\ta text\n"
