#!/usr/bin/env python3
"""Build packs: word vectors of a language each, as wheels that are installed beside textcnn.

    python data/vectors/build_packs.py --list                                     the languages, and the sources
    python data/vectors/build_packs.py --inputs inputs --work work --output dist de tr      two packs

A vector is the mean of what two layers of a sentence encoder of many languages, multilingual-e5-small, say about a word
wherever it occurs in free texts of its language. Rare words lean on what their pieces let expect. Pieces have rows of
their own, made by the same regression, so that the mean of pieces stands for a word that is not listed. The layers are
centred for each language, joined, and rotated to axes that all languages share: a word and its translation are near.
A sentence encoder comes with each table (readout.py), one readout for all languages that are built together.

The texts are read a shard at a time, those with new words first; a shard that is there is not read again. `--exclude`
leaves out every passage that shares seven words in a row (of scripts without blanks: 18 characters) with a text of a
CSV file in that folder. Inputs are as build_vectors.py has them. A shard takes about 20 seconds of one core that
computes in bfloat16; `--cached` reads none, and takes those that are there. Needs the same packages.
"""

import argparse
import csv
import random
import re
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from build_vectors import LENGTH, Floats, equal_lengths, expected, say
from e5 import BLANK, LAYERS, Multilingual, Pieces
from inputs import E5, E5_TOKENIZER, checked
from languages import LANGUAGES, OTHER_LETTERS, SOURCES, UNSPACED, paragraphs
from numpy.typing import NDArray
from passages import bare
from readout import Lesson, learned, teach, write_readout
from table_words import own_spelling

from textcnn.storage.quantized import Quantized
from textcnn.text.tokens import cut, normal, of_letters, tokenize, unspaced
from textcnn.text.vocabulary import INNER, Vocabulary
from textcnn.vectors.packs import ENCODER, TABLE
from textcnn.vectors.table import VectorTable

ROWS, DIMENSIONS = 60_000, 256
SHARD, SHARDS = 3_000, 12  # passages of a shard; shards that are read
PRIOR = 5.0  # occurrences that what is expected of a word counts for
COMMON = 500.0  # row whose vector counts half where a sentence is read
PIECE = 0.3  # how much less a piece counts than a word that is as frequent, where rows are put in order
PREFIX_PIECES = 4  # the mark of the beginning, and those of the encoder's prefix
BLANK_ALONE = 6  # the number of a piece that is a blank and nothing else

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


# ------------------------------------------------------------------------------------------------ reading


class Sums:
    """Sums of what layers say about words, or pieces, by spelling."""

    def __init__(self, size: int) -> None:
        import torch

        self.rows: dict[str, int] = {}
        self.sums, self.counts = torch.zeros(1 << 17, len(LAYERS) * size), torch.zeros(1 << 17)

    def row(self, spelling: str) -> int:
        """Its row."""
        return self.rows.setdefault(spelling, len(self.rows))

    def add(self, spellings: Iterable[str], weights: NDArray[np.float32], states: Any) -> None:
        """Add states, (N, layers·size), each with its weight."""
        import torch

        to, shares = torch.tensor([self.row(spelling) for spelling in spellings]), torch.from_numpy(weights)
        self.sums.index_add_(0, to, states * shares[:, None])
        self.counts.index_add_(0, to, shares)

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """As they are saved: spellings, counts and means."""
        counts = self.counts[: len(self.rows)]
        means = self.sums[: len(self.rows)] / counts.clamp(min=1e-6)[:, None]
        return {
            name: np.array(list(self.rows)),
            f"{name}_counts": counts.numpy(),
            f"{name}_means": means.half().numpy(),
        }


def read(some: Sequence[str], encoder: Multilingual, file: Path) -> None:
    """Read a shard of passages, and save what was said about each word and piece."""
    import torch

    words, pieces = Sums(encoder.size), Sums(encoder.size)
    encoded, forms = encoder.pieces(some), defaultdict[str, Counter[str]](Counter)
    for batch in equal_lengths([len(one.ids) for one in encoded]):
        with torch.inference_mode():
            layers = encoder.states(torch.tensor([encoded[number].ids for number in batch]))
            states = torch.cat([layers[layer] for layer in LAYERS], dim=2).float()
        for number, of_passage in zip(batch, states, strict=True):
            add_passage(some[number], encoded[number], of_passage, words, pieces, forms)
    part = file.with_suffix(".part")
    shown = np.array([forms[word].most_common(1)[0][0] for word in words.rows])
    with part.open("wb") as stream:
        np.savez(stream, forms=shown, **words.arrays("words"), **pieces.arrays("pieces"))
    part.replace(file)


def add_passage(
    passage: str, one: Pieces, states: Any, words: Sums, pieces: Sums, forms: dict[str, Counter[str]]
) -> None:
    """Add what is said about the pieces of a passage, and about the words that they are of."""
    tokens = tokenize(passage)
    inside = range(PREFIX_PIECES, len(one.ids) - 1)
    kept = np.array([at for at in inside if one.places[at] >= 0 and one.ids[at] != BLANK_ALONE], np.int64)
    if not len(kept) or not tokens:
        return
    starts = [token.start for token in tokens]
    of_word = np.maximum(np.searchsorted(starts, np.array(one.places)[kept], side="right") - 1, 0)
    _, group, counts = np.unique(of_word, return_inverse=True, return_counts=True)
    spelt = [normal(tokens[word].surface) for word in of_word.tolist()]
    for token in tokens:
        forms[normal(token.surface)][token.surface] += 1
    words.add(spelt, (1 / counts[group]).astype(np.float32), states[kept])
    pieces.add((one.spelt[at] for at in kept.tolist()), np.ones(len(kept), np.float32), states[kept])


def shards(code: str, inputs: Path, work: Path, exclude: Path | None, most: int, *, cached: bool = False) -> list[Path]:
    """The shards of a language, read where they are not there yet; or those alone that are."""
    folder = work / code
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{number:04d}.npz" for number in range(most)]
    if cached:
        files = [file for file in files if file.exists()]
    elif not all(file.exists() for file in files):
        encoder, gathered = Multilingual(inputs), gather(code, inputs, exclude)
        files = files[: -(-len(gathered) // SHARD)]
        for number, file in enumerate(files):
            if not file.exists():
                read(gathered[number * SHARD : (number + 1) * SHARD], encoder, file)
                say(f"{code}: read {number + 1} of {len(files)} shards")
    return files


# ------------------------------------------------------------------------------------------------- tables


class Rows(NamedTuple):
    """Spellings, their shares of the texts, and vectors: the most frequent first."""

    names: list[str]
    shares: NDArray[np.float64]
    vectors: Floats


class Read(NamedTuple):
    """Means over all shards."""

    spellings: list[str]
    counts: Floats
    means: Floats


def merged(files: Sequence[Path], name: str) -> Read:
    """The means of words, or of pieces, over shards; words that are spelt alike are one."""
    rows: dict[str, int] = {}
    loaded = []
    for file in files:
        with np.load(file) as saved:
            spelt = saved[name].tolist() if name == "pieces" else map(normal, saved[name].tolist())
            own = [rows.setdefault(one, len(rows)) for one in spelt]
            loaded.append((own, saved[f"{name}_counts"], saved[f"{name}_means"].astype(np.float32)))
    counts, sums = np.zeros(len(rows), np.float32), np.zeros((len(rows), loaded[0][2].shape[1]), np.float32)
    for own, number, means in loaded:
        np.add.at(counts, own, number)
        np.add.at(sums, own, means * number[:, None])
    return Read(list(rows), counts, sums / np.maximum(counts, 1e-6)[:, None])


def forms_of(files: Sequence[Path]) -> dict[str, str]:
    """How each word stood in a text: the encoder's pieces have capitals."""
    forms: dict[str, str] = {}
    for file in files:
        with np.load(file) as saved:
            forms.update(zip(map(normal, saved["words"].tolist()), saved["forms"].tolist(), strict=True))
    return forms


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

NOTICE = """table.vectors: vectors of words; sentences.safetensors: a readout, what they say of a sentence. Both made by
data/vectors/build_packs.py of textcnn with the weights of

- multilingual-e5-small. Liang Wang, Nan Yang, Xiaolong Huang, Linjun Yang, Rangan Majumder, Furu Wei: Multilingual E5
  Text Embeddings, 2024 (https://huggingface.co/intfloat/multilingual-e5-small). MIT. Changed: the table has means of
  hidden states, reduced, the readout was fitted to them, and neither has any of the weights.

Texts that the encoder read, none of which is here:

"""


def wheel(code: str, table: VectorTable, readout: Floats | None, output: Path, version: str) -> Path:
    """A package with nothing but a table, a sentence encoder over it, if there is a readout, and a notice."""
    package, sources = (
        f"textcnn_vectors_{code}",
        "".join(f"- {one.name} ({one.origin}), {one.terms}\n" for one in SOURCES if one.has(code)),
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
    tensors = [f"{package}/{name}" for name in (TABLE, ENCODER)[: 1 if readout is None else 2]]
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        with archive.open(tensors[0], "w") as stream:
            table.write(stream, language=code, licence="MIT; see NOTICE", source="multilingual-e5-small over texts")
        if readout is not None:
            with archive.open(tensors[1], "w") as stream:
                write_readout(stream, table, code, readout, COMMON)
        archive.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in (*files, *tensors, f"{info}/RECORD")))
    return part.replace(path)


def build(codes: Sequence[str], options: argparse.Namespace) -> None:
    """All steps."""
    for origin in (E5, E5_TOKENIZER):
        checked(origin, options.inputs)
    cutter, parts = Multilingual(options.inputs).cutter, dict[str, Rows]()
    for code in codes:
        files = shards(code, options.inputs, options.work, options.exclude, options.shards, cached=options.cached)
        parts[code] = language(files, cutter)
        say(f"{code}: {len(parts[code].names):,} rows from {len(files)} shards")
    tables = {code: tabled(code, parts[code].names, vectors) for code, vectors in rotated(parts, DIMENSIONS).items()}
    lessons = lessons_of(codes, options)
    readout = learned(lessons, tables, COMMON) if lessons else None
    options.output.mkdir(parents=True, exist_ok=True)
    for code, table in tables.items():
        path = wheel(code, table, readout, options.output, options.version)
        say(f"{path}: {len(table.vocabulary):,} rows")


def tabled(code: str, names: Sequence[str], vectors: Floats) -> VectorTable:
    """Rows as a table, its frequent words as long as those of other tables."""
    length = LENGTH / np.linalg.norm(vectors[:5000], axis=1).mean()
    return VectorTable(LANGUAGES[code].name, Vocabulary.of(names), Quantized.of(vectors * np.float32(length)))


def lessons_of(codes: Sequence[str], options: argparse.Namespace) -> dict[str, Lesson]:
    """What the encoder says of whole passages of each language; of those alone that are there, if it must not read."""
    files = {code: options.work / code / "sentences.npz" for code in codes}
    return {
        code: teach(file, options.inputs, partial(gather, code, options.inputs, options.exclude))
        for code, file in files.items()
        if file.exists() or not options.cached
    }


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
