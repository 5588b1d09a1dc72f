"""Texts that people called good or bad, and whose terms let what is learned from them be passed on.

None is a test part, and none is a text of a benchmark: what shares a sentence or a run of words with one is left out.
"""

import csv
import html
import io
import random
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from inputs import Repository, blobs, zipped
from passages import Excluded, clean
from texts import NLTK, decoded, tagged

_LONGEST = 60  # words

Rated = tuple[str, float]  # a text, and from 0 for bad to 1 for good


class Ratings(NamedTuple):
    """A source of rated texts, and how its files become such."""

    name: str
    origin: Repository
    read: Callable[[str, bytes], Iterable[Rated]]


def pros_and_cons(path: str, data: bytes) -> Iterator[Rated]:
    """What reviewers of products listed for and against them."""
    for kind, good in (("Pros", 1.0), ("Cons", 0.0)):
        for file in zipped(data, f"*/Integrated{kind}.txt"):
            yield from ((text, good) for text in tagged(rf"<{kind}>(.*?)</", decoded(file)))


def rated_snippets(path: str, data: bytes) -> Iterator[Rated]:
    """Tweets and sentences of editorials, each rated by twenty people from -4 to 4; not the reviews beside them."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for kind in ("tweets", "nytEditorialSnippets"):
            member = tar.extractfile(f"hutto_ICWSM_2014/{kind}_GroundTruth.txt")
            assert member is not None
            for line in member.read().decode("utf-8", "replace").splitlines():
                _, rating, text = line.split("\t", 2)
                yield html.unescape(text), float(rating) / 8 + 0.5


def scored_sentences(path: str, data: bytes) -> Iterator[Rated]:
    """Sentences of reviews of films, products and restaurants, good or bad."""
    text = data.decode("utf-8", "replace")
    if path.endswith(".csv"):
        rows = [(row["Review"], row["Score"]) for row in csv.DictReader(io.StringIO(text))]
    else:
        rows = [(line.rpartition("\t")[0], line.rpartition("\t")[2]) for line in text.splitlines()]
    yield from ((sentence, float(score)) for sentence, score in rows if score.strip() in ("0", "1"))


def drugs(path: str, data: bytes) -> Iterator[Rated]:
    """Comments on medicines, with one to ten stars; what is said of benefits is kinder than the whole."""
    for row in csv.DictReader(io.StringIO(data.decode("utf-8", "replace")), delimiter="\t"):
        stars = (float(row["rating"]) - 1) / 9
        yield row["commentsReview"], stars
        yield row["benefitsReview"] or "", min(stars + 0.15, 1)


UCI_TERMS = "CC BY 4.0 (UCI Machine Learning Repository); Kotzias et al. 2015"

RATINGS = (
    Ratings(
        "pros and cons",
        Repository(
            *NLTK,
            ("packages/corpora/pros_cons.zip",),
            "b5bca541ba5b2e614cde2213ddcca027416f6997067c90e45c173bf55c6fade8",
            "CC BY 4.0; Ganapathibhotla and Liu 2008",
        ),
        pros_and_cons,
    ),
    Ratings(
        "rated tweets and editorials",
        Repository(
            "cjhutto/vaderSentiment",
            "44fc044cd877310ee8278a0eadf34bcd50d41d06",
            ("additional_resources/hutto_ICWSM_2014.tar.gz",),
            "d5bb07d87474b3eb8d30b4deccbc23f19d742a6c5718fbacc65485b70b95c5fa",
            "MIT; Hutto and Gilbert 2014",
        ),
        rated_snippets,
    ),
    Ratings(
        "sentences about films",
        Repository(
            "arvindsankar/Group-labels-to-individual-labels",
            "5e499e525d155c94d35c6e414aed62ef6efc7fb4",
            ("imdb_data.csv",),
            "aaa1e05207ba6e11ed4fc4abcd413f77e56cd5268987f0f562891c2672711e2e",
            UCI_TERMS,
        ),
        scored_sentences,
    ),
    Ratings(
        "sentences about products and restaurants",
        Repository(
            "Huyen2402/API-ML-luanvan",
            "bd42cf4dcb96c3123866da22acbc280affb69f42",
            (
                "sentiment labelled sentences/amazon_cells_labelled.txt",
                "sentiment labelled sentences/yelp_labelled.txt",
            ),
            "26dd9328a6e790dda7017b6b2019c60286af57fec326f09882a14e8894f5259d",
            UCI_TERMS,
        ),
        scored_sentences,
    ),
    Ratings(
        "comments on medicines",
        Repository(
            "nlei1/csvs-for-proj",
            "278fee3513ee3fcd053ef3137ade284314222261",
            ("drugLibTrain_raw.tsv",),
            "df00b08ff8a85c77c7184fe7b9923155170e95871230b0b784c67e3cfc205fed",
            "CC BY 4.0 (UCI Machine Learning Repository); Gräßer et al. 2018; the training part",
        ),
        drugs,
    ),
)


def rated(inputs: Path, excluded: Excluded, say: Callable[[str], None]) -> list[Rated]:
    """All rated texts, each once, mixed."""
    found, seen = list[Rated](), set[str]()
    for source in RATINGS:
        left_out, before = 0, len(found)
        for path, data in blobs(source.origin, inputs):
            for text, rating in source.read(path, data):
                short = " ".join(clean(text).split()[:_LONGEST])
                if not short or short.lower() in seen:
                    continue
                seen.add(short.lower())
                if excluded.touches(short):
                    left_out += 1
                else:
                    found.append((short, rating))
        say(f"{source.name}: {len(found) - before:,} texts, {left_out:,} left out")
    random.Random(0).shuffle(found)
    return found
