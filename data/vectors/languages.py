"""Free texts of many languages: where they are, and how the files of one language become passages.

Only texts that may be passed on in any form without conditions but naming their authors: CC0, CC BY, MIT, MPL. Of sets
that classifiers are measured on no test part is here.
"""

import html
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from inputs import Package, Repository, blobs, checked, package_files
from texts import by_line

UNSPACED = ("ja", "th", "zh")
OTHER_LETTERS = (*UNSPACED, "ar", "bg", "bn", "el", "fa", "he", "hi", "ko", "ru", "ta", "uk", "ur")  # than Latin ones


class Language(NamedTuple):
    """What the sources call a language."""

    name: str
    tatoeba: str
    translations: tuple[str, ...] = ()  # folders, where they are not the language's code
    guide: tuple[str, ...] = ()
    memory: str = ""
    manual: str = ""


LANGUAGES = {
    "ar": Language("arabic", "ara"),
    "bg": Language("bulgarian", "bul"),
    "bn": Language("bengali", "ben"),
    "cs": Language("czech", "ces"),
    "da": Language("danish", "dan"),
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
    "no": Language("norwegian", "nob"),
    "pl": Language("polish", "pol"),
    "pt": Language("portuguese", "por", translations=("pt", "br"), memory="pt-BR", manual="pt-br"),
    "ro": Language("romanian", "ron"),
    "ru": Language("russian", "rus"),
    "sv": Language("swedish", "swe"),
    "sw": Language("swahili", "swh"),
    "ta": Language("tamil", "tam"),
    "th": Language("thai", "tha"),
    "tr": Language("turkish", "tur"),
    "uk": Language("ukrainian", "ukr"),
    "ur": Language("urdu", "urd"),
    "vi": Language("vietnamese", "vie"),
    "zh": Language("chinese", "cmn", translations=("zh", "tw", "hk"), guide=("zh-hans", "zh-hant"), manual="zh-cn"),
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
    without: str = ""  # paths that this finds are left out
    test: str = ""  # a file, each of whose lines is left out

    @property
    def origin(self) -> str:
        """Where it is."""
        return f"{self.repository}, commit {self.commit}"

    def has(self, code: str) -> bool:
        """Whether it may have texts of a language."""
        return bool(self.patterns(code, LANGUAGES[code]))


class Manual(NamedTuple):
    """A manual in HTML, a Debian package for each language that it is in."""

    name: str
    version: str
    terms: str
    words: int
    sha256: dict[str, str]

    @property
    def origin(self) -> str:
        """Where it is."""
        return f"Debian packages libreoffice-help-*, version {self.version}"

    def has(self, code: str) -> bool:
        """Whether it is in a language."""
        return code in self.sha256

    def package(self, code: str) -> Package:
        """That of a language."""
        name = f"libreoffice-help-{LANGUAGES[code].manual or code}"
        file = f"{name}_{self.version.replace(':', '%3a')}_all.deb"
        return Package(file, self.sha256[code], f"Debian package {name} {self.version}", self.terms)


def only(wanted: str, *patterns: str) -> Callable[[str, Language], tuple[str, ...]]:
    """Files of one language alone."""
    return lambda code, _: patterns if code == wanted else ()


def lines(data: bytes) -> list[str]:
    """Each line."""
    return by_line(data.decode("utf-8", "replace"))


def markdown(data: bytes) -> Iterator[str]:
    """The prose of a page: no code, no addresses; cells of tables apart."""
    text = re.sub(r"(?s)^---.*?\n---\n", "", data.decode("utf-8", "replace"))
    text = re.sub(r"<[^>]+>", " ", re.sub(r"(?s)```.*?```", "\n", text))
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"!\[([^\]]*)\]\([^)]*\)", r"\1", text))
    for line in re.sub(r"`[^`]*`", "", text).split("\n"):
        bare = re.sub(r"\*+|__+|~~", "", re.sub(r"^[\s>#*+\-\d.]+", "", line))
        yield from (cell.strip() for cell in bare.split("|"))


def memory(data: bytes) -> Iterator[str]:
    """The second language of a zipped translation memory."""
    for segments in _units(data):
        yield segments[-1]


def first_of_memory(data: bytes) -> Iterator[str]:
    """The first language, English."""
    for segments in _units(data):
        yield segments[0]


def _units(data: bytes) -> Iterator[list[str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            for unit in re.findall(r"(?s)<tu[ >].*?</tu>", archive.read(name).decode("utf-8", "replace")):
                segments = re.findall(r"(?s)<seg[^>]*>(.*?)</seg>", unit)
                if len(segments) > 1:
                    yield [html.unescape(segment) for segment in segments]


def middling_reviews(data: bytes) -> Iterator[str]:
    """Reviews of films that are neither good nor bad; NSMC, which others are measured on, has none of those."""
    for review in json.loads(data):
        if str(review.get("rating")) in {"5", "6", "7", "8"}:
            yield review["review"]


def manual(page: bytes) -> Iterator[str]:
    """The paragraphs of a page in HTML."""
    kinds = "paragraph|embedded|listitem|tablecontent|note|tip"
    text = page.decode("utf-8", "replace")
    for found in re.findall(rf'(?s)<p [^>]*class="(?:{kinds})[^"]*"[^>]*>(.*?)</p>', text):
        yield html.unescape(re.sub(r"<[^>]+>", "", found))


SOURCES: tuple[Source | Manual, ...] = (
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
        without="singleword|cities|countries",
    ),
    Source(
        "Tatoeba, as LASER has it",
        "facebookresearch/LASER",
        "74bc6ae7ffb7cba670fe0f428d0ede9f666fb821",
        "CC BY 2.0 FR",
        lambda _, language: (f"data/tatoeba/v1/*.{language.tatoeba}",),
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
    Source(
        "IoT for Beginners, in English",
        "microsoft/IoT-For-Beginners",
        "8bd535533b39c8b70e2b027f69e18ac842812968",
        "MIT",
        only("en", "[0-9]*.md"),
        markdown,
        250_000,
    ),
    Source(
        "Open Source Guides, in English",
        "github/opensource.guide",
        "ebc9678e39b55ff5e5c8801d1960904692188e90",
        "CC BY 4.0",
        only("en", "_articles/*.md"),
        markdown,
        100_000,
        without="_articles/.*/",
    ),
    Source(
        "TICO-19, in English",
        "tico-19/tico-19.github.io",
        "d97615f9cffa28ec7de571e00fbd513e5a1c7fc7",
        "CC0 1.0",
        only("en", "data/TM/all.en-fr.tmx.zip"),
        first_of_memory,
        100_000,
    ),
    Manual(
        "LibreOffice 7.4, its help",
        "4:7.4.7-1+deb12u14",
        "MPL 2.0",
        120_000,
        {
            "cs": "9fcbf9b3cbbc1370d827d5bc59df0227fa95bdf3b5628b907ef5fb4d8d55be6a",
            "de": "00490b63c509ac96f7f212d6a6e40452d3e0d1f97ccf4b824dd5ec4c01e8277f",
            "el": "ed4c905d0df5761be817f59381ce7c48fa50ec9cef5737c83e66aa7d3c898f79",
            "es": "9128a84d83d92c8b1c618d90469d16affddb7d1290b09d42a0c5109cb16f0480",
            "fi": "47b0bf9820e7eef19de7d56400aae8139de26eca4f3d72f57d6769c751630f26",
            "fr": "c796530d3e95af1ea4d054076682efc8aad2b569ae9513f3d4a776b2df3fd206",
            "hi": "fda6f59354cb79f7ecfe379a502b009119a506aa0873416b044f1f39ad00a4cf",
            "hu": "d4ae75812fdeb6f2b03fac6bc0f95d3f6824b75706930e806d41c751e68ffe27",
            "id": "5aa8c2894f8638fb2ec50cce72f81e9559f9baf45845c40b990b7f046e3f73d4",
            "it": "7fa29342a302bb495981fdabf98f3a9c3628123f3f191b2a5c95cb583c9ff212",
            "ja": "7799ace9bfe0845771ed2499913e7f7e521318cf3727c007672e3b020f8eb7b9",
            "ko": "7ef2d854e9ed58e6bf861cfa9fa2579555233f9df874baf327fcb07ccd190669",
            "nl": "8b4b49a7d1bd0df3aa4693eeebe3f6886655427eaf736d9289c5ff6fbf489591",
            "pl": "27441ce6d1303524b223aa94a17356bf7195f388d9b05a9e5e346866d7983694",
            "pt": "600d4294e52a6534be923521aff7b1b9eb7e6ddb7e30b2598ad04b2fe9cf8278",
            "ru": "5a2f75d5b0dfcf660275070647af528a81be28b5d3e9c3ec2d419ef5518db7a2",
            "sv": "1b34145188f08aff7029fdc1ae378141494743d93cb09d9a3e782a229941ab66",
            "tr": "8fe832104805b66d2dc5c153564bcc55b5a084e10b3c3a3ea773c4b57659bfb8",
            "vi": "fcc4f84cd28d094f8663d1b68b98a7d562f3c71c8beeb71401c4859f1027aaaf",
            "zh": "db867cdece4c2f9c7eebe65e519c6cf386fdcf49d6e061db3dffec893b3e1dee",
        },
    ),
    Source(
        "Naver film reviews, raw, rated 5 to 8",
        "e9t/nsmc",
        "cc0670e872d4ac27bfe36c87456783004b39ef6c",
        "CC0 1.0",
        only("ko", "raw/*.json"),
        middling_reviews,
        350_000,
    ),
    Source(
        "Wisesight Sentiment, without the test part",
        "PyThaiNLP/wisesight-sentiment",
        "c1d063649abc3a6870b5fd1aae26cd1c64bdde7b",
        "CC0 1.0",
        only("th", "neg.txt", "neu.txt", "pos.txt", "q.txt"),
        lines,
        300_000,
        test="kaggle-competition/test.txt",
    ),
)


def paragraphs(source: Source | Manual, code: str, inputs: Path) -> Iterator[str]:
    """The paragraphs that a source has in a language."""
    if not source.has(code):
        return
    if isinstance(source, Manual):
        package = source.package(code)
        checked(package, inputs)
        for page in package_files(inputs / package.file, "*/text/?[!b]*.html"):  # not sbasic, which is code
            yield from manual(page)
        return
    tests = frozenset(text.strip() for _, data in _files(source, (source.test,), inputs) for text in lines(data))
    for path, data in _files(source, source.patterns(code, LANGUAGES[code]), inputs):
        if not (source.without and re.search(source.without, path)):
            yield from (text for text in source.read(data) if text.strip() not in tests)


def _files(source: Source, patterns: tuple[str, ...], inputs: Path) -> Iterator[tuple[str, bytes]]:
    return blobs(Repository(source.repository, source.commit, patterns, "", source.terms), inputs)
