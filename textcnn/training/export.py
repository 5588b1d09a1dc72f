"""From trained weights to a model: arrays in place of tensors, quantized vectors, words that the texts did not have."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from textcnn.model.linear import LinearPart
from textcnn.model.model import Member, Model
from textcnn.model.network import Network
from textcnn.settings import Settings, record
from textcnn.storage.quantized import Quantized
from textcnn.text.tokens import normal
from textcnn.text.vocabulary import UNKNOWN, Vocabulary
from textcnn.training.embeddings import Start
from textcnn.version import __version__

if TYPE_CHECKING:
    from textcnn.training.loop import Trainer

__all__ = ["assembled", "member_of"]

_MOST_BYTES = 17_000_000  # of word vectors, so that a model of one network usually stays under 25 MB
_WORD = 20  # bytes of a word apart from its vector


def member_of(trainer: "Trainer", settings: Settings) -> Member:
    """The weights as arrays, the vectors quantized."""
    weights = {name: weight.cpu().numpy() for name, weight in trainer.network.state_dict().items()}
    network = Network(
        bank=trainer.network.shape.bank,
        pooling=trainer.network.shape.pooling,
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
    linear: LinearPart | None,
    classes: Sequence[str],
    multi_label: bool,
    settings: Settings,
    *,
    segmented: bool,
    copies: int = 1,
) -> Model:
    """Put everything together, with the table's frequent words added; of very many words those met once are left out.

    Args:
        members: the networks of the ensemble.
        start: the words and vectors that training began with.
        linear: the linear part, if there is one.
        classes: the labels.
        multi_label: whether a text can have several of them.
        settings: settled, as they are recorded in the model.
        segmented: whether words of scripts without blanks were found by the table's vocabulary.
        copies: vectors that a word of the texts has: of a network, and of the encoder if it stands beside.
    """
    keep_all = settings.channels in ("static", "both")
    halved = start.in_half_bytes and not keep_all
    rows, words, chosen, static = _kept(start, settings.keep_words, copies, halved=halved)
    names = [start.words[row] for row in rows]
    if keep_all:
        seen = Quantized.of(start.matrix[rows])
        static = Quantized(np.concatenate([seen.values, static.values]), np.concatenate([seen.scales, static.scales]))
    return Model(
        labels=tuple(classes),
        multi_label=multi_label,
        settings=record(settings),
        vocabulary=Vocabulary.of([*names, *words]),
        static=static,
        first_static=0 if keep_all else len(names),
        members=_shortened(members, rows, chosen),
        linear=linear,
        segmented=segmented,
        version=__version__,
    )


def _kept(
    start: Start, keep_words: int, copies: int, *, halved: bool
) -> tuple[NDArray[np.int64], list[str], NDArray[np.int64], Quantized]:
    """The rows of the texts' words that there is room for; then words of the table, their rows in it, and vectors.

    Args:
        start: the words and vectors that training began with.
        keep_words: most words of each of the table's languages.
        copies: see `assembled`.
        halved: whether a number of the table's vectors has half a byte.
    """
    one = start.matrix.shape[1]  # bytes of a vector
    learned, listed = _WORD + copies * one, _WORD + (one // 2 if halved else one)
    most = min(keep_words * start.table.languages, len(start.table.vocabulary)) if start.table is not None else 0
    rows = _rows_of_texts(start, max((_MOST_BYTES - most * listed) // learned, _MOST_BYTES // learned // 4))
    room = max(_MOST_BYTES - len(rows) * learned, 0) // listed
    words, chosen, vectors = _frequent(start, {start.words[row] for row in rows}, min(most, room))
    return rows, words, chosen, vectors.halved() if halved and words else vectors


def _rows_of_texts(start: Start, most: int) -> NDArray[np.int64]:
    """The rows of the texts' words that the model keeps: all, if there is room for them and for the table's words.

    A word that was met once has hardly been trained; if it is frequent otherwise, it comes back with the table's words.
    """
    rows: NDArray[np.int64] = np.arange(len(start.words))
    if start.table is None or len(rows) <= most:
        return rows
    recurring: NDArray[np.int64] = rows[(start.counts > 1) | (rows == UNKNOWN)]
    return recurring


def _shortened(members: Sequence[Member], rows: NDArray[np.int64], chosen: NDArray[np.int64]) -> tuple[Member, ...]:
    """Without the trained vectors of other rows, and without the lengths of others of the table's."""
    kept: dict[int, Quantized] = {}  # of members that share them
    shortened = []
    for member in members:
        if (trained := member.trained) is not None:
            own = kept.setdefault(id(trained), Quantized(trained.values[rows], trained.scales[rows]))
            scales = None if member.static_scales is None else member.static_scales[chosen]
            member = member._replace(trained=own, static_scales=scales)
        shortened.append(member)
    return tuple(shortened)


def _frequent(start: Start, known: set[str], most: int) -> tuple[list[str], NDArray[np.int64], Quantized]:
    """The table's most frequent words that the model does not have yet, their rows, and their vectors."""
    dimensions = start.matrix.shape[1]
    if start.table is None:
        return [], np.empty(0, np.int64), Quantized(np.empty((0, dimensions), np.int8), np.empty(0, np.float32))
    words: list[str] = []
    rows: list[int] = []
    for row, word in enumerate(start.table.vocabulary):
        if len(rows) >= most:
            break
        if word not in known and word == normal(word):  # others cannot be found
            words.append(word)
            rows.append(row)
    chosen = np.array(rows, np.int64)
    vectors = start.table.vectors
    return words, chosen, Quantized(vectors.values[chosen], (vectors.scales[chosen] * start.scale).astype(np.float32))
