"""What is to be learned: labelled texts, encoded, with their targets."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import TrainingError
from textcnn.labels import Targets, indicator, label_sets, targets
from textcnn.settings import Settings
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Encoded

__all__ = ["Dataset", "Labelled", "Task"]


class Labelled(NamedTuple):
    """Texts with the labels of each."""

    texts: Sequence[str]
    labels: Sequence[tuple[str, ...]]


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
        validation: tuple[Sequence[str], Any] | None = None,
    ) -> "Dataset":
        """Check the labels.

        Args:
            texts: to learn from.
            y: their labels, in any of the ways that textcnn.labels knows.
            labels_per_text: the setting.
            validation: other texts and their labels.

        Raises:
            DataError: labels are missing, mixed, too few, or all the same.
        """
        labels = targets(y, len(texts), labels_per_text)
        held = None
        if validation is not None:
            others, held_y = validation
            held = Labelled(others, label_sets(held_y, len(others), labels_per_text, labels.classes))
        return cls(Labelled(texts, labels.of_texts), held, labels)


class Task(NamedTuple):
    """All texts, encoded, with their targets, and what is to be learned of them."""

    encoded: Encoded
    targets: NDArray[np.float32]  # (B, K) zeros and ones
    classes: Sequence[str]
    settings: Settings
    multi_label: bool

    @classmethod
    def of(cls, parts: Sequence[Labelled], classes: Sequence[str], settings: Settings, multi_label: bool) -> "Task":
        """Encode.

        Raises:
            TrainingError: there is no word in the texts.
        """
        encoded = encode([text for part in parts for text in part.texts], settings.max_words)
        if not len(encoded.ragged.words):
            raise TrainingError("all texts are empty: there is no word to learn from")
        table = indicator([labels for part in parts for labels in part.labels], classes, skip_unknown=True)
        return cls(encoded, table.astype(np.float32), classes, settings, multi_label)

    def part(self, texts: NDArray[np.int64]) -> Encoded:
        """The texts of these numbers."""
        return self.encoded._replace(ragged=self.encoded.ragged.take(texts))

    def tokens(self, texts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which tokens belong to the texts of these numbers: (T,)."""
        chosen = np.zeros(len(self.targets), bool)
        chosen[texts] = True
        return np.repeat(chosen, self.encoded.ragged.lengths)
