"""`predict --pass-on`: texts without a sure answer go into a file, for another, dearer judge."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from textcnn.cli.display.answers import OutputFormat, file_writer
from textcnn.cli.display.console import say
from textcnn.corpus import Record
from textcnn.storage.atomic import check_writable, written_whole

if TYPE_CHECKING:
    from textcnn.answers import Answer

__all__ = ["PassOn", "passed_on"]

# From answers, and the records that they are for, to those answers that are sure.
PassOn = Callable[["Iterable[Answer]", Sequence[Record]], "Iterable[Answer]"]


@contextmanager
def passed_on(path: Path | None, inputs: Sequence[str], *, quiet: bool) -> Iterator[PassOn]:
    """Write answers that are not sure into a file, which takes its place at the end; without one all are handed back.

    Raises:
        OutputError: the file is one of the inputs, or cannot be written.
    """
    if path is None:
        yield lambda answers, records: answers
        return
    from textcnn.cli.report_option import refuse_overwriting

    check_writable(path)
    refuse_overwriting(path, inputs, "--pass-on")
    write = file_writer(OutputFormat.csv if path.suffix.lower() == ".csv" else OutputFormat.jsonl)
    total = left = 0
    with written_whole(path) as file:

        def divided(answers: "Iterable[Answer]", records: Sequence[Record]) -> "Iterable[Answer]":
            nonlocal total, left
            made = list(answers)
            unsure = [answer for answer in made if not answer.sure]
            file.write(write(unsure, records).encode("utf-8", "replace"))
            total, left = total + len(made), left + len(unsure)
            return [answer for answer in made if answer.sure]

        yield divided
        file.write(write((), ()).encode("utf-8", "replace"))
    share = f" ({100 * (total - left) / total:.1f} %)" if total else ""
    say(f"{total - left:,} of {total:,} texts answered{share}, {left:,} passed on to {path}", quiet=quiet)
