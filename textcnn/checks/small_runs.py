"""The small trainings that the checks look at: on a sample, with few filters and epochs, unless told otherwise.

From few texts `train` learns no network, but a last layer over a sentence encoder, in a moment; so can these.

Texts are dealt to three folds; three models each learn from two of them and answer for the third, so that there is an
answer for every text by a model that has not seen it.

Shapes: B texts of the sample, K labels.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.corpus import Corpus
from textcnn.errors import SettingsError
from textcnn.labels import indicator, is_multi_label, label_names
from textcnn.model.model import Model
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings, settled
from textcnn.text.tokens import folded
from textcnn.training.folds import FOLDS, stratified_folds

if TYPE_CHECKING:
    from textcnn.training.events import TrainingEvent
    from textcnn.training.task import Labelled

__all__ = ["Sample", "SmallRun", "deal", "learn_by_heart", "take", "train_small"]

Ints = NDArray[np.int64]

_MOST_TEXTS, _MOST_WORDS = 3000, 200_000
_EACH = 10  # texts of each label that are taken before others
_SEEN = 16_000  # texts, each counted as often as it is seen
_SMALL = {"filters": 32, "widths": (1, 2, 3), "adversarial": 0.0, "refit": "off", "keep_ngrams": "off"}
_BY_HEART: dict[str, Any] = {  # nothing keeps a network from learning all it can, and every word has a vector
    **{"dropout": 0.0, "word_dropout": 0.0, "label_smoothing": 0.0, "class_weight": "none"},
    **{"linear": "off", "networks": 1, "epochs": 60, "patience": 0, "batch_size": 8, "schedule": "constant"},
    "min_count": 1,
}


class Sample(NamedTuple):
    """The texts that are trained on."""

    corpus: Corpus
    classes: tuple[str, ...]
    multi_label: bool
    targets: NDArray[np.bool_]  # (B, K)

    @property
    def texts(self) -> list[str]:
        """All of them."""
        return self.corpus.texts

    def chosen(self, numbers: Ints) -> list[str]:
        """Some of them."""
        return [self.corpus.texts[number] for number in numbers.tolist()]

    @property
    def prior(self) -> NDArray[np.float64]:
        """The share of texts that have each label: (K,)."""
        return np.asarray(self.targets.mean(axis=0))


class SmallRun(NamedTuple):
    """A small training and its answers."""

    predictor: Predictor
    learned: Ints  # numbers of texts
    unseen: Ints
    probabilities: NDArray[np.float32]  # of the unseen texts
    seconds: float

    @property
    def has_network(self) -> bool:
        """Whether a network was learned, or the last layer alone."""
        return bool(self.predictor.model.figures["curve"])


def take(corpus: Corpus, random: np.random.Generator, *, multi_label: bool = False) -> Sample:
    """All texts that have words, or as many of them as is quickly learned from, some of every label.

    A text can have several labels if some have, or if it is said.
    """
    candidates = _stratified(corpus, random.permutation([n for n, text in enumerate(corpus.texts) if text.strip()]))
    words = np.cumsum([_words(corpus.texts[number]) for number in candidates.tolist()])
    chosen = np.sort(candidates[: min(_MOST_TEXTS, int(np.searchsorted(words, _MOST_WORDS)) + 1)])
    part = _part(corpus, chosen.tolist())
    classes = tuple(label_names(part.labels))
    return Sample(part, classes, multi_label or is_multi_label(part.labels), indicator(part.labels, classes))


def _part(corpus: Corpus, numbers: Sequence[int]) -> Corpus:
    """The texts of these numbers, without other fields."""
    return corpus._replace(
        texts=[corpus.texts[number] for number in numbers],
        labels=[corpus.labels[number] for number in numbers],
        lines=[corpus.lines[number] for number in numbers],
        sources=[corpus.sources[number] for number in numbers],
        fields=(),
    )


def _stratified(corpus: Corpus, numbers: Ints) -> Ints:
    """The first few of each label before all others, and these so that of any number of them each has its share.

    A label whose share of the sample were smaller by chance would seem to be harder than it is.
    """
    counts = Counter(corpus.labels[number] for number in numbers.tolist())
    met: Counter[tuple[str, ...]] = Counter()
    places = []
    for number in numbers.tolist():
        labels = corpus.labels[number]
        met[labels] += 1
        places.append((met[labels] > _EACH, (met[labels] - 0.5) / counts[labels]))
    return numbers[sorted(range(len(numbers)), key=places.__getitem__)]


def _words(text: str) -> float:
    """About how many: letters of unspaced scripts are words of their own."""
    return len(text) / (5 if text.isascii() else 2) + 1


def deal(sample: Sample, random: np.random.Generator) -> Ints:
    """The fold of each text, (B,): labels evenly, and no text in two folds."""
    return stratified_folds(list(map(folded, sample.texts)), sample.corpus.labels, FOLDS, random, single=True)


def train_small(
    sample: Sample,
    learned: Ints,
    unseen: Ints,
    values: Mapping[str, Any],
    *,
    targets: NDArray[np.bool_] | None = None,
    few: bool = False,
) -> SmallRun:
    """Learn from some texts and answer for others.

    Args:
        sample: the texts.
        learned: numbers of those to learn from.
        unseen: numbers of those to answer for.
        values: settings that are not to be the small ones.
        targets: other labels than the texts' own, (B, K).
        few: learn as `train` does from few texts, if their language and the other settings allow that.

    Raises:
        TrainingError, VectorsError, SettingsError: see their messages.
    """
    from textcnn.training.fit import fit

    began = time.perf_counter()
    texts = _labelled(sample, learned, sample.targets if targets is None else targets)
    small = {**_SMALL, "epochs": _epochs(len(learned)), **values, "frozen": "off"}
    as_few = {"keep_ngrams": "off", **values, "frozen": "on"}

    def model(chosen: Mapping[str, Any]) -> Model:
        return fit(texts, classes=sample.classes, multi_label=sample.multi_label, settings=Settings(**chosen)).model

    try:
        predictor = Predictor(model(as_few if few else small))
    except SettingsError:
        if not few or values.get("frozen") == "on":
            raise
        predictor = Predictor(model(small))
    probabilities = predictor.all_probabilities(sample.chosen(unseen))
    return SmallRun(predictor, learned, unseen, probabilities, time.perf_counter() - began)


def learn_by_heart(sample: Sample, numbers: Ints, values: Mapping[str, Any]) -> "list[TrainingEvent]":
    """Learn some texts until the network answers all of them right; it is these very texts that score each epoch.

    Raises:
        TrainingError, VectorsError, SettingsError: see their messages.
    """
    from textcnn.training.run import Job, train
    from textcnn.training.task import Task

    settings = settled(Settings(**{**_SMALL, **values, **_BY_HEART}), len(sample.classes))
    every = np.arange(len(numbers))
    task = Task.of([_labelled(sample, numbers, sample.targets)], sample.classes, settings, sample.multi_label)
    return train(Job(task, every, every), lambda event: event.kind == "epoch" and event.score == 1).history


def _labelled(sample: Sample, numbers: Ints, targets: NDArray[np.bool_]) -> "Labelled":
    from textcnn.training.task import Labelled

    labels = [tuple(sample.classes[label] for label in np.flatnonzero(targets[number])) for number in numbers.tolist()]
    return Labelled(sample.chosen(numbers), labels)


def _epochs(texts: int) -> int:
    return int(np.clip(round(_SEEN / max(texts, 1)), 4, 20))
