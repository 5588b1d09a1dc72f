"""The readout of sentence encoders over vectors of other languages: the shared ones, and those of packs.

A sentence's features are the mean of the vectors that a table has for its words, of which rare ones count more (Arora
et al. 2017: how frequent a word is, is told by its row). The readout is ridge regression on them of what
multilingual-e5-small says of whole sentences, both centred for each language. Its axes are the principal ones of that.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from build_vectors import Floats, equal_lengths
from e5 import LAST_LAYER, Multilingual

from textcnn.encoder import by_rarity, rows_digest, signed_axes, write_encoder
from textcnn.storage.quantized import Quantized
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Ragged
from textcnn.text.segmentation import Segmenter
from textcnn.vectors.table import VectorTable

PASSAGES = 3_000  # of a language
SHORTEST = 16  # characters of a passage
PIECES = 96  # of a passage that the encoder reads
WORDS = 64  # of a passage
RIDGE = 0.1
WHITENING = 0.25  # power of the standard deviations by which axes are divided


class Lesson(NamedTuple):
    """Passages of a language, and what the encoder says of each, (N, size)."""

    passages: list[str]
    vectors: Floats


def teach(file: Path, inputs: Path, gathered: Callable[[], Iterable[str]]) -> Lesson:
    """A lesson from the file, if it is there; else of passages that are gathered, and kept in it."""
    if not file.exists():
        passages = [one for one in gathered() if len(one) >= SHORTEST]
        random.Random(7).shuffle(passages)
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, texts=np.array(passages[:PASSAGES]), vectors=said_of(passages[:PASSAGES], inputs))
    with np.load(file) as saved:
        return Lesson(saved["texts"].tolist(), saved["vectors"].astype(np.float32))


def said_of(passages: Sequence[str], inputs: Path) -> Floats:
    """Means of what the last layer says of the pieces of each passage: (N, size)."""
    import torch

    encoder = Multilingual(inputs, (LAST_LAYER,))
    encoder.cutter.enable_truncation(PIECES)
    pieces = [one.ids for one in encoder.pieces(passages)]
    vectors = np.zeros((len(passages), encoder.size), np.float16)
    for batch in equal_lengths([len(ids) for ids in pieces]):
        with torch.inference_mode():
            states = encoder.states(torch.tensor([pieces[number] for number in batch]))[LAST_LAYER]
            vectors[batch] = states.float().mean(dim=1).numpy()
    return vectors


def vectors_and_words(table: VectorTable, passages: Sequence[str]) -> tuple[Floats, Ragged]:
    """Of all words of passages, unknown ones being zeros: (V, D), and which of them each passage has."""
    encoded = encode(passages, WORDS, Segmenter.of(table.vocabulary))
    zero = np.zeros(table.dimensions, np.float32)
    found = table.vectors_of([one.rows for one in table.find_all(encoded.surfaces)])
    return np.stack([zero if vector is None else vector for vector in found]), encoded.ragged


def means(table: VectorTable, passages: Sequence[str]) -> Floats:
    """Of the vectors of each passage's words: (N, D)."""
    return means_of_words(*vectors_and_words(table, passages))


def means_of_words(vectors: Floats, ragged: Ragged) -> Floats:
    """Of the vectors of each text's words: (V, D) -> (N, D)."""
    sums = np.zeros((len(ragged.lengths), vectors.shape[1]), np.float32)
    np.add.at(sums, np.repeat(np.arange(len(sums)), ragged.lengths), vectors[ragged.words])
    return np.asarray(sums / np.maximum(ragged.lengths, 1)[:, None], np.float32)


def leaning(table: VectorTable, passages: Sequence[str], common: float) -> Floats:
    """What to take from each vector, so that the mean of passages is zero as a sentence encoder sees them: (D,)."""
    ones = Quantized(np.ones((len(table.vocabulary), 1), np.int8), np.ones(len(table.vocabulary), np.float32))
    weights = means(by_rarity(table._replace(vectors=ones), common), passages)
    return np.asarray(means(by_rarity(table, common), passages).mean(axis=0) / weights.mean(), np.float32)


def readout(features: Floats, taught: Floats) -> Floats:
    """From features (N, D), centred, to as many principal axes of what was taught of them (N, size): (D, D)."""
    axes = np.linalg.eigh(taught.T @ taught)[1][:, : -features.shape[1] - 1 : -1]
    wanted = taught @ axes
    wanted /= wanted.std(axis=0) ** WHITENING
    gram = features.T @ features
    slack = RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram), dtype=np.float32)
    weights = np.linalg.solve(gram + slack, features.T @ wanted)
    lengths = np.linalg.norm(features @ weights, axis=1)
    return np.asarray((weights / np.sqrt(np.square(lengths).mean())).T, np.float32)


def unit(rows: Floats) -> Floats:
    """Each as long as one."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def centred(rows: Floats) -> Floats:
    """Less their mean."""
    return np.asarray(rows - rows.mean(axis=0), np.float32)


def learned(lessons: Mapping[str, Lesson], tables: Mapping[str, VectorTable], common: float) -> Floats:
    """One readout for tables on the same axes, from the lessons of all their languages: (D, D)."""
    features = [centred(means(by_rarity(tables[code], common), lesson.passages)) for code, lesson in lessons.items()]
    taught = [centred(unit(vectors)) for _, vectors in lessons.values()]
    return readout(np.concatenate(features), np.concatenate(taught))


def write_readout(file: BinaryIO, table: VectorTable, name: str, weights: Floats, common: float) -> None:
    """An encoder over a table, which is opened by this name: the mean of words, rare ones counting more, read out."""
    write_encoder(
        file,
        {1: signed_axes(table.dimensions)},
        np.concatenate([weights, -weights], axis=1),
        np.zeros(len(weights), np.float32),
        {"table": name, "rows": rows_digest(table), "common": str(common), "pooling": "mean"},
    )
