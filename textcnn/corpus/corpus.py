"""Several inputs read whole, for training: the texts, their labels, and where they stood."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from textcnn.corpus.label_fields import find_separator, split_labels
from textcnn.corpus.reader import Reader, open_corpus
from textcnn.corpus.record import Reading, Record

__all__ = ["Corpus", "read_corpus"]


class Corpus(NamedTuple):
    """Records turned into columns, all equally long, and what there is to say about how they were read."""

    texts: list[str]
    labels: list[tuple[str, ...]]
    lines: list[int]
    sources: list[str]
    separator: str | None  # between labels of one field: as told, or as found out
    skipped: int
    notes: tuple[str, ...]  # a sentence for each input, one more where labels were split
    fields: Sequence[tuple[tuple[str, object], ...]] = ()  # the other columns of each text, if they were asked for
    losses: tuple[str, ...] = ()  # a sentence for each input whose rows were skipped

    @property
    def places(self) -> list[str]:
        """Where each record stood: file and line."""
        return [f"{source}:{line}" for source, line in zip(self.sources, self.lines, strict=True)]


def read_corpus(
    paths: Sequence[str | Path],
    *,
    reading: Reading | None = None,
    labelled: bool = True,
    stream: BinaryIO | None = None,
    fields: bool = False,
    known: Collection[str] | None = None,
) -> Corpus:
    """Read every input. Labels in one field are separated if that is what they all show (`find_separator`).

    The other columns are kept if `fields` asks for them. Labels that are `known`, for texts that can have several were
    read before, help to find what separates them; no known ones say that each text has one, and nothing is separated.
    """
    reading = reading or Reading()
    records: list[Record] = []
    readers = []
    for path in paths:
        with open_corpus(path, reading=reading, labelled=labelled, stream=stream) as reader:
            records += reader
        readers.append(reader)
    labels = [record.labels for record in records]
    notes = [reader.describe() for reader in readers]
    separator = reading.label_separator
    if separator is None and (separator := _separator(labels, known)):
        labels = [split_labels(row[0], separator=separator) for row in labels]
        notes.append(f'fields hold several labels, separated by "{separator}"; --label-separator "" if they do not')
    corpus = _of_records(records)
    return corpus._replace(
        labels=labels,
        separator=separator,
        skipped=sum(reader.skipped for reader in readers),
        notes=tuple(notes),
        fields=corpus.fields if fields else (),
        losses=tuple(filter(None, map(Reader.describe_skipped, readers))),
    )


def _of_records(records: Sequence[Record]) -> Corpus:
    """Their columns."""
    return Corpus(
        texts=[record.text for record in records],
        labels=[record.labels for record in records],
        lines=[record.line for record in records],
        sources=[record.source for record in records],
        separator=None,
        skipped=0,
        notes=(),
        fields=[record.fields for record in records],
    )


def _separator(labels: Sequence[tuple[str, ...]], known: Collection[str] | None) -> str | None:
    """What separates labels, unless there is one a text, or some are lists already or come from elsewhere."""
    if (known is not None and not known) or any(len(row) != 1 for row in labels):
        return None
    return find_separator([row[0] for row in labels], known or ())
