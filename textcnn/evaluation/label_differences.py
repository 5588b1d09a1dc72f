"""Labels that texts have and others do not know: of a test file and its model, of a validation file and the texts."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from textcnn.corpus.label_spelling import counted, spelling_variants, visible
from textcnn.labels import LabelSets, sorted_names

__all__ = ["UnknownLabels", "label_counts", "unknown_labels"]

_SHOWN = 3


class UnknownLabels(NamedTuple):
    """Labels that are not known."""

    counts: dict[str, int]  # how many texts have each
    texts: int  # that have one of them
    meant: list[tuple[str, str]]  # those that differ from a known one only in case or invisibly, and that one

    def __str__(self) -> str:
        """The labels with their counts, and what was probably meant."""
        told = counted(list(self.counts), self.counts)
        if not self.meant:
            return told
        pairs = ", ".join(" is probably ".join(visible(pair)) for pair in self.meant[:_SHOWN])
        return f"{told}; {pairs}{' ...' if len(self.meant) > _SHOWN else ''}: write them alike"


def label_counts(label_sets: LabelSets) -> Counter[str]:
    """How many texts have each label."""
    return Counter(label for labels in label_sets for label in labels)


def unknown_labels(label_sets: LabelSets, known: Collection[str]) -> UnknownLabels:
    """The labels of these texts that are not among the known ones."""
    counts = label_counts(label_sets)
    unknown = counts.keys() - set(known)
    names = sorted_names(unknown)
    texts = sum(not unknown.isdisjoint(labels) for labels in label_sets)
    return UnknownLabels({name: counts[name] for name in names}, texts, _meant(names, known))


def _meant(names: Sequence[str], known: Collection[str]) -> list[tuple[str, str]]:
    strange = set(names)
    groups = (group for group in spelling_variants([*known, *names]) if group[0] not in strange)
    return [(name, group[0]) for group in groups for name in group if name in strange]
