"""Work as people see it: one live bar on a terminal, a line for each stage elsewhere, and Ctrl-C."""

import signal
import sys
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from textcnn.cli.display.console import cells, console, moves, one_line, say, width

if TYPE_CHECKING:
    from textcnn.training.events import TrainingEvent

__all__ = ["Display", "Interruption", "LiveBar"]

_WIDE = 80  # columns of a terminal that has room for a bar
_BAR = 12
_AROUND = 14  # columns of percentage and time, and of blanks between columns


class Interruption:
    """Ctrl-C once asks training to end with the best checkpoint; twice leaves at once, as does once before it began."""

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


class LiveBar:
    """What is being done, a bar, the share that is done and the time left; there from the first update on.

    For a terminal that can take back what it shows. A narrow one has no bar.
    """

    def __init__(self) -> None:
        wide = width(sys.stderr) >= _WIDE
        self.room = width(sys.stderr) - _AROUND - wide * (_BAR + 1)  # columns for what is being done
        self._bar_width = _BAR if wide else 0
        self._live: Any = None

    def update(self, doing: str, share: float) -> None:
        """Show what is being done and how far it is, from 0 to 1."""
        if self._live is None:
            self._start(one_line(doing))
        self._live.update(self._task, description=one_line(doing), completed=share)

    def line(self, text: str) -> None:
        """A line that stays, above the bar."""
        if self._live is None:
            say(text)
        else:
            self._live.console.print(one_line(text))

    def stop(self) -> None:
        """Take the bar away."""
        if self._live is not None:
            self._live.stop()

    def _start(self, doing: str) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        text, done = (TextColumn(each, markup=False) for each in ("{task.description}", "{task.percentage:>3.0f} %"))
        bar = [BarColumn(bar_width=self._bar_width)] if self._bar_width else []
        columns = (text, *bar, done, TimeRemainingColumn(compact=True))
        self._live = Progress(*columns, console=console(sys.stderr), transient=True)
        self._task = self._live.add_task(doing, total=1.0)
        self._live.start()


class Display:
    """A training: a live bar on a terminal, a line for each stage elsewhere; with `verbose` a line for each epoch."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet, self.verbose = quiet, verbose
        self.bar = LiveBar() if moves(sys.stderr) and not quiet else None
        self._shares: dict[int, float] = {}  # what is done of each stage that has begun
        self._doing, self._share = "", 0.0
        self._score: float | None = None

    def __enter__(self) -> "Display":
        if self.bar is not None:
            self.bar.update("preparing words and vectors", 0.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def show(self, event: "TrainingEvent") -> None:
        """Show what has happened."""
        if self.quiet:
            return
        if event.kind == "note":
            self.line(event.note)
        elif event.kind == "stage":
            self._score = event.score
            if event.epochs:
                self._shares[event.stage.number] = 1.0
            if self.says(event):
                self.line(stage_line(event))
        else:
            self._score = event.score if event.kind == "epoch" else self._score
            self._update(event)
            if event.kind == "epoch" and self.verbose:
                self._epoch(event)

    def says(self, event: "TrainingEvent") -> bool:
        """Whether the end of a stage is worth a line."""
        return self.bar is None or self.verbose

    def line(self, text: str) -> None:
        """A line for people, above what is live."""
        if self.bar is not None:
            self.bar.line(text)
        else:
            say(text, quiet=self.quiet)

    def _epoch(self, event: "TrainingEvent") -> None:
        narrow = self.bar is not None and width(sys.stderr) < _WIDE
        others = any(share < 1 for each, share in self._shares.items() if each != event.stage.number)
        whose = f"{event.stage.short}  " if others else ""
        self.line(whose + (_short_epoch(event) if narrow else _epoch_line(event)))
        if event.note:
            self.line(event.note)

    def _update(self, event: "TrainingEvent") -> None:
        """Show the first of the stages that go on, and what is done of all, which never gets less."""
        number, shares = event.stage.number, self._shares
        if event.kind != "phase":  # which may be all that there is of a stage
            shares[number] = max(shares.get(number, 0.0), _share_of_stage(event))
        most = max(shares, default=0)
        done = sum(shares.get(each, 1.0) for each in range(1, most + 1))  # some turn out not to be needed
        self._share = max(self._share, done / event.stage.total)
        if self.bar is None:
            return
        if all(share == 1 for each, share in shares.items() if each < number):
            self._doing = _described(event, self._score, self.bar.room)
        self.bar.update(self._doing, self._share)


def stage_line(event: "TrainingEvent") -> str:
    """A stage that has ended, in plain words; of one without epochs its note says how it went."""
    if event.note and not event.epochs:
        return f"{event.stage.name}: {event.note}, {event.seconds:.1f} s"
    ran = f"{event.epoch} epochs" if event.epoch != 1 else "1 epoch"
    if event.epoch < event.epochs:
        ran = f"{event.epoch} of {event.epochs} epochs"
    networks = f"{event.networks} networks, " if event.networks > 1 else ""
    scored = "" if event.score is None else f", loss {event.loss:.2f}, score {event.score:.3f}"
    note = f"; {event.note}" if event.note else ""
    return f"{event.stage.name}: {networks}{ran}{scored}, {event.seconds:.1f} s{note}"


def _share_of_stage(event: "TrainingEvent") -> float:
    in_epoch = event.batch / event.batches if event.batches else 1.0
    in_network = (event.epoch - 1 + in_epoch) / event.epochs if event.epochs else 0.0
    return (event.network - 1 + in_network) / event.networks


def _described(event: "TrainingEvent", score: float | None, room: int) -> str:
    """What is being done, with as many words as there is room for."""
    network = f"network {event.network}/{event.networks}" if event.networks > 1 else ""
    loss, scored = f"loss {event.loss:.3f}", "" if score is None else f"score {score:.3f}"
    doing = [event.note] if event.kind == "phase" else [f"epoch {event.epoch}/{event.epochs}", loss, scored]
    choices = ([event.stage.name, network, *doing], [event.stage.short, network, *doing], [event.stage.short, *doing])
    told = ["  ".join(filter(None, choice)) for choice in (*choices, doing)]
    return next((text for text in told if cells(text) <= room), told[-1])


def _epoch_line(event: "TrainingEvent") -> str:
    told = f"epoch {event.epoch:2}  loss {event.loss:.4f}"
    if event.score is not None:
        told += f"  validation loss {event.validation_loss:.4f}  score {event.score:.4f}"
    return f"{told}  {event.seconds:.1f} s{'  best' if event.best and event.score is not None else ''}"


def _short_epoch(event: "TrainingEvent") -> str:
    told = f"{event.epoch:2}  loss {event.loss:.3f}"
    if event.score is None:
        return told
    mark = "  best" if event.best else ""
    return f"{told}  validation {event.validation_loss:.3f}  score {event.score:.3f}{mark}"
