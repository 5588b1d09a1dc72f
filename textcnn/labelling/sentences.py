"""Sentence vectors, by which the likeness of texts is judged: those of an encoder, or of random projections.

English texts get the vectors of `textcnn.encode`, questions others besides that say more of what they ask for, texts of
other languages those over the shared vectors. Texts of which neither knows the words get a random projection
of their words, weighted by rarity (Bingham & Mannila 2001): texts that share rare words are alike.

Shapes: B texts, U distinct words, d dimensions.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from textcnn.encoder import encoders_for, unit
from textcnn.text.lexicon import encode, grouped
from textcnn.text.ragged import Encoded
from textcnn.training.embeddings import fitting_table

__all__ = ["ToVectors", "vectors_for"]

Floats = NDArray[np.float32]
# Texts (B) -> the vectors that they have in each way: (B, d), of length one; zeros where nothing is known.
ToVectors = Callable[[Sequence[str]], tuple[Floats, ...]]

_MOST_WORDS = 500  # of a text that are looked at
_GROUP = 200_000  # characters that are projected at once
_DIMENSIONS = 256  # of a random projection
_SAMPLE = 2000  # texts that say what is usual


def vectors_for(texts: Sequence[str], random: np.random.Generator) -> ToVectors:
    """From texts such as these to their vectors; of questions in two ways, the second heeding what they ask for.

    Args:
        texts: all that will be compared; a sample of them says of which language they are, and which words are rare.
        random: for the sample, and for projections.
    """
    sample = encode([texts[row] for row in random.permutation(len(texts))[:_SAMPLE]], _MOST_WORDS)
    table = fitting_table(sample)
    encoders = () if table is None else encoders_for(table, sample)
    if not encoders:
        return _projection(sample, random)
    sizes = [encoder.dimensions for encoder in encoders]
    widest = encoders[-1]  # whose numbers begin with those of the others

    def encoded(some: Sequence[str]) -> tuple[Floats, ...]:
        outputs = widest.outputs(some)
        return tuple(unit(outputs[:, :size]) for size in sizes)

    return encoded


def _projection(sample: Encoded, random: np.random.Generator) -> ToVectors:
    """Sums of random vectors of words, each weighted by how rare its word is in the sample."""
    texts = len(sample.ragged.starts) - 1
    owners = np.repeat(np.arange(texts), sample.ragged.lengths)
    pairs = np.unique(np.stack([owners, sample.ragged.words], axis=1), axis=0)
    counts = np.bincount(pairs[:, 1], minlength=len(sample.surfaces))
    frequency = dict(zip(sample.surfaces, counts.tolist(), strict=True))
    seed = int(random.integers(1 << 31))

    def vector(surface: str) -> Floats:
        of_word = np.random.default_rng([seed, *surface.lower().encode("utf-8", "replace")[:64]])
        rarity = np.log((1 + texts) / (1 + frequency.get(surface, 0)))
        return np.asarray(rarity * of_word.choice((-1.0, 1.0), _DIMENSIONS), np.float32)

    def project(group: Sequence[str]) -> Floats:
        surfaces, ragged = encode(group, _MOST_WORDS)
        of_words = np.stack([np.zeros(_DIMENSIONS, np.float32), *map(vector, surfaces)])[1:]
        sums = np.zeros((len(group), _DIMENSIONS), np.float32)
        np.add.at(sums, np.repeat(np.arange(len(group)), ragged.lengths), of_words[ragged.words])
        return unit(sums)

    def in_groups(many: Sequence[str]) -> tuple[Floats]:
        pieces = [project(group) for group in grouped(many, _GROUP)]
        return (np.concatenate(pieces) if pieces else np.empty((0, _DIMENSIONS), np.float32),)

    return in_groups
