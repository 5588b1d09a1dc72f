"""What filtering web text costs: `textcnn predict` over Parquet beside fastText's program over the same texts as lines.

python web_text.py [--texts 10000] [--words 400] [--folder FOLDER] [--pages 3000000000]

Both learn a filter of two labels from a thousand texts, and answer the others on one core. The texts are made up:
words of the English table, drawn like those of a language (Zipf), some hundreds to a text (log-normal), those of good
texts from other words more often than those of bad ones, and one word in fifty is a number, a name or misspelt. With
--folder they are the texts of Parquet files there, in the column `text`; the labels then are made up, for time does not
depend on what is learned.

A month of Common Crawl has about three billion pages; that many texts like these are reckoned, by words and by bytes.
fastText's program is `apt install fasttext`, or what FASTTEXT names; without it its figures are left out.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import numpy as np
from timing import Cost, busy, run, side_by_side

ROOT = Path(__file__).parents[2]
FASTTEXT = os.environ.get("FASTTEXT") or shutil.which("fasttext")
LEARNED = 1000  # texts that are learned from
FILES = 8
LABELS = "bad", "good"


def made_up(words: int) -> Iterator[tuple[str, str]]:
    """Labels and texts without end."""
    from textcnn.vectors.loading import open_vectors

    draw = np.random.default_rng(0)
    known = np.array(open_vectors("english", say=print).table.vocabulary.words(60_000)[1:])
    chances = 1 / (np.arange(len(known)) + 2.7)
    orders = [np.cumsum(chances / chances.sum())] * 2
    shuffled = known.copy()
    shuffled[200:] = shuffled[200:][draw.permutation(len(known) - 200)]  # the other label's favourites
    while True:
        label = int(draw.integers(2))
        length = max(int(draw.lognormal(np.log(words) - 0.32, 0.8)), 5)  # whose mean is `words`
        of_label = draw.random(length) < 0.15 * label
        places = np.minimum(np.searchsorted(orders[label], draw.random(length)), len(known) - 1)
        chosen = np.where(of_label, shuffled[places], known[places]).tolist()
        for place in np.flatnonzero(draw.random(length) < 0.02).tolist():
            chosen[place] = (str(draw.integers(10_000)), chosen[place] + chosen[place][:2], f"{chosen[place]}son")[
                int(draw.integers(3))
            ]
        yield LABELS[label], " ".join(chosen)


def of_folder(folder: Path) -> Iterator[tuple[str, str]]:
    """The texts of Parquet files, with labels that take turns."""
    import pyarrow.parquet as pq

    number = 0
    for path in sorted(folder.glob("**/*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(columns=["text"]):
            for text in batch["text"].to_pylist():
                if text and text.strip():
                    yield LABELS[number % 2], " ".join(text.split())
                    number += 1


def write_texts(texts: list[str], folder: Path) -> None:
    """The same texts as Parquet files in `in`, and as lines, lower-cased as fastText's users do."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / "in").mkdir()
    for number in range(FILES):
        own = texts[len(texts) * number // FILES : len(texts) * (number + 1) // FILES]
        pq.write_table(pa.table({"text": own}), folder / "in" / f"{number}.parquet")
    (folder / "lines.txt").write_text("".join(f"{text.lower()}\n" for text in texts), encoding="utf-8")


def learn(pairs: list[tuple[str, str]], folder: Path) -> None:
    """Filters of both programs."""
    lines = folder / "learned.txt"
    lines.write_text("".join(f"__label__{label} {text.lower()}\n" for label, text in pairs), encoding="utf-8")
    command = [sys.executable, "-m", "textcnn", "train", lines, "-o", folder / "filter.textcnn", "-q"]
    subprocess.run([*map(str, command), "--quality", "fast", "--epochs", "2"], check=True, cwd=ROOT)
    if FASTTEXT:
        options = ["-wordNgrams", "2", "-dim", "100", "-thread", "1"]
        command = [FASTTEXT, "supervised", "-input", lines, "-output", folder / "filter"]
        subprocess.run([*map(str, command), *options], check=True, capture_output=True)


def told(name: str, cost: Cost, texts: list[str], pages: int) -> str:
    """The figures of a program."""
    size = sum(len(text.encode()) for text in texts)
    hours = cost.seconds / len(texts) * pages / 3600
    return (
        f"{name}: {cost.seconds:.1f} s, {len(texts) / cost.seconds:,.0f} texts and {size / cost.seconds / 1e6:.2f} MB "
        f"a second, {cost.megabytes:.0f} MB of memory; {pages:,} such texts take {hours:,.0f} core hours"
    )


def main() -> None:
    """Read the options, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--words", type=int, default=400, help="of a made-up text, on average")
    parser.add_argument("--folder", type=Path, help="of Parquet files with a column `text`")
    parser.add_argument("--pages", type=int, default=3_000_000_000, help="that are reckoned")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    pairs = list(
        islice(of_folder(options.folder) if options.folder else made_up(options.words), LEARNED + options.texts)
    )
    if len(pairs) < 2 * LEARNED:
        raise SystemExit(f"at least {2 * LEARNED:,} texts are needed, there are {len(pairs):,}")
    texts = [text for _, text in pairs[LEARNED:]]
    counts = [len(text.split()) for text in texts]
    distinct = len({word for text in texts for word in text.split()})
    mean, median = statistics.mean(counts), statistics.median(counts)
    print(f"{len(texts):,} texts, {mean:.0f} words on average (median {median:.0f}), {distinct:,} different words")
    with tempfile.TemporaryDirectory(prefix="web-text-") as name:
        folder = Path(name)
        write_texts(texts, folder)
        learn(pairs[:LEARNED], folder)
        print(busy() or "the machine is quiet")
        ours = [sys.executable, "-m", "textcnn", "predict", "-m", folder / "filter.textcnn", "-q", "--threads", "1"]
        ours += ["--input", folder / "in", "--output"]
        number = count()  # of the folder of a run, for what is there is not overwritten
        ways = [lambda: run([*ours, folder / f"out-{next(number)}"], cores=[0])]
        if FASTTEXT:
            ways.append(lambda: run([FASTTEXT, "predict-prob", folder / "filter.bin", folder / "lines.txt"], cores=[0]))
        names = "textcnn predict, Parquet to Parquet", "fastText predict-prob, lines"
        found = side_by_side(options.runs, *ways)
        for cost, program in zip(found, names, strict=False):
            print(told(program, cost, texts, options.pages))
        if FASTTEXT:
            print(f"textcnn takes {found[0].seconds / found[1].seconds:.2f} of fastText's time")


if __name__ == "__main__":
    main()
