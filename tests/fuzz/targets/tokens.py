"""Any text: every word says where it stands, all ways to read give the same words, and the time is linear."""

import sys
from itertools import pairwise
from random import Random
from typing import NamedTuple

import mutations
from harness import CpuLimit

from textcnn.compiled.loader import loops
from textcnn.text import lexicon
from textcnn.text.lexicon import encode
from textcnn.text.tokens import _rules, chunks, cut, normal, parts, spellings, tokenize

_SECONDS = 3e-5  # of a character; the slowest kinds take a fifth of that


class Case(NamedTuple):
    """Texts, and how many words of each are read."""

    texts: list[str]
    most: int


def make(random: Random) -> Case:
    """Texts of odd pieces, of any characters, or of one piece many times over."""
    texts = [_text(random) for _ in range(random.choice((1, 1, 2, 5)))]
    return Case(texts, random.choice((1, 2, 7, 300, 20_000)))


def _text(random: Random) -> str:
    kind = random.choice((0, 1, 1, 1, 2, 2, 2, 3, 3, 3))
    if kind == 0:
        return mutations.repeated(random, 100_000)
    if kind == 1:
        planes = random.choices((0x80, 0x500, 0x3100, 0x10000, sys.maxunicode), (4, 3, 2, 2, 1), k=random.randrange(80))
        return "".join(chr(random.randrange(plane)) for plane in planes)
    if kind == 2:
        return "".join(random.choices("aB1-.'’@/:!_ \t\u200b\u0301看\ud800", k=random.randrange(60)))
    return mutations.text(random) + random.choice(("", " ")) + mutations.text(random)


def check(case: Case) -> None:
    """Read them in every way."""
    with CpuLimit(1 + _SECONDS * sum(map(len, case.texts)), "for the texts"):
        read = [_tokens(text, case.most) for text in case.texts]
        for few in (0, 10**9) if loops("words") is not None else (10**9,):
            lexicon._FEW, before = few, lexicon._FEW
            encoded = encode(case.texts, case.most)
            lexicon._FEW = before
            words = [encoded.surfaces[number] for number in encoded.ragged.words.tolist()]
            assert words == [word for row in read for word in row], "there are other words"
            assert encoded.ragged.lengths.tolist() == list(map(len, read)), "texts begin elsewhere"
        for word in {word for row in read for word in row[:100]}:
            assert next(spellings(word)) == normal(word) == normal(normal(word)) and all(parts(word))
    general, special = (_rules(ascii_only=only, long=True) for only in (False, True))
    for text in case.texts:
        for chunk in chunks(text[:2000]):
            if chunk.isascii() and "\0" not in chunk:
                assert general.findall(chunk) == special.findall(chunk), "the rules for ASCII are others"


def _tokens(text: str, most: int) -> list[str]:
    tokens = tokenize(text, most)
    assert len(tokens) <= most
    assert all(text[token.start : token.end] == token.surface for token in tokens), "a word stands elsewhere"
    assert all(one.end <= other.start for one, other in pairwise(tokens)), "words overlap"
    words = [token.surface for token in tokens]
    if len(text) <= 50 * most:
        assert words == [word for chunk in chunks(text) for word in cut(chunk)][:most], "other words than in chunks"
    return words
