"""How it is shown how good answers are: figures, a row for each label, the confusion matrix, mistakes, comparisons."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textcnn.cli.display.console import cells, console, cut, is_terminal, one_line, put, table, width

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from textcnn.corpus import Corpus
    from textcnn.evaluation.breakdown import Breakdown
    from textcnn.evaluation.comparison import Comparison
    from textcnn.evaluation.label_sets import SetQuality
    from textcnn.evaluation.metrics import Mistake, Report
    from textcnn.evaluation.separation import Separation

__all__ = [
    "broken",
    "show_breakdown",
    "show_comparison",
    "show_coverage",
    "show_labels",
    "show_mistakes",
    "show_report",
    "show_separation",
]

_NAME = 22  # columns of a value
_WIDE = 72  # columns that have room for whole words
_MOST_CONFUSED = 12  # labels that a confusion matrix has room for
# Shares of a row from which on a cell is shaded, in colours of the terminal's own, that suit light and dark ones.
_RIGHT = ((0.5, "black on green"), (0.0, "green"))
_WRONG = ((0.25, "black on red"), (0.1, "black on yellow"), (0.0, ""))


def show_report(report: "Report") -> None:
    """Print figures and tables."""
    put(_figures(report))
    show_labels(report)


def show_labels(report: "Report") -> None:
    """Print a row for each label, and what is confused with what."""
    shown = console(sys.stdout)
    scores = table("label", "precision", "recall", "F1", "texts")
    for label, score in sorted(report.labels.items(), key=lambda item: -item[1].support):
        numbers = [f"{number:.3f}" for number in (score.precision, score.recall, score.f1)]
        scores.add_row(one_line(label), *numbers, str(score.support))
    shown.print(scores)
    if report.confusion:
        _show_confusion(report, shown)


def show_breakdown(breakdown: "Breakdown") -> None:
    """Print a row of figures for each value of a column."""
    made = table(cut(one_line(breakdown.column), _NAME).rstrip(), "texts", "accuracy", "95 %", "macro F1", "log loss")
    rows = [(one_line(value) or "(empty)", score) for value, score in breakdown.scores.items()]
    if breakdown.others is not None:
        rows.append((f"({breakdown.rare:,} other values)", breakdown.others))
    for name, score in rows:
        low, high = score.accuracy_interval
        numbers = (
            f"{score.accuracy:.4f}",
            f"{low:.3f} to {high:.3f}",
            f"{score.macro_f1:.4f}",
            f"{score.log_loss:.4f}",
        )
        made.add_row(cut(name, _NAME).rstrip(), str(score.count), *numbers)
    console(sys.stdout).print(made)


def show_coverage(name: str, coverage: "SetQuality") -> None:
    """Print how often sets hold the right label, how large they are, and how many texts get an answer of one label.

    Args:
        name: "sure", of sets, or "max_error", of answers that are sure enough, where a set is empty or a single label.
        coverage: the figures.
    """
    rows = [("answered alone", coverage.alone), ("right, of those", coverage.alone_right)]
    if name == "sure":
        rows.insert(0, ("right label in set", coverage.covered))
    for title, share in rows:
        low, high = share.interval
        put(f"{title:<19}{share.value:.4f}   95 % {low:.4f} to {high:.4f}, {share.of}\n")
    if name == "sure":
        low, high = coverage.size_interval
        put(f"{'labels of a set':<19}{coverage.size:.4f}   95 % {low:.4f} to {high:.4f}\n")


def show_separation(separation: "Separation") -> None:
    """Print how well the novelty tells texts of no kind."""
    low, high = separation.auroc_interval
    shown = one_line(separation.label)
    interval = f"95 % {low:.4f} to {high:.4f}, {separation.texts} of {shown!r}"
    put(f"{'AUROC of novelty':<19}{separation.auroc:.4f}   {interval}\n")
    put(f"{'novelty above 0.99':<19}{separation.above:.4f}   of the others {separation.others_above:.4f}\n")


def show_mistakes(worst: "Sequence[Mistake]", corpus: "Corpus") -> None:
    """Print where mistakes stood, what was said, and their texts."""
    for mistake in worst:
        place = f"{corpus.sources[mistake.number]}:{corpus.lines[mistake.number]}"
        said, true = "|".join(mistake.predicted) or "nothing", "|".join(mistake.gold) or "nothing"
        put(one_line(f"{place}  said {said} ({mistake.probability:.3f}), is {true}") + "\n")
        put(broken(one_line(corpus.texts[mistake.number][:300]), "    "))


def broken(text: str, indent: str = "") -> str:
    """On a terminal broken between words, elsewhere on one line, as tools like it."""
    from textwrap import fill

    if not is_terminal(sys.stdout):
        return f"{indent}{text}\n"
    return fill(text, width() - 1, initial_indent=indent, subsequent_indent=indent) + "\n"


def _figures(report: "Report") -> str:
    low, high = report.accuracy_interval
    name = "accuracy" if report.subset_accuracy is None else "all labels right"
    interval = "95 % interval" if width() >= _WIDE else "95 %"
    lines = [
        f"{name:<19}{report.accuracy:.4f}   {interval} {low:.4f} to {high:.4f}, {report.count} texts"
        + ", weighted" * report.weighted,
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
        for number, (name, row) in enumerate(zip(names, report.confusion, strict=True)):
            made.add_row(one_line(name), *_shaded(row, number))
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


def _shaded(row: Sequence[int], gold: int) -> "list[RenderableType]":
    """Cells shaded by their share of the row; without colours they are plain numbers."""
    from rich.text import Text

    total = sum(row) or 1
    made: list[RenderableType] = []
    for said, count in enumerate(row):
        shades = _RIGHT if said == gold else _WRONG
        style = next(style for least, style in shades if count / total >= least) if count else "dim"
        made.append(Text(str(count), style=style))
    return made


def show_comparison(comparison: "Comparison") -> None:
    """Print both classifiers' figures, the difference with its interval, and the verdict."""
    put(f"compared on the same {comparison.count} texts\n")
    made = table("", "accuracy", "macro F1", "right alone")
    made.add_row(
        one_line(comparison.first),
        f"{comparison.first_accuracy:.4f}",
        f"{comparison.first_macro_f1:.4f}",
        str(comparison.only_first),
    )
    made.add_row(
        one_line(comparison.second),
        f"{comparison.second_accuracy:.4f}",
        f"{comparison.second_macro_f1:.4f}",
        str(comparison.only_second),
    )
    intervals = (comparison.accuracy, comparison.macro_f1)
    made.add_row("difference", *(f"{interval.difference:+.4f}" for interval in intervals), "")
    made.add_row("95 % from", *(f"{interval.low:+.4f}" for interval in intervals), "")
    made.add_row("to", *(f"{interval.high:+.4f}" for interval in intervals), "")
    console(sys.stdout).print(made)
    put(broken(one_line(f"{comparison.verdict} (McNemar's exact test: p = {comparison.p_value:.2g})")))
