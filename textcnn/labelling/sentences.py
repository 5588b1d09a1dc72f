"""Sentence vectors: what likeness of texts is judged by.

English texts are seen by the pretrained filters of the shipped table: the greatest response of each filter,
standardised over the texts at hand, scaled to length one. Texts of which the table knows few words get a random
projection of their words, weighted by rarity (Bingham & Mannila 2001): texts that share rare words are alike.

Shapes: B texts, U distinct words, d dimensions.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from textcnn.model.bank import Bank, Pooling
from textcnn.model.network import Network
from textcnn.text.lexicon import encode, grouped
from textcnn.text.ragged import Encoded
from textcnn.vectors.loading import Pretrained, open_vectors

__all__ = ["SentenceEncoder", "sentence_encoder"]

Floats = NDArray[np.float32]
SentenceEncoder = Callable[[Sequence[str]], Floats]  # texts (B) -> unit vectors (B, d); of a text without words zeros

_MOST_WORDS = 500  # of a text that are looked at
_GROUP = 200_000  # characters that are encoded at once
_KNOWN = 0.5  # share of the words that the table must know
_DIMENSIONS = 256  # of a random projection
_SAMPLE = 2000  # texts that say what is usual


def sentence_encoder(texts: Sequence[str], random: np.random.Generator) -> SentenceEncoder:
    """A function from texts to their vectors, for texts such as these.

    Args:
        texts: all that will be compared; a sample of them says which words are known, and what is usual.
        random: for the sample, and for projections.
    """
    sample = [texts[row] for row in random.permutation(len(texts))[:_SAMPLE]]
    encoded = encode(sample, _MOST_WORDS)
    pretrained = open_vectors("english", say=lambda _: None)
    known = np.array([pretrained.look_up(surface).vector is not None for surface in encoded.surfaces], np.bool_)
    share = known[encoded.ragged.words].mean() if len(encoded.ragged.words) else 1.0
    if share < _KNOWN or not pretrained.table.filters:
        return _in_groups(_projection(encoded, random))
    respond = _filters(pretrained)
    usual = respond(encoded)
    mean, deviation = usual.mean(axis=0), usual.std(axis=0) + 1e-3
    return _in_groups(lambda of_group: _unit((respond(of_group) - mean) / deviation))


def _in_groups(vectors_of: Callable[[Encoded], Floats]) -> SentenceEncoder:
    def vectors(texts: Sequence[str]) -> Floats:
        pieces = [vectors_of(encode(group, _MOST_WORDS)) for group in grouped(texts, _GROUP)]
        return np.concatenate(pieces) if pieces else np.empty((0, 0), np.float32)

    return vectors


def _filters(pretrained: Pretrained) -> Callable[[Encoded], Floats]:
    """The greatest response of each pretrained filter."""
    of_width = pretrained.table.filters
    widths = tuple(sorted(of_width))
    bank = Bank(widths, of_width[widths[0]].biases.size)
    slices = [of_width[width].slices.astype(np.float32).reshape(-1, pretrained.table.dimensions) for width in widths]
    biases = np.concatenate([of_width[width].biases for width in widths]).astype(np.float32)
    network = Network(bank, Pooling("max"), (np.concatenate(slices),), (biases,), ())

    def respond(encoded: Encoded) -> Floats:
        found = [pretrained.look_up(surface).vector for surface in encoded.surfaces]
        nothing = np.zeros(pretrained.table.dimensions, np.float32)
        vectors = np.stack([nothing, *(nothing if each is None else each for each in found)])[1:]
        return np.concatenate([network.features(vectors, part) for part in encoded.ragged.parts()])

    return respond


def _projection(sample: Encoded, random: np.random.Generator) -> Callable[[Encoded], Floats]:
    """Sums of random vectors of words, each weighted by how rare its word is in the sample."""
    texts = len(sample.ragged.starts) - 1
    owners = np.repeat(np.arange(texts), sample.ragged.lengths)
    pairs = np.unique(np.stack([owners, sample.ragged.words], axis=1), axis=0)
    counts = np.bincount(pairs[:, 1], minlength=len(sample.surfaces))
    frequency = dict(zip(sample.surfaces, counts.tolist(), strict=True))
    seed = int(random.integers(1 << 31))

    def project(encoded: Encoded) -> Floats:
        rarity = [np.log((1 + texts) / (1 + frequency.get(surface, 0))) for surface in encoded.surfaces]
        of_words = np.zeros((len(encoded.surfaces) + 1, _DIMENSIONS), np.float32)
        for row, surface in enumerate(encoded.surfaces):
            of_word = np.random.default_rng([seed, *surface.lower().encode("utf-8", "replace")[:64]])
            of_words[row] = rarity[row] * of_word.choice((-1.0, 1.0), _DIMENSIONS)
        sums = np.zeros((len(encoded.ragged.starts) - 1, _DIMENSIONS), np.float32)
        np.add.at(sums, np.repeat(np.arange(len(sums)), encoded.ragged.lengths), of_words[encoded.ragged.words])
        return _unit(sums)

    return project


def _unit(rows: Floats) -> Floats:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = (rows / np.where(length > 0, length, 1)).astype(np.float32)
    return unit
