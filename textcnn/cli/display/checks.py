"""How checks are shown: a line each, verdict first, and what to do below it."""

import sys
from collections.abc import Iterable
from textwrap import wrap
from typing import TYPE_CHECKING, TextIO

from textcnn.cli.display.console import console, is_terminal, one_line, width

if TYPE_CHECKING:
    from textcnn.checks import Check

__all__ = ["show_check", "show_warnings"]

_STYLES = {"ok": "green", "warning": "yellow", "error": "bold red"}
_VERDICT = 7  # columns of a verdict
_NAME = 17  # columns of a name
_LINE = 110  # columns where nobody looks


def show_check(check: "Check", stream: TextIO) -> None:
    """Print a check: `warning copies   copies of others: 18 of 80 texts`, and the advice if it is not ok."""
    from rich.text import Text

    shown = console(stream)
    room = max(width() - 1, 30) if is_terminal(stream) else _LINE
    first = f"{check.verdict.value:<{_VERDICT}} {check.name:<{_NAME}} "
    margin = " " * (_VERDICT + 1) if room < 80 else " " * len(first)
    told = wrap(one_line(check.figure), room, initial_indent=first, subsequent_indent=margin)
    if check.advice and check.verdict.value != "ok":
        told += wrap(one_line(check.advice), room, initial_indent=margin, subsequent_indent=margin)
    line = Text("\n".join(told))
    line.stylize(_STYLES[check.verdict.value], 0, len(check.verdict.value))
    shown.print(line, soft_wrap=True)


def show_warnings(checks: "Iterable[Check]") -> None:
    """The short form after training, on standard error: only what is not ok, errors first."""
    shown = [check for check in checks if check.verdict.value != "ok"]
    for check in sorted(shown, key=lambda check: check.verdict.value != "error"):
        show_check(check, sys.stderr)
