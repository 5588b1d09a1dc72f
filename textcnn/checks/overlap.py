"""Texts on both sides: of the split that training makes, or of this file and another. They make a model look good.

And the labels that only one of two files has, which make it look bad.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from textcnn.checks.data import different_labels, pairs_told
from textcnn.checks.verdict import Check, Verdict, grade, judge
from textcnn.corpus import Corpus
from textcnn.evaluation.label_differences import unknown_labels
from textcnn.labels import label_names
from textcnn.text.near_copies import NearCopies, near_copies
from textcnn.text.tokens import folded

__all__ = ["against", "joined", "label_sets", "split"]


def against(corpus: Corpus, other: Corpus, found: NearCopies | None = None) -> Check:
    """Texts of the other file that are in this one, too, or nearly so; `found` among those of both."""
    both, count = joined(corpus, other), len(corpus.texts)
    advice = "what a model has seen does not measure it; remove them from one side"
    numbers = range(count, len(both.texts))
    return _compared("both files", both, numbers, found or near_copies(both.texts), ("texts of the other file", advice))


def label_sets(corpus: Corpus, other: Corpus) -> Check:
    """Labels that only one of the two files has."""
    here, there = (
        unknown_labels(one.labels, label_names(two.labels)) for one, two in ((corpus, other), (other, corpus))
    )
    if not here.counts and not there.counts:
        return judge("label sets", Verdict.ok, f"both files have the same {len(label_names(corpus.labels))} labels")
    figure = f"labels in this file only: {len(here.counts)}; in the other one only: {len(there.counts)}"
    advice = []
    if there.counts:
        figure += f", on {there.texts:,} of its {len(other.texts):,} texts"
        advice.append(f"what is not learned cannot be answered: {there}")
    if here.counts:
        advice.append(f"what is not there is not measured: {here._replace(meant=[])}")
    verdict = _worse(Verdict.warning, grade(there.texts / len(other.texts), error=0.05))
    return judge("label sets", verdict, figure, "; ".join(advice))


def joined(corpus: Corpus, other: Corpus) -> Corpus:
    """The texts of this file and of the other after them."""
    return corpus._replace(
        texts=[*corpus.texts, *other.texts],
        labels=[*corpus.labels, *other.labels],
        lines=[*corpus.lines, *other.lines],
        sources=[*corpus.sources, *other.sources],
        fields=(),
    )


def split(corpus: Corpus, held: Sequence[int], found: NearCopies) -> Check:
    """Texts that training holds out, numbers `held`, beside those that it learns from."""
    advice = (
        "the figures of train are better than those of new texts will be; keep one of each, or measure with texts of "
        "another origin (--validation)"
    )
    return _compared("split", corpus, held, found, ("held-out texts", advice))


def _compared(name: str, corpus: Corpus, held: Sequence[int], found: NearCopies, words: tuple[str, str]) -> Check:
    """Texts that measure, beside all others; in words, what they are and what to do."""
    what, advice = words
    count, measures = max(len(held), 1), np.isin(np.arange(len(corpus.texts)), held)
    same, near = _recurring(corpus, held, measures, found)
    pairs = [(one, other) for one, other in found.pairs if measures[one] != measures[other]]
    different = different_labels(corpus.labels, pairs)
    figure = f"of {len(held):,} {what} {same:,} are the same, {near:,} are near-copies"
    if different:
        figure += f"; {len(different):,} of these have another label there"
    verdict = _worse(grade(same / count, warning=1e-9, error=0.01), grade(near / count, warning=0.02))
    verdict = _worse(verdict, Verdict.warning if different else Verdict.ok)
    shown = dict.fromkeys([*different, *pairs])  # those with another label first
    return judge(name, verdict, figure, f"{advice}: {pairs_told(corpus, list(shown))}")


def _recurring(corpus: Corpus, held: Sequence[int], measures: NDArray[np.bool_], found: NearCopies) -> tuple[int, int]:
    """How many of the texts that measure are among the others, and of how many a near-copy is."""
    known = {folded(text) for text, out in zip(corpus.texts, measures.tolist(), strict=True) if not out} - {""}
    same = np.array([folded(corpus.texts[number]) in known for number in held], bool)
    near = np.isin(found.groups[list(held)], found.groups[~measures])
    return int(same.sum()), int((near & ~same).sum())


def _worse(one: Verdict, other: Verdict) -> Verdict:
    return max(one, other, key=list(Verdict).index)
