#!/usr/bin/env python3
"""Pretrain filters over the English vectors, and put them into the file of the vectors.

    python data/vectors/build_filters.py --inputs inputs --work work      after build_vectors.py, with the same folders

A network of textcnn with static vectors learns to predict, from a passage's words, the states of a sentence encoder
(MPNet): the means of four of its layers over the passage. For that its filters have to respond to much of what counts
in any text, and a classifier that starts from them has less to learn: distillation (Hinton et al. 2015) into a network
that answers some hundred times faster. No labels are used, and the passages are those that build_vectors.py read,
without the excluded ones. The output layer, from the features to 768 numbers, is thrown away.

Encoding takes twenty minutes on one core, training three. Needs the same packages as build_vectors.py.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from build_vectors import Floats, passages_and_words, say, write
from distillation import LENGTH, filters_of, learn, principal
from encoder import LONGEST, Encoder, equal_lengths, mpnet
from inputs import MPNET, checked
from numpy.typing import NDArray

from textcnn.settings import Settings
from textcnn.text.lexicon import encode
from textcnn.training.embeddings import begin
from textcnn.vectors.table import EMBEDDED, VectorTable

LAYERS = (3, 6, 9, 12)  # of MPNet's twelve: the early ones know more of grammar, the late ones of meaning
AXES = 192  # numbers that are kept of each layer


def states(passages: Sequence[str], encoder: Encoder, file: Path) -> NDArray[np.float16]:
    """The means of the layers over each passage, (N, layers, size); from the file if it is there."""
    if file.exists():
        stored: NDArray[np.float16] = np.load(file)
        return stored
    means = np.zeros((len(passages), len(encoder.layers), encoder.size), np.float16)
    for first in range(0, len(passages), 4_000):
        encoded = encoder.cutter.encode_batch(list(passages[first : first + 4_000]))
        for batch in equal_lengths([len(one.ids) for one in encoded]):
            with torch.inference_mode():
                layers = encoder.states(torch.tensor([encoded[number].ids for number in batch]))
            for place, layer in enumerate(encoder.layers):
                means[first + np.array(batch), place] = layers[layer].float().mean(dim=1).half().numpy()
        say(f"read {min(first + 4_000, len(passages)):,} of {len(passages):,} passages")
    part = file.with_suffix(".part")
    with part.open("wb") as stream:
        np.save(stream, means)
    part.replace(file)
    return means


def targets_of(means: NDArray[np.float16], axes: int = AXES) -> Floats:
    """What is to be predicted of each passage: (N, layers, size) -> (N, layers·axes)."""
    layers = [principal(means[:, place].astype(np.float32), axes) for place in range(means.shape[1])]
    return np.concatenate(layers, axis=1) * np.float32(LENGTH / len(layers) ** 0.5)


def build(inputs: Path, work: Path, exclude: Path | None, path: Path) -> None:
    """All steps."""
    torch.set_num_threads(1)  # worker threads share the work, see textcnn/compiled/threads.py
    for origin in MPNET:
        checked(origin, inputs)
    passages, _ = passages_and_words(inputs, work, exclude)
    targets = targets_of(states(passages, mpnet(inputs, LAYERS), work / "passages.npy"))
    encoded = encode(passages, max_words=LONGEST)
    # A word that the table does not have tells nothing here.
    settings = Settings(vectors=str(path), min_count=1000)
    start = begin(encoded, np.ones(len(encoded.ragged.words), bool), settings, say)
    ragged = start.ragged(encoded)
    network = learn(ragged, start.matrix, targets)
    table = VectorTable.open(path)
    facts = {**table.facts, "filters": "distilled from all-mpnet-base-v2 over texts"}
    write(table._replace(facts=facts, filters=filters_of(network, start.scale)), path)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Pretrain filters over the English word vectors of textcnn.")
    parser.add_argument("--inputs", type=Path, default=Path("inputs"), help="folder with packages and clones")
    parser.add_argument("--work", type=Path, default=Path("work"), help="folder for what steps leave")
    parser.add_argument("--exclude", type=Path, help="folder of CSV files whose texts must not be read")
    parser.add_argument("--table", type=Path, default=EMBEDDED, help="the vectors (default: those in the package)")
    options = parser.parse_args()
    began = time.monotonic()
    build(options.inputs, options.work, options.exclude, options.table)
    say(f"{time.monotonic() - began:,.0f} seconds")


if __name__ == "__main__":
    main()
