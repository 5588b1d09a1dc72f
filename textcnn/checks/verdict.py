"""What a check says: one line with a verdict, a figure and what to do."""

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

__all__ = ["Check", "Verdict", "grade", "judge", "wrong"]


class Verdict(str, Enum):
    """`ok`; `look`: may be as it should be, but see for yourself; `wrong`: mend it before you rely on the model."""

    ok = "ok"
    look = "look"
    wrong = "wrong"


class Check(NamedTuple):
    """The result of one check. Figures and advice are plain text, and may hold words of the data."""

    name: str
    verdict: Verdict
    figure: str
    advice: str = ""  # empty if there is nothing to do


def judge(name: str, verdict: Verdict, figure: str, advice: str = "") -> Check:
    """A check whose advice is given only where there is something to do."""
    return Check(name, verdict, figure, "" if verdict is Verdict.ok else advice)


def grade(value: float, *, look: float, wrong: float) -> Verdict:
    """Compare a value with two limits; the worse it is, the larger it is. A limit that is reached counts."""
    if not value < wrong:  # NaN is no good value
        return Verdict.wrong
    return Verdict.look if value >= look else Verdict.ok


def wrong(checks: Iterable[Check]) -> bool:
    """Whether one of them found something wrong."""
    return any(check.verdict is Verdict.wrong for check in checks)
