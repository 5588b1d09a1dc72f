"""Lists of words, the most frequent first: they say which words a language has besides those of the texts at hand.

They come with Tesseract, which reads print, and were counted on the web; that of Russian comes with Navec's vectors,
and was counted in news. Those of Hungarian and Polish are too large for the snapshots that are read: there are none.
"""

import gzip
import io
import struct
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from inputs import Package, Repository, blobs, checked, package_files
from languages import LANGUAGES

from textcnn.text.tokens import normal

LONGEST = 30  # characters of a word
CAPITALS = 4  # longer words in nothing but capitals are titles, which the encoder cuts into other pieces

NEWER, OLDER = "bc528bf11370d6e469190a96e846b71c741425ba", "9204c02c18daedaedc8aeaab1c1dd99e544cc932"
OF_OLDER = ("bn", "cs", "fi", "hi", "nl", "th", "tr", "uk", "ur", "vi")  # newer lists are shorter, or too large
NAMES = {"fa": "fas", "no": "nor", "sw": "swa", "zh": "chi_sim"}  # where Tesseract has others than Tatoeba
NAVEC = Package(
    "natasha-1.6.0-py3-none-any.whl",
    "e12b130d05a0b4d2eb6442092ed5b5769a68a311c17f2095b1aa739fb8d6dc78",
    "Python package natasha 1.6.0, which has Navec, vectors of Russian words in news",
    "MIT",
)


class Lists(NamedTuple):
    """Where lists are from."""

    name: str
    origin: str
    terms: str


TESSERACT = Lists("Tesseract, its lists of words", f"tesseract-ocr/langdata, commits {NEWER}, {OLDER}", "Apache-2.0")
LISTS = (TESSERACT, Lists("Navec, its list of words", NAVEC.origin, NAVEC.terms))


def frequent_words(code: str, inputs: Path) -> dict[str, str]:
    """The words of a language, as a table spells them, and how each stands in a text; the most frequent first."""
    forms: dict[str, str] = {}
    for form in _listed(code, inputs):
        if form and len(form) <= LONGEST and not (form.isupper() and len(form) > CAPITALS):
            forms.setdefault(normal(form), form)
    return forms


def _listed(code: str, inputs: Path) -> Iterable[str]:
    if code == "ru":
        checked(NAVEC, inputs)
        return navec_words(next(package_files(inputs / NAVEC.file, "*/navec_news_*.tar")))
    return _of_tesseract(code, inputs)


def _of_tesseract(code: str, inputs: Path) -> Iterator[str]:
    name = NAMES.get(code, LANGUAGES[code].tatoeba)
    commit, path = (OLDER, f"{name}/{name}.wordlist.clean") if code in OF_OLDER else (NEWER, f"{name}/{name}.wordlist")
    for _, data in blobs(Repository("tesseract-ocr/langdata", commit, (path,), "", TESSERACT.terms), inputs):
        yield from data.decode("utf-8", "replace").split("\n")


def navec_words(archive: bytes) -> list[str]:
    """The words of an archive of Navec: their number and counts, four bytes each, then themselves, a line each."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        member = tar.extractfile("vocab.bin")
        assert member is not None, "an archive of Navec has a vocabulary"
        data = gzip.decompress(member.read())
    (number,) = struct.unpack("<I", data[:4])
    counts = struct.unpack(f"<{number}I", data[4 : 4 + 4 * number])
    words = data[4 + 4 * number :].decode().split("\n")
    return [words[at] for at in sorted(range(number), key=lambda at: -counts[at])]
