"""Standard output and standard error that write all they are given, or fail: they wait for a reader that is slow.

Python's own give up where the other side does not block and is full; unbuffered they also forget what a write left.
"""

import atexit
import errno
import io
import os
import sys
import threading
from typing import Any

__all__ = ["keep_for_results", "prepare_streams"]


def prepare_streams() -> None:
    """Make the standard streams of this process ones that lose nothing.

    One that is closed is None in Python. What is said to a closed standard error goes nowhere, and is no error; a
    result for a closed standard output is one. Characters that the terminal does not have are no error.
    """
    sys.stdout = _prepared(sys.stdout, _ClosedOutput())
    sys.stderr = _prepared(sys.stderr, io.FileIO(os.devnull, "w"))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def keep_for_results() -> None:
    """Let standard output have what the main thread writes alone; what others print goes to standard error.

    Ray has a thread of its own that prints what it thinks of nodes that are gone, and what it has kept back when the
    process ends: to be called after Ray is there, so that the end is seen here first.
    """
    if not isinstance(sys.stdout, _OfMainThread):
        stream = _OfMainThread(sys.stdout)
        atexit.register(stream.end)
        sys.stdout = stream


class _OfMainThread:
    """A text stream that the main thread writes to, until the end of the process."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._ended = stream, False

    def end(self) -> None:
        self._ended = True

    def write(self, text: str) -> int:
        is_result = not self._ended and threading.current_thread() is threading.main_thread()
        written: int = (self._stream if is_result else sys.stderr).write(text)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _ClosedOutput(io.RawIOBase):
    """Takes nothing, and says so once; the interpreter would flush it again at its end."""

    said = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1

    def write(self, data: Any) -> int:
        if self.said:
            return len(data)
        self.said = True
        raise OSError(errno.EBADF, "standard output is closed")


def _prepared(stream: Any, where_closed: io.RawIOBase) -> Any:
    if stream is None:
        return io.TextIOWrapper(io.BufferedWriter(where_closed), "utf-8")
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
