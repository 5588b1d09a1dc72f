"""Few texts: the last layer alone is learned, over the sentence encoder, whose filters stay as they are.

The encoder says what a sentence is about before any label is known. Few texts cannot make its filters better, but they
can tell what of it matters: that is a linear model, found in closed form together with the linear part, in a moment and
without torch. The same solution says what each text would be answered by the others, so all texts are learned from and
all are held out. What the labels are called, and texts without labels, help (last_layer.py, pupil.py). What comes
out is a model like any other: filters, a last layer, a linear part.

Shapes: B texts, d numbers of the encoder, K labels.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import SettingsError
from textcnn.evaluation.log_loss import losses_of_logits
from textcnn.labels import score_count
from textcnn.model.hashing import bag_of_items, distinct_spellings, opening_buckets
from textcnn.model.linear import Join
from textcnn.model.model import Member, Model
from textcnn.model.network import Network
from textcnn.model.novelty import Likeness, unseen_shares
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings, record, settled
from textcnn.storage.quantized import Quantized
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Encoded
from textcnn.text.tokens import folded, is_word
from textcnn.training.calibration import Calibration
from textcnn.training.class_weights import class_weights
from textcnn.training.embeddings import Start, begin, reopening, segmenter_for
from textcnn.training.encoder_layer import ANY, EncoderFeatures, encoders_over, scaled
from textcnn.training.events import Callback, Stage, TrainingEvent
from textcnn.training.export import assembled
from textcnn.training.folds import stratified_folds
from textcnn.training.label_names import hint_weight, said_by_words
from textcnn.training.last_layer import STEEP, LabelledRows, LastLayer
from textcnn.training.linear.svm import USUAL, Examples, FeatureStatistics, FeatureTables, WeightedFeatures
from textcnn.training.outcome import HeldOut, Outcome
from textcnn.training.pupil import Said, taught
from textcnn.training.task import Labelled, Task
from textcnn.training.unlabelled import encoded_others, leave_out, told_gain, usable
from textcnn.vectors.table import VectorTable

__all__ = ["FEW", "fit_frozen"]

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]

FEW = 200  # texts, up to which the filters stay as they are
_MOST = 2_000  # texts, whose Gram matrix is made
_SPELLING = 0.5  # how much the linear part's features count beside the filters'
_OPENING = 4.0  # how much more than other features of the linear part those that say how several texts begin
_FOLDS, _DEALINGS = 10, 5  # at most, and how often texts are dealt into them
_DEALINGS_ASKED = 2  # the same where each fold asks texts without labels
_LEAST_WEIGHT = 1e-9
_BLOCK = 256  # texts that all are compared with at once
# Settings that matter to a network that stays as it is; who has set others wants one that learns.
_HEEDED = {
    *("frozen", "linear", "vectors", "keep_words", "max_words", "labels_per_text", "class_weight", "quality"),
    *("keep_ngrams", "seed", "threads", "device", "metric", "outside"),
}


def fit_frozen(
    task: Task,
    training: Labelled,
    unseen: NDArray[np.int64],
    callback: Callback,
    hints: Sequence[str] = (),
    unlabelled: Sequence[str] = (),
    said: Said | None = None,
) -> Outcome | None:
    """Learn the last layer alone; None if the settings, the number of texts or their language want a whole network.

    Args:
        task: the texts for training, then those for validation.
        training: the former.
        unseen: numbers of the validation texts that say how good the model is; without any, the others do.
        callback: is told what is done.
        hints: the task's last texts, which are no texts, but say what a label means; they are never held out.
        unlabelled: texts that have no labels, and are heeded as far as that helps the others.
        said: what somebody else says of these.

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
    settings = replace(task.settings, min_count=ANY, channels="static")
    start = begin(task.encoded, task.tokens(learn), settings, notes.append)
    encoders = encoders_over(start, task.part(learn))
    if not encoders:
        if wanted:
            raise SettingsError(
                "frozen: on is for the vectors in the package, English or shared, and those of a pack, if it"
                " has a sentence encoder"
            )
        return None
    start = start.over(encoders[0].table, task.encoded)
    for note in notes:
        callback(TrainingEvent("note", note=note))
    networks = [scaled(encoder.networks, start.scale) for encoder in encoders]
    frozen = _Frozen(task, training, unseen, start, networks, encoders[0].table, hints)
    return frozen.outcome(unlabelled, said, callback)


def _why_not(task: Task, texts: int) -> str:
    """What stands against it, if anything does."""
    settings = task.settings
    if settings.frozen == "off":
        return "itself"
    most = FEW if settings.frozen == "auto" else _MOST
    if texts > most:
        return f"{texts:,} texts: the most are {most:,}"
    if task.multi_label and settings.class_weight != "none":
        return "weights of classes where texts can have several labels"
    usual = record(settled(Settings(quality=settings.quality), len(task.classes)))
    changed = [name for name, value in usual.items() if name not in _HEEDED and getattr(settings, name) != value]
    return f"--{changed[0].replace('_', '-')}" if changed else ""


def _features(encoder: tuple[Network, ...], task: Task, start: Start, texts: int, hints: int) -> EncoderFeatures:
    """Of all texts of the task, the first so many being those for training, the last so many hints."""
    ragged = start.ragged(task.encoded)
    features = EncoderFeatures.of(encoder, start.matrix, ragged, texts, task.settings.threads)
    if hints:  # which are of another kind: what matters is how they differ from each other, and not how they begin
        about = features.dimensions
        features.rows[-hints:, :about] = _standardised(features.rows[-hints:, :about])
        features.rows[-hints:, about:] = 0
    return features


def _standardised(rows: Numbers) -> Numbers:
    """Less their mean, with unit mean square length."""
    centred = rows - rows.mean(axis=0)
    return np.asarray(centred / (np.sqrt(np.square(centred).sum(axis=1).mean()) or 1.0))


class _Spelling(NamedTuple):
    """Features of the linear part, of texts that are learned from."""

    encoded: Encoded
    features: WeightedFeatures
    gram: Numbers  # (n, n) products of the texts' features

    @classmethod
    def of(cls, encoded: Encoded) -> "_Spelling":
        """How unevenly features are spread over the labels is not asked, for it would tell of texts left out.

        With which word texts begin tells questions, requests and wishes from each other, so that counts more.
        """
        count = len(encoded.ragged.starts) - 1
        tables, nothing = FeatureTables.of(encoded), np.zeros((count, 1), np.float32)
        statistics = FeatureStatistics.of(Examples(tables, nothing, nothing, np.ones(count, np.float32), True))
        opening = np.isin(tables.buckets, opening_buckets(encoded.surfaces, encoded.ragged))
        ratio = np.where(opening & (statistics.frequency > 1), np.float32(_OPENING), np.float32(1))
        features = WeightedFeatures.of(tables, statistics._replace(ratio=ratio), USUAL.power)
        product, every = features.gram(), np.eye(count, dtype=np.float32)
        blocks = [product(every[:, first : first + _BLOCK]) for first in range(0, count, _BLOCK)]
        gram = np.concatenate(blocks, axis=1).astype(np.float64)
        return cls(encoded, features, np.asarray(_SPELLING / 2 * (gram + gram.T)))


class _Learned(NamedTuple):
    """A last layer over some features, and those of its linear part, if it has one."""

    features: EncoderFeatures
    layer: LastLayer
    spelling: _Spelling | None
    trust: float  # in what labels are called


class _Frozen:
    """A training of the last layer."""

    def __init__(
        self,
        task: Task,
        training: Labelled,
        unseen: NDArray[np.int64],
        start: Start,
        encoders: Sequence[tuple[Network, ...]],
        table: VectorTable,
        hints: Sequence[str],
    ) -> None:
        self.task, self.training, self.unseen, self.start, self.table = task, training, unseen, start, table
        self.began = time.perf_counter()
        self.count = len(training.texts)
        self.hints = hints
        every = len(task.targets)
        self.learn = np.concatenate([np.arange(self.count), np.arange(every - len(hints), every)])
        self.every_features = [_features(encoder, task, start, self.count, len(hints)) for encoder in encoders]
        self.targets, self.weights = task.learned[self.learn], task.weights[self.learn]
        self.weights[self.count :] *= hint_weight(self.count, len(task.classes))
        self.signs: Numbers = 2 * self.targets.astype(np.float64) - 1
        self.dealings = self._dealings()
        self.used: dict[str, Any] = {}  # of texts without labels

    def outcome(self, unlabelled: Sequence[str], said: Said | None, callback: Callback) -> Outcome:
        """Learn, calibrate by the answers to texts that were left out, and tell."""
        learned = self._learned(unlabelled, said, callback)
        bare = self._model(learned)
        texts, logits = self._held_out(learned.layer, bare)
        seen = not len(texts)
        calibration = self._calibration(texts, logits)
        if seen:
            texts = self.learn[: self.count]
            logits = _logits(bare, self.task, texts)
        model = calibration.applied(bare)
        targets, weights = self.task.targets[texts], self.task.weights[texts]
        probabilities = calibration.probabilities(logits, np.zeros_like(logits))
        self._tell(calibration, logits, targets, weights, learned.trust, callback)
        likeness = self._likeness(bare, texts, None if len(self.unseen) else learned.spelling)
        held = HeldOut(texts, probabilities, targets, weights, model, likeness)
        return Outcome(model, [held], seen, self._course())

    def _likeness(self, bare: Model, texts: NDArray[np.int64], spelling: _Spelling | None) -> Likeness:
        """Of texts that the model has not seen, or has: of those, words that no other text has count as not seen."""
        *_, likeness = Predictor(bare, self.task.settings.threads).seen(self.task.part(texts))
        if spelling is None:
            return likeness
        surfaces, ragged = spelling.encoded
        spellings, spelling_of = distinct_spellings(surfaces)
        no_hints = np.delete(np.arange(len(ragged.starts) - 1), np.arange(self.count, len(self.learn)))
        learned = ragged.take(no_hints)
        texts_of = np.bincount(bag_of_items(spelling_of[learned.words], learned.starts).items, minlength=len(spellings))
        words = np.array(list(map(is_word, spellings)), bool)
        unseen = unseen_shares(ragged.take(texts), words[spelling_of], texts_of[spelling_of] > 1)
        return likeness._replace(unseen=unseen)

    def _learned(self, unlabelled: Sequence[str], said: Said | None, callback: Callback) -> _Learned:
        """The last layer and the linear part together, and what they say about texts by those of other folds."""
        spelling = self._spelling(self.task.part(self.learn))
        fits = ((each, self._labelled(each, spelling).learned_by(each.dimensions)) for each in self.every_features)
        features, chosen = min(fits, key=lambda each: each[1].missed)
        alone = _Learned(features, chosen.layer().read_together(chosen.texts), spelling, chosen.trust)
        texts = usable(unlabelled, self.training.texts, self.task, callback, self.table)
        if texts and not np.any(self.dealings[0] >= 0):
            leave_out("no label has two texts, one of which could say what they are worth", callback)
            return alone
        return self._better(alone, texts, said, callback) if texts else alone

    def _spelling(self, encoded: Encoded) -> _Spelling | None:
        return _Spelling.of(encoded) if self.task.settings.linear == "on" else None

    def _labelled(
        self, features: EncoderFeatures, spelling: _Spelling | None, others: Numbers | None = None
    ) -> LabelledRows:
        """The labelled texts, and hints, as the last layer sees them; words of labels find their place among all."""
        rows, task = features.rows[self.learn], self.task
        count = len(rows)
        gram = np.zeros((count, count)) if spelling is None else spelling.gram[:count, :count]
        every = rows[: self.count] if others is None else np.concatenate([rows[: self.count], others])
        named = said_by_words(task.words, features, every, task.settings, self.table)
        return LabelledRows(rows, gram, self.signs, self._weights(), self.dealings, named)

    def _better(self, alone: _Learned, texts: Sequence[str], said: Said | None, callback: Callback) -> _Learned:
        """What texts without labels teach, unless it is worse than without them by more than chance."""
        task, features = self.task, alone.features
        others = features.others(*encoded_others(texts, task.settings, self.table, segmented=task.segmented))
        spelling = self._spelling(self._with(texts))
        columns = len(alone.layer.weights)
        rows, others = self._labelled(features, spelling, others).of_columns(columns), others[:, :columns]
        every = len(self.learn) + len(texts)
        gram = np.zeros((every, every)) if spelling is None else spelling.gram
        teacher = rows.learned()
        second = None if said is None else said.of(texts, task.classes)
        layer = taught(teacher, others, gram, self.dealings[:_DEALINGS_ASKED], second)
        taught_by_all = _Learned(features, layer, spelling, teacher.trust)
        held_back = self._gain(alone.layer, taught_by_all.layer) > 0
        losses = [float(self._losses(each.layer).mean()) for each in (alone, taught_by_all)]
        self.used = told_gain(len(texts), losses, callback, used=not held_back)
        return alone if held_back else taught_by_all

    def _with(self, others: Sequence[str]) -> Encoded:
        """The texts that are learned from, hints, then others."""
        task = self.task
        texts = [*self.training.texts, *self.hints, *others]
        segment = segmenter_for(texts, reopening(task.settings, self.table)) if task.segmented else None
        return encode(texts, task.settings.max_words, segment)

    def _dealings(self) -> list[NDArray[np.int64]]:
        """The fold of each text, several times: as many folds as the most frequent label has texts, if these are few.

        So each fold has about as many texts of each label, and those that are left have, too. Were it one text alone,
        its label would be the rarer one among the others, which of few texts is the answer already.
        """
        texts, random = list(map(folded, self.training.texts)), np.random.default_rng(self.task.settings.seed)
        strata = [labels[:1] for labels in self.training.labels]
        most = max(Counter(stratum for stratum, _ in {*zip(strata, texts, strict=True)}).values())
        dealings = [stratified_folds(texts, strata, min(most, _FOLDS), random) for _ in range(_DEALINGS)]
        return [np.append(folds, np.full(len(self.hints), -1)) for folds in dealings]

    def _weights(self) -> Numbers:
        """Of each text, by itself and by its class; what counts for nothing still has to be something: (B,)."""
        of_classes = class_weights(self.task.settings.class_weight, self.task.classes, self.targets)
        by_class = 1.0 if self.task.multi_label else (self.targets @ of_classes).astype(np.float64)
        return np.asarray(np.maximum(self.weights * by_class, _LEAST_WEIGHT))

    def _model(self, learned: _Learned) -> Model:
        """A model, not calibrated: its logits are `STEEP` times the outputs."""
        task, layer, linear = self.task, learned.layer, None
        if learned.spelling is not None:
            scores = score_count(len(task.classes), multi_label=task.multi_label)
            alpha = _SPELLING * STEEP * layer.alpha[:, -scores:]
            linear = learned.spelling.features.part(alpha.astype(np.float32))
        networks = learned.features.with_layer(STEEP * layer.weights, STEEP * layer.bias)
        bank = networks[0].bank
        halves = self.start.in_half_bytes  # which a mean of pieces does not fit into: words of the texts stand apart
        settings = replace(
            task.settings,
            frozen="on",
            channels="trained" if halves else "static",
            pooling=networks[0].pooling.kind,
            widths=bank.widths,
            filters=bank.filters,
            min_count=ANY,
        )
        trained = Quantized.of(self.start.matrix) if halves else None
        members = [Member(network, trained) for network in networks]
        return assembled(
            members, self.start, linear, task.classes, task.multi_label, settings, segmented=task.segmented
        )

    def _held_out(self, layer: LastLayer, bare: Model) -> tuple[NDArray[np.int64], Floats]:
        """Texts that say what answers are worth, and logits of answers to them by texts that are not among them.

        A training text that is the only one of its label says nothing.
        """
        if len(self.unseen):
            return self.unseen, _logits(bare, self.task, self.unseen)
        texts = np.flatnonzero(self.dealings[0] >= 0)  # none of the hints
        return texts, np.asarray(STEEP * layer.left_out[texts], np.float32)

    def _calibration(self, texts: NDArray[np.int64], logits: Floats) -> Calibration:
        """The join has the linear part count as it was learned, together with the last layer."""
        task = self.task
        if not len(texts):
            return Calibration(Join(1.0, 1.0), thresholds=())
        found = Calibration.of(
            logits,
            np.zeros_like(logits),
            task.learned[texts],
            task.weights[texts],
            multi_label=task.multi_label,
            metric=task.settings.metric,
            labels=task.classes,
        )
        return found._replace(join=Join(found.join.temperature, 1 / found.join.temperature))

    def _gain(self, one: LastLayer, other: LastLayer) -> float:
        """How much less one loses than the other on texts left out in turn, beyond what may be chance: nats a text."""
        difference = self._losses(other) - self._losses(one)
        return float(difference.mean() - difference.std() / len(difference) ** 0.5)

    def _losses(self, layer: LastLayer) -> Numbers:
        """Of calibrated answers to the texts that are left out in turn: (B,), each by the text's weight."""
        texts = np.flatnonzero(self.dealings[0] >= 0)
        logits = np.asarray(STEEP * layer.left_out[texts], np.float32)
        outputs = self._calibration(texts, logits).join.logits(logits, np.zeros_like(logits)).astype(np.float64)
        losses = losses_of_logits(outputs, self.task.learned[texts], multi_label=False)
        return np.asarray(losses * self.task.weights[texts])

    def _tell(
        self,
        calibration: Calibration,
        logits: Floats,
        targets: Floats,
        weights: Numbers,
        trust: float,
        callback: Callback,
    ) -> None:
        outputs = calibration.join.logits(logits, np.zeros_like(logits)).astype(np.float64)
        losses = losses_of_logits(outputs, targets, multi_label=self.task.multi_label)
        checked = bool(np.any(self.dealings[0] >= 0))
        of_which = "left out in turn" if checked else "learned from"
        named = f"; names of labels trusted {trust:.0%}{'' if checked else ', unchecked'}" if trust else ""
        note = f"loss {np.average(losses, weights=weights):.2f} on texts {of_which}{named}"
        seconds = time.perf_counter() - self.began
        stage = Stage(f"learning the last layer from {self.count:,} texts", "last layer")
        callback(TrainingEvent("stage", stage, seconds=seconds, note=note))

    def _course(self) -> dict[str, Any]:
        return {"curve": [], "kept": 0, "vectors": self.start.source, "known_words": self.start.known, **self.used}


def _logits(bare: Model, task: Task, texts: NDArray[np.int64]) -> Floats:
    """What a model that is not calibrated says about the texts of these numbers, (B, K)."""
    network, linear, _ = Predictor(bare, task.settings.threads).seen(task.part(texts))
    return network + linear
