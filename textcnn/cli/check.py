"""`textcnn check`: what an experienced trainer checks by hand."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from textcnn.cli.display.checks import show_check
from textcnn.cli.display.console import console, moves, one_line, put, say
from textcnn.cli.evaluate import Format
from textcnn.cli.options import Quiet, settings_from_file, with_reading, with_settings
from textcnn.cli.reading import known_after, known_before, read_aloud
from textcnn.cli.report_option import ReportPath, check_page, put_page
from textcnn.corpus import Reading
from textcnn.errors import DataError, SettingsError

if TYPE_CHECKING:
    from textcnn.checks import Check
    from textcnn.checks.label_errors import Suspect
    from textcnn.checks.suite import Examination
    from textcnn.corpus import Corpus

__all__ = ["check"]

_MOST_DOUBTS = 20  # probable label errors on a page


@with_settings
@with_reading(labels=True)
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Labelled texts; - is standard input.")],
    settings: dict[str, Any],
    how: Reading,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Texts to be measured with; none of them may be in FILE, too.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option("-m", "--model", metavar="FILE", help="A model whose filters are looked at.")
    ] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE.toml", help="Settings; options given here win.")
    ] = None,
    data_only: Annotated[bool, typer.Option("--data-only", help="Look at the texts only; train nothing.")] = False,
    errors: Annotated[int, typer.Option(metavar="N", min=0, help="List the N likeliest label errors.")] = 0,
    format: Annotated[
        Format, typer.Option(metavar="FORMAT", help="pretty (a line each), or json (one object).")
    ] = Format.pretty,
    report: ReportPath = None,
    quiet: Quiet = False,
) -> None:
    """Check labelled texts, and how a network learns them, the way an experienced trainer does.

    Each line says ok, look or wrong, a figure, and what to do. Small networks are trained on a sample of large files,
    with fewer filters and passes than by train; every setting can be given. Exit code 1 if something is wrong.
    """
    from textcnn.checks import wrong
    from textcnn.checks.suite import Examination, Question
    from textcnn.model.file import read_model

    if data_only and (errors or model):
        raise SettingsError("--errors and --model need the trainings that --data-only leaves out")
    values = {**(settings_from_file(settings_file) if settings_file else {}), **settings}
    check_page(report, [*files, *map(str, filter(None, (against, model, settings_file, values.get("vectors"))))])
    opened = read_model(model) if model else None
    corpus = _read(files, how, quiet, known_before(values))
    other = _read([str(against)], how, quiet, known_after(corpus, values)) if against else None
    with _Progress(quiet) as progress:
        examination = Examination(Question(corpus, values, other, opened, data_only), progress.tell)
        _announce(examination, quiet)
        checks = []
        for each in examination:
            checks.append(each)
            if format is Format.pretty:
                progress.pause()
                show_check(each, sys.stdout)
    suspects = examination.suspects[:errors]
    if format is Format.json:
        put(json.dumps(_as_json(examination, checks, suspects), ensure_ascii=False) + "\n")
    else:
        _end(examination, checks, suspects)
    if report is not None:
        put_page(report, _page(examination, checks, files), quiet=quiet)
    if wrong(checks):
        raise typer.Exit(1)


def _read(files: list[str], how: Reading, quiet: bool, known: tuple[str, ...] | None = None) -> "Corpus":
    from textcnn.labels import label_names, require_two

    corpus = read_aloud(files, how, quiet=quiet, known=known, fields=True)
    require_two(label_names(corpus.labels))
    if not any(text.strip() for text in corpus.texts):
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


def _announce(examination: "Examination", quiet: bool) -> None:
    whole, part = len(examination.question.corpus.texts), len(examination.sample.texts)
    if part < whole and not examination.question.data_only:
        say(f"trained on {part:,} of {whole:,} texts; the checks of the texts themselves look at all", quiet=quiet)


def _as_json(examination: "Examination", checks: "list[Check]", suspects: "list[Suspect]") -> dict[str, Any]:
    verdicts = [each.verdict.value for each in checks]
    return {
        "texts": len(examination.question.corpus.texts),
        "trained_on": 0 if examination.question.data_only else len(examination.sample.texts),
        "verdict": next(each for each in ("wrong", "look", "ok") if each in [*verdicts, "ok"]),
        "checks": [{**each._asdict(), "verdict": each.verdict.value} for each in checks],
        "label_errors": [
            {
                "line": examination.sample.corpus.lines[each.number],
                "source": examination.sample.corpus.sources[each.number],
                "label": each.label,
                "likelier": each.likelier or None,
                "probability": round(each.probability, 6),
                "text": examination.sample.texts[each.number],
            }
            for each in suspects
        ],
    }


def _page(examination: "Examination", checks: "list[Check]", files: list[str]) -> str:
    from textcnn.report import Doubt, checks_page

    corpus = examination.sample.corpus
    doubts = [
        Doubt(corpus.places[each.number], each.label, each.likelier, each.probability, corpus.texts[each.number][:1000])
        for each in examination.suspects[:_MOST_DOUBTS]
    ]
    names = ", ".join("standard input" if name == "-" else Path(name).name for name in files)
    note = f"What an experienced trainer checks by hand, for {len(examination.question.corpus.texts):,} texts."
    return checks_page(f"Checks of {names}", note, checks, doubts)


def _end(examination: "Examination", checks: "list[Check]", suspects: "list[Suspect]") -> None:
    corpus = examination.sample.corpus
    for each in suspects:
        place = f"{corpus.sources[each.number]}:{corpus.lines[each.number]}"
        other = f", rather {each.likelier}" if each.likelier else ""
        put(one_line(f"{place}  is {each.label} ({each.probability:.3f}){other}") + "\n")
        put(f"    {one_line(corpus.texts[each.number][:300])}\n")
    counts = [sum(each.verdict.value == name for each in checks) for name in ("ok", "look", "wrong")]
    put("{} checks: {} ok, {} to look at, {} wrong\n".format(len(checks), *counts))
