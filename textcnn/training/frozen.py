"""Few texts: the last layer alone is learned, over filters that stay as they are, together with the linear part.

The filters that come with a table of vectors say what a sentence is about before any label is known. Few texts cannot
make them better, but they can tell which of them matter: that is a linear model of few numbers, found in closed form,
in a moment and without torch. The same solution says what each text would be answered without itself, so all texts are
learned from and all are held out. What comes out is a model like any other: the filters, a last layer, a linear part.

Shapes: B texts, M features, K labels.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import SettingsError
from textcnn.evaluation.log_loss import losses_of_logits
from textcnn.labels import score_count
from textcnn.model.bank import Bank, Pooling
from textcnn.model.linear import Join
from textcnn.model.model import Member, Model
from textcnn.model.network import Network
from textcnn.model.predictor import Predictor
from textcnn.settings import each_setting
from textcnn.text.tokens import folded
from textcnn.training.calibration import Calibration
from textcnn.training.class_weights import class_weights
from textcnn.training.embeddings import Start, begin
from textcnn.training.events import Callback, Stage, TrainingEvent
from textcnn.training.export import assembled
from textcnn.training.linear.svm import USUAL, Examples, FeatureStatistics, WeightedFeatures
from textcnn.training.outcome import HeldOut, Outcome
from textcnn.training.ridge import RidgeRegression
from textcnn.training.task import Labelled, Task
from textcnn.vectors.table import VectorTable

__all__ = ["fit_frozen"]

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]

_FEW = 64  # texts of each label, on average, up to which the filters stay as they are
_MOST = 2_000  # texts, whose Gram matrix is made
_PENALTIES = (1.0, 0.3, 3.0)  # the usual one first
_SPELLING = 0.5  # how much the linear part's features count beside the filters'
_STEEP = 3.0  # logits for an output of one, usually
_LEAST_WEIGHT = 1e-9
_ANY = 1000  # the most that `min_count` can be
# Settings that matter to a network that stays as it is; who has set others wants one that learns.
_HEEDED = {
    *("frozen", "linear", "vectors", "keep_words", "max_words", "labels_per_text", "class_weight", "quality"),
    *("keep_ngrams", "seed", "threads", "filters", "refit", "metric"),
}


def fit_frozen(task: Task, training: Labelled, unseen: NDArray[np.int64], callback: Callback) -> Outcome | None:
    """Learn the last layer alone; None if the settings, the number of texts or their language want a whole network.

    Args:
        task: the texts for training, then those for validation.
        training: the former.
        unseen: numbers of the validation texts that say how good the model is; without any, the others do.
        callback: is told what is done.

    Raises:
        SettingsError: it is asked for where it is not possible.
        VectorsError: the vectors cannot be read.
    """
    wanted = task.settings.frozen == "on"
    why_not = _why_not(task, len(training.texts))
    if why_not and wanted:
        raise SettingsError(f"frozen: on does not go with {why_not}")
    if why_not:
        return None
    notes: list[str] = []
    learn = np.arange(len(training.texts))
    settings = replace(task.settings, min_count=_ANY, channels="static")
    start = begin(task.encoded, task.tokens(learn), settings, notes.append)
    if start.table is None or not start.table.filters:
        if wanted:
            raise SettingsError("frozen: on needs filters, and these vectors come without; use --vectors english")
        return None
    for note in notes:
        callback(TrainingEvent("note", note=note))
    return _Frozen(task, training, unseen, start).outcome(callback)


def _why_not(task: Task, texts: int) -> str:
    """What stands against it, if anything does."""
    settings, labels = task.settings, len(task.classes)
    changed = [
        setting.name
        for setting in each_setting()
        if setting.name not in _HEEDED and getattr(settings, setting.name) != setting.default
    ]
    if settings.frozen == "off" or changed:
        return f"--{changed[0].replace('_', '-')}" if changed else "itself"
    if task.multi_label and settings.class_weight != "none":
        return "weights of classes where texts can have several labels"
    if texts > _MOST or (settings.frozen == "auto" and texts > _FEW * labels):
        return f"{texts:,} texts, but with {_MOST:,} at most"
    return ""


class _Features(NamedTuple):
    """What the filters say about texts, less the mean of the training texts, which have unit mean square length."""

    network: Network  # its last layer is yet to come
    mean: Numbers  # (M,)
    scale: float
    rows: Numbers  # (B, M) of all texts

    @classmethod
    def of(cls, task: Task, start: Start, texts: int) -> "_Features":
        """Of all texts of the task, the first so many being those for training."""
        assert start.table is not None
        network = _network(start.table, start.scale)
        parts = start.ragged(task.encoded).parts()
        features = np.concatenate([network.features(start.matrix, part) for part in parts]).astype(np.float64)
        mean = features[:texts].mean(axis=0)
        centred = features - mean
        scale = float(np.sqrt(np.square(centred[:texts]).sum(axis=1).mean())) or 1.0
        return cls(network, mean, scale, centred / scale)

    def with_layer(self, alpha: Numbers, bias: Numbers) -> Network:
        """The network whose outputs are rows · rows[:B]' alpha + bias."""
        weight = (self.rows[: len(alpha)].T @ alpha / self.scale).T
        layer = weight.astype(np.float32), (bias - weight @ self.mean).astype(np.float32)
        return self.network._replace(layers=(layer,))


def _network(table: VectorTable, scale: float) -> Network:
    """All filters of a table, for vectors that are longer by `scale`."""
    widths = tuple(sorted(table.filters))
    filters = [table.filters[width] for width in widths]
    bank = Bank(widths, len(filters[0].biases))
    slices = np.concatenate([of_width.slices.reshape(-1, table.dimensions) for of_width in filters])
    biases = np.concatenate([of_width.biases for of_width in filters]).astype(np.float32)
    return Network(bank, Pooling("max"), ((slices.astype(np.float32) / scale).astype(np.float32),), (biases,), ())


class _Frozen:
    """A training of the last layer."""

    def __init__(self, task: Task, training: Labelled, unseen: NDArray[np.int64], start: Start) -> None:
        self.task, self.training, self.unseen, self.start = task, training, unseen, start
        self.began = time.perf_counter()
        self.count = len(training.texts)
        self.learn = np.arange(self.count)
        self.features = _Features.of(task, start, self.count)
        self.targets, self.weights = task.targets[: self.count], task.weights[: self.count]
        self.signs: Numbers = 2 * self.targets.astype(np.float64) - 1
        self.spelling = self._spelling() if task.settings.linear == "on" else None

    def _spelling(self) -> WeightedFeatures:
        """The linear part's features; how unevenly they are spread is not asked, for it would tell of the left out."""
        examples = Examples.of(self.task.part(self.learn), self.targets, multi_label=self.task.multi_label)
        statistics = FeatureStatistics.of(examples)
        return WeightedFeatures.of(
            examples.tables, statistics._replace(ratio=np.ones_like(statistics.ratio)), USUAL.power
        )

    def outcome(self, callback: Callback) -> Outcome:
        """Learn, calibrate by the answers to texts that were left out, and tell."""
        solution = self._solution()
        bare = self._model(solution)
        texts, logits = self._held_out(solution, bare)
        seen = not len(texts)
        calibration = self._calibration(texts, logits)
        if seen:
            texts, logits = self.learn, _logits(bare, self.task, self.learn)
        model = calibration.applied(bare)
        targets, weights = self.task.targets[texts], self.task.weights[texts]
        probabilities = calibration.probabilities(logits, np.zeros_like(logits))
        self._tell(calibration, logits, targets, weights, callback)
        likeness = Predictor(bare).seen_by_networks(self.task.part(texts))[1]
        held = HeldOut(texts, probabilities, targets, weights, model, likeness)
        return Outcome(model, [held], seen, self._course())

    def _solution(self) -> RidgeRegression:
        """That with the penalty whose answers by leaving out miss least."""
        rows, weights = self.features.rows[: self.count], self._weights()
        copies = _copies(self.training.texts)
        gram: Numbers = rows @ rows.T
        if self.spelling is not None:
            of_spelling = self.spelling.gram()(np.eye(self.count, dtype=np.float32)).astype(np.float64)
            gram += _SPELLING / 2 * (of_spelling + of_spelling.T)
        found = [RidgeRegression.of(gram, self.signs, weights, penalty, copies) for penalty in _PENALTIES]
        missed = [float(weights @ np.square(self.signs - each.left_out).sum(axis=1)) for each in found]
        return found[int(np.argmin(missed))]

    def _weights(self) -> Numbers:
        """Of each text, by itself and by its class; what counts for nothing still has to be something: (B,)."""
        of_classes = class_weights(self.task.settings.class_weight, self.task.classes, self.targets)
        by_class = 1.0 if self.task.multi_label else (self.targets @ of_classes).astype(np.float64)
        return np.asarray(np.maximum(self.weights * by_class, _LEAST_WEIGHT))

    def _model(self, solution: RidgeRegression) -> Model:
        """A model, not calibrated: its logits are `_STEEP` times the outputs."""
        task, alpha, linear = self.task, _STEEP * solution.alpha, None
        if self.spelling is not None:
            scores = score_count(len(task.classes), multi_label=task.multi_label)
            linear = self.spelling.part((_SPELLING * alpha[:, -scores:]).astype(np.float32))
        network = self.features.with_layer(alpha, _STEEP * solution.bias)
        bank = network.bank
        settings = replace(
            task.settings, frozen="on", channels="static", widths=bank.widths, filters=bank.filters, min_count=_ANY
        )
        return assembled([Member(network, None)], self.start, linear, task.classes, task.multi_label, settings)

    def _held_out(self, solution: RidgeRegression, bare: Model) -> tuple[NDArray[np.int64], Floats]:
        """Texts that say what answers are worth, and logits of answers to them by texts that are not among them.

        A training text that is the only one of its label says nothing.
        """
        if len(self.unseen):
            return self.unseen, _logits(bare, self.task, self.unseen)
        different: dict[tuple[str, ...], set[str]] = {}
        strata = [labels[:1] for labels in self.training.labels]
        for stratum, text in zip(strata, self.training.texts, strict=True):
            different.setdefault(stratum, set()).add(folded(text))
        texts = np.flatnonzero([len(different[stratum]) > 1 for stratum in strata])
        return texts, np.asarray(_STEEP * solution.left_out[texts], np.float32)

    def _calibration(self, texts: NDArray[np.int64], logits: Floats) -> Calibration:
        """The join has the linear part count as it was learned, together with the last layer."""
        task = self.task
        if not len(texts):
            return Calibration(Join(1.0, 1.0), thresholds=())
        found = Calibration.of(
            logits,
            np.zeros_like(logits),
            task.targets[texts],
            task.weights[texts],
            multi_label=task.multi_label,
            metric=task.settings.metric,
            labels=task.classes,
        )
        return found._replace(join=Join(found.join.temperature, 1 / found.join.temperature))

    def _tell(
        self, calibration: Calibration, logits: Floats, targets: Floats, weights: Numbers, callback: Callback
    ) -> None:
        outputs = calibration.join.logits(logits, np.zeros_like(logits)).astype(np.float64)
        losses = losses_of_logits(outputs, targets, multi_label=self.task.multi_label)
        note = f"loss {np.average(losses, weights=weights):.2f} by leaving one out"
        seconds = time.perf_counter() - self.began
        stage = Stage(f"learning the last layer from {self.count:,} texts", "last layer")
        callback(TrainingEvent("stage", stage, seconds=seconds, note=note))

    def _course(self) -> dict[str, Any]:
        return {"curve": [], "kept": 0, "vectors": self.start.source, "known_words": self.start.known}


def _logits(bare: Model, task: Task, texts: NDArray[np.int64]) -> Floats:
    """What a model that is not calibrated says about the texts of these numbers, (B, K)."""
    part, predictor = task.part(texts), Predictor(bare)
    return np.asarray(predictor.network_logits(part) + predictor.linear_margins(part), np.float32)


def _copies(texts: Sequence[str]) -> list[list[int]]:
    """Numbers of texts that are there more than once."""
    places: dict[str, list[int]] = {}
    for number, text in enumerate(texts):
        places.setdefault(folded(text), []).append(number)
    return [same for same in places.values() if len(same) > 1]
