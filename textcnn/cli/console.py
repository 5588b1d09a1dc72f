"""The terminal: what is said to people, in which width and colour. Results are not said here; they are printed.

rich is imported when something is shown on a terminal, not before.
"""

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["console", "is_terminal", "say", "table", "width"]


def say(message: str, *, quiet: bool = False) -> None:
    """A line for people, on standard error."""
    if not quiet:
        sys.stderr.write(f"{message}\n")
        sys.stderr.flush()


def is_terminal(stream: TextIO) -> bool:
    """Whether people look at this stream."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns of the terminal."""
    from shutil import get_terminal_size

    return get_terminal_size().columns


def console(stream: TextIO) -> "Console":
    """Console of rich on a stream; it respects NO_COLOR, and in a file or pipe it is 100 columns wide."""
    from rich.console import Console

    return Console(file=stream, highlight=False, width=None if is_terminal(stream) else 100)


def table(*columns: str, title: str | None = None) -> "Table":
    """A plain table: the first column is text, the others are numbers."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left", overflow="fold")
    return made
