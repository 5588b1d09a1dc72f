"""Text to words, and where each word stands.

Text is cut at white space into *chunks*, and each chunk into words by one regular expression. No word crosses
white space, so what a chunk yields depends on the chunk alone: callers may remember it (see `chunks`), and that is
what makes reading fast. The conventions are those of the Penn treebank as GloVe's corpus was cut ("do n't", "it 's"),
so that words meet their pretrained vectors. Scripts that are written without spaces are cut into single characters
with their marks, *units*, which a segmenter can join to words (segmentation.py); where there is none, filters of width
two and more put them together again.

The work that a text can cause is bounded, whatever it holds: of a text that may have n words at most n times
`CHARACTERS` characters are read, a word is known by its first `LONGEST`, and base64 and the like is one word.

Not here: what a word means (vocabulary.py), nor anything learned.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

__all__ = [
    "CHARACTERS",
    "LONG_RUN",
    "MOST_UNITS",
    "Segment",
    "Token",
    "chunks",
    "cut",
    "folded",
    "is_word",
    "normal",
    "of_letters",
    "parts",
    "readable",
    "spellings",
    "tokenize",
    "unspaced",
    "unspaced_share",
]

CHARACTERS = 50  # of a text for each word that it may have
LONGEST = 100  # characters by which a word is known
LONG_RUN = "<long>"  # how a run of letters and digits is spelt that is too long to be a word; no word is spelt so
_RUN = 50  # characters from which on a run is too long
MOST_UNITS = 24  # of a word
_RUN_OF_UNITS = 1000  # that are looked at together, of longer ones
Segment = Callable[[list[str]], list[int]]  # units that stand together -> how many of them each word has


class Token(NamedTuple):
    """A word as it stands in the text, `text[start:end]`, in characters."""

    surface: str
    start: int
    end: int


# Combining marks are not \w to Python, yet they are inside the words of Hindi, Arabic, Hebrew and many others.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u07a6-\u07b0\u0816-\u082d\u0859-\u085b"
    "\u08d3-\u08e1\u08e3-\u0903\u093a-\u093c\u093e-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc\u09be-\u09cd"
    "\u09d7\u09e2\u09e3\u0a01-\u0a03\u0a3c-\u0a51\u0a70\u0a71\u0a75\u0a81-\u0a83\u0abc\u0abe-\u0acd\u0ae2\u0ae3"
    "\u0b01-\u0b03\u0b3c\u0b3e-\u0b57\u0b62\u0b63\u0b82\u0bbe-\u0bcd\u0bd7\u0c00-\u0c04\u0c3c\u0c3e-\u0c56\u0c62\u0c63"
    "\u0c81-\u0c83\u0cbc\u0cbe-\u0cd6\u0ce2\u0ce3\u0d00-\u0d03\u0d3b\u0d3c\u0d3e-\u0d4d\u0d57\u0d62\u0d63\u0d81-\u0d83"
    "\u0dca-\u0ddf\u0df2\u0df3\u135d-\u135f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f\u200c\u200d"
)
# Thai, Lao, Tibetan, Burmese, Khmer; Kana; Han with its extensions and compatibility forms.
_UNSPACED = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3005-\u3007"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_UNSPACED_MARKS = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u0f18\u0f19\u0f35\u0f37\u0f39\u0f3e\u0f3f"
    "\u0f71-\u0f84\u0f86\u0f87\u0f8d-\u0fbc\u0fc6\u102b-\u103e\u1056-\u1059\u105e-\u1060\u1062-\u1064\u1067-\u106d"
    "\u1071-\u1074\u1082-\u108d\u108f\u109a-\u109d\u17b4-\u17d3\u17dd\u3099\u309a\uff9e\uff9f"
)
# What is written over, under or into Arabic and Hebrew words and mostly left out: short vowels, dots that tell
# consonants apart, signs for reciting, and the stroke that makes a word longer.
_POINTS = (
    "[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u0652\u0670\u06d6-\u06dc\u06df-\u06e4"
    "\u06e7\u06e8\u06ea-\u06ed]"
)  # compiled when the first such word comes
_PICTOGRAPH = "\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff"
_LETTER = rf"(?:(?![{_UNSPACED}])[^\W_]|[{_MARKS}])"
_INVISIBLE = "\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufe00-\ufe0f\ufeff"


# Base64: its first characters hold a digit and letters of both cases, which paths and words seldom do.
_BASE64 = rf"(?=[A-Za-z0-9+/]{{{_RUN}}})" + "".join(
    rf"(?=[A-Za-z0-9+/]{{0,{_RUN - 1}}}[{kind}])" for kind in ("0-9", "A-Z", "a-z")
)
_BASE64 += "[A-Za-z0-9+/]+={0,2}"
_LONG = re.compile(r"[A-Za-z0-9+/]+=*")


def _pattern(letter: str, unspaced: str, marks: str, pictograph: str, invisible: str) -> str:
    """The rules for one word, first match wins; they are the same for all scripts."""
    end = r"(?![^\W_])"
    clitic = rf"['’](?:[sSmMdDtT]|[rR][eE]|[vV][eE]|[lL][lL]){end}"  # the treebank's
    return rf"""
      (?:[hH][tT][tT][pP][sS]?://|[wW][wW][wW]\.)[^\s<>"'{unspaced}\ud800-\udfff]+  # a link
    | [^\W_][\w.+-]{{0,63}}@[^\W_][\w-]*(?:\.[\w-]+)+                   # a mail address
    | (?:\d+(?:[.,:/-]\d+){{1,8}}|\d+)(?:[sS][tT]?|[nNrR][dD]|[tT][hH]|[aApP][mM])?(?!{letter})  # 3.14, 12:30, 2nd
    | {letter}+?(?=[nN]['’][tT]{end})                                     # do|n't
    | [nN]['’][tT]{end}
    | (?:[^\W\d_]\.){{2,}}{end}                                          # u.s.
    | {letter}+(?:(?!{clitic})['’&.-]{letter}+)*                          # word, well-made, o'clock, at&t
    | {clitic}
    | (?P<unit>[{unspaced}][{marks}]*)                                    # one character of an unspaced script
    | [:;=8][-o^']?[)(\[\]dDpP/\\|*3]{end}|<3|\^_\^                       # :-)
    | -[lrLR][rscRSC][bB]-                                                # the treebank's brackets
    | [{pictograph}][\ufe0f\u20e3\U0001f3fb-\U0001f3ff]*(?:\u200d[{pictograph}]\ufe0f?)*
    | (?P<sign>[!?.*_=~\#-])(?P=sign)+                                   # !!!, ..., ----
    | ``|''
    | [^\s\w{invisible}]
    | _
    """


@lru_cache
def _rules(*, ascii_only: bool, long: bool) -> re.Pattern[str]:
    """Compiled rules. Most chunks are ASCII, and for those the sets of characters are small and quickly compiled."""
    first = f"{_BASE64} |" if long else ""
    if ascii_only:
        none = "\x00"  # a set of characters that are never here
        return re.compile(first + _pattern("[^\\W_]", none, none, none, "\x00-\x1f\x7f"), re.VERBOSE | re.ASCII)
    rules = _pattern(_LETTER, _UNSPACED, _UNSPACED_MARKS + _MARKS, _PICTOGRAPH, _INVISIBLE)
    return re.compile(first + rules, re.VERBOSE)


def _matches(chunk: str) -> Iterator[re.Match[str]]:
    return _rules(ascii_only=chunk.isascii() and "\0" not in chunk, long=len(chunk) >= _RUN).finditer(chunk)


def _spans(chunk: str, segment: Segment | None) -> Iterator[tuple[int, int]]:
    """Where words begin and end, units joined as the segmenter says."""
    if segment is None or chunk.isascii():
        yield from (found.span() for found in _matches(chunk))
        return
    units: list[re.Match[str]] = []
    for found in _matches(chunk):
        if units and (found.lastgroup != "unit" or found.start() != units[-1].end()):  # an invisible blank divides, too
            yield from _joined(units, segment)
        if found.lastgroup != "unit":
            yield found.span()
            continue
        units.append(found)
        if len(units) == _RUN_OF_UNITS:
            yield from _joined(units, segment, ahead=MOST_UNITS)
    yield from _joined(units, segment)


def _joined(units: list[re.Match[str]], segment: Segment, ahead: int = 0) -> Iterator[tuple[int, int]]:
    """The words of some units, which are taken away; of a run that goes on only those with so many units from there."""
    first = 0
    for count in segment([unit.group() for unit in units]):
        if first + ahead > len(units):
            break
        yield units[first].start(), units[first + count - 1].end()
        first += count
    del units[:first]


def chunks(text: str) -> list[str]:
    """Cut at white space: the pieces whose words may be remembered, since no word crosses them."""
    return text.split()


def readable(text: str, max_words: int) -> str:
    """The part of a text that is read if it may have so many words."""
    return text[: CHARACTERS * max_words]


def cut(chunk: str, most: int | None = None, segment: Segment | None = None) -> list[str]:
    """Cut one chunk into words, at most so many; joined, all are the chunk without its invisible characters.

    >>> cut("don't,")
    ['do', "n't", ',']
    """
    if chunk.isascii() and chunk.isalpha() and len(chunk) < _RUN:  # most are such, and a word by all rules
        return [chunk][:most]
    return [chunk[start:end] for start, end in islice(_spans(chunk, segment), most)]


def tokenize(text: str, max_words: int | None = None, segment: Segment | None = None) -> list[Token]:
    """Cut a whole text, keeping the place of each word; of a long one only the first words.

    >>> tokenize("It's 5pm!!!")[1]
    Token(surface="'s", start=2, end=4)
    """
    found = (
        Token(chunk.group()[start:end], chunk.start() + start, chunk.start() + end)
        for chunk in re.finditer(r"\S+", text if max_words is None else readable(text, max_words))
        for start, end in _spans(chunk.group(), segment)
    )
    return list(islice(found, max_words))


def normal(surface: str) -> str:
    """Spell a word the way vocabularies list it: compatibility forms resolved, lower case, straight apostrophe.

    Arabic and Hebrew words are spelt without points. Idempotent: what is spelt so already stays as it is.

    >>> normal("Ｆｒｅｅ"), normal("Don’t"), normal("كِتَاب") == normal("كتـــاب") == "كتاب"
    ('free', "don't", True)
    """
    word = surface[:LONGEST]  # before marks are put in order, which takes the square of their number
    if word.isascii():
        word = word.lower()
    else:  # in lower case some marks can be joined that could not before, and one character can have become many
        word = _unpointed(unicodedata.normalize("NFKC", word)).lower()
        word = unicodedata.normalize("NFKC", word).replace("’", "'")[:LONGEST]
    return LONG_RUN if len(word) >= _RUN and _LONG.fullmatch(word) else word


def _unpointed(word: str) -> str:
    """A word without points, unless it has nothing else."""
    bare = re.sub(_POINTS, "", word)
    return bare if bare.strip() else word


def folded(text: str) -> str:
    """A text by which copies are known: in lower case, its words one blank apart.

    >>> folded("Call  ME ")
    'call me'
    """
    return " ".join(text.lower().split())


@lru_cache(1 << 16)
def unspaced(character: str) -> bool:
    """Whether a character is of a script that is written without blanks between words."""
    return re.match(f"[{_UNSPACED}]", character) is not None


def unspaced_share(texts: Iterable[str]) -> float:
    """The share of such characters among all that are not white space."""
    found = total = 0
    for text in texts:
        total += len(text) - text.count(" ")
        if not text.isascii():
            found += len(re.findall(f"[{_UNSPACED}]", text))
    return found / max(total, 1)


_THRICE = re.compile(r"(.)\1{2,}", re.DOTALL)
_LETTERS = rf"[^\W\d_](?:[^\W\d_]|[{_MARKS}])*"
_PART = re.compile(rf"{_LETTERS}|\d+")


def spellings(surface: str) -> Iterator[str]:
    """The spellings under which a word may be listed, best first: as it is, without repeats, with digits as 0.

    >>> list(spellings("Sooooo")), list(spellings("2nd"))
    (['sooooo', 'soo', 'so'], ['2nd', '0nd'])
    """
    word = normal(surface)
    yield word
    if _THRICE.search(word) and not word.isdigit():
        yield _THRICE.sub(r"\1\1", word)
        yield _THRICE.sub(r"\1", word)
    shape = re.sub(r"\d", "0", word)
    if shape != word:
        yield shape


def parts(surface: str) -> list[str]:
    """The words inside a compound, a link or an address; none if it has no parts.

    >>> parts("Feel-good"), parts("film")
    (['feel', 'good'], [])
    """
    words: list[str] = _PART.findall(normal(surface))
    return words if len(words) > 1 else []


def is_word(word: str) -> bool:
    """Whether this has a letter, and is more than a single Latin one.

    >>> is_word("b2b"), is_word("b"), is_word("2000"), is_word("我")
    (True, False, False, True)
    """
    return any(map(str.isalpha, word)) and not (len(word) == 1 and word.isascii())


def of_letters(word: str) -> bool:
    """Whether a word has nothing but letters and their marks.

    >>> of_letters("हिन्दी"), of_letters("2nd")
    (True, False)
    """
    return word.isalpha() if word.isascii() else re.fullmatch(_LETTERS, word) is not None
