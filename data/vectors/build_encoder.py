#!/usr/bin/env python3
"""Train the sentence encoder that comes with textcnn: textcnn/vectors/sentences.safetensors.

    python data/vectors/build_encoder.py --list        what has to be in the folder of inputs besides, and its terms
    python data/vectors/build_encoder.py --inputs inputs --work work      after build_filters.py, with the same folders

The encoder joins the filters of the table, which learned what MPNet says of passages, with others that learn to tell
good from bad (verdict.py); and it has the mean of a text's word vectors, for maxima do not say how often, and how much
in all. Its readout is linear. It has the principal axes of five views of a sentence: the standardised features of the
table's filters, what all features predict of the vectors for it of MPNet, MiniLM and multilingual-e5-small (ridge
regression), and what they predict of the words of its answers, if it is a question (quiz.py). Beside them stands the
verdict, good or bad, as the last number. Where texts are questions, further numbers tell more of what they ask for.

On one core that is free reading takes a quarter of an hour (MPNet), half an hour (MiniLM) and an hour
(multilingual-e5-small), all else half an hour. Needs the same packages as build_vectors.py.
"""

import argparse
import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from build_vectors import Floats, say
from encoder import Encoder, equal_lengths, minilm, mpnet
from inputs import E5, E5_TOKENIZER, MINILM, MPNET, checked
from numpy.typing import NDArray
from passages import Excluded
from quiz import Asked, asked_for, meanings, quiz, teach_asking
from ratings import RATINGS, rated
from readout import means_of_words
from sentences import gather
from texts import TEXTS
from verdict import FILTERS, WIDTHS, Opinions, Verdict, judge, read_of_ratings, said_of_opinions

from textcnn.encoder import ENCODER, write_encoder
from textcnn.model.bank import Bank, Pooling
from textcnn.model.network import Network
from textcnn.storage.atomic import written_whole
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Ragged
from textcnn.vectors.pretrained_filters import Filters
from textcnn.vectors.table import EMBEDDED, VectorTable

PORTIONS = 1  # of sentences that MPNet reads, some 19,000 each
QUICK = 240_000  # sentences that MiniLM reads, these among them
HEARD = 160_000  # texts that multilingual-e5-small reads, the rated ones among them
PIECES = 96  # of a sentence that they read
GROUP = 8_000  # sentences at a time
OWN_AXES, AXES, RIDGE, ANSWERS, VERDICT = 256, 384, 3000.0, 0.4, 0.3
LEAST_DEVIATION = 1e-2


class Read(NamedTuple):
    """All texts that are learned from."""

    sentences: list[str]  # that MPNet reads
    further: list[str]  # that MiniLM reads besides
    opinions: list[str]
    reviews: list[list[str]]
    ratings: list[tuple[str, float]]
    quiz: list[Asked]


def read_all(inputs: Path, work: Path, exclude: Path | None) -> Read:
    """The texts, from the work folder if they are there."""
    file = work / "encoder_reads.json"
    if not file.exists():
        excluded = Excluded(exclude)
        others = rated(inputs, excluded, say), quiz(inputs, excluded, say)
        file.write_text(json.dumps([*gather(inputs, excluded, PORTIONS, say), *others]))
    *most, asked = json.loads(file.read_text())
    return Read(*most, [Asked(*one) for one in asked])


def opinions_of(read: Read) -> Opinions:
    """What is learned from to tell good from bad."""
    known = read_of_ratings(read.ratings)
    texts = {text for text, _ in known}
    others = [one for one in read.opinions if one not in texts]
    random.Random(3).shuffle(others)
    return Opinions(read.ratings, read.reviews, others[: HEARD - len(known)])


def teach(sentences: Sequence[str], encoder: Encoder, file: Path) -> Floats:
    """The encoder's unit vectors, (N, size) in half precision; from the file if it is there."""
    if not file.exists():
        encoder.cutter.enable_truncation(PIECES)
        vectors = np.zeros((len(sentences), encoder.size), np.float16)
        pieces = [one.ids for one in encoder.cutter.encode_batch(list(sentences))]
        for batch in equal_lengths([len(one) for one in pieces]):
            with torch.inference_mode():
                states = encoder.states(torch.tensor([pieces[number] for number in batch]))[encoder.layers[-1]]
                vectors[batch] = torch.nn.functional.normalize(states.float().mean(dim=1), dim=1).numpy()
        np.save(file, vectors)
    return np.load(file)


def joined(ones: Mapping[int, Filters], others: Mapping[int, Filters]) -> dict[int, Filters]:
    """Filters of both, width by width."""
    return {
        width: Filters(
            np.concatenate([filters.slices, others[width].slices], axis=1),
            np.concatenate([filters.biases, others[width].biases]),
        )
        for width, filters in ones.items()
    }


def features_of(table: VectorTable, filters: dict[int, Filters], sentences: Sequence[str]) -> Iterator[Floats]:
    """What the filters make of sentences, and the means of their words' vectors: (GROUP, M + D) each."""
    bank = Bank(tuple(filters), filters[WIDTHS[0]].biases.size)
    slices = np.concatenate([one.slices.reshape(-1, table.dimensions) for one in filters.values()])
    biases = np.concatenate([one.biases for one in filters.values()])
    network = Network(bank, Pooling("max"), (slices.astype(np.float32),), (biases.astype(np.float32),), ())
    zero = np.zeros(table.dimensions, np.float32)
    for first in range(0, len(sentences), GROUP):
        encoded = encode(sentences[first : first + GROUP], max_words=64)
        rows = [table.find(surface).rows for surface in encoded.surfaces]
        vectors = np.stack([table.vector(one) if one else zero for one in rows])
        features = []
        for part in encoded.ragged.parts():
            distinct, places = np.unique(part.words, return_inverse=True)
            own = Ragged(places.astype(np.int32), part.starts)
            maxima = network.features(vectors[distinct], own)
            features.append(np.concatenate([maxima, means_of_words(vectors[distinct], own)], axis=1))
        yield np.concatenate(features)


def grouped(rows: Floats) -> list[Floats]:
    """As many at a time as features are made of."""
    return [rows[first : first + GROUP] for first in range(0, len(rows), GROUP)]


class Scale(NamedTuple):
    """How features are standardised, (P,) each."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, features: Floats) -> "Scale":
        """By these, (N, P)."""
        return cls(features.mean(axis=0), features.std(axis=0) + np.float32(LEAST_DEVIATION))

    def moved(self, features: Floats) -> Floats:
        """Standardised, (N, P)."""
        return (features - self.mean) / self.deviation


def told(scale: Scale, groups: Iterable[tuple[Floats, Floats]]) -> Floats:
    """What standardised features say of an encoder's vectors, by ridge regression: (P, size).

    Args:
        scale: of features.
        groups: features of some sentences, (N, P), and the encoder's vectors for them, (N, size).
    """
    count, gram, cross, sums = 0, np.float32(0), np.float32(0), [np.float32(0), np.float32(0)]
    for features, vectors in groups:
        moved, taught = scale.moved(features), vectors.astype(np.float32)
        count += len(moved)
        gram, cross = gram + moved.T @ moved, cross + moved.T @ taught
        sums = [sums[0] + moved.sum(axis=0), sums[1] + taught.sum(axis=0)]
    middle, centre = (each / np.float32(count) for each in sums)
    gram, cross = gram - count * np.outer(middle, middle), cross - count * np.outer(middle, centre)
    return np.asarray(np.linalg.solve(gram + RIDGE * np.eye(len(gram), dtype=np.float32), cross), np.float32)


class View(NamedTuple):
    """What standardised features say of a text, (P, size), and what that counts beside other views."""

    weights: Floats
    share: float


def readout(
    features: Floats, known: NDArray[np.bool_], views: Sequence[View], verdict: Floats, bias: float
) -> tuple[Floats, Floats]:
    """The readout (AXES + 1, P) and its bias, for vectors whose mean square is about one.

    Args:
        features: of sentences, (N, P).
        known: which of them are a view of their own, (P,).
        views: what features say of encoders' vectors, and of answers.
        verdict: weights of the log-odds of good, (P,).
        bias: of the same.
    """
    scale = Scale.of(features)
    moved = scale.moved(features)
    gram = moved[:, known].T @ moved[:, known]
    own = np.zeros((moved.shape[1], OWN_AXES), np.float32)
    own[known] = np.linalg.eigh(gram)[1][:, : -OWN_AXES - 1 : -1]
    every = np.concatenate([share * _scaled(moved, view) for view, share in (*views, View(own, 1.0))], axis=1)
    seen = moved @ every
    axes = _scaled(moved, every @ np.linalg.eigh(seen.T @ seen)[1][:, : -AXES - 1 : -1]) / scale.deviation[:, None]
    share = VERDICT / (features @ verdict).std()
    weights = np.concatenate([axes.T, share * verdict[None]])
    return weights.astype(np.float32), np.append(-(scale.mean @ axes), share * bias).astype(np.float32)


def _scaled(moved: Floats, view: Floats) -> Floats:
    """A view whose vectors have one as their mean square length."""
    scaled: Floats = view / np.sqrt(((moved @ view) ** 2).sum(axis=1).mean())
    return scaled


def build(inputs: Path, work: Path, exclude: Path | None, path: Path) -> None:
    """All steps."""
    torch.set_num_threads(1)  # worker threads share the work, see textcnn/compiled/threads.py
    for origin in (*MPNET, MINILM, E5, E5_TOKENIZER, *(source.origin for source in (*TEXTS, *RATINGS))):
        checked(origin, inputs)
    read = read_all(inputs, work, exclude)
    by_mpnet = teach(read.sentences, mpnet(inputs, (12,)), work / "sentences.npy")
    many = [*read.sentences, *read.further][:QUICK]
    by_minilm = teach(many, minilm(inputs), work / "many_sentences.npy")
    table, learned = VectorTable.open(EMBEDDED), work / "good_or_bad.npz"
    opinions = opinions_of(read)
    by_e5 = said_of_opinions(opinions, inputs, work / "opinions.npy")
    if not learned.exists():
        judge(opinions, by_e5, table).write(learned)
    verdict = Verdict.read(learned)
    filters = joined(table.filters, verdict.filters)
    # Of each width, those of the table come first.
    of_table = table.filters[WIDTHS[0]].biases.size
    maps = len(WIDTHS) * (of_table + FILTERS)
    weights = np.pad(verdict.weights.reshape(len(WIDTHS), FILTERS), ((0, 0), (of_table, 0))).ravel()
    weights = np.pad(weights, (0, table.dimensions))  # means of words say nothing of it
    known = np.arange(len(weights)) % (of_table + FILTERS) < of_table
    known[maps:] = False
    features = np.concatenate(list(features_of(table, filters, read.sentences)))
    scale = Scale.of(features)
    lessons = (
        (many, by_minilm, 1.0),
        (opinions.others, by_e5.others, 1.0),
        ([one.question for one in read.quiz], asked_for(table, read.quiz), ANSWERS),
    )
    views = [View(told(scale, [(features, by_mpnet)]), 1.0)]
    for texts, vectors, share in lessons:
        groups = zip(features_of(table, filters, texts), grouped(vectors), strict=True)
        views.append(View(told(scale, groups), share))
    layer, bias = readout(features, known, views, weights, verdict.bias)
    readers = "all-mpnet-base-v2, all-MiniLM-L6-v2 and multilingual-e5-small"
    facts = {"from": f"{readers} over texts, texts people rated, and answers of a quiz"}
    with written_whole(path) as file:
        write_encoder(file, filters, layer[:, :maps], bias, facts, layer[:, maps:])
    teach_asking(path, table, [*read.quiz, *meanings(inputs, Excluded(exclude))])


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Train the sentence encoder of textcnn.")
    parser.add_argument("--list", action="store_true", help="name what is read besides, and its terms")
    parser.add_argument("--inputs", type=Path, default=Path("inputs"), help="folder with packages and clones")
    parser.add_argument("--work", type=Path, default=Path("work"), help="folder for what steps leave")
    parser.add_argument("--exclude", type=Path, help="folder of CSV files whose texts must not be read")
    parser.add_argument("--output", type=Path, default=ENCODER, help="where it goes (default: into the package)")
    options = parser.parse_args()
    if options.list:
        for package in (E5, E5_TOKENIZER):
            print(f"{package.file}: {package.origin}\n  SHA-256 {package.sha256}, {package.terms}")
        for source in RATINGS:
            print(f"{source.name}: {source.origin.name} {source.origin.commit}\n  {source.origin.terms}")
        return
    began = time.monotonic()
    build(options.inputs, options.work, options.exclude, options.output)
    say(f"{time.monotonic() - began:,.0f} seconds")


if __name__ == "__main__":
    main()
