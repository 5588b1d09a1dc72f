"""One training: networks and the linear part learn from some of the texts, and a model comes out, not calibrated yet.

A training is a job, a value, and depends on nothing else: it draws all that is random from generators of its own, and
opens vectors and threads itself. So it gives the same model wherever an executor does it.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from threading import Event
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from textcnn.evaluation.sample_weights import relative
from textcnn.model.linear import LinearPart
from textcnn.model.model import Member, Model
from textcnn.settings import Settings
from textcnn.text.ragged import Ragged
from textcnn.training.beside import Standing, encoder_members, standing, weighted
from textcnn.training.class_weights import class_weights, weighted_shares
from textcnn.training.device import Device, use_device
from textcnn.training.embeddings import begin
from textcnn.training.events import Callback, Stage, TrainingEvent
from textcnn.training.export import assembled, member_of
from textcnn.training.linear.search import chosen
from textcnn.training.linear.svm import USUAL, Examples, Recipe, fit_linear
from textcnn.training.loop import Trainer, TrainingPart
from textcnn.training.network.channels import Channels
from textcnn.training.network.model import Shape, TextCNN
from textcnn.training.task import Task

__all__ = ["Job", "Plan", "Run", "examples", "train"]


class Plan(NamedTuple):
    """What the first training finds out, and all others keep to."""

    share: float = 1.0  # of the usual number of epochs
    recipe: Recipe = USUAL  # of the linear part
    standing: Standing = Standing()  # of the sentence encoder beside the networks, if it is there


class Job(NamedTuple):
    """A training as a value."""

    task: Task
    learn: NDArray[np.int64]  # numbers of the texts that are learned from
    held: NDArray[np.int64]  # of those that are held out; none at the end
    stage: Stage = Stage()
    plan: Plan | None = None  # without one it is this training that makes it, and the held-out texts score each epoch
    again: Stage | None = None  # in which it is repeated if it finds that fewer epochs suit
    keep_last: bool = True  # weights of the last epoch, not of the best, unless the training ends early
    beside: bool = False  # the linear part learns beside the networks even where there is but one thread for these
    encoder: bool = False  # whether the sentence encoder stands beside the networks, if it is made for their vectors
    worth_it: bool = False  # whether it has to be worth the time that answers take with it
    unlabelled: tuple[str, ...] = ()  # texts without labels, which may teach the encoder

    @property
    def name(self) -> str:
        """What it does, in plain words."""
        return self.stage.name


class Run(NamedTuple):
    """A model, not calibrated, and how it came to be."""

    model: Model
    plan: Plan
    networks: int  # that were trained; the model may have the sentence encoder besides
    history: list[TrainingEvent]  # epochs of the first network
    kept: int  # the epoch of the checkpoint that the first network has; 0 if it did not come to the end of one
    start_loss: float  # before the first step
    vectors: str  # what the word vectors were at the start
    known_words: float  # share of the training tokens whose word has a pretrained vector
    stage: Stage
    stopped: bool  # by the callback
    seconds: float

    def ended(self) -> TrainingEvent:
        """The event at the end of the stage; loss and score are those of the first network, if epochs were scored."""
        last = self.history[self.kept - 1] if self.kept else TrainingEvent("epoch")
        return TrainingEvent(
            "stage",
            self.stage,
            networks=self.networks,
            epoch=len(self.history),
            epochs=last.epochs,
            loss=last.loss if last.validation_loss is None else last.validation_loss,
            validation_loss=last.validation_loss,
            score=last.score,
            seconds=self.seconds,
            note="; ".join(self._unusual()),
        )

    def _unusual(self) -> list[str]:
        diverged = sum(bool(event.note) for event in self.history)
        notes = [self._checkpoint()] if self.stopped or self.kept < len(self.history) else []
        return [*notes, *([f"the loss diverged in {diverged} of them"] if diverged else [])]

    def _checkpoint(self) -> str:
        if not self.kept:
            return "stopped before an epoch had ended" if self.stopped else "no checkpoint"
        early = "early stopping: " if self.history[-1].epoch < self.history[-1].epochs else ""
        return f"{'stopped: ' if self.stopped else early}checkpoint of epoch {self.kept} kept"


def train(job: Job, callback: Callback) -> Run:
    """Train the networks and the linear part.

    Raises:
        TrainingError: the loss diverges whatever the learning rate.
        VectorsError: the vectors cannot be read.
        SettingsError: the weights of classes do not suit the labels, or the device is not there.
    """
    with use_device(job.task.settings) as device:
        return _Training(job, device, callback).run()


def examples(job: Job) -> Examples:
    """What the linear part learns from."""
    task, targets = job.task, job.task.learned[job.learn]
    of_texts = relative(task.weights[job.learn]).astype(np.float32)
    return Examples.of(
        task.part(job.learn),
        targets,
        multi_label=task.multi_label,
        class_weights=class_weights(task.settings.class_weight, task.classes, targets, of_texts),
        of_texts=of_texts,
    )


class _Network(NamedTuple):
    """A trained network, and how it came to be."""

    member: Member
    history: list[TrainingEvent]
    kept: int
    share: float  # of the usual number of epochs, that suits it
    start_loss: float
    stopped: bool


class _Training:
    """A job while it is being done: words, vectors and weights of classes, for the networks and the linear part."""

    def __init__(self, job: Job, device: Device, callback: Callback) -> None:
        self.job, self.task, self.settings, self.device = job, job.task, job.task.settings, device
        self.callback, self.stage, self.began = callback, job.stage, time.perf_counter()
        self.hurry = Event()  # set when nobody wants to wait for the linear part's recipe
        self._phase("preparing words and vectors")
        self.start = begin(self.task.encoded, self.task.tokens(job.learn), self.settings, self._note)
        ragged = self.start.ragged(self.task.encoded)
        self.targets = self.task.learned[job.learn]
        self.of_texts = relative(self.task.weights[job.learn]).astype(np.float32)
        self.train = TrainingPart(ragged.take(job.learn), self.targets, self.of_texts)
        scored = job.plan is None and len(job.held) > 0
        self.validation = self._held(ragged) if scored else None
        self.weights = class_weights(self.settings.class_weight, self.task.classes, self.targets, self.of_texts)
        self.encoders = self._encoders() if job.encoder and (job.plan is None or job.plan.standing.weight) else ()

    def _held(self, ragged: Ragged) -> TrainingPart:
        held = self.job.held
        return TrainingPart(ragged.take(held), self.task.targets[held], self.task.weights[held].astype(np.float32))

    def run(self) -> Run:
        """Train all; without a plan, if fewer epochs suit, the networks twice."""
        share = self.job.plan.share if self.job.plan else 1.0
        networks, (linear, recipe) = self._both(share)
        plan = self._planned(networks, linear, self.job.plan or Plan(networks[0].share, recipe))
        run = self._assembled(networks, linear, plan)
        if self.job.again is None or plan.share == 1 or run.stopped:
            return run
        self.callback(run.ended())
        self.stage, self.began = self.job.again, time.perf_counter()
        networks = self._networks(plan.share)
        again = self._assembled(networks, linear, self._planned(networks, linear, plan))
        return run._replace(stopped=True) if again.stopped else again

    def _both(self, share: float) -> tuple[list[_Network], tuple[LinearPart | None, Recipe]]:
        """The networks, and the linear part beside them where there is a thread for it: neither needs the other."""
        if self.settings.linear == "off":
            return self._networks(share), (None, USUAL)
        if self.device.workers.threads == 1 and not self.job.beside:
            networks = self._networks(share)
            self._phase("fitting the linear part")
            return networks, self._linear()
        with ThreadPoolExecutor(1, "textcnn-linear") as pool:
            linear = pool.submit(self._linear)
            try:
                networks = self._networks(share)
            except BaseException:
                self.hurry.set()
                raise
            if not linear.done():
                self._phase("fitting the linear part")
            return networks, linear.result()

    def _assembled(self, networks: Sequence[_Network], linear: LinearPart | None, plan: Plan) -> Run:
        first = networks[0]
        members = self._members(networks, plan)
        return Run(
            model=self._model(members, linear, self.settings, beside=len(members) > len(networks)),
            plan=plan,
            networks=len(networks),
            history=first.history,
            kept=first.kept,
            start_loss=first.start_loss,
            vectors=self.start.source,
            known_words=self.start.known,
            stage=self.stage,
            stopped=networks[-1].stopped,
            seconds=time.perf_counter() - self.began,
        )

    def _members(self, networks: Sequence[_Network], plan: Plan) -> list[Member]:
        """The networks, and the encoder if it stands beside them."""
        members = [network.member for network in networks]
        if not self.encoders or not plan.standing.weight:
            return members
        return [*members, *weighted(self.encoders[plan.standing.taught], plan.standing.weight, len(members))]

    def _encoders(self) -> tuple[tuple[Member, ...], ...]:
        """The sentence encoder with a last layer of these texts, if it can stand beside the networks."""
        of_classes = np.float32(1) if self.task.multi_label else self.targets @ self.weights
        weights, plan = self.of_texts * of_classes, self.job.plan
        others = self.job.unlabelled if plan is None or plan.standing.taught else ()
        texts = self.task.encoded, self.train.ragged
        words, segmented = self.task.words, self.task.segmented
        return encoder_members(
            self.start, self.settings, *texts, self.targets, weights, words, others, segmented=segmented
        )

    def _planned(self, networks: Sequence[_Network], linear: LinearPart | None, plan: Plan) -> Plan:
        """The plan with how the encoder stands beside these networks, if it is this training that makes it."""
        held, task = self.job.held, self.task
        if not self.encoders or self.job.plan is not None:
            return plan
        members = [*(network.member for network in networks), *chain.from_iterable(self.encoders)]
        model = self._model(members, linear, replace(self.settings, keep_words=0), beside=True)
        texts = task.part(held), task.learned[held], task.weights[held]
        sizes = list(map(len, self.encoders))
        found = standing(model, sizes, *texts, multi_label=task.multi_label, worth_it=self.job.worth_it)
        return plan._replace(standing=found)

    def _model(
        self, members: Sequence[Member], linear: LinearPart | None, settings: Settings, *, beside: bool
    ) -> Model:
        task, copies = self.task, 1 + beside
        return assembled(
            members,
            self.start,
            linear,
            task.classes,
            task.multi_label,
            settings,
            segmented=task.segmented,
            copies=copies,
        )

    def _networks(self, share: float) -> list[_Network]:
        """One after the other, until the callback says stop."""
        networks: list[_Network] = []
        for number in range(self.settings.networks):
            network = self._network(number, share)
            if network.stopped and networks and not network.kept:  # its weights are random
                networks[-1] = networks[-1]._replace(stopped=True)
            else:
                networks.append(network)
            if network.stopped:
                self.hurry.set()
                break
        return networks

    def _network(self, number: int, share: float) -> _Network:
        """Network `number`, from the first step to its weights."""
        trainer, keep_last = self._trainer(number), self.job.keep_last
        history, stopped = self._epochs(trainer, number, share)
        kept = _kept(history, keep_last)
        if kept < len(history) or stopped:
            trainer.restore()
        suiting = len(history) / history[-1].epochs if history else 1.0
        if history and suiting == 1 and keep_last and not self.settings.epochs:
            suiting = trainer.suiting(len(self.targets), history)
        return _Network(member_of(trainer, self.settings), history, kept, suiting, trainer.start_loss, stopped)

    def _epochs(self, trainer: Trainer, number: int, share: float) -> tuple[list[TrainingEvent], bool]:
        """The epochs until the score stops getting better or the callback says stop, and whether it said so."""
        history: list[TrainingEvent] = []
        waited, patience = 0, self.settings.patience
        for event in trainer.events(self.train, self.validation, share):
            event = event._replace(stage=self.stage, network=number + 1, networks=self.settings.networks)
            if event.kind == "epoch":
                history.append(event)
                waited = 0 if event.best else waited + 1
            if self.callback(event):
                return history, True
            if patience and waited >= patience:
                break
        return history, False

    def _trainer(self, number: int) -> Trainer:
        """A fresh network `number` with all that trains it."""
        settings, task, device = self.settings, self.task, self.device
        seed = settings.seed + number
        channels = Channels(torch.from_numpy(self.start.matrix).to(device.name), settings.channels)
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
        generator = torch.Generator().manual_seed(seed)  # of weights, which are drawn on the processor
        network = TextCNN(shape, dropout=settings.dropout, workers=device.workers, generator=generator)
        if self.start.table is not None and settings.learned_filters == "on":
            network.start_from(self.start.table.filters, self.start.scale, skip=number * settings.filters)
        shares = weighted_shares(self.targets, self.weights, self.of_texts, multi_label=task.multi_label)
        network.output.bias.data = torch.from_numpy(_prior_logits(shares, task.multi_label))
        network.to(device.name)
        if device.name != "cpu":
            network.dropout.generator = device.generator(seed)
        return Trainer(
            network,
            channels,
            settings,
            weights=self.weights,
            multi_label=task.multi_label,
            afresh=self.start.afresh,
            encoder=any(of_one[0].network.pooling.kind != "mean" for of_one in self.encoders),  # a mean knows less
            seed=seed,
        )

    def _linear(self) -> tuple[LinearPart, Recipe]:
        """The linear part and its recipe: that of the plan, or, where there is none yet, the best.

        Who stops the training does not want to wait for the search, nor does who wants it to be fast.
        """
        given = examples(self.job)
        if self.settings.quality == "fast":
            recipe = USUAL
        else:
            plan = self.job.plan
            recipe = plan.recipe if plan else chosen(given, self.device.workers, self.hurry)
        return fit_linear(given, recipe, self.device.workers), recipe

    def _phase(self, doing: str) -> None:
        self.callback(TrainingEvent("phase", self.stage, note=doing))

    def _note(self, sentence: str) -> None:
        if self.job.plan is None:  # of the other trainings it would be said again
            self.callback(TrainingEvent("note", self.stage, note=sentence))


def _kept(history: Sequence[TrainingEvent], keep_last: bool) -> int:
    """The epoch whose weights are kept: the last, if that was the plan and it was reached, or else the best."""
    if keep_last and history and history[-1].epoch == history[-1].epochs:
        return history[-1].epoch
    return max((event.epoch for event in history if event.best), default=0)


def _prior_logits(shares: NDArray[np.float32], multi_label: bool) -> NDArray[np.float32]:
    """Biases of an output that knows no more than how much of all that counts has each label: (K,) -> (K,)."""
    share = np.clip(shares, 1e-4, 1 - 1e-4)
    prior = np.log(share / (1 - share)) if multi_label else np.log(share)
    return np.asarray(prior, np.float32)
