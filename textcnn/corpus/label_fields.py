"""What a label field says: one label, several, or none. No label is known here beforehand."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from itertools import chain

__all__ = ["SEPARATORS", "clean_labels", "find_separator", "split_labels"]

SEPARATORS = ("|", ";", ",")


def split_labels(field: str, *, separator: str | None = None) -> tuple[str, ...]:
    """The labels of a field: those of a JSON list of strings, those between separators, or the field itself.

    With "" as the separator the field is one label, whatever it looks like.
    """
    field = field.strip()
    if separator == "":
        return clean_labels([field])
    listed = _json_strings(field) if field.startswith("[") and field.endswith("]") else None
    if listed is not None:
        return clean_labels(listed)
    return clean_labels(field.split(separator) if separator else [field])


def clean_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Labels without blanks around them, without empty ones, each once, in order."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, labels))))


def find_separator(labels: Sequence[str], known: Collection[str] = ()) -> str | None:
    """What separates labels within one field, if several labels a field is what the whole column shows.

    "Food, drink" may be one label. So a separator counts only if every part of the compound values is met again,
    alone or in another compound, and if the parts are fewer than the values that they explain. Where labels are
    `known`, a single value says enough whose parts are all among them, and which is not a label itself.
    """
    values = {label.strip() for label in labels}
    tests = partial(_joins_known, known=set(known)), _separates
    return next((separator for test in tests for separator in SEPARATORS if test(separator, values)), None)


def _joins_known(separator: str, values: set[str], known: set[str]) -> bool:
    return any(
        separator in value and known.issuperset(split_labels(value, separator=separator)) for value in values - known
    )


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


def _json_strings(field: str) -> list[str] | None:
    import json

    try:
        items = json.loads(field)
    except (ValueError, RecursionError):
        return None
    return items if all(isinstance(item, str) for item in items) else None
