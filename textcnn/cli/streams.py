"""Standard output and standard error that write all they are given, or fail: they wait for a reader that is slow.

Python's own give up where the other side does not block and is full; unbuffered they also forget what a write left.
"""

import io
import os
import sys
from typing import Any

__all__ = ["prepare_streams"]


def prepare_streams() -> None:
    """Make the standard streams of this process ones that lose nothing.

    One that is closed is None in Python; what is said there goes nowhere, and is no error. Characters that the terminal
    does not have are no error either.
    """
    sys.stdout, sys.stderr = _prepared(sys.stdout), _prepared(sys.stderr)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _prepared(stream: Any) -> Any:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123  it lives as long as the program
    return _patient(stream) if isinstance(stream, io.TextIOWrapper) else stream


def _patient(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """The same stream, with a buffer that writes on after a part; where there was none, it keeps no line back."""
    below: Any = stream.buffer
    at_once = stream.line_buffering or stream.write_through
    buffer = _Patient(getattr(below, "raw", below))
    return io.TextIOWrapper(buffer, stream.encoding, stream.errors, line_buffering=at_once)


class _Patient(io.BufferedWriter):
    """A buffer that waits while the other side takes nothing, instead of saying so."""

    def write(self, data: Any) -> int:
        """All of the bytes; the number of them."""
        left = memoryview(data)
        while True:
            try:
                super().write(left)
                return len(data)
            except BlockingIOError as error:
                left = left[error.characters_written :]
                self._wait()

    def flush(self) -> None:
        while True:
            try:
                return super().flush()
            except BlockingIOError:
                self._wait()

    def _wait(self) -> None:
        """Until it can be written to, or nobody reads it any more, or Ctrl-C."""
        from select import select  # needed rarely

        select([], [self.fileno()], [])
