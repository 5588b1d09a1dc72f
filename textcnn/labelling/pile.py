"""The texts that wait for a label, with the columns of their own, and where each stood."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from textcnn.corpus import Reading, Record, open_corpus
from textcnn.errors import DataError
from textcnn.labelling.journal import key_of

__all__ = ["Pile", "read_pile"]

_TEXT = "text"  # the column of a text that had none


class Pile:
    """Texts, B of them, each known by a number from 0.

    Args:
        records: one for each text; the labels of a record are what the input says already.
        columns: names of the input's own columns, in order, without that of labels.
        texts: those of the columns that make the text.
        notes: what there is to say of how they were read.
    """

    def __init__(
        self, records: Sequence[Record], columns: Sequence[str], texts: Sequence[str], notes: Sequence[str] = ()
    ) -> None:
        self.records, self.columns, self.text_columns, self.notes = records, list(columns), list(texts), notes
        self.texts = [record.text for record in records]
        self.keys = [key_of(text) for text in self.texts]
        self.first_of: dict[str, int] = {}  # the first text of a key: copies have the same
        for number, key in enumerate(self.keys):
            self.first_of.setdefault(key, number)

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def _folded(self) -> list[str]:
        return [text.casefold() for text in self.texts]

    def search(self, words: str) -> list[int]:
        """Texts that have all these words, or parts of words, in any case; copies once."""
        wanted = words.casefold().split()
        return [number for number in self.first_of.values() if all(word in self._folded[number] for word in wanted)]

    def row(self, number: int) -> dict[str, object]:
        """The input's own columns of a text."""
        record = self.records[number]
        values: dict[str, object] = dict(record.fields)
        if len(self.text_columns) == 1:
            values[self.text_columns[0]] = record.text
        else:
            values |= dict.fromkeys(self.text_columns, "")
            values |= {part.column: record.text[part.start : part.end] for part in record.parts}
        ordered = {name: values[name] for name in self.columns if name in values}
        return ordered | values

    def shown(self, number: int, columns: Sequence[str]) -> dict[str, object]:
        """Some of the columns of a text, those that it has."""
        values = self.row(number)
        return {name: values[name] for name in columns if name in values}

    def labels_given(self) -> dict[int, str]:
        """The labels that the input has, of the texts that have one; of copies the first."""
        return {
            number: self.records[number].labels[0] for number in self.first_of.values() if self.records[number].labels
        }

    def without_labels(self) -> "Pile":
        """The same texts as if nothing was known of them."""
        records = [record._replace(labels=()) for record in self.records]
        return Pile(records, self.columns, self.text_columns, self.notes)


def read_pile(paths: Sequence[str | Path], reading: Reading, stream: BinaryIO | None = None) -> Pile:
    """Read texts; labels only from a column that was told, and a text need not have one there.

    Raises:
        ReadError: an input cannot be read, or has a bad row that is not to be skipped.
        ColumnError: it is in doubt which column the text is in.
        DataError: a text has several labels already.
    """
    records: list[Record] = []
    columns: dict[str, None] = {}
    texts: tuple[str, ...] = ()
    notes = []
    labelled, part = reading.label_column is not None, len(paths) > 1
    for path in paths:
        with open_corpus(path, reading=reading, labelled=labelled, stream=stream, unlabelled=True, part=part) as reader:
            records += reader
        notes.append(reader.describe())
        if reader.columns is not None:
            texts = texts or reader.columns.texts
            columns |= dict.fromkeys(name for name in reader.columns.names if name not in reader.columns.labels)
    for record in records:
        if len(record.labels) > 1:
            raise DataError(f"{record.source}:{record.line}: the text has several labels; here each gets one")
    texts = texts or (_TEXT,)
    return Pile(records, _own_columns(records, columns, texts), texts, notes)


def _own_columns(records: Sequence[Record], named: Iterable[str], texts: Sequence[str]) -> list[str]:
    """The columns that texts have, in the order of the file; one that a path leads into is what is left of it."""
    there = {name for record in records for name, _ in record.fields} | {*texts}
    return [*(name for name in named if name in there), *sorted(there.difference(named))]
