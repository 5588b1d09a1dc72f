"""Measure what `textcnn label` saves: texts that it chose against texts drawn at random, five seeds; see README.md.

    python tests/benchmarks/labelling.py --data ~/corpora/{cr,trec,sms_spam}
    python tests/benchmarks/labelling.py --data ~/corpora/trec --dev --results /tmp/dev.csv     # to decide something by
    python tests/benchmarks/labelling.py                                                        # only the table
    python tests/benchmarks/labelling.py --data ~/corpora/{cr,trec,sms_spam} --forecast         # do intervals hold?
    python tests/benchmarks/labelling.py --data ~/corpora/ag_news_small --latency               # how long a step takes

The test part is test.csv, or the first of ten stratified folds; with `--dev` a quarter of the rest, and no text of the
test part is seen. Of a set with more than 50 labels ten are taken. The curve is that of the quick learner, by which
texts are chosen; with `--train` the models that `textcnn label -o` writes after 50 chosen, 50 and 150 random texts are
measured, too: those of `textcnn train --unlabelled`, with the pile. With `--all` both are measured with all labels (the
quick learner with 2,000 at most): a set where 50 random ones are within one point of that has nothing to save, and is
left out of the mean and named.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from labelling_forecast import coverage
from labelling_latency import latency
from protocol import Part, Task, tasks
from results import Key, Row, append, load
from scores import Scores, score
from sklearn.model_selection import train_test_split
from systems import SYSTEMS

from textcnn.corpus import Record
from textcnn.labelling.journal import Journal
from textcnn.labelling.learner import learn_quickly
from textcnn.labelling.pile import Pile
from textcnn.labelling.pool import Pool, prepare_pool
from textcnn.labelling.session import Session, random_order

HERE = Path(__file__).parent
SIZES = (10, 20, 30, 50, 70, 100, 150)  # of the curve
COMPARED = (("auto", 50), ("random", 50), ("random", 150))  # by the models that are written at the end
SEEDS = 5
MANY, FEW = 50, 10  # labels: of a set with more than the first, so many are taken
EVERY = 5  # answers after which it learns again
MOST = 2000  # labels that the quick learner is given as all
NEAR = 1.0  # points: where 50 random labels are so near to all, there is nothing to save


def main() -> None:
    """Measure what has no row yet, then show the table."""
    options = _options()
    if options.latency:
        print(latency(_parts(options.data[0], dev=options.dev)[0]))
        return
    if options.forecast:
        sets = {folder.resolve().name: _parts(folder, dev=options.dev) for folder in options.data}
        print(coverage({name: (_prepared(*parts), *parts) for name, parts in sets.items()}, options.seeds))
        return
    for folder in options.data:
        measure(folder, options)
    print(table(load(options.results)))


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Measure one set as far as it has no rows yet."""
    pool, test = _parts(folder, dev=options.dev)
    done = load(options.results)
    name = folder.resolve().name
    prepared = None
    for seed in range(options.seeds):
        for strategy in ("auto", "random"):
            if all(Key(name, f"{strategy}-{size}", seed, "quick", 0) in done for size in SIZES) and not options.train:
                continue
            prepared = prepared or _prepared(pool, test)
            order = _curve(prepared, pool, test, name, strategy, seed, options.results, done)
            for how, size in COMPARED if options.train else ():
                if how == strategy and Key(name, f"{how}-{size}", seed, "textcnn", 0) not in done:
                    key = Key(name, f"{how}-{size}", seed, "textcnn", 0)
                    _train(pool.take(order[:size]), test, key, options.results, pool.texts)
    if options.all and Key(name, "all", 0, "quick", 0) not in done:
        _learn_all(prepared or _prepared(pool, test), pool, test, Key(name, "all", 0, "quick", 0), options.results)
    if options.all and options.train and Key(name, "all", 0, "textcnn", 0) not in done:
        _train(pool, test, Key(name, "all", 0, "textcnn", 0), options.results, ())


def _prepared(pool: Part, test: Part) -> Pool:
    """The texts that may be asked, compared with each other; then those of the test part, by what the former tell."""
    pile = Pile([Record(text) for text in (*pool.texts, *test.texts)], ["text"], ["text"])
    made = prepare_pool(pile, [row for row in random_order(pile, 0) if row < len(pool.texts)], 0)
    return made.with_rows(range(len(pile)))


def _curve(
    prepared: Pool, pool: Part, test: Part, name: str, strategy: str, seed: int, results: Path, done: dict[Key, Row]
) -> list[int]:
    """Label until the last size; a row for each that has none. The texts in the order in which they were asked."""
    gold = [*pool.single(), *test.single()]
    held = range(len(pool.texts), len(gold))
    order: list[int] = []
    start = time.perf_counter()
    with Session(
        prepared.pile,
        Journal(seed=seed),
        strategy=strategy,
        background=False,
        pool=prepared,
        withheld=held,
        figures=False,
    ) as session:
        while len(order) < SIZES[-1]:
            if len(order) % EVERY == 0:
                session.learn()
            question = session.question()
            assert question is not None
            session.answer(question, gold[question.row])
            order.append(question.row)
            key = Key(name, f"{strategy}-{len(order)}", seed, "quick", 0)
            if len(order) in SIZES and key not in done:
                session.learn()
                guesses = [session.advice.guesses(row) or ((session.labels[0], 1.0),) for row in held]
                right = np.mean([guess[0][0] == gold[row] for guess, row in zip(guesses, held, strict=True)])
                append(results, Row(key, Scores(float(right), *[None] * 5), time.perf_counter() - start))
    return order


def _learn_all(prepared: Pool, pool: Part, test: Part, key: Key, results: Path) -> None:
    """Measure the quick learner that knows all labels, or as many as it can take."""
    start = time.perf_counter()
    gold = [*pool.single(), *test.single()]
    names = sorted(set(gold))
    rows = np.random.default_rng(0).permutation(len(pool.texts))[:MOST].tolist()
    learned = learn_quickly(
        prepared.features, [prepared.places[row] for row in rows], [names.index(gold[row]) for row in rows], len(names)
    )
    held = range(len(pool.texts), len(gold))
    features = prepared.features.take(np.array([prepared.places[row] for row in held]))
    guesses = learned.probabilities(features).argmax(axis=1)
    right = np.mean([names[guess] == gold[row] for guess, row in zip(guesses, held, strict=True)])
    append(results, Row(key, Scores(float(right), *[None] * 5), time.perf_counter() - start))


def _train(learn: Part, test: Part, key: Key, results: Path, pile: Sequence[str]) -> None:
    """Measure the model that `textcnn train` makes of these texts, and of a pile of texts without labels."""
    start = time.perf_counter()
    task = Task(key.data, key.protocol, key.fold, learn, None, test, multi_label=False, unlabelled=tuple(pile))
    system = SYSTEMS["textcnn-unlabelled" if pile else "textcnn"]
    row = Row(key, score(task, system.answer(task, 0)), time.perf_counter() - start)
    append(results, row)
    print(f"{' '.join(map(str, key))}: {100 * row.scores.accuracy:.2f}, {row.seconds:.1f} s", file=sys.stderr)


def _parts(folder: Path, *, dev: bool) -> tuple[Part, Part]:
    """The texts that are asked for, each once, and those that are measured on."""
    official, *_ = tasks(folder, ["test", "folds"], 1)
    pool, test = official.train, official.test
    if dev:
        rows = train_test_split(range(len(pool.texts)), test_size=0.25, random_state=0)
        pool, test = (pool.take(part) for part in rows)
    labels = sorted(set(pool.single()))
    if len(labels) > MANY:
        kept = set(np.random.default_rng(0).choice(labels, FEW, replace=False).tolist())
        pool, test = (_of_labels(part, kept) for part in (pool, test))
    taken = set(test.texts)
    once = [row for row in {text: row for row, text in enumerate(pool.texts)}.values() if pool.texts[row] not in taken]
    return pool.take(once), test


def _of_labels(part: Part, kept: set[str]) -> Part:
    return part.take([row for row, label in enumerate(part.single()) if label in kept])


# ------------------------------------------------------------------------------------------------------- the table


def table(rows: dict[Key, Row]) -> str:
    """Means over the seeds and their standard errors, as Markdown: two rows for each set; then the mean of the sets.

    Sets that have nothing to save do not count in the mean.
    """
    lines = []
    for system, sizes in (("quick", SIZES), ("textcnn", sorted({size for _, size in COMPARED}))):
        sets = sorted({key.data for key in rows if key.system == system})
        saving = [data for data in sets if not _is_near(rows, data, system)]
        lines += ["", f"| {system} | | {' | '.join(map(str, sizes))} |", f"| --- | --- |{' --- |' * len(sizes)}"]
        for how in ("auto", "random"):
            found = {data: [_accuracies(rows, data, system, f"{how}-{size}") for size in sizes] for data in sets}
            lines += [f"| {data} | {how} | {' | '.join(map(_cell, found[data]))} |" for data in sets]
            means = [_mean_cell([found[data][at] for data in saving]) for at in range(len(sizes))]
            lines.append(f"| mean | {how} | {' | '.join(means)} |")
        lines += ["", _left_out(rows, sets, saving, system)]
    return "\n".join(lines)


def _is_near(rows: dict[Key, Row], data: str, system: str) -> bool:
    """Whether 50 random labels are within a point of all."""
    every = _accuracies(rows, data, system, "all")
    return bool(every) and np.mean(_accuracies(rows, data, system, "random-50")) > every[0] - NEAR


def _left_out(rows: dict[Key, Row], sets: list[str], saving: list[str], system: str) -> str:
    """Which sets do not count, and what all labels bring."""
    left_out = ", ".join(data for data in sets if data not in saving) or "none"
    every = {data: _accuracies(rows, data, system, "all") for data in sets}
    told = ", ".join(f"{data} {values[0]:.1f}" for data, values in every.items() if values)
    return f"All labels: {told or 'not measured'}. Left out of the mean: {left_out}."


def _accuracies(rows: dict[Key, Row], data: str, system: str, protocol: str) -> list[float]:
    return [
        100 * row.scores.accuracy
        for key, row in rows.items()
        if (key.data, key.system, key.protocol) == (data, system, protocol)
    ]


def _cell(values: list[float]) -> str:
    if len(values) < 2:
        return f"{values[0]:.1f}" if values else "–"
    return f"{np.mean(values):.1f} ± {np.std(values, ddof=1) / len(values) ** 0.5:.1f}"


def _mean_cell(sets: list[list[float]]) -> str:
    """The mean of the sets, and the standard error that the seeds leave in it."""
    seeds = {len(values) for values in sets}
    return _cell(np.mean(sets, axis=0).tolist()) if len(seeds) == 1 and seeds != {0} else "–"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", default=[], metavar="FOLDER")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--train", action="store_true", help="measure the models of `textcnn train` too; takes long")
    parser.add_argument("--all", action="store_true", help="measure with all labels, too")
    parser.add_argument("--forecast", action="store_true", help="how often intervals hold what they are about")
    parser.add_argument("--latency", action="store_true", help="how long a step takes in a pile of 100,000 texts")
    parser.add_argument("--dev", action="store_true", help="measure on no test part: to decide something by")
    parser.add_argument("--results", type=Path, default=HERE / "labelling.csv")
    return parser.parse_args()


if __name__ == "__main__":
    main()
