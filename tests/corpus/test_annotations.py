"""What annotation tools export is read as what it means, or refused by name."""

import csv
import json

import pytest

from textcnn.corpus import Reading, open_corpus, read_corpus
from textcnn.errors import ReadError

SAID = [(f"the parcel number {at} was {'late' if at % 2 else 'lovely'}", "ab"[at % 2]) for at in range(20)]
SPANS = "labels spans of the texts (sequence labelling), and textcnn learns labels of whole texts"


@pytest.fixture
def write(tmp_path):
    def writing(objects, name="a.jsonl"):
        path = tmp_path / name
        lines = "".join(json.dumps(each) + "\n" for each in objects)
        path.write_text(json.dumps(list(objects), indent=1) if name.endswith(".json") else lines)
        return path

    return writing


def read(path, **choices):
    """Text and labels of each record, and what was said."""
    corpus = read_corpus([path], reading=Reading(**choices))
    return list(zip(corpus.texts, corpus.labels, strict=True)), " ".join([*corpus.notes, *corpus.losses])


def refused(path, **choices):
    with pytest.raises(ReadError) as caught:
        read(path, **choices)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def labelled(pairs):
    return [(said, (label,)) for said, label in pairs]


class TestProdigy:
    @staticmethod
    def annotation(said, label, answer="accept", **more):
        kept = {"_input_hash": 1, "_task_hash": 2, "_view_id": "classification", "_session_id": "me"}
        return {"text": said, **({} if label is None else {"label": label}), **kept, "answer": answer, **more}

    def test_what_was_ignored_is_left_out_and_counted(self, write):
        found, said = read(write([self.annotation(*SAID[0], "ignore"), *(self.annotation(*each) for each in SAID[1:])]))
        assert found == labelled(SAID[1:])
        assert 'labels from "label" (as annotated); an export of Prodigy; 1 of 20 texts are left out' in said

    def test_a_label_that_was_rejected_is_a_bad_row(self, write):
        path = write([self.annotation(*SAID[0], "reject"), *(self.annotation(*each) for each in SAID[1:])])
        said = refused(path)
        assert said.startswith(f"{path}:1: the label is not meant")
        assert """jq -c 'select(.answer == "accept")'""" in said
        assert read(path, skip_bad_rows=True)[0] == labelled(SAID[1:])

    def test_accepted_and_rejected_are_the_labels_where_there_is_one(self, write):
        answers = {"a": "accept", "b": "reject"}
        path = write([self.annotation(said, "LATE", answers[kind]) for said, kind in SAID])
        found, said = read(path)
        assert found == [(said, (answers[kind],)) for said, kind in SAID]
        assert 'labels from "answer"' in said
        assert read(path, label_column="answer")[0] == found

    def test_choices_are_labels(self, write):
        options = [{"id": "a", "text": "It is a"}, {"id": "b", "text": "It is b"}]
        path = write([self.annotation(said, None, options=options, accept=[label]) for said, label in SAID])
        assert read(path)[0] == labelled(SAID)
        several = self.annotation("both", None, options=options, accept=["a", "b"])
        none = self.annotation("neither", None, options=options, accept=[])
        assert read(write([several, none]))[0] == [("both", ("a", "b")), ("neither", ())]

    def test_what_was_rejected_is_not_learned_without_the_hashes_either(self, write):
        tidy = [{"text": said, "label": label, "answer": "accept"} for said, label in SAID]
        path = write([*tidy, {**tidy[0], "answer": "reject"}, {**tidy[0], "answer": "ignore"}])
        assert "the label is not meant" in refused(path)
        assert read(path, skip_bad_rows=True)[0] == labelled(SAID)
        chosen = [{"text": said, "accept": [label], "answer": "accept"} for said, label in SAID]
        assert read(write([*chosen, {**chosen[0], "answer": "ignore"}]))[0] == labelled(SAID)

    def test_spans_are_refused_by_name(self, write):
        spans = [{"start": 0, "end": 3, "label": "X"}]
        assert f'"spans" {SPANS}' in refused(write([self.annotation(said, None, spans=spans) for said, _ in SAID]))
        assert read(write([self.annotation(*each, spans=spans) for each in SAID]))[0] == labelled(SAID)

    def test_an_answer_that_is_a_list_is_none(self, write):
        path = write([self.annotation(said, kind, answer=["accept"]) for said, kind in SAID])
        assert read(path)[0] == labelled(SAID)

    def test_who_wants_answers_gets_one_for_each(self, write):
        path = write([self.annotation(*SAID[0], "ignore"), self.annotation(*SAID[1], "reject")])
        assert [record.text for record in open_corpus(path, labelled=False)] == [said for said, _ in SAID[:2]]


class TestDoccano:
    def test_lists_of_labels(self, write):
        assert read(write([{"id": 1, "text": said, "label": [label], "Comments": []} for said, label in SAID]))[
            0
        ] == labelled(SAID)

    def test_several_labels_in_one_field_of_csv(self, tmp_path):
        rows = [("x y", "a"), ("x z", "b"), ("y z", "a#b"), ("z z", "c"), ("z y", "b#c"), ("w", "a#c")]
        with (tmp_path / "a.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("id", "text", "label"), *((at, *row) for at, row in enumerate(rows))])
        assert read(tmp_path / "a.csv")[0] == [(said, tuple(label.split("#"))) for said, label in rows]

    def test_a_label_may_end_with_what_separates_there(self, tmp_path):
        rows = [("x y", "C#"), ("x z", "java"), ("y z", "C#|java"), ("z z", ""), ("z y", "F#")]
        with (tmp_path / "a.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *rows])
        found = dict(read(tmp_path / "a.csv")[0])
        assert found["y z"] == ("C#", "java")
        assert found["x y"] == ("C#",)

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("label", [[0, 5, "X"]]),
            ("labels", [[0, 5, "X"]]),
            ("entities", [{"id": 1, "label": "X", "start_offset": 0, "end_offset": 5}]),
        ],
    )
    def test_spans_are_refused_by_name(self, key, value, write, tmp_path):
        objects = [{"text": said, key: [] if at == 0 else value} for at, (said, _) in enumerate(SAID)]
        assert f'"{key}" {SPANS}' in refused(write(objects))
        with (tmp_path / "a.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *((said, json.dumps(value)) for said, _ in SAID)])
        assert f'"label" {SPANS}' in refused(tmp_path / "a.csv")


class TestLabelStudio:
    @staticmethod
    def annotation(*labels, control="mood", cancelled=False, kind="choices", **value):
        said = {kind: list(labels), **value}
        results = [{"from_name": control, "to_name": "text", "type": kind, "value": said}] if labels else []
        return {"id": 1, "result": results, "was_cancelled": cancelled}

    @staticmethod
    def task(said, *annotations, **data):
        return {"id": 7, "data": {"text": said, **data}, "annotations": list(annotations), "predictions": []}

    def test_choices_are_labels(self, write):
        path = write([self.task(said, self.annotation(label), source="web") for said, label in SAID], "a.json")
        found, notes = read(path)
        assert found == labelled(SAID)
        assert 'text from "text" (by name), labels from "mood" (as annotated); an export of Label Studio' in notes
        assert read(write([self.task("both", self.annotation("a", "b"))], "a.json"))[0] == [("both", ("a", "b"))]

    def test_more_than_half_of_the_annotators_decide(self, write):
        a, b, c = map(self.annotation, "abc")
        both = self.annotation("a", "b")
        path = write([self.task("x", a, a, b), self.task("y", a, both), self.task("z", c), self.task("w", b)], "a.json")
        assert read(path)[0] == [("x", ("a",)), ("y", ("a",)), ("z", ("c",)), ("w", ("b",))]
        path = write([self.task("x", a), self.task("y", a, b), self.task("z", b)], "a.json")
        said = refused(path)
        assert "the annotators do not agree about \"mood\": 'a', 'b'; settle it" in said
        found, notes = read(path, skip_bad_rows=True)
        assert found == [("x", ("a",)), ("z", ("b",))]
        assert "1 bad row skipped" in notes

    def test_what_nobody_has_annotated_is_left_out_and_counted(self, write):
        cancelled = self.annotation("a", cancelled=True)
        tasks = [self.task("x", self.annotation("a")), self.task("y", cancelled), self.task("z", self.annotation("b"))]
        found, said = read(write([*tasks, self.task("w")], "a.json"))
        assert found == [("x", ("a",)), ("z", ("b",))]
        assert "2 of 4 texts are left out, for nobody has annotated them" in said
        assert [each.text for each in open_corpus(write(tasks, "a.json"), labelled=False)] == ["x", "y", "z"]
        assert "no text in this export of Label Studio is annotated" in refused(write([self.task("x")], "a.json"))

    def test_of_two_controls_one_must_be_named(self, write):
        tasks = []
        for said, label in SAID:
            answer = self.annotation(label)
            answer["result"] += self.annotation("a", control="topic")["result"]
            tasks.append(self.task(said, answer))
        path = write(tasks, "a.json")
        assert read(path, label_column="mood")[0] == labelled(SAID)
        assert read(path, label_column="topic")[0] == [(said, ("a",)) for said, _ in SAID]

    def test_spans_are_refused_by_name(self, write):
        span = self.annotation("X", kind="labels", start=0, end=3)
        assert "no choices about whole texts, but labels; " in refused(write([self.task("x", span)], "a.json"))
        path = write([{"text": said, "label": [{"start": 0, "end": 3, "labels": ["X"]}]} for said, _ in SAID], "a.json")
        assert f'"label" {SPANS}' in refused(path)

    def test_tables_of_it_are_tables(self, write, tmp_path):
        mood = [label if at % 3 else {"choices": [label, "c"]} for at, (_, label) in enumerate(SAID)]
        expected = [(said, (label,) if at % 3 else (label, "c")) for at, (said, label) in enumerate(SAID)]
        rows = [{"text": said, "id": 1, "sentiment": own} for (said, _), own in zip(SAID, mood, strict=True)]
        assert read(write(rows, "a.json"))[0] == expected
        with (tmp_path / "a.csv").open("w", newline="") as file:
            written = [own if isinstance(own, str) else json.dumps(own) for own in mood]
            csv.writer(file).writerows([("sentiment", "text"), *zip(written, (said for said, _ in SAID), strict=True)])
        assert read(tmp_path / "a.csv")[0] == expected
