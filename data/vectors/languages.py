"""Free texts of many languages: where they are, and how the files of one language become passages.

Only texts that may be passed on in any form without conditions but naming their authors: CC0, CC BY, MIT, MPL. Of sets
that classifiers are measured on no test part is here.
"""

import html
import io
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from inputs import Repository, blobs
from texts import by_line

UNSPACED = ("ja", "th", "zh")


class Language(NamedTuple):
    """What the sources call a language."""

    name: str
    tatoeba: str
    translations: tuple[str, ...] = ()  # folders, where they are not the language's code
    guide: tuple[str, ...] = ()
    memory: str = ""


LANGUAGES = {
    "ar": Language("arabic", "ara"),
    "bn": Language("bengali", "ben"),
    "cs": Language("czech", "ces"),
    "de": Language("german", "deu"),
    "el": Language("greek", "ell"),
    "en": Language("english", "eng"),
    "es": Language("spanish", "spa", memory="es-LA"),
    "fa": Language("persian", "pes"),
    "fi": Language("finnish", "fin"),
    "fr": Language("french", "fra"),
    "he": Language("hebrew", "heb"),
    "hi": Language("hindi", "hin"),
    "hu": Language("hungarian", "hun"),
    "id": Language("indonesian", "ind"),
    "it": Language("italian", "ita"),
    "ja": Language("japanese", "jpn"),
    "ko": Language("korean", "kor", memory="kr"),
    "nl": Language("dutch", "nld"),
    "pl": Language("polish", "pol"),
    "pt": Language("portuguese", "por", translations=("pt", "br"), memory="pt-BR"),
    "ro": Language("romanian", "ron"),
    "ru": Language("russian", "rus"),
    "sv": Language("swedish", "swe"),
    "th": Language("thai", "tha"),
    "tr": Language("turkish", "tur"),
    "uk": Language("ukrainian", "ukr"),
    "vi": Language("vietnamese", "vie"),
    "zh": Language("chinese", "cmn", translations=("zh", "tw", "hk"), guide=("zh-hans", "zh-hant")),
}


class Source(NamedTuple):
    """Texts in a repository: its files of a language, and how one becomes paragraphs."""

    name: str
    repository: str
    commit: str
    terms: str
    patterns: Callable[[str, Language], tuple[str, ...]]
    read: Callable[[bytes], Iterable[str]]
    words: int  # that are enough


def lines(data: bytes) -> list[str]:
    """Each line."""
    return by_line(data.decode("utf-8", "replace"))


def markdown(data: bytes) -> Iterator[str]:
    """The prose of a page: no code, no addresses; cells of tables apart."""
    text = re.sub(r"(?s)^---.*?\n---\n|```.*?```|<[^>]+>", " ", data.decode("utf-8", "replace"))
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    for line in re.sub(r"`[^`]*`|\*+|__+|~~", "", text).split("\n"):
        bare = re.sub(r"^[\s>#*+\-\d.]+", "", line)
        yield from (cell.strip() for cell in bare.split("|"))


def memory(data: bytes) -> Iterator[str]:
    """The second language of a zipped translation memory."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            for unit in re.findall(r"(?s)<tu[ >].*?</tu>", archive.read(name).decode("utf-8", "replace")):
                segments = re.findall(r"(?s)<seg[^>]*>(.*?)</seg>", unit)
                yield from map(html.unescape, segments[1:])


def manual(package: bytes) -> Iterator[str]:
    """The paragraphs of a manual in HTML, in the archive of a Debian package."""
    kinds = "paragraph|embedded|listitem|tablecontent|note|tip"
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        for member in sorted(archive.getmembers(), key=lambda one: one.name):
            file = archive.extractfile(member) if member.name.endswith(".html") else None
            for found in re.findall(rf'(?s)<p [^>]*class="(?:{kinds})[^"]*"[^>]*>(.*?)</p>', _text(file)):
                yield html.unescape(re.sub(r"<[^>]+>", "", found))


def _text(file: io.BufferedIOBase | None) -> str:
    return "" if file is None else file.read().decode("utf-8", "replace")


SOURCES = (
    Source(
        "Common Voice, sentences to be read aloud",
        "mozilla/voice-web",
        "e0bfbc4be9eb6a97f7dd92eb938200f09f04ba96",
        "CC0 1.0",
        lambda code, _: tuple(
            f"server/data/{folder}/*.txt" for folder in (code, f"{code}-CN", f"{code}-TW", f"{code}-SE")
        ),
        lines,
        450_000,
    ),
    Source(
        "Tatoeba, as LASER has it",
        "facebookresearch/LASER",
        "74bc6ae7ffb7cba670fe0f428d0ede9f666fb821",
        "CC BY 2.0 FR",
        lambda _, language: (f"data/tatoeba/v1/*-eng.{language.tatoeba}",),
        lines,
        450_000,
    ),
    Source(
        "IoT for Beginners, translations",
        "microsoft/IoT-For-Beginners",
        "8bd535533b39c8b70e2b027f69e18ac842812968",
        "MIT",
        lambda code, language: tuple(f"translations/{folder}/*.md" for folder in language.translations or (code,)),
        markdown,
        250_000,
    ),
    Source(
        "Open Source Guides",
        "github/opensource.guide",
        "ebc9678e39b55ff5e5c8801d1960904692188e90",
        "CC BY 4.0",
        lambda code, language: tuple(f"_articles/{folder}/*.md" for folder in language.guide or (code,)),
        markdown,
        100_000,
    ),
    Source(
        "TICO-19, translations about the pandemic",
        "tico-19/tico-19.github.io",
        "d97615f9cffa28ec7de571e00fbd513e5a1c7fc7",
        "CC0 1.0",
        lambda code, language: (f"data/TM/all.en-{language.memory or code}.tmx.zip",),
        memory,
        100_000,
    ),
)


def paragraphs(source: Source, code: str, inputs: Path) -> Iterator[str]:
    """The paragraphs that a source has in a language."""
    patterns = source.patterns(code, LANGUAGES[code])
    for _, data in blobs(Repository(source.repository, source.commit, patterns, "", source.terms), inputs):
        yield from source.read(data)
