"""Labels: as Python programs have them, as the text that a model knows them by, and as tables of zeros and ones.

A program may give

a label for each text      strings, numbers, booleans; in a list, an array, a Series, a table of one column
several for each text      lists, tuples, sets or arrays of them; or scikit-learn's table of zeros and ones, a column
                           a label (an array, a frame, a sparse matrix, a list of rows)

Everything else works with label sets, a tuple of names for each text, and with their table.

Shapes: B texts, K labels, S scores that tell the labels apart.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import DataError, SettingsError

__all__ = [
    "LabelSets",
    "Targets",
    "are_numbers",
    "indicator",
    "is_multi_label",
    "label_names",
    "label_sets",
    "margins",
    "require_outside",
    "require_two",
    "restored",
    "score_count",
    "score_weights",
    "sorted_names",
    "spellings",
    "targets",
]

_MOST_NAMED = 5  # labels in a message
_LONGEST, _LONG = 1_000_000, 200  # characters of all labels, and of one on average

LabelSets = Sequence[tuple[str, ...]]


def label_names(label_sets: LabelSets) -> list[str]:
    """All labels that occur, sorted; numbers by their value."""
    return sorted_names({label for labels in label_sets for label in labels})


def sorted_names(names: Collection[str]) -> list[str]:
    """Names of labels in order, which is that of numbers if all of them are."""
    try:
        numbers = {name: float(name) for name in names}
    except ValueError:
        return sorted(names)
    if not np.isfinite(list(numbers.values())).all():
        return sorted(names)
    return sorted(names, key=lambda name: (numbers[name], name))


def is_multi_label(label_sets: LabelSets) -> bool:
    """Whether some text has no label or several."""
    return any(len(labels) != 1 for labels in label_sets)


def require_two(names: Collection[Any], texts: str = "the texts") -> None:
    """Make sure that there is something to tell apart; `texts` says whose labels they are.

    Raises:
        DataError: there are fewer than two labels.
    """
    if len(names) < 2:
        only = f"a single label, {next(iter(names))!r}" if names else "no labels"
        raise DataError(f"{texts} have {only}: there is nothing to tell apart")


def require_outside(label: str, names: Sequence[str]) -> None:
    """Make sure that the label of texts that are of no kind is among those that texts have.

    Raises:
        SettingsError: it is not.
    """
    if label not in names:
        shown = ", ".join(map(repr, names[:_MOST_NAMED])) + (f" ... ({len(names)})" if len(names) > _MOST_NAMED else "")
        raise SettingsError(f"outside: no text has the label {label!r}; the labels are {shown}")


def indicator(label_sets: LabelSets, names: Sequence[str], *, skip_unknown: bool = False) -> NDArray[np.bool_]:
    """The labels of each text as a table with a column for each name: (B, K).

    Args:
        label_sets: of B texts.
        names: of K labels, all different.
        skip_unknown: leave out labels that are none of the names.

    Raises:
        DataError: a label is none of the names, and is not to be left out.
    """
    column = {name: number for number, name in enumerate(names)}
    table = np.zeros((len(label_sets), len(names)), bool)
    for row, labels in enumerate(label_sets):
        for label in labels:
            if label in column:
                table[row, column[label]] = True
            elif not skip_unknown:
                raise DataError(f"there is no label {label!r}")
    return table


def score_count(labels: int, *, multi_label: bool) -> int:
    """How many scores tell so many labels apart: of two that exclude each other, one is enough."""
    return 1 if labels == 2 and not multi_label else labels


def margins(scores: NDArray[Any], labels: int) -> NDArray[Any]:
    """A margin for each label, (B, S) -> (B, K): of two exclusive labels (-s, s) from the one score s."""
    return scores if scores.shape[1] == labels else np.concatenate([-scores, scores], axis=1)


def score_weights(weights: NDArray[Any], scores: int) -> NDArray[Any]:
    """Weights of scores, (S,), that give the same sum as these weights of the margins, (K,)."""
    return weights if len(weights) == scores else weights[1:] - weights[:1]


class Targets(NamedTuple):
    """Labels as text, and what they were before."""

    of_texts: list[tuple[str, ...]]
    names: tuple[str, ...]
    classes: NDArray[Any]  # what the names were: sorted, or in the order of the columns
    multi_label: bool
    table: bool  # zeros and ones were given, so answers should be zeros and ones

    def without(self, label: str) -> "Targets":
        """Those of the texts that do not have a label.

        Raises:
            SettingsError: no text has it.
            DataError: fewer than two labels are left.
        """
        require_outside(label, label_names(self.of_texts))
        kept = [name for name in self.names if name != label]
        require_two(kept, f"the texts without {label!r}")
        return self._replace(
            of_texts=[labels for labels in self.of_texts if label not in labels],
            names=tuple(kept),
            classes=self.classes[[name != label for name in self.names]],
        )


def targets(y: Any, count: int, wanted: str, counted: Sequence[int] | None = None) -> Targets:
    """Check labels and sort out whether texts have one or several.

    Args:
        y: the labels of all texts, see above.
        count: how many texts there are.
        wanted: the setting `labels_per_text`.
        counted: numbers of the texts that count, whose labels are returned; all if not given.

    Raises:
        DataError: they are missing, mixed, too few, all the same, or as long as texts.
    """
    table = _table(y)
    given, multi_label = _listed(y if table is None else table.sets(table.names), count, wanted)
    given = given if counted is None else [given[number] for number in counted]
    classes = _classes([label for labels in given for label in labels])
    if table is not None:
        classes = np.array(table.names, dtype=classes.dtype)  # in the order of the columns, unused ones too
    spelled = spellings(classes)
    _check_length(spelled.values())
    of_texts = [tuple(spelled[label] for label in labels) for labels in given]
    return Targets(of_texts, tuple(spelled.values()), classes, multi_label, table is not None)


def _check_length(names: Collection[str]) -> None:
    """A model file holds the labels in its header, whose length is bounded."""
    size = sum(map(len, names))
    if size > _LONGEST and size > _LONG * len(names):
        raise DataError(f"the {len(names):,} labels have {size:,} characters together: are they the texts?")


def label_sets(y: Any, count: int, wanted: str, classes: NDArray[Any]) -> list[tuple[str, ...]]:
    """The labels of each text in words of a model that has these classes; some may be unknown to it.

    Columns of a table are labels by their names, or by their order where they have none.

    Raises:
        DataError: they are missing or mixed, or a table has other columns than the model has labels.
    """
    table = _table(y)
    given, _ = _listed(y if table is None else table.sets(table.matched(classes.tolist())), count, wanted)
    spelled = spellings(classes)
    return [tuple(spelled.get(label, str(label)) for label in labels) for labels in given]


def spellings(classes: NDArray[Any]) -> dict[Any, str]:
    """What a model calls each class. Numbers are found by their value: 1 is 1.0, and True."""
    return {label: str(label) for label in classes.tolist()}


def are_numbers(classes: NDArray[Any]) -> bool:
    """Whether classes are numbers or booleans, which can be restored from their names."""
    return classes.dtype.kind in "biuf" or all(type(label) in (int, float) for label in classes.tolist())  # of any size


def restored(names: Sequence[str], numbered: bool) -> NDArray[Any]:
    """Classes from their names: numbers and booleans if they were, else text.

    Raises:
        ValueError: they should be numbers, but are not.
    """
    if not numbered:
        return np.array(names, dtype=object)
    numbers = [_number(name) for name in names]
    if [str(number) for number in numbers] != list(names) or len(set(numbers)) < len(names) or "nan" in names:
        raise ValueError("these are not names of different numbers")
    return np.array(numbers)


def _number(name: str) -> bool | int | float:
    if name in ("False", "True"):
        return name == "True"
    return int(name) if name.lstrip("-").isdecimal() else float(name)


class _ZeroOneTable(NamedTuple):
    """Zeros and ones, a column a label."""

    rows: NDArray[np.bool_]  # (B, K)
    columns: list[Any] | None = None  # their names, if they have any

    @property
    def names(self) -> list[Any]:
        """Those of the columns, or numbers from 0."""
        return list(range(self.rows.shape[1])) if self.columns is None else self.columns

    def sets(self, names: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The labels of each text, with these names for the columns."""
        return [tuple(names[column] for column in row.nonzero()[0]) for row in self.rows]

    def matched(self, classes: Sequence[Any]) -> Sequence[Any]:
        """Names for the columns that are classes of a model."""
        if self.columns is not None and not set(self.columns).isdisjoint(classes):
            return self.columns
        if self.names != list(range(len(self.names))):  # pandas counts them, too, where they have no names
            raise DataError(f"no column of the table of labels is a label of the model: {self.names!r:.60}")
        if len(classes) != len(self.names):
            raise DataError(f"the table of labels has {len(self.names)} columns for {len(classes)} labels")
        return classes


def _table(y: Any) -> _ZeroOneTable | None:
    """A table, or None if labels were given in another way."""
    if _are_rows(y):
        return _ZeroOneTable(np.array(y, dtype=bool))
    if getattr(y, "ndim", 1) != 2 or y.shape[1] == 1:
        return None
    values = y.toarray() if hasattr(y, "toarray") else np.asarray(y)  # SciPy's sparse tables can be made dense
    if not np.isin(values, (0, 1)).all():
        raise DataError("a table of labels must hold 0 and 1 only, a column for each label")
    columns = list(y.columns) if hasattr(y, "columns") else None
    if columns is not None and len(set(columns)) < len(columns):
        raise DataError(f"columns of the table of labels have the same name: {columns!r:.60}")
    return _ZeroOneTable(values.astype(bool), columns)


def _are_rows(y: Any) -> bool:
    """Whether these are equally long rows of zeros and ones. As lists of labels all rows would say the same."""
    if not isinstance(y, (list, tuple)) or not y or not all(isinstance(row, (list, tuple, np.ndarray)) for row in y):
        return False
    return len({len(row) for row in y}) == 1 and len(y[0]) > 1 and all(cell in (0, 1) for row in y for cell in row)


def _listed(y: Any, count: int, wanted: str) -> tuple[list[tuple[Any, ...]], bool]:
    """The labels of each text, and whether a text can have several."""
    given = _one_for_each(y, count)
    listed = [isinstance(labels, (list, tuple, set, frozenset)) for labels in given]
    lists = any(listed)
    if lists and not all(listed):
        raise DataError("some texts have a list of labels and some a single one; use lists for all")
    sets = [tuple(sorted(set(labels), key=str)) if lists else (labels,) for labels in given]
    multi_label = lists if wanted == "auto" else wanted == "several"
    if not multi_label and is_multi_label(sets):
        raise DataError("labels_per_text is 'one', but a text has no label or several")
    return sets, multi_label


def _one_for_each(y: Any, count: int) -> list[Any]:
    """A label or a list of labels for each text."""
    if y is None:
        raise DataError("learning requires y to be passed, but the target y is None: give a label for each text")
    if isinstance(y, (str, bytes)):
        raise DataError("a list of labels is expected, not one label")
    given = np.asarray(y).ravel().tolist() if hasattr(y, "__array__") else list(y)
    if len(given) != count:
        raise DataError(f"{count} texts but {len(given)} labels: each text needs its own")
    return [labels.tolist() if isinstance(labels, np.ndarray) else labels for labels in given]


def _classes(labels: Sequence[Any]) -> NDArray[Any]:
    """The different ones, sorted."""
    missing = sum(map(_is_missing, labels))
    if missing:
        raise DataError(f"{missing} of the labels are missing (None, NaN or empty)")
    try:
        classes = np.unique(_of_one_kind(labels))
    except TypeError as error:
        raise DataError("labels must be all texts or all numbers, and there must be some") from error
    require_two(classes.tolist())
    return np.array(sorted_names(classes.tolist()), dtype=classes.dtype) if isinstance(classes[0], str) else classes


def _of_one_kind(labels: Sequence[Any]) -> NDArray[Any]:
    texts = sum(isinstance(label, str) for label in labels)
    if not labels or texts not in (0, len(labels)) or any(isinstance(label, bytes) for label in labels):
        raise TypeError
    huge = any(type(label) is int and abs(label) >= 1 << 63 for label in labels)  # NumPy would round them
    return np.array(labels, dtype=object) if texts or huge else np.array(labels)


def _is_missing(label: Any) -> bool:
    try:
        return label is None or bool(label != label) or bool(label == "")
    except TypeError:  # the NA of pandas is neither equal to itself nor unequal
        return True
