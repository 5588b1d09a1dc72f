"""Few texts: the last layer alone is learned, over the sentence encoder, whose filters stay as they are.

The encoder says what a sentence is about before any label is known. Few texts cannot make its filters better, but they
can tell what of it matters: that is a linear model, found in closed form together with the linear part, in a moment and
without torch. The same solution says what each text would be answered by the others, so all texts are learned from and
all are held out. What comes out is a model like any other: filters, a last layer, a linear part.

Shapes: B texts, d numbers of the encoder, K labels.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

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
from textcnn.text.tokens import folded, is_word
from textcnn.training.calibration import Calibration
from textcnn.training.class_weights import class_weights
from textcnn.training.embeddings import Start, begin
from textcnn.training.encoder_layer import ANY, PENALTY, STEEP, EncoderFeatures, encoder_over, scaled
from textcnn.training.events import Callback, Stage, TrainingEvent
from textcnn.training.export import assembled
from textcnn.training.folds import stratified_folds
from textcnn.training.label_names import hint_weight
from textcnn.training.linear.svm import USUAL, Examples, FeatureStatistics, WeightedFeatures
from textcnn.training.outcome import HeldOut, Outcome
from textcnn.training.ridge import RidgeRegression
from textcnn.training.task import Labelled, Task
from textcnn.training.unlabelled import STRENGTHS, Lessons, Solution, encoded_others, leave_out, told_gain, usable
from textcnn.vectors.table import VectorTable

__all__ = ["fit_frozen"]

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]

_FEW = 200  # texts, up to which the filters stay as they are
_MOST = 2_000  # texts, whose Gram matrix is made
_SPELLING = 0.5  # how much the linear part's features count beside the filters'
_OPENING = 4.0  # how much more than other features of the linear part those that say how several texts begin
_PENALTIES = (PENALTY, 3 * PENALTY)  # one of them; of some dozens of texts those that are left out can tell which
_FOLDS, _DEALINGS = 10, 5  # at most, and how often texts are dealt into them
_DEALINGS_ASKED = 2  # the same where each fold asks texts without labels
_LEAST_WEIGHT = 1e-9
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
    hints: int = 0,
    unlabelled: Sequence[str] = (),
) -> Outcome | None:
    """Learn the last layer alone; None if the settings, the number of texts or their language want a whole network.

    Args:
        task: the texts for training, then those for validation.
        training: the former.
        unseen: numbers of the validation texts that say how good the model is; without any, the others do.
        callback: is told what is done.
        hints: how many of the task's last texts are no texts, but say what a label means; they are never held out.
        unlabelled: texts that have no labels, and are heeded as far as that helps the others.

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
    encoder = encoder_over(start)
    if encoder is None:
        if wanted:
            raise SettingsError(
                "frozen: on is for the vectors in the package, English or shared, and those of a pack, if it"
                " has a sentence encoder"
            )
        return None
    start = start.over(encoder.table, task.encoded)
    for note in notes:
        callback(TrainingEvent("note", note=note))
    frozen = _Frozen(task, training, unseen, start, scaled(encoder.network, start.scale), hints)
    frozen.ask(unlabelled, encoder.table, callback)
    return frozen.outcome(callback)


def _why_not(task: Task, texts: int) -> str:
    """What stands against it, if anything does."""
    settings = task.settings
    if settings.frozen == "off":
        return "itself"
    most = _FEW if settings.frozen == "auto" else _MOST
    if texts > most:
        return f"{texts:,} texts: the most are {most:,}"
    if task.multi_label and settings.class_weight != "none":
        return "weights of classes where texts can have several labels"
    usual = record(settled(Settings(quality=settings.quality), len(task.classes)))
    changed = [name for name, value in usual.items() if name not in _HEEDED and getattr(settings, name) != value]
    return f"--{changed[0].replace('_', '-')}" if changed else ""


def _features(encoder: Network, task: Task, start: Start, texts: int, hints: int) -> EncoderFeatures:
    """Of all texts of the task, the first so many being those for training, the last so many hints."""
    features = EncoderFeatures.of(encoder, start.matrix, start.ragged(task.encoded), texts)
    if hints:  # which are of another kind: what matters is how they differ from each other
        features.rows[-hints:] = _standardised(features.rows[-hints:])
    return features


def _standardised(rows: Numbers) -> Numbers:
    """Less their mean, with unit mean square length."""
    centred = rows - rows.mean(axis=0)
    return np.asarray(centred / (np.sqrt(np.square(centred).sum(axis=1).mean()) or 1.0))


class _Frozen:
    """A training of the last layer."""

    def __init__(
        self, task: Task, training: Labelled, unseen: NDArray[np.int64], start: Start, encoder: Network, hints: int
    ) -> None:
        self.task, self.training, self.unseen, self.start = task, training, unseen, start
        self.began = time.perf_counter()
        self.count = len(training.texts)
        self.hints = hints
        self.learn = np.concatenate([np.arange(self.count), np.arange(len(task.targets) - hints, len(task.targets))])
        self.features = _features(encoder, task, start, self.count, hints)
        self.targets, self.weights = task.learned[self.learn], task.weights[self.learn]
        self.weights[self.count :] *= hint_weight(self.count, len(task.classes))
        self.signs: Numbers = 2 * self.targets.astype(np.float64) - 1
        self.dealings = self._dealings()
        self.spelling = self._spelling() if task.settings.linear == "on" else None
        self.lessons: Lessons | None = None
        self.used: dict[str, Any] = {}  # of them

    def _spelling(self) -> WeightedFeatures:
        """The linear part's features; how unevenly they are spread is not asked, for it would tell of the left out.

        With which word texts begin tells questions, requests and wishes from each other, so that counts more.
        """
        encoded = self.task.part(self.learn)
        examples = Examples.of(encoded, self.targets, multi_label=self.task.multi_label)
        tables, statistics = examples.tables, FeatureStatistics.of(examples)
        opening = np.isin(tables.buckets, opening_buckets(encoded.surfaces, encoded.ragged))
        ratio = np.where(opening & (statistics.frequency > 1), np.float32(_OPENING), np.float32(1))
        return WeightedFeatures.of(tables, statistics._replace(ratio=ratio), USUAL.power)

    def ask(self, unlabelled: Sequence[str], table: VectorTable, callback: Callback) -> None:
        """Let texts without labels teach, too, by the encoder over this table."""
        texts = usable(unlabelled, self.training.texts, self.task, callback, table)
        if texts and not np.any(self.dealings[0] >= 0):
            leave_out("no label has two texts, one of which could say what they are worth", callback)
        elif texts:
            others = self.features.others(*encoded_others(texts, self.task.settings, table))
            self.lessons = Lessons.of(self.features.rows[self.learn], others)

    def outcome(self, callback: Callback) -> Outcome:
        """Learn, calibrate by the answers to texts that were left out, and tell."""
        solution = self._solution(callback)
        bare = self._model(solution)
        texts, logits = self._held_out(solution, bare)
        seen = not len(texts)
        calibration = self._calibration(texts, logits)
        if seen:
            texts = self.learn[: self.count]
            logits = _logits(bare, self.task, texts)
        model = calibration.applied(bare)
        targets, weights = self.task.targets[texts], self.task.weights[texts]
        probabilities = calibration.probabilities(logits, np.zeros_like(logits))
        self._tell(calibration, logits, targets, weights, callback)
        likeness = self._likeness(bare, texts, seen=len(self.unseen) == 0)
        held = HeldOut(texts, probabilities, targets, weights, model, likeness)
        return Outcome(model, [held], seen, self._course())

    def _likeness(self, bare: Model, texts: NDArray[np.int64], *, seen: bool) -> Likeness:
        """Of texts that the model has not seen, or has: of those, words that no other text has count as not seen."""
        encoded = self.task.part(texts)
        likeness = Predictor(bare).seen_by_networks(encoded)[1]
        if not seen or self.spelling is None:
            return likeness
        spellings, spelling_of = distinct_spellings(encoded.surfaces)
        ragged = self.task.part(np.arange(self.count)).ragged
        texts_of = np.bincount(bag_of_items(spelling_of[ragged.words], ragged.starts).items, minlength=len(spellings))
        words = np.array(list(map(is_word, spellings)), bool)
        return likeness._replace(unseen=unseen_shares(encoded.ragged, words[spelling_of], texts_of[spelling_of] > 1))

    def _solution(self, callback: Callback) -> Solution:
        """The last layer and the linear part together, and what they say about texts by those of other folds."""
        linear = self._linear_gram()
        by_penalty = {penalty: self._alone(linear, penalty, self.dealings) for penalty in _PENALTIES}
        penalty = min(by_penalty, key=lambda penalty: self._missed(by_penalty[penalty]))
        if self.lessons is None:
            return by_penalty[penalty]
        dealings = self.dealings[:_DEALINGS_ASKED]
        alone = self._alone(linear, penalty, dealings)
        usual, strong = (
            self.lessons.solution(strength, linear, self.signs, self._weights(), penalty, dealings)
            for strength in STRENGTHS
        )
        with_lessons = strong if self._gain(strong, usual) > 0 else usual
        held_back = self._gain(alone, with_lessons) > 0
        losses = [float(self._losses(solution).mean()) for solution in (alone, with_lessons)]
        self.used = told_gain(len(self.lessons.unlabelled), losses, callback, used=not held_back)
        return by_penalty[penalty] if held_back else with_lessons

    def _linear_gram(self) -> Numbers:
        """Products of the texts' features in the linear part: (B, B)."""
        if self.spelling is None:
            return np.zeros((len(self.learn), len(self.learn)))
        of_spelling = self.spelling.gram()(np.eye(len(self.learn), dtype=np.float32)).astype(np.float64)
        return np.asarray(_SPELLING / 2 * (of_spelling + of_spelling.T))

    def _alone(self, linear: Numbers, penalty: float, dealings: list[NDArray[np.int64]]) -> Solution:
        """By the labelled texts."""
        rows = self.features.rows[self.learn]
        learned = RidgeRegression.of(rows @ rows.T + linear, self.signs, self._weights(), penalty, dealings)
        return Solution(rows.T @ learned.alpha, *learned)

    def _missed(self, solution: Solution) -> float:
        """By how much texts that are left out in turn miss their targets: squares, which few texts scatter least."""
        texts = np.flatnonzero(self.dealings[0] >= 0)
        squares = np.square(self.signs - solution.left_out)[texts].sum(axis=1)
        return float(self._weights()[texts] @ squares)

    def _dealings(self) -> list[NDArray[np.int64]]:
        """The fold of each text, several times: as many folds as the most frequent label has texts, if these are few.

        So each fold has about as many texts of each label, and those that are left have, too. Were it one text alone,
        its label would be the rarer one among the others, which of few texts is the answer already.
        """
        texts, random = list(map(folded, self.training.texts)), np.random.default_rng(self.task.settings.seed)
        strata = [labels[:1] for labels in self.training.labels]
        most = max(Counter(stratum for stratum, _ in {*zip(strata, texts, strict=True)}).values())
        dealings = [stratified_folds(texts, strata, min(most, _FOLDS), random) for _ in range(_DEALINGS)]
        return [np.append(folds, np.full(self.hints, -1)) for folds in dealings]

    def _weights(self) -> Numbers:
        """Of each text, by itself and by its class; what counts for nothing still has to be something: (B,)."""
        of_classes = class_weights(self.task.settings.class_weight, self.task.classes, self.targets)
        by_class = 1.0 if self.task.multi_label else (self.targets @ of_classes).astype(np.float64)
        return np.asarray(np.maximum(self.weights * by_class, _LEAST_WEIGHT))

    def _model(self, solution: Solution) -> Model:
        """A model, not calibrated: its logits are `STEEP` times the outputs."""
        task, alpha, linear = self.task, STEEP * solution.alpha, None
        if self.spelling is not None:
            scores = score_count(len(task.classes), multi_label=task.multi_label)
            linear = self.spelling.part((_SPELLING * alpha[:, -scores:]).astype(np.float32))
        network = self.features.with_layer(STEEP * solution.weights, STEEP * solution.bias)
        bank = network.bank
        settings = replace(
            task.settings,
            frozen="on",
            channels="static",
            pooling=network.pooling.kind,
            widths=bank.widths,
            filters=bank.filters,
            min_count=ANY,
        )
        members = [Member(network, None)]
        return assembled(
            members, self.start, linear, task.classes, task.multi_label, settings, segmented=task.segmented
        )

    def _held_out(self, solution: Solution, bare: Model) -> tuple[NDArray[np.int64], Floats]:
        """Texts that say what answers are worth, and logits of answers to them by texts that are not among them.

        A training text that is the only one of its label says nothing.
        """
        if len(self.unseen):
            return self.unseen, _logits(bare, self.task, self.unseen)
        texts = np.flatnonzero(self.dealings[0] >= 0)  # none of the hints
        return texts, np.asarray(STEEP * solution.left_out[texts], np.float32)

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

    def _gain(self, one: Solution, other: Solution) -> float:
        """How much less one loses than the other on texts left out in turn, beyond what may be chance: nats a text."""
        difference = self._losses(other) - self._losses(one)
        return float(difference.mean() - difference.std() / len(difference) ** 0.5)

    def _losses(self, solution: Solution) -> Numbers:
        """Of calibrated answers to the texts that are left out in turn: (B,), each by the text's weight."""
        texts = np.flatnonzero(self.dealings[0] >= 0)
        logits = np.asarray(STEEP * solution.left_out[texts], np.float32)
        outputs = self._calibration(texts, logits).join.logits(logits, np.zeros_like(logits)).astype(np.float64)
        losses = losses_of_logits(outputs, self.task.learned[texts], multi_label=False)
        return np.asarray(losses * self.task.weights[texts])

    def _tell(
        self, calibration: Calibration, logits: Floats, targets: Floats, weights: Numbers, callback: Callback
    ) -> None:
        outputs = calibration.join.logits(logits, np.zeros_like(logits)).astype(np.float64)
        losses = losses_of_logits(outputs, targets, multi_label=self.task.multi_label)
        note = f"loss {np.average(losses, weights=weights):.2f} on texts left out in turn"
        seconds = time.perf_counter() - self.began
        stage = Stage(f"learning the last layer from {self.count:,} texts", "last layer")
        callback(TrainingEvent("stage", stage, seconds=seconds, note=note))

    def _course(self) -> dict[str, Any]:
        return {"curve": [], "kept": 0, "vectors": self.start.source, "known_words": self.start.known, **self.used}


def _logits(bare: Model, task: Task, texts: NDArray[np.int64]) -> Floats:
    """What a model that is not calibrated says about the texts of these numbers, (B, K)."""
    part, predictor = task.part(texts), Predictor(bare)
    return np.asarray(predictor.network_logits(part) + predictor.linear_margins(part), np.float32)
