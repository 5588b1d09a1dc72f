"""Labels that are spelled in several ways, or that say that a value is missing.

Nothing here decides: whoever reads is told. The one exception are numbers, which programs write as 1 and as 1.0.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

__all__ = ["counted", "label_doubts", "look_missing", "same_numbers", "spelling_variants", "unread_lists", "visible"]

_WHOLE = re.compile(r"[-+]?\d+\.0+")
_MISSING = {
    "nan",
    "null",
    "none",
    "n/a",
    "na",
    "#n/a",
    "#na",
    "<na>",
    "nil",
    "nat",
    "undefined",
    "#ref!",
    "#value!",
    "?",
    r"\n",  # of databases, as \N
}
_SHOWN = 4


def same_numbers(labels: Collection[str], names: Collection[str] = ()) -> dict[str, str]:
    """How to spell labels, so that whole numbers are the same with and without decimals.

    Args:
        labels: all that were read.
        names: labels that were known before, which keep their spelling.

    Returns:
        The spelling of labels that must change. None does where all numbers are spelled in one way.
    """
    every = {*labels, *names}
    if not any(label.partition(".")[0] in every for label in every if _WHOLE.fullmatch(label)):
        return {}
    known = {_whole(name): name for name in names}
    spelled = {label: known.get(_whole(label), _whole(label)) for label in labels if label not in names}
    return {label: other for label, other in spelled.items() if other != label}


def _whole(label: str) -> str:
    return label.partition(".")[0] if _WHOLE.fullmatch(label) else label


def look_missing(labels: Iterable[str]) -> list[str]:
    """Labels by which programs say that there is no value."""
    return [label for label in labels if label.casefold() in _MISSING]


def spelling_variants(labels: Iterable[str]) -> list[list[str]]:
    """Groups of labels that differ only in case, white space or characters that cannot be seen."""
    groups: dict[str, list[str]] = {}
    for label in labels:
        groups.setdefault(_folded(label), []).append(label)
    return [group for group in groups.values() if len(group) > 1]


def _folded(label: str) -> str:
    seen = "".join(character for character in label if unicodedata.category(character) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", seen).casefold().split())


def unread_lists(labels: Iterable[str]) -> list[str]:
    """Labels that look like lists, but are none that could be read."""
    return [label for label in labels if label[:1] + label[-1:] in ("[]", "{}")]


def label_doubts(label_sets: Sequence[tuple[str, ...]]) -> list[str]:
    """A sentence for each thing about these labels that is most likely not meant."""
    counts = Counter(label for labels in label_sets for label in labels)
    names = sorted(counts)
    doubts = []
    if missing := look_missing(names):
        doubts.append(
            f"labels that look like missing values: {counted(missing, counts)}; remove such rows, or their labels, "
            "if that is what they are"
        )
    if variants := spelling_variants(name for name in names if name not in missing):
        shown = "; ".join(counted(group, counts) for group in variants[:_SHOWN])
        more = f"; and {len(variants) - _SHOWN} more" if len(variants) > _SHOWN else ""
        doubts.append(
            f"labels that differ only in case or in characters that cannot be seen: {shown}{more}; write them alike "
            "if they are the same"
        )
    if lists := unread_lists(names):
        doubts.append(
            f"labels that look like lists, but cannot be read as such: {counted(lists, counts)}; write them as "
            "JSON lists"
        )
    return doubts


def counted(labels: Sequence[str], counts: Mapping[str, int]) -> str:
    """Some labels with the number of their texts."""
    shown = [f"{label} ({counts[name]})" for label, name in zip(visible(labels), labels[:_SHOWN], strict=False)]
    return ", ".join(shown) + (" ..." if len(labels) > _SHOWN else "")


def visible(labels: Sequence[str]) -> list[str]:
    """Labels in quotes, so that characters that cannot be seen are, and letters that look alike are told apart."""
    alike = len({unicodedata.normalize("NFC", label) for label in labels}) < len(labels)
    return list(map(ascii if alike else repr, labels))
