"""A last layer over the sentence encoder, whose filters stay: alone (frozen.py), or beside networks (beside.py).

Shapes: B texts, d numbers of the encoder, K labels.
"""

from contextlib import closing
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.compiled.loader import loops
from textcnn.compiled.threads import WorkerThreads, free_cores, spans
from textcnn.encoder import SentenceEncoder, encoders_for
from textcnn.model.cached import pooled
from textcnn.model.network import Network
from textcnn.text.ragged import Encoded, Ragged
from textcnn.training.embeddings import Start

__all__ = ["ANY", "EncoderFeatures", "encoders_over", "scaled"]

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]

ANY = 1000  # the most that `min_count` can be: of words without a vector the encoder knows nothing

_OPENING = 2  # words with which a text begins: they tell what is asked, wanted or told
_SHARE = 0.2  # of that in how alike texts are
_WORDS = 1_000  # of which a thread computes the responses at a time
_TEXTS, _TOKENS = 64, 20_000  # that it pools at a time


class EncoderFeatures(NamedTuple):
    """What the encoder says about texts, less the mean of the training texts, which have unit mean square length.

    The first columns are what a text is about, the others what the mean of words says of how it begins. Who learns
    takes all or, of a task where it does not matter how texts begin, the first.
    """

    networks: tuple[Network, ...]  # the encoder's, for the vectors of a start; the last may be a mean of words
    mean: Numbers  # (2d,)
    scale: Numbers  # (2d,) the same for each of both kinds of columns
    rows: Numbers  # (B, 2d) of all texts
    threads: int = 1  # that compute; 0: as many as are free

    @classmethod
    def of(
        cls, networks: tuple[Network, ...], matrix: Floats, ragged: Ragged, texts: int, threads: int = 1
    ) -> "EncoderFeatures":
        """Of texts whose words are rows of a matrix, the first so many being those for training."""
        outputs = _outputs(networks, matrix, ragged, threads)
        mean = outputs[:texts].mean(axis=0)
        centred = outputs - mean
        lengths = [float(np.sqrt(np.square(half[:texts]).sum(axis=1).mean())) for half in np.split(centred, 2, axis=1)]
        lengths[1] *= ((1 - _SHARE) / _SHARE) ** 0.5
        scale = np.repeat([length or 1.0 for length in lengths], len(mean) // 2)
        return cls(networks, mean, scale, centred / scale, threads)

    @property
    def dimensions(self) -> int:
        """How many of the columns are what a text is about, d."""
        return len(self.mean) // 2

    def others(self, encoded: Encoded, start: Start) -> Numbers:
        """The same of texts that have another start: (U, 2d)."""
        outputs = _outputs(self.networks, start.matrix, start.ragged(encoded), self.threads)
        return np.asarray((outputs - self.mean) / self.scale)

    def with_layer(self, weights: Numbers, bias: Numbers) -> tuple[Network, ...]:
        """The networks, the mean of whose outputs is columns · weights + bias: readout and last layer are one.

        Args:
            weights: (d, K) of what texts are about, or (2d, K).
            bias: (K,).
        """
        columns = len(weights)
        weight = (weights / self.scale[:columns, None]).T
        constant, d = bias - weight @ self.mean[:columns], self.dimensions
        layered = [_layered(network, weight[:, :d], constant) for network in self.networks]
        if columns > d:
            layered[-1] = _opened(layered[-1], self.networks[-1], len(layered) * weight[:, d:])
        return tuple(layered)


def _layered(network: Network, weight: Numbers, constant: Numbers) -> Network:
    readout, offset = network.layers[-1]
    layer = (weight @ readout).astype(np.float32), (constant + weight @ offset).astype(np.float32)
    return network._replace(layers=(layer,))


def _opened(layered: Network, network: Network, weight: Numbers) -> Network:
    """With weights (K, d) of what the network says of the first words, too."""
    ((of_all, bias),), (readout, offset) = layered.layers, network.layers[-1]
    of_both = np.concatenate([of_all, weight @ readout], axis=1)
    layer = of_both.astype(np.float32), np.asarray(bias + weight @ offset, np.float32)
    return network._replace(pooling=network.pooling._replace(opening=_OPENING), layers=(layer,))


def _outputs(networks: tuple[Network, ...], matrix: Floats, ragged: Ragged, threads: int) -> Floats:
    """What they say of texts, averaged, and a mean of words, if the last is one, of their openings: (B, 2d)."""
    parts, opening = list(ragged.parts()), networks[-1]
    with closing(WorkerThreads(threads or free_cores())) as workers:

        def of(network: Network, some: Ragged) -> Numbers:
            return network.head(_features(network, matrix, some, workers))

        said = [np.concatenate([of(network, part) for part in parts]) for network in networks]
        about = np.asarray(sum(said) / np.float32(len(said)), np.float32)
        begin = of(opening, ragged.openings(_OPENING)) if opening.pooling.kind == "mean" else np.zeros(about.shape)
    return np.concatenate([about, begin], axis=1, dtype=np.float32)


def _features(network: Network, matrix: Floats, ragged: Ragged, workers: WorkerThreads) -> Floats:
    """What `Network.features` makes of texts, several times as fast where the loops are compiled: (B, M)."""
    compiled, bank, bias = loops("convolution"), network.bank, network.biases[0]
    known = network.pooling.kind == "max" or bank.widths == (1,)
    if compiled is None or not known or not len(ragged.words):
        return network.features(matrix, ragged)
    used, ragged = ragged.used()
    responses = np.empty((len(used), bank.slices), np.float32)
    features = np.empty((len(ragged.lengths), network.pooling.slots * bank.maps), np.float32)

    def respond(first: int, last: int) -> None:
        np.matmul(matrix[used[first:last]], network.filters[0].T, out=responses[first:last])

    def pool(first: int, last: int) -> None:
        texts = ragged._replace(starts=ragged.starts[first : last + 1])
        features[first:last] = pooled(compiled, network, responses, texts)

    workers.run(partial(respond, *span) for span in spans(len(used), _WORDS))
    if network.pooling.kind == "mean":
        np.maximum(responses + bias, 0, out=responses)
    workers.run(partial(pool, *span) for span in ragged.spans(_TEXTS, _TOKENS))
    return features


def encoders_over(start: Start, encoded: Encoded) -> tuple[SentenceEncoder, ...]:
    """The encoders over the vectors of a start that may suit these texts; none if the package has none for them."""
    return () if start.table is None else encoders_for(start.table, encoded)


def scaled(networks: tuple[Network, ...], scale: float) -> tuple[Network, ...]:
    """Networks for vectors that were multiplied by a scale."""
    return tuple(
        each._replace(filters=tuple((slices / scale).astype(np.float32) for slices in each.filters))
        for each in networks
    )
