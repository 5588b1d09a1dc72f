"""What a label field says: one label, several, or none. No label is known here beforehand."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain

from textcnn.corpus.record import scalar_text

__all__ = ["SEPARATORS", "LabelFields", "clean_labels", "find_separator", "split_labels"]

SEPARATORS = ("|", ";", "#", "\n", ",")  # doccano writes #
_BRACKETS = ("[", "(", "{", "set()", "frozenset(", "array(", "c(", "list(", "character(0)")
_SEEN = 4096  # different fields that are remembered: labels come again
_NOTHING = ("", "[]", "()", "{}", "set()", "frozenset()")


def split_labels(field: str, *, separator: str | None = None) -> tuple[str, ...]:
    """The labels of a field: those of a list as programs write it, those between separators, or the field itself.

    With "" as the separator the field is one label, whatever it looks like.
    """
    field = field.strip()
    if separator == "":
        return clean_labels([field])
    if field.startswith(_BRACKETS):
        from textcnn.corpus.label_lists import named_items, written_list

        value = written_list(field)
        labels = None if value is None else named_items(value)
        if labels is not None:
            return clean_labels(labels)
    return clean_labels(field.split(separator) if separator else [field])


class LabelFields:
    """Label fields of one column, or values of one key, to labels.

    Where all of them are equally long lists of zeros and ones, an item tells whether a text has the label that is
    named by its position, from 0. The first values that are there decide about that.

    Args:
        separator: between labels, see `split_labels`.
        ahead: the first values.
    """

    def __init__(self, separator: str | None, ahead: Iterable[object] = ()) -> None:
        self._separator = separator
        self._seen: dict[str, tuple[str, ...]] = {}
        filled = [value for value in ahead if not _is_empty(value)]
        self._positions = self._count_positions(filled) if filled else None

    def read(self, value: object) -> tuple[str, ...]:
        """The labels; none if the value says that there are none.

        Raises:
            ValueError: there is something in it that is no label; says what.
        """
        if not isinstance(value, str):
            return self._labels(value)
        labels = self._seen.get(value)
        if labels is None:
            labels = self._labels(value)
            if len(self._seen) < _SEEN:
                self._seen[value] = labels
        return labels

    def _labels(self, value: object) -> tuple[str, ...]:
        if _is_empty(value) and not (self._separator == "" and value):
            return ()
        if self._positions is None:
            self._positions = self._count_positions([value])
        if self._positions:
            return self._read_positions(value)
        _refuse_spans(self._listed(value))
        if isinstance(value, Mapping | list):
            return _items(value)
        return split_labels(scalar_text(value) or "", separator=self._separator)

    def _listed(self, value: object) -> Sequence[object] | None:
        """The items of a list, written or not."""
        if isinstance(value, str) and self._separator != "" and value.lstrip().startswith(_BRACKETS):
            from textcnn.corpus.label_lists import written_list

            value = written_list(value.strip())
        return value if isinstance(value, list | tuple) else None

    def _count_positions(self, values: Sequence[object]) -> int:
        """The common length of all of these if they are lists of zeros and ones; 0 if they are not."""
        lists = []
        for value in values:
            items = self._listed(value)
            if items is None or len(items) < 2 or any(item not in (0, 1) for item in items):
                return 0
            lists.append(len(items))
        return lists[0] if len(set(lists)) == 1 else 0

    def _read_positions(self, value: object) -> tuple[str, ...]:
        from textcnn.corpus.label_lists import all_zeros_and_ones, ones

        items = self._listed(value)
        if items is None or len(items) != self._positions or not all_zeros_and_ones(items):
            shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
            raise ValueError(f"is {shown}, not a list of {self._positions} zeros and ones as in the rows before")
        return tuple(ones(items))


def _is_empty(value: object) -> bool:
    if isinstance(value, str):
        return value.strip() in _NOTHING
    return value is None or value in ([], {})


def _refuse_spans(value: object) -> None:
    if value:
        from textcnn.corpus.label_lists import are_spans

        if are_spans(value):
            raise ValueError("labels spans of the text, not the text as a whole")


def _items(value: Mapping[object, object] | Sequence[object]) -> tuple[str, ...]:
    from textcnn.corpus.label_lists import named_items

    labels = named_items(value)
    if labels is None:
        raise ValueError(f"holds {'an object' if isinstance(value, Mapping) else 'a list'}, where labels are needed")
    return clean_labels(labels)


def clean_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Labels without blanks around them, without empty ones, each once, in order."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, labels))))


def find_separator(labels: Sequence[str], known: Collection[str] = (), *, optional: bool = False) -> str | None:
    """What separates labels within one field, if several labels a field is what the whole column shows.

    "Food, drink" may be one label. So a separator counts only if every part of the compound values is met again,
    alone or in another compound, and if the parts are fewer than the values that they explain. Where labels are
    `known`, a single value says enough whose parts are all among them, and which is not a label itself. Where labels
    are `optional`, for some fields are empty, a single value says enough whose parts are all met alone.
    """
    values = {label.strip() for label in labels}
    known = {*known, *filter(_is_simple, values)} if optional else set(known)
    # A comma within brackets belongs to a list that could not be read.
    separators = SEPARATORS[:-1] if any(value.startswith(("[", "{", "c(")) for value in values) else SEPARATORS
    tests = partial(_joins_known, known=known), _separates
    return next((separator for test in tests for separator in separators if test(separator, values)), None)


def _is_simple(label: str) -> bool:
    return not any(separator in label.removesuffix("#") for separator in SEPARATORS)  # C# is


def _joins_known(separator: str, values: set[str], known: set[str]) -> bool:
    parts = (split_labels(value, separator=separator) for value in values - known if separator in value)
    return any(len(labels) > 1 and known.issuperset(labels) for labels in parts)


def _separates(separator: str, values: set[str]) -> bool:
    compounds = [set(map(str.strip, value.split(separator))) for value in values if separator in value]
    if len(compounds) < 2 or any("" in parts for parts in compounds):
        return False
    return _explain(compounds, {value for value in values if separator not in value})


def _explain(compounds: Sequence[set[str]], alone: set[str]) -> bool:
    """Whether each part of the compounds is met again, and the parts are fewer than the values."""
    counts = Counter(chain.from_iterable(compounds))
    once = {part for part, count in counts.items() if count == 1}
    return once <= alone and len(alone.union(counts)) < len(alone) + len(compounds)
