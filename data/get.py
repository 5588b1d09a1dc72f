#!/usr/bin/env python3
"""Download a public text corpus by name and write it as CSV with the columns label and text.

    python data/get.py                  list the corpora: sizes, homes, terms
    python data/get.py trec             write trec/train.csv and trec/test.csv
    python data/get.py trec -o corpora  write corpora/train.csv and corpora/test.csv

The script needs nothing but Python 3.11. It only knows downloads whose SHA-256 somebody else has published,
so that a corpus which changed, or was tampered with, is refused instead of being trained on. Exit status:
0 done, 1 the download or the writing failed (nothing is left behind), 2 wrong usage.
"""

import argparse
import contextlib
import csv
import hashlib
import io
import json
import re
import signal
import sys
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT = 60.0  # seconds without a byte before a download is given up
AGENT = "textcnn-get/1"  # some hosts turn away clients without a name

Row = tuple[str, str]  # label, text
Splits = dict[str, list[Row]]  # name of the CSV file without its ending -> rows
Reader = Callable[[Sequence[bytes]], Splits]  # the downloaded files, in the order of Corpus.sources -> rows


class GetError(Exception):
    """A failure the user can act on; its text is the whole message."""


@dataclass(frozen=True)
class Source:
    """One file to download; size in bytes, so that an endless answer is cut off."""

    url: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Corpus:
    """A corpus: what it is, where it lives, on which terms, and how its files become rows."""

    about: str
    home: str
    terms: str
    sources: tuple[Source, ...]
    read: Reader


# ---------------------------------------------------------------------------------------------- reading


def read_sms_spam(blobs: Sequence[bytes]) -> Splits:
    """SMS Spam Collection: a zip with one file of lines "ham<TAB>text"."""
    rows = [split_once(line, "\t") for line in lines(unzip(blobs[0], "SMSSpamCollection").decode("utf-8"))]
    return {"all": rows}


def read_trec(blobs: Sequence[bytes], fine: bool) -> Splits:
    """TREC questions: lines "COARSE:fine text", Latin-1; the one stray byte F0 stands where a space belongs."""
    parts: Splits = {"train": [], "test": []}
    for rows, blob in zip(parts.values(), blobs, strict=True):
        for line in lines(blob.decode("latin-1").replace("\xf0", " ")):
            label, text = split_once(line, " ")
            rows.append((label if fine else label.partition(":")[0], text))
    return parts


def read_mr(blobs: Sequence[bytes]) -> Splits:
    """Movie review sentences: a tar with one file for each polarity, in a Windows encoding."""
    rows = []
    for label, ending in (("positive", "pos"), ("negative", "neg")):
        text = windows_text(untar(blobs[0], f"rt-polaritydata/rt-polarity.{ending}"))
        rows += [(label, line.strip()) for line in lines(text)]
    return {"all": rows}


AG_LABELS = ("World", "Sports", "Business", "Sci/Tech")


def read_ag_news(blobs: Sequence[bytes]) -> Splits:
    """AG news: CSV without a header, class 1 to 4, title, description; a backslash stands for a line break."""
    parts: Splits = {"train": [], "test": []}
    for rows, blob in zip(parts.values(), blobs, strict=True):
        for number, *fields in csv.reader(io.StringIO(blob.decode("utf-8"), newline="")):
            text = " ".join(fields).replace("\\", " ")
            rows.append((AG_LABELS[int(number) - 1], " ".join(text.split())))
    return parts


SST_FIVE = ("very negative", "negative", "neutral", "positive", "very positive")
SST_TWO = ("negative", "negative", "", "positive", "positive")  # the empty label leaves neutral sentences out


def read_sst(blobs: Sequence[bytes], labels: Sequence[str]) -> Splits:
    """Stanford Sentiment Treebank: the whole sentences of the trees with the label of the root."""
    parts: Splits = {}
    for name in ("train", "dev", "test"):
        trees = lines(unzip(blobs[0], f"trees/{name}.txt").decode("utf-8"))
        parts[name] = [(labels[int(tree[1])], tree_text(tree)) for tree in trees if labels[int(tree[1])]]
    return parts


def tree_text(tree: str) -> str:
    """The words of one tree such as "(3 (2 A) (4 (2 good) (2 film)))", brackets and slashes unescaped."""
    text = " ".join(re.findall(r"\([0-4] ([^()]+)\)", tree))
    for escaped, plain in (("-LRB-", "("), ("-RRB-", ")"), ("\\/", "/"), ("\\*", "*")):
        text = text.replace(escaped, plain)
    return text


def read_clinc150(blobs: Sequence[bytes]) -> Splits:
    """CLINC150: JSON lists of [text, label]; the questions outside every class become a file of their own."""
    data = json.loads(blobs[0])
    names = {"train": "train", "dev": "val", "test": "test", "oos": "oos_test"}
    return {name: [(label, text) for text, label in data[key]] for name, key in names.items()}


EMOTIONS = (  # in the order of the corpus's own emotions.txt
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire",
    "disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief", "joy",
    "love", "nervousness", "optimism", "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral",
)  # fmt: skip


def read_goemotions(blobs: Sequence[bytes]) -> Splits:
    """GoEmotions: TSV of text, label numbers, id; several labels of one comment are joined by a bar."""
    parts: Splits = {"train": [], "dev": [], "test": []}
    for rows, blob in zip(parts.values(), blobs, strict=True):
        for text, numbers, _ in csv.reader(io.StringIO(blob.decode("utf-8"), newline=""), delimiter="\t"):
            rows.append(("|".join(EMOTIONS[int(number)] for number in numbers.split(",")), text))
    return parts


def lines(text: str) -> list[str]:
    """The lines with something in them; unlike str.splitlines, control characters do not end a line."""
    return [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]


def split_once(line: str, separator: str) -> Row:
    """The label before the first separator and the text after it."""
    label, found, text = line.partition(separator)
    if not found:
        raise ValueError(f"no label in the line {line[:40]!r}")
    return label.strip(), text.strip()


def windows_text(blob: bytes) -> str:
    """Decode cp1252, which has dashes and curly quotes where Latin-1 has control characters, or else Latin-1."""
    try:
        return blob.decode("cp1252")
    except UnicodeDecodeError:
        return blob.decode("latin-1")


def unzip(blob: bytes, member: str) -> bytes:
    """One member of a zip, read in memory: no path in the archive ever reaches the disk."""
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        return archive.read(member)


def untar(blob: bytes, member: str) -> bytes:
    """One regular file of a tar.gz, read in memory: no path or link in the archive ever reaches the disk."""
    with tarfile.open(fileobj=io.BytesIO(blob), mode="r:gz") as archive:
        stream = archive.extractfile(member) if archive.getmember(member).isreg() else None
        if stream is None:
            raise ValueError(f"{member} is not a regular file")
        return stream.read()


# ------------------------------------------------------------------------------------------ the corpora

# The sizes and sums beside the addresses were copied from the files named there, dataset_infos.json mostly.
HF = "https://github.com/huggingface/datasets/tree/040102f100964a33fd334e2695f1c493fa6b92db/datasets"
COGCOMP = "https://cogcomp.seas.upenn.edu/Data/QA/QC"
AG = "https://raw.githubusercontent.com/mhjabreel/CharCnn_Keras/master/data/ag_news_csv"
GO = "https://raw.githubusercontent.com/google-research/google-research/master/goemotions/data"

# Sizes and sums: HF/trec/dataset_infos.json, for these very addresses.
TREC_SOURCES = (
    Source(f"{COGCOMP}/train_5500.label", "9e4c8bdcaffb96ed61041bd64b564183d52793a8e91d84fc3a8646885f466ec3", 335858),
    Source(f"{COGCOMP}/TREC_10.label", "033f22c028c2bbba9ca682f68ffe204dc1aa6e1cf35dd6207f2d4ca67f0d0e8e", 23354),
)
TREC_TERMS = "no licence stated, offered for research; cite Li and Roth 2002"

# Size and sum: HF/sst/dataset_infos.json, for this very address.
SST_SOURCES = (
    Source(
        "https://nlp.stanford.edu/sentiment/trainDevTestTrees_PTB.zip",
        "5c613a4f673fc74097d523a2c83f38e0cc462984d847b82c7aaf36b01cbbbfcc",
        789539,
    ),
)
SST_TERMS = "no licence stated; cite Socher et al. 2013"

CORPORA: dict[str, Corpus] = {
    "sms_spam": Corpus(
        "5,574 English text messages, spam (13 %) or ham; one file",
        "https://archive.ics.uci.edu/dataset/228/sms+spam+collection",
        "CC BY 4.0; cite Almeida et al. 2011",
        (
            # Size and sum: HF/sms_spam/dataset_infos.json, for the older address of the same zip at UCI; several
            # public projects pin the same sum for this address.
            Source(
                "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip",
                "1587ea43e58e82b14ff1f5425c88e17f8496bfcdb67a583dbff9eefaf9963ce3",
                203415,
            ),
        ),
        read_sms_spam,
    ),
    "trec": Corpus(
        "5,952 English questions, 6 kinds of answer; train and test",
        f"{COGCOMP}/",
        TREC_TERMS,
        TREC_SOURCES,
        partial(read_trec, fine=False),
    ),
    "trec_fine": Corpus(
        "the questions of trec, 50 kinds of answer; train and test",
        f"{COGCOMP}/",
        TREC_TERMS,
        TREC_SOURCES,
        partial(read_trec, fine=True),
    ),
    "mr": Corpus(
        "10,662 sentences of film reviews, positive or negative; one file",
        "https://www.cs.cornell.edu/people/pabo/movie-review-data/ (fetched from a public copy, see data/README.md)",
        "no licence stated; cite Pang and Lee 2005",
        (
            # Size and sum: HF/rotten_tomatoes/dataset_infos.json, for this very address, which is a copy.
            # No SHA-256 of the file at its home, Cornell, was found in print, so the home is not used here.
            Source(
                "https://storage.googleapis.com/seldon-datasets/sentence_polarity_v1/rt-polaritydata.tar.gz",
                "a05befe52aafda71d458d188a1c54506a998b1308613ba76bbda2e5029409ce9",
                487770,
            ),
        ),
        read_mr,
    ),
    "ag_news": Corpus(
        "127,600 English news items, 4 subjects; train and test",
        "http://groups.di.unipi.it/~gulli/AG_corpus_of_news_articles.html",
        "for research and other non-commercial use; cite Zhang et al. 2015",
        (
            # Sizes and sums: HF/ag_news/dataset_infos.json, for these very addresses.
            Source(f"{AG}/train.csv", "76a0a2d2f92b286371fe4d4044640910a04a803fdd2538e0f3f29a5c6f6b672e", 29470338),
            Source(f"{AG}/test.csv", "521465c2428ed7f02f8d6db6ffdd4b5447c1c701962353eb2c40d548c3c85699", 1857427),
        ),
        read_ag_news,
    ),
    "sst1": Corpus(
        "11,855 sentences of film reviews, 5 grades of praise; train, dev and test",
        "https://nlp.stanford.edu/sentiment/",
        SST_TERMS,
        SST_SOURCES,
        partial(read_sst, labels=SST_FIVE),
    ),
    "sst2": Corpus(
        "9,613 sentences of sst1, positive or negative, neutral left out; train, dev and test",
        "https://nlp.stanford.edu/sentiment/",
        SST_TERMS,
        SST_SOURCES,
        partial(read_sst, labels=SST_TWO),
    ),
    "clinc150": Corpus(
        "22,500 requests to an assistant, 150 intents; train, dev, test, and 1,000 outside all intents (oos)",
        "https://github.com/clinc/oos-eval",
        "CC BY 3.0; cite Larson et al. 2019",
        (
            # The sum is of the file in that commit of the public repository; also pinned so by several projects.
            Source(
                "https://raw.githubusercontent.com/clinc/oos-eval/"
                "828f8093932c8fe6ca7936c3d2e52903b1c523de/data/data_full.json",
                "36923c3705a59e08fe9c3883d8bc2dd966ef93e22cb78ac41171782a698d56e0",
                2495390,
            ),
        ),
        read_clinc150,
    ),
    "goemotions": Corpus(
        "54,263 forum comments, 27 emotions or neutral, several joined by a bar; train, dev and test",
        "https://github.com/google-research/google-research/tree/master/goemotions",
        "CC BY 4.0 by its publisher; the comments are their writers' words; cite Demszky et al. 2020",
        (
            # Sizes and sums: HF/go_emotions/dataset_infos.json, for the same files by way of github.com/.../raw/.
            Source(f"{GO}/train.tsv", "1c254a142be5c00e80d819b9ae1bbd36d94b2eeb8f4b1271846508d57e57d9c5", 3519053),
            Source(f"{GO}/dev.tsv", "575489c079c9de1097062a01738f998590d6b7ead66dd1c9fd1d2ba01fd8bc62", 439059),
            Source(f"{GO}/test.tsv", "0587b2dd8b27b97352adbfc3fb083d46005c8946657fdc2b1ca8b1cc7f1f8be4", 436706),
        ),
        read_goemotions,
    ),
}


# ------------------------------------------------------------------------------------------ downloading


def get(corpus: Corpus, folder: Path, base: str | None = None) -> Splits:
    """Download, check and read the whole corpus before the first byte is written to the folder."""
    blobs = [download(source, base) for source in corpus.sources]
    try:
        splits = corpus.read(blobs)
    except (ValueError, LookupError, OSError, zipfile.BadZipFile, tarfile.TarError, csv.Error) as problem:
        raise GetError(f"the download is not laid out as expected: {problem}") from problem
    try:
        write(folder, splits)
    except OSError as problem:
        raise GetError(f"cannot write to {folder}: {problem.strerror or problem}") from problem
    return splits


def download(source: Source, base: str | None = None) -> bytes:
    """The bytes of one source, its sum checked; base, such as a mirror, replaces the scheme and host."""
    url = source.url if base is None else base.rstrip("/") + urlsplit(source.url).path
    blob = fetch(url, source.size + 1)
    found = hashlib.sha256(blob).hexdigest()
    if found != source.sha256:
        size = f"{len(blob)} bytes" if len(blob) <= source.size else f"over {source.size} bytes"
        raise GetError(f"{url} is not the file expected: {size}, SHA-256 {found}, expected {source.sha256}")
    return blob


def fetch(url: str, limit: int) -> bytes:
    """Up to limit bytes from the address."""
    request = urllib.request.Request(url, headers={"User-Agent": AGENT})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return bytes(answer.read(limit))
    except urllib.error.HTTPError as problem:
        problem.close()
        raise GetError(f"cannot download {url}: {problem.code} {problem.reason}") from problem
    except (OSError, HTTPException) as problem:
        raise GetError(f"cannot download {url}: {getattr(problem, 'reason', problem)}") from problem


# ---------------------------------------------------------------------------------------------- writing


def write(folder: Path, splits: Splits) -> None:
    """Write every file beside its place, then move them in, so that no half-written file ever has the name."""
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    parts = {folder / f".{name}.csv.part": folder / f"{name}.csv" for name in splits}
    try:
        for part, rows in zip(parts, splits.values(), strict=True):
            write_csv(part, rows)
        for part, place in parts.items():
            part.replace(place)
    except BaseException:
        clear(parts, folder if made else None)
        raise


def write_csv(path: Path, rows: list[Row]) -> None:
    """One CSV file in UTF-8 with a header, quoted as RFC 4180 has it."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("label", "text"))
        writer.writerows(rows)


def clear(parts: Mapping[Path, Path], folder: Path | None) -> None:
    """Remove what a failed writing left, and the folder if it was made for it and is empty."""
    for part in parts:
        with contextlib.suppress(OSError):
            part.unlink()
    if folder is not None:
        with contextlib.suppress(OSError):
            folder.rmdir()


# ----------------------------------------------------------------------------------------- command line


def listing(corpora: Mapping[str, Corpus]) -> str:
    """The corpora for a reader: name, what it is, size of the download, home and terms."""
    blocks = []
    for name, corpus in corpora.items():
        size = sum(source.size for source in corpus.sources) / 1e6
        facts = (corpus.about, f"download: {size:.1f} MB", f"home: {corpus.home}", f"terms: {corpus.terms}")
        blocks.append("\n    ".join((name, *facts)))
    return "\n".join(blocks)


def summary(folder: Path, splits: Splits) -> str:
    """One line for each file written."""
    counts = ((name, len(rows), len({label for label, _ in rows})) for name, rows in splits.items())
    return "\n".join(f"{folder / name}.csv: {rows} rows, {labels} labels" for name, rows, labels in counts)


def parser() -> argparse.ArgumentParser:
    """The command line; the name is checked by hand, to answer an unknown one with the list."""
    made = argparse.ArgumentParser(description="Download a public text corpus and write it as label,text CSV.")
    made.add_argument("name", nargs="?", help="the corpus; without it the corpora are listed")
    made.add_argument("-o", "--output", metavar="FOLDER", type=Path, help="where to write (default: ./NAME)")
    made.add_argument("--list", action="store_true", help="list the corpora, their sizes, homes and terms")
    return made


def main(argv: Sequence[str] | None = None, corpora: Mapping[str, Corpus] = CORPORA, base: str | None = None) -> int:
    """Run the command line and return the exit status; tests pass their own corpora and base address."""
    options = parser().parse_args(argv)
    if options.list or options.name is None:
        print(listing(corpora))
        return 0
    if options.name not in corpora:
        print(f"get.py: no corpus {options.name!r}; there are {', '.join(corpora)}", file=sys.stderr)
        return 2
    folder = options.output or Path(options.name)
    try:
        print(summary(folder, get(corpora[options.name], folder, base)))
    except GetError as problem:
        print(f"get.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `get.py | head` ends quietly
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
