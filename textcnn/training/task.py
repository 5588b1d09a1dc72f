"""What is to be learned: labelled texts, encoded, with their targets."""

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import TrainingError
from textcnn.evaluation.sample_weights import relative, sample_weights
from textcnn.labels import Targets, are_numbers, indicator, label_sets, restored, sorted_names, targets
from textcnn.settings import Settings
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Encoded
from textcnn.training.embeddings import segmenter_for

__all__ = ["Dataset", "Labelled", "SoftLabels", "Task"]

SoftLabels = Mapping[str, float]  # the probability of each label; of others it is 0


class Labelled(NamedTuple):
    """Texts with the labels of each, and how much each counts."""

    texts: Sequence[str]
    labels: Sequence[tuple[str, ...]]
    weights: NDArray[np.float64] | None = None  # (B,) above 0; if not given, all count the same
    soft: Sequence[SoftLabels | None] | None = None  # how probable each label is, of texts of which that is known

    def parted(self, label: str) -> tuple["Labelled", list[str]]:
        """Those that do not have a label, and the texts of those that have it.

        Soft labels of the former to which it is probable are left out: their own label is learned from.
        """
        has = np.array([label in labels for labels in self.labels], bool)
        soft = None if self.soft is None else [None if label in (one or ()) else one for one in self.soft]
        inside = Labelled(
            list(compress(self.texts, ~has)),
            list(compress(self.labels, ~has)),
            None if self.weights is None else self.weights[~has],
            None if soft is None else list(compress(soft, ~has)),
        )
        return inside, list(compress(self.texts, has))


class Dataset(NamedTuple):
    """Labelled texts as programs and commands have them, made ready for `fit`."""

    training: Labelled
    validation: Labelled | None
    labels: Targets
    outside: Sequence[str] = ()  # texts of no kind

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        y: Any,
        *,
        labels_per_text: str,
        weights: Any = None,
        validation: tuple[Sequence[str], Any, Any] | None = None,
        outside: str = "",
        soft: Sequence[SoftLabels | None] | None = None,
    ) -> "Dataset":
        """Check labels and weights; a text of weight 0 is left out.

        Args:
            texts: to learn from.
            y: their labels, in any of the ways that textcnn.labels knows.
            labels_per_text: the setting.
            weights: how much each text counts; None if all count the same.
            validation: other texts, their labels and their weights.
            outside: the label of texts of no kind, which are set apart; empty if there are none.
            soft: for each text the probabilities of labels, which are learned from in place of its label; None for a
                text that has its label alone.

        Raises:
            SettingsError: no text is of no kind, but some should be.
            DataError: labels are missing, mixed, too few, or all the same, or weights are none.
        """
        counted, own = _counted(weights, len(texts))
        labels = targets(y, len(texts), labels_per_text, counted)
        held = None
        if validation is not None:
            others, held_y, held_weights = validation
            names = label_sets(held_y, len(others), labels_per_text, labels.classes)
            chosen, theirs = _counted(held_weights, len(others))
            held = Labelled([others[number] for number in chosen], [names[number] for number in chosen], theirs)
        softly = None if soft is None else [soft[number] for number in counted]
        training = Labelled([texts[number] for number in counted], labels.of_texts, own, softly)
        made = cls(training, held, _all(labels, softly))
        return made._parted(outside) if outside else made

    def _parted(self, label: str) -> "Dataset":
        """With the texts that have a label set apart."""
        labels = self.labels.without(label)
        training, outside = self.training.parted(label)
        if self.validation is None:
            return Dataset(training, None, labels, outside)
        validation, more = self.validation.parted(label)
        return Dataset(training, validation if validation.texts else None, labels, [*outside, *more])


def _all(labels: Targets, soft: Sequence[SoftLabels | None] | None) -> Targets:
    """The labels, with those besides that are probable, but no text's own."""
    names = {*labels.names, *(label for each in soft or () for label in each or ())}
    if len(names) == len(labels.names):
        return labels
    every = sorted_names(names)
    return labels._replace(names=tuple(every), classes=restored(every, are_numbers(labels.classes)))


def _counted(weights: Any, count: int) -> tuple[list[int], NDArray[np.float64] | None]:
    """Numbers of the texts that count for something, and their weights if there are any."""
    if weights is None:
        return list(range(count)), None
    checked = sample_weights(weights, count)
    return np.flatnonzero(checked).tolist(), checked[checked > 0]


class Task(NamedTuple):
    """All texts, encoded, with their targets, and what is to be learned of them."""

    encoded: Encoded
    targets: NDArray[np.float32]  # (B, K) zeros and ones
    weights: NDArray[np.float64]  # (B,) how much each text counts; the mean of each part is 1
    classes: Sequence[str]
    settings: Settings
    multi_label: bool
    learned: NDArray[np.float32]  # (B, K) what is learned: the targets, or the probabilities that a text has instead
    segmented: bool = False  # whether words of scripts without blanks were found by the vocabulary of the vectors
    words: Sequence[str] = ()  # what each class means, in words: its hint, or else its name

    @classmethod
    def of(cls, parts: Sequence[Labelled], classes: Sequence[str], settings: Settings, multi_label: bool) -> "Task":
        """Encode.

        Raises:
            TrainingError: there is no word in the texts.
            VectorsError: the vectors cannot be read.
        """
        texts = [text for part in parts for text in part.texts]
        segment = segmenter_for(texts, settings)
        encoded = encode(texts, settings.max_words, segment)
        if not len(encoded.ragged.words):
            raise TrainingError("all texts are empty: there is no word to learn from")
        table = indicator([labels for part in parts for labels in part.labels], classes, skip_unknown=True)
        weights = np.concatenate([_weights(part) for part in parts])
        hard = table.astype(np.float32)
        soft = [each for part in parts for each in part.soft or [None] * len(part.texts)]
        learned = _learned(hard, soft, classes)
        return cls(encoded, hard, weights, classes, settings, multi_label, learned, segment is not None)

    def part(self, texts: NDArray[np.int64]) -> Encoded:
        """The texts of these numbers."""
        return self.encoded._replace(ragged=self.encoded.ragged.take(texts))

    def tokens(self, texts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which tokens belong to the texts of these numbers: (T,)."""
        chosen = np.zeros(len(self.targets), bool)
        chosen[texts] = True
        return np.repeat(chosen, self.encoded.ragged.lengths)


def _learned(
    hard: NDArray[np.float32], soft: Sequence[SoftLabels | None], classes: Sequence[str]
) -> NDArray[np.float32]:
    """The table of targets with probabilities in the rows of texts that have them."""
    if not any(soft):
        return hard
    learned = hard.copy()
    for row, probabilities in enumerate(soft):
        if probabilities is not None:
            learned[row] = [probabilities.get(label, 0.0) for label in classes]
    return learned


def _weights(part: Labelled) -> NDArray[np.float64]:
    return np.ones(len(part.texts)) if part.weights is None else relative(part.weights)
