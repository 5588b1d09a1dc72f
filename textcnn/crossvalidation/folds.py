"""Which texts are held out when: k folds, stratified, and what belongs together on one side.

Copies and near-copies belong together, since a model that has seen a text is not measured by it, and so do the texts of
a group: one author, one conversation, one patient.

Shapes: B texts.
"""

import warnings
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.crossvalidation.past import past_folds
from textcnn.errors import DataError, SettingsError
from textcnn.labels import LabelSets, sorted_names
from textcnn.text.near_copies import near_copies
from textcnn.text.tokens import folded
from textcnn.training.folds import Split, stratified_folds

__all__ = ["Fold", "FoldPlan", "plan_folds"]

Ints = NDArray[np.int64]

_MOST_NAMED = 5  # labels in a note


class Fold(NamedTuple):
    """Numbers of the texts that are learned from, and of those that are held out."""

    repeat: int  # from 1
    number: int  # from 1, in each repeat
    learn: Ints
    held: Ints


class FoldPlan(NamedTuple):
    """All folds of all repeats."""

    folds: list[Fold]
    per_repeat: int
    repeats: int
    units: Ints  # (B,) the number of what each text belongs to: its near-copies, or its group
    notes: tuple[str, ...] = ()  # what is remarkable, in sentences


def plan_folds(
    texts: Sequence[str],
    labels: LabelSets,
    *,
    folds: int = 5,
    repeats: int = 1,
    groups: Sequence[Hashable] | None = None,
    times: NDArray[np.float64] | None = None,
    seed: int = 0,
) -> FoldPlan:
    """Deal texts into folds.

    Args:
        texts: (B,) all texts.
        labels: those of each text.
        folds: how many; at least 2.
        repeats: how often all texts are dealt anew.
        groups: what each text belongs to; texts of a group are on one side; None is a group of its own.
        times: (B,) when each text came; if given, a fold learns from what came before all that it holds out.
        seed: of the dealing.

    Raises:
        SettingsError: `folds` or `repeats` is out of its limits.
        DataError: there are too few texts, groups or times for so many folds, or a fold would learn a single label.
    """
    _check_numbers(folds, repeats, timed=times is not None)
    if groups is not None and len(groups) != len(texts):
        raise DataError(f"{len(texts)} texts but {len(groups)} groups: each text needs its own")
    units = _units(texts, groups)
    _check_units(units, groups is not None, folds)
    notes = _notes_on_texts(texts)
    if times is None:
        deal = _dealt if groups is None else _balanced
        strata = _strata(labels, folds)
        splits = [split for state in _seeds(seed, repeats) for split in deal(units, strata, folds, state)]
    else:
        splits, left_out = past_folds(times, units, folds)
        if left_out:
            what = "near-copies" if groups is None else "near-copies, or others of their groups,"
            notes.append(f"texts that a fold does not learn from, since {what} are held out there: {left_out:,} in all")
    made = [Fold(at // folds + 1, at % folds + 1, *split) for at, split in enumerate(splits)]
    notes += _notes_on_labels(made, labels, folds, groups is not None)
    return FoldPlan(made, folds, repeats, units, tuple(notes))


def _notes_on_texts(texts: Sequence[str]) -> list[str]:
    empty = sum(not text.strip() for text in texts)
    return [f"{empty:,} of {len(texts):,} texts are empty"] if empty else []


def _check_numbers(folds: int, repeats: int, *, timed: bool) -> None:
    if folds < 2:
        raise SettingsError(f"folds must be a whole number from 2 on, not {folds}")
    if repeats < 1:
        raise SettingsError(f"repeats must be a whole number from 1 on, not {repeats}")
    if timed and repeats > 1:
        raise SettingsError("texts have one order in time: repeats would be the same folds again; leave them out")


def _units(texts: Sequence[str], groups: Sequence[Hashable] | None) -> Ints:
    """The number of what each text belongs to, (B,): copies, near-copies and groups, and what they join."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    numbers = np.arange(len(texts))
    alike = [
        _numbers([folded(text) or number for number, text in enumerate(texts)]),  # the empty ones are no copies
        near_copies(texts).groups,
        _numbers([("text", at) if group is None else ("group", group) for at, group in enumerate(groups or ())]),
    ]
    ends = np.concatenate([own + len(texts) * (at + 1) for at, own in enumerate(alike)])
    starts = np.concatenate([numbers[: len(own)] for own in alike])
    joined = coo_matrix((np.ones(len(ends)), (starts, ends)), shape=(4 * len(texts), 4 * len(texts)))
    return _numbers(connected_components(joined, directed=False)[1][numbers].tolist())


def _numbers(keys: Sequence[Hashable]) -> Ints:
    """Numbers from 0 for keys, in the order in which they come."""
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(key, len(known)) for key in keys], np.int64)


def _check_units(units: Ints, grouped: bool, folds: int) -> None:
    """Make sure that there is something to hold out in each fold."""
    texts, count = len(units), int(units.max(initial=-1)) + 1
    if count >= folds:
        return
    if count == 1 and texts > 1:
        together = "in one group, or near-copies" if grouped else "near-copies of each other"
        raise DataError(f"all {texts:,} texts are {together}: none can be held out")
    what = "groups" if grouped else "texts" if count == texts else f"different texts among {texts:,}"
    most = f"choose at most {count}" if count > 1 else "more texts are needed"
    raise DataError(f"only {count} {what}, too few for {folds} folds: {most}")


def _seeds(seed: int, repeats: int) -> list[int]:
    """One for each repeat; the first ones are the same however many there are."""
    seeds: list[int] = np.random.default_rng(seed).integers(2**32, size=repeats).tolist()
    return seeds


def _dealt(units: Ints, strata: Ints, folds: int, seed: int) -> list[Split]:
    """What is learned from and what is held out, in turn: the units of each stratum are dealt like cards."""
    fold_of = stratified_folds(units.tolist(), strata.tolist(), folds, np.random.default_rng(seed), single=True)
    return [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(folds)]


def _balanced(units: Ints, strata: Ints, folds: int, seed: int) -> list[Split]:
    """The same for units of any size; of many units it takes a hundred times as long."""
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of labels with fewer texts than folds, which are named here
        splits = [(learn, held) for learn, held in splitter.split(strata, strata, units)]
    if not all(len(held) for _, held in splits):
        raise DataError(f"the groups are so unequal that a fold of {folds} would be empty: choose fewer folds")
    return splits


def _strata(labels: LabelSets, folds: int) -> Ints:
    """The rarest label of each text, as a number; one for all texts where no label has a text for each fold."""
    counts = Counter(label for own in labels for label in own)
    strata = _numbers([min(own, key=lambda label: (counts[label], label), default="") for own in labels])
    return strata if np.bincount(strata).max() >= folds else np.zeros(len(labels), np.int64)


def _learned(fold: Fold, labels: LabelSets, grouped: bool) -> set[str]:
    """The labels that a fold learns.

    Raises:
        DataError: there are fewer than two of them.
    """
    learned = _labels_of(fold.learn, labels)
    if len(learned) > 1:
        return learned
    only = f"has the label {min(learned)!r} only" if learned else "is nothing"
    advice = "choose fewer folds" + (", or other groups" if grouped else "")
    raise DataError(f"what fold {fold.number} would learn from {only}: there is nothing to tell apart; {advice}")


def _labels_of(numbers: Ints, labels: LabelSets) -> set[str]:
    return {label for number in numbers.tolist() for label in labels[number]}


def _notes_on_labels(made: Sequence[Fold], labels: LabelSets, folds: int, grouped: bool) -> list[str]:
    """What is to be said of labels that are not in all folds."""
    counts = Counter(label for own in labels for label in own)
    rare = {label for label, count in counts.items() if count < folds}
    missing = set().union(*(_labels_of(fold.held, labels) - _learned(fold, labels, grouped) for fold in made))
    sentences = {
        "labels with fewer texts than folds, which not every fold measures": rare,
        "labels that a fold holds out whole; there they cannot be learned, and their texts count as wrong": missing,
    }
    return [f"{sentence}: {_named(which)}" for sentence, which in sentences.items() if which]


def _named(labels: set[str]) -> str:
    names = sorted_names(labels)
    return ", ".join(map(repr, names[:_MOST_NAMED])) + (f" ... ({len(names)})" if len(names) > _MOST_NAMED else "")
