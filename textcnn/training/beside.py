"""The sentence encoder beside networks: of hundreds or some thousands of texts each knows what the other does not.

A last layer over the encoder is learned in closed form from the texts that the networks learn from, and, if that helps,
from others without labels. It becomes a member of the ensemble: logits are averaged, answers stay look-ups,
explanations add up. How much it counts beside the networks, held-out texts say; of thousands of texts it stands there
only if it is worth its time. Beside it networks need fewer epochs (loop.py).

Shapes: B texts, d numbers of the encoder, K labels.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.encoder import ENCODER
from textcnn.evaluation.log_loss import losses_of_logits
from textcnn.model.linear import Join
from textcnn.model.model import Member, Model
from textcnn.model.network import Network
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings
from textcnn.storage.quantized import Quantized
from textcnn.text.ragged import Encoded, Ragged
from textcnn.training.calibration import calibrate
from textcnn.training.embeddings import Start
from textcnn.training.encoder_layer import EncoderFeatures, encoders_over, scaled
from textcnn.training.label_names import said_by_words
from textcnn.training.last_layer import STEEP, LabelledRows, LastLayer, learned_from_many
from textcnn.training.pupil import taught
from textcnn.training.task import Task
from textcnn.training.unlabelled import encoded_others

__all__ = ["ALWAYS", "Standing", "encoder_members", "may_stand", "standing", "weighted"]

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]

ALWAYS = 2_000  # texts, up to which it always stands beside networks, and texts without labels may teach it

# Texts, and their words; of more, networks find by themselves most of what the encoder knows.
_MOST, _MOST_WORDS = 7_000, 200_000
_WORTH = 0.05  # share of the log loss that it has to take away where texts are more: answers take several times as long
_LEAST_WEIGHT = 1e-9
_FOLDS = 10  # of texts that choose how the last layer is learned


class Standing(NamedTuple):
    """How the encoder stands beside networks."""

    weight: float = 1.0  # of its logits beside the mean of the networks'; 0: it is not worth its time
    taught: bool = False  # whether texts without labels teach it, too
    losses: tuple[float, ...] = ()  # held-out log losses without them and, if there are some, with them


def may_stand(task: Task, texts: int) -> bool:
    """Whether the encoder is wanted beside networks that learn from the first so many texts, if vectors suit it."""
    words = task.encoded.ragged.starts[texts]
    some = texts <= _MOST and words <= _MOST_WORDS and task.settings.quality != "fast"  # for that takes no longer
    return bool(texts <= ALWAYS or some) and task.settings.frozen == "auto" and ENCODER.exists()


def encoder_members(
    start: Start,
    settings: Settings,
    encoded: Encoded,
    ragged: Ragged,
    targets: Floats,
    weights: Floats,
    words: Sequence[str] = (),
    unlabelled: Sequence[str] = (),
    *,
    segmented: bool = False,
) -> tuple[tuple[Member, ...], ...]:
    """The members of the encoder with a last layer that is learned from texts, and of one that others taught, too.

    The latter if there are others; none if it cannot stand beside networks in one file.

    Args:
        start: what training began with; words without a pretrained vector say nothing to the encoder.
        settings: of the networks.
        encoded: all texts that the start was made for.
        ragged: those to learn from, their words as rows of the start's matrix.
        targets: (B, K) probabilities of the labels.
        weights: (B,) of the texts.
        words: what the labels are called.
        unlabelled: texts without labels.
        segmented: whether words of scripts without blanks are found by the vocabulary of the vectors.
    """
    encoders = encoders_over(start, Encoded(start.words, ragged))
    if not encoders or not _suits(encoders[0].networks[0], settings):
        return ()
    table, count = encoders[0].table, len(targets)
    seen = start.over(table, encoded)
    matrix = np.where(seen.pretrained[:, None], seen.matrix, np.float32(0))
    networks = (scaled(encoder.networks, start.scale) for encoder in encoders[: 1 if count > ALWAYS else None])
    every = [EncoderFeatures.of(each, matrix, ragged, count, settings.threads) for each in networks]
    scales = None if seen is start else (table.vectors.scales * start.scale).astype(np.float32)
    signs, own = 2 * targets.astype(np.float64) - 1, np.maximum(weights, _LEAST_WEIGHT).astype(np.float64)
    folds = np.random.default_rng(settings.seed).permutation(count) % _FOLDS
    named = partial(said_by_words, words, settings=settings, table=table)
    if count > ALWAYS:
        rows = every[0].rows[:, : every[0].dimensions]
        layer = learned_from_many(rows, signs, own, folds, named(every[0], rows))
        return _members(every[0], [layer], Quantized.of(matrix), scales)

    def labelled(features: EncoderFeatures, rows: Numbers) -> LabelledRows:
        return LabelledRows(features.rows, np.zeros((count, count)), signs, own, [folds], named(features, rows))

    fits = ((each, labelled(each, each.rows).learned_by(each.dimensions)) for each in every)
    features, chosen = min(fits, key=lambda each: each[1].missed)
    layers = [chosen.layer().read_together(chosen.texts)]
    if unlabelled:
        columns = len(layers[0].weights)
        others = features.others(*encoded_others(unlabelled, settings, table, segmented=segmented))
        teacher = labelled(features, np.concatenate([features.rows, others])).of_columns(columns).learned()
        nothing = np.zeros((count + len(others), count + len(others)))
        layers.append(taught(teacher, others[:, :columns], nothing, [np.full(count, -1)]))
    return _members(features, layers, Quantized.of(matrix), scales)


def _members(
    features: EncoderFeatures, layers: Sequence[LastLayer], vectors: Quantized, scales: Floats | None
) -> tuple[tuple[Member, ...], ...]:
    """The encoder with each of these last layers."""
    layered = (features.with_layer(STEEP * layer.weights, STEEP * layer.bias) for layer in layers)
    return tuple(tuple(Member(network, vectors, scales) for network in of_layer) for of_layer in layered)


def _suits(encoder: Network, settings: Settings) -> bool:
    """Whether networks of these settings differ from the encoder in their weights and their number of filters alone.

    Or it is a mean of words, which a model file can have beside any networks of one stage.
    """
    is_mean = encoder.pooling.kind == "mean" and encoder.bank.widths == (1,)
    alike = settings.widths == encoder.bank.widths and settings.pooling == encoder.pooling.kind
    return (alike or is_mean) and settings.channels == "trained" and settings.stages == 1 and not settings.hidden


def standing(
    model: Model,
    sizes: Sequence[int],
    part: Encoded,
    targets: Floats,
    weights: Numbers,
    *,
    multi_label: bool,
    worth_it: bool,
) -> Standing:
    """What has the least log loss on held-out texts; of an encoder that others taught, only if it is no worse.

    Of many texts the encoder has to be worth the time that answers take with it, or counts for nothing.

    Args:
        model: not calibrated.
        sizes: how many of its last members each encoder has; of two the second was taught by texts without labels.
        part: the held-out texts.
        targets: (B, K) probabilities of their labels.
        weights: (B,) of them.
        multi_label: whether a text can have several labels.
        worth_it: whether it has to be.
    """

    def joined(ones: Floats, others: Floats) -> tuple[Join, Numbers]:
        """How they go together, and the losses."""
        join = calibrate(ones, others, targets, weights, multi_label=multi_label)
        logits = join.logits(ones, others).astype(np.float64)
        return join, np.asarray(weights * losses_of_logits(logits, targets, multi_label=multi_label))

    borders = len(model.members) - sum(sizes) + np.cumsum([0, *sizes])
    networks = _logits(model, model.members[: borders[0]], part)
    of_encoders = [_logits(model, model.members[start:stop], part) for start, stop in pairwise(borders)]
    joins, losses = zip(*(joined(networks, own) for own in of_encoders), strict=True)
    chosen = int(len(sizes) > 1 and not _is_worse(losses[-1] - losses[0]))
    weight = joins[chosen].linear_weight * joins[chosen].temperature
    if worth_it:
        margins = Predictor(model).linear_margins(part)  # which know some of it, too
        alone, both = (joined(each, margins)[1].mean() for each in (networks, networks + weight * of_encoders[chosen]))
        weight = weight if both < (1 - _WORTH) * alone else 0.0
    return Standing(weight, bool(chosen), tuple(float(each.mean()) for each in losses))


def _logits(model: Model, members: tuple[Member, ...], part: Encoded) -> Floats:
    alone = replace(model, members=members, linear=None)
    return Predictor(alone, model.settings["threads"]).network_logits(part)


def _is_worse(more: Numbers) -> bool:
    """Whether losses are larger by so much that it is not chance: (B,)."""
    return bool(more.mean() > more.std() / len(more) ** 0.5)


def weighted(encoder: Sequence[Member], weight: float, networks: int) -> list[Member]:
    """An encoder with logits that count so much beside the mean of so many networks, once all members are averaged."""
    factor = np.float32(weight * networks / len(encoder))
    return [_times(member, factor) for member in encoder]


def _times(member: Member, factor: np.float32) -> Member:
    ((layer, bias),) = member.network.layers
    return member._replace(network=member.network._replace(layers=((layer * factor, bias * factor),)))
