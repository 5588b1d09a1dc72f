"""The training loop: a generator of events. It never prints, saves or decides when to stop; whoever reads it does.

One network learns from one part and is scored on another. The loss is cross entropy over softmax for one label per
text, binary cross entropy over sigmoids for several: of a batch the mean, in which a text counts by its weight, for one
label per text times that of its class. An epoch whose loss diverges is taken back: the best weights
return and both learning rates fall to a quarter.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from copy import deepcopy
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from textcnn.errors import TrainingError
from textcnn.settings import Settings
from textcnn.text.ragged import Ragged
from textcnn.training.batches import Batch, batches
from textcnn.training.events import TrainingEvent
from textcnn.training.network.channels import Channels
from textcnn.training.network.model import TextCNN
from textcnn.training.optimizer import Adam

__all__ = ["Trainer", "TrainingPart", "usual_epochs"]

_MOST_RESCUES = 12
_DIVERGED = 3.0  # times the loss at the start; a guess by the prior alone costs a third of this
_LOOKED = 1000  # texts that tell the loss at the start
_SEEN, _EPOCHS = 50_000, 10  # texts that are enough, each counted as often as it is seen; epochs that are enough
_FAST = 0.8  # times the epochs that are enough, for `fast`
_SEEN_OF_FEW = 16_000  # texts that must be seen all the same
_SEEN_BESIDE = 2_000  # the same where the sentence encoder stands beside the network
_MOST_EPOCHS = 200
_BEYOND = 1.5  # times the epochs to the least loss on held-out texts: the learning rate falls only at the end of all
_LEAST_WEIGHT = 1e-12  # of a batch
_WORSENED = 2  # one of so many batches is learned from made worse, too; all of them gain nothing beyond noise
_FEWER = 0.7  # a larger share of the epochs is not worth learning again


class TrainingPart(NamedTuple):
    """Texts with their targets, rows of zeros and ones or of probabilities, and their weights."""

    ragged: Ragged
    targets: NDArray[np.float32]  # (B, K)
    weights: NDArray[np.float32]  # (B,)


class _Limits(NamedTuple):
    """Losses from which on training has diverged."""

    training: float  # mean over an epoch
    validation: float

    def exceeded(self, training: float, validation: float | None) -> bool:
        """Whether one of them is too large, or no number."""
        return not training <= self.training or (validation is not None and not validation <= self.validation)


def usual_epochs(
    texts: int, labels: int, settings: Settings, *, afresh: bool = False, seen_of_few: int = _SEEN_OF_FEW
) -> int:
    """Epochs over so many texts: as set, or so that enough texts are seen; few texts need fewer in all."""
    enough = min(_SEEN / max(texts, 1), _EPOCHS) * (_FAST if settings.quality == "fast" else 1)
    number = max(enough, seen_of_few / max(texts, 1)) * _longer(labels, afresh=afresh)
    return settings.epochs or int(np.clip(round(number), 4, _MOST_EPOCHS))


def _longer(labels: int, *, afresh: bool) -> int:
    """More labels take longer to learn, and so do words of which nothing is known."""
    return (1 if labels <= 2 else 2) * (2 if afresh else 1)


class Trainer:
    """A network, its word vectors, what it learns from, and the best weights so far."""

    def __init__(
        self,
        network: TextCNN,
        channels: Channels,
        settings: Settings,
        *,
        weights: NDArray[np.float32],
        multi_label: bool,
        afresh: bool = False,
        encoder: bool = False,
        seed: int = 0,
    ) -> None:
        self.afresh = afresh  # nothing was known of the words before
        self.seen_of_few = _SEEN_BESIDE if encoder else _SEEN_OF_FEW
        self.network, self.channels, self.settings, self.multi_label = network, channels, settings, multi_label
        self.device = next(network.parameters()).device.type
        self.weights = torch.from_numpy(weights).to(self.device)  # (K,) of the classes
        self.random = np.random.default_rng(seed)
        self.rate = 1.0  # falls when the loss diverges
        self.start_loss = float("nan")  # before the first step
        self.best: tuple[dict[str, Tensor], Tensor | None] | None = None
        self.best_score = (-np.inf, -np.inf)
        self._start_optimizers()

    def _start_optimizers(self) -> None:
        settings = self.settings
        workers = self.network.workers
        self.optimizers = [
            (weight, Adam(weight, settings.weight_decay * (weight.ndim > 1), workers))  # a bias has its own reasons
            for weight in self.network.parameters()
        ]
        table = self.channels.trained
        self.row_optimizer = (
            None if table is None or not settings.vector_learning_rate else Adam(table, workers=workers)
        )

    def events(
        self, train: TrainingPart, validation: TrainingPart | None, share: float = 1.0
    ) -> Iterator[TrainingEvent]:
        """Train for that share of the usual epochs; an event after each batch and epoch, and the best are kept."""
        rescues = 0
        start = self._weights()
        self.start_loss = self.validate(validation or train)[0]
        limits = self._limits(train)
        epochs = max(round(share * self.epochs(len(train.targets))), 1)
        for epoch in range(1, epochs + 1):
            began, note = time.perf_counter(), ""
            loss = yield from self._epoch(train, epoch, epochs, limits)
            validation_loss, score = self.validate(validation) if validation else (None, None)
            if limits.exceeded(loss, validation_loss):
                rescues += 1
                note = self._rescue(start, rescues)
                validation_loss, score = self.validate(validation) if validation else (None, None)
            best = not note and self._remember(score, validation_loss)
            yield TrainingEvent(
                "epoch",
                epoch=epoch,
                epochs=epochs,
                loss=loss,
                validation_loss=validation_loss,
                score=score,
                seconds=time.perf_counter() - began,
                best=best,
                note=note,
            )

    def _epoch(
        self, train: TrainingPart, epoch: int, epochs: int, limits: _Limits
    ) -> Generator[TrainingEvent, None, float]:
        """Learn from each batch once, or until the loss has diverged; returns the mean loss."""
        size = self.settings.batch_size or int(np.clip(len(train.targets) // 30, 16, 100))
        count = -(-len(train.targets) // size)
        slower = 1.0 if self.settings.batch_size else (size / 100) ** 0.5  # small batches are noisy
        total = 0.0
        for number, batch in enumerate(self._batches(train, size), 1):
            done = (epoch - 1 + (number - 1) / count) / epochs
            falling = 1 - done * (self.settings.schedule == "linear")
            worsen = self.settings.adversarial > 0 and ((epoch - 1) * count + number) % _WORSENED == 0
            loss = self._step(batch, train, self.rate * slower * falling, worsen=worsen)
            total += loss * len(batch.texts)
            if limits.exceeded(total / len(train.targets), None):
                break
            yield TrainingEvent("batch", epoch=epoch, epochs=epochs, batch=number, batches=count, loss=loss)
        return total / max(len(train.targets), 1)

    def _limits(self, train: TrainingPart) -> _Limits:
        """Held-out texts vary more."""
        most = _DIVERGED * self._start_loss_of(train)
        return _Limits(most, _DIVERGED * max(most, _DIVERGED * self.start_loss))

    def _start_loss_of(self, train: TrainingPart) -> float:
        """The loss of texts that are learned from, as steps tell it: smoothed, and of these texts' labels.

        That of some of them, or, as a rare label may be none of theirs, of answering all alike, whichever is more.
        """
        count = len(train.targets)
        looked = np.linspace(0, count - 1, min(count, _LOOKED)).astype(np.int64)
        logits = self.logits(train.ragged.take(looked))
        alike = logits.mean(dim=0).expand(count, -1)
        answers = (logits, train.targets[looked], train.weights[looked]), (alike, train.targets, train.weights)
        return max(float(self._loss(*answer, smooth=True)) for answer in answers)

    def _batches(self, part: TrainingPart, size: int) -> Iterator[Batch]:
        dropout = self.settings.word_dropout
        return batches(part.ragged, size, device=self.device, random=self.random, word_dropout=dropout)

    def epochs(self, texts: int) -> int:
        """Epochs over the training texts."""
        return usual_epochs(texts, len(self.weights), self.settings, afresh=self.afresh, seen_of_few=self.seen_of_few)

    def suiting(self, texts: int, history: Sequence[TrainingEvent]) -> float:
        """The share of the epochs that suits: less if the loss on held-out texts was least long before the end."""
        least = min(history, key=lambda event: (event.validation_loss or 0.0, -event.epoch)).epoch
        longer = _longer(len(self.weights), afresh=self.afresh)
        needed = self.seen_of_few / 2 / max(texts, 1) * longer  # few held-out texts say little
        found = max(_BEYOND * least, needed) / len(history)
        return found if found <= _FEWER else 1.0

    def _step(self, batch: Batch, part: TrainingPart, rate: float, *, worsen: bool) -> float:
        """Learn from a batch of a part, made worse, too, or not; `rate` multiplies the learning rates."""
        self.network.train()
        self.network.zero_grad()
        vectors = self.channels.rows(batch.distinct)
        loss, gradient = self._backward(batch, vectors, part)
        if worsen and gradient is not None:
            gradient = gradient + self._worsened(batch, vectors, gradient, part)
        if np.isfinite(loss):
            settings = self.settings
            for weight, optimizer in self.optimizers:
                if weight.grad is not None:
                    optimizer.step(weight.grad, rate * settings.learning_rate)
            if self.row_optimizer is not None and gradient is not None:
                trained = self.channels.trained_part(gradient)
                self.row_optimizer.step(trained, rate * settings.vector_learning_rate, batch.distinct)
            self._limit_norm()
        return loss

    def _backward(self, batch: Batch, vectors: Tensor, part: TrainingPart) -> tuple[float, Tensor | None]:
        """The loss, and its gradient for the vectors; the network's own gradients add up where they are."""
        leaf = vectors.detach().requires_grad_(self.channels.trained is not None or self.settings.adversarial > 0)
        logits = self.network(leaf, batch.words, batch.starts)
        loss = self._loss(logits, part.targets[batch.texts], part.weights[batch.texts], smooth=True)
        loss.backward()
        return loss.item(), leaf.grad

    def _worsened(self, batch: Batch, vectors: Tensor, gradient: Tensor, part: TrainingPart) -> Tensor:
        """Learn also from the batch with its vectors moved to where the loss grows fastest (Miyato et al. 2017).

        The step is as long as that of one text times the root of their number, for they share their words' vectors.
        """
        length = self.settings.adversarial * len(batch.texts) ** 0.5
        _, found = self._backward(batch, vectors + gradient * (length / (gradient.norm() + 1e-12)), part)
        assert found is not None
        return found

    def _loss(
        self, logits: Tensor, targets: NDArray[np.float32], weights: NDArray[np.float32], *, smooth: bool
    ) -> Tensor:
        wanted, of_texts = (torch.from_numpy(array).to(self.device) for array in (targets, weights))
        share = self.settings.label_smoothing if smooth else 0.0
        if self.multi_label:
            each = nn.functional.binary_cross_entropy_with_logits(
                logits, wanted * (1 - share) + share / 2, reduction="none"
            )
            total = of_texts.sum().clamp(min=_LEAST_WEIGHT) * wanted.shape[1]
            return (each * self.weights * of_texts[:, None]).sum() / total
        smoothed = wanted * (1 - share) + share / wanted.shape[1]
        weight = (wanted @ self.weights) * of_texts
        total = weight.sum().clamp(min=_LEAST_WEIGHT)  # a batch may hold nothing but texts whose weight is 0
        return -((smoothed * logits.log_softmax(dim=1)).sum(dim=1) * weight).sum() / total

    def _limit_norm(self) -> None:
        """Rescale output weights that are longer than the limit (Kim 2014, section 2.1)."""
        limit = self.settings.max_norm
        if limit:
            weight = self.network.output.weight.data
            norm = weight.norm(dim=1, keepdim=True)
            weight.mul_(limit / norm.clamp(min=limit))

    @torch.no_grad()
    def logits(self, ragged: Ragged) -> Tensor:
        """(B, K) without dropout."""
        self.network.eval()
        pieces = [
            self.network(self.channels.rows(batch.distinct), batch.words, batch.starts)
            for batch in batches(ragged, 200, device=self.device)
        ]
        return torch.cat(pieces)

    def validate(self, part: TrainingPart) -> tuple[float, float]:
        """Loss without smoothing, and accuracy or micro F1."""
        logits = self.logits(part.ragged)
        loss = float(self._loss(logits, part.targets, part.weights, smooth=False))
        targets, weights = (torch.from_numpy(array).to(self.device) for array in (part.targets, part.weights))
        if self.multi_label:
            given, wanted = (table * weights[:, None] for table in ((logits > 0).float(), targets))
            return loss, float(2 * (given * targets).sum() / (given.sum() + wanted.sum()).clamp(min=_LEAST_WEIGHT))
        right = (logits.argmax(dim=1) == targets.argmax(dim=1)).float()
        return loss, float((right * weights).sum() / weights.sum().clamp(min=_LEAST_WEIGHT))

    def _weights(self) -> tuple[dict[str, Tensor], Tensor | None]:
        table = self.channels.trained
        return deepcopy(self.network.state_dict()), None if table is None else table.clone()

    def _remember(self, score: float | None, loss: float | None) -> bool:
        """Keep the weights if they score better, or as well with less loss; the last ones if there is no score."""
        found = None if score is None or loss is None else (score, -loss)
        if found is not None and found <= self.best_score:
            return False
        self.best_score, self.best = found or self.best_score, self._weights()
        return True

    def restore(self) -> None:
        """Return to the best weights, if any were kept."""
        if self.best is not None:
            self._put_back(self.best)

    def _put_back(self, weights: tuple[dict[str, Tensor], Tensor | None]) -> None:
        self.network.load_state_dict(weights[0])
        if weights[1] is not None and self.channels.trained is not None:
            self.channels.trained.copy_(weights[1])

    def _rescue(self, start: tuple[dict[str, Tensor], Tensor | None], rescues: int) -> str:
        """Go back to the best weights with a quarter of the learning rate."""
        if rescues > _MOST_RESCUES:
            raise TrainingError(
                "the loss stays far above that of guessing, or is no number, however small the learning rate; "
                "check the vectors and the weights of classes"
            )
        self._put_back(self.best or start)
        self.rate /= 4
        self._start_optimizers()
        rate = self.rate * self.settings.learning_rate
        return f"the loss diverged: went back to the best weights, learning rate now {rate:.2g}"
