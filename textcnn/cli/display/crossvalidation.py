"""How a cross-validation is shown: figures with both intervals, labels and confusions, and differences."""

import sys
from statistics import fmean
from typing import TYPE_CHECKING

from textcnn.cli.display.console import console, one_line, put, table
from textcnn.cli.display.metrics import broken, show_labels

if TYPE_CHECKING:
    from textcnn.crossvalidation.differences import FoldComparison
    from textcnn.crossvalidation.figures import Ends
    from textcnn.crossvalidation.result import CrossValidation, MeasuredConfiguration

__all__ = ["show_cross_validation"]

_COMPARED = ("accuracy", "macro_f1", "log_loss")


def show_cross_validation(result: "CrossValidation") -> None:
    """Print everything; labels and confusions of a single configuration only, beside which the baseline may stand."""
    put(broken(result.summary))
    measured = [one for one in result.configurations if one.report is not None]
    for configuration in measured:
        if len(measured) > 1:
            put(f"\n{one_line(configuration.name)}\n")
        _show_figures(configuration, result.multi_label)
    if len(measured) == 1 and measured[0].report is not None:
        if result.plan.repeats > 1:
            put(f"all {len(result.text_numbers):,} answers, several to a text\n")
        show_labels(measured[0].report)
    if result.comparisons:
        _show_comparisons(result)


def _show_figures(configuration: "MeasuredConfiguration", multi_label: bool) -> None:
    from textcnn.crossvalidation.figures import FIGURE_NAMES

    made = table("", "all texts", "95 % over texts", "95 % over folds")
    for name, figure in configuration.figures.items():
        title = "all labels right" if multi_label and name == "accuracy" else FIGURE_NAMES[name]
        made.add_row(title, f"{figure.value:.4f}", _interval(figure.over_texts), _interval(figure.over_folds))
    console(sys.stdout).print(made)


def _interval(ends: "Ends | None") -> str:
    return "-" if ends is None else f"{ends.low:.4f} to {ends.high:.4f}"


def _show_comparisons(result: "CrossValidation") -> None:
    put("compared on the same folds: their means\n")
    from textcnn.crossvalidation.figures import FIGURE_NAMES

    made = table("", *(FIGURE_NAMES[name] for name in _COMPARED))
    for configuration in result.configurations:
        figures = [configuration.figures.get(name) for name in _COMPARED]
        cells = ["-" if figure is None else f"{fmean(figure.by_fold):.4f}" for figure in figures]
        made.add_row(one_line(configuration.name), *cells)
    if len(result.comparisons) == 1:
        for title, cells in _difference(result.comparisons[0]):
            made.add_row(title, *cells)
    console(sys.stdout).print(made)
    for comparison in result.comparisons:
        p_value = comparison.figures["accuracy"].p_value
        test = "" if p_value is None else f" (corrected resampled t-test: p = {p_value:.2g})"
        put(broken(one_line(f"{comparison.verdict}{test}")))


def _difference(comparison: "FoldComparison") -> list[tuple[str, list[str]]]:
    """Rows for the difference and both ends of its interval."""
    rows = {"difference": "mean", "95 % from": "low", "to": "high"}
    return [(title, [_signed(comparison, name, part) for name in _COMPARED]) for title, part in rows.items()]


def _signed(comparison: "FoldComparison", name: str, part: str) -> str:
    value = getattr(comparison.figures[name], part) if name in comparison.figures else None
    return "-" if value is None else f"{value:+.4f}"
