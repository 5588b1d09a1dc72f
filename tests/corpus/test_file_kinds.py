"""Files as other programs leave them: understood, or refused by name, and never learned from as something else."""

import gzip
import io
import json
import os
import pickle
import tarfile
import threading
from zipfile import ZipFile

import pytest

from textcnn.corpus import Reading, read_corpus
from textcnn.errors import DataError, ReadError

SAID = [(f"the parcel number {at} was {'late, sorry' if at % 2 else 'lovely'}", "ab"[at % 2]) for at in range(12)]


@pytest.fixture
def write(tmp_path):
    def writing(content, name="mails.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return writing


def read(path, **choices):
    corpus = read_corpus([path], reading=Reading(**choices))
    return list(zip(corpus.texts, [label for (label,) in corpus.labels], strict=True)), " ".join(corpus.notes)


def refused(path, **choices):
    with pytest.raises(ReadError) as caught:
        read(path, **choices)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def zipped(*names):
    made = io.BytesIO()
    with ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "application/vnd.oasis.opendocument.text")
    return made.getvalue()


def tarred(content):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        entry = tarfile.TarInfo("mails.csv")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


TABLE = b"text,label\nx y,a\nx z,b\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (tarred(TABLE), "it is a tar archive: unpack it (tar -xf)"),
        (zipped("mails.csv"), "it is a zip archive: unpack it"),
        (zipped("mimetype", "content.xml"), "it is a document of LibreOffice"),
        (zipped("[Content_Types].xml", "word/document.xml"), "it is a document of Office"),
        (zipped("Index/Document.iwa"), "it is a document of Numbers"),
        (pickle.dumps(SAID), "it is a pickle, which could run code"),
        (b"\x93NUMPY\x01\0v\0{'descr': '<f8'}", "it is an array of NumPy"),
        (b"\x89HDF\r\n\x1a\n\0", "it is an HDF5 file"),
        (b"RDX3\nX\n\0\0", "it is a file of R"),
        (b"Obj\x01\x04\x14avro.codec", "it is an Avro file"),
        (b"<stata_dta><header>", "it is a file of Stata"),
        (b"<table border=1>\n<tr><td>x</td></tr>\n", "this is an HTML page"),
        (b"<?xml version='1.0'?>\n<rows/>\n", "this is XML"),
        (b"{\\rtf1\\ansi x y, a}\n", "this is a document (RTF)"),
        (b"From me@here Mon Jan  1 00:00:00 2024\nSubject: x, y\n", "this is a mailbox (mbox)"),
        (b"-- MySQL dump 10.13\n--\n", "this is an SQL dump"),
        (b"--\n-- PostgreSQL database dump\n", "this is an SQL dump"),
        (b"INSERT INTO mails (text, label) VALUES ('x', 'a');\n", "this is an SQL dump"),
        (b"@relation mails\n@attribute text string\n", "this is an ARFF file"),
    ],
)
def test_what_is_no_table_of_text_is_named(content, says, write):
    assert says in refused(write(content))


def test_packed_files_are_looked_into(write):
    assert "it is a tar archive" in refused(write(gzip.compress(tarred(TABLE)), "mails.tar.gz"))
    assert refused(write(gzip.compress(gzip.compress(TABLE)), "mails.csv.gz")).endswith("packed twice: unpack it first")


@pytest.mark.parametrize(
    "first",
    [
        "From now on it is Mon at 10:30",
        "insert into my heart what you like",
        "drop table reservations by ten",
        "-- she said, and left",
        "<table> is what I need help with",
        "BZh is no word",
        "relation of mine",
    ],
)
def test_texts_that_begin_like_one_are_texts(first, write):
    rows = [(first.replace(",", ""), "a"), *((said.replace(",", ""), label) for said, label in SAID)]
    assert read(write("".join(f"{said}\t{label}\n" for said, label in rows)))[0] == rows


# Tables that are a little odd.


def quoted(rows, blank=""):
    return "".join(f'"{said}",{blank}"{label}"\n' for said, label in rows)


@pytest.mark.parametrize(
    ("content", "name", "note"),
    [
        (quoted([("text", "label"), *SAID], " "), "blanks.csv", ""),
        ("text,label\n" + quoted(SAID) + ",\n" * 9, "empty_rows.csv", "9 rows of nothing but delimiters are left out"),
        (
            "text\tlabel\n" + "".join(f"{at}\t{said}\t{label}\n" for at, (said, label) in enumerate(SAID, 1)),
            "row_names.tsv",
            "the first column, of row numbers, has no name",
        ),
        (
            "| text | label |\n|---|:---:|\n" + "".join(f"|{said}|{label}|\n" for said, label in SAID),
            "markdown.md",
            "line 2 is a rule, and is left out",
        ),
        (
            "+----+---+\n|text|label|\n+----+---+\n"
            + "".join(f"|{said}|{label}|\n" for said, label in SAID)
            + "+--+\n",
            "mysql.txt",
            "line 16 is a rule",
        ),
    ],
    ids=lambda value: value if value.endswith(("sv", "md", "txt")) else "",
)
def test_odd_tables_are_read(content, name, note, write):
    found, said = read(write(content, name))
    assert found == SAID
    assert note in said


def test_tabs_that_are_steady_separate_columns_though_commas_are_too(write):
    rows = [(f"{said}, thanks", label) for said, label in SAID[::2]] + [(said, label) for said, label in SAID[1::2]]
    found, said = read(write("".join(f"{label}\t{said}\n" for said, label in rows), "notepad.txt"))
    assert found == rows
    assert "tab-separated" in said


def test_escaped_quotes_are_understood_wherever_they_come_first(write):
    rows = [f'"text number {at}, fine","{at % 2}"\n' for at in range(1500)]
    rows[1200] = '"he said \\"hi there\\", and left","a"\n'
    rows[1300] = '"ends in a backslash \\","b"\n'
    found, _ = read(write("text,label\n" + "".join(rows)))
    assert found[1200] == ('he said "hi there", and left', "a")
    assert found[1300] == ("ends in a backslash \\", "b")
    assert len(found) == 1500


def test_titles_above_the_header_are_left_out_on_a_pipe_too():
    below, above = os.pipe()
    content = f"Export of May\n\ntext,label\n{quoted(SAID)}".encode()
    threading.Thread(target=lambda: (os.write(above, content), os.close(above))).start()
    with os.fdopen(below, "rb") as stream:
        corpus = read_corpus(["-"], stream=stream)
    assert corpus.texts == [said for said, _ in SAID]
    assert "the 2 lines above the header are left out" in corpus.notes[0]


def test_nulls_of_databases_are_pointed_out_as_labels(write):
    rows = "".join(f"{said}\t{label if at else chr(92) + 'N'}\n" for at, (said, label) in enumerate(SAID))
    assert r"labels that look like missing values: '\\N' (1)" in read(write(f"text\tlabel\n{rows}", "dump.tsv"))[1]


def test_objects_of_other_shapes_say_how_to_get_at_them(write):
    by_label = {"a": [said for said, _ in SAID[::2]], "b": [said for said, _ in SAID[1::2]]}
    assert "if its keys are labels: jq -c 'to_entries[]" in refused(write(json.dumps(by_label), "a.json"))
    by_id = {f"x{at}": {"text": said, "label": label} for at, (said, label) in enumerate(SAID)}
    assert 'pandas.read_json(FILE, orient="index")' in refused(write(json.dumps(by_id), "a.json"))
    printed = "".join(f"{ {'text': said, 'label': label} }\n" for said, label in SAID)
    assert "this is how Python prints an object; write it with json.dumps" in refused(write(printed, "a.jsonl"))


def test_an_array_of_objects_is_known_without_its_name(write):
    array = json.dumps([{"text": said, "label": label} for said, label in SAID])
    assert read(write(array, "mails"))[0] == SAID
    with pytest.raises(DataError):
        read(write("[URGENT] call me,a\n", "mails"))
