"""Measure systems on folders of labelled texts: one row a result, resumable. See README.md."""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from protocol import FOLDS, PROTOCOLS, Task, tasks
from results import Key, Row, append, key_of, load
from scores import score
from summary import put_into, summary
from systems import SYSTEMS
from systems.answers import Unavailable

HERE = Path(__file__).parent


def main() -> None:
    """Run what is missing, then say how it stands."""
    options = _options()
    failed = measure(options)
    if options.summary:
        text = summary(load(options.results))
        put_into(options.readme, text)
        print(text)
    sys.exit(1 if failed else 0)


def measure(options: argparse.Namespace) -> bool:
    """Measure every system on every task that has no row yet; whether one failed."""
    done = set() if options.again else set(load(options.results))
    told: set[str] = set()
    failed = False
    for folder in options.data:
        for task in tasks(folder, options.protocols, options.folds):
            for key in _keys(task, options):
                if key in done:
                    continue
                try:
                    _measure_one(task, key, options.results)
                except Unavailable as reason:
                    note = f"{key.system}: left out on {task.data}: {reason}"
                    _say(note if note not in told else "")
                    told.add(note)
                except Exception as error:  # one failure must not cost the other results of a long run
                    failed = True
                    _say(f"{_named(key)}: failed: {type(error).__name__}: {error}")
    return failed


def _keys(task: Task, options: argparse.Namespace) -> Iterator[Key]:
    """One for each system; on a fixed test part one for each seed of a system that has any."""
    for system in options.systems:
        seeds = options.seeds if SYSTEMS[system].random and task.protocol != "folds" else 1
        yield from (key_of(task, system, seed) for seed in range(seeds))


def _measure_one(task: Task, key: Key, results: Path) -> None:
    start = time.perf_counter()
    answers = SYSTEMS[key.system].answer(task, key.seed)
    row = Row(key, score(task, answers), time.perf_counter() - start)
    append(results, row)
    _say(f"{_named(key)}: {row.scores.accuracy:.4f} in {row.seconds:.1f} s")


def _say(note: str) -> None:
    if note:
        print(note, file=sys.stderr, flush=True)


def _named(key: Key) -> str:
    return f"{key.data} {key.protocol} {key.fold} {key.system} seed {key.seed}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("--data", nargs="+", type=Path, default=[], metavar="FOLDER", help="with train.csv and test.csv, or all.csv")
    add("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS), metavar="NAME", help=", ".join(SYSTEMS))
    add("--protocols", nargs="+", choices=PROTOCOLS, default=list(PROTOCOLS), metavar="NAME", help="which of them")
    add("--folds", type=int, default=FOLDS, help="of ten folds only the first so many")
    add("--seeds", type=int, default=1, help="on a fixed test part, for systems that depend on a seed")
    add("--again", action="store_true", help="measure what has a row already; the last row counts")
    add("--summary", action="store_true", help="print the tables and put them into the readme")
    add("--results", type=Path, default=HERE / "accuracy.csv", help="the file of rows")
    add("--readme", type=Path, default=HERE / "README.md", help="has the tables between two comments")
    return parser.parse_args()


if __name__ == "__main__":
    main()
