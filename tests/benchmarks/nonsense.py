"""Texts of no known kind that take no corpus: gibberish, numbers, signs, and what machines write; see reliance.py."""

import base64
import json
from collections.abc import Callable

import numpy as np

__all__ = ["KINDS"]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_CONSONANTS = "bcdfghjklmnpqrstvwxyz"
_SIGNS = "!?.,;:-()[]{}/\\*&%$#@+=~^|<>'\""
_PICTURES = "😀😂😍🔥👍🎉💩🤔🙏❤🚀🐱"
_ROWS = ("asdfghjkl;", "qwertyuiop", "zxcvbnm,./")  # of a keyboard

Random = np.random.Generator


def _several(random: Random, least: int, most: int, make: Callable[[], str], between: str = " ") -> str:
    return between.join(make() for _ in range(random.integers(least, most + 1)))


def _word(random: Random, least: int, most: int, characters: str = _LETTERS) -> str:
    return _several(random, least, most, lambda: str(random.choice(list(characters))), "")


def _syllables(random: Random) -> str:
    return _several(random, 2, 4, lambda: _word(random, 1, 1, _CONSONANTS) + _word(random, 1, 1, "aeiou"), "")


def _number(random: Random) -> str:
    return str(random.integers(1, 10 ** int(random.integers(1, 6))))


def _mash(random: Random) -> str:
    first = int(random.integers(0, 7))
    return str(random.choice(_ROWS))[first : first + int(random.integers(3, 6))]


def _html(random: Random) -> str:
    made = f'<div class="c{random.integers(99)}"><br/><img src="/i/{random.integers(9999)}.png"></div>'
    return made * int(random.integers(1, 4))


def _json(random: Random) -> str:
    return json.dumps({"id": _word(random, 6, 6), "ok": True, f"k{random.integers(99)}": [_number(random), None]})


KINDS: dict[str, Callable[[Random], str]] = {
    "words of 3 to 9 letters": lambda random: _several(random, 3, 20, lambda: _word(random, 3, 9)),
    "words of 2 or 3 letters": lambda random: _several(random, 3, 11, lambda: _word(random, 2, 3)),
    "words of syllables": lambda random: _several(random, 3, 11, lambda: _syllables(random)),
    "single letters": lambda random: _several(random, 1, 11, lambda: _word(random, 1, 1)),
    "numbers": lambda random: _several(random, 1, 11, lambda: _number(random)),
    "punctuation": lambda random: _several(random, 1, 7, lambda: _word(random, 1, 4, _SIGNS)),
    "emoji": lambda random: _word(random, 1, 7, _PICTURES),
    "a mashed keyboard": lambda random: _several(random, 2, 7, lambda: _mash(random)),
    "HTML": _html,
    "JSON": _json,
    "base64": lambda random: base64.b64encode(random.bytes(int(random.integers(10, 90)))).decode(),
    "one hexadecimal word": lambda random: random.bytes(int(random.integers(4, 16))).hex(),
    "blank": lambda random: " " * int(random.integers(0, 4)),
}
