"""What a training says while it goes on: one kind of event for every callback."""

from collections.abc import Callable
from typing import Literal, NamedTuple

__all__ = ["Callback", "Stage", "TrainingEvent"]


class Stage(NamedTuple):
    """One training among those that make a model."""

    name: str = ""  # what it does, in plain words: "holding out part 1 of 3"
    short: str = ""  # the same where there is little room: "part 1/3"
    number: int = 1
    total: int = 1  # stages in all, at most


class TrainingEvent(NamedTuple):
    """Something that has happened.

    kind    when it comes              what is filled in
    note    at any time                note, a sentence for the user
    phase   before work without epochs note, what is being done now
    batch   after each batch           epoch, epochs, batch, batches, loss of the batch
    epoch   after each epoch           epoch, epochs, loss, validation_loss and score if texts are held out, seconds,
                                       best, and a note if the loss diverged
    stage   at the end of a stage      epoch, the number of epochs run; loss and score on the texts held out, if any;
                                       seconds; a note about what was unusual
    """

    kind: Literal["note", "phase", "batch", "epoch", "stage"]
    stage: Stage = Stage()
    network: int = 1
    networks: int = 1
    epoch: int = 0
    epochs: int = 0  # at most
    batch: int = 0
    batches: int = 0
    loss: float = float("nan")  # mean over the texts, in nats, with dropout unless they are held out
    validation_loss: float | None = None
    score: float | None = None  # accuracy, or micro F1 if texts can have several labels
    seconds: float = 0.0
    best: bool = False  # whether no epoch before was better
    note: str = ""


Callback = Callable[[TrainingEvent], bool]  # training ends, with the best checkpoint, when it returns True
