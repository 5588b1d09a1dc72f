"""From trained weights to a model: out of torch, vectors in bytes, with words added that the texts did not have."""

from collections.abc import Sequence

import numpy as np

import textcnn
from textcnn.lookup import Network, Pooling
from textcnn.modelfile import Member, Model, settings_record
from textcnn.settings import Settings
from textcnn.tokens import normal
from textcnn.training.loop import Trainer
from textcnn.training.start import Start
from textcnn.vectors.table import Quantized
from textcnn.vocabulary import Vocabulary
from textcnn.wide import Wide

__all__ = ["assembled", "member_of"]


def member_of(trainer: Trainer, settings: Settings) -> Member:
    """Take the weights out of torch, vectors in bytes."""
    weights = {name: weight.cpu().numpy() for name, weight in trainer.network.state_dict().items()}
    network = Network(
        widths=tuple(settings.widths),
        pooling=Pooling(settings.pooling, settings.k),
        filters=tuple(weights[f"filters.{stage}"] for stage in range(settings.stages)),
        biases=tuple(weights[f"biases.{stage}"] for stage in range(settings.stages)),
        layers=tuple(
            (weights[f"layers.{layer}.weight"], weights[f"layers.{layer}.bias"])
            for layer in range(len(settings.hidden) + 1)
        ),
    )
    trained = trainer.channels.trained
    return Member(network, None if trained is None else Quantized.of(trained.cpu().numpy()))


def assembled(
    members: Sequence[Member],
    start: Start,
    wide: Wide | None,
    classes: Sequence[str],
    several: bool,
    settings: Settings,
) -> Model:
    """Put everything together, with the table's frequent words added."""
    words, static = _kept(start, settings.keep_words)
    keep_all = settings.channels in ("static", "both")
    if keep_all:
        seen = Quantized.of(start.matrix)
        static = Quantized(np.concatenate([seen.values, static.values]), np.concatenate([seen.scales, static.scales]))
    return Model(
        labels=tuple(classes),
        several=several,
        settings=settings_record(settings),
        vocabulary=Vocabulary.of([*start.words, *words]),
        static=static,
        first_static=0 if keep_all else len(start.words),
        members=tuple(members),
        wide=wide,
        version=textcnn.__version__,
    )


def _kept(start: Start, most: int) -> tuple[list[str], Quantized]:
    """The table's most frequent words that the texts do not have."""
    dimensions = start.matrix.shape[1]
    if start.table is None:
        return [], Quantized(np.empty((0, dimensions), np.int8), np.empty(0, np.float32))
    own = set(start.words)
    words: list[str] = []
    rows: list[int] = []
    for row in range(len(start.table.vocabulary)):
        if len(rows) >= most:
            break
        word = start.table.vocabulary.word(row)
        if word not in own and word == normal(word):  # others cannot be found
            words.append(word)
            rows.append(row)
    chosen = np.array(rows, np.int64)
    vectors = start.table.vectors
    return words, Quantized(vectors.values[chosen], (vectors.scales[chosen] * start.scale).astype(np.float32))
