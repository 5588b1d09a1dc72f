"""Parquet and Arrow are tables like others, of typed columns; values that are no text become what JSON has."""

import datetime
import decimal
import sys

import pytest

from textcnn.corpus import Reading, Record, open_corpus, read_corpus
from textcnn.errors import ColumnError, DataError, ReadError

pa = pytest.importorskip("pyarrow")
ipc = pytest.importorskip("pyarrow.ipc")
pq = pytest.importorskip("pyarrow.parquet")

TEXTS = ["win a free prize now", "see you at noon", "free cash, claim it"]
LABELS = ["spam", "ham", "spam"]


def written(path, table):
    """The table in the format of the file's name."""
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=2)
    else:
        made = ipc.new_stream if path.suffix == ".arrows" else ipc.new_file
        with made(path, table.schema) as writer:
            writer.write_table(table)
    return path


def mails(**others):
    return pa.table({"text": TEXTS, "label": LABELS, **others})


def refused(path, kind=DataError, **choices):
    with pytest.raises(kind) as caught:
        read_corpus([path], reading=Reading(**choices))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["mails.parquet", "mails.arrow", "mails.arrows", "mails.feather"])
def test_a_file_of_typed_columns_is_a_table(tmp_path, name):
    corpus = read_corpus([written(tmp_path / name, mails(id=[7, 8, 9]))], fields=True)
    assert corpus.texts == TEXTS
    assert corpus.labels == [("spam",), ("ham",), ("spam",)]
    assert corpus.lines == [1, 2, 3]
    assert corpus.fields[2] == (("id", 9),)
    form = "Parquet" if name.endswith("parquet") else "Arrow"
    assert corpus.notes[0].endswith(
        f'{name}: {form}, typed columns; text from "text" (by name), labels from "label" (by name)'
    )


@pytest.mark.parametrize(
    "column",
    [
        pa.array(TEXTS, pa.large_string()),
        pa.array(TEXTS, pa.string_view()),
        pa.array(TEXTS).dictionary_encode(),
        pa.array([text.encode() for text in TEXTS], pa.binary()),
        pa.chunked_array([TEXTS[:1], TEXTS[1:]]),
    ],
    ids=["large", "view", "dictionary", "bytes", "chunks"],
)
def test_text_of_any_type_is_text(tmp_path, column):
    path = written(tmp_path / "a.parquet", pa.table({"text": column, "label": pa.array(LABELS).dictionary_encode()}))
    corpus = read_corpus([path])
    assert (corpus.texts, corpus.labels) == (TEXTS, [(label,) for label in LABELS])


def test_bytes_are_text_in_the_encoding_that_is_told(tmp_path):
    path = written(tmp_path / "a.parquet", pa.table({"text": [b"caf\xe9", b"th\xe9"], "label": ["a", "b"]}))
    assert read_corpus([path], reading=Reading(encoding="latin-1")).texts == ["café", "thé"]
    assert 'a.parquet:1: the column "text" holds bytes that are no text (see --encoding)' in refused(path)


def test_other_columns_become_what_json_has(tmp_path):
    table = mails(
        day=[datetime.date(2024, 1, 2)] * 3,
        price=[decimal.Decimal("1.50")] * 3,
        score=[0.5, float("nan"), None],
        image=[b"\xff\xd8", b"ok", None],
        inner=[{"at": datetime.datetime(2024, 1, 2, 3, 4), "tags": ["x"]}] * 3,
    )
    first, second, _ = open_corpus(written(tmp_path / "a.parquet", table))
    assert first == Record(
        TEXTS[0], ("spam",), 1, str(tmp_path / "a.parquet"),
        (("day", "2024-01-02"), ("price", "1.50"), ("score", 0.5), ("image", "/9g="),
         ("inner", {"at": "2024-01-02 03:04:00", "tags": ["x"]})),
    )  # fmt: skip
    assert dict(second.fields)["score"] is None


def test_dots_lead_into_structures_and_lists_are_labels(tmp_path):
    table = pa.table(
        {
            "doc": [{"body": text, "n": 1} for text in TEXTS],
            "tags": [["spam", "ad"], ["ham"], ["spam"]],
            "id": [1, 2, 3],
        }
    )
    path = written(tmp_path / "a.parquet", table)
    corpus = read_corpus([path], reading=Reading(text_column="doc.body", label_column="tags"), multi_label=True)
    assert corpus.texts == TEXTS
    assert corpus.labels == [("spam", "ad"), ("ham",), ("spam",)]


def test_a_null_is_no_text(tmp_path):
    table = pa.table({"text": [TEXTS[0], None, TEXTS[2]], "label": ["spam", "ham", "ham"]})
    path = written(tmp_path / "a.parquet", table)
    assert 'a.parquet:2: the column "text" is null, where one text is needed' in refused(path, ReadError)
    corpus = read_corpus([path], reading=Reading(skip_bad_rows=True))
    assert (corpus.texts, corpus.skipped) == ([TEXTS[0], TEXTS[2]], 1)


def test_what_cannot_be_read_is_named(tmp_path):
    whole = written(tmp_path / "a.parquet", mails()).read_bytes()
    for name, data, says in (
        ("cut.parquet", whole[:-20], "cut.parquet: it cannot be read ("),
        ("holed.parquet", whole[:10] + bytes(40) + whole[50:], "it is damaged, or not complete"),
        # Columns that cannot be null after all; asked for their compression, pyarrow would end the process.
        ("never_null.parquet", whole.replace(b"\x25\x02", b"\x25\x00"), "it is damaged, or not complete"),
        ("cut.arrow", written(tmp_path / "a.arrow", mails()).read_bytes()[:300], "cut.arrow: it cannot be read ("),
        ("empty.parquet", b"", "the file is empty"),
        ("mails.csv", whole, "give it a name that ends in .parquet, or say --input-format parquet"),
    ):
        (tmp_path / name).write_bytes(data)
        assert says in refused(tmp_path / name), name
    assert "there is no row in it" in refused(written(tmp_path / "none.parquet", mails().slice(0, 0)))
    assert 'no column "body"; the columns are 1 "text"' in refused(tmp_path / "a.parquet", text_column="body")
    assert "no such file" in refused(tmp_path / "gone.parquet")
    assert "no such file" in refused(tmp_path / "gone.parquet", format="parquet")
    one = refused(written(tmp_path / "one.parquet", pa.table({"text": TEXTS})), ColumnError)
    assert "only one column" in one and "--delimiter" not in one
    twice = pa.table([TEXTS, TEXTS, LABELS], names=["text", "text", "label"])
    assert "several columns have the same name" in refused(written(tmp_path / "two.arrow", twice))


def test_a_decimal_beyond_all_limits_is_refused(tmp_path):
    number = pa.Array.from_buffers(pa.decimal128(5, 2**31 - 1), 1, [None, pa.py_buffer(bytes(15) + b"\1")])
    table = pa.table({"text": TEXTS[:1], "label": LABELS[:1], "price": number})
    assert "after row 0 it cannot be read (" in refused(written(tmp_path / "a.arrow", table))


def test_the_format_can_be_told_and_arrow_comes_through_a_pipe(tmp_path):
    path = written(tmp_path / "a.parquet", mails()).rename(tmp_path / "data")
    assert read_corpus([path], reading=Reading(format="parquet")).texts == TEXTS
    with written(tmp_path / "a.arrows", mails()).open("rb") as stream:
        assert read_corpus(["-"], reading=Reading(format="arrow"), stream=stream).texts == TEXTS
    with pytest.raises(ReadError, match="a stream has none; name a file"), path.open("rb") as stream:
        read_corpus(["-"], reading=Reading(format="parquet"), stream=stream)


def test_patterns_and_folders_of_tables_are_read_file_by_file(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("b.parquet", "a.parquet", "deep/c.parquet"):
        written(tmp_path / "in" / name, mails(file=[name] * 3))
    (tmp_path / "in" / "_SUCCESS").write_text("")
    for told, files in (("in", 3), ("in/*.parquet", 2), ("in/**/*.parquet", 3)):
        assert read_corpus([tmp_path / told]).texts == TEXTS * files
    sources = read_corpus([tmp_path / "in"]).sources
    assert [source.rpartition("in/")[2] for source in dict.fromkeys(sources)] == [
        "a.parquet",
        "b.parquet",
        "deep/c.parquet",
    ]
    assert "in/*.csv: no file has such a name" in refused(tmp_path / "in" / "*.csv")


def test_a_table_without_rows_is_none_among_others(tmp_path):
    """As Spark writes one for each part that a filter has emptied."""
    for number in range(3):
        written(tmp_path / f"part-{number}.parquet", mails().slice(0, 3 * (number == 1)))
    written(tmp_path / "part-3.arrows", mails().slice(0, 0))
    corpus = read_corpus([tmp_path / "part-*"])
    assert (corpus.texts, corpus.labels) == (TEXTS, [(label,) for label in LABELS])
    assert f"{tmp_path / 'part-0.parquet'}: Parquet; there is no row in it" in corpus.notes
    assert corpus.learned is not None and corpus.learned.texts == ("text",)
    assert read_corpus([tmp_path / "part-1.parquet", tmp_path / "part-0.parquet"]).texts == TEXTS
    (tmp_path / "part-1.parquet").unlink()
    assert f"{tmp_path / 'part-0.parquet'} and 2 more: there is no row in them" in refused(tmp_path / "part-*")
    assert "part-0.parquet: there is no row in it" in refused(tmp_path / "part-0.parquet")


def test_of_many_files_alike_one_is_described(tmp_path):
    for number in range(8):
        (tmp_path / f"{number}.csv").write_text("text,label\nfree prize now,spam\nsee you,ham\n")
    first, *others = read_corpus([tmp_path / "*.csv"]).notes
    assert first.startswith(f"{tmp_path / '0.csv'} and 7 more: CSV, comma-separated")
    assert not others


def test_zstd_is_unpacked(tmp_path):
    path, data = tmp_path / "a.csv.zst", b"text,label\nfree prize now,spam\nsee you,ham\n"
    with pa.CompressedOutputStream(str(path), "zstd") as file:
        file.write(data)
    assert read_corpus([path]).texts == ["free prize now", "see you"]
    packed = path.read_bytes()
    path.write_bytes(packed[:-4])
    assert "it cannot be read as what its name says" in refused(path)
    path.write_bytes(data)
    assert "it cannot be read as what its name says" in refused(path)
    path.with_name("a.csv").write_bytes(packed)
    assert "give it a name that ends in .zst" in refused(path.with_name("a.csv"))


def test_without_pyarrow_one_line_says_what_to_do(tmp_path, monkeypatch):
    path = written(tmp_path / "a.parquet", mails())
    (tmp_path / "a.csv.zst").write_bytes(b"(\xb5/\xfd")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert refused(path).endswith("Parquet and Arrow are read by pyarrow: pip install pyarrow")
    assert "pip install pyarrow; or unpack it first" in refused(tmp_path / "a.csv.zst")


SOFT = [{"spam": 0.9, "ham": 0.1}, {"spam": None, "ham": 1.0}, None]
SPREAD = [[("spam", 0.9), ("ham", 0.1)], [("ham", 1.0)], None]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(SOFT, pa.struct({"spam": pa.float32(), "ham": pa.float32()})),
        pa.array(SPREAD, pa.map_(pa.string(), pa.float64())),
    ],
    ids=["structure", "map"],
)
@pytest.mark.parametrize("name", ["pool.parquet", "pool.arrow"])
def test_a_structure_or_a_map_of_probabilities_is_a_soft_label(tmp_path, name, column):
    path = written(tmp_path / name, mails(probabilities=column))
    corpus = read_corpus([path], reading=Reading(soft_labels=True))
    assert corpus.soft[0] == pytest.approx({"spam": 0.9, "ham": 0.1})
    assert corpus.soft[1:] == [{"ham": 1.0}, None]
    assert read_corpus([path]).soft is None


def test_soft_labels_alone_say_the_label(tmp_path):
    table = pa.table({"text": TEXTS[:2], "probabilities": SOFT[:2]})
    corpus = read_corpus([written(tmp_path / "pool.parquet", table)], reading=Reading(soft_labels=True))
    assert corpus.labels == [("spam",), ("ham",)]


def test_other_columns_of_that_name_are_no_soft_labels(tmp_path):
    path = written(tmp_path / "mails.parquet", mails(probabilities=[[0.1, 0.9]] * 3))
    assert read_corpus([path], reading=Reading(soft_labels=True)).soft is None


def test_probabilities_that_do_not_add_up_are_named_by_row(tmp_path):
    soft = pa.array([{"spam": 0.4, "ham": None}, *SOFT[1:]], pa.struct({"spam": pa.float32(), "ham": pa.float32()}))
    message = refused(written(tmp_path / "mails.parquet", mails(probabilities=soft)), soft_labels=True)
    assert 'mails.parquet:1: the numbers in "probabilities" add up to 0.4' in message
