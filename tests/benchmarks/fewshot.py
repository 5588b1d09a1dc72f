"""Measure systems that learn from 8, 16 or 64 texts of each label, ten draws each; see README.md.

    python tests/benchmarks/fewshot.py --data ~/corpora/{cr,sst2} --systems textcnn svm --results /tmp/dev.csv
    python tests/benchmarks/fewshot.py --data ~/corpora/{cr,sst2,trec} --part test   # to report a decision
    python tests/benchmarks/fewshot.py --data ~/corpora/{cr,sst2,trec} --encode      # sentence vectors, beforehand

Unless `--part test` asks for it, no text of the test part is measured: it is dev.csv, a quarter of train.csv if there
is none, or the second of ten stratified folds. The test part is test.csv, or the first of the folds. All systems learn
from the same draws; those that learn from texts without labels, too, from the same 2,000 others.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
from protocol import Part, Task, tasks
from results import Key, Row, append, key_of, load
from scores import score
from sklearn.model_selection import train_test_split
from systems import SYSTEMS
from systems.answers import Unavailable
from systems.sentence_vectors import kept

HERE = Path(__file__).parent
SIZES = (8, 16, 64)
SIZES_OF_MANY = (5, 10)  # of more labels than this
MANY = 50
DRAWS = 10
UNLABELLED = 2_000  # texts beside those that are drawn
PEERS = ["textcnn", "textcnn-unlabelled", "textcnn-teacher", "svm", "minilm", "mpnet", "setfit"]


def main() -> None:
    """Measure what has no row yet, then show the table."""
    options = _options()
    tell_places(options)
    if options.encode:
        encode(options)
        return
    failed = measure(options)
    print(table(load(options.results)))
    sys.exit(1 if failed else 0)


def tell_places(options: argparse.Namespace) -> None:
    """Let the systems know where things are."""
    for name, folder in (("SENTENCE_VECTORS", options.vectors), ("ENCODER_INPUTS", options.inputs)):
        if folder is not None:
            os.environ[name] = str(folder.resolve())


def measure(options: argparse.Namespace) -> bool:
    """Measure every system on every draw that has no row yet; whether one failed."""
    done, failed = set() if options.again else set(load(options.results)), False
    for folder in options.data:
        for task in draws(folder, options.sizes, options.draws, dev=options.part == "dev"):
            for system in options.systems:
                key = key_of(task, system, 0)
                if key not in done:
                    failed |= not measured(task, key, options.results)
    return failed


def encode(options: argparse.Namespace) -> None:
    """Have the vectors of all texts at hand that frozen encoders learn from or answer, whichever part is measured.

    No label of a text that is measured is looked at.
    """
    for encoder in ("minilm", "mpnet"):
        for folder in options.data:
            every = [task for dev in (True, False) for task in draws(folder, options.sizes, options.draws, dev=dev)]
            print(f"{encoder}: {folder.name}", file=sys.stderr)
            kept(encoder).keep(text for task in every for part in (task.train, task.test) for text in part.texts)


def measured(task: Task, key: Key, results: Path) -> bool:
    """Add a row; whether that went well."""
    start = time.perf_counter()
    try:
        answers = SYSTEMS[key.system].answer(task, key.seed)
    except Unavailable as reason:
        print(f"{key.system}: left out on {task.data}: {reason}", file=sys.stderr)
        return True
    except Exception as error:  # one failure must not cost the other results of a long run
        print(f"{' '.join(map(str, key))}: failed: {type(error).__name__}: {error}", file=sys.stderr)
        return False
    row = Row(key, score(task, answers), time.perf_counter() - start)
    append(results, row)
    print(f"{' '.join(map(str, key))}: {100 * row.scores.accuracy:.2f}, {row.seconds:.1f} s", file=sys.stderr)
    return True


def draws(folder: Path, sizes: list[int] | None, count: int, *, dev: bool) -> Iterator[Task]:
    """So many draws of each size; the protocol's name is the number of texts of each label."""
    pool, measured = parts(folder, dev=dev)
    labels = np.array(pool.single())
    classes = sorted(set(labels.tolist()))
    for size in sizes or (SIZES_OF_MANY if len(classes) > MANY else SIZES):
        for draw in range(count):
            random = np.random.default_rng(1000 + draw)
            chosen = [random.permutation(np.flatnonzero(labels == label))[:size] for label in classes]
            drawn = np.sort(np.concatenate(chosen))
            others = random.permutation(np.setdiff1d(np.arange(len(labels)), drawn))[:UNLABELLED]
            yield Task(
                data=folder.resolve().name,
                protocol=f"{size}{'-dev' * dev}",
                fold=draw,
                train=pool.take(drawn.tolist()),
                dev=None,
                test=measured,
                multi_label=False,
                unlabelled=tuple(pool.texts[number] for number in others),
            )


def parts(folder: Path, *, dev: bool) -> tuple[Part, Part]:
    """The texts that are drawn from, without those that are measured on, and these."""
    official, *_ = tasks(folder, ["test", "folds"], 2)
    if not dev:
        pool, measured = official.train, official.test
    elif official.protocol == "folds":
        first, second = tasks(folder, ["folds"], 2)
        pool, measured = _without(second.train, first.test), second.test
    elif official.dev is not None:
        pool, measured = official.train, official.dev
    else:
        rows = train_test_split(range(len(official.train.texts)), test_size=0.25, random_state=0)
        pool, measured = (official.train.take(part) for part in rows)
    return _without(pool, measured), measured


def _without(pool: Part, others: Part) -> Part:
    left_out = set(others.texts)
    return pool.take([row for row, text in enumerate(pool.texts) if text not in left_out])


def table(rows: dict[Key, Row]) -> str:
    """Means and standard deviations over the draws, as Markdown: a row for each set and size."""
    systems = [system for system in SYSTEMS if any(key.system == system for key in rows)]
    lines = [f"| | {' | '.join(systems)} |", f"| --- |{' --- |' * len(systems)}"]
    keys = sorted(rows, key=lambda key: (key.data, int(key.protocol.partition("-")[0]), key.protocol))
    for (data, size), of_size in groupby(keys, key=lambda key: (key.data, key.protocol)):
        group = list(of_size)
        cells = [
            _cell([100 * rows[key].scores.accuracy for key in group if key.system == system]) for system in systems
        ]
        lines.append(f"| {data}, {size} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(accuracies: list[float]) -> str:
    if not accuracies:
        return "–"
    fewer = "" if len(accuracies) == DRAWS else f" ({len(accuracies)})"
    spread = f" ± {np.std(accuracies):.1f}" if len(accuracies) > 1 else ""
    return f"{np.mean(accuracies):.1f}{spread}{fewer}"


def _options() -> argparse.Namespace:
    parser = parser_with_places(__doc__, "with the packages of MiniLM and MPNet", HERE / "fewshot.csv")
    parser.add_argument("--systems", nargs="+", default=PEERS, choices=SYSTEMS)
    parser.add_argument("--sizes", type=int, nargs="+", help="texts of each label")
    parser.add_argument("--draws", type=int, default=DRAWS)
    return parser.parse_args()


def parser_with_places(says: str | None, packages: str, results: Path) -> argparse.ArgumentParser:
    """Options that say what is measured, and where things are."""
    parser = argparse.ArgumentParser(description=says, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", default=[], metavar="FOLDER")
    parser.add_argument("--part", choices=("dev", "test"), default="dev", help="what is measured; dev, to decide by")
    parser.add_argument("--vectors", type=Path, metavar="FOLDER", help="where sentence vectors are kept")
    parser.add_argument("--inputs", type=Path, metavar="FOLDER", help=packages)
    parser.add_argument("--encode", action="store_true", help="only encode all texts, to measure later")
    parser.add_argument("--again", action="store_true", help="measure what has a row already, too")
    parser.add_argument("--results", type=Path, default=results)
    return parser


if __name__ == "__main__":
    main()
