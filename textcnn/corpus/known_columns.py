"""Columns that need no guess: those that were told, else those that a model learned from, where they are there.

Of several texts those that are there are joined; label columns of zeros and ones are taken only if all are there.
"""

from collections.abc import Collection, Sequence

from textcnn.corpus.column_guess import ColumnChoice
from textcnn.corpus.column_table import ColumnTable
from textcnn.corpus.record import Reading, Told

__all__ = ["known_columns", "learned_labels"]


def known_columns(
    table: ColumnTable, reading: Reading, labelled: bool, weight: Collection[int]
) -> tuple[ColumnChoice, ColumnChoice]:
    """The columns of the text and, if labels are wanted or were told, of the labels; of what is not known none.

    Raises:
        ColumnError: there is no such column, or several are called so.
    """
    text, label = _told(table, reading.text_column, "text-column"), _told(table, reading.label_column, "label-column")
    taken = {*text.places, *label.places, *weight}
    if not text.places:
        text = _learned(table, reading.learned.texts, "text-column", taken)
    if labelled and not label.places:
        label = _learned(table, reading.learned.labels, "label-column", taken)
        label = label._replace(places=()) if label.absent else label
    return text, label


def learned_labels(table: ColumnTable, reading: Reading) -> tuple[int, ...]:
    """The columns with the names of those that a model has learned labels from."""
    learned = {name.casefold() for name in reading.learned.labels}
    return tuple(at for at, name in enumerate(table.names) if name.casefold() in learned)


def _told(table: ColumnTable, told: Told, option: str) -> ColumnChoice:
    return ColumnChoice(table.places(told, option), "as told")


def _learned(table: ColumnTable, names: Sequence[str], option: str, taken: Collection[int]) -> ColumnChoice:
    """The columns of these names without those that are taken already."""
    places = {name: table.called(name, option) for name in names}
    there = tuple(at for at in places.values() if at is not None and at not in taken)
    return ColumnChoice(there, "as in training", absent=tuple(name for name, at in places.items() if at is None))
