"""Names for the other columns of the input, where answers stand beside them."""

from collections import Counter
from collections.abc import Iterable

__all__ = ["free_names"]


def free_names(names: Iterable[str], taken: Iterable[str]) -> list[str]:
    """Names for other fields of the input: one that is taken gets `input_` before it, and a number if need be."""
    names, used = list(names), set(taken)
    given, tries = set(names), Counter[str]()
    made: list[str] = []
    for name in names:
        free = name
        while free in used or (free != name and free in given):
            tries[name] += 1
            free = f"input_{name}" if tries[name] == 1 else f"input_{name}_{tries[name]}"
        used.add(free)
        made.append(free)
    return made
