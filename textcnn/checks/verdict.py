"""What a check says: one line with a verdict, a figure and what to do."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

__all__ = ["Check", "Verdict", "grade", "has_errors", "judge"]


class Verdict(StrEnum):
    """`ok`; `warning`: may be as it should be, but see for yourself; `error`: fix it before you rely on the model."""

    ok = "ok"
    warning = "warning"
    error = "error"


class Check(NamedTuple):
    """The result of one check. Figures and advice are plain text, and may hold words of the data."""

    name: str
    verdict: Verdict
    figure: str
    advice: str = ""  # empty if there is nothing to do


def judge(name: str, verdict: Verdict, figure: str, advice: str = "") -> Check:
    """A check whose advice is given only where there is something to do."""
    return Check(name, verdict, figure, "" if verdict is Verdict.ok else advice)


def grade(value: float, *, warning: float = float("inf"), error: float = float("inf")) -> Verdict:
    """Compare a value with two limits; the worse it is, the larger it is. A limit that is reached counts."""
    if not value < error:  # NaN is no good value
        return Verdict.error
    return Verdict.warning if value >= warning else Verdict.ok


def has_errors(checks: Iterable[Check]) -> bool:
    """Whether the verdict of one of them is an error."""
    return any(check.verdict is Verdict.error for check in checks)
