"""Files to records: CSV, TSV, JSON lines, Parquet, Arrow, fastText lines, plain lines, .xlsx, folders; packed or not.

    with open_corpus("mail.csv", reading=Reading(encoding="latin-1")) as reader:
        for record in reader:             # one at a time, in order, in constant memory
            record.text, record.labels
        reader.columns, reader.skipped    # what was chosen, what was left out

    corpus = read_corpus(["train.csv", "more.jsonl.gz"])    # everything at once, for training
    read_corpus(["all.csv"], reading=Reading(text_column=("title", "body"), rows={"split": ["train"]}))

    record.py        what goes in and comes out       columns.py       which column is the text, which the label
    reader.py        one input, opened and read       sniffing.py      what a column's values look like
    corpus.py        several inputs, read whole       label_fields.py  a label field to labels
    formats.py       which format it is               opened.py        what a format gives when opened
    table_records.py   rows of a table to records     csv_rows.py      lines to CSV rows
    object_records.py  JSON objects to records        json_objects.py  JSON text to objects
    folder.py        a folder to records              paths.py         values inside nested JSON objects
    lines.py         bytes to checked lines           label_lists.py   lists as programs write them
    preamble.py      what is about a table            fasttext_lines.py  fastText lines to records
    column_names.py  what names say                   column_guess.py  which column it is, and its rivals
    column_table.py  columns by name or number        row_choice.py    which rows are read
    joined.py        a row to its text and labels     text_weights.py  how much each text counts
    misfits.py       many rows that do not fit        label_spelling.py  labels spelled in several ways
    header.py        whether a first row is one       known_columns.py  columns told, or as in training
    learned_reading.py  what a model remembers      other_columns.py  the values of another column
    annotations.py   exports of annotation tools      prodigy.py       those of Prodigy
    label_studio.py  those of Label Studio            spreadsheet.py   spreadsheets to lines of CSV
    hints.py         what a first line looks like     file_kinds.py    files that are no tables of text
    arrow.py         Parquet and Arrow to batches     arrow_records.py  batches to records
    input_files.py   patterns and folders to files    free_names.py    names beside those of answers
    writer.py        rows to CSV or JSON lines        soft_labels.py   how probable each label is
    text_sample.py   some texts of files, without labels  given_texts.py  texts that programs hand over

Nothing here prints or exits, and nothing knows what a text or a label means: `textcnn.text` cuts texts into words.
The parts are NamedTuples rather than dataclasses, for importing `dataclasses` takes a tenth of the time in which
a cold prediction must answer; and a part is imported when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textcnn.corpus.columns import Columns
    from textcnn.corpus.corpus import Corpus, read_corpus
    from textcnn.corpus.label_fields import find_separator, split_labels
    from textcnn.corpus.reader import Reader, open_corpus
    from textcnn.corpus.record import FORMATS, Reading, Record

_HOMES = {
    "columns": ("Columns",),
    "label_fields": ("find_separator", "split_labels"),
    "reader": ("Reader", "open_corpus"),
    "record": ("FORMATS", "Reading", "Record"),
    "corpus": ("Corpus", "read_corpus"),
}

__all__ = [
    "FORMATS",
    "Columns",
    "Corpus",
    "Reader",
    "Reading",
    "Record",
    "find_separator",
    "open_corpus",
    "read_corpus",
    "split_labels",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"textcnn.corpus.{home}"), name)
    raise AttributeError(f"module 'textcnn.corpus' has no attribute {name!r}")
