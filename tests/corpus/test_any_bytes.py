"""Whatever bytes come: records, or an error of ours; and what others write is read back."""

import csv
import io
import json

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from reading import as_csv

from textcnn.corpus import Reading, Record, open_corpus, read_corpus
from textcnn.errors import DataError, TextcnnError

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
labels = texts.map(str.strip).filter(bool)
pieces = st.sampled_from(
    ['"', ",", ";", "\t", "\n", "\r", " ", "\0", "text", "label", "__label__", "{", "}", "[", "]", ":", '"text"', "1",
     '{"text": "a", "label": "b"}\n', "label,text\n", 'a,"b', "\x1f\x8b", "\\ud800", "null", "a", "\ufeff", "é"]
)  # fmt: skip
contents = st.one_of(st.binary(max_size=200), st.lists(pieces, max_size=30).map(lambda found: "".join(found).encode()))
quick = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
columns_told = st.sampled_from([None, "text", "1", 1, 2, "label"])


@given(
    data=contents,
    form=st.sampled_from(["auto", "csv", "tsv", "jsonl", "json", "fasttext", "lines"]),
    labelled=st.booleans(),
    skip=st.booleans(),
    header=st.sampled_from([None, True, False]),
    encoding=st.sampled_from(["utf-8", "latin-1", "utf-16", "utf-7", "punycode", "raw_unicode_escape", "shift_jis"]),
    told=columns_told,
)
@settings(quick, max_examples=3 * quick.max_examples)
def test_any_bytes_become_records_or_an_error_of_ours(data, form, labelled, skip, header, encoding, told):
    reading = Reading(format=form, encoding=encoding, header=header, text_column=told, skip_bad_rows=skip)
    try:
        for record in open_corpus("-", stream=io.BytesIO(data), reading=reading, labelled=labelled):
            assert isinstance(record, Record)
            record.text.encode()
            "".join(record.labels).encode()
            assert record.labels or not labelled
    except TextcnnError as error:
        assert "\n" not in str(error)


@given(data=contents, name=st.sampled_from(["a.csv", "a.tsv", "a.json", "a.jsonl", "a.txt", "a", "a.csv.gz", "a.gz"]))
@quick
def test_any_file_becomes_records_or_an_error_of_ours(data, name, tmp_path):
    path = tmp_path / name
    path.write_bytes(data)
    try:
        read_corpus([path])
    except DataError as error:
        assert str(path) in str(error)


@given(
    rows=st.lists(st.tuples(labels, texts), min_size=1),
    delimiter=st.sampled_from(",;\t"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    bom=st.sampled_from(["", "\ufeff"]),
    swapped=st.booleans(),
)
@example(rows=[("a", '"')], delimiter="\t", quoting=csv.QUOTE_MINIMAL, bom="", swapped=False)
@example(rows=[("a", "0\n0\t0")], delimiter="\t", quoting=csv.QUOTE_MINIMAL, bom="", swapped=False)
@quick
def test_what_the_csv_module_writes_is_read_back(rows, delimiter, quoting, bom, swapped, tmp_path):
    order = -1 if swapped else 1
    table = [row[::order] for row in [("label", "text"), *rows]]
    path = tmp_path / "a.csv"
    path.write_bytes((bom + as_csv(table, delimiter=delimiter, quoting=quoting)).encode())
    records = list(open_corpus(path, reading=Reading(label_separator="")))
    assert [(r.labels, r.text) for r in records] == [((label,), text) for label, text in rows]


@given(rows=st.lists(st.tuples(labels, texts), min_size=1), ascii_only=st.booleans(), array=st.booleans())
@quick
def test_what_the_json_module_writes_is_read_back(rows, ascii_only, array, tmp_path):
    written = [json.dumps({"label": [label], "text": text}, ensure_ascii=ascii_only) for label, text in rows]
    path = tmp_path / ("a.json" if array else "a.jsonl")
    path.write_bytes((f"[{', '.join(written)}]" if array else "\n".join(written)).encode())
    assert [(r.labels, r.text) for r in open_corpus(path)] == [((label,), text) for label, text in rows]
