"""The rows as Markdown tables: data sets down, systems across, the mean over folds or seeds and their deviation."""

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from protocol import FOLDS
from results import Key, Row
from systems import SYSTEMS

BEGIN, END = "<!-- summary: written by accuracy.py --summary -->", "<!-- end of the summary -->"
OURS = "textcnn"
_NAMES = {"test": "", "phrases": ", phrases", "folds": ""}

Best = Callable[..., float | None]
Figure = Callable[[Row], float | None]
Cells = dict[tuple[str, str], list[Row]]  # of a data set by its shown name, and a system


def summary(rows: dict[Key, Row]) -> str:
    """All tables."""
    cells: Cells = {}
    for row in rows.values():
        cells.setdefault((row.key.data + _NAMES[row.key.protocol], row.key.system), []).append(row)
    tables = (
        ("Accuracy in %; micro F1 in % where texts are multi-label", _main, 100, 2, max),
        ("Macro F1 in %", lambda row: row.scores.macro_f1, 100, 2, max),
        ("Matthews correlation", lambda row: row.scores.mcc, 1, 3, max),
        ("Expected calibration error", lambda row: row.scores.calibration_error, 1, 3, min),
        ("Log loss", lambda row: row.scores.log_loss, 1, 3, min),
        ("Seconds to learn and to answer", lambda row: row.seconds, 1, 1, _nobody),
    )
    made = [(title, _table(cells, *how)) for title, *how in tables]
    if any(system == OURS for _, system in cells):
        made.insert(
            1, (f"The first figure of {OURS} less that of the others, on the same folds (how many)", _ahead(cells))
        )
    return "\n\n".join(f"### {title}\n\n{table}" for title, table in made)


def put_into(readme: Path, text: str) -> None:
    """Replace what stands between the two comments."""
    old = readme.read_text(encoding="utf-8") if readme.exists() else f"{BEGIN}\n{END}\n"
    if old.count(BEGIN) != 1 or old.count(END) != 1:
        raise SystemExit(f"{readme}: the comments {BEGIN} and {END} must stand there once each")
    before, after = old.split(BEGIN)[0], old.split(END)[1]
    readme.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _nobody(values: list[float], default: None) -> None:
    """Where being first means nothing: the machine was busy, and embeddings may have been there already."""


def _main(row: Row) -> float:
    return row.scores.accuracy if row.scores.micro_f1 is None else row.scores.micro_f1


def _table(cells: Cells, figure: Figure, factor: float, digits: int, best: Best) -> str:
    systems = _systems(cells)
    lines = _head(systems)
    for name in sorted({name for name, _ in cells}):
        found = [_Cell.of(cells.get((name, system), []), figure, factor) for system in systems]
        most = max(cell.folds for cell in found)
        if not most:
            continue
        lead = best([round(cell.mean, digits) for cell in found if cell.folds == most], default=None)
        lines.append(f"| {name} | {' | '.join(cell.shown(digits, lead, most) for cell in found)} |")
    return "\n".join(lines)


def _ahead(cells: Cells) -> str:
    """By how much ours is ahead: paired, so that a few folds are enough to compare."""
    others = [system for system in _systems(cells) if system != OURS]
    lines = _head(others)
    for name in sorted({name for name, system in cells if system == OURS}):
        ours = _by_fold(cells[name, OURS])
        theirs = [_by_fold(cells.get((name, other), [])) for other in others]
        ahead = [[100 * (ours[fold] - each[fold]) for fold in each if fold in ours] for each in theirs]
        shown = [f"{statistics.mean(each):+.2f} ({len(each)})" if each else "–" for each in ahead]
        lines.append(f"| {name} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _by_fold(rows: list[Row]) -> dict[int, float]:
    """The main figure of each fold, the mean over seeds."""
    folds: dict[int, list[float]] = {}
    for row in rows:
        folds.setdefault(row.key.fold, []).append(_main(row))
    return {fold: statistics.mean(values) for fold, values in folds.items()}


def _systems(cells: Cells) -> list[str]:
    """In the order of the list; rows of systems that are no more do not count."""
    found = {system for _, system in cells}
    return [system for system in SYSTEMS if system in found]


def _head(systems: list[str]) -> list[str]:
    return [f"| | {' | '.join(systems)} |", f"| --- |{' --- |' * len(systems)}"]


class _Cell(NamedTuple):
    """One figure of one system on one data set, over folds or seeds."""

    values: list[float]
    folds: int
    whole: bool  # all folds that the protocol has

    @classmethod
    def of(cls, rows: list[Row], figure: Figure, factor: float) -> "_Cell":
        values = [factor * value for value in map(figure, rows) if value is not None]
        folds = len({row.key.fold for row in rows}) if values else 0
        return cls(values, folds, whole=all(row.key.protocol != "folds" for row in rows) or folds == FOLDS)

    @property
    def mean(self) -> float:
        return statistics.mean(self.values) if self.values else 0.0

    def shown(self, digits: int, lead: float | None, most: int) -> str:
        """The mean, its deviation, and the number of folds if there should be more; bold only if nobody has more."""
        if not self.values:
            return "–"
        text = f"{self.mean:.{digits}f}"
        text = f"**{text}**" if self.folds == most and round(self.mean, digits) == lead else text
        text += f" ± {statistics.stdev(self.values):.{digits}f}" if len(self.values) > 1 else ""
        return text if self.whole else f"{text} ({self.folds})"
