"""Trainings that take no time: a few texts, small settings, and what was said while they went on."""

from typing import Any

import numpy as np

from textcnn.settings import Settings
from textcnn.training.events import TrainingEvent
from textcnn.training.fit import FitResult, fit
from textcnn.training.task import Labelled

TEXTS = [
    *("win a free prize now", "free cash for you", "claim your prize", "you have won cash", "free entry, text win"),
    *("see you at lunch", "are you home yet", "call me when you can", "lunch at noon then", "I am on my way"),
]
LABELS = [("spam",)] * 5 + [("ham",)] * 5


def quick(**values: Any) -> Settings:
    """Settings of a small network alone, whose training takes a third of that with a linear part.

    Two threads would wait for each other longer than they work.
    """
    alone = {"vectors": "none", "filters": 8, "epochs": 4, "dimensions": 8, "linear": "off", "threads": 1}
    return Settings(**{**alone, **values})


def by_chance(seed: int = 0) -> Labelled:
    """What one of these texts is says nothing about another."""
    random = np.random.default_rng(seed)
    words = random.integers(0, 20, (60, 4))
    texts = [f"n{number} " + " ".join(f"w{word}" for word in row) for number, row in enumerate(words)]
    return Labelled(texts, [(("ham", "spam")[chosen],) for chosen in random.integers(0, 2, len(texts))])


class Heard:
    """A callback that remembers all events, and says stop from the n-th batch or epoch on, if it is told to."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self.events: list[TrainingEvent] = []
        self.stop_after = stop_after

    def __call__(self, event: TrainingEvent) -> bool:
        """Remember the event."""
        self.events.append(event)
        return len(self.of("batch", "epoch")) > self.stop_after

    def of(self, *kinds: str) -> list[TrainingEvent]:
        """The events of these kinds."""
        return [event for event in self.events if event.kind in kinds]

    @property
    def stages(self) -> list[str]:
        """Names of the stages that have ended."""
        return [event.stage.name for event in self.of("stage")]

    @property
    def notes(self) -> list[str]:
        """Sentences for the user."""
        return [event.note for event in self.of("note")]


def fitted(training: Labelled | None = None, callback: Any = None, **values: Any) -> FitResult:
    """The result of a small fit to ham and spam."""
    return fit(
        training or Labelled(TEXTS, LABELS),
        classes=["ham", "spam"],
        multi_label=False,
        settings=quick(**values),
        callback=callback or Heard(),
    )


_SUBJECTS = ("the school", "a river", "this song", "an old bridge", "the king", "a train")
_ASKED = {"who": ("Who made {}?", "Which woman saw {}?"), "when": ("When was {} made?", "What year is {} from?")}


def questions(by: str) -> tuple[list[str], list[tuple[str, ...]]]:
    """Questions, and labels that stand for "what is asked" or for "what it is about"."""
    every = [(kind, it, wording.format(it)) for it in _SUBJECTS for kind, said in _ASKED.items() for wording in said]
    labels = [(kind if by == "what is asked" else f"about {it}",) for kind, it, _ in every]
    return [text for *_, text in every], labels
