"""`textcnn evaluate`: how good a model is on labelled texts."""

import json
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from textcnn.cli.console import cells, console, is_terminal, one_line, put, say, table, width
from textcnn.cli.options import ModelPath, Quiet, Threads, with_reading
from textcnn.corpus import Corpus, Reading, read_corpus

if TYPE_CHECKING:
    from rich.console import Console

    from textcnn.metrics import Mistake, Report

__all__ = ["evaluate"]

_MOST_CONFUSED = 12  # labels that a confusion matrix has room for


class Format(str, Enum):
    """How a report is printed."""

    pretty = "pretty"
    json = "json"


@with_reading(labels=True)
def evaluate(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Labelled texts; - is standard input.")],
    how: Reading,
    model: ModelPath = Path("model.textcnn"),
    format: Annotated[
        Format, typer.Option(metavar="FORMAT", help="pretty (tables), or json (one object).")
    ] = Format.pretty,
    errors: Annotated[int, typer.Option(metavar="N", min=0, help="List the N most confident mistakes.")] = 0,
    min_accuracy: Annotated[
        float | None, typer.Option(metavar="X", min=0, max=1, help="Exit with 1 if the accuracy is below X.")
    ] = None,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Measure a model on labelled texts that it has not learned from."""
    from textcnn.metrics import measure, mistakes
    from textcnn.predictor import Predictor

    predictor = Predictor.open(model, threads)
    if how.label_separator is None and not predictor.model.several:
        how = how._replace(label_separator="")
    corpus = read_corpus(files, reading=how)
    for note in corpus.notes:
        say(note, quiet=quiet)
    probabilities = predictor.all_probabilities(corpus.texts)
    report = measure(corpus.labels, probabilities, predictor.choose, predictor.labels, several=predictor.model.several)
    if report.unknown_labels:
        names = ", ".join(map(repr, report.unknown_labels[:10])) + (" ..." if len(report.unknown_labels) > 10 else "")
        say(f"the model does not know these labels; each text of theirs counts as wrong: {names}")
    worst = mistakes(corpus.labels, probabilities, predictor.choose, errors)
    if format is Format.json:
        put(json.dumps(_as_json(report, worst, corpus), ensure_ascii=False) + "\n")
    else:
        _show(report, worst, corpus)
    if min_accuracy is not None and report.accuracy < min_accuracy:
        say(f"textcnn: accuracy {report.accuracy:.4f} is below {min_accuracy:g}")
        raise typer.Exit(1)


def _as_json(report: "Report", worst: list["Mistake"], corpus: Corpus) -> dict[str, Any]:
    made = report.as_dict()
    if worst:
        made["errors"] = [
            {
                "line": corpus.lines[mistake.number],
                "source": corpus.sources[mistake.number],
                "gold": list(mistake.gold),
                "predicted": list(mistake.predicted),
                "probability": round(mistake.probability, 6),
                "text": corpus.texts[mistake.number],
            }
            for mistake in worst
        ]
    return made


def _show(report: "Report", worst: list["Mistake"], corpus: Corpus) -> None:
    shown = console(sys.stdout)
    put(_figures(report))
    scores = table("label", "precision", "recall", "F1", "texts")
    for label, score in sorted(report.labels.items(), key=lambda item: -item[1].support):
        numbers = [f"{number:.3f}" for number in (score.precision, score.recall, score.f1)]
        scores.add_row(one_line(label), *numbers, str(score.support))
    shown.print(scores)
    if report.confusion:
        _show_confusion(report, shown)
    for mistake in worst:
        place = f"{corpus.sources[mistake.number]}:{corpus.lines[mistake.number]}"
        said, true = "|".join(mistake.predicted) or "nothing", "|".join(mistake.gold) or "nothing"
        put(one_line(f"{place}  said {said} ({mistake.probability:.3f}), is {true}") + "\n")
        put(_indented(one_line(corpus.texts[mistake.number][:300])))


def _indented(text: str) -> str:
    """On a terminal broken between words, elsewhere on one line, as tools like it."""
    from textwrap import fill

    if not is_terminal(sys.stdout):
        return f"    {text}\n"
    return fill(text, width() - 1, initial_indent="    ", subsequent_indent="    ") + "\n"


def _figures(report: "Report") -> str:
    low, high = report.accuracy_interval
    name = "accuracy" if report.subset_accuracy is None else "all labels right"
    lines = [
        f"{name:<19}{report.accuracy:.4f}   95 % interval {low:.4f} to {high:.4f}, {report.count} texts",
        f"{'macro F1':<19}{report.macro_f1:.4f}",
        f"{'micro F1':<19}{report.micro_f1:.4f}",
    ]
    if report.mcc is not None:
        lines.append(f"{'MCC':<19}{report.mcc:.4f}")
    lines += [f"{'log loss':<19}{report.log_loss:.4f}", f"{'calibration error':<19}{report.calibration_error:.4f}"]
    return "".join(f"{line}\n" for line in lines)


def _fits(report: "Report", room: int) -> bool:
    """Whether there are few enough labels, and their names short enough, for a matrix."""
    if len(report.labels) > _MOST_CONFUSED:
        return False
    widths = [max(cells(one_line(name)), len(str(report.count))) + 3 for name in report.labels]
    return max([*widths, len("is \\ said") + 3]) + sum(widths) <= room


def _show_confusion(report: "Report", shown: "Console") -> None:
    """The matrix if it fits, else the pairs that are confused most."""
    names = list(report.labels)
    if _fits(report, shown.width):
        made = table("is \\ said", *map(one_line, names))
        for name, row in zip(names, report.confusion, strict=True):
            made.add_row(one_line(name), *map(str, row))
        shown.print(made)
        return
    pairs = [
        (count, names[gold], names[said])
        for gold, row in enumerate(report.confusion)
        for said, count in enumerate(row)
        if count and gold != said
    ]
    made = table("confused most: is", "said", "texts")
    for count, gold, said in sorted(pairs, reverse=True)[:_MOST_CONFUSED]:
        made.add_row(one_line(gold), one_line(said), str(count))
    shown.print(made)
