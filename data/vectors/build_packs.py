#!/usr/bin/env python3
"""Build packs: word vectors of a language each, as wheels that are installed beside textcnn.

    python data/vectors/build_packs.py --list                                     the languages, and the sources
    python data/vectors/build_packs.py --inputs inputs --work work --output dist de tr      two packs

A vector is the mean of what two layers of a sentence encoder of many languages, multilingual-e5-small, say about a word
wherever it occurs in free texts of its language. Rare words lean on what their pieces let expect. Pieces have rows of
their own, made by the same regression, so that the mean of pieces stands for a word that is not listed. The layers are
centred for each language, joined, and rotated to axes that all languages share: a word and its translation are near.
A sentence encoder comes with each table (readout.py), and filters that networks start from (distillation.py): one
readout and one bank for all languages that are built together. English is read in any case, for packs list its most
frequent words, too.

The texts are read a shard at a time, those with new words first; a shard that is there is not read again. `--exclude`
leaves out every passage that shares seven words in a row (of scripts without blanks: 18 characters) with a text of a
CSV file in that folder. Inputs are as build_vectors.py has them. A shard takes about 20 seconds of one core that
computes in bfloat16, 50 of another; `--cached` reads none, and takes those that are there. Needs the same packages.
"""

import argparse
import csv
import random
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from build_vectors import LENGTH, Floats, expected, say
from distillation import distilled
from e5 import BLANK, LAYERS, Multilingual
from inputs import E5, E5_TOKENIZER, checked
from languages import LANGUAGES, OTHER_LETTERS, SOURCES, UNSPACED, paragraphs
from numpy.typing import NDArray
from passages import bare
from readout import Lesson, learned, write_readout
from shards import SHARD, Read, forms_of, lesson, merged, shards
from table_words import own_spelling

from textcnn.storage.quantized import Quantized
from textcnn.text.tokens import cut, normal, of_letters, unspaced
from textcnn.text.vocabulary import INNER, Vocabulary
from textcnn.vectors.packs import ENCODER, TABLE
from textcnn.vectors.table import VectorTable

ROWS, DIMENSIONS = 60_000, 256
SHARDS = 12  # that are read
PRIOR = 5.0  # occurrences that what is expected of a word counts for
COMMON = 1_000.0  # row whose vector counts half where a sentence is read
PIECE = 0.3  # how much less a piece counts than a word that is as frequent, where rows are put in order
ENGLISH, RARER = 5_000, 0.05  # English words of a pack, and how often they are there, of how often in English

# -------------------------------------------------------------------------------------------------- texts


def runs(text: str, unspaced: bool) -> set[int]:
    """A number for each run of words, or of characters, and for the whole."""
    words = bare(text)
    units, length = ("".join(words), 18) if unspaced else (words, 7)
    return {hash(units[start : start + length]) for start in range(max(len(units) - length, 0) + 1)}


def excluded(folder: Path | None, unspaced: bool) -> set[int]:
    """The runs of all texts in the CSV files of a folder."""
    found: set[int] = set()
    csv.field_size_limit(1 << 30)
    for file in sorted(folder.rglob("*.csv")) if folder else ():
        with file.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                found |= runs(row.get("text") or "", unspaced)
    return found


def passages(paragraph: str, unspaced: bool) -> Iterator[str]:
    """A paragraph in pieces, whole sentences where they fit: at most 48 words, or 120 characters."""
    held: list[str] = []
    most, longest, end = (120, 120, r"(?<=[。！？!?])") if unspaced else (40, 48, r"(?<=[.!?।])\s+")
    for sentence in re.split(end, paragraph):
        units = list(sentence) if unspaced else sentence.split()
        while len(units) > longest:
            yield _joined(units[:longest], unspaced)
            units = units[longest:]
        if held and len(held) + len(units) > most:
            yield _joined(held, unspaced)
            held = []
        held = held + units
    if held:
        yield _joined(held, unspaced)


def _joined(units: Sequence[str], unspaced: bool) -> str:
    return ("" if unspaced else " ").join(units)


def of_language(passage: str, code: str) -> bool:
    """Whether a passage is mostly letters, and of the script of a language."""
    letters = [character for character in passage if character.isalpha()]
    latin = sum(character < "\u0250" for character in letters)
    enough = 2 * len(letters) >= len(passage.replace(" ", "")) > 0
    return enough and (2 * latin < len(letters) if code in OTHER_LETTERS else 2 * latin > len(letters))


def gather(code: str, inputs: Path, exclude: Path | None) -> list[str]:
    """The passages of a language from all sources, those with words that are new come first."""
    draw, seen, unspaced = random.Random(5), set[tuple[str, ...]](), code in UNSPACED
    forbidden, gathered = excluded(exclude, unspaced), list[str]()
    for source in SOURCES:
        found = []
        for text in paragraphs(source, code, inputs):
            for passage in passages(" ".join(text.split()), unspaced):
                key = bare(passage)
                if len(passage) >= 8 and of_language(passage, code) and key not in seen:
                    seen.add(key)
                    found.append(passage)
        draw.shuffle(found)
        kept = enough(found, source.words, forbidden, unspaced)
        gathered += kept
        say(f"{code}, {source.name}: {len(kept):,} of {len(found):,} passages")
    draw.shuffle(gathered)
    return new_words_first(gathered, unspaced)


def enough(found: Iterable[str], most: float, forbidden: set[int], unspaced: bool) -> list[str]:
    """Passages of about so many words, none of them forbidden."""
    kept: list[str] = []
    words = 0.0
    for passage in found:
        if words >= most:
            break
        if not runs(passage, unspaced) & forbidden:
            kept.append(passage)
            words += len(passage) / 2.2 if unspaced else passage.count(" ") + 1
    return kept


def new_words_first(gathered: Sequence[str], unspaced: bool) -> list[str]:
    """Rounds of passages with two words that were not there 2, 8 times before; one, 40 times; then the others."""
    counts: Counter[str] = Counter()
    chosen: list[str] = []
    left = list(gathered)
    for often, needed in ((2, 2), (8, 2), (40, 1), (sys.maxsize, 0)):
        later = []
        for passage in left:
            words = [passage[at : at + 2] for at in range(len(passage) - 1)] if unspaced else passage.lower().split()
            if sum(counts[word] < often for word in words) >= needed:
                counts.update(words)
                chosen.append(passage)
            else:
                later.append(passage)
        left = later
    return chosen


# ------------------------------------------------------------------------------------------------- tables


class Rows(NamedTuple):
    """Spellings, their shares of the texts, and vectors: the most frequent first."""

    names: list[str]
    shares: NDArray[np.float64]
    vectors: Floats


def language(files: Sequence[Path], cutter: Any) -> Rows:
    """The words of a language and its pieces, not yet rotated."""
    words, pieces, forms = merged(files, "words"), merged(files, "pieces"), forms_of(files)
    centre = (words.means * words.counts[:, None]).sum(axis=0) / words.counts.sum()
    row_of = {piece: row for row, piece in enumerate(pieces.spellings)}
    encoded = cutter.encode_batch([forms[word] for word in words.spellings], add_special_tokens=False)
    own = [[row_of[piece] for piece in one.tokens if piece in row_of] for one in encoded]
    of_pieces = pieces.means - centre
    given = np.array([of_pieces[rows].mean(axis=0) if rows else np.zeros(len(centre)) for rows in own], np.float32)
    everything = expected(
        np.concatenate([given, of_pieces]),
        np.concatenate([words.means - centre, of_pieces]),
        np.concatenate([np.minimum(words.counts, 50), np.zeros(len(of_pieces), np.float32)]),
    )
    guess, by_piece = everything[: len(given)], everything[len(given) :]
    leaning = (words.means - centre) * words.counts[:, None] + PRIOR * guess
    vectors = leaning / (words.counts + PRIOR)[:, None]
    total = float(words.counts.sum())
    listed = {
        word: (count / total, vector)
        for word, count, vector in zip(words.spellings, words.counts.tolist(), vectors, strict=True)
        if count and own_spelling(word)
    }
    listed |= {
        name: (PIECE * count / total, vector)
        for name, (count, vector) in named_pieces(pieces, by_piece).items()
        if name not in listed
    }
    listed |= {name: (count / total, vector) for name, (count, vector) in unspaced_words(pieces).items()}
    names = sorted(listed, key=lambda name: -listed[name][0])[:ROWS]
    return Rows(names, np.array([listed[name][0] for name in names]), np.stack([listed[name][1] for name in names]))


def named_pieces(pieces: Read, vectors: Floats) -> dict[str, tuple[float, Floats]]:
    """Pieces of letters as a table lists them; those that differ in case only are one, their vectors a mean."""
    found: dict[str, tuple[float, Floats]] = {}
    for piece, count, vector in zip(pieces.spellings, pieces.counts.tolist(), vectors, strict=True):
        name, begins = normal(piece.lstrip(BLANK)), piece.startswith(BLANK)
        if not (of_letters(name) if begins else inner(name)) or unspaced(name[:1]):
            continue
        name = name if begins else INNER + name
        before, mean = found.get(name, (0.0, vector))
        found[name] = before + count, (before * mean + count * vector) / (before + count)
    return found


def inner(name: str) -> bool:
    """Whether this can stand inside of words as they are spelt: letters, or marks but points."""
    whole = f"x{name}"
    return len(name) > 0 and of_letters(whole) and normal(whole) == whole


def unspaced_words(pieces: Read) -> dict[str, tuple[float, Floats]]:
    """Pieces of scripts without blanks are words; rare ones lean on the mean of all."""
    kept = [row for row, piece in enumerate(pieces.spellings) if is_unspaced(normal(piece.lstrip(BLANK)))]
    if not kept:
        return {}
    counts, means = pieces.counts[kept], pieces.means[kept]
    centre = (means * counts[:, None]).sum(axis=0) / counts.sum()
    vectors = (means - centre) * (counts / (counts + PRIOR))[:, None]
    found: dict[str, tuple[float, Floats]] = {}
    for row, count, vector in zip(kept, counts.tolist(), vectors, strict=True):
        name = normal(pieces.spellings[row].lstrip(BLANK))
        before, mean = found.get(name, (0.0, vector))
        found[name] = before + count, (before * mean + count * vector) / (before + count)
    return found


def is_unspaced(name: str) -> bool:
    """Whether a spelling has nothing but whole characters of scripts without blanks, each with its marks."""
    units = cut(name)
    return bool(units) and "".join(units) == name and all(unit[0].isalnum() and unspaced(unit[0]) for unit in units)


def with_english(rows: Rows, english: Rows) -> Rows:
    """And the most frequent English words, which labels are in, and now and then texts of any language."""
    listed = set(rows.names)
    new = [at for at, name in enumerate(english.names[:ENGLISH]) if not (name in listed or name.startswith(INNER))]
    names, shares = [*rows.names, *(english.names[at] for at in new)], [rows.shares, RARER * english.shares[new]]
    order = np.argsort(-np.concatenate(shares), kind="stable")
    vectors = np.concatenate([rows.vectors, english.vectors[new]])[order]
    return Rows([names[at] for at in order.tolist()], np.concatenate(shares)[order], vectors)


def rotated(parts: Mapping[str, Rows], dimensions: int) -> dict[str, Floats]:
    """The vectors of languages on axes that all share: each layer scaled alike, the first principal axes."""
    vectors = np.concatenate([rows.vectors for rows in parts.values()])
    layers = np.split(vectors, len(LAYERS), axis=1)
    joined = np.concatenate([layer / np.sqrt((layer**2).sum(axis=1).mean()) for layer in layers], axis=1)
    weights = np.sqrt(np.concatenate([rows.shares for rows in parts.values()]))[:, None]
    weights /= weights.sum()
    joined -= (joined * weights).sum(axis=0)
    _, axes = np.linalg.eigh((joined * weights).T @ joined)
    turned = (joined @ axes[:, : -dimensions - 1 : -1]).astype(np.float32)
    ends = np.cumsum([len(rows.names) for rows in parts.values()])[:-1]
    return dict(zip(parts, np.split(turned, ends), strict=True))


# ------------------------------------------------------------------------------------------------- wheels

NOTICE = """table.vectors: vectors of words, and filters; sentences.safetensors: a readout, what they say of a sentence.
Made by data/vectors/build_packs.py of textcnn with the weights of

- multilingual-e5-small. Liang Wang, Nan Yang, Xiaolong Huang, Linjun Yang, Rangan Majumder, Furu Wei: Multilingual E5
  Text Embeddings, 2024 (https://huggingface.co/intfloat/multilingual-e5-small). MIT. Changed: the table has means of
  hidden states, reduced, the readout and the filters were fitted to them, and none has any of the weights.

Texts that the encoder read, in this language and in those that were built together with it, none of which is here:

"""


def wheel(code: str, table: VectorTable, readout: Floats, output: Path, version: str) -> Path:
    """A package with nothing but a table, a sentence encoder over it, and a notice."""
    package, sources = (
        f"textcnn_vectors_{code}",
        "".join(f"- {one.name} ({one.origin}), {one.terms}\n" for one in SOURCES),
    )
    info = f"{package}-{version}.dist-info"
    path = output / f"{package}-{version}-py3-none-any.whl"
    files: dict[str, str] = {
        f"{package}/__init__.py": f'"""Word vectors for textcnn: {LANGUAGES[code].name}."""\n',
        f"{package}/NOTICE": NOTICE + sources,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package.replace('_', '-')}\nVersion: {version}\n"
        f"Summary: Word vectors for textcnn: {LANGUAGES[code].name}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: textcnn\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    tensors = [f"{package}/{name}" for name in (TABLE, ENCODER)]
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        with archive.open(tensors[0], "w") as stream:
            table.write(stream, language=code, licence="MIT; see NOTICE", source="multilingual-e5-small over texts")
        with archive.open(tensors[1], "w") as stream:
            write_readout(stream, table, code, readout, COMMON)
        archive.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in (*files, *tensors, f"{info}/RECORD")))
    return part.replace(path)


def build(codes: Sequence[str], options: argparse.Namespace) -> None:
    """All steps."""
    for origin in (E5, E5_TOKENIZER):
        checked(origin, options.inputs)
    cutter, parts, lessons = Multilingual(options.inputs).cutter, dict[str, Rows](), dict[str, Lesson]()
    for code in dict.fromkeys([*codes, "en"]):
        gathered = partial(gather, code, options.inputs, options.exclude)
        files = shards(options.work / code, gathered, options.inputs, options.shards, cached=options.cached)
        parts[code], lessons[code] = language(files, cutter), lesson(files)
        say(f"{code}: {len(parts[code].names):,} rows from {len(files)} shards")
    parts = {code: with_english(rows, parts["en"]) for code, rows in parts.items()}
    tables = {code: tabled(code, parts[code].names, vectors) for code, vectors in rotated(parts, DIMENSIONS).items()}
    readout, filters = learned(lessons, tables, COMMON), distilled(lessons, tables)
    options.output.mkdir(parents=True, exist_ok=True)
    for code in codes:
        path = wheel(code, tables[code]._replace(filters=filters), readout, options.output, options.version)
        say(f"{path}: {len(tables[code].vocabulary):,} rows")


def tabled(code: str, names: Sequence[str], vectors: Floats) -> VectorTable:
    """Rows as a table, its frequent words as long as those of other tables."""
    length = LENGTH / np.linalg.norm(vectors[:5000], axis=1).mean()
    return VectorTable(LANGUAGES[code].name, Vocabulary.of(names), Quantized.of(vectors * np.float32(length)))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Build word vectors of other languages, as wheels.")
    parser.add_argument("codes", nargs="*", metavar="LANGUAGE", help="such as de; all if none is named")
    parser.add_argument("--list", action="store_true", help="say which languages and sources there are")
    parser.add_argument("--inputs", type=Path, default=Path("inputs"), help="folder with packages and clones")
    parser.add_argument("--work", type=Path, default=Path("work"), help="folder for what was read")
    parser.add_argument("--exclude", type=Path, help="folder of CSV files whose texts must not be read")
    parser.add_argument("--output", type=Path, default=Path("dist"), help="folder for the wheels")
    parser.add_argument("--shards", type=int, default=SHARDS, help=f"of {SHARD:,} passages, at most, for each language")
    parser.add_argument("--cached", action="store_true", help="take the shards that are there, and read no others")
    parser.add_argument("--version", default="0.1", help="of the wheels")
    options = parser.parse_args()
    strange = [code for code in options.codes if code not in LANGUAGES]
    if strange:
        sys.exit(f"no texts are known of {', '.join(strange)}; the languages are {', '.join(LANGUAGES)}")
    if options.list:
        print("\n".join(f"{code}  {language.name}" for code, language in LANGUAGES.items()))
        for package in (E5, E5_TOKENIZER):
            print(f"{package.file}\n    {package.origin}; {package.terms}\n    SHA-256 {package.sha256}")
        for source in SOURCES:
            print(f"{source.name}; {source.terms}\n    {source.origin}")
        return
    build(options.codes or list(LANGUAGES), options)


if __name__ == "__main__":
    main()
