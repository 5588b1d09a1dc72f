"""Several inputs read whole, for training: the texts, their labels, and where they stood."""

from collections.abc import Collection, Mapping, Sequence
from itertools import compress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from textcnn.corpus.input_files import input_files
from textcnn.corpus.label_fields import find_separator, split_labels
from textcnn.corpus.label_spelling import label_doubts, same_numbers
from textcnn.corpus.learned_reading import learned_reading
from textcnn.corpus.reader import Reader, open_corpus
from textcnn.corpus.record import BadRow, LearnedReading, Reading, Record
from textcnn.corpus.soft_labels import fitting_labels, normalised
from textcnn.errors import ReadError

__all__ = ["Corpus", "read_corpus"]

_NAMED = 5  # files that were read alike and are named one by one


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
    weights: list[float] | None = None  # how much each text counts, if they were read
    soft: list[Mapping[str, float] | None] | None = None  # how probable each label is, of texts that say it
    learned: LearnedReading | None = None  # what a model remembers of how they were read; None: nothing

    @property
    def places(self) -> list[str]:
        """Where each record stood: file and line."""
        return [f"{source}:{line}" for source, line in zip(self.sources, self.lines, strict=True)]

    def parted(self, label: str) -> tuple["Corpus", "Corpus"]:
        """The records that do not have a label, and those that have it.

        Soft labels of the former to which it is probable are left out: their own label is learned from.
        """
        has = [label in labels for labels in self.labels]
        known, others = self._chosen([not one for one in has]), self._chosen(has)
        if known.soft is not None:
            known = known._replace(soft=[None if soft is None or label in soft else soft for soft in known.soft])
        return known, others

    def _chosen(self, wanted: Sequence[bool]) -> "Corpus":
        return self._replace(
            texts=list(compress(self.texts, wanted)),
            labels=list(compress(self.labels, wanted)),
            lines=list(compress(self.lines, wanted)),
            sources=list(compress(self.sources, wanted)),
            fields=list(compress(self.fields, wanted)),
            weights=None if self.weights is None else list(compress(self.weights, wanted)),
            soft=None if self.soft is None else list(compress(self.soft, wanted)),
        )


def read_corpus(
    paths: Sequence[str | Path],
    *,
    reading: Reading | None = None,
    labelled: bool = True,
    stream: BinaryIO | None = None,
    fields: bool = False,
    known: Collection[str] | None = None,
    multi_label: bool = False,
    names: Collection[str] = (),
) -> Corpus:
    """Read every input, patterns and folders of tables file by file (`input_files`).

    Labels in one field are separated if that is what they all show (`find_separator`).

    The other columns are kept if `fields` asks for them. Labels that are `known`, for texts that can have several were
    read before, help to find what separates them; no known ones say that each text has one, and nothing is separated.
    A text may be without a label if `multi_label` says so, labels are `known`, or another text has several.
    Whole numbers are spelled as in `names`, the labels of other texts, if they are spelled in several ways.

    Raises:
        ReadError: an input cannot be read, or has a bad row that is not to be skipped.
        ColumnError: it is in doubt which column is which.
    """
    reading = reading or Reading()
    records, readers = _read_all(input_files(paths), reading, labelled, stream)
    labels = [record.labels for record in records]
    notes = _described(readers)
    separator, flags = reading.label_separator, any(map(_has_flags, readers))
    if not flags and separator is None and (separator := _separator(labels, known)):
        labels = _separated(labels, separator, notes)
    several = any((multi_label, known, flags, _has_several(labels)))
    if not several:
        records, labels = _labelled(records, labels, readers)
    if any(record.probabilities for record in records):
        records, labels = _softly_labelled(records, labels, readers, several=several, notes=notes)
    labels = _respelled(labels, names, notes)
    notes += label_doubts(labels)
    return _of_records(records, fields=fields)._replace(
        labels=labels,
        separator=separator,
        skipped=sum(reader.skipped for reader in readers),
        notes=tuple(notes),
        losses=tuple(filter(None, map(Reader.describe_skipped, readers))),
        weights=_weights(records, reading),
        soft=_soft(records),
        learned=learned_reading(readers, reading),
    )


def _weights(records: Sequence[Record], reading: Reading) -> list[float] | None:
    return None if reading.weight_column is None else [record.weight for record in records]


def _soft(records: Sequence[Record]) -> list[Mapping[str, float] | None] | None:
    soft = [record.probabilities for record in records]
    return soft if any(soft) else None


def _read_all(
    paths: Sequence[str | Path], reading: Reading, labelled: bool, stream: BinaryIO | None
) -> tuple[list[Record], list[Reader]]:
    records: list[Record] = []
    readers = []
    part = len(paths) > 1
    for path in paths:
        with open_corpus(path, reading=reading, labelled=labelled, stream=stream, unlabelled=True, part=part) as reader:
            records += reader
        readers.append(reader)
    if part and not records:
        raise ReadError(f"{readers[0].source} and {len(readers) - 1} more: there is no row in them")
    return records, readers


def _described(readers: Sequence[Reader]) -> list[str]:
    """What was read as what; of many files that were read alike, once."""
    alike: dict[str, list[Reader]] = {}
    for reader in readers:
        alike.setdefault(reader.describe().removeprefix(reader.source), []).append(reader)
    if max(map(len, alike.values())) <= _NAMED:
        return [reader.describe() for reader in readers]
    more = (f" and {len(same) - 1:,} more" if len(same) > 1 else "" for same in alike.values())
    return [f"{same[0].source}{others}{said}" for (said, same), others in zip(alike.items(), more, strict=True)]


def _respelled(labels: list[tuple[str, ...]], names: Collection[str], notes: list[str]) -> list[tuple[str, ...]]:
    spelled = same_numbers({label for row in labels for label in row}, names)
    if not spelled:
        return labels
    old, new = next(iter(sorted(spelled.items())))
    notes.append(f"numbers are spelled in several ways; label {old!r} is taken for {new!r}")
    return [tuple(dict.fromkeys(spelled.get(label, label) for label in row)) for row in labels]


def _has_flags(reader: Reader) -> bool:
    """Whether each label has a column of its own, so that a text may have none."""
    return reader.columns is not None and len(reader.columns.labels) > 1


def _has_several(labels: Sequence[tuple[str, ...]]) -> bool:
    return any(len(row) > 1 for row in labels)


def _separated(labels: Sequence[tuple[str, ...]], separator: str, notes: list[str]) -> list[tuple[str, ...]]:
    """The labels of each field, and notes of what separates them, and of what seems to do so in other fields."""
    split = [split_labels(row[0], separator=separator) if row else () for row in labels]
    notes.append(f'fields hold several labels, separated by {_shown(separator)}; --label-separator "" if they do not')
    parts = {label for row in split for label in row}
    if other := find_separator(sorted(parts), optional=True):
        compound = next(label for label in sorted(parts) if other in label)
        notes.append(
            f"other fields, such as {compound!r}, seem to hold several labels separated by {_shown(other)}, which are "
            "taken for one: write them alike"
        )
    return split


def _shown(separator: str) -> str:
    return {"\n": "line breaks"}.get(separator, f'"{separator}"')


def _labelled(
    records: list[Record], labels: list[tuple[str, ...]], readers: Sequence[Reader]
) -> tuple[list[Record], list[tuple[str, ...]]]:
    """Those that have a label, as each must; the others are bad rows."""
    for reader in readers:
        for lack in reader.lacks:
            reader.skip(lack)
    kept = [record for record in records if record.labels]
    if not kept:
        reader = readers[0]
        raise ReadError(f"{reader.source}: all {reader.skipped} rows are bad; the first: {reader.first_skipped}")
    return kept, [row for row in labels if row]


def _softly_labelled(
    records: Sequence[Record],
    labels: Sequence[tuple[str, ...]],
    readers: Sequence[Reader],
    *,
    several: bool,
    notes: list[str],
) -> tuple[list[Record], list[tuple[str, ...]]]:
    """Those whose soft labels are probabilities, and labels that are among them."""
    reader_of = {reader.source: reader for reader in readers}
    kept = []
    for record, own in zip(records, labels, strict=True):
        row = normalised(record, several=several)
        if isinstance(row, BadRow):
            reader_of[record.source].skip(row)
        else:
            kept.append((row, own))
    if not kept:
        raise ReadError(f"all rows are bad; the first: {readers[0].first_skipped}")
    sound = [record for record, _ in kept]
    return sound, fitting_labels(sound, [own for _, own in kept], several=several, notes=notes)


def _of_records(records: Sequence[Record], *, fields: bool) -> Corpus:
    """Their columns."""
    return Corpus(
        texts=[record.text for record in records],
        labels=[record.labels for record in records],
        lines=[record.line for record in records],
        sources=[record.source for record in records],
        separator=None,
        skipped=0,
        notes=(),
        fields=[record.fields for record in records] if fields else (),
    )


def _separator(labels: Sequence[tuple[str, ...]], known: Collection[str] | None) -> str | None:
    """What separates labels, unless there is one a text, or some are lists already or come from elsewhere."""
    if (known is not None and not known) or _has_several(labels):
        return None
    filled = [row[0] for row in labels if row]
    return find_separator(filled, known or (), optional=len(filled) < len(labels))
