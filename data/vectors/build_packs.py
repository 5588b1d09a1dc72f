#!/usr/bin/env python3
"""Build packs: word vectors of a language each, as wheels that are installed beside textcnn.

    python data/vectors/build_packs.py --list                                     the languages, and the sources
    python data/vectors/build_packs.py --inputs inputs --work work --output dist de tr      two packs

A vector is the mean of what two layers of a sentence encoder of many languages, multilingual-e5-small, say about a word
wherever it occurs in free texts of its language, and about words alone that are frequent in others (word_lists.py); see
language_rows.py. The layers are centred for each language, joined, and rotated to axes that all languages share, then
centred once more as a sentence sees them, as build_shared.py does: a word and its translation are near. Numbers have
half a byte each.
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
from typing import Any

import numpy as np
from build_vectors import LENGTH, Floats, say
from distillation import distilled
from e5 import Multilingual
from inputs import E5, E5_TOKENIZER, checked
from language_rows import Rows, language, rotated, with_english, worth_reading
from languages import LANGUAGES, OTHER_LETTERS, SOURCES, UNSPACED, paragraphs
from passages import bare
from readout import Lesson, leaning, learned, write_readout
from shards import SHARD, lesson, read_alone, shards
from word_lists import LISTS, frequent_words

from textcnn.storage.quantized import HALF_BYTE, Quantized
from textcnn.text.vocabulary import Vocabulary
from textcnn.vectors.packs import ENCODER, TABLE
from textcnn.vectors.table import VectorTable

DIMENSIONS = 256
SHARDS = 12  # that are read
COMMON = 1_000.0  # row whose vector counts half where a sentence is read
PASSAGES = 1_500  # of a language, that say what it leans to

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


# ------------------------------------------------------------------------------------------------- wheels

NOTICE = """table.vectors: vectors of words, and filters; sentences.safetensors: a readout, what they say of a sentence.
Made by data/vectors/build_packs.py of textcnn with the weights of

- multilingual-e5-small. Liang Wang, Nan Yang, Xiaolong Huang, Linjun Yang, Rangan Majumder, Furu Wei: Multilingual E5
  Text Embeddings, 2024 (https://huggingface.co/intfloat/multilingual-e5-small). MIT. Changed: the table has means of
  hidden states, reduced, the readout and the filters were fitted to them, and none has any of the weights.

Texts and lists of words that the encoder read, in this language and in those that were built together with it:

"""


def wheel(code: str, table: VectorTable, readout: Floats, output: Path, version: str) -> Path:
    """A package with nothing but a table, a sentence encoder over it, and a notice."""
    package = f"textcnn_vectors_{code}"
    sources = "".join(f"- {one.name} ({one.origin}), {one.terms}\n" for one in (*SOURCES, *LISTS))
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
            languages = " ".join(dict.fromkeys([code, "en"]))
            source = "multilingual-e5-small over texts"
            table.write(stream, in_half_bytes=True, language=languages, licence="MIT; see NOTICE", source=source)
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
        parts[code], lessons[code] = whole_language(code, cutter, options)
    parts = upright(parts, lessons)
    tables = {code: tabled(code, with_english(rows, parts["en"])) for code, rows in parts.items()}
    readout, filters = learned(lessons, tables, COMMON), distilled(lessons, tables)
    options.output.mkdir(parents=True, exist_ok=True)
    for code in codes:
        path = wheel(code, tables[code]._replace(filters=filters), readout, options.output, options.version)
        say(f"{path}: {len(tables[code].vocabulary):,} rows")


def whole_language(code: str, cutter: Any, options: argparse.Namespace) -> tuple[Rows, Lesson]:
    """Its rows, not yet rotated, and what was said of its passages."""
    gathered = partial(gather, code, options.inputs, options.exclude)
    files = shards(options.work / code, gathered, options.inputs, options.shards, cached=options.cached)
    listed = frequent_words(code, options.inputs)
    wanted = partial(worth_reading, files, listed, blanks=code not in UNSPACED)
    alone = read_alone(options.work / code / "alone.npz", wanted, options.inputs, cached=options.cached)
    rows = language(files, cutter, listed, alone)
    say(f"{code}: {len(rows.names):,} rows from {len(files)} shards, {len(listed):,} words listed")
    return rows, lesson(files)


def upright(parts: Mapping[str, Rows], lessons: Mapping[str, Lesson]) -> dict[str, Rows]:
    """Languages on axes that all share, less what each leans to, so that a word and its translation are near.

    Their frequent words are as long as those of other tables.
    """
    turned = rotated(parts, DIMENSIONS)
    length = LENGTH / np.mean([np.linalg.norm(vectors[:5000], axis=1).mean() for vectors in turned.values()])
    found = {}
    for code, vectors in turned.items():
        rows = parts[code]._replace(vectors=vectors * np.float32(length))
        passages = random.Random(7).sample(lessons[code].passages, min(PASSAGES, len(lessons[code].passages)))
        found[code] = rows._replace(vectors=rows.vectors - leaning(tabled(code, rows), passages, COMMON))
    return found


def tabled(code: str, rows: Rows) -> VectorTable:
    """Rows as a table."""
    return VectorTable(f"{LANGUAGES[code].name} pack", Vocabulary.of(rows.names), Quantized.of(rows.vectors, HALF_BYTE))


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
        for source in (*SOURCES, *LISTS):
            print(f"{source.name}; {source.terms}\n    {source.origin}")
        return
    build(options.codes or list(LANGUAGES), options)


if __name__ == "__main__":
    main()
