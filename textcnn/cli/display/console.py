"""The terminal: what is said to people, in which width and colour. Results are not said here; they are printed.

rich is imported when something is shown as a table or as progress, not before.
"""

import os
import sys
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from textcnn.errors import OutputError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["cells", "console", "cut", "escaped", "is_terminal", "moves", "one_line", "put", "say", "table", "width"]

_LINE = 100  # columns where nobody looks


def say(message: str, *, quiet: bool = False) -> None:
    """A line for people, on standard error; on a terminal it is broken between words.

    Where nobody can be told, for a disk is full, work goes on.
    """
    if quiet:
        return
    message = one_line(message)  # names of columns, say, come from a file
    try:
        sys.stderr.write(f"{_broken(message, width(sys.stderr)) if is_terminal(sys.stderr) else message}\n")
        sys.stderr.flush()
    except OSError:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  what is not written yet goes there


def _broken(message: str, room: int) -> str:
    """Lines that are not longer than that, save where a word is."""
    first, *words = message.split(" ")
    lines = [first]
    for word in words:
        if cells(lines[-1]) + 1 + cells(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(f"  {word}")
    return "\n".join(lines)


def put(result: str) -> None:
    """Print a result, in UTF-8 whatever the locale, and flush it, so that who waits for it has it.

    Raises:
        OutputError: the disk is full, say.
    """
    try:
        sys.stdout.buffer.write(result.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    except OSError as error:
        raise OutputError(f"cannot write the result: {error.strerror or error}") from error


def is_terminal(stream: TextIO) -> bool:
    """Whether people look at this stream."""
    return stream.isatty()


def moves(stream: TextIO) -> bool:
    """Whether it is a terminal that can also take back what it shows."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width(stream: TextIO | None = None) -> int:
    """Columns of the terminal: of a stream's, since another stream may be a pipe, or of standard output's."""
    from shutil import get_terminal_size

    if stream is not None and "COLUMNS" not in os.environ:
        with suppress(OSError, ValueError):  # it is no terminal, or has no descriptor
            return os.get_terminal_size(stream.fileno()).columns or _LINE
    return get_terminal_size().columns


def one_line(text: str) -> str:
    """Text for people, on one line, with nothing in it that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\ufffd" for character in " ".join(text.split()))


def escaped(text: str) -> str:
    r"""Text with its control characters, save tabs and line breaks, as `\u001b`: the way JSON writes them."""
    if text.isprintable():
        return text
    return "".join(
        f"\\u{ord(character):04x}" if unicodedata.category(character) == "Cc" and character not in "\t\n" else character
        for character in text
    )


def cells(text: str) -> int:
    """Columns that text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def cut(text: str, room: int) -> str:
    """Text that takes so many columns: filled with blanks, or cut with dots at its end."""
    length = cells(text)
    if length <= room:
        return text + " " * (room - length)
    kept, left = [], room - 3
    for character in text:
        left -= _cells(character)
        if left < 0:
            break
        kept.append(character)
    shown = "".join(kept) + "..."
    return shown + " " * (room - cells(shown))


def _cells(character: str) -> int:
    if unicodedata.combining(character) or character in "\u200d\ufe0e\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def console(stream: TextIO) -> "Console":
    """Console of rich on a stream; it respects NO_COLOR, and what it prints is never taken for markup."""
    from rich.console import Console

    known = None if is_terminal(stream) or "COLUMNS" in os.environ else _LINE
    return Console(file=stream, highlight=False, markup=False, emoji=False, width=known)


def table(*columns: str) -> "Table":
    """A plain table without blank lines around it: the first column is text, the others are numbers."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left", overflow="fold")
    return made
