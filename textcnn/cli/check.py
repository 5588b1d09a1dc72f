"""`textcnn check`: what an experienced trainer checks by hand."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from textcnn.cli.display.checks import show_check
from textcnn.cli.display.console import console, moves, one_line, put, say
from textcnn.cli.evaluate import Format
from textcnn.cli.options import Quiet, settings_from_file, with_reading, with_settings
from textcnn.cli.reading import known_after, known_before, read_aloud, set_apart
from textcnn.cli.report_option import ReportPath, check_page, put_page
from textcnn.corpus import Reading
from textcnn.errors import DataError, SettingsError

if TYPE_CHECKING:
    from textcnn.checks import Check
    from textcnn.checks.label_errors import Suspect
    from textcnn.checks.suite import CheckInput, CheckSuite
    from textcnn.corpus import Corpus
    from textcnn.model.model import Model

__all__ = ["check"]

_MOST_DOUBTS = 20  # probable label errors on a page


@with_settings
@with_reading(labels=True)
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Labelled texts; - is standard input.")],
    settings: dict[str, Any],
    how: Reading,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Labelled texts that will measure the model: are they in FILE too, are the labels the same?",
        ),
    ] = None,
    model: Annotated[
        Path | None, typer.Option("-m", "--model", metavar="FILE", help="A model whose filters are looked at.")
    ] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE.toml", help="Settings; options given here win.")
    ] = None,
    data_only: Annotated[bool, typer.Option("--data-only", help="Look at the texts only; train nothing.")] = False,
    label_errors: Annotated[int, typer.Option(metavar="N", min=0, help="List the N likeliest label errors.")] = 0,
    format: Annotated[
        Format, typer.Option(metavar="FORMAT", help="pretty (a line each), or json (one object).")
    ] = Format.pretty,
    report: ReportPath = None,
    quiet: Quiet = False,
) -> None:
    """Check labelled texts, and how a network learns them, the way an experienced trainer does.

    Each line says ok, warning or error, a figure, and what to do. Small networks are trained on a sample of large
    files, with fewer filters and epochs than by train; from up to 200 texts it is learned as by train. Every setting
    can be given. Exit code 1 if there is an error.
    """
    from textcnn.checks import has_errors
    from textcnn.checks.suite import CheckInput

    if data_only and (label_errors or model):
        raise SettingsError("--label-errors and --model need the trainings that --data-only leaves out")
    values = {**(settings_from_file(settings_file) if settings_file else {}), **settings}
    check_page(report, [*files, *map(str, filter(None, (against, model, settings_file, values.get("vectors"))))])
    opened, how = _opened(model, how)
    corpus, other = _read_both(files, against, how, values, quiet)
    suite, checks = _run(CheckInput(corpus, values, other, opened, data_only), format, quiet)
    suspects = suite.suspects[:label_errors]
    if format is Format.json:
        put(json.dumps(_as_json(suite, checks, suspects), ensure_ascii=False) + "\n")
    else:
        _end(suite, checks, suspects)
    if report is not None:
        put_page(report, _page(suite, checks, files), quiet=quiet)
    if has_errors(checks):
        raise typer.Exit(1)


def _read_both(
    files: list[str], against: Path | None, how: Reading, values: dict[str, Any], quiet: bool
) -> "tuple[Corpus, Corpus | None]":
    """The texts that are checked, and those that will measure the model, if they are given; none of no kind."""
    from textcnn.labels import label_names

    corpus = _read(files, how, quiet, known_before(values), values.get("labels_per_text") == "several")
    corpus, outside = set_apart(corpus, values.get("outside", ""), quiet=quiet)
    if against is None:
        return corpus, None
    other = _read([str(against)], how, quiet, known_after(corpus, values), names=label_names(corpus.labels))
    return corpus, other.parted(values["outside"])[0] if outside else other


def _opened(path: Path | None, how: Reading) -> "tuple[Model | None, Reading]":
    """The model, and how texts are read if it remembers that."""
    from textcnn.corpus.learned_reading import as_learned
    from textcnn.model.file import read_model

    if path is None:
        return None, how
    model = read_model(path)
    return model, as_learned(how, model.reading)


def _run(given: "CheckInput", format: Format, quiet: bool) -> "tuple[CheckSuite, list[Check]]":
    """The checks, shown as they come unless they are shown as JSON at the end."""
    from textcnn.checks.suite import CheckSuite

    checks = []
    with _Progress(quiet) as progress:
        suite = CheckSuite(given, progress.tell)
        _announce(suite, quiet)
        for check in suite:
            checks.append(check)
            if format is Format.pretty:
                progress.pause()
                show_check(check, sys.stdout)
    return suite, checks


def _read(
    files: list[str],
    how: Reading,
    quiet: bool,
    known: tuple[str, ...] | None = None,
    multi_label: bool = False,
    names: Sequence[str] = (),
) -> "Corpus":
    from textcnn.checks.data import has_words
    from textcnn.labels import label_names, require_two

    corpus = read_aloud(files, how, quiet=quiet, known=known, fields=True, multi_label=multi_label, names=names)
    require_two(label_names(corpus.labels))
    if not any(map(has_words, corpus.texts)):
        raise DataError("all texts are empty: there is nothing to check")
    return corpus


class _Progress:
    """What is being done, live on a terminal, nothing elsewhere; it makes room for what is printed."""

    def __init__(self, quiet: bool) -> None:
        self.status = None if quiet or not moves(sys.stderr) else console(sys.stderr).status("")

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *error: object) -> None:
        self.pause()

    def tell(self, step: str) -> None:
        """Say what begins."""
        if self.status is not None:
            self.status.update(one_line(step))
            self.status.start()

    def pause(self) -> None:
        """Take away what is shown."""
        if self.status is not None:
            self.status.stop()


def _announce(suite: "CheckSuite", quiet: bool) -> None:
    whole, part = len(suite.given.corpus.texts), len(suite.sample.texts)
    if part < whole and not suite.given.data_only:
        say(f"trained on {part:,} of {whole:,} texts; the checks of the texts themselves look at all", quiet=quiet)


def _as_json(suite: "CheckSuite", checks: "list[Check]", suspects: "list[Suspect]") -> dict[str, Any]:
    verdicts = [check.verdict.value for check in checks]
    corpus = suite.sample.corpus
    return {
        "texts": len(suite.given.corpus.texts),
        "trained_on": 0 if suite.given.data_only else len(corpus.texts),
        "verdict": next(verdict for verdict in ("error", "warning", "ok") if verdict in [*verdicts, "ok"]),
        "checks": [{**check._asdict(), "verdict": check.verdict.value} for check in checks],
        "near_copies": suite.near_copies,
        "label_errors": [
            {
                "line": corpus.lines[suspect.number],
                "source": corpus.sources[suspect.number],
                "label": suspect.label,
                "likelier": suspect.likelier or None,
                "probability": round(suspect.probability, 6),
                "text": corpus.texts[suspect.number],
            }
            for suspect in suspects
        ],
    }


def _page(suite: "CheckSuite", checks: "list[Check]", files: list[str]) -> str:
    from textcnn.report import Doubt, checks_page

    corpus = suite.sample.corpus
    doubts = [
        Doubt(corpus.places[number], label, likelier, probability, corpus.texts[number][:1000])
        for number, label, likelier, probability in suite.suspects[:_MOST_DOUBTS]
    ]
    names = ", ".join("standard input" if name == "-" else Path(name).name for name in files)
    note = f"What an experienced trainer checks by hand, for {len(suite.given.corpus.texts):,} texts."
    return checks_page(f"Checks of {names}", note, checks, doubts)


def _end(suite: "CheckSuite", checks: "list[Check]", suspects: "list[Suspect]") -> None:
    corpus = suite.sample.corpus
    for suspect in suspects:
        other = f", rather {suspect.likelier}" if suspect.likelier else ""
        line = f"{corpus.places[suspect.number]}  is {suspect.label} ({suspect.probability:.3f}){other}"
        put(f"{one_line(line)}\n    {one_line(corpus.texts[suspect.number][:300])}\n")
    warnings, errors = (sum(check.verdict.value == name for check in checks) for name in ("warning", "error"))
    sound = len(checks) - warnings - errors
    put(f"{len(checks)} checks: {sound} ok, {_counted(warnings, 'warning')}, {_counted(errors, 'error')}\n")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
