"""The results, one row a measurement, in a CSV file that only grows; of equal keys the last row counts."""

import csv
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from protocol import Task
from scores import Scores


class Key(NamedTuple):
    """What was measured."""

    data: str
    protocol: str
    fold: int
    system: str
    seed: int


class Row(NamedTuple):
    """A measurement."""

    key: Key
    scores: Scores
    seconds: float  # of fitting and answering, on whatever else the machine had to do


_COLUMNS = (*Key._fields, *Scores._fields, "seconds", "commit", "date")


def key_of(task: Task, system: str, seed: int) -> Key:
    """The key of a measurement to come."""
    return Key(task.data, task.protocol, task.fold, system, seed)


def append(path: Path, row: Row) -> None:
    """Add a row, and the header if the file is new."""
    new = not path.exists()
    figures = ["" if figure is None else f"{figure:.5f}" for figure in row.scores]
    now = datetime.now(UTC)
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([_COLUMNS] if new else [])
        writer.writerow([*row.key, *figures, f"{row.seconds:.1f}", _commit(), f"{now:%Y-%m-%d}"])


def load(path: Path) -> dict[Key, Row]:
    """The rows of a file, none if there is no file."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = map(_row, csv.DictReader(file))
        return {row.key: row for row in rows}


def _row(cells: dict[str, str]) -> Row:
    key = Key(cells["data"], cells["protocol"], int(cells["fold"]), cells["system"], int(cells["seed"]))
    scores = Scores(*(float(cells[name]) if cells[name] else None for name in Scores._fields))
    return Row(key, scores, float(cells["seconds"]))


def _commit() -> str:
    """The last commit that changed the program, with a plus if its files have changed since."""
    here, program = Path(__file__).parent, ":/textcnn"
    commit = _git(here, "log", "-1", "--format=%h", "--abbrev=9", "--", program)
    return commit + ("+" if _git(here, "status", "--porcelain", "--", program) else "")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=False)
    return done.stdout.strip() if not done.returncode else ""
