"""What is done to valid inputs, to bytes and to values of JSON: a change or a few, for most should get far."""

from collections.abc import Sequence
from random import Random
from typing import Any

TEXTS = (
    "free prize", "see you at lunch", "", " ", "a", "don't, it's", '"quoted"', "a,b;c\td|e", "two\nlines", "caf\u00e9",
    "\u623f\u95f4\u5f88\u5927",
    "\u0939\u093f\u0928\u094d\u0926\u0940", "\u0e44\u0e21\u0e48", "\U0001f469\u200d\U0001f467 ok",
    "http://a.b/c?d=e", "x" * 300, "1 000", "0", "-1", "nan",
    "\ufeff", "\u200b", "\u2028", "\x1c\x1e\x85", "\\", "\\\"", "[", "{}", "__label__spam", "NULL",
    "\ufdfa", "\u0301" * 40, "=1+1", "<html>",
)  # fmt: skip
NUMBERS = (
    0,
    1,
    -1,
    2,
    3,
    7,
    20,
    255,
    256,
    65536,
    2**31 - 1,
    2**31,
    2**32,
    2**40,
    2**48,
    2**63,
    2**64,
    -(2**31),
    10**30,
)
FLOATS = (0.0, -0.0, 0.5, 1.0, -1.0, 1e-7, 1e-300, 1e300, float("inf"), float("-inf"), float("nan"))


def text(random: Random) -> str:
    """Some words, odd ones among them."""
    return random.choice((" ", "", "-", "\n")).join(random.choices(TEXTS, k=random.choice((0, 1, 1, 2, 3, 8))))


def repeated(random: Random, most: int) -> str:
    """A long text of one short piece, in which whatever is not linear shows."""
    unit = text(random)[:20] or "a"
    return unit * (random.randrange(1, most) // len(unit))


def changed(data: bytes, random: Random, pieces: Sequence[bytes] = (b"\0", b"\xff")) -> bytes:
    """Bytes with a few changes; `pieces` are put in."""
    made = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        first = random.randint(0, len(made))
        span = slice(first, first + random.choice((1, 1, 2, 4, 8, 64, len(made) // 3)))
        random.choice((_exchange, _leave_out, _double, _insert, _insert, _flip, _cut))(made, span, random, pieces)
    return bytes(made)


def _exchange(made: bytearray, span: slice, random: Random, _: Sequence[bytes]) -> None:
    made[span] = random.randbytes(len(made[span]))


def _leave_out(made: bytearray, span: slice, *_: Any) -> None:
    del made[span]


def _double(made: bytearray, span: slice, *_: Any) -> None:
    made[span.start : span.start] = made[span]


def _insert(made: bytearray, span: slice, random: Random, pieces: Sequence[bytes]) -> None:
    made[span.start : span.start] = random.choice(pieces) * random.choice((1, 1, 2, 30, 2000))


def _flip(made: bytearray, span: slice, random: Random, _: Sequence[bytes]) -> None:
    if span.start < len(made):
        made[span.start] ^= 1 << random.randrange(8)


def _cut(made: bytearray, span: slice, random: Random, _: Sequence[bytes]) -> None:
    if random.random() < 0.3:
        del made[span.start :]


def value(random: Random, levels: int = 3) -> Any:
    """Anything that JSON can hold."""
    kind = random.randrange(8 if levels else 6)
    if kind == 0:
        return random.choice((None, True, False))
    if kind in (1, 2):
        return random.choice(NUMBERS)
    if kind == 3:
        return random.choice(FLOATS)
    if kind in (4, 5):
        return random.choice((*TEXTS, "\ud83d"))  # half a character, which JSON can spell
    items = [value(random, levels - 1) for _ in range(random.choice((0, 1, 2, 3, 20)))]
    return items if kind == 6 else {random.choice(TEXTS): item for item in items}


def nested(random: Random) -> Any:
    """Lists and objects, deep in each other."""
    made: Any = value(random, 0)
    for _ in range(random.choice((5, 30, 300, 900))):
        made = [made] if random.random() < 0.5 else {random.choice(TEXTS): made}
    return made


def changed_value(given: Any, random: Random) -> Any:
    """A value of JSON with one part replaced, left out, doubled or exchanged."""
    if isinstance(given, dict) and given and random.random() < 0.9:
        name = random.choice(list(given))
        made = dict(given)
        if random.random() < 0.1:
            del made[name]
        elif random.random() < 0.1:
            made[random.choice((*TEXTS, *given))] = made[name]
        else:
            made[name] = changed_value(made[name], random)
        return made
    if isinstance(given, list) and given and random.random() < 0.8:
        place, made_list = random.randrange(len(given)), list(given)
        if random.random() < 0.2:
            made_list[place:place] = random.choice(
                ([], made_list[place : place + 1] * random.choice((1, 30)), [value(random)])
            )
        else:
            made_list[place] = changed_value(given[place], random)
        return made_list
    if isinstance(given, (int, float)) and not isinstance(given, bool) and random.random() < 0.5:
        return given + random.choice((-1, 1, 0.5, 2)) if abs(given) < 1e15 else given
    return nested(random) if random.random() < 0.05 else value(random)
