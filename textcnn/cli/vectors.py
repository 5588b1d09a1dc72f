"""`textcnn vectors`: which word vectors there are, what they know, and how to get or make others."""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from textcnn.cli.display.console import console, is_terminal, moves, one_line, put, say, table
from textcnn.cli.display.progress import LiveBar
from textcnn.cli.evaluate import Format
from textcnn.cli.help import HelpCommand, HelpGroup
from textcnn.cli.options import Quiet, with_reading
from textcnn.cli.outputs import ARRAY, VECTORS, refuse_foreign
from textcnn.corpus import Reading
from textcnn.errors import OutputError, ReadError, SettingsError, VectorsError
from textcnn.storage.atomic import check_writable, written_whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from textcnn.vectors.loading import Pretrained
    from textcnn.vectors.neighbours import Near, Term
    from textcnn.vectors.progress import Progress
    from textcnn.vectors.table import VectorTable

__all__ = ["vectors_app"]

vectors_app = typer.Typer(
    name="vectors",
    cls=HelpGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    rich_markup_mode=None,
)

_ENCODED = 1000  # texts whose vectors are printed at once

Vectors = Annotated[
    str,
    typer.Option(metavar="VECTORS", help="english, shared, an installed pack's language (de), gensim:NAME, or a file."),
]
Output = Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where the vectors go.")]


class Kind(StrEnum):
    """How vectors are trained."""

    skipgram = "skipgram"
    cbow = "cbow"
    fasttext = "fasttext"


@vectors_app.callback(epilog="Example: textcnn vectors nearest film")
def vectors(context: typer.Context) -> None:
    """List, get, convert, ask and train word vectors."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)


@vectors_app.command("list", cls=HelpCommand, epilog="Example: textcnn vectors list")
def list_vectors(quiet: Quiet = False) -> None:
    """List the vectors that are here, and those that gensim can fetch if there is a network.

    In a pipe, each line is: name, tab, words, tab, dimensions, tab, megabytes, tab, where they are.
    """
    from textcnn.vectors.downloads import offers
    from textcnn.vectors.loading import GENSIM

    rows = list(_present())
    try:
        known = {row.name for row in rows}
        offered = [_Listed(f"{GENSIM}{each.name}", *each[1:4], "to be fetched") for each in offers()]
        rows += [row for row in offered if row.name not in known]
    except VectorsError as error:
        say(f"textcnn: {error}", quiet=quiet)
    if is_terminal(sys.stdout):
        shown = [
            (f"{name}, {where}", f"{words:,}", f"{size}", f"{bulk:,.1f}") for name, words, size, bulk, where in rows
        ]
        _print(("vectors", "words", "dimensions", "MB"), shown)
    else:
        _print((), [(name, f"{words}", f"{size}", f"{bulk:.1f}", where) for name, words, size, bulk, where in rows])


class _Listed(NamedTuple):
    """Vectors that are here or can be downloaded."""

    name: str
    words: int
    dimensions: int
    megabytes: float
    where: str


def _present() -> Iterator[_Listed]:
    from textcnn.vectors.cache import entries
    from textcnn.vectors.loading import in_the_package
    from textcnn.vectors.packs import packs
    from textcnn.vectors.table import VectorTable

    for language, path in packs().items():
        yield _listed(language, VectorTable.open(path), path, "installed")
    for name, path in in_the_package().items():
        yield _listed(name, VectorTable.open(path), path, "embedded")
    for path, each in entries():
        yield _listed(each.facts.get("from", str(path)), each, path, "cached")


def _listed(name: str, table: "VectorTable", path: Path, where: str) -> _Listed:
    return _Listed(name, len(table.vocabulary), table.dimensions, path.stat().st_size / 1e6, where)


@vectors_app.command(cls=HelpCommand, epilog="Example: textcnn vectors get glove-wiki-gigaword-100")
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name from `textcnn vectors list`.")],
    quiet: Quiet = False,
) -> None:
    """Download vectors by gensim and convert them, so that --vectors gensim:NAME opens them at once."""
    from textcnn.vectors.cache import cached, entry_of_name
    from textcnn.vectors.loading import GENSIM

    name = name.removeprefix(GENSIM)
    _open(f"{GENSIM}{name}", None, quiet)
    if cached(entry_of_name(name)) is None:
        raise OutputError(f"{name!r} was downloaded, but there is no room for its table in the cache")
    put(f"{GENSIM}{name}\n")
    say(f"try: textcnn vectors nearest film --vectors {GENSIM}{name}", quiet=quiet)


@vectors_app.command(cls=HelpCommand, epilog="Example: textcnn vectors convert english english.vectors")
def convert(
    given: Annotated[
        str, typer.Argument(metavar="IN", help="english, shared, a pack's language, gensim:NAME, or a file.")
    ],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="Where the vectors go.")],
    quiet: Quiet = False,
) -> None:
    """Convert vectors of any kind to a table that opens at once: word2vec, GloVe, fastText, gzipped or not."""
    from textcnn.vectors.loading import write_table
    from textcnn.vectors.table import VectorTable

    _refuse_overwriting(given, output)
    check_writable(output)
    refuse_foreign(output, VECTORS)
    with _progress(quiet) as progress, written_whole(output) as file:
        write_table(given, file, say=lambda note: say(note, quiet=quiet), progress=progress)
    made = VectorTable.open(output)
    if "duplicates" in made.facts:
        say(f"{made.facts['duplicates']} words are there more than once; the first counts", quiet=quiet)
    _say_size(made, output, quiet)


def _refuse_overwriting(given: str, output: Path) -> None:
    if Path(given).exists() and output.exists() and output.samefile(given):
        raise OutputError(f"{output} is the input; name another file")


def _say_size(made: "VectorTable", path: Path, quiet: bool) -> None:
    size = f"{path.stat().st_size / 1e6:.1f} MB"
    say(f"{path}: {len(made.vocabulary):,} words of {made.dimensions} dimensions, {size}", quiet=quiet)


@vectors_app.command(cls=HelpCommand, epilog="Example: textcnn vectors info english")
def info(
    name: Annotated[
        str, typer.Argument(metavar="NAME|PATH", help="english, a pack's language, a name that gensim has, or a file.")
    ],
    format: Annotated[
        Format, typer.Option(metavar="FORMAT", help="pretty (lines), or json (one object).")
    ] = Format.pretty,
    quiet: Quiet = False,
) -> None:
    """Say what vectors are: words, dimensions, size, licence and source. Nothing is downloaded."""
    facts = _facts(name, quiet)
    if format is Format.json:
        put(json.dumps(facts, ensure_ascii=False) + "\n")
        return
    shown = {key: f"{value:,}" if isinstance(value, int) else str(value) for key, value in facts.items()}
    put("".join(f"{key.replace('_', ' '):<18}{one_line(value)}\n" for key, value in shown.items()))


def _facts(name: str, quiet: bool) -> dict[str, Any]:
    from textcnn.vectors.cache import cached, entry_of_name
    from textcnn.vectors.loading import GENSIM, in_the_package
    from textcnn.vectors.packs import is_pack_name, pack

    if name in in_the_package():
        return _facts_of_table(_open(name, None, quiet).table, in_the_package()[name])
    if is_pack_name(name) and not Path(name).is_file():
        return _facts_of_table(_open(name, None, quiet).table, pack(name))
    if Path(name).exists():
        return _facts_of_table(_open(name, None, quiet).table, Path(name))
    name = name.removeprefix(GENSIM)
    entry = entry_of_name(name)
    there = cached(entry)
    return _facts_of_offer(name) if there is None else _facts_of_table(there, entry)


def _facts_of_table(made: "VectorTable", path: Path) -> dict[str, Any]:
    return {
        "name": made.name,
        "words": len(made.vocabulary),
        "dimensions": made.dimensions,
        "length": round(made.length(), 4),
        "first_words": " ".join(made.vocabulary.words(min(10, len(made.vocabulary)))),
        "file": str(path),
        "bytes": path.stat().st_size,
        **{key: value for key, value in made.facts.items() if value},
    }


def _facts_of_offer(name: str) -> dict[str, Any]:
    from textcnn.vectors.downloads import offers

    try:
        offer = next((each for each in offers() if each.name == name), None)
    except VectorsError as error:
        raise VectorsError(f"there is no file {name!r}, and {error}") from error
    if offer is None:
        raise VectorsError(f"there is no file {name!r}, and gensim has no vectors of this name")
    size = {"words": offer.words, "dimensions": offer.dimensions, "download_bytes": round(offer.megabytes * 1e6)}
    return {"name": name, **size, **offer.facts, "file": f"not here; see textcnn vectors get {name}"}


@vectors_app.command(cls=HelpCommand, epilog="Example: textcnn vectors nearest king - man + woman -n 5")
def nearest(
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="Words, or a sum: king - man + woman.")],
    vectors: Vectors = "english",
    count: Annotated[int, typer.Option("-n", "--count", metavar="N", min=1, help="How many to print.")] = 10,
    quiet: Quiet = False,
) -> None:
    """Print the words nearest to each word, or to a sum of words, and their cosines.

    In a pipe, each line is: what was asked, tab, word, tab, cosine.
    """
    from textcnn.vectors.neighbours import nearest, terms

    sums = terms(words)
    if not all(sums) or not sums:
        raise SettingsError("there is no word; give one, or a sum such as: king - man + woman")
    pretrained = _open(vectors, [term.word for each in sums for term in each], quiet)
    for words_of_sum in sums:
        _show_neighbours(words_of_sum, nearest(pretrained, words_of_sum, count))


def _show_neighbours(words_of_sum: "Sequence[Term]", neighbours: "Iterable[Near]") -> None:
    asked = " ".join(f"{'-' if sign < 0 else '+'} {word}" for sign, word in words_of_sum).removeprefix("+ ")
    rows = [(near.word, f"{near.cosine:.3f}") for near in neighbours]
    if is_terminal(sys.stdout):
        _print((asked, "cosine"), rows)
    else:
        _print((), [(asked, *row) for row in rows])


@vectors_app.command(cls=HelpCommand, epilog="Example: textcnn vectors train corpus.txt -o my.vectors")
def train(
    corpus: Annotated[str, typer.Argument(metavar="CORPUS", help="Text, a line each (.gz too); - is standard input.")],
    output: Output,
    kind: Annotated[Kind, typer.Option(metavar="KIND", help="skipgram, cbow, or fasttext.")] = Kind.skipgram,
    dimensions: Annotated[int, typer.Option(metavar="N", min=2, max=1000, help="Length of a vector.")] = 100,
    epochs: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How often the corpus is read.")] = 5,
    min_count: Annotated[int, typer.Option(metavar="N", min=1, help="Leave out words that are rarer.")] = 5,
    encoding: Annotated[str, typer.Option(metavar="NAME", help="Encoding of the corpus.")] = "utf-8",
    seed: Annotated[int, typer.Option(metavar="N", min=0, max=2**31, help="Seed of everything random.")] = 0,
    threads: Annotated[
        int, typer.Option(metavar="N", min=1, max=256, help="Threads; with more than one a seed fixes nothing.")
    ] = 1,
    quiet: Quiet = False,
) -> None:
    """Train vectors on a text of your own, by gensim; it is read from the disk as it is needed, never held."""
    from textcnn.vectors.gensim_training import Training, train_on_file

    _refuse_overwriting(corpus, output)
    check_writable(output)
    refuse_foreign(output, VECTORS)
    how = Training(kind.value, dimensions, epochs, min_count, seed, threads, encoding)
    with _on_disk(corpus) as path, _progress(quiet) as progress:
        made = train_on_file(path, how, progress)
    facts = {**made.facts, "from": "standard input" if corpus == "-" else Path(corpus).name}
    made = made._replace(name=output.stem, facts=facts)
    with written_whole(output) as file:
        made.write(file)
    _say_size(made, output, quiet)
    say(f"try: textcnn train FILE --vectors {output}", quiet=quiet)


@contextmanager
def _on_disk(path: str) -> Iterator[str]:
    """The path, of a copy if it is standard input or a pipe, which cannot be read again."""
    if path != "-" and (not Path(path).exists() or Path(path).is_file() or Path(path).is_dir()):
        yield path
        return
    name = "standard input" if path == "-" else path
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "corpus"
        _copy(path, name, copy)
        try:
            yield str(copy)
        except ReadError as error:
            raise ReadError(str(error).replace(str(copy), name)) from error


def _copy(path: str, name: str, copy: Path) -> None:
    """Write standard input, or a pipe, to a file."""
    if path == "-" and (sys.stdin is None or sys.stdin.closed):
        raise ReadError("standard input is closed; name a file")
    try:
        with copy.open("wb") as file, nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb") as pipe:
            shutil.copyfileobj(pipe, file)
    except OSError as error:
        raise OutputError(f"cannot copy {name} to {copy.parent}, to read it again: {error.strerror}") from error


@vectors_app.command(cls=HelpCommand, epilog="Example: textcnn vectors coverage spam.csv --text-column text")
@with_reading(labels=False)
def coverage(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Texts, as for predict; - is standard input.")],
    how: Reading,
    vectors: Vectors = "english",
    count: Annotated[int, typer.Option("-n", "--count", metavar="N", min=0, help="Unknown words to print.")] = 20,
    quiet: Quiet = False,
) -> None:
    """Say how many words of some texts the vectors know, which frequent ones they do not, and whether others know more.

    In a pipe, two lines (tokens and types: known, tab, all, tab, share), then unknown words and their counts.
    """
    from textcnn.corpus import open_corpus
    from textcnn.vectors.coverage import count_words, cover

    with open_corpus(file, reading=how, labelled=False) as reader:
        counts = count_words(record.text for record in reader)
        say(reader.describe(), quiet=quiet)
    if reader.skipped:
        say(reader.describe_skipped())
    found = cover(counts, _open(vectors, counts.keys(), quiet))
    shares = [("tokens", found.known_tokens, found.tokens), ("types", found.known_types, found.types)]
    rows = [(name, str(known), str(every), f"{known / max(every, 1):.4f}") for name, known, every in shares]
    _print(("", "known", "of", "share"), rows)
    _print(("unknown", "count"), [(word, str(often)) for word, often in found.unknown[:count]])
    _advise(counts, vectors, found.listed_tokens, quiet)


def _advise(counts: Mapping[str, int], vectors: str, listed: int, quiet: bool) -> None:
    """Name the vectors that list most of the words, if those that were asked are not these."""
    from textcnn.vectors.coverage import cover
    from textcnn.vectors.loading import in_the_package
    from textcnn.vectors.packs import packs

    if quiet:
        return
    others = [name for name in (*in_the_package(), *packs()) if name != vectors]
    by_name = {name: cover(counts, _open(name, counts.keys(), quiet)) for name in others}
    best = max(by_name, key=lambda name: by_name[name].listed_tokens, default=vectors)
    if best != vectors and by_name[best].listed_tokens > listed:
        share = by_name[best].listed_tokens / by_name[best].tokens
        say(
            f"of the vectors that are installed {best} know most of the words, {share:.1%}: --vectors {best}",
            quiet=quiet,
        )


@vectors_app.command(cls=HelpCommand, epilog="Example: textcnn vectors encode spam.csv --text-column text -o spam.npy")
@with_reading(labels=False)
def encode(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Texts, as for predict; - is standard input.")],
    how: Reading,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write an array of NumPy (.npy), a row for each text."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Turn English sentences and short texts into unit vectors, whose products say how alike texts are.

    Without --output, each line is a JSON object: the text and its vector.
    """
    from textcnn.corpus import open_corpus
    from textcnn.encoder import encode

    if output is not None:
        check_writable(output)
        refuse_foreign(output, ARRAY)
    with open_corpus(file, reading=how, labelled=False) as reader:
        texts = (record.text for record in reader)
        if output is None:
            _print_vectors(texts)
        else:
            _save_vectors(output, encode(texts))
        say(reader.describe(), quiet=quiet)
    if reader.skipped:
        say(reader.describe_skipped())


def _print_vectors(texts: Iterable[str]) -> None:
    from textcnn.encoder import encode

    for group in _groups(texts):
        for text, vector in zip(group, encode(group), strict=True):
            numbers = [round(number, 6) for number in vector.tolist()]
            put(json.dumps({"text": text, "vector": numbers}, ensure_ascii=False) + "\n")


def _groups(texts: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(texts)
    while group := list(islice(rest, _ENCODED)):
        yield group


def _save_vectors(output: Path, vectors: "NDArray[np.float32]") -> None:
    import numpy as np

    with written_whole(output) as file:
        np.save(file, vectors)


def _open(spec: str, surfaces: Any, quiet: bool) -> "Pretrained":
    from textcnn.vectors.loading import open_vectors

    with _progress(quiet) as progress:
        return open_vectors(spec, surfaces, say=lambda note: say(note, quiet=quiet), progress=progress)


@contextmanager
def _progress(quiet: bool) -> Iterator["Progress"]:
    """A bar on a terminal, a sentence now and then elsewhere, nothing if quiet."""
    from textcnn.vectors.progress import spoken

    if quiet or not moves(sys.stderr):
        yield spoken(lambda note: say(note, quiet=quiet))
        return
    bar = LiveBar()
    try:
        yield bar.update
    finally:
        bar.stop()


def _print(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal; fields with tabs between them, and no header, elsewhere."""
    if not is_terminal(sys.stdout):
        put("".join("\t".join(map(one_line, row)) + "\n" for row in rows))
    elif rows:
        made = table(*map(one_line, header))
        for row in rows:
            made.add_row(*map(one_line, row))
        console(sys.stdout).print(made)
