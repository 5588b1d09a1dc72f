"""Folds in time: each learns from what came before all that it holds out, as a model in use does (expanding window).

Shapes: B texts.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import DataError

__all__ = ["past_folds", "times_of"]

Ints = NDArray[np.int64]


def times_of(values: Sequence[Any], places: Sequence[str] | None = None) -> NDArray[np.float64]:
    """Times as numbers that can be compared, (B,): all are numbers, or all are dates as ISO 8601 writes them.

    Args:
        values: numbers, dates, or text that is one of these; a date without a zone is UTC.
        places: where each value stands, for the message.

    Raises:
        DataError: a value is neither, or is missing.
    """
    written = ["" if value is None else str(value).strip() for value in values]
    dates = any(_number(text) is None for text in written[:1])
    read = [_date(text) if dates else _number(text) for text in written]
    if None in read:
        at = read.index(None)
        place = places[at] if places else f"number {at} (from 0)"
        wanted = "a date like 2024-05-31 or 2024-05-31T12:00" if dates else "a number, as the first one is"
        raise DataError(f"{place}: {written[at]!r:.60} is no time; needed is {wanted}")
    return np.array(read, np.float64)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _date(text: str) -> float | None:
    """Seconds since 1970."""
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return (date - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()


def past_folds(times: NDArray[np.float64], units: Ints, folds: int) -> tuple[list[tuple[Ints, Ints]], int]:
    """What is learned from and what is held out, in turn, and how often a text is left out of what is learned from.

    The texts are cut into one part more than there are folds, all about equally large; each part but the first is held
    out once, and learned from is what came before it. Texts of one time are in one part. Of a unit that is held out
    nothing is learned from.

    Raises:
        DataError: there are too few different times.
    """
    if len(times) != len(units):
        raise DataError(f"{len(units)} texts but {len(times)} times: each text needs its own")
    part_of = _parts(times, folds)
    splits, left_out = [], 0
    for part in range(1, folds + 1):
        held = np.flatnonzero(part_of == part)
        before = np.flatnonzero(part_of < part)
        learn = before[~np.isin(units[before], units[held])]
        left_out += len(before) - len(learn)
        splits.append((learn, held))
    return splits, left_out


def _parts(times: NDArray[np.float64], folds: int) -> Ints:
    """The part of each text, from 0 to `folds`: (B,)."""
    _, moment_of, counts = np.unique(times, return_inverse=True, return_counts=True)
    if len(counts) <= folds:
        advice = f"choose at most {len(counts) - 1}" if len(counts) > 2 else "even two folds need three times"
        raise DataError(
            f"there are only {len(counts)} different times, too few for {folds} folds, each of which learns from what "
            f"came before: {advice}"
        )
    ends, cuts = counts.cumsum(), [-1]
    for part in range(1, folds + 1):
        first, last = cuts[-1] + 1, len(counts) - folds + part - 2  # so that the later parts have a time each, too
        goal = len(times) * part / (folds + 1)
        cuts.append(first + int(np.abs(ends[first : last + 1] - goal).argmin()))
    return np.searchsorted(cuts[1:], moment_of, side="left").astype(np.int64)
