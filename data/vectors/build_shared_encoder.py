#!/usr/bin/env python3
"""Fit the sentence encoder of many languages that comes with textcnn: textcnn/vectors/shared_sentences.safetensors.

    python data/vectors/build_shared_encoder.py --inputs inputs --work work      after build_shared.py, the same folders

A sentence's features are the mean of the vectors that the shared table has for its words, of which rare ones count more
(Arora et al. 2017: how frequent a word is, is told by its row). The readout is ridge regression on them of what
multilingual-e5-small says of whole sentences, both centred for each language. Its axes are the principal ones of that.

It has to be fitted anew whenever the table is: it knows by the table's rows whether it is for them. Reading takes a
minute of one core for 3,000 passages; those of a language that are in the work folder are not read again.
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from build_packs import gather
from build_vectors import Floats, equal_lengths, say
from e5 import Multilingual
from inputs import E5, E5_TOKENIZER, checked
from languages import LANGUAGES

from textcnn.encoder import SHARED_ENCODER, by_rarity, rows_digest, write_encoder
from textcnn.storage.atomic import written_whole
from textcnn.text.lexicon import encode
from textcnn.text.segmentation import Segmenter
from textcnn.vectors.pretrained_filters import Filters
from textcnn.vectors.table import SHARED, VectorTable

PASSAGES = 3_000  # of a language
SHORTEST = 16  # characters of a passage
PIECES = 96  # of a passage that the encoder reads
LAST_LAYER = 12
WORDS = 64  # of a passage
COMMON = 10_000.0  # row whose vector counts half
AXES, RIDGE = 128, 0.01
WHITENING = 0.25  # power of the standard deviations by which axes are divided


def teach(code: str, options: argparse.Namespace) -> tuple[list[str], Floats]:
    """Passages of a language, and what the encoder says of each, (N, size); from the work folder if they are there."""
    file = options.work / code / "sentences.npz"
    if not file.exists():
        passages = [one for one in gather(code, options.inputs, options.exclude) if len(one) >= SHORTEST]
        random.Random(7).shuffle(passages)
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, texts=np.array(passages[:PASSAGES]), vectors=said_of(passages[:PASSAGES], options.inputs))
    with np.load(file) as saved:
        return saved["texts"].tolist(), saved["vectors"].astype(np.float32)


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


def means(table: VectorTable, passages: Sequence[str]) -> Floats:
    """Of the vectors of each passage's words, unknown ones being zeros: (N, D)."""
    encoded = encode(passages, WORDS, Segmenter.of(table.vocabulary))
    zero = np.zeros(table.dimensions, np.float32)
    found = [table.find(surface).rows for surface in encoded.surfaces]
    vectors = np.stack([table.vector(rows) if rows else zero for rows in found])
    sums = np.zeros((len(passages), table.dimensions), np.float32)
    np.add.at(sums, np.repeat(np.arange(len(passages)), encoded.ragged.lengths), vectors[encoded.ragged.words])
    return np.asarray(sums / np.maximum(encoded.ragged.lengths, 1)[:, None], np.float32)


def readout(features: Floats, taught: Floats) -> Floats:
    """From features (N, D), centred, to principal axes of what was taught of them (N, size): (AXES, D)."""
    axes = np.linalg.eigh(taught.T @ taught)[1][:, : -AXES - 1 : -1]
    wanted = taught @ axes
    wanted /= wanted.std(axis=0) ** WHITENING
    gram = features.T @ features
    slack = RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram), dtype=np.float32)
    weights = np.linalg.solve(gram + slack, features.T @ wanted)
    lengths = np.linalg.norm(features @ weights, axis=1)
    return np.asarray((weights / np.sqrt(np.square(lengths).mean())).T, np.float32)


def centred(rows: Floats) -> Floats:
    """Less their mean."""
    return np.asarray(rows - rows.mean(axis=0), np.float32)


def signed_axes(dimensions: int) -> Filters:
    """Filters of width 1 that say how far a word lies on each axis to the one side, then to the other; (1, 2·D, D)."""
    axes = np.eye(dimensions, dtype=np.float16)
    return Filters(np.concatenate([axes, -axes])[None], np.zeros(2 * dimensions, np.float16))


def build(options: argparse.Namespace) -> None:
    """All steps."""
    for origin in (E5, E5_TOKENIZER):
        checked(origin, options.inputs)
    table = VectorTable.open(options.table)
    weighted = by_rarity(table, COMMON)
    features, taught = [], []
    for code in options.languages:
        passages, vectors = teach(code, options)
        features.append(centred(means(weighted, passages)))
        taught.append(centred(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)))
        say(f"{code}: {len(passages):,} passages")
    weights = readout(np.concatenate(features), np.concatenate(taught))
    with written_whole(options.output) as file:
        write_encoder(
            file,
            {1: signed_axes(table.dimensions)},
            np.concatenate([weights, -weights], axis=1),
            np.zeros(len(weights), np.float32),
            {"table": table.name, "rows": rows_digest(table), "common": str(COMMON), "pooling": "mean"},
        )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Fit the sentence encoder over the shared vectors of textcnn.")
    parser.add_argument("--languages", nargs="+", default=list(LANGUAGES), metavar="LANGUAGE", help="such as de tr")
    parser.add_argument("--inputs", type=Path, default=Path("inputs"), help="folder with packages and clones")
    parser.add_argument("--work", type=Path, default=Path("work"), help="folder for what was read")
    parser.add_argument("--exclude", type=Path, help="folder of CSV files whose texts must not be read")
    parser.add_argument("--table", type=Path, default=SHARED, help="the shared vectors")
    parser.add_argument("--output", type=Path, default=SHARED_ENCODER, help="where it goes")
    build(parser.parse_args())


if __name__ == "__main__":
    main()
