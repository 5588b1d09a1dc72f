"""Where word vectors come from: the tables in the package, an installed pack, a file, or gensim's downloader.

Whatever the source, what comes out is a table, so nothing above knows where vectors came from. Small files are read
into memory, large ones converted once into the cache, from which rows are read as they are needed.
"""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import OutputError, VectorsError
from textcnn.storage.atomic import real_path
from textcnn.text.tokens import normal, parts, spellings
from textcnn.vectors.cache import cached, entry_of_file, entry_of_name, remember
from textcnn.vectors.conversion import convert_to_file, convert_to_memory
from textcnn.vectors.downloads import fetch
from textcnn.vectors.fasttext import FastText
from textcnn.vectors.packs import is_pack_name, pack
from textcnn.vectors.progress import Progress, Say, spoken
from textcnn.vectors.source import Source
from textcnn.vectors.table import EMBEDDED, SHARED, VectorTable

__all__ = ["GENSIM", "Known", "Pretrained", "in_the_package", "open_vectors", "write_table"]

GENSIM = "gensim:"
_SMALL = 5_000_000  # bytes of a file that is sooner read than looked up in the cache
_FREQUENT = 50_000  # words kept beside those of the texts where there is no room for a table of all
_EMBEDDED = ("english", "shared")
_MADE = ("auto", "trained", "none")  # when a classifier is trained
_NO_FACTS: Mapping[str, str] = MappingProxyType({})


class Known(NamedTuple):
    """What vectors have for a word of a text."""

    spelling: str  # under which it is known, or would be learned
    vector: NDArray[np.float32] | None  # (d,)


class Pretrained(NamedTuple):
    """A table, and vectors that were built for words which it does not list."""

    table: VectorTable
    built: Mapping[str, NDArray[np.float32]] = MappingProxyType({})

    def look_up(self, surface: str) -> Known:
        """A word as it stands in a text: as listed under some spelling, else built, else the mean of its parts."""
        found = self.table.find(surface)
        built = None if found.listed else self.built.get(normal(surface))
        if built is not None:
            return Known(normal(surface), built)
        return Known(found.spelling, self.table.vector(found.rows) if found.rows else None)

    def look_up_all(self, surfaces: Sequence[str]) -> list[Known]:
        """Many words, sooner than one after the other."""
        found = self.table.find_all(surfaces)
        vectors = self.table.vectors_of([each.rows for each in found])
        known = [Known(each.spelling, vector) for each, vector in zip(found, vectors, strict=True)]
        if not self.built:
            return known
        pairs = zip(surfaces, found, known, strict=True)
        return [each if at.listed else self.look_up(surface) for surface, at, each in pairs]

    def lists(self, surface: str) -> bool:
        """Whether a word as it stands in a text has a vector of its own."""
        return normal(surface) in self.built or self.table.find(surface).listed


def open_vectors(
    spec: str, surfaces: Collection[str] | None = None, *, say: Say, progress: Progress | None = None
) -> Pretrained:
    """Open vectors by what the user calls them.

    Args:
        spec: "english", "shared" (many languages in one space), the code of a language whose pack is installed ("de"),
            "gensim:NAME", or the path of a file: a table of ours, word2vec text or binary, GloVe text, fastText .bin or
            .vec; all but ours gzipped or not.
        surfaces: the words that are wanted, as they stand in texts; all if not given.
        say: takes a sentence for the user.
        progress: is told how far it is; if not given, `say` is, now and then.

    Raises:
        VectorsError: there are none of that name, or the file is malformed; names the line.
    """
    opening = _Opening(surfaces, say, progress or spoken(say))
    if spec in _EMBEDDED:
        return Pretrained(_embedded(spec))
    if spec.startswith(GENSIM):
        return opening.download(spec.removeprefix(GENSIM))
    return opening.file(_path(spec))


def in_the_package() -> dict[str, Path]:
    """The tables that the package has, by name; an installation may lack them."""
    tables = zip(_EMBEDDED, (EMBEDDED, SHARED), strict=True)
    return {name: path for name, path in tables if path.exists()}


def _embedded(name: str) -> VectorTable:
    if name not in in_the_package():
        called = name.replace("english", "English")
        raise VectorsError(f"this installation has no {called} vectors; name a file, or say 'trained' or 'none'")
    return VectorTable.open(in_the_package()[name])


def _path(spec: str) -> Path:
    """The file that vectors are in; of a name that both a file and a pack have, the file."""
    path = Path(os.path.expanduser(spec))  # noqa: PTH111  Path's own raises an error where there is no such user
    if is_pack_name(spec) and not path.is_file():
        return pack(spec)
    if not spec or (spec in _MADE and not path.exists()):
        raise VectorsError(
            f"{spec!r} are no vectors that could be opened; name english, shared, gensim:NAME or a file"
            " (textcnn vectors train makes one)"
        )
    if not path.exists():
        raise VectorsError(
            f"there are no vectors {spec!r}: it is not a file, and the names are english, shared, gensim:NAME (textcnn"
            " vectors list), the code of a language whose pack is installed and, in training, auto, trained and none"
        )
    return path


class _Opening:
    """One opening: what is wanted, and whom to tell."""

    def __init__(self, surfaces: Collection[str] | None, say: Say, progress: Progress) -> None:
        self.surfaces, self.say, self.progress = surfaces, say, progress

    def file(self, path: Path) -> Pretrained:
        with Source(path) as source:
            if source.kind == "table":
                return Pretrained(VectorTable.open(path))
            table = self._table(source, None if source.size <= _SMALL else entry_of_file(path), _NO_FACTS)
            return Pretrained(table, self._built(source, table))

    def download(self, name: str) -> Pretrained:
        entry = entry_of_name(name)
        table = cached(entry)
        if table is not None:
            return Pretrained(table)
        path, facts = fetch(name, self.progress)
        with Source(path) as source:
            table = self._table(source, entry, facts)
            self.say(f"{name} is ready; the download may be removed: {path.parent}")
            return Pretrained(table)

    def _table(self, source: Source, entry: Path | None, facts: Mapping[str, str]) -> VectorTable:
        """From the cache, or into it, or past it."""
        table = None if entry is None else cached(entry)
        if table is not None:
            return table
        facts = {"from": str(real_path(source.path)), **facts}
        if entry is None:
            table = convert_to_memory(source, self.progress, facts)
        else:
            table = self._remembered(source, entry, facts) or self._without_cache(source, facts)
        if "duplicates" in table.facts:
            self.say(f"{source.path}: {table.facts['duplicates']} words are there more than once; the first counts")
        return table

    def _remembered(self, source: Source, entry: Path, facts: Mapping[str, str]) -> VectorTable | None:
        self.say(f"{source.path.name} is converted once, into {entry.parent}")

        def convert(file: BinaryIO) -> None:
            convert_to_file(source, file, self.progress, facts)

        try:
            return remember(entry, source.size, convert)
        except OutputError as error:
            self.say(f"{error}; so the vectors are read anew each time")
            return cached(entry)  # another process may have been luckier

    def _without_cache(self, source: Source, facts: Mapping[str, str]) -> VectorTable:
        keep: Callable[[int, str], bool] | None = None
        if self.surfaces is not None:
            wanted = _all_spellings(self.surfaces)

            def keep(count: int, word: str) -> bool:
                return count < _FREQUENT or normal(word) in wanted

        with Source(source.path) as again:  # the first was read in vain, who knows how far
            return convert_to_memory(again, self.progress, facts, keep)

    def _built(self, source: Source, table: VectorTable) -> dict[str, NDArray[np.float32]]:
        """Vectors of the wanted words that are not listed, from their character n-grams."""
        if source.kind != "fasttext" or self.surfaces is None:
            return {}
        words = sorted({normal(surface) for surface in self.surfaces if not table.find(surface).listed})
        if not words:
            return {}
        with Source(source.path) as again:
            vectors = FastText.open(again).vectors([word.encode("utf-8", "replace") for word in words])
            if not np.isfinite(vectors).all():
                raise again.fault(" has n-grams whose vectors are not numbers; the file is damaged")
        return {word: vector for word, vector in zip(words, vectors, strict=True) if vector.any()}


def _all_spellings(surfaces: Iterable[str]) -> set[str]:
    return {spelling for surface in surfaces for spelling in (*spellings(surface), *parts(surface))}


def write_table(spec: str, file: BinaryIO, *, say: Say, progress: Progress) -> None:
    """Write any vectors as a table of ours.

    Raises:
        VectorsError: there are none of that name, or the file is malformed; names the line.
    """
    if spec in _EMBEDDED or spec.startswith(GENSIM):
        open_vectors(spec, say=say, progress=progress).table.write(file)
        return
    with Source(_path(spec)) as source:
        if source.kind == "table":
            VectorTable.open(source.path).write(file)
        else:
            convert_to_file(source, file, progress, {"from": source.path.name})
