"""Folders of labelled texts, and how each is split for a measurement: the same for all systems.

    train.csv, test.csv         the official test part; dev.csv, if there, is for choices and early stopping only
    train_phrases.csv, too      a second protocol: the same parts, with phrases to learn from (Kim 2014)
    all.csv                     ten stratified folds, seed 0

The files have the columns `label` and `text`; a bar separates the labels of a multi-label text.
"""

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sklearn.model_selection import StratifiedKFold, train_test_split

FOLDS = 10
PROTOCOLS = ("test", "phrases", "folds")


class Part(NamedTuple):
    """Texts and the labels of each: one, or any number where texts are multi-label."""

    texts: list[str]
    labels: list[tuple[str, ...]]

    def take(self, rows: Sequence[int]) -> "Part":
        """The chosen texts, in that order."""
        return Part([self.texts[row] for row in rows], [self.labels[row] for row in rows])

    def single(self) -> list[str]:
        """The first label of each text."""
        return [own[0] for own in self.labels]


class Task(NamedTuple):
    """One thing to learn and to be measured on."""

    data: str
    protocol: str
    fold: int  # 0 where there are none
    train: Part
    dev: Part | None
    test: Part
    multi_label: bool
    unlabelled: tuple[str, ...] = ()  # further texts of the kind, for systems that learn from such

    def classes(self) -> list[str]:
        """All labels of the training part, sorted."""
        return sorted({label for own in self.train.labels for label in own})

    def with_dev(self, seed: int) -> tuple[Part, Part]:
        """What to learn from and what to stop by: the dev part, or a tenth of the training part, stratified."""
        if self.dev is not None:
            return self.train, self.dev
        first = self.train.single()
        strata = first if min(map(first.count, set(first))) > 1 else None
        learn, held = train_test_split(range(len(first)), test_size=0.1, random_state=seed, stratify=strata)
        return self.train.take(learn), self.train.take(held)


def read(path: Path) -> Part:
    """Read one file."""
    csv.field_size_limit(sys.maxsize)
    if not path.exists():
        raise SystemExit(f"{path}: no such file; train.csv needs test.csv beside it")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"text", "label"} <= rows[0].keys():
        raise SystemExit(f"{path}: it needs a header with the columns text and label, and rows")
    return Part([row["text"] for row in rows], [tuple(row["label"].split("|")) for row in rows])


def tasks(folder: Path, protocols: Sequence[str], folds: int) -> Iterator[Task]:
    """Every task of a folder, in the order of the protocols; of folds the first so many."""
    folder = folder.resolve()
    found = [name for name in PROTOCOLS if (folder / _FILES[name]).exists()]
    if not found:
        raise SystemExit(f"{folder}: there is neither train.csv nor all.csv")
    for protocol in found:
        if protocol in protocols:
            yield from _folds(folder, folds) if protocol == "folds" else [_official(folder, protocol)]


_FILES = {"test": "train.csv", "phrases": "train_phrases.csv", "folds": "all.csv"}


def _official(folder: Path, protocol: str) -> Task:
    train, test = read(folder / _FILES[protocol]), read(folder / "test.csv")
    dev = read(folder / "dev.csv") if (folder / "dev.csv").exists() else None
    return Task(folder.name, protocol, 0, train, dev, test, _multi_label(train))


def _folds(folder: Path, most: int) -> Iterator[Task]:
    part = read(folder / _FILES["folds"])
    splits = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(part.texts, part.single())
    for fold, (train, test) in enumerate(splits):
        if fold < most:
            yield Task(folder.name, "folds", fold, part.take(train), None, part.take(test), _multi_label(part))


def _multi_label(part: Part) -> bool:
    return any(len(own) != 1 for own in part.labels)
