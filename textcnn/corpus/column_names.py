"""What the name of a column says: that it is the text, the label, or something else.

A name is sure (`text`, `label`), usual (`message`, `sentiment`) or possible (`title`, `category`): titles stand beside
texts, and a category may be what a text is about where its stance is the label. A name of several words says what its
last one does, a little less surely: `Review Text`, `comment_text`, `OriginalTweet`, the path `doc.body`. A path into a
list, `options.0.text`, leads to one of several, hence hardly to the text.
"""

import re
from typing import NamedTuple

__all__ = [
    "LABEL_NAMES",
    "POSSIBLE",
    "SPLIT_NAMES",
    "SURE",
    "TEXT_NAMES",
    "UNKNOWN",
    "USUAL",
    "Rank",
    "label_rank",
    "means_other",
    "text_rank",
]

UNKNOWN, POSSIBLE, USUAL, SURE = range(4)

_TEXTS = {
    SURE: "text texts",
    USUAL: "message sentence body content review comment question document sms tweet v2 utterance query phrase "
    "description post email mail messages sentences reviews comments questions documents tweets input abstract "
    "article answer response reply complaint narrative transcript statement passage paragraph prompt instruction claim "
    "premise hypothesis context evidence dialogue conversation transcription plot lyrics overview synopsis",
    POSSIBLE: "title headline subject summary",
}
_LABELS = {
    SURE: "label labels class classes",
    USUAL: "intent sentiment sentiments y v1 emotion emotions polarity stance cats",
    POSSIBLE: "category target categories tag tags topic topics genre genres rating ratings stars score scores overall",
}
# A number below these names stands for a class: nothing is "about" a number.
_ABOUT = frozenset(["category", "categories", "target", "topic", "topics", "tag", "tags"])
SPLIT_NAMES = frozenset(["split", "splits", "fold", "folds", "set", "subset", "partition", "usage", "part"])
_OTHERS = """
id ids index idx key uuid guid hash number num nr no count counts length
name names user username author authors reviewer annotator worker publisher
date time datetime timestamp created updated at year month day hour timezone
lang language locale country city location region place address
source url link links href domain website file filename path image platform device version
likes retweets helpful useful funny cool numerator denominator confidence probability age price
"""
_OTHER = SPLIT_NAMES.union(_OTHERS.split())
_INTO_LIST = re.compile(r"\.\d+\.")
_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])|\d+")


class Rank(NamedTuple):
    """How much a name says; greater means more."""

    level: int
    whole: bool  # the name, not only its last word


def _levels(names: dict[int, str]) -> dict[str, int]:
    return {name: level for level, known in names.items() for name in known.split()}


TEXT_NAMES, LABEL_NAMES = _levels(_TEXTS), _levels(_LABELS)


def text_rank(name: str) -> Rank:
    """How much a name says that texts stand below it."""
    return _rank(name, TEXT_NAMES)


def label_rank(name: str, *, numbers: bool = False) -> Rank:
    """How much a name says that labels stand below it, which may be whole numbers."""
    rank = _rank(name, LABEL_NAMES)
    if numbers and rank.level == POSSIBLE and _last_word(name) in _ABOUT:
        return rank._replace(level=USUAL)
    return rank


def means_other(name: str) -> bool:
    """Whether a name says something about a text, such as who wrote it."""
    return _fold(name) in _OTHER or _last_word(name) in _OTHER or bool(_INTO_LIST.search(name))


def _rank(name: str, levels: dict[str, int]) -> Rank:
    whole = levels.get(_fold(name))
    return Rank(levels.get(_last_word(name), UNKNOWN), False) if whole is None else Rank(whole, True)


def _fold(name: str) -> str:
    return name.strip().casefold()


def _last_word(name: str) -> str:
    """The last of the words that blanks, dots, underscores, digits and capitals separate; "" of a path into a list."""
    words = [] if _INTO_LIST.search(name) else _WORD.findall(name)
    return words[-1].casefold() if words else ""
