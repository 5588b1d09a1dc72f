"""What is answered: a label with its probability, thresholds, reasons; the same from Python and on the command line."""

import io
import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from textcnn import SettingsError, load
from textcnn.answers import Answer, Policy, answer, decide, explained, free_names, rival
from textcnn.cli.display.answers import OutputFormat, brief_writer, writer
from textcnn.corpus import Reading, Record, open_corpus
from textcnn.model.predictor import Predictor

LABELS = ("ham", "long", "spam")
PROBABILITIES = np.array([0.8, 0.55, 0.1], np.float32)


class Fixed(Predictor):
    """Gives every text the same probabilities."""

    def __init__(self, *, multi_label: bool, thresholds: tuple[float, ...] = ()) -> None:
        model: Any = SimpleNamespace(multi_label=multi_label, thresholds=thresholds, labels=LABELS, offsets=())
        super().__init__(model)

    def probabilities(self, texts: Any) -> Any:
        return np.array([PROBABILITIES] * len(texts))


@pytest.fixture(autouse=True)
def _explanations_are_their_labels(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "model" not in request.fixturenames:
        monkeypatch.setattr("textcnn.insight.explain.explain", lambda predictor, text, label, other: (label, other))


def one(*, multi_label: bool = False, thresholds: tuple[float, ...] = (), **policy: Any) -> Answer:
    """The answer for a text."""
    (made,) = answer(Fixed(multi_label=multi_label, thresholds=thresholds), [Record("a text")], Policy(**policy))
    return made


@pytest.mark.parametrize(
    ("asked", "labels", "probability", "reasons"),
    [
        ({}, ("ham",), 0.8, ("ham", "long")),
        ({"threshold": 0.9}, ("unknown",), 0.8, ("ham", "long")),
        ({"threshold": 0.9, "otherwise": "spam"}, ("spam",), 0.1, ("spam", "ham")),
        ({"against": "spam"}, ("ham",), 0.8, ("ham", "spam")),
        ({"against": "ham"}, ("ham",), 0.8, ("ham", "long")),
        ({"multi_label": True}, ("ham", "long"), 0.8, ("ham", "")),
        ({"multi_label": True, "thresholds": (0.9, 0.5, 0.9)}, ("long",), 0.55, ("long", "")),
        ({"multi_label": True, "thresholds": (0.9, 0.9, 0.9)}, (), 0.8, ("ham", "")),
        ({"multi_label": True, "thresholds": (0.9, 0.5, 0.9), "threshold": 0.6}, ("ham",), 0.8, ("ham", "")),
        ({"multi_label": True, "threshold": 0.9}, ("unknown",), 0.8, ("ham", "")),
    ],
    ids=str,
)
def test_label_probability_and_reasons_belong_together(
    asked: dict[str, Any], labels: tuple[str, ...], probability: float, reasons: tuple[str, str]
) -> None:
    made = one(**asked, explain=True)
    assert (made.labels, made.explanation) == (labels, reasons)
    assert made.probability == pytest.approx(probability)


def test_a_threshold_is_reached_by_what_is_not_less() -> None:
    """0.8 as a 32-bit number is a little more than 0.8, and 0.55 is, too."""
    exactly = float(PROBABILITIES[0])
    assert one(threshold=exactly).labels == ("ham",)
    assert one(threshold=np.nextafter(exactly, 1)).labels == ("unknown",)
    thresholds = (0.8, float(np.nextafter(PROBABILITIES[1].astype(float), 1)), 0.5)
    assert one(multi_label=True, thresholds=thresholds).labels == ("ham",)


def test_only_leaves_out_answers_without_these_labels() -> None:
    for labels, count in ((["ham"], 1), (["spam", "long"], 0), (["unknown"], 0)):
        assert len(list(answer(Fixed(multi_label=False), [Record("")], Policy(only=labels)))) == count
    assert one(threshold=0.9, only=["unknown"]).labels == ("unknown",)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"top": 0}, "top must be a whole number from 1 on"),
        ({"threshold": 1.5}, "threshold must be a number from 0 to 1, not 1.5"),
        ({"only": ["news"]}, "no label 'news', but ham, long, spam$"),
        ({"only": ["news"], "threshold": 0.5}, "no label 'news', but ham, long, spam, unknown$"),
        ({"against": "unknown", "threshold": 0.5}, "no label 'unknown', but ham, long, spam$"),
    ],
    ids=str,
)
def test_what_cannot_be_answered_is_refused(policy: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Policy(**policy).check(LABELS)


def test_the_rival_is_the_likeliest_other_label() -> None:
    predictor = Fixed(multi_label=False)
    assert [rival(predictor, PROBABILITIES, label) for label in LABELS] == ["long", "ham", "ham"]
    assert rival(Fixed(multi_label=True), PROBABILITIES, "ham") == ""


def test_the_label_explained_is_the_first_that_the_text_gets() -> None:
    predictor: Any = Fixed(multi_label=True, thresholds=(0.9, 0.5, 0.9))
    assert explained(predictor, "", PROBABILITIES) == ("long", "")
    assert explained(predictor, "", PROBABILITIES, "spam", "ham") == ("spam", "ham")


def test_the_json_object_has_the_other_fields_of_the_record_by_free_names() -> None:
    record = Record("a text", fields=(("id", 7), ("label", "x"), ("explanation", None)))
    (made,) = answer(Fixed(multi_label=False), [record], Policy(top=2))
    assert made.as_dict() == {
        "label": "ham",
        "probability": 0.8,
        "probabilities": {"ham": 0.8, "long": 0.55},
        "text": "a text",
        "id": 7,
        "input_label": "x",
        "explanation": None,
    }
    assert one(multi_label=True).as_dict()["label"] == ["ham", "long"]


def test_a_name_that_is_taken_gets_a_prefix_that_no_other_has() -> None:
    assert free_names(["text", "input_text", "id"], ["text"]) == ["input_text_2", "input_text", "id"]


def test_many_fields_of_one_name_get_names_that_are_short() -> None:
    names = free_names(["a"] * 5000, ["b"])
    assert names[:3] == ["a", "input_a", "input_a_2"]
    assert len(set(names)) == 5000
    assert max(map(len, names)) == len("input_a_4999")


def test_python_answers_as_the_command_line_does(textcnn: Any, model: Any) -> None:
    texts = ["claim your free prize", "", "see you at noon"]
    classifier = load(model)
    for options, arguments in (
        ({"top": None}, ()),
        ({"top": 2, "threshold": 0.99}, ("--top=2", "--threshold=0.99")),
        ({"top": None, "threshold": 1, "otherwise": "?"}, ("--threshold=1", "--otherwise=?")),
        ({"top": None, "explain": True}, ("--explain",)),
    ):
        printed = textcnn("predict", "-m", model, "--format=jsonl", *texts, *arguments).out
        made: list[Answer] = classifier.answer(texts, **options)
        assert "".join(json.dumps(each.as_dict()) + "\n" for each in made) == printed
    assert classifier.answer([]) == []


def test_a_label_below_a_threshold_is_not_shown_twice() -> None:
    made = one(threshold=0.9, otherwise="long", top=2)
    assert writer(OutputFormat.tsv, top=2, labels=LABELS)([made], []) == "long\t0.5500\tham\t0.8000\ta text\n"


def test_joined_labels_are_shown_whole_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    made = one(multi_label=True)._replace(labels=LABELS)
    for columns, shown in ((80, "ham|long|spam  "), (40, "ham|long|spam  "), (24, "ham|l...  ")):
        monkeypatch.setattr("textcnn.cli.display.answers.width", lambda columns=columns: columns)
        assert writer(OutputFormat.pretty, top=1, labels=LABELS)([made], []).startswith(shown)


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
def test_of_multi_label_answers_the_first_label_comes_first_too(asked: dict[str, Any], shown: str) -> None:
    made = one(multi_label=True, top=2, **asked)
    assert writer(OutputFormat.tsv, top=2, labels=LABELS)([made], []) == f"{shown}\ta text\n"


@pytest.mark.parametrize("format", [OutputFormat.label, OutputFormat.tsv])
@pytest.mark.parametrize(
    "asked", [{}, {"threshold": 0.9}, {"threshold": 0.9, "otherwise": "a\tb"}, {"threshold": 0.9, "otherwise": "spam"}]
)
@pytest.mark.parametrize("multi_label", [False, True])
def test_a_pipe_gets_the_lines_that_whole_answers_give(
    format: OutputFormat, asked: dict[str, Any], multi_label: bool
) -> None:
    predictor, policy, texts = Fixed(multi_label=multi_label), Policy(**asked), ["a text", "", "two\tcells\nlines"]
    records = [Record(text) for text in texts]
    brief = brief_writer(format, top=1)
    assert brief is not None
    whole = writer(format, top=1, labels=LABELS)(answer(predictor, records, policy), records)
    assert brief(decide(predictor, texts, policy), texts) == whole
    assert whole.count("\n") == 3


def test_only_lines_of_one_label_are_brief(monkeypatch: pytest.MonkeyPatch) -> None:
    assert brief_writer(OutputFormat.tsv, top=2) is brief_writer(OutputFormat.jsonl, top=1) is None
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)  # where control characters are escaped
    assert brief_writer(OutputFormat.tsv, top=1) is None


@pytest.mark.parametrize("text", ["late\rplease help", "\r", "two\r\nlines", 'a "\r" b'])
def test_a_carriage_return_in_a_text_is_quoted_as_csv(text: str) -> None:
    record = Record(text, (), 1, "", (("id", "1\r"),))
    made = Answer(record, ("ham",), 0.9, [("ham", 0.9)], False)
    printed = writer(OutputFormat.csv, top=1, labels=LABELS)([made], [record])
    assert '"' in printed.splitlines()[1]
    [read] = open_corpus("-", stream=io.BytesIO(printed.encode()), reading=Reading(format="csv"), labelled=False)
    assert read.text == text
    assert dict(read.fields)["id"] == "1\r"
