"""`textcnn drift`: whether texts are still like those that a model has learned from."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textcnn.cli.display.checks import show_check
from textcnn.cli.display.console import console, one_line, put, table
from textcnn.cli.evaluate import Format
from textcnn.cli.inputs import groups
from textcnn.cli.options import Quiet, Threads, with_reading
from textcnn.cli.report_option import ReportPath, check_page, put_page
from textcnn.corpus import Reading

if TYPE_CHECKING:
    from textcnn.checks.drift import Drift

__all__ = ["drift"]

_SHOWN = 5  # labels
_ADVICE = "label some of them and train again"
_NOTE = (
    "Each line is tested by itself, at 2.5 % (novel texts) or 0.5 %, so that of texts of the same kind at most one "
    "file in twenty is reported."
)


@with_reading(labels=False)
def drift(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The model.")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="Texts; - is standard input.")],
    how: Reading,
    format: Annotated[
        Format, typer.Option(metavar="FORMAT", help="pretty (a line each), or json (one object).")
    ] = Format.pretty,
    report: ReportPath = None,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Compare texts with those that a model has learned from: labels, confidence, novelty, unknown words, length.

    Exit code 1 if they have drifted. Of texts of the same kind that is said of at most one file in twenty.
    """
    from textcnn.checks import drift as drifting
    from textcnn.corpus.learned_reading import as_learned
    from textcnn.model.predictor import Predictor

    check_page(report, [file, str(model)])
    predictor = Predictor.open(model, threads)
    records = groups(None, file, as_learned(how, predictor.reading), quiet=quiet)
    found = drifting.drift(predictor, [text for group in records for text in group.texts])
    if report is not None:
        put_page(report, _page(found, model, file), quiet=quiet)
    if format is Format.json:
        put(json.dumps({"drifted": found.drifted, **asdict(found)}, ensure_ascii=False) + "\n")
    else:
        _show(found)
    if found.drifted:
        raise typer.Exit(1)


def _show(found: "Drift") -> None:
    for check in found.checks():
        show_check(check, sys.stdout)
    rows = table("label", "in training", "now", "95 %")
    for row in found.labels[:_SHOWN]:
        low, high = row.interval
        rows.add_row(one_line(row.label), f"{row.before:.3f}", f"{row.now:.3f}", f"{low:.3f} to {high:.3f}")
    console(sys.stdout).print(rows)
    if found.came:
        put(f"came: {', '.join(one_line(f'{word} ({share:.1%})') for word, share in found.came)}\n")
    if found.went:
        put(f"went: {', '.join(one_line(f'{word} ({old:.1%}, now {new:.1%})') for word, old, new in found.went)}\n")
    verdict = "these texts have drifted" if found.drifted else "these texts are like those of training"
    put(f"{verdict} ({found.texts:,} texts){f'; {_ADVICE}' if found.drifted else ''}\n")


def _page(found: "Drift", model: Path, file: str) -> str:
    from textcnn.report import checks_page

    name = "standard input" if file == "-" else Path(file).name
    verdict = f" These texts have drifted: {_ADVICE}." if found.drifted else ""
    return checks_page(f"{name} against {model.name}", f"{_NOTE}{verdict}", found.checks(), [])
