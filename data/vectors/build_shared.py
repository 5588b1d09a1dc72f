#!/usr/bin/env python3
"""Build textcnn/vectors/shared.safetensors: words and pieces of many languages in one space, in one small table.

    python data/vectors/build_shared.py --inputs inputs --work work --output shared.safetensors

The rows are some of those of packs (build_packs.py), from the same shards, with fewer dimensions: the most frequent
words and pieces, and words that are far from what their pieces say of them, which they are looked up by if they are not
listed. A spelling that languages share has one row, the mean of theirs by how frequent it is in each.
Words are centred for each language, so that a word and its translation are near, and once more as a sentence sees them:
the mean of its words, rare ones counting more (readout.py), is zero over passages of each language, so that no language
as a whole leans to what another one has a label for. Numbers have half a byte each: more rows tell more than finer
ones. The axes are turned at random first, so that no axis is much longer than others.

The table in the package was built with `--cached --shards 12`, before lists of words were read, when eight shards of
German had been read, seven of Arabic, Chinese, French, Hindi, Japanese, Korean, Russian, Spanish and Turkish, six of
Thai, five of Italian, four of Dutch, Polish and Portuguese, two of Bengali, Czech, Greek, Hebrew, Hungarian, Persian
and Romanian, and one of each other language.
"""

import argparse
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from build_packs import gather, whole_language
from build_vectors import LENGTH, Floats, say
from e5 import Multilingual
from inputs import E5, E5_TOKENIZER, checked
from language_rows import Rows, rotated
from languages import LANGUAGES
from numpy.typing import NDArray
from readout import leaning

from textcnn.storage.atomic import written_whole
from textcnn.storage.quantized import HALF_BYTE, Quantized
from textcnn.text.vocabulary import INNER, Vocabulary
from textcnn.vectors.table import VectorTable

ROWS, DIMENSIONS = 185_000, 128
COMMON = 10_000.0  # row whose vector counts half where a sentence is read
PASSAGES = 1_500  # of a language, that say what it leans to


def joined(parts: Mapping[str, Rows], most: int, dimensions: int) -> tuple[list[str], Floats]:
    """The spellings of all languages that are worth a row, and their vectors."""
    vectors_of = rotated(parts, dimensions)
    shares: dict[str, float] = {}
    sums: dict[str, Floats] = {}
    for code, rows in parts.items():
        for name, share, vector in zip(rows.names, rows.shares.tolist(), vectors_of[code], strict=True):
            shares[name] = shares.get(name, 0.0) + share
            sums[name] = sums.get(name, np.zeros(dimensions, np.float32)) + share * vector
    names = sorted(shares, key=lambda name: -shares[name])
    vectors = np.stack([sums[name] / shares[name] for name in names]).astype(np.float32)
    kept = worthy(names, np.array([shares[name] for name in names]), vectors, most)
    return [names[row] for row in kept], vectors[kept]


def worthy(names: list[str], shares: NDArray[np.float64], vectors: Floats, most: int) -> list[int]:
    """Rows of the most frequent spellings, and of those that these say least about, by how frequent they are.

    What is said of a spelling that is not listed is the mean of its pieces, or its stem: see text/vocabulary.py.
    """
    first = most // 2
    known = Vocabulary.of(names[:first])
    error = np.maximum((vectors**2).sum(axis=1), (vectors[:first] ** 2).sum(axis=1).mean())
    for row in range(first, len(names)):
        inside = known.inside(names[row].removeprefix(INNER), first=0)
        if inside:
            error[row] = ((vectors[row] - vectors[list(inside)].mean(axis=0)) ** 2).sum()
    later = first + np.argsort(-shares[first:] * error[first:], kind="stable")[: most - first]
    return [*range(min(first, len(names))), *np.sort(later).tolist()]


def upright(names: Sequence[str], vectors: Floats, parts: Mapping[str, Rows], leanings: Mapping[str, Floats]) -> Floats:
    """Vectors less what their languages lean to, by how frequent each spelling is in each language: (N, D)."""
    place = {name: row for row, name in enumerate(names)}
    sums, shares = np.zeros_like(vectors), np.zeros((len(names), 1), np.float32)
    for code, rows in parts.items():
        kept = [row for row, name in enumerate(rows.names) if name in place]
        places, own = [place[rows.names[row]] for row in kept], rows.shares[kept, None].astype(np.float32)
        sums[places] += own * leanings[code]
        shares[places] += own
    return np.asarray(vectors - sums / shares, np.float32)


def some_passages(code: str, options: argparse.Namespace) -> list[str]:
    """So many of a language, drawn from all sources."""
    gathered = gather(code, options.inputs, options.exclude)
    return random.Random(7).sample(gathered, min(PASSAGES, len(gathered)))


def build(options: argparse.Namespace) -> None:
    """All steps."""
    for origin in (E5, E5_TOKENIZER):
        checked(origin, options.inputs)
    cutter = Multilingual(options.inputs).cutter
    parts = {}
    for code in options.languages:
        parts[code], _ = whole_language(code, cutter, options)
    names, vectors = joined(parts, options.rows, options.dimensions)
    vectors *= np.float32(LENGTH / np.linalg.norm(vectors[:5000], axis=1).mean())
    table = VectorTable("shared", Vocabulary.of(names), Quantized.of(vectors, HALF_BYTE))
    leanings = {code: leaning(table, some_passages(code, options), COMMON) for code in parts}
    table = table._replace(vectors=Quantized.of(upright(names, vectors, parts, leanings), HALF_BYTE))
    with written_whole(options.output) as file:
        table.write(
            file,
            in_half_bytes=True,
            language=" ".join(parts),
            licence="MIT; see NOTICE",
            source="multilingual-e5-small over texts",
        )
    say(f"{options.output}: {len(names):,} rows, {options.output.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Build the shared word vectors of many languages.")
    parser.add_argument("--languages", nargs="+", default=list(LANGUAGES), metavar="LANGUAGE", help="such as de tr")
    parser.add_argument("--inputs", type=Path, default=Path("inputs"), help="folder with packages and clones")
    parser.add_argument("--work", type=Path, default=Path("work"), help="folder for what was read")
    parser.add_argument("--exclude", type=Path, help="folder of CSV files whose texts must not be read")
    parser.add_argument("--output", type=Path, default=Path("shared.safetensors"), help="where the table goes")
    parser.add_argument("--shards", type=int, default=2, help="at most, for each language")
    parser.add_argument("--cached", action="store_true", help="take the shards that are there, and read no others")
    parser.add_argument("--rows", type=int, default=ROWS, help="at most")
    parser.add_argument("--dimensions", type=int, default=DIMENSIONS, help="numbers of a vector")
    build(parser.parse_args())


if __name__ == "__main__":
    main()
