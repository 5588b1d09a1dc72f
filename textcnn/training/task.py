"""What is to be learned: labelled texts, encoded, with their targets."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import TrainingError
from textcnn.evaluation.sample_weights import relative, sample_weights
from textcnn.labels import Targets, indicator, label_sets, targets
from textcnn.settings import Settings
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Encoded
from textcnn.training.embeddings import segmenter_for

__all__ = ["Dataset", "Labelled", "Task"]


class Labelled(NamedTuple):
    """Texts with the labels of each, and how much each counts."""

    texts: Sequence[str]
    labels: Sequence[tuple[str, ...]]
    weights: NDArray[np.float64] | None = None  # (B,) above 0; if not given, all count the same


class Dataset(NamedTuple):
    """Labelled texts as programs and commands have them, made ready for `fit`."""

    training: Labelled
    validation: Labelled | None
    labels: Targets

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        y: Any,
        *,
        labels_per_text: str,
        weights: Any = None,
        validation: tuple[Sequence[str], Any, Any] | None = None,
    ) -> "Dataset":
        """Check labels and weights; a text of weight 0 is left out.

        Args:
            texts: to learn from.
            y: their labels, in any of the ways that textcnn.labels knows.
            labels_per_text: the setting.
            weights: how much each text counts; None if all count the same.
            validation: other texts, their labels and their weights.

        Raises:
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
        return cls(Labelled([texts[number] for number in counted], labels.of_texts, own), held, labels)


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
    segmented: bool = False  # whether words of scripts without blanks were found by the vocabulary of the vectors

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
        return cls(encoded, table.astype(np.float32), weights, classes, settings, multi_label, segment is not None)

    def part(self, texts: NDArray[np.int64]) -> Encoded:
        """The texts of these numbers."""
        return self.encoded._replace(ragged=self.encoded.ragged.take(texts))

    def tokens(self, texts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which tokens belong to the texts of these numbers: (T,)."""
        chosen = np.zeros(len(self.targets), bool)
        chosen[texts] = True
        return np.repeat(chosen, self.encoded.ragged.lengths)


def _weights(part: Labelled) -> NDArray[np.float64]:
    return np.ones(len(part.texts)) if part.weights is None else relative(part.weights)
