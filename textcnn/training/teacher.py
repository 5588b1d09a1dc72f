"""A teacher: a sentence encoder that is a transformer, which says of texts how probable each label is.

On its vectors of the labelled texts a logistic regression learns the labels; how strongly it is held back is chosen by
cross-validation. What is learned of its answers is lesson.py.

Shapes: B texts, d numbers of a vector, K labels.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import SettingsError
from textcnn.evaluation.log_loss import losses_of_probabilities
from textcnn.labels import indicator
from textcnn.text.tokens import folded
from textcnn.training.encoder_answers import TeachingAnswers
from textcnn.training.folds import stratified_folds
from textcnn.training.pupil import LEAST
from textcnn.training.task import Labelled

__all__ = ["Encode", "answers_of_teacher", "open_teacher"]

Numbers = NDArray[np.float64]
Encode = Callable[[Sequence[str]], NDArray[np.float32]]  # (B, d) unit vectors

_COSTS = (0.1, 1.0, 10.0, 100.0, 1000.0)  # C of the regression: the more, the less it is held back
_FOLDS = 5


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


def answers_of_teacher(
    encode: Encode,
    labelled: Labelled,
    unlabelled: Sequence[str],
    classes: Sequence[str],
    *,
    multi_label: bool,
    seed: int,
) -> TeachingAnswers:
    """Learn from labelled texts, and answer all; labels that are none of the classes are left out."""
    vectors = np.asarray(encode(labelled.texts), np.float64)
    targets = indicator(labelled.labels, classes, skip_unknown=True)
    strata = [own[:1] for own in labelled.labels]
    random = np.random.default_rng(seed)
    folds = stratified_folds(list(map(folded, labelled.texts)), strata, _FOLDS, random)
    out = folds >= 0
    answers = {cost: _out_of_fold(vectors, targets, folds, cost, multi_label) for cost in _COSTS}

    def loss(cost: float) -> float:
        each = losses_of_probabilities(answers[cost][out], targets[out], multi_label=multi_label, least=LEAST)
        return float(each.mean()) if len(each) else 0.0

    cost = min(_COSTS, key=loss)
    others = np.zeros((0, len(classes)))
    if unlabelled:
        others = _fitted(vectors, targets, cost, multi_label)(np.asarray(encode(unlabelled), np.float64))
    return TeachingAnswers(answers[cost], out, others)


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
