"""What a model remembers of how its texts were read, and what others are read by then: column names and label marks.

What belongs to one file is not remembered: its format, encoding, delimiter, quotes, header, and which rows are read.
Nor is where it lay: the same texts make the same model.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textcnn.corpus.record import LearnedReading, Reading, can_mark_labels, well_formed

if TYPE_CHECKING:
    from textcnn.corpus.reader import Reader

__all__ = ["as_learned", "is_sound", "learned_reading"]

_MOST = 10_000  # columns of texts, or of labels
_LONGEST = 1000  # characters of a name or a mark


def learned_reading(readers: "Sequence[Reader]", reading: Reading) -> LearnedReading | None:
    """How inputs were read; None if there is nothing to remember.

    Columns of different names in different inputs are not remembered, nor are those without names.
    """
    chosen = [reader.columns for reader in readers if reader.columns is not None]
    named = {(columns.texts, columns.labels) for columns in chosen}
    has_names = all(columns.header for columns in chosen)
    texts, labels = next(iter(named)) if has_names and len(named) == 1 else ((), ())
    learned = LearnedReading(texts, labels, reading.label_separator, reading.label_prefix)
    return learned if learned != LearnedReading() and is_sound(learned) else None


def is_sound(learned: LearnedReading) -> bool:
    """Whether these are names that columns can have, and marks that labels can have, none of them very long."""
    texts, labels, separator, prefix = learned
    names = {*texts, *labels}
    if len(names) < len(texts) + len(labels) or max(len(texts), len(labels)) > _MOST:
        return False
    marks = [mark for mark in (separator, prefix) if mark is not None]
    if not all(len(word) <= _LONGEST and word == well_formed(word) for word in (*names, *marks)):
        return False
    return "" not in names and (prefix is None or can_mark_labels(prefix))


def as_learned(reading: Reading, learned: LearnedReading | None) -> Reading:
    """The same reading, by which texts are read as a model's were, as far as nothing else is told."""
    learned = learned or LearnedReading()
    separator = learned.label_separator if reading.label_separator is None else reading.label_separator
    return reading._replace(learned=learned, label_separator=separator)
