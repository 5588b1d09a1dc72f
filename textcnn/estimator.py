"""TextCNNClassifier: the scikit-learn face of textcnn, and `load`.

It obeys scikit-learn's contract (Pipeline, GridSearchCV, cross_val_score, clone) and is saved without a pickle.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError as SklearnNotFittedError

from textcnn.errors import DataError, ModelFileError, NotFittedError
from textcnn.modelfile import Model
from textcnn.predictor import Predictor
from textcnn.settings import Settings, check, plain

__all__ = ["TextCNNClassifier", "load"]


class _NotFitted(NotFittedError, SklearnNotFittedError):
    """Both families' way to say that `fit` comes first."""


class _Labels(NamedTuple):
    """Labels as text, and what they were before."""

    of_texts: list[tuple[str, ...]]
    names: tuple[str, ...]
    classes: NDArray[Any]
    several: bool


class TextCNNClassifier(ClassifierMixin, BaseEstimator, Settings):
    """A convolutional network over word vectors, for texts (Kim 2014).

    The parameters are those of `textcnn.settings.Settings`, keyword only; `textcnn train --help` lists them with their
    limits.

    Attributes:
        classes_: (K,) the labels, sorted.
        model_: the trained `textcnn.modelfile.Model`.

    Examples:
        >>> from textcnn import TextCNNClassifier
        >>> texts = ["win a free prize", "see you at lunch", "free cash prize now", "lunch at noon then"] * 5
        >>> model = TextCNNClassifier(vectors="none", epochs=30).fit(texts, ["spam", "ham"] * 10)
        >>> model.predict(["a free prize", "see you at noon"]).tolist()
        ['spam', 'ham']
    """

    def fit(
        self,
        X: Iterable[str],
        y: Iterable[Any],
        *,
        validation: tuple[Iterable[str], Iterable[Any]] | None = None,
        watch: Callable[[Any], bool] | None = None,
    ) -> "TextCNNClassifier":
        """Learn from texts and their labels; a second `fit` forgets the first.

        Args:
            X: texts.
            y: a label for each text, or a list of labels for each text.
            validation: texts and labels that decide when to stop; if not given, a part is held out.
            watch: is told each Step, Epoch (textcnn.training.loop) and note; training ends when it returns True.

        Raises:
            SettingsError: a parameter is out of its limits.
            DataError: the texts or labels cannot be used.
            TrainingError, VectorsError: see the messages.
        """
        from textcnn.training.fitting import Labelled, fit

        values = {name: plain(value) for name, value in self.get_params(deep=False).items()}
        check(values)
        texts = _texts(X)
        labels = _labels(y, len(texts), self.labels_per_text)
        held = None
        if validation is not None:
            held_texts = _texts(validation[0])
            own, _ = _listed(validation[1], len(held_texts), self.labels_per_text)
            held = Labelled(held_texts, [tuple(map(str, each)) for each in own])
        model = fit(
            Labelled(texts, labels.of_texts),
            classes=labels.names,
            several=labels.several,
            settings=Settings(**values),
            validation=held,
            watch=watch or (lambda row: False),
        )
        self.classes_ = labels.classes
        self.model_ = replace(model, numbered=labels.classes.dtype.kind in "iu")
        self._predictor = Predictor(self.model_)
        return self

    def predict_proba(self, X: Iterable[str]) -> NDArray[np.float32]:
        """Calibrated probabilities (B, K), in the order of `classes_`.

        Raises:
            NotFittedError: `fit` comes first.
        """
        predictor = self._fitted()
        return predictor.probabilities(_texts(X, empty=True))

    def predict(self, X: Iterable[str]) -> NDArray[Any]:
        """The likeliest label of each text (B,); where texts can have several labels, a tuple of them for each.

        Raises:
            NotFittedError: `fit` comes first.
        """
        predictor = self._fitted()
        probabilities = predictor.probabilities(_texts(X, empty=True))
        if not self.model_.several:
            answers: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
            return answers
        chosen = np.empty(len(probabilities), object)
        chosen[:] = [predictor.choose(row) for row in probabilities]
        return chosen

    def save(self, path: str | Path) -> None:
        """Write the model file, whole or not at all.

        Raises:
            NotFittedError: `fit` comes first.
            OutputError: it cannot be written.
        """
        self._fitted()
        self.model_.save(Path(path))

    def _fitted(self) -> Predictor:
        if not hasattr(self, "model_"):
            raise _NotFitted("this TextCNNClassifier has not learned yet: call fit(texts, labels) first")
        return self._predictor

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_label = True
        tags.no_validation = True
        return tags


def load(path: str | Path) -> TextCNNClassifier:
    """Open a saved model; labels are texts, or whole numbers if they were.

    Raises:
        ModelFileError: it is missing or damaged.
    """
    model = Model.load(Path(path))
    classifier = TextCNNClassifier(**model.settings)
    classifier.model_ = model
    classifier.classes_ = _restored_classes(model)
    classifier._predictor = Predictor(model)
    return classifier


def _restored_classes(model: Model) -> NDArray[Any]:
    try:
        if model.numbered:
            return np.array([int(label) for label in model.labels])
    except ValueError as error:
        raise ModelFileError("the labels of the model should be whole numbers, but are not") from error
    return np.array(model.labels, dtype=object)


def _texts(texts: Iterable[str], *, empty: bool = False) -> list[str]:
    if isinstance(texts, (str, bytes)):
        raise DataError("a list of texts is expected, not one text; put it into a list")
    found = list(texts)
    for number, text in enumerate(found):
        if not isinstance(text, str):
            raise DataError(f"texts must be str, but number {number} (from 0) is {type(text).__name__}: {text!r:.60}")
    if not found and not empty:
        raise DataError("there are no texts")
    return found


def _labels(y: Iterable[Any], count: int, wanted: str) -> _Labels:
    """Check labels and sort out whether texts have one or several."""
    own, several = _listed(y, count, wanted)
    classes = _classes([label for each in own for label in each])
    return _Labels([tuple(map(str, each)) for each in own], tuple(map(str, classes)), classes, several)


def _listed(y: Iterable[Any], count: int, wanted: str) -> tuple[list[tuple[Any, ...]], bool]:
    """The labels of each text, and whether a text can have several."""
    if isinstance(y, (str, bytes)):
        raise DataError("a list of labels is expected, not one label")
    given = list(y)
    if len(given) != count:
        raise DataError(f"{count} texts but {len(given)} labels: each text needs its own")
    listed = [isinstance(each, (list, tuple, set, frozenset)) for each in given]
    several = wanted == "several" or (wanted == "auto" and any(listed))
    if any(listed) and not all(listed):
        raise DataError("some texts have a list of labels and some a single one; use lists for all")
    own = [tuple(sorted(each, key=str)) if any(listed) else (each,) for each in given]
    if not several and any(len(each) != 1 for each in own):
        raise DataError("a text has no label or several; use labels_per_text='several'")
    return own, several


def _classes(labels: Sequence[Any]) -> NDArray[Any]:
    missing = [label for label in labels if label is None or label != label or label == ""]
    if missing:
        raise DataError(f"{len(missing)} of the labels are missing (None, NaN or empty)")
    try:
        classes = np.unique(np.array(labels, dtype=object) if isinstance(labels[0], str) else np.array(labels))
    except (TypeError, IndexError) as error:
        raise DataError("labels must be all texts or all numbers, and there must be some") from error
    if len(classes) < 2:
        raise DataError(f"all texts have the label {classes[0]!r}: there is nothing to tell apart; give a second label")
    return classes
