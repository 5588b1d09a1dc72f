"""A last layer over the sentence encoder, whose filters stay: alone (frozen.py), or beside networks (beside.py).

Shapes: B texts, d numbers of the encoder, K labels.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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

    network: Network  # the encoder's, for the vectors of a start
    mean: Numbers  # (d,)
    scale: float
    rows: Numbers  # (B, d) of all texts

    @classmethod
    def of(cls, network: Network, matrix: Floats, ragged: Ragged, texts: int) -> "EncoderFeatures":
        """Of texts whose words are rows of a matrix, the first so many being those for training."""
        outputs = _outputs(network, matrix, ragged)
        mean = outputs[:texts].mean(axis=0)
        centred = outputs - mean
        scale = float(np.sqrt(np.square(centred[:texts]).sum(axis=1).mean())) or 1.0
        return cls(network, mean, scale, centred / scale)

    def others(self, encoded: Encoded, start: Start) -> Numbers:
        """The same of texts that have another start: (U, d)."""
        return np.asarray((_outputs(self.network, start.matrix, start.ragged(encoded)) - self.mean) / self.scale)

    def with_layer(self, weights: Numbers, bias: Numbers) -> Network:
        """The network whose outputs are rows · weights + bias: readout and last layer are one."""
        weight = (weights / self.scale).T
        readout, offset = self.network.layers[-1]
        layer = (weight @ readout).astype(np.float32), (bias + weight @ (offset - self.mean)).astype(np.float32)
        return self.network._replace(layers=(layer,))


def _outputs(network: Network, matrix: Floats, ragged: Ragged) -> Floats:
    return np.concatenate([network.head(network.features(matrix, part)) for part in ragged.parts()])


def encoder_over(start: Start) -> SentenceEncoder | None:
    """The encoder over the vectors of a start; none if the package has none for them."""
    return None if start.table is None else encoder_for(start.table)


def scaled(network: Network, scale: float) -> Network:
    """A network for vectors that were multiplied by a scale."""
    return network._replace(filters=tuple((slices / scale).astype(np.float32) for slices in network.filters))
