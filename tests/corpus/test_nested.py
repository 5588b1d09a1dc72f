"""JSON whose texts and labels lie inside other objects: reached by dotted paths, whatever the objects are."""

import json
import time

import pytest

from textcnn.corpus import Reading, open_corpus, read_corpus
from textcnn.corpus.paths import MISSING, flattened, value_at, without
from textcnn.errors import ColumnError, DataError, ReadError

SAID = [(f"the parcel number {at} was {'late' if at % 2 else 'lovely'}", "ab"[at % 2]) for at in range(8)]


@pytest.fixture
def write(tmp_path):
    def writing(objects, name="a.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(each) + "\n" for each in objects))
        return path

    return writing


def read(path, **choices):
    with open_corpus(path, reading=Reading(**choices)) as reader:
        return [(record.text, *record.labels) for record in reader], reader.columns


def refused(path, kind=DataError, **choices):
    with pytest.raises(kind) as caught:
        read(path, **choices)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestPaths:
    def test_a_path_leads_through_objects_and_lists(self):
        values = {"doc": {"body": "x", "a.b": 1, "list": [{"text": "y"}, 2]}, "doc.body": "z", "": {"": 3}}
        assert value_at(values, "doc.list.0.text") == "y"
        assert value_at(values, "doc.list.1") == 2
        assert value_at(values, "doc.a.b") == 1
        assert value_at(values, ".") == 3
        assert value_at(values, "doc.body") == "z", "a key that really contains a dot wins"
        assert value_at({"a": None}, "a") is None
        for nowhere in ("doc.title", "doc.list.2", "doc.list.x", "doc.list.-1", "doc.body.x", "body", "doc.list.²"):
            assert value_at({"doc": values["doc"]}, nowhere) is MISSING

    def test_what_was_taken_is_not_left(self):
        values = {"doc": {"title": "t", "body": "b"}, "meta": {"topic": "x"}, "list": [{"text": "y"}]}
        assert without(values, "doc.body") == {"doc": {"title": "t"}, "meta": {"topic": "x"}, "list": [{"text": "y"}]}
        assert without(values, "meta.topic") == {"doc": {"title": "t", "body": "b"}, "list": [{"text": "y"}]}
        assert without(values, "list.0.text") == without(values, "nowhere") == values
        assert "b" in values["doc"]["body"], "the object itself is as it was"

    def test_what_nested_objects_hold_is_offered_in_their_place(self):
        values = {
            "id": 1,
            "doc": {"body": "b", "more": {"n": [1, 2]}},
            "cats": {"a": 0, "b": 1},
            "turns": [{"by": "x"}],
        }
        offered = {"id": 1, "cats": {"a": 0, "b": 1}, "doc.body": "b", "doc.more.n": [1, 2], "turns.0.by": "x"}
        assert flattened([values], ()) == [offered]
        assert flattened([values], ("cats.a", "cats.z")) == [{**offered, "cats.a": 0}], "and what was asked for"


def test_labels_may_be_objects_with_a_name(tmp_path):
    path = tmp_path / "issues.jsonl"
    rows = [
        {"body": f"it fails {at}", "labels": [{"id": 7, "name": name} for name in "ab"[: at % 3]]} for at in range(9)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read_corpus([path]).labels[:3] == [(), ("a",), ("a", "b")]


def test_the_columns_of_a_path_are_told_or_found_or_listed(write):
    path = write([{"doc": {"lead": said.upper(), "rest": said}, "meta": {"topic": label}} for said, label in SAID])
    columns = {"text_column": "doc.rest", "label_column": "meta.topic"}
    assert read(path, **columns)[0] == SAID
    with open_corpus(path, reading=Reading(**columns)) as reader:
        assert next(reader).fields == (("doc", {"lead": SAID[0][0].upper()}),)
    said = refused(path, ColumnError, label_column="meta.topic")
    assert '"doc.lead" (such as ' in said
    assert '"doc.rest" (such as ' in said
    assert '"meta.topic" (such as ' in said
    assert 'there is no key "meta.kind"' in refused(path, ColumnError, label_column="meta.kind")
    found, chosen = read(write([{"doc": {"body": said}, "meta": {"topic": label}} for said, label in SAID]))
    assert found == SAID
    assert (chosen.text, chosen.label, chosen.text_by) == ("doc.body", "meta.topic", "by name"), (
        "as their last steps say"
    )
    titled = [{"doc": {"title": said.upper(), "body": said}, "meta": {"topic": label}} for said, label in SAID]
    assert read(write(titled))[0] == SAID
    path = write([{"turns": [{"by": "me", "said": said}], "kinds": {"a": 0, "b": 1}} for said, _ in SAID])
    assert read(path, text_column="turns.0.said", label_column="kinds")[0] == [(said, "b") for said, _ in SAID]


def test_a_path_that_leads_nowhere_is_a_bad_row(write):
    path = write([{"doc": {"body": "x y"}, "label": "a"}, {"doc": None, "label": "a"}, {"label": "b"}])
    said = refused(path, ReadError, text_column="doc.body")
    assert said.startswith(f'{path}:2: the key "doc.body" is missing, where one text is needed')


DEEP = "1"
for _ in range(900):
    DEEP = f'{{"a": {DEEP}}}'


@pytest.mark.parametrize(
    "extra",
    [
        lambda at: json.loads(DEEP),
        lambda at: {f"w{at}_{other}": 0.5 for other in range(300)},
        lambda at: {"k" * 10_000: {f"{other}": {"a": "b"} for other in range(300)}},
        lambda at: {f"{other}": {f"{each}": {"x": 0.5} for each in range(20)} for other in range(20)},
    ],
    ids=["deep", "keys of its own", "long keys", "a tree"],
)
def test_what_objects_hold_besides_costs_little_and_hides_no_column(extra, write):
    path = write([{"said": said, "kind": label, "more": extra(at)} for at, (said, label) in enumerate(SAID * 10)])
    began = time.process_time()
    try:
        read(path)
    except ColumnError as error:
        assert '"kind" (such as ' in str(error)
        assert len(str(error)) < 4000
    assert read(path, text_column="said", label_column="kind")[0] == SAID * 10
    assert time.process_time() - began < 5


def test_one_object_that_holds_all_says_how_to_get_at_them(write, tmp_path):
    objects = [{"text": said, "label": label} for said, label in SAID]
    path = write([{"version": "1", "rows": objects}], "a.json")
    assert """under "rows", and each must stand on a line of its own: jq -c '."rows"[]' FILE""" in refused(path)
    table = {"text": {str(at): said for at, (said, _) in enumerate(SAID)}, "label": {"0": "a", "1": "b", "2": "c"}}
    assert "pandas.read_json(FILE).to_json(" in refused(write([table], "a.json"))
    split = {"columns": ["text", "label"], "index": [0, 1], "data": [list(each) for each in SAID]}
    assert 'pandas.read_json(FILE, orient="split")' in refused(write([split], "a.json"))
    path.write_text("".join(json.dumps(each, indent=2) + "\n" for each in objects))
    assert refused(path).endswith("an object must stand on one line: jq -c . FILE > FILE.jsonl")


def test_paths_lead_to_all_that_columns_can_be(write):
    objects = [
        {
            "doc": {"title": "T", "body": said},
            "is": {"a": label == "a", "b": label == "b"},
            "meta": {"part": "train" if at < 6 else "test", "weight": 2},
        }
        for at, (said, label) in enumerate(SAID)
    ]
    told = {"text_column": ("doc.title", "doc.body"), "label_column": "is.a,is.b", "weight_column": "meta.weight"}
    with open_corpus(write(objects), reading=Reading(**told, rows={"meta.part": ["test"]})) as reader:
        records = list(reader)
    assert [record.text for record in records] == [f"T | {said}" for said, _ in SAID[6:]]
    assert records[0].column_of(4) == "doc.body"
    assert [record.labels for record in records] == [("is.a",), ("is.b",)]
    assert records[0].weight == 2
    assert records[0].fields == (("meta", {"part": "test", "weight": 2}),)
    assert '2 of 8 rows are read, those with "meta.part" test' in reader.notes
    path = write([*objects, {"doc": {"title": "T"}, "is": {"a": 1}, "meta": {"part": "test"}}])
    assert refused(path, ReadError, **told).startswith(f'{path}:9: the weight in "meta.weight" is missing')


def test_a_spreadsheet_has_weights_and_rows_too(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [("title", "body", "a", "b", "part", "w"), *(("T", said, 1, 0, "train", 0.5) for said, _ in SAID)]:
        book.active.append(row)
    book.active.append([None] * 6)
    book.active.append(("T", "no", 0, 1, "test", 1))
    book.save(tmp_path / "a.xlsx")
    told = Reading(text_column=("title", "body"), label_column=("a", "b"), weight_column="w", rows={"part": ["test"]})
    assert [(each.text, each.labels, each.weight) for each in open_corpus(tmp_path / "a.xlsx", reading=told)] == [
        ("T | no", ("b",), 1)
    ]
