"""What a label field says: one label, several, or none. No label is known here beforehand."""

from collections import Counter
from collections.abc import Iterable, Sequence

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


def find_separator(labels: Sequence[str]) -> str | None:
    """What separates labels within one field, if several labels a field is what the whole column shows.

    "Food, drink" may be one label. So a separator counts only if every part of the compound values is met again,
    alone or in another compound, and if the parts are fewer than the values that they explain.
    """
    values = {label.strip() for label in labels}
    return next((separator for separator in SEPARATORS if _separates(separator, values)), None)


def _separates(separator: str, values: set[str]) -> bool:
    compounds = [set(map(str.strip, value.split(separator))) for value in values if separator in value]
    if len(compounds) < 2 or any("" in parts for parts in compounds):
        return False
    alone = {value for value in values if separator not in value}
    met = Counter(part for parts in compounds for part in parts)
    return all(count > 1 or part in alone for part, count in met.items()) and len(alone | set(met)) < len(values)


def _json_strings(field: str) -> list[str] | None:
    import json

    try:
        items = json.loads(field)
    except (ValueError, RecursionError):
        return None
    return items if all(isinstance(item, str) for item in items) else None
