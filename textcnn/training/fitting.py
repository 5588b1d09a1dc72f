"""From labelled texts to a model: encode, hold out, train, keep the best, calibrate, measure."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from textcnn.crew import Crew, free_cores
from textcnn.errors import SettingsError, TrainingError
from textcnn.learned import pack
from textcnn.metrics import measure
from textcnn.modelfile import Member, Model
from textcnn.network.channels import Channels
from textcnn.network.model import Shape, TextCNN
from textcnn.predictor import Predictor
from textcnn.settings import Settings, settled
from textcnn.tokens import folded
from textcnn.training.assembly import assembled, member_of
from textcnn.training.calibration import Calibration
from textcnn.training.choice import chosen
from textcnn.training.loop import Epoch, Part, Step, Trainer
from textcnn.training.ngrams import learn_ngrams
from textcnn.training.split import hold_out
from textcnn.training.start import Start, begin
from textcnn.training.weights import class_weights
from textcnn.training.wide import USUAL, Examples, Recipe, fit_wide
from textcnn.vocabulary import Encoded, encode

__all__ = ["Labelled", "Measured", "Watch", "chosen_device", "fit"]

Watch = Callable[["Step | Epoch | Measured | str"], bool]


class Labelled(NamedTuple):
    """Texts with the labels of each."""

    texts: Sequence[str]
    labels: Sequence[tuple[str, ...]]


class Measured(NamedTuple):
    """What the figures of a model are of: the model before it learned from these texts too, and the texts."""

    model: Model
    texts: NDArray[np.int64]  # numbers, those for training first, then those for validation
    held_out: bool  # False if there were too few texts to hold any out


def fit(
    train: Labelled,
    *,
    classes: Sequence[str],
    several: bool,
    settings: Settings,
    validation: Labelled | None = None,
    watch: Watch,
) -> Model:
    """Train a model.

    Args:
        train: at least two classes.
        classes: all labels, in the order of the model's.
        several: whether a text can have several labels.
        settings: checked already.
        validation: scored after each pass, without the texts that are in `train`, too; if none are left, or none are
            given, a part of `train` is held out.
        watch: is told every Step, Epoch, Measured and note; training ends, with the best weights so far, when it
            returns True.

    Raises:
        TrainingError: there is nothing to learn from.
        VectorsError: the vectors cannot be read.
    """
    settings = settled(settings, len(classes))
    data = _Data.of(train, validation, classes, settings, several)
    every = np.arange(len(train.texts))
    learn, held = every, _unseen(train, validation, watch)
    own = not len(held)  # whether what is held out is of the training texts
    if own:
        strata = [labels[:1] for labels in train.labels] if several else train.labels
        keys = map(folded, train.texts)
        learn, held = hold_out(list(keys), strata, settings.validation_share, np.random.default_rng(settings.seed))
    with _machine(settings) as machine:
        judges = held if len(held) else learn
        lesson = _learn(data, learn, judges, machine, watch)
        calibration, figures = _judged(lesson, data, judges)
        model = replace(calibration.applied(lesson.model), figures=figures)
        watch(Measured(model, judges, len(held) > 0))
        if _refits(settings) and own and len(held) and not lesson.stopped:
            watch("the same again with the held-out texts")
            again = _learn(data, every, None, machine, watch, lesson)
            if not again.stopped:
                model = replace(calibration.applied(again.model), figures=figures)
    if settings.keep_ngrams == "on":
        model = replace(model, packed=pack(learn_ngrams(model, data.part(every), data.targets[every])))
    return replace(model, fingerprint=_fingerprint(train))


def _unseen(train: Labelled, validation: Labelled | None, watch: Watch) -> NDArray[np.int64]:
    """Numbers of the validation texts that are not learned from: only they can tell how good a model is."""
    if validation is None:
        return np.empty(0, np.int64)
    learned = set(map(folded, train.texts))
    unseen = [number for number, text in enumerate(validation.texts) if folded(text) not in learned]
    left_out = len(validation.texts) - len(unseen)
    if left_out:
        rest = "" if unseen else "; a part of the training texts is held out instead"
        watch(f"{left_out} of {len(validation.texts)} validation texts are training texts too and left out{rest}")
    return np.array(unseen, np.int64) + len(train.texts)


def _refits(settings: Settings) -> bool:
    return settings.refit == "on" or (settings.refit == "auto" and settings.quality != "fast")


class _Data(NamedTuple):
    """All texts, encoded, with their targets, and what is to be learned of them."""

    encoded: Encoded
    targets: NDArray[np.float32]  # (B, K) zeros and ones
    classes: Sequence[str]
    settings: Settings
    several: bool

    @classmethod
    def of(
        cls, train: Labelled, validation: Labelled | None, classes: Sequence[str], settings: Settings, several: bool
    ) -> "_Data":
        parts = [train, *([validation] if validation else [])]
        encoded = encode([text for part in parts for text in part.texts], settings.max_words)
        if not len(encoded.ragged.words):
            raise TrainingError("all texts are empty: there is no word to learn from")
        labels = [own for part in parts for own in part.labels]
        return cls(encoded, _targets(labels, classes), classes, settings, several)

    def part(self, texts: NDArray[np.int64]) -> Encoded:
        """The chosen texts."""
        return self.encoded._replace(ragged=self.encoded.ragged.take(texts))


class _Lesson(NamedTuple):
    """A model, and how it came to be."""

    model: Model
    history: list[Epoch]  # of the first network
    passes: list[int]  # of each network
    recipe: Recipe  # of the wide part
    start_loss: float  # before the first step
    start: Start
    stopped: bool  # by whoever watched


def _learn(
    data: _Data,
    learn: NDArray[np.int64],
    held: NDArray[np.int64] | None,
    machine: "_Machine",
    watch: Watch,
    before: _Lesson | None = None,
) -> _Lesson:
    """Train the networks and the wide part on some texts; others, if given, say which weights are best.

    What was found out `before`, on fewer texts, is not sought again.
    """
    settings, encoded = data.settings, data.encoded
    in_training = np.zeros(len(data.targets), bool)
    in_training[learn] = True

    def say(note: str) -> None:
        if held is not None:  # the second time it would be said again
            watch(note)

    start = begin(encoded, np.repeat(in_training, encoded.ragged.lengths), settings, say)
    ragged = start.ragged(encoded)
    train, validation = (
        None if part is None else Part(ragged.take(part), data.targets[part]) for part in (learn, held)
    )
    assert train is not None
    taught: list[_Taught] = []
    for number in range(settings.networks):
        if settings.networks > 1:
            watch(f"network {number + 1} of {settings.networks}")
        trainer = _trainer(start, data, learn, machine, number)
        rows = trainer.rows(train, validation, before.passes[number] if before else 0)
        history, stopped = _run(rows, settings.patience, watch)
        trainer.restore()
        taught.append(_Taught(member_of(trainer, settings), history, trainer.start_loss, stopped))
        if stopped:
            break
    wide, recipe = None, USUAL
    if settings.wide == "on":
        examples = _examples(data, learn)
        if settings.quality != "fast" and not taught[-1].stopped:  # who stops it does not want to wait
            recipe = before.recipe if before else chosen(examples, machine.crew)
        wide = fit_wide(examples, recipe)
    return _Lesson(
        model=assembled([each.member for each in taught], start, wide, data.classes, data.several, settings),
        history=taught[0].history,
        passes=[len(each.history) for each in taught],
        recipe=recipe,
        start_loss=taught[0].start_loss,
        start=start,
        stopped=taught[-1].stopped,
    )


def _examples(data: _Data, learn: NDArray[np.int64]) -> Examples:
    """What the wide part learns from."""
    targets = data.targets[learn]
    weights = class_weights(data.settings.class_weight, data.classes, targets)
    return Examples.of(data.part(learn), targets, several=data.several, class_weights=weights)


class _Taught(NamedTuple):
    """A network, and how it came to be."""

    member: Member
    history: list[Epoch]
    start_loss: float
    stopped: bool


def _targets(labels: Sequence[tuple[str, ...]], classes: Sequence[str]) -> NDArray[np.float32]:
    """Rows of zeros and ones: (B, K). A label that is not among the classes has no column."""
    number = {label: place for place, label in enumerate(classes)}
    targets = np.zeros((len(labels), len(classes)), np.float32)
    for row, own in enumerate(labels):
        for label in own:
            if label in number:
                targets[row, number[label]] = 1
    return targets


class _Machine(NamedTuple):
    """Who does the work."""

    device: str
    crew: Crew


def chosen_device(settings: Settings) -> str:
    """Where training will take place.

    Raises:
        SettingsError: this machine does not have that.
    """
    device = settings.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if (device == "cuda" and not torch.cuda.is_available()) or (
        device == "mps" and not torch.backends.mps.is_available()
    ):
        raise SettingsError(f"device: there is no {device} on this machine; use --device cpu")
    return device


@contextmanager
def _machine(settings: Settings) -> Iterator[_Machine]:
    """Device and threads; torch's seed and number of threads are as they were before when the block ends."""
    device, before = chosen_device(settings), torch.get_num_threads()
    torch.set_num_threads(1)  # its own threads suffer from busy cores, see crew.py; each thread has a number of its own
    crew = Crew(settings.threads or free_cores(), partial(torch.set_num_threads, 1))
    try:
        with torch.random.fork_rng():
            yield _Machine(device, crew)
    finally:
        crew.close()
        torch.set_num_threads(before)


def _trainer(start: Start, data: _Data, learn: NDArray[np.int64], machine: _Machine, number: int) -> Trainer:
    """What teaches network `number`."""
    settings, targets, device = data.settings, data.targets[learn], machine.device
    seed = settings.seed + number
    torch.manual_seed(seed)
    channels = Channels(torch.from_numpy(start.matrix).to(device), settings.channels)
    shape = Shape(
        dimensions=channels.dimensions,
        labels=len(data.classes),
        widths=settings.widths,
        filters=settings.filters,
        stages=settings.stages,
        pooling=settings.pooling,
        k=settings.k,
        hidden=settings.hidden,
    )
    network = TextCNN(shape, dropout=settings.dropout, crew=machine.crew)
    if start.table is not None and settings.learned_filters == "on":
        network.start_from(start.table.filters, start.scale, skip=number * settings.filters)
    network.to(device)
    share = np.clip(targets.mean(axis=0), 1e-4, 1 - 1e-4)
    prior = np.log(share / (1 - share)) if data.several else np.log(share)
    network.output.bias.data = torch.from_numpy(prior.astype(np.float32)).to(device)
    weights = class_weights(settings.class_weight, data.classes, targets)
    return Trainer(network, channels, settings, weights=weights, several=data.several, seed=seed)


def _run(rows: Iterator[Step | Epoch], patience: int, watch: Watch) -> tuple[list[Epoch], bool]:
    """Train until the score stops getting better, or someone says stop; the epochs, and whether someone did."""
    history: list[Epoch] = []
    waited, stop = 0, False
    for row in rows:
        stop = watch(row)
        if isinstance(row, Epoch):
            history.append(row)
            waited = 0 if row.best else waited + 1
        if stop or (patience and waited >= patience):
            break
    return history, stop


def _judged(lesson: _Lesson, data: _Data, held: NDArray[np.int64]) -> tuple[Calibration, dict[str, Any]]:
    """Calibrate on held-out texts, and say how good the model is there."""
    predictor, texts, targets = Predictor(lesson.model), data.part(held), data.targets[held]
    network, wide = predictor.network_logits(texts), predictor.wide_margins(texts)
    calibration = Calibration.of(network, wide, targets, several=data.several)
    model = calibration.applied(lesson.model)
    probabilities = calibration.probabilities(network, wide)
    gold = [tuple(model.labels[place] for place in np.flatnonzero(row)) for row in targets]
    report = measure(gold, probabilities, Predictor(model).choose, model.labels, several=data.several)
    figures = {
        "validation": report.figures(),
        "start_loss": lesson.start_loss,
        "diverged": sum(bool(row.note) for row in lesson.history),
        "curve": [[row.loss, row.validation_loss, row.score] for row in lesson.history],
        "vectors": lesson.start.source,
        "known_words": lesson.start.known,
        "training_texts": len(data.targets),
    }
    return calibration, figures


def _fingerprint(train: Labelled) -> str:
    """SHA-256 of the texts and labels, in order."""
    digest = hashlib.sha256()
    for text, labels in zip(train.texts, train.labels, strict=True):
        digest.update(json.dumps([text, labels]).encode())
    return digest.hexdigest()
