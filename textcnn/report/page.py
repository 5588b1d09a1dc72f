"""The page: numbers, drawings and decisions put into the template, and written whole."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from textcnn.checks import Check, Verdict
from textcnn.evaluation.metrics import Report
from textcnn.insight.highlight import visible
from textcnn.report import curves, plots
from textcnn.report.context import AnsweredTexts, AnswerTables, PageContext
from textcnn.report.curves import Line
from textcnn.report.insights import filter_rows, label_ngrams, map_points, shown_mistakes
from textcnn.storage.atomic import written_whole
from textcnn.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["Doubt", "answers_content", "checks_page", "learning", "page", "rendered", "told", "write_page"]

_HERE = Path(__file__).parent
_MOST_IN_MATRIX = 25  # labels
_MOST_PAIRS = 20


class Drawing(NamedTuple):
    """An SVG with its title, its key, and a sentence that says how to read it."""

    title: str
    svg: str
    key: list[Line]
    note: str


class Doubt(NamedTuple):
    """A text whose label is probably wrong."""

    place: str
    label: str
    likelier: str
    probability: float
    text: str


class Confusion(NamedTuple):
    """Labels, and for each true one how many texts got which; or, for many labels, the pairs that are confused most."""

    labels: list[str]
    rows: list[list[int]]
    pairs: list[tuple[str, str, int]]


def write_page(path: Path, text: str) -> None:
    """Write a page, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with written_whole(path) as file:
        file.write(text.encode("utf-8", "replace"))


def page(context: PageContext) -> str:
    """The page about answers, as HTML text."""
    return rendered("page.html", title=context.title, note=context.note, **_content(context))


def checks_page(title: str, note: str, checks: Sequence[Check], doubts: Sequence[Doubt]) -> str:
    """The page about checks alone, as HTML text."""
    counts = [(kind.value, sum(check.verdict is kind for check in checks)) for kind in Verdict]
    return rendered("checks.html", title=title, note=note, checks=checks, counts=counts, doubts=doubts, chooser=[])


def rendered(template: str, **content: Any) -> str:
    """A template filled in."""
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        _environment()
        .get_template(template)
        .render(style=style, script=script, script_hash=digest, version=__version__, **content)
    )


@cache
def _environment() -> "Environment":
    """Templates that escape all text but what they mark as safe: our own markup."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )


def _content(context: PageContext) -> dict[str, Any]:
    """What the template speaks of."""
    model = context.predictor.model
    ngrams = label_ngrams(context)
    points = map_points(context.predictor, ngrams)
    return {
        **answers_content(context),
        "comparisons": context.comparisons,
        "checks": context.checks,
        "learned": context.learned,
        "model": model,
        "two": len(model.labels) == 2 and not model.multi_label,
        "dead": sum(not one.active for one in context.learned.filters) if context.learned else 0,
        "ngrams": ngrams,
        "filters": filter_rows(context),
        "exact": all(len(member.network.layers) == 1 for member in model.members),
        "map": plots.word_map(points) if points else "",
        "learning": learning(model.figures.get("curve"), model.figures.get("kept"), len(model.members)),
        "facts": _facts(context),
    }


def answers_content(context: AnsweredTexts) -> dict[str, Any]:
    """What the template says of answers, whoever gave them."""
    tables = AnswerTables(context)
    choices = curves.threshold_choices(tables)
    return {
        "report": context.report,
        "multi_label": tables.multi_label,
        "classes": curves.class_rows(tables),
        "confusion": _confusion(context.report),
        "choices": choices,
        "chooser": [choice._asdict() for choice in choices],
        "threshold": plots.threshold_diagram(choices[0]),
        "ranking": _ranking(tables),
        "wrong_answers": shown_mistakes(context),
    }


def _confusion(report: Report) -> Confusion:
    names = list(report.labels)
    if len(names) <= _MOST_IN_MATRIX:
        return Confusion(names, report.confusion, [])
    pairs = [
        (names[gold], names[said], count)
        for gold, row in enumerate(report.confusion)
        for said, count in enumerate(row)
        if count and gold != said
    ]
    return Confusion(names, [], sorted(pairs, key=lambda pair: -pair[2])[:_MOST_PAIRS])


def _ranking(tables: AnswerTables) -> list[Drawing]:
    """Drawings of how well probabilities rank texts and how far they can be believed."""
    roc, precision_recall = curves.roc_lines(tables), curves.precision_recall_lines(tables)
    made = []
    if roc:
        svg = plots.lines(
            "roc", roc, across="share of other texts taken for it", up="share found", unit=True, diagonal=True
        )
        made.append(Drawing("ROC", svg, roc, "The nearer to the upper left corner, the better."))
    if precision_recall:
        svg = plots.lines("pr", precision_recall, across="recall", up="precision", unit=True)
        made.append(
            Drawing("Precision and recall", svg, precision_recall, "The nearer to the upper right, the better.")
        )
    svg = plots.reliability_diagram(curves.reliability(tables))
    note = "On the dotted line a probability means what it says; below it the model is too sure. Bars: 95 % intervals."
    return [*made, Drawing("Reliability", svg, [], note)]


def learning(curve: Any, kept: Any = None, networks: int = 1) -> list[Drawing]:
    """Loss and score by epoch, as the model file tells them, and whose weights were kept; nothing if it does not.

    Of several networks the file tells those of the first.
    """
    if not _is_curve(curve):
        return []
    loss, held, score = (np.array(column, float) for column in zip(*curve, strict=True))
    epochs = np.arange(1.0, len(loss) + 1)
    best = int(np.lexsort((-held, score))[-1]) + 1
    kept = kept if isinstance(kept, int) and 1 <= kept <= len(loss) else best
    losses = [Line("training", epochs, loss, f"{loss[-1]:.3f}"), Line("held out", epochs, held, f"{held[-1]:.3f}")]
    scores = [Line("held out", epochs, score, f"{score[best - 1]:.3f} at best")]
    note = f"The dotted line is epoch {kept}, whose weights were kept."
    if networks > 1:
        note += f" This is the first of {networks} networks."
    return [
        Drawing(title, plots.lines(name, drawn, across="epoch", up=up, mark=kept), drawn, note)
        for title, name, drawn, up in (("Loss", "loss", losses, "loss"), ("Score", "score", scores, "score"))
    ]


def _is_curve(curve: Any) -> bool:
    """Whether the model file has rows of three numbers; it may say anything."""
    return (
        isinstance(curve, list)
        and bool(curve)
        and all(isinstance(row, list) and len(row) == 3 and all(map(_is_number, row)) for row in curve)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and abs(value) < 1e9


def _facts(context: PageContext) -> Sequence[tuple[str, str]]:
    """What the model is, in lines."""
    model = context.predictor.model
    figures = model.figures
    known = figures.get("known_words")
    facts = [
        ("labels", f"{len(model.labels):,}"),
        ("words", f"{len(model.vocabulary):,}"),
        ("training texts", told(figures.get("training_texts"))),
        ("word vectors", told(figures.get("vectors"))),
        ("known words in the training texts", f"{known:.1%}" if _is_number(known) else ""),
        ("fingerprint of the training texts", model.fingerprint[:16]),
        ("textcnn", model.version),
    ]
    settings = [(name.replace("_", " "), told(value)) for name, value in model.settings.items()]
    return [(name, value) for name, value in [*facts, *settings] if value]


def told(value: Any) -> str:
    """A value of a setting or a figure, as people read it; empty if there is none."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else str(value)
