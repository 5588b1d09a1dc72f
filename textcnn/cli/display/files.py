"""Files while they are being answered: a live bar on a terminal, elsewhere a line every half a minute."""

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from textcnn.cli.display.console import moves, say
from textcnn.cli.display.progress import LiveBar

if TYPE_CHECKING:
    from textcnn.prediction.one_file import FileEvent, FileResult
    from textcnn.prediction.plan import FileJob

__all__ = ["FilesDisplay"]

_PAUSE = 30.0  # seconds between lines


class FilesDisplay:
    """How many files and texts are answered, how many a second, and how long it will take by the bytes that are left.

    Args:
        jobs: the files that are to be answered.
        quiet: whether nothing is said.
    """

    def __init__(self, jobs: "Sequence[FileJob]", *, quiet: bool) -> None:
        self.quiet, self.count = quiet, len(jobs)
        self.bar = LiveBar() if moves(sys.stderr) and not quiet else None
        self._left = {job.name: max(job.size, 1) for job in jobs}  # bytes of those that are not finished
        self._bytes = sum(self._left.values())
        self._going: dict[str, FileEvent] = {}
        self._done = self.files = self.texts = 0
        self._began = self._said = time.monotonic()

    def __enter__(self) -> "FilesDisplay":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def event(self, event: "FileEvent") -> bool:
        """Show how far a file is; nobody asks it to end."""
        if event.name in self._left:  # some come late
            self._going[event.name] = event
            self._show()
        return False

    def result(self, result: "FileResult") -> None:
        """Show that a file is finished, and say what there is to say about it."""
        self._going.pop(result.job.name, None)
        self.files += 1
        self.texts += result.texts
        self._done += self._left.pop(result.job.name)
        if result.losses:
            self.line(result.losses)
        self._show()

    def line(self, text: str) -> None:
        """A line for people, above what is live."""
        if self.bar is not None:
            self.bar.line(text)
        else:
            say(text)

    @property
    def rate(self) -> float:
        """Texts a second."""
        return self._texts() / max(time.monotonic() - self._began, 1e-3)

    def _texts(self) -> int:
        return self.texts + sum(event.texts for event in self._going.values())

    def _share(self) -> float:
        going = sum(self._left[event.name] * event.share for event in self._going.values())
        return (self._done + going) / max(self._bytes, 1)

    def _show(self) -> None:
        doing = f"{self.files:,} of {self.count:,} files  {self._texts():,} texts  {self.rate:,.0f} a second"
        if self.bar is not None:
            self.bar.update(doing, self._share())
        elif time.monotonic() - self._said > _PAUSE:
            self._said = time.monotonic()
            share = self._share()
            left = (self._said - self._began) * (1 - share) / share if share else 0.0
            say(f"{doing}, {100 * share:.0f} %, {left:,.0f} s left", quiet=self.quiet)
