"""Labels as Python programs have them, made into text for the model, and back.

a label for each text      strings, numbers, truth values; in a list, an array, a Series, a table of one column
several for each text      lists, tuples or sets of them; or scikit-learn's table of zeros and ones, a column a label
                           (an array, a frame, a sparse matrix, a list of lists)
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import DataError

__all__ = ["Targets", "label_sets", "restored", "targets"]


class Targets(NamedTuple):
    """Labels as text, and what they were before."""

    of_texts: list[tuple[str, ...]]
    names: tuple[str, ...]
    classes: NDArray[Any]  # what the names were: sorted, or in the order of the columns
    several: bool
    table: bool  # zeros and ones were given, so answers should be zeros and ones


def targets(y: Any, count: int, wanted: str) -> Targets:
    """Check labels and sort out whether texts have one or several.

    Args:
        y: the labels of all texts, see above.
        count: how many texts there are.
        wanted: the setting `labels_per_text`.

    Raises:
        DataError: they are missing, mixed, too few, or all the same.
    """
    table = _table(y)
    own, several = _listed(y if table is None else _named(table, _columns(y, table)), count, wanted)
    classes = _classes([label for each in own for label in each])
    if table is not None:
        classes = np.array(_columns(y, table), dtype=classes.dtype)  # in the order of the columns, unused ones too
    spelled = {label: str(label) for label in classes.tolist()}
    of_texts = [tuple(spelled[label] for label in each) for each in own]
    return Targets(of_texts, tuple(spelled.values()), classes, several, table is not None)


def label_sets(y: Any, count: int, wanted: str, classes: NDArray[Any]) -> list[tuple[str, ...]]:
    """The labels of each text in words of a model that has these classes; some may be strange to it."""
    table = _table(y)
    own, _ = _listed(y if table is None else _named(table, classes.tolist()), count, wanted)
    spelled = {label: str(label) for label in classes.tolist()}
    return [tuple(spelled.get(label, str(label)) for label in each) for each in own]


def restored(names: Sequence[str], numbered: bool) -> NDArray[Any]:
    """Classes from their names: numbers and truth values if they were, else text.

    Raises:
        ValueError: they should be numbers, but are not.
    """
    return np.array([_number(name) for name in names]) if numbered else np.array(names, dtype=object)


def _number(name: str) -> bool | int | float:
    if name in ("False", "True"):
        return name == "True"
    return int(name) if name.lstrip("-").isdecimal() else float(name)


def _table(y: Any) -> NDArray[np.bool_] | None:
    """Zeros and ones as a table (B, K); None if labels were given in another way."""
    if _are_rows(y):
        return np.array(y, dtype=bool)
    if getattr(y, "ndim", 1) != 2 or y.shape[1] == 1:
        return None
    values = y.toarray() if hasattr(y, "toarray") else np.asarray(y)  # SciPy's sparse tables can be made dense
    if not np.isin(values, (0, 1)).all():
        raise DataError("a table of labels must hold 0 and 1 only, a column for each label")
    return values.astype(bool)


def _are_rows(y: Any) -> bool:
    """Whether a list holds equally long rows of zeros and ones. As lists of labels all rows would say the same."""
    if not isinstance(y, list) or not y or not all(isinstance(row, (list, np.ndarray)) for row in y):
        return False
    return len({len(row) for row in y}) == 1 and len(y[0]) > 1 and all(each in (0, 1) for row in y for each in row)


def _columns(y: Any, table: NDArray[np.bool_]) -> list[Any]:
    """The names of the labels: those of the columns if they have any, else numbers."""
    names = list(getattr(y, "columns", range(table.shape[1])))
    if len(set(names)) < len(names):
        raise DataError(f"columns of the table of labels have the same name: {names!r:.60}")
    return names


def _named(table: NDArray[np.bool_], columns: Sequence[Any]) -> list[tuple[Any, ...]]:
    if len(columns) != table.shape[1]:
        raise DataError(f"the table of labels has {table.shape[1]} columns for {len(columns)} labels")
    return [tuple(columns[place] for place in row.nonzero()[0]) for row in table]


def _listed(y: Any, count: int, wanted: str) -> tuple[list[tuple[Any, ...]], bool]:
    """The labels of each text, and whether a text can have several."""
    if y is None:
        raise DataError("learning requires y to be passed, but the target y is None: give a label for each text")
    if isinstance(y, (str, bytes)):
        raise DataError("a list of labels is expected, not one label")
    given = np.asarray(y).ravel().tolist() if hasattr(y, "__array__") else list(y)
    if len(given) != count:
        raise DataError(f"{count} texts but {len(given)} labels: each text needs its own")
    listed = [isinstance(each, (list, tuple, set, frozenset)) for each in given]
    lists = any(listed)
    several = wanted == "several" or (wanted == "auto" and lists)
    if lists and not all(listed):
        raise DataError("some texts have a list of labels and some a single one; use lists for all")
    own = [tuple(sorted(set(each), key=str)) if lists else (each,) for each in given]
    if not several and any(len(each) != 1 for each in own):
        raise DataError("a text has no label or several; use labels_per_text='several'")
    return own, several


def _classes(labels: Sequence[Any]) -> NDArray[Any]:
    missing = sum(map(_is_missing, labels))
    if missing:
        raise DataError(f"{missing} of the labels are missing (None, NaN or empty)")
    texts = sum(isinstance(label, str) for label in labels)
    try:
        if not labels or texts not in (0, len(labels)) or any(isinstance(label, bytes) for label in labels):
            raise TypeError
        classes = np.unique(np.array(labels, dtype=object) if texts else np.array(labels))
    except TypeError as error:
        raise DataError("labels must be all texts or all numbers, and there must be some") from error
    if len(classes) < 2:
        raise DataError(
            f"all texts have the label {classes.tolist()[0]!r}: there is nothing to tell apart; give a second label"
        )
    return classes


def _is_missing(label: Any) -> bool:
    try:
        return label is None or bool(label != label) or bool(label == "")
    except TypeError:  # the NA of pandas is neither equal to itself nor unequal
        return True
