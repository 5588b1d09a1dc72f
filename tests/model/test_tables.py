"""A table of Arrow goes in, and comes out with the answer for each row, whatever the other rows are."""

import json

import pytest

from textcnn import ColumnError, DataError, Predictor, SettingsError
from textcnn.corpus.record import LearnedReading

pa = pytest.importorskip("pyarrow")

TEXTS = ["WIN a free prize now", "see you at lunch tomorrow", "", "claim your cash", None]


@pytest.fixture
def predictor(model):
    return Predictor.open(model, threads=1)


def rows(table):
    return table.to_pylist()


def test_answers_are_those_of_json_lines(predictor, textcnn, folder):
    table = pa.table({"id": range(4), "text": TEXTS[:4]})
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows(table)))
    told = textcnn("predict", "--input", "in.jsonl", "--format", "jsonl", "-q").out.splitlines()
    for row, line in zip(rows(predictor.predict_batches(table, novelty=True)), map(json.loads, told), strict=True):
        rounded = {name: round(value, 6) for name, value in row["probabilities"].items()}
        single = 6e-7  # lines have six digits of it, rounded from double precision, a table has single precision
        own = {"probability": round(row["probability"], 6), "novelty": pytest.approx(line["novelty"], abs=single)}
        assert line == {**row, **own, "probabilities": rounded}


def test_a_row_gets_the_same_whatever_the_others_are(predictor):
    table = pa.table({"text": TEXTS})
    whole = predictor.predict_batches(table)
    pieces = [predictor.predict_batches(batch) for batch in table.to_batches(max_chunksize=2)]
    assert all(isinstance(piece, pa.RecordBatch) for piece in pieces)
    assert pa.Table.from_batches(pieces).equals(whole)
    assert rows(whole)[4] == {"text": None, "label": None, "probability": None, "probabilities": None}
    nothing = predictor.predict_batches(table.slice(0, 0))
    assert nothing.schema == whole.schema and nothing.num_rows == 0
    assert predictor.predict_batches(pa.RecordBatch.from_pydict({"text": []}, table.schema)).schema == whole.schema


def test_other_columns_stay_and_make_room_for_answers(predictor):
    table = pa.table(
        {"label": ["a"], "text": ["free prize"], "input_label": [[1.5]]}, metadata={"huggingface": "{}", "k": "v"}
    )
    made = predictor.predict_batches(table)
    assert made.schema.names == ["input_label_2", "text", "input_label", "label", "probability", "probabilities"]
    assert made["input_label"].to_pylist() == [[1.5]]
    assert made.schema.metadata == {b"k": b"v"}, "a list of all columns would not be true any more"


@pytest.mark.parametrize(
    "options",
    [
        {"sure": 0.6},
        {"sure": 0.6, "otherwise": "unsure"},
        {"max_error": 0.9},
        {"novel_above": 0.5, "novel_label": "odd"},
        {"threshold": 1.0, "otherwise": "nobody"},
    ],
    ids=" ".join,
)
def test_every_policy_of_the_command_is_one_of_tables(predictor, textcnn, folder, options):
    (folder / "in.txt").write_text("\n".join(TEXTS[:4]) + "\n")
    words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    told = textcnn("predict", "--input", "in.txt", "--format", "jsonl", "-q", *words)
    made = rows(predictor.predict_batches(pa.table({"text": TEXTS[:4]}), **options))
    assert [row["label"] for row in made] == [json.loads(line)["label"] for line in told.out.splitlines()], told.err
    assert ("novelty" in made[0]) == ("novel_above" in options)


def test_what_a_table_asks_of_a_policy_is_checked(predictor):
    table = pa.table({"text": TEXTS})
    with pytest.raises(SettingsError, match="the model has no label 'egg'"):
        predictor.predict_batches(table, only=["egg"])
    with pytest.raises(SettingsError, match="exclude each other"):
        predictor.predict_batches(table, threshold=0.5, sure=0.9)
    sets = predictor.predict_batches(table.slice(0, 0), sure=0.6, novelty=True).schema
    assert sets.equals(predictor.predict_batches(table, sure=0.6, novelty=True).schema)
    assert (str(sets.field("label").type), str(sets.field("novelty").type)) == ("list<item: string>", "float")


def test_thresholds_only_and_top(predictor):
    table = pa.table({"text": TEXTS})
    assert set(predictor.predict_batches(table, threshold=1.0)["label"].to_pylist()) == {"unknown", None}
    spam = predictor.predict_batches(table, only=["spam"])
    assert 0 < spam.num_rows < len(TEXTS) and set(spam["label"].to_pylist()) == {"spam"}
    best = rows(predictor.predict_batches(table, top=1))[0]
    assert [name for name, value in best["probabilities"].items() if value is not None] == [best["label"]]


def test_which_column_is_the_text(predictor, monkeypatch):
    kinds = {"id": [1], "body": pa.array(["free prize"]).dictionary_encode(), "doc": [{"text": "see you at lunch"}]}
    table = pa.table(kinds)
    said = rows(predictor.predict_batches(table))[0]["label"]
    assert said == rows(predictor.predict_batches(table, "body"))[0]["label"] == "spam"
    assert rows(predictor.predict_batches(table, "doc.text"))[0]["label"] == "ham"
    joined = rows(predictor.predict_batches(table, ["body", "doc.text"]))[0]["probability"]
    assert (
        joined
        == rows(predictor.predict_batches(pa.table({"text": ["free prize | see you at lunch"]})))[0]["probability"]
    )
    two = table.append_column("title", pa.array(["x"]))
    with pytest.raises(ColumnError, match="cannot tell which column is the text; the columns are id, body, doc, title"):
        predictor.predict_batches(two)
    monkeypatch.setattr(Predictor, "reading", LearnedReading(("body",)))
    assert rows(predictor.predict_batches(two))[0]["label"] == "spam"


def test_what_is_no_text_is_named(predictor):
    with pytest.raises(ColumnError, match='no column "mail"; the columns are text'):
        predictor.predict_batches(pa.table({"text": TEXTS}), "mail")
    with pytest.raises(DataError, match='row 2: the column "text" holds a list, where one text is needed'):
        predictor.predict_batches(pa.table({"text": [None, ["a"]]}), "text")
    with pytest.raises(DataError, match="a table of Arrow is expected, not int"):
        predictor.predict_batches(3)


def test_a_data_frame_will_do(predictor):
    pandas = pytest.importorskip("pandas")
    made = predictor.predict_batches(pandas.DataFrame({"text": TEXTS[:2]})).to_pandas()
    assert list(made["label"]) == ["spam", "ham"]
