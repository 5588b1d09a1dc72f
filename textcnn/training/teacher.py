"""A teacher: a sentence encoder that is a transformer, which says of texts how probable each label is.

On its vectors of the labelled texts a logistic regression learns the labels; how strongly it is held back is chosen by
cross-validation. What it says of other texts are soft labels for them. A labelled text gets the mean of its label and
of what the regression says that has learned from other folds: that may be surer of what it should not be, but it has
not just remembered. So what is learned of a text owes a little to the labels of others, held out or not, and held-out
figures may flatter by as little.

Shapes: B texts, d numbers of a vector, K labels.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import SettingsError
from textcnn.evaluation.log_loss import losses_of_probabilities
from textcnn.labels import indicator
from textcnn.text.tokens import folded
from textcnn.training.folds import stratified_folds
from textcnn.training.task import Dataset, Labelled, SoftLabels

__all__ = ["Encode", "Teacher", "open_teacher", "taught", "taught_data"]

Numbers = NDArray[np.float64]
Encode = Callable[[Sequence[str]], NDArray[np.float32]]  # (B, d) unit vectors

_COSTS = (0.1, 1.0, 10.0, 100.0, 1000.0)  # C of the regression: the more, the less it is held back
_FOLDS = 5
_HALF = 0.5


def open_teacher(name: str) -> Encode:
    """A model of the library sentence-transformers, by its name or its folder; only a name may ask the network.

    Raises:
        ModuleNotFoundError: the library is missing.
        SettingsError: there is no such model.
    """
    from sentence_transformers import SentenceTransformer

    folder = Path(name).is_dir()
    if not folder and (name.startswith((".", "/", "~")) or name.count("/") > 1):
        raise SettingsError(f"--teacher: there is no folder {name}")
    try:
        model = SentenceTransformer(name, local_files_only=folder)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        first = str(error).strip().partition("\n")[0]
        raise SettingsError(f"--teacher: {name} cannot be opened as a sentence-transformers model: {first}") from error

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(vectors, np.float32)

    return encode


class Teacher(NamedTuple):
    """An encoder, and the regression on its vectors."""

    encode: Encode
    classes: Sequence[str]
    multi_label: bool
    regression: Any
    own: list[SoftLabels]  # what the labelled texts are taught
    accuracy: float  # share of the labelled texts whose labels it says without having learned them

    @classmethod
    def of(
        cls, encode: Encode, labelled: Labelled, classes: Sequence[str], *, multi_label: bool, seed: int
    ) -> "Teacher":
        """Learn from labelled texts; labels that are none of the classes are left out."""
        vectors = np.asarray(encode(labelled.texts), np.float64)
        targets = indicator(labelled.labels, classes, skip_unknown=True)
        strata = [own[:1] for own in labelled.labels]
        random = np.random.default_rng(seed)
        folds = stratified_folds(list(map(folded, labelled.texts)), strata, _FOLDS, random)
        out = folds >= 0
        answers = {cost: _out_of_fold(vectors, targets, folds, cost, multi_label) for cost in _COSTS}

        def loss(cost: float) -> float:
            each = losses_of_probabilities(answers[cost][out], targets[out], multi_label=multi_label, least=1e-4)
            return float(each.mean()) if len(each) else 0.0

        cost = min(_COSTS, key=loss)
        taught = (answers[cost] + targets) / 2
        said = answers[cost] >= 0.5 if multi_label else answers[cost] == answers[cost].max(axis=1, keepdims=True)
        right = (said == targets).all(axis=1)[out]
        regression = _fitted(vectors, targets, cost, multi_label)
        accuracy = float(right.mean()) if len(right) else float("nan")
        return cls(encode, classes, multi_label, regression, _named(taught, classes), accuracy)

    def teach(self, texts: Sequence[str]) -> list[SoftLabels]:
        """How probable each label is for texts that nobody has labelled."""
        return _named(self.regression(np.asarray(self.encode(texts), np.float64)), self.classes)


def taught(
    labelled: Labelled,
    unlabelled: Sequence[str],
    encode: Encode,
    classes: Sequence[str],
    *,
    multi_label: bool,
    seed: int,
) -> tuple[Labelled, Teacher]:
    """Labelled texts with a teacher's soft labels where they have none, then the others with the teacher's; and it."""
    teacher = Teacher.of(encode, labelled, classes, multi_label=multi_label, seed=seed)
    given = labelled.soft or [None] * len(labelled.texts)
    further = teacher.teach(unlabelled) if unlabelled else []
    return Labelled(
        [*labelled.texts, *unlabelled],
        [*labelled.labels, *(_probable(each, multi_label) for each in further)],
        None if labelled.weights is None else np.append(labelled.weights, np.ones(len(unlabelled))),
        [*(own or by for own, by in zip(given, teacher.own, strict=True)), *further],
    ), teacher


def taught_data(
    data: Dataset, unlabelled: Sequence[str], name: str | Path | None, seed: int
) -> tuple[Dataset, Sequence[str]]:
    """A data set with what a teacher of this name or folder says, and the texts without labels that are left.

    Raises:
        ModuleNotFoundError: the library is missing.
        SettingsError: there is no such model.
    """
    if name is None:
        return data, unlabelled
    encode, labels = open_teacher(str(name)), data.labels
    training, _ = taught(data.training, unlabelled, encode, labels.names, multi_label=labels.multi_label, seed=seed)
    return data._replace(training=training), ()


def _probable(soft: SoftLabels, multi_label: bool) -> tuple[str, ...]:
    """The likeliest label, or, of a text that can have several, those that are as likely as not."""
    if multi_label:
        return tuple(label for label, value in soft.items() if value >= _HALF)
    return (max(soft, key=soft.__getitem__),)


def _named(probabilities: Numbers, classes: Sequence[str]) -> list[SoftLabels]:
    return [dict(zip(classes, row, strict=True)) for row in probabilities.tolist()]


def _out_of_fold(
    vectors: Numbers, targets: NDArray[np.bool_], folds: NDArray[np.int64], cost: float, multi_label: bool
) -> Numbers:
    """What is said of each text by a regression that has learned from other folds; its label, if it is in none."""
    answers = targets.astype(np.float64)
    for fold in range(folds.max(initial=-1) + 1):
        held = folds == fold
        if held.any():
            answers[held] = _fitted(vectors[~held], targets[~held], cost, multi_label)(vectors[held])
    return answers


def _fitted(
    vectors: Numbers, targets: NDArray[np.bool_], cost: float, multi_label: bool
) -> Callable[[Numbers], Numbers]:
    """A function from vectors to probabilities (B, K)."""
    if not multi_label:
        return _regression(vectors, targets.argmax(axis=1), cost, targets.shape[1])
    each = [_regression(vectors, own.astype(np.int64), cost, 2) for own in targets.T]
    return lambda others: np.stack([one(others)[:, 1] for one in each], axis=1)


def _regression(vectors: Numbers, y: NDArray[np.int64], cost: float, labels: int) -> Callable[[Numbers], Numbers]:
    from sklearn.linear_model import LogisticRegression

    present = np.unique(y)
    model = LogisticRegression(C=cost, max_iter=1000).fit(vectors, y) if len(present) > 1 else None

    def answer(others: Numbers) -> Numbers:
        probabilities = np.zeros((len(others), labels))
        probabilities[:, present] = 1.0 if model is None else model.predict_proba(others)
        return probabilities

    return answer
