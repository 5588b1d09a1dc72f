"""One lesson: networks and the linear part learn from some of the texts, and a model comes out, not calibrated yet."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from textcnn.errors import TrainingError
from textcnn.model.linear import LinearPart
from textcnn.model.model import Member, Model
from textcnn.settings import Settings
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Encoded
from textcnn.training.class_weights import class_weights
from textcnn.training.device import Machine
from textcnn.training.embeddings import Start, begin
from textcnn.training.export import assembled, member_of
from textcnn.training.linear.search import chosen
from textcnn.training.linear.svm import USUAL, Examples, Recipe, fit_linear
from textcnn.training.loop import Epoch, Step, Trainer, TrainingPart
from textcnn.training.network.channels import Channels
from textcnn.training.network.model import Shape, TextCNN

__all__ = ["Labelled", "Lesson", "Task", "teach"]

Callback = Callable[["Step | Epoch | str"], bool]


class Labelled(NamedTuple):
    """Texts with the labels of each."""

    texts: Sequence[str]
    labels: Sequence[tuple[str, ...]]


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
        labels = [own for part in parts for own in part.labels]
        return cls(encoded, _targets(labels, classes), classes, settings, multi_label)

    def part(self, texts: NDArray[np.int64]) -> Encoded:
        """The chosen texts."""
        return self.encoded._replace(ragged=self.encoded.ragged.take(texts))


class Lesson(NamedTuple):
    """A model, and how it came to be."""

    learned: NDArray[np.int64]  # numbers of texts
    model: Model
    history: list[Epoch]  # of the first network
    kept: int  # the epoch whose weights it has
    share: float  # of the usual passes, that suits
    recipe: Recipe  # of the linear part
    start_loss: float  # before the first step
    start: Start
    stopped: bool  # by whoever watched


def teach(
    task: Task,
    learn: NDArray[np.int64],
    held: NDArray[np.int64] | None,
    machine: Machine,
    callback: Callback,
    before: Lesson | None = None,
    *,
    keep_last: bool = True,
) -> Lesson:
    """Train the networks and the linear part on some texts; others, if given, score each pass.

    The weights of the last pass are kept, or those of the best one. Those are kept, too, of a training that ends early.
    What was found out `before` is not sought again: how many passes suit, and the recipe of the linear part.
    """
    settings, encoded = task.settings, task.encoded
    in_training = np.zeros(len(task.targets), bool)
    in_training[learn] = True

    def say(note: str) -> None:
        if before is None:  # the second time it would be said again
            callback(note)

    start = begin(encoded, np.repeat(in_training, encoded.ragged.lengths), settings, say)
    ragged = start.ragged(encoded)
    train, validation = (
        None if part is None else TrainingPart(ragged.take(part), task.targets[part]) for part in (learn, held)
    )
    assert train is not None
    taught: list[_Taught] = []
    stopped = False
    for number in range(settings.networks):
        if settings.networks > 1:
            callback(f"network {number + 1} of {settings.networks}")
        trainer = _trainer(start, task, learn, machine, number)
        rows = trainer.rows(train, validation, before.share if before else 1.0)
        taught.append(_train(trainer, rows, callback, keep_last, len(learn)))
        if stopped := taught[-1].stopped:
            if len(taught) > 1 and not taught[-1].kept:
                taught.pop()  # it has not learned yet, and its weights are random
            break
    linear, recipe = _linear(task, learn, machine, before, hurried=stopped)
    return Lesson(
        learned=learn,
        model=assembled([each.member for each in taught], start, linear, task.classes, task.multi_label, settings),
        history=taught[0].history,
        kept=taught[0].kept,
        share=before.share if before else taught[0].suiting,
        recipe=recipe,
        start_loss=taught[0].start_loss,
        start=start,
        stopped=stopped,
    )


def _linear(
    task: Task, learn: NDArray[np.int64], machine: Machine, before: Lesson | None, *, hurried: bool
) -> tuple[LinearPart | None, Recipe]:
    """The linear part and its recipe; who stops the training does not want to wait for another than the usual one."""
    settings = task.settings
    if before and np.array_equal(before.learned, learn):
        return before.model.linear, before.recipe
    if settings.linear == "off":
        return None, USUAL
    examples, recipe = _examples(task, learn), USUAL
    if settings.quality != "fast" and not hurried:
        recipe = before.recipe if before else chosen(examples, machine.workers)
    return fit_linear(examples, recipe), recipe


def _examples(task: Task, learn: NDArray[np.int64]) -> Examples:
    """What the linear part learns from."""
    targets = task.targets[learn]
    weights = class_weights(task.settings.class_weight, task.classes, targets)
    return Examples.of(task.part(learn), targets, multi_label=task.multi_label, class_weights=weights)


class _Taught(NamedTuple):
    """A network, and how it came to be."""

    member: Member
    history: list[Epoch]
    kept: int  # the epoch whose weights it has; 0 if it did not come to the end of one
    suiting: float  # the share of the passes that suits it
    start_loss: float
    stopped: bool


def _train(trainer: Trainer, rows: Iterator[Step | Epoch], callback: Callback, keep_last: bool, texts: int) -> _Taught:
    """Train until the score stops getting better, or someone says stop."""
    settings = trainer.settings
    history: list[Epoch] = []
    waited, stopped = 0, False
    for row in rows:
        stopped = callback(row)
        if isinstance(row, Epoch):
            history.append(row)
            waited = 0 if row.best else waited + 1
        if stopped or (settings.patience and waited >= settings.patience):
            break
    kept = _kept(history, keep_last)
    if kept < len(history) or stopped:
        trainer.restore()
    suiting = len(history) / history[-1].epochs if history else 1.0
    if suiting == 1 and keep_last and not settings.epochs:
        suiting = trainer.suiting(texts, history)
    return _Taught(member_of(trainer, settings), history, kept, suiting, trainer.start_loss, stopped)


def _kept(history: list[Epoch], keep_last: bool) -> int:
    """The epoch whose weights are to be kept: the last if that was the plan and it was come to, or else the best."""
    if keep_last and history and history[-1].epoch == history[-1].epochs:
        return history[-1].epoch
    return max((row.epoch for row in history if row.best), default=0)


def _trainer(start: Start, task: Task, learn: NDArray[np.int64], machine: Machine, number: int) -> Trainer:
    """What teaches network `number`."""
    settings, targets, device = task.settings, task.targets[learn], machine.device
    seed = settings.seed + number
    torch.manual_seed(seed)
    channels = Channels(torch.from_numpy(start.matrix).to(device), settings.channels)
    shape = Shape(
        dimensions=channels.dimensions,
        labels=len(task.classes),
        widths=settings.widths,
        filters=settings.filters,
        stages=settings.stages,
        pooling=settings.pooling,
        k=settings.k,
        hidden=settings.hidden,
    )
    network = TextCNN(shape, dropout=settings.dropout, workers=machine.workers)
    if start.table is not None and settings.learned_filters == "on":
        network.start_from(start.table.filters, start.scale, skip=number * settings.filters)
    network.to(device)
    share = np.clip(targets.mean(axis=0), 1e-4, 1 - 1e-4)
    prior = np.log(share / (1 - share)) if task.multi_label else np.log(share)
    network.output.bias.data = torch.from_numpy(prior.astype(np.float32)).to(device)
    weights = class_weights(settings.class_weight, task.classes, targets)
    return Trainer(
        network, channels, settings, weights=weights, multi_label=task.multi_label, afresh=start.afresh, seed=seed
    )


def _targets(labels: Sequence[tuple[str, ...]], classes: Sequence[str]) -> NDArray[np.float32]:
    """Rows of zeros and ones: (B, K). A label that is not among the classes has no column."""
    number = {label: place for place, label in enumerate(classes)}
    targets = np.zeros((len(labels), len(classes)), np.float32)
    for row, own in enumerate(labels):
        for label in own:
            if label in number:
                targets[row, number[label]] = 1
    return targets
