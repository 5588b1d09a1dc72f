"""The rows as Markdown tables: data sets down, systems across, the mean over folds or seeds and their deviation."""

import statistics
from collections.abc import Callable, Iterable
from pathlib import Path

from results import Key, Row

BEGIN, END = "<!-- summary: written by accuracy.py --summary -->", "<!-- end of the summary -->"
_ORDER = ("textcnn", "textcnn-fast", "textcnn-best")  # first; the others in the order of the rows
_NAMES = {"test": "", "phrases": ", phrases", "folds": ""}

Figure = Callable[[Row], float | None]
Cells = dict[tuple[str, str], list[Row]]  # of a data set by its shown name, and a system


def summary(rows: dict[Key, Row]) -> str:
    """All tables."""
    cells: Cells = {}
    for row in rows.values():
        cells.setdefault((row.key.data + _NAMES[row.key.protocol], row.key.system), []).append(row)
    tables = (
        ("Accuracy in %; micro F1 in % where a text has several labels", _main, 100, 2, max),
        ("Macro F1 in %", lambda row: row.scores.macro_f1, 100, 2, max),
        ("Matthews correlation", lambda row: row.scores.mcc, 1, 3, max),
        ("Expected calibration error", lambda row: row.scores.calibration_error, 1, 3, min),
        ("Log loss", lambda row: row.scores.log_loss, 1, 3, min),
        ("Seconds to learn and to answer", lambda row: row.seconds, 1, 1, min),
    )
    return "\n\n".join(f"### {title}\n\n{_table(cells, *how)}" for title, *how in tables)


def put_into(readme: Path, text: str) -> None:
    """Replace what stands between the two comments."""
    old = readme.read_text(encoding="utf-8") if readme.exists() else f"{BEGIN}\n{END}\n"
    if old.count(BEGIN) != 1 or old.count(END) != 1:
        raise SystemExit(f"{readme}: the comments {BEGIN} and {END} must stand there once each")
    before, after = old.split(BEGIN)[0], old.split(END)[1]
    readme.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _main(row: Row) -> float | None:
    return row.scores.accuracy if row.scores.micro_f1 is None else row.scores.micro_f1


def _table(cells: Cells, figure: Figure, factor: float, digits: int, best: Callable[[Iterable[float]], float]) -> str:
    data, systems = sorted({name for name, _ in cells}), _systems(cells)
    lines = [f"| | {' | '.join(systems)} |", f"| --- |{' --- |' * len(systems)}"]
    for name in data:
        found = [[figure(row) for row in cells.get((name, system), [])] for system in systems]
        values = [[factor * value for value in row if value is not None] for row in found]
        lead = best([round(statistics.mean(row), digits) for row in values if row], default=None)
        lines.append(f"| {name} | {' | '.join(_cell(row, digits, lead, max(map(len, values))) for row in values)} |")
    return "\n".join(lines)


def _systems(cells: Cells) -> list[str]:
    found = list(dict.fromkeys(system for _, system in cells))
    return sorted(found, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


def _cell(values: list[float], digits: int, lead: float | None, most: int) -> str:
    """The mean, its deviation, and how many there were if others have more."""
    if not values:
        return "–"
    mean = statistics.mean(values)
    text = f"{mean:.{digits}f}"
    text = f"**{text}**" if round(mean, digits) == lead else text
    text += f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return text if len(values) == most else f"{text} ({len(values)})"
