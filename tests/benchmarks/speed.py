"""How fast textcnn is beside others, on this machine, in one run: ratios, medians, memory, sizes of model files.

    python tests/benchmarks/speed.py --data ~/corpora/mr/all.csv [--long FILE] [--phrases FILE] [--only cold pipe ...]

Opponents: fastText's program (`apt install fasttext`, or its path in FASTTEXT), the dense network of speed_training.py,
TF-IDF with LinearSVC from a saved pipeline, spaCy's `textcat` (SPACY_PYTHON, see README.md). What is not there is left
out. The table goes to standard output, and with --write into README.md here.
"""

import argparse
import csv
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from timing import Cost, busy, run, side_by_side

HERE = Path(__file__).parent
PYTHON = sys.executable
TEXTCNN = str(Path(PYTHON).with_name("textcnn"))
FASTTEXT = os.environ.get("FASTTEXT") or shutil.which("fasttext")
BEGIN, END = "<!-- speed: written by speed.py --write -->", "<!-- end of speed -->"
TIMES = 20  # how often the texts go through the pipe


class Row(NamedTuple):
    """A line of the table."""

    what: str
    ours: str
    other: str
    ratio: str
    wanted: str = ""


class Setting(NamedTuple):
    """Where things are."""

    work: Path
    data: Path
    long: Path | None
    phrases: Path | None
    runs: int

    def model(self, name: str = "model", *options: str) -> Path:
        """A model of the data, trained when first asked for."""
        path = self.work / f"{name}.textcnn"
        if not path.exists():
            subprocess.run([TEXTCNN, "train", self.data, "-o", path, "-q", *options], check=True)
        return path

    def lines(self, times: int) -> Path:
        """The texts, one in each line, so many times."""
        path = self.work / f"lines-{times}.txt"
        if not path.exists():
            path.write_text("".join(" ".join(text.split()) + "\n" for _, text in rows(self.data)) * times, "utf-8")
        return path

    def fasttext(self) -> Path:
        """fastText's model of the data."""
        path = self.work / "fasttext.bin"
        if not path.exists():
            lines = [f"__label__{label} {' '.join(text.lower().split())}\n" for label, text in rows(self.data)]
            np.random.default_rng(0).shuffle(lines)
            (self.work / "fasttext.txt").write_text("".join(lines), encoding="utf-8")
            options = ["-wordNgrams", "2", "-dim", "100", "-thread", "1"]
            command = [FASTTEXT, "supervised", "-input", self.work / "fasttext.txt", "-output", path.with_suffix("")]
            subprocess.run([*map(str, command), *options], check=True, capture_output=True)
        return path


def rows(path: Path) -> list[tuple[str, str]]:
    """Labels and texts."""
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["label"], row["text"]) for row in csv.DictReader(file)]


def ratio(one: Cost, other: Cost) -> str:
    """Of their times."""
    return f"{one.seconds / other.seconds:.2f}"


def cold(at: Setting) -> Iterator[Row]:
    """One answer, and help, from a cold shell."""
    model = at.model()
    numpy, answer, told = side_by_side(
        4 * at.runs + 1,
        lambda: run([PYTHON, "-c", "import numpy"]),
        lambda: run([TEXTCNN, "predict", "this is not a spam", "-m", model]),
        lambda: run([TEXTCNN, "--help"]),
    )
    for what, found, most in (('predict "this is not a spam"', answer, 2.0), ("--help", told, 1.5)):
        shown = f"{found.seconds * 1000:.0f} ms, {found.megabytes:.0f} MB"
        yield Row(
            f"`textcnn {what}`", shown, f"import numpy {numpy.seconds * 1000:.0f} ms", ratio(found, numpy), f"≤ {most}"
        )


def pipe(at: Setting) -> Iterator[Row]:
    """Many lines through `predict --format label`."""
    model, many = at.model(), at.lines(TIMES)
    count = sum(1 for _ in many.open("rb"))
    ours = [TEXTCNN, "predict", "--format", "label", "-m", model]
    for cores in ((0, 1), (0,)):
        ways: list[Callable[[], Cost]] = [lambda cores=cores: run(ours, stdin=many, cores=cores)]
        if FASTTEXT:
            other = [FASTTEXT, "predict", at.fasttext(), many]
            ways.append(lambda cores=cores, other=other: run(other, cores=cores))
        found = side_by_side(at.runs, *ways)
        what = f"{count:,} lines, {len(cores)} core{'s' * (len(cores) > 1)}"
        shown = f"{found[0].seconds:.2f} s, {count / found[0].seconds:,.0f} texts/s, {found[0].megabytes:.0f} MB"
        if FASTTEXT:
            against = f"fastText {found[1].seconds:.2f} s, {found[1].megabytes:.0f} MB"
            yield Row(what, shown, against, ratio(*found), "≤ 0.5")
    yield from _other_pipes(at, ours, count)
    once, ten = run(ours, stdin=at.lines(2)), run(ours, stdin=many)
    yield Row(
        "memory: 10 × the lines", f"{ten.megabytes:.0f} MB", f"{once.megabytes:.0f} MB",
        f"{ten.megabytes / once.megabytes:.2f}", "≤ 1.1, < 200 MB",
    )  # fmt: skip
    results = []
    for threads in ("1", "2", "3"):
        out = at.work / f"answers-{threads}.txt"
        run([*ours[:2], "-m", model, "--threads", threads], stdin=at.lines(2), stdout=out)
        results.append(out.read_bytes())
    yield Row("answers on 1, 2 and 3 threads", "the same" if len(set(results)) == 1 else "DIFFER", "", "", "the same")


def _other_pipes(at: Setting, ours: Sequence[str | Path], count: int) -> Iterator[Row]:
    """Opponents that are slower; one run of each is enough."""
    many = at.lines(TIMES)
    script = HERE / "speed_pipes.py"
    for name, most in (("dense", "≥ 10"), ("svm", "")):
        saved = at.work / f"{name}.saved"
        subprocess.run([PYTHON, script, "train", name, at.data, saved], check=True)
        own, other = side_by_side(
            1,
            lambda: run(ours, stdin=many),
            lambda name=name, saved=saved: run([PYTHON, script, name, saved], stdin=many),
        )
        yield Row(
            f"{count:,} lines against {'dense torch' if name == 'dense' else 'TF-IDF + LinearSVC'}",
            f"{count / own.seconds:,.0f} texts/s", f"{count / other.seconds:,.0f} texts/s, {other.megabytes:.0f} MB",
            f"{other.seconds / own.seconds:.1f} × as fast", most,
        )  # fmt: skip


def epochs(at: Setting) -> Iterator[Row]:
    """Training steps beside dense ones."""
    files = [("data", at.data), ("phrases", at.phrases), ("long texts", at.long)]
    for name, path in files:
        for channels, least in (("trained", 8), ("static", 4)):
            for threads in (1, 2):
                if path is None:
                    continue
                steps = ["--steps", "2" if path == at.long else "20", "--threads", str(threads)]  # dense ones take long
                command = [PYTHON, HERE / "speed_training.py", path, "--channels", channels, *steps]
                found = json.loads(subprocess.run(map(str, command), check=True, capture_output=True).stdout)
                yield Row(
                    f"a step, {name}, {channels} vectors, {threads} thread{'s' * (threads > 1)}",
                    f"{found['ours']:.1f} ms", f"dense torch {found['dense']:.1f} ms",
                    f"{found['dense'] / found['ours']:.1f} × as fast", f"≥ {least}",
                )  # fmt: skip


def training(at: Setting) -> Iterator[Row]:
    """From shell prompt to model file."""
    for quality, most in (("fast", 15), ("good", 60)):
        model = at.work / f"{quality}.textcnn"
        (found,) = side_by_side(
            1, lambda q=quality, m=model: run([TEXTCNN, "train", at.data, "-o", m, "-q", "--quality", q])
        )
        size = f"{model.stat().st_size / 1e6:.1f} MB"
        yield Row(
            f"`train --quality {quality}`", f"{found.seconds:.1f} s, {found.megabytes:.0f} MB", size, "", f"≤ {most} s"
        )


def spacy(at: Setting) -> Iterator[Row]:
    """To learn, and to answer a tenth of the texts, as well as spaCy at least: the first of ten folds of `all.csv`."""
    if "SPACY_PYTHON" not in os.environ:
        return
    from protocol import tasks  # not before, for the memory of a program counts from that of whoever starts it
    from systems.spacy_textcat import textcat

    task = next(tasks(at.data.parent, ["folds"], 1))
    learn, lines, answers, model = (at.work / f"spacy-{name}" for name in ("train.csv", "lines", "answers", "model"))
    with learn.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("label", "text"), *zip(task.train.single(), task.train.texts, strict=True)])
    lines.write_text("".join(" ".join(text.split()) + "\n" for text in task.test.texts), "utf-8")
    began = time.perf_counter()
    theirs = [best[0] for best in textcat(task, 0).labels]
    seconds = time.perf_counter() - began
    options = ["--quality", "fast", "--epochs", "1"]
    taken = run([TEXTCNN, "train", learn, "-o", model, "-q", *options]).seconds
    taken += run([TEXTCNN, "predict", "--format", "label", "-m", model], stdin=lines, stdout=answers).seconds
    right = [
        sum(map(str.__eq__, given, task.test.single())) / len(task.test.texts)
        for given in (answers.read_text("utf-8").splitlines(), theirs)
    ]
    yield Row(
        f"`train {' '.join(options)}`, a fold held out", f"{taken:.1f} s, {right[0]:.1%} right",
        f"spaCy {seconds:.1f} s, {right[1]:.1%} right", f"{seconds / taken:.1f} × as fast", "≥ 10",
    )  # fmt: skip


def growth(at: Setting) -> Iterator[Row]:
    """Ten and a hundred times the texts: words drawn by their frequencies."""
    texts = [text.split() for _, text in rows(at.data)]
    labels = [label for label, _ in rows(at.data)]
    words, random = np.array([word for text in texts for word in text]), np.random.default_rng(0)
    found: dict[str, list[float]] = {"training": [], "prediction": []}
    memory = 0.0
    for count in (10_000, 100_000, 1_000_000):
        path, lines = at.work / f"{count}.csv", at.work / f"{count}.txt"
        tokens = 0
        with path.open("w", encoding="utf-8", newline="") as file, lines.open("w", encoding="utf-8") as plain:
            writer = csv.writer(file)
            writer.writerow(["label", "text"])
            for number in range(count):
                text = " ".join(random.choice(words, len(texts[number % len(texts)])))
                tokens += text.count(" ") + 1
                writer.writerow([labels[number % len(labels)], text])
                plain.write(text + "\n")
        model = at.work / f"{count}.textcnn"
        once = ["--epochs", "1", "--refit", "off", "--batch-size", "100"]
        learned = run([TEXTCNN, "train", path, "-o", model, "-q", *once])
        answered = run([TEXTCNN, "predict", "--format", "label", "-m", at.model()], stdin=lines)
        found["training"].append(learned.seconds / tokens * 1e6)
        found["prediction"].append(answered.seconds / tokens * 1e6)
        memory = learned.megabytes
    for what, seconds in found.items():
        shown = ", ".join(f"{each:.2f}" for each in seconds)
        yield Row(
            f"{what}: s per million tokens at 10⁴, 10⁵, 10⁶ texts", shown, "", f"{seconds[2] / seconds[1]:.2f}", "≤ 1.3"
        )
    yield Row("memory of training at 10⁶ texts", f"{memory:.0f} MB", "", "", "< 2000 MB")


@contextmanager
def neighbours(count: int) -> Iterator[None]:
    """Programs that want a core each."""
    others = [subprocess.Popen([PYTHON, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def crowded(at: Setting) -> Iterator[Row]:
    """With a busy neighbour: the default against one thread."""
    model, lines = at.model(), at.lines(8)
    learn = [TEXTCNN, "train", at.data, "-o", at.work / "crowded.textcnn", "-q", "--quality", "fast", "--epochs", "2"]
    answer = [TEXTCNN, "predict", "--format", "label", "-m", model]
    for count in (1, 2):
        with neighbours(count):
            for name, command, source in (("training", learn, None), ("prediction", answer, lines)):
                usual, single = side_by_side(
                    at.runs,
                    lambda c=command, s=source: run(c, stdin=s),
                    lambda c=command, s=source: run([*c, "--threads", "1"], stdin=s),
                )
                yield Row(
                    f"{name} beside {count} busy neighbour{'s' * (count > 1)}", f"{usual.seconds:.1f} s",
                    f"one thread {single.seconds:.1f} s", ratio(usual, single), "≤ 1.2",
                )  # fmt: skip


SECTIONS = {each.__name__: each for each in (cold, pipe, epochs, training, growth, crowded, spacy)}


def table(found: Sequence[Row]) -> str:
    """As Markdown."""
    head = ["| what | textcnn | other | ratio | wanted |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in found)])


def heading(given: argparse.Namespace) -> str:
    """What was measured where and when."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True
    ).stdout.strip()
    names = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    cores = len(os.sched_getaffinity(0))
    told = f"{datetime.date.today()}, commit {commit}, {cores} cores ({names[0] if names else 'unknown'})"
    return f"{told}; medians of {given.runs} runs, each beside the other; `speed.py --data {given.data.parent.name}`"


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True, help="CSV with label and text")
    options.add_argument("--long", type=Path, help="CSV with long texts")
    options.add_argument("--phrases", type=Path, help="CSV with many short texts")
    options.add_argument("--only", nargs="*", choices=SECTIONS, default=list(SECTIONS))
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--write", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as work:
        at = Setting(Path(work), given.data, given.long, given.phrases, given.runs)
        found, notes = [], []
        for name in given.only:
            notes.append(busy())
            for row in SECTIONS[name](at):
                found.append(row)
                print(" | ".join(row), file=sys.stderr, flush=True)
    text = "\n\n".join([heading(given), *dict.fromkeys(filter(None, notes)), table(found)])
    print(text)
    if given.write:
        readme = HERE / "README.md"
        before, rest = readme.read_text(encoding="utf-8").split(BEGIN)
        readme.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
