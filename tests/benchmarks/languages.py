"""Measure systems on texts in many languages, from few labels, from all, and from English ones; see README.md.

    python tests/benchmarks/languages.py --data ~/corpora/sib200/* --results /tmp/dev.csv
    python tests/benchmarks/languages.py --data ~/corpora/sib200/* --part test     # to report a decision
    python tests/benchmarks/languages.py --data ~/corpora/sib200/* --encode        # sentence vectors, beforehand

What is measured is chosen as fewshot.py does it: no text of a test part unless `--part test` asks for it. Folders are
named after languages, deu_Latn or zh_reviews. `--from` names the folder whose texts teach a model that is asked in all
the other languages; the others must have the same labels.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
from fewshot import draws, measured, parser_with_places, parts, tell_places
from protocol import Part, Task
from results import Key, Row, key_of, load
from systems import SYSTEMS
from systems.sentence_vectors import kept

HERE = Path(__file__).parent
FEW, DRAWS, SEEDS = 8, 5, 3
PROTOCOLS = ("few", "cross", "all")
PEERS = ["textcnn", "textcnn-shared", "textcnn-pack", "svm", "e5"]


def main() -> None:
    """Measure what has no row yet, then show the table."""
    options = _options()
    tell_places(options)
    if options.encode:
        encode(options.data)
        return
    failed, done = False, set() if options.again else set(load(options.results))
    for task, seeds in tasks_of(options):
        for system in options.systems:
            if _tells(system, task):
                for seed in range(seeds if SYSTEMS[system].random else 1):
                    key = key_of(task, system, seed)
                    failed |= key not in done and not measured(task, key, options.results)
    print(table(load(options.results)))
    sys.exit(1 if failed else 0)


def tasks_of(options: argparse.Namespace) -> Iterator[tuple[Task, int]]:
    """What is to be learned, and with how many seeds; all languages of a protocol before the next one."""
    dev = options.part == "dev"
    for protocol in options.protocols:
        for folder in options.data:
            if protocol == "few":
                yield from ((task, 1) for task in draws(folder, [FEW], options.draws, dev=dev))
            elif protocol == "all":
                yield _task(folder.resolve().name, "all", *parts(folder, dev=dev), dev=dev), options.seeds
            elif options.source and folder.resolve() != options.source.resolve():
                pool, (_, asked) = parts(options.source, dev=dev)[0], parts(folder, dev=dev)
                if {*pool.single()} == {*asked.single()}:
                    name = f"from {options.source.resolve().name}"
                    yield _task(folder.resolve().name, name, pool, asked, dev=dev), options.seeds


def _task(data: str, protocol: str, pool: Part, asked: Part, *, dev: bool) -> Task:
    return Task(data, f"{protocol}{'-dev' * dev}", 0, pool, None, asked, any(len(own) != 1 for own in pool.labels))


def _tells(system: str, task: Task) -> bool:
    """Whether it says something of its own: packs know English, too, and all else reads what it is given."""
    across = task.protocol.startswith("from ")
    return {"textcnn-shared": across, "textcnn": not across, "textcnn-pack-unlabelled": not across}.get(system, True)


def encode(folders: list[Path]) -> None:
    """Have the vectors of all texts at hand; no label is looked at."""
    for folder in folders:
        print(f"e5: {folder.name}", file=sys.stderr)
        for dev in (True, False):
            kept("e5").keep(text for part in parts(folder, dev=dev) for text in part.texts)


def table(rows: dict[Key, Row]) -> str:
    """Mean accuracies, as Markdown: a row for each protocol and language, then the mean of the languages."""
    systems = [system for system in SYSTEMS if any(key.system == system for key in rows)]
    lines = [f"| | {' | '.join(systems)} |", f"| --- |{' --- |' * len(systems)}"]
    for protocol, of_protocol in groupby(sorted(rows, key=lambda key: (key.protocol, key.data)), lambda key: key[1]):
        keys = list(of_protocol)
        languages = sorted({key.data for key in keys})
        means = {language: [_mean(rows, keys, language, system) for system in systems] for language in languages}
        lines += [f"| {language}, {protocol} | {' | '.join(map(_cell, means[language]))} |" for language in languages]
        # A mean over other languages than those of its neighbours would say nothing.
        columns = [[value for value in column if value is not None] for column in zip(*means.values(), strict=True)]
        whole = [float(np.mean(column)) if len(column) == len(languages) else None for column in columns]
        lines.append(f"| **mean, {protocol}** | {' | '.join(map(_cell, whole))} |")
    return "\n".join(lines)


def _mean(rows: dict[Key, Row], keys: list[Key], language: str, system: str) -> float | None:
    """Over draws or seeds; None if there are no rows."""
    own = [100 * rows[key].scores.accuracy for key in keys if (key.data, key.system) == (language, system)]
    return float(np.mean(own)) if own else None


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _options() -> argparse.Namespace:
    parser = parser_with_places(__doc__, "with the packages of e5 and its tokenizer", HERE / "languages.csv")
    parser.add_argument("--from", type=Path, dest="source", metavar="FOLDER", help="that teaches across languages")
    parser.add_argument("--protocols", nargs="+", default=list(PROTOCOLS), choices=PROTOCOLS)
    parser.add_argument("--systems", nargs="+", default=PEERS, choices=SYSTEMS)
    parser.add_argument("--draws", type=int, default=DRAWS, help=f"of {FEW} texts a label")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="where all texts are learned from")
    return parser.parse_args()


if __name__ == "__main__":
    main()
