"""Measure what `textcnn label` saves: texts that it chose against texts drawn at random, five seeds; see README.md.

    python tests/benchmarks/labelling.py --data ~/corpora/{cr,trec,sms_spam}
    python tests/benchmarks/labelling.py --data ~/corpora/trec --dev --results /tmp/dev.csv     # to decide something by
    python tests/benchmarks/labelling.py                                                        # only the table

The test part is test.csv, or the first of ten stratified folds; with `--dev` a quarter of the rest, and no text of the
test part is seen. Of a set with more than 50 labels ten are taken. The curve is that of the quick learner, by which
texts are chosen; with `--train` the models that `textcnn train` makes of 50 chosen, 50 and 150 random texts are
measured, too, and with `--all` the one that it makes of all.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from protocol import Part, Task, tasks
from results import Key, Row, append, load
from scores import Scores, score
from sklearn.model_selection import train_test_split
from systems import SYSTEMS

from textcnn.corpus import Record
from textcnn.labelling.journal import Journal
from textcnn.labelling.pile import Pile
from textcnn.labelling.pool import Pool, prepare_pool
from textcnn.labelling.session import Session, random_order

HERE = Path(__file__).parent
SIZES = (10, 20, 30, 50, 70, 100, 150)  # of the curve
COMPARED = (("auto", 50), ("random", 50), ("random", 150))  # by models of `textcnn train`
SEEDS = 5
MANY, FEW = 50, 10  # labels: of a set with more than the first, so many are taken
EVERY = 5  # answers after which it learns again


def main() -> None:
    """Measure what has no row yet, then show the table."""
    options = _options()
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
                    _train(
                        pool.take(order[:size]), test, Key(name, f"{how}-{size}", seed, "textcnn", 0), options.results
                    )
    if options.all and Key(name, "all", 0, "textcnn", 0) not in done:
        _train(pool, test, Key(name, "all", 0, "textcnn", 0), options.results)


def _prepared(pool: Part, test: Part) -> Pool:
    """Both parts compared with each other; texts of the test part come last."""
    pile = Pile([Record(text) for text in (*pool.texts, *test.texts)], ["text"], ["text"])
    made = prepare_pool(pile, random_order(pile, 0), 0)
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


def _train(learn: Part, test: Part, key: Key, results: Path) -> None:
    """Measure the model that `textcnn train` makes of these texts."""
    start = time.perf_counter()
    task = Task(key.data, key.protocol, key.fold, learn, None, test, multi_label=False)
    row = Row(key, score(task, SYSTEMS["textcnn"].answer(task, 0)), time.perf_counter() - start)
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
    """Means over the seeds and their standard errors, as Markdown: two rows for each set; then the mean of the sets."""
    lines = []
    for system, sizes in (("quick", SIZES), ("textcnn", sorted({size for _, size in COMPARED}))):
        sets = sorted({key.data for key in rows if key.system == system})
        lines += ["", f"| {system} | | {' | '.join(map(str, sizes))} |", f"| --- | --- |{' --- |' * len(sizes)}"]
        for how in ("auto", "random"):
            found = {data: [_accuracies(rows, data, system, f"{how}-{size}") for size in sizes] for data in sets}
            lines += [f"| {data} | {how} | {' | '.join(map(_cell, found[data]))} |" for data in sets]
            means = [_mean_cell([found[data][at] for data in sets]) for at in range(len(sizes))]
            lines.append(f"| mean | {how} | {' | '.join(means)} |")
    return "\n".join(lines)


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
    parser.add_argument("--all", action="store_true", help="measure the model of all texts, too; takes longest")
    parser.add_argument("--dev", action="store_true", help="measure on no test part: to decide something by")
    parser.add_argument("--results", type=Path, default=HERE / "labelling.csv")
    return parser.parse_args()


if __name__ == "__main__":
    main()
