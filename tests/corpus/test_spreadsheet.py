"""Spreadsheets are tables like others; where nothing is installed that reads them, that is said."""

import sys
from datetime import date, datetime
from zipfile import ZipFile

import pytest

from textcnn.corpus import Reading, Record, open_corpus, read_corpus
from textcnn.errors import DataError, ReadError

ROWS = [("ham", "see you, at five"), ("spam", 'a "free" prize'), ("ham", "two\nlines"), ("spam", "wîn 🎉")]


@pytest.fixture
def write(tmp_path):
    """Write a workbook: a name and rows of each sheet."""
    openpyxl = pytest.importorskip("openpyxl")

    def writing(*sheets, name="mails.xlsx"):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets:
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(tmp_path / name)
        return tmp_path / name

    return writing


def refused(path, kind=ReadError, **choices):
    with pytest.raises(kind) as caught:
        read_corpus([path], reading=Reading(**choices))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_sheet_is_a_table(write):
    path = write(("Mails", [("label", "text"), *ROWS]))
    corpus = read_corpus([path])
    assert list(zip(corpus.labels, corpus.texts, strict=True)) == [((label,), text) for label, text in ROWS]
    assert corpus.notes[0] == (
        f'{path}: a spreadsheet, rows of cells, with a header; text from "text" (by name), labels from "label" '
        '(by name); sheet "Mails"'
    )
    assert corpus.lines == [2, 3, 4, 5], "of a spreadsheet the rows are numbered, whatever is in their cells"


def test_cells_that_are_no_text_are_written_as_text(write):
    cells = [1, 2.0, 2.5, True, date(2024, 1, 2), datetime(2024, 1, 2, 3, 4), None, "=1/0"]
    names = ["whole", "round", "half", "yes", "day", "time", "none", "formula"]
    path = write(("Mails", [["text", *names, "label"], ["hello there", *cells, 1], ["good bye", *[None] * 8, 2.0]]))
    first, second = open_corpus(path)
    expected = ["1", "2", "2.5", "TRUE", "2024-01-02", "2024-01-02 03:04:00", "", ""]
    assert first == Record("hello there", ("1",), 2, str(path), tuple(zip(names, expected, strict=True)))
    assert second.labels == ("2",)


def test_titles_and_empty_rows_and_other_sheets_are_left_out(write):
    rows = [
        ["Mails of May"],
        [],
        ["text", "label"],
        *([text, label] for label, text in ROWS),
        [None, None],
        ["x y", "ham"],
    ]
    path = write(("Cover", []), ("Mails", rows), ("Codes", [["ham", 1]]))
    corpus = read_corpus([path])
    assert corpus.lines == [4, 5, 6, 7, 9]
    assert 'sheet "Mails"; the others are left out: "Cover", "Codes"' in corpus.notes[0]


def test_a_stray_cell_far_away_costs_little(write):
    path = write(("Mails", [("label", "text"), *ROWS]))
    from openpyxl import load_workbook

    book = load_workbook(path)
    book.active["XFD20000"] = " "
    book.save(path)
    assert len(read_corpus([path]).texts) == len(ROWS)


def test_what_is_not_one_says_so(write, tmp_path):
    path = tmp_path / "mails.xlsx"
    with ZipFile(path, "w") as archive:
        archive.writestr("mails.csv", "label,text\nham,x\n")
    assert refused(path).startswith(f"{path}: it cannot be read as a spreadsheet (")
    path.write_bytes(b"PK\x03\x04\x14\0\0\0")
    assert "save it as CSV" in refused(path)
    path.write_text("<html><table><tr><td>ham")
    assert "this is an HTML page" in refused(path)
    path.write_text("label\ttext\nham\tsee you\nspam\tfree prize\n")
    assert read_corpus([path]).texts == ["see you", "free prize"], "a table of text, whatever it is called"
    assert "the file is empty" in refused(write(("Mails", [])), DataError)
    assert "a name that ends in .xlsx" in refused(write(("Mails", ROWS), name="mails.csv"))


def test_without_openpyxl_one_line_says_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "mails.xlsx").write_bytes(b"PK\x03\x04\x14\0\0\0")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    said = refused(tmp_path / "mails.xlsx")
    assert said.endswith("spreadsheets are read by openpyxl: pip install openpyxl; or save it as CSV in UTF-8")
