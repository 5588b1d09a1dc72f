"""How long work tells how far it is: a callback with a few words and a share, never a line printed."""

import time
from collections.abc import Callable

__all__ = ["Progress", "Say", "spoken"]

Say = Callable[[str], None]
Progress = Callable[[str, float], None]  # what is done, and how much of it, from 0 to 1

_SECONDS = 5.0


def spoken(say: Say) -> Progress:
    """Progress as sentences, one every few seconds, for those who have no bar to show."""
    last = time.monotonic()

    def progress(what: str, share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _SECONDS:
            last = now
            say(f"{what}: {share:.0%}")

    return progress
