"""How much of some texts the vectors know."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from textcnn.text.tokens import chunks, cut, normal
from textcnn.vectors.loading import Pretrained

__all__ = ["Coverage", "count_words", "cover"]


class Coverage(NamedTuple):
    """Counts of running words (tokens) and of different ones (types)."""

    tokens: int
    known_tokens: int
    types: int
    known_types: int
    unknown: list[tuple[str, int]]  # words and their counts, the most frequent first
    listed_tokens: int  # known by themselves, not by their parts: vectors that know pieces of words know nearly all


def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each word is there, as it stands in the texts."""
    counts: Counter[str] = Counter()
    for text in texts:
        for chunk in chunks(text):
            counts.update(cut(chunk))
    return counts


def cover(counts: Mapping[str, int], pretrained: Pretrained) -> Coverage:
    """Compare the words of texts with vectors; words that differ in case only are one."""
    known: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for surface, count in counts.items():
        (unknown if pretrained.look_up(surface).vector is None else known)[normal(surface)] += count
    inside, outside = known.total(), unknown.total()
    listed = sum(count for surface, count in counts.items() if pretrained.lists(surface))
    return Coverage(inside + outside, inside, len(known) + len(unknown), len(known), unknown.most_common(), listed)
