#!/usr/bin/env python3
"""Build the English word vectors that come with textcnn: textcnn/vectors/english.safetensors.

    python data/vectors/build_vectors.py --list               what has to be in the folder of inputs, and its terms
    python data/vectors/build_vectors.py --inputs inputs --work work   build the table
    python data/vectors/build_vectors.py --inputs inputs --stretch t   the last step alone, for a table without it

A vector joins what four public sources know about a word: GloVe (which words it stands among, in 6 billion words of
news and encyclopaedia), the vectors of a spaCy model (the same from other texts), and two sentence encoders, MiniLM
and MPNet, which read a few million words of reviews, chat, questions, news, mail and dictionary: the mean of what some
of their layers say about the word wherever it occurs. Rare words lean on what the other sources and the word alone let
expect. The parts are joined, rotated to their principal axes, cut to 256 numbers, and rounded to one byte each. In the
end the table is stretched along the directions in which words are good or bad, as people rated some thousands of them
for VADER: what many texts are sorted by is a small part of what vectors are made for.

No text's label is used, and no text is kept: only means over many texts. `--exclude FOLDER` leaves out every passage
that shares eight words in a row, or a whole sentence, with a text of a CSV file in that folder (column `text`): so
the texts of benchmarks cannot have been read before they are classified. The published table was built that way. It
has no filters; build_filters.py adds them.

The inputs are packages, as they are published, and git repositories, cloned to `inputs/owner+name`. Everything is
checked by SHA-256 before it is used. The steps leave their results in the work folder and are not repeated. Reading
takes most of the time: about half an hour on one core that computes in bfloat16. Needs textcnn, torch, tokenizers,
safetensors, pyarrow and msgpack: pip install '.[vectors]'.
"""

import argparse
import datetime
import json
import os
import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from encoder import Encoder, equal_lengths, minilm, mpnet
from inputs import PACKAGES, VADER, Repository, checked, package_files
from numpy.typing import NDArray
from other_vectors import Source, glove_50, glove_100, spacy_vectors
from passages import gather
from table_words import PLAIN, Words, choose_words, count, glove_words, readable, shape
from texts import TEXTS

from textcnn.storage.quantized import Quantized
from textcnn.text.tokens import cut, normal, parts, tokenize
from textcnn.text.vocabulary import Vocabulary
from textcnn.vectors.table import EMBEDDED, VectorTable

Floats = NDArray[np.float32]

DIMENSIONS = 256
READ = 120_000  # passages, some 2.7 million words; with 1.9 million the table was as good
ENOUGH = 60  # occurrences after which a word no longer asks for more
PRIOR = 20.0  # occurrences that what was expected of a word counts for
LENGTH = 6.4  # mean length of the frequent rows
STRETCH = 3.0  # how much longer the directions of good and bad get

# ------------------------------------------------------------------------------------------------ reading


def alone(words: Sequence[str], encoder: Encoder) -> Floats:
    """What the last of the layers says about each word by itself: (V, size)."""
    import torch

    found = np.zeros((len(words), encoder.size), np.float32)
    encoded = [one.ids for one in encoder.cutter.encode_batch([readable(word) for word in words])]
    with torch.inference_mode():
        for batch in equal_lengths([len(ids) for ids in encoded]):
            states = encoder.states(torch.tensor([encoded[number] for number in batch]))[encoder.layers[-1]]
            found[batch] = states.float().mean(dim=1).numpy()
    return found


def rows_of_pieces(passage: str, starts: Sequence[int], row_of: Mapping[str, int]) -> tuple[NDArray[Any], NDArray[Any]]:
    """For each piece of a passage: the row of the word that it starts in, or -1, and the place of that word."""
    tokens = tokenize(passage)
    rows = np.array([row_of.get(normal(token.surface), -1) for token in tokens] or [-1])
    places = np.searchsorted([token.start for token in tokens] or [0], starts, side="right") - 1
    found = np.where(places < 0, -1, rows[np.maximum(places, 0)])
    found[[0, -1]] = -1  # the marks of beginning and end
    return found, places


def select(gathered: Iterable[str], words: Sequence[str]) -> list[str]:
    """The passages that have words which did not occur often enough before."""
    row_of = {word: row for row, word in enumerate(words)}
    seen = np.zeros(len(words), np.float32)
    remembered: dict[str, list[int]] = {}
    chosen = []
    for passage in gathered:
        rows: set[int] = set()
        for chunk in passage.split():
            if chunk not in remembered:
                remembered[chunk] = [row_of[word] for surface in cut(chunk) if (word := normal(surface)) in row_of]
            rows.update(remembered[chunk])
        these = list(rows)
        if np.maximum(0, 1 - seen[these] / ENOUGH).sum() >= 1:
            seen[these] += 1
            chosen.append(passage)
    return chosen


def read(chosen: Sequence[str], words: Sequence[str], encoder: Encoder, file: Path) -> None:
    """Add up what the layers say about each word wherever it occurs; saved on the way, and taken up again."""
    import torch

    row_of = {word: row for row, word in enumerate(words)}
    sums = {layer: torch.zeros(len(words), encoder.size) for layer in encoder.layers}
    numbers, done = torch.zeros(len(words)), 0
    if file.exists():
        with np.load(file) as saved:
            done, numbers = int(saved["done"]), torch.tensor(saved["numbers"])
            sums = {layer: torch.tensor(saved[f"layer{layer}"]) for layer in encoder.layers}
    while done < len(chosen):
        for part in range(done, min(done + 40_000, len(chosen)), 4_000):
            add_up(chosen[part : part + 4_000], row_of, encoder, sums, numbers)
        done = min(done + 40_000, len(chosen))
        arrays = {f"layer{layer}": total.numpy() for layer, total in sums.items()}
        with file.with_suffix(".part").open("wb") as stream:
            np.savez(stream, done=done, numbers=numbers.numpy(), **arrays)
        file.with_suffix(".part").replace(file)
        say(f"read {done:,} of {len(chosen):,} passages, {float(numbers.sum()):,.0f} words")


def add_up(
    some: Sequence[str], row_of: Mapping[str, int], encoder: Encoder, sums: dict[int, Any], numbers: Any
) -> None:
    """Add what is said about the words of some passages; the pieces of a word share its weight."""
    import torch

    encoded = encoder.cutter.encode_batch(list(some))
    found = [
        rows_of_pieces(passage, [start for start, _ in one.offsets], row_of)
        for passage, one in zip(some, encoded, strict=True)
    ]
    for batch in equal_lengths([len(one.ids) for one in encoded]):
        rows = np.concatenate([found[number][0] for number in batch])
        words = np.concatenate([found[number][1] + 1000 * place for place, number in enumerate(batch)])
        kept = np.flatnonzero(rows >= 0)
        if not len(kept):
            continue
        _, word, pieces = np.unique(words[kept], return_inverse=True, return_counts=True)
        weights, to = torch.tensor(1 / pieces[word], dtype=torch.float32), torch.tensor(rows[kept])
        with torch.inference_mode():
            for layer, states in encoder.states(torch.tensor([encoded[number].ids for number in batch])).items():
                sums[layer].index_add_(0, to, states.flatten(0, 1)[kept].float() * weights[:, None])
        numbers.index_add_(0, to, weights)


# ------------------------------------------------------------------------------------------------- joining


def centred(matrix: Floats) -> Floats:
    """Centred, and scaled so that a row's mean square length is 1."""
    moved = matrix - matrix.mean(axis=0)
    return moved / np.sqrt((moved**2).sum(axis=1).mean())


def unit(matrix: Floats) -> Floats:
    """Centred, every row of length 1: no source outvotes another about any word."""
    moved = matrix - matrix.mean(axis=0)
    return moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)


def expected(given: Floats, target: Floats, weight: Floats, penalty: float = 10.0) -> Floats:
    """What ridge regression expects of every row, learnt from the rows that have weight."""
    known = weight > 0
    inputs = np.c_[given, np.ones(len(given))].astype(np.float64)
    weighted = inputs[known] * weight[known, None]
    square = weighted.T @ inputs[known] + penalty * np.eye(inputs.shape[1])
    return (inputs @ np.linalg.solve(square, weighted.T @ target[known].astype(np.float64))).astype(np.float32)


def filled(part: Source, *given: Floats) -> Floats:
    """A part, with what the others let expect where its source lacks the word."""
    guess = expected(np.concatenate(given, axis=1), part.vectors, part.known.astype(np.float32))
    return np.where(part.known[:, None], part.vectors, guess)


def in_context(sums: Floats, numbers: Floats, given: Floats) -> Floats:
    """Mean over occurrences; the rarer a word, the nearer to what is expected of it."""
    often = numbers >= 20
    means = sums / np.maximum(numbers, 1e-6)[:, None]
    centre = means[often].mean(axis=0)
    guess = expected(given, means - centre, np.where(often, np.minimum(numbers, 200) / 100, 0).astype(np.float32))
    mixed = (sums - numbers[:, None] * centre + PRIOR * guess) / (numbers + PRIOR)[:, None]
    return mixed.astype(np.float32)


def principal(joined: Floats, shares: Floats, dimensions: int) -> Floats:
    """The axes of largest variance, which words have a say in by the root of their frequency."""
    weight = np.sqrt(shares / shares.sum())[:, None]
    weight /= weight.sum()
    moved = joined - (joined * weight).sum(axis=0)
    _, axes = np.linalg.eigh(((moved * weight).T @ moved).astype(np.float64))
    return moved @ axes[:, : -dimensions - 1 : -1].astype(np.float32)


class Encodings(NamedTuple):
    """What an encoder said about each word: alone, and wherever it occurred."""

    alone: Floats  # (V, size)
    numbers: Floats  # (V,) of occurrences
    sums: list[Floats]  # (V, size) of each layer


def join(words: Words, inputs: Path, encoders: Sequence[Encodings]) -> Floats:
    """All parts, joined, rotated and cut: (V, DIMENSIONS)."""
    small = glove_50(words.words, inputs)
    singles = [centred(each.alone) for each in encoders]
    glove = glove_100(words.words, inputs)
    first = filled(glove, centred(filled(small, singles[0])), singles[0])
    other = filled(spacy_vectors(words.words, inputs), centred(first), singles[0])
    joined = [first, other]
    for each, single in zip(encoders, singles, strict=True):
        given = np.concatenate([centred(first), single], axis=1)
        joined += [in_context(sums, each.numbers, given) for sums in each.sums]
    vectors = principal(np.concatenate([unit(part) for part in joined], axis=1), words.shares, DIMENSIONS)
    for_shapes(words, vectors)
    return vectors * (LENGTH / np.linalg.norm(vectors[:5000], axis=1).mean())


def finished(words: Sequence[str], vectors: Floats, glove: Collection[str]) -> tuple[list[str], Floats]:
    """Leave out words that a missing space made, such as film.the; add the brackets of the treebank."""
    row_of = {word: row for row, word in enumerate(words)}
    rows = [row for row, word in enumerate(words) if "." not in word or word in glove or not parts(word)]
    names = [words[row] for row in rows]
    brackets = [word for word in PLAIN if word not in row_of]
    rows += [row_of[PLAIN[word]] for word in brackets]
    return names + brackets, vectors[rows]


def for_shapes(words: Words, vectors: Floats) -> None:
    """A shape such as 0,000 gets the mean of the numbers that have it."""
    row_of = {word: row for row, word in enumerate(words.words)}
    members: dict[int, list[int]] = {}
    for word, row in row_of.items():
        place = row_of.get(shape(word), row)
        if place != row:
            members.setdefault(place, []).append(row)
    for row, numbers in members.items():
        if len(numbers) >= 3:
            vectors[row] = vectors[numbers].mean(axis=0)


# ---------------------------------------------------------------------------------------------- stretching


def stretched(table: VectorTable, inputs: Path) -> VectorTable:
    """The table with its directions of good and bad longer; nothing else about it changes.

    A direction is what ridge regression makes of people's ratings of words, as many unrated frequent words being
    neither good nor bad: one for how good, one for how bad. The ratings themselves do not come in.
    """
    lines = next(package_files(inputs / VADER.file, "*/vader_lexicon.txt")).decode().splitlines()
    ratings = {word: float(mean) for word, mean, *_ in (line.split("\t") for line in lines)}
    rated = {row: mean for word, mean in ratings.items() if (row := table.vocabulary.row(word)) is not None}
    frequent = np.random.default_rng(0).permutation(min(20_000, len(table.vocabulary)))
    others = [row for row in frequent[: len(rated)].tolist() if row not in rated]
    means = np.array([*rated.values(), *[0.0] * len(others)])
    vectors = table.vectors.rows(np.array([*rated, *others]))
    known = np.c_[vectors, np.ones(len(vectors))].astype(np.float64)
    square = known.T @ known + 20 * np.eye(known.shape[1])
    wanted = np.stack([np.maximum(means, 0), np.minimum(means, 0)], axis=1)
    axes, _ = np.linalg.qr(np.linalg.solve(square, known.T @ wanted)[:-1])
    everything = table.vectors.rows(np.arange(len(table.vocabulary)))
    longer = everything + (STRETCH - 1) * (everything @ axes.astype(np.float32)) @ axes.T.astype(np.float32)
    return table._replace(vectors=Quantized.of(longer))


# -------------------------------------------------------------------------------------------------- script


def say(message: str) -> None:
    """One line, with the time."""
    print(f"{time.strftime('%H:%M:%S')}  {message}", file=sys.stderr, flush=True)


def passages_and_words(inputs: Path, work: Path, exclude: Path | None) -> tuple[list[str], Words]:
    """The passages to read and the words of the table; from the work folder if they are there."""
    texts, listed = work / "passages.txt", work / "words.json"
    if not (texts.exists() and listed.exists()):
        gathered = gather(inputs, exclude, say)
        words = choose_words(count(gathered), glove_words(inputs))
        chosen = select(gathered, words.words)[:READ]
        say(f"{len(words.words):,} words; {len(chosen):,} of {len(gathered):,} passages will be read")
        texts.write_text("\n".join(chosen), encoding="utf-8")
        listed.write_text(json.dumps([words.words, words.shares.tolist()]), encoding="utf-8")
    names, shares = json.loads(listed.read_text(encoding="utf-8"))
    return texts.read_text(encoding="utf-8").split("\n"), Words(names, np.array(shares, np.float32))


def encodings(chosen: Sequence[str], words: Sequence[str], encoder: Encoder, work: Path) -> Encodings:
    """What an encoder says; from its work folder what is there."""
    work.mkdir(parents=True, exist_ok=True)
    single, contexts = work / "alone.npy", work / "contexts.npz"
    if not single.exists():
        np.save(single, alone(words, encoder))
    read(chosen, words, encoder, contexts)
    with np.load(contexts) as saved:
        return Encodings(np.load(single), saved["numbers"], [saved[f"layer{layer}"] for layer in encoder.layers])


def build(inputs: Path, work: Path, exclude: Path | None, output: Path) -> None:
    """All steps."""
    for origin in (*PACKAGES, *(source.origin for source in TEXTS)):
        checked(origin, inputs)
    work.mkdir(parents=True, exist_ok=True)
    chosen, words = passages_and_words(inputs, work, exclude)
    encoders = [
        encodings(chosen, words.words, encoder, work / name)
        for name, encoder in (("minilm", minilm(inputs)), ("mpnet", mpnet(inputs)))
    ]
    vectors = join(words, inputs, encoders)
    names, vectors = finished(words.words, vectors, set(glove_words(inputs)))
    write(stretched(VectorTable("english", Vocabulary.of(names), Quantized.of(vectors)), inputs), output)


def write(table: VectorTable, output: Path) -> None:
    """Put the table in its place, whole."""
    facts = {
        "language": "en",
        "licence": "PDDL 1.0, CC0 1.0, Apache-2.0 and MIT; see NOTICE",
        "source": "GloVe 6B; spaCy en_core_web_md 3.7.1; all-MiniLM-L6-v2 and all-mpnet-base-v2 over texts; VADER",
        "built": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
    part = output.with_suffix(".part")
    with part.open("wb") as stream:
        table.write(stream, **facts)
    os.replace(part, output)  # noqa: PTH105
    say(f"{output}: {len(table.vocabulary):,} words, {output.stat().st_size:,} bytes")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Build the English word vectors of textcnn.")
    parser.add_argument("--list", action="store_true", help="say what the inputs are")
    parser.add_argument("--inputs", type=Path, default=Path("inputs"), help="folder with packages and clones")
    parser.add_argument("--work", type=Path, default=Path("work"), help="folder for what steps leave")
    parser.add_argument("--exclude", type=Path, help="folder of CSV files whose texts must not be read")
    parser.add_argument("--output", type=Path, default=EMBEDDED, help="the table (default: the one in the package)")
    parser.add_argument("--stretch", type=Path, metavar="TABLE", help="only stretch this table, which is not yet")
    options = parser.parse_args()
    if options.stretch:
        checked(VADER, options.inputs)
        table = VectorTable.open(options.stretch)
        if "VADER" in table.facts.get("source", ""):
            sys.exit(f"{options.stretch} is stretched already")
        write(stretched(table, options.inputs), options.output)
        return
    if not options.list:
        build(options.inputs, options.work, options.exclude, options.output)
        return
    for package in PACKAGES:
        print(f"{package.file}\n    {package.origin}; {package.terms}\n    SHA-256 {package.sha256}")
    for source in TEXTS:
        if isinstance(source.origin, Repository):
            origin = source.origin
            print(
                f"{origin.file}\n    git repository {origin.name}, commit {origin.commit}: {', '.join(origin.patterns)}"
            )
            print(f"    {source.name}; {origin.terms}\n    SHA-256 of these files {origin.sha256}")


if __name__ == "__main__":
    main()
