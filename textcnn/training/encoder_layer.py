"""A last layer over the sentence encoder, whose filters stay: alone (frozen.py), or beside networks (beside.py).

Shapes: B texts, d numbers of the encoder, K labels.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.compiled.loader import loops
from textcnn.encoder import SentenceEncoder, encoder_for
from textcnn.model.network import Network
from textcnn.text.ragged import Encoded, Ragged
from textcnn.training.embeddings import Start

__all__ = ["ANY", "EncoderFeatures", "encoder_over", "scaled"]

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]

ANY = 1000  # the most that `min_count` can be: of words without a vector the encoder knows nothing


class EncoderFeatures(NamedTuple):
    """What the encoder says about texts, less the mean of the training texts, which have unit mean square length."""

    networks: tuple[Network, ...]  # the encoder's, for the vectors of a start
    mean: Numbers  # (d,)
    scale: float
    rows: Numbers  # (B, d) of all texts

    @classmethod
    def of(cls, networks: tuple[Network, ...], matrix: Floats, ragged: Ragged, texts: int) -> "EncoderFeatures":
        """Of texts whose words are rows of a matrix, the first so many being those for training."""
        outputs = _outputs(networks, matrix, ragged)
        mean = outputs[:texts].mean(axis=0)
        centred = outputs - mean
        scale = float(np.sqrt(np.square(centred[:texts]).sum(axis=1).mean())) or 1.0
        return cls(networks, mean, scale, centred / scale)

    def others(self, encoded: Encoded, start: Start) -> Numbers:
        """The same of texts that have another start: (U, d)."""
        return np.asarray((_outputs(self.networks, start.matrix, start.ragged(encoded)) - self.mean) / self.scale)

    def with_layer(self, weights: Numbers, bias: Numbers) -> tuple[Network, ...]:
        """The networks, the mean of whose outputs is rows · weights + bias: readout and last layer are one."""
        weight = (weights / self.scale).T
        constant = bias - weight @ self.mean
        return tuple(_layered(network, weight, constant) for network in self.networks)


def _layered(network: Network, weight: Numbers, constant: Numbers) -> Network:
    readout, offset = network.layers[-1]
    layer = (weight @ readout).astype(np.float32), (constant + weight @ offset).astype(np.float32)
    return network._replace(layers=(layer,))


def _outputs(networks: tuple[Network, ...], matrix: Floats, ragged: Ragged) -> Floats:
    """What they say of texts, averaged: (B, d)."""
    parts = list(ragged.parts())
    said = [np.concatenate([each.head(_features(each, matrix, part)) for part in parts]) for each in networks]
    return np.asarray(sum(said) / np.float32(len(said)), np.float32)


def _features(network: Network, matrix: Floats, ragged: Ragged) -> Floats:
    """What `Network.features` makes of texts, several times as fast where the loops are compiled: (B, M)."""
    compiled, bank, bias = loops("convolution"), network.bank, network.biases[0]
    known = network.pooling.kind == "max" or bank.widths == (1,)
    if compiled is None or not known or not len(ragged.words):
        return network.features(matrix, ragged)
    used, ragged = ragged.used()
    responses = matrix[used] @ network.filters[0].T
    features = np.empty((len(ragged.starts) - 1, bank.maps), np.float32)
    if network.pooling.kind == "mean":  # of words, each after ReLU
        features[ragged.lengths == 0] = np.maximum(bias, 0)
        responses = np.maximum(responses + bias, 0)
        compiled.pool_mean(responses, ragged.words, ragged.starts, np.empty(bank.filters), features)
        return features
    widths, no_places = np.array(bank.widths, np.int64), np.empty((0, 0), np.int32)
    rest = (0, len(features)), features, no_places, np.empty(bank.filters, np.float32)
    compiled.pool_max(responses, ragged.words, ragged.starts, widths, bank.filters, *rest)
    return np.asarray(np.maximum(features + bias, 0), np.float32)


def encoder_over(start: Start) -> SentenceEncoder | None:
    """The encoder over the vectors of a start; none if the package has none for them."""
    return None if start.table is None else encoder_for(start.table)


def scaled(networks: tuple[Network, ...], scale: float) -> tuple[Network, ...]:
    """Networks for vectors that were multiplied by a scale."""
    return tuple(
        each._replace(filters=tuple((slices / scale).astype(np.float32) for slices in each.filters))
        for each in networks
    )
