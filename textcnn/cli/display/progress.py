"""Training as people see it: live on a terminal, a line for each epoch elsewhere, and Ctrl-C."""

import signal
import sys
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from textcnn.cli.display.console import console, moves, one_line, say, width

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from textcnn.training.loop import Epoch, Step

__all__ = ["Display", "Interruption"]

_WIDE = 80  # columns of a terminal that has room for everything


class Interruption:
    """Ctrl-C once asks training to end with the best so far; twice leaves at once, as does once before it began."""

    def __init__(self) -> None:
        self.wanted = self.begun = False

    def __enter__(self) -> "Interruption":
        self._before: Any = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        # Nothing is said here: the signal may have come in the middle of a line that is being written.
        if self.wanted or not self.begun:
            raise KeyboardInterrupt
        self.wanted = True


class Display:
    """Live progress on a terminal, a line for each epoch elsewhere, nothing if quiet."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.last: Epoch | None = None
        self.best = 0  # the epoch whose weights are kept
        self.narrow = width(sys.stderr) < _WIDE and moves(sys.stderr)
        self.live: Progress | None = None
        self.task: TaskID | None = None

    def __enter__(self) -> "Display":
        if not self.quiet and moves(sys.stderr):
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            bar = [] if self.narrow else [BarColumn(bar_width=12)]
            self.live = Progress(
                TextColumn("{task.description}", markup=False),
                *bar,
                TextColumn("{task.percentage:>3.0f} %", markup=False),
                TimeRemainingColumn(compact=True),
                console=console(sys.stderr),
                transient=True,
            )
            self.live.start()
            self.task = self.live.add_task("preparing words and vectors", total=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live is not None:
            self.live.stop()

    def show(self, row: "Step | Epoch | str") -> None:
        """Show a step, an epoch or a note."""
        if isinstance(row, str):
            self.end()
            self.line(row)
            return
        from textcnn.training.loop import Step

        if isinstance(row, Step):
            self._step(row)
            return
        self.last = row if row.score is not None else None
        self.best = row.epoch if row.best else self.best
        if row.score is not None or row.epoch == row.epochs:  # without a score only the end is worth a line
            self.line(_short(row) if self.narrow else _long(row))
        if row.note:
            self.line(row.note)

    def end(self) -> None:
        """Say once why training ended before its last epoch, if it did, and which weights are kept."""
        if self.last is not None and self.last.epoch < self.last.epochs:
            since = self.last.epoch - self.best
            self.line(f"no better score in {since} epochs: the weights of epoch {self.best} are kept")
        self.last = None

    def line(self, text: str) -> None:
        """A line for people, above what is live."""
        if self.quiet:
            return
        if self.live is not None:
            self.live.console.print(one_line(text))
        else:
            say(text)

    def _step(self, row: "Step") -> None:
        if self.live is not None and self.task is not None:
            batch = "" if self.narrow else "batch "
            score = f"  score {self.last.score:.3f}" if self.last and self.last.score is not None else ""
            self.live.update(
                self.task,
                description=f"epoch {row.epoch}/{row.epochs}  {batch}{row.batch}/{row.batches}"
                f"  loss {row.loss:.3f}{score}",
                total=row.epochs * row.batches,
                completed=(row.epoch - 1) * row.batches + row.batch,
            )


def _long(row: "Epoch") -> str:
    told = f"epoch {row.epoch:2}  loss {row.loss:.4f}"
    if row.score is not None:
        told += f"  validation loss {row.validation_loss:.4f}  score {row.score:.4f}"
    return f"{told}  {row.seconds:.1f} s{'  best so far' if row.best and row.score is not None else ''}"


def _short(row: "Epoch") -> str:
    told = f"{row.epoch:2}  loss {row.loss:.3f}"
    if row.score is None:
        return told
    mark = "  best" if row.best else ""
    return f"{told}  validation {row.validation_loss:.3f}  score {row.score:.3f}{mark}"
