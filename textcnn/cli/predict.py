"""`textcnn predict`: an answer for each text, one out for one in, in order, as they arrive."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textcnn.cli.display.answers import OutputFormat, writer
from textcnn.cli.display.console import is_terminal, put, say
from textcnn.cli.inputs import groups
from textcnn.cli.options import ModelPath, Quiet, Threads, with_reading
from textcnn.corpus import Reading, Record
from textcnn.errors import SettingsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from textcnn.answers import Explainer
    from textcnn.insight.explain import Explanation
    from textcnn.model.predictor import Predictor

__all__ = ["predict"]

_OTHERWISE = "unknown"


@with_reading(labels=False)
def predict(
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]...", help="Texts; - or none: standard input.")
    ] = None,
    *,
    how: Reading,
    model: ModelPath = Path("model.textcnn"),
    input: Annotated[
        str | None,
        typer.Option(
            "-i",
            "--input",
            metavar="FILE",
            help="Read texts from a file; - is standard input, of lines unless its format or columns are named.",
        ),
    ] = None,
    format: Annotated[
        OutputFormat | None,
        typer.Option(
            metavar="FORMAT", help="pretty, tsv, csv, jsonl or label; if not given, pretty on a terminal, else tsv."
        ),
    ] = None,
    top: Annotated[
        int,
        typer.Option(
            metavar="K", min=1, help="Print the K likeliest labels; JSON has all of them unless K is 2 or more."
        ),
    ] = 1,
    threshold: Annotated[
        float | None, typer.Option(metavar="P", min=0, max=1, help="Least probability of an answer.")
    ] = None,
    otherwise: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL",
            help="The answer where no label reaches the threshold; beside it stands the probability of the likeliest."
            f"  [default: {_OTHERWISE}]",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="Print only texts with this label; exit with 1 if there is none."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what each word gave to the answer; in JSON lines or pretty.")
    ] = False,
    against: Annotated[
        str,
        typer.Option(
            metavar="LABEL",
            help="Explain why the answer is not this label; if not given, not the next likeliest.",
            show_default=False,
        ),
    ] = "",
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Answer for texts given here, for the lines of standard input, or for the texts of a file.

    Answers come as lines arrive, one for each, in order, empty lines included. CSV and JSON lines keep their other
    columns. In a pipe an answer is: label, tab, probability, tab, text.
    """
    if texts and input is not None:
        raise SettingsError("give texts or --input, not both")
    if texts and texts != ["-"] and how != Reading():
        raise SettingsError("options of reading are for --input and standard input, not for texts given here")
    if otherwise is not None and threshold is None:
        raise SettingsError("--otherwise is the answer below a threshold: give --threshold P too")
    from textcnn.answers import Answers
    from textcnn.model.predictor import Predictor

    predictor = Predictor.open(model, threads)
    otherwise = _OTHERWISE if otherwise is None else otherwise
    labels = [*predictor.labels, *([otherwise] if threshold is not None else [])]
    _check_label("--only", only or [], labels)
    chosen = format or _usual_format(explain)
    if explain and chosen not in (OutputFormat.pretty, OutputFormat.jsonl):
        raise SettingsError(f"--explain has no room in {chosen.value}: use --format jsonl or pretty")
    if against and not explain:
        raise SettingsError("--against goes with --explain")
    _check_label("--against", [against] if against else [], predictor.labels)
    write = writer(chosen, top=min(top, len(predictor.labels)), labels=labels)
    most = None if chosen is OutputFormat.jsonl and top == 1 else top
    answers = Answers(predictor, most, threshold, otherwise, only or (), _explainer(predictor, explain, against))
    for group in _told(groups(texts, input, how, quiet=quiet), predictor.model.settings["max_words"], quiet):
        put(write(answers.rows(group), group))
    put(write((), ()))  # the header of CSV, if no text came
    if only and not answers.matched:
        raise typer.Exit(1)


def _told(found: Iterator[list[Record]], most: int, quiet: bool) -> Iterator[list[Record]]:
    """The same groups; where a text is longer than what is read of it, the first time this is said."""
    from textcnn.text.lexicon import beyond

    for group in found:
        if not quiet and (long := beyond([record.text for record in group], most)):
            begun = group[long[0]].text[:30]
            say(f"of this text and others as long only the first {most:,} words are read: {begun!r}...")
            quiet = True
        yield group


def _usual_format(explain: bool) -> OutputFormat:
    if is_terminal(sys.stdout):
        return OutputFormat.pretty
    return OutputFormat.jsonl if explain else OutputFormat.tsv


def _explainer(predictor: "Predictor", wanted: bool, against: str) -> "Explainer | None":
    """Why a label and not `against`, or, where that is the label itself or none is named, not the next likeliest."""
    if not wanted:
        return None
    from textcnn.insight.explain import explain, rival

    def reasons(text: str, label: str, probabilities: "NDArray[np.float32]") -> "Explanation":
        other = against if against not in ("", label) else rival(predictor, probabilities, label)
        return explain(predictor, text, label, other)

    return reasons


def _check_label(option: str, wanted: Sequence[str], labels: Sequence[str]) -> None:
    for label in wanted:
        if label not in labels:
            more = " ..." if len(labels) > 20 else ""
            raise SettingsError(f"{option}: the model has no label {label!r}, but {', '.join(labels[:20])}{more}")
