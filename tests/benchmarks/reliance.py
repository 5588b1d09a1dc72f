"""Measure what can be relied on: sets of labels, bounded errors, novelty, rare labels, drift; see README.md.

    python tests/benchmarks/reliance.py ~/corpora                       # everything, some hours on one core
    python tests/benchmarks/reliance.py ~/corpora --only novelty
    python tests/benchmarks/reliance.py ~/corpora --only sets --data trec cr --splits 1 --learn 1000 --quality fast

The folder has a folder for each corpus, as accuracy.py wants them. No test part is read: what is measured was held out
of train.csv, of the first of ten folds' training part if there is all.csv only, or is clinc150's dev.csv and oos.csv.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from nonsense import KINDS
from protocol import Part, read, tasks
from sklearn.model_selection import train_test_split

from textcnn.checks.drift import observed, shifts
from textcnn.errors import SettingsError
from textcnn.evaluation.baseline import baseline_answers
from textcnn.evaluation.label_sets import Proportion, coverage
from textcnn.evaluation.metrics import measure_answers
from textcnn.evaluation.separation import Separation, separation
from textcnn.labels import label_names
from textcnn.model.predictor import Predictor
from textcnn.model.reference import Reference
from textcnn.settings import Settings
from textcnn.training.fit import FitResult, fit
from textcnn.training.outside import Judged, fitted_novelty, judged_outside
from textcnn.training.task import Labelled

sys.path.append(str(Path(__file__).parents[1] / "support"))
SETS = ("trec", "cr", "ag_news_small", "clinc150")
STRANGE = ("trec", "cr", "mr", "subj", "sms_spam", "ag_news_small", "clinc150")
RARE = ("trec", "ag_news_small", "goemotions_multilabel")
THINNED = 50  # times as many texts of the most frequent label as of the rarest
MAILS = {"easy-ham-1": 2500, "easy-ham-2": 1400, "hard-ham-1": 250, "spam-1": 500, "spam-2": 1396}
DRAWS, SIZES = 300, (30, 200, 1000)  # files for drift, drawn for each model, and their texts


class Options(NamedTuple):
    """What is asked for."""

    folder: Path
    only: Sequence[str]
    data: Sequence[str] | None
    splits: int
    learn: int | None
    quality: str

    def learned(self, part: Part, seed: int = 0, **values: Any) -> FitResult:
        """What training makes of texts, or of some of them, drawn evenly from all labels."""
        if self.learn is not None and self.learn < len(part.texts):
            part, _ = halves(part, self.learn, seed)
        settings = Settings(quality=self.quality, seed=seed, keep_ngrams="off", **values)
        classes = label_names(part.labels)
        return fit(Labelled(*part), classes=classes, multi_label=False, settings=settings)

    def pool(self, name: str) -> Part:
        """Texts of a corpus that are no test part, each with one label."""
        (task,) = tasks(self.folder / name, ["test", "folds"], 1)
        return task.train.take([row for row, labels in enumerate(task.train.labels) if len(labels) == 1])


def halves(part: Part, first: float, seed: int) -> tuple[Part, Part]:
    """A share or number of the texts, and the others, both with all labels as far as there are enough of each."""
    labels = part.single()
    counts = {label: labels.count(label) for label in set(labels)}
    strata = labels if min(counts.values()) > 1 and len(counts) < len(labels) / 10 else None
    rows = train_test_split(range(len(labels)), train_size=first, random_state=seed, stratify=strata)
    return part.take(rows[0]), part.take(rows[1])


def table(title: str, header: Sequence[str], rows: Iterator[Sequence[str]]) -> None:
    """Print a table of Markdown, row by row as they are measured."""
    print(f"\n{title}\n\n| {' | '.join(header)} |\n|{' --- |' * len(header)}", flush=True)
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def shown(share: Proportion) -> str:
    """In per cent, with its interval."""
    return f"{100 * share.value:.1f} ({100 * share.interval[0]:.1f} to {100 * share.interval[1]:.1f})"


# Sets of labels, and answers whose error is bounded


def sets(options: Options) -> None:
    """How often sets hold the right label, how large they are, and how many texts are answered alone."""
    header = (
        "set",
        "answers",
        "texts",
        "right label in set, %",
        "labels of a set",
        "answered alone, %",
        "right, of those, %",
    )
    table("Sets and bounds", header, _set_rows(options))


def _set_rows(options: Options) -> Iterator[Sequence[str]]:
    for name in options.data or SETS:
        pool, golds, answers = options.pool(name), [], dict[str, list[Any]]()
        for split in range(options.splits):
            learn, measured = halves(pool, 0.8, split)
            result = options.learned(learn, split)
            golds += measured.labels
            for kind, made in _sets_of(result, measured.texts):
                answers.setdefault(kind, []).extend(made)
        for kind, made in answers.items():
            if len(made) < len(golds):
                yield name, kind, str(len(golds)), "refused", "", "", ""
                continue
            quality = coverage(golds, made)
            covered, size = shown(quality.covered), f"{quality.size:.2f}"
            if kind.startswith("max-error"):
                covered = size = "–"
            yield name, kind, str(len(golds)), covered, size, shown(quality.alone), shown(quality.alone_right)


def _sets_of(result: FitResult, texts: list[str]) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """What each kind of answer gives; nothing where it is refused."""
    predictor = Predictor(result.model)
    probabilities = predictor.all_probabilities(texts)
    for sure in (0.9, 0.95):
        ours = predictor.choose_sets(probabilities, sure)
        yield f"sure {sure}", ours
        if find_spec("mapie"):
            yield f"sure {sure}, MAPIE", _by_mapie(result, probabilities, sure)
        yield (
            f"sure {sure}, per label",
            _or_none(lambda sure=sure: predictor.choose_sets(probabilities, sure, per_label=True)),
        )
    yield (
        "max-error .05",
        _or_none(lambda: predictor.choose_all(probabilities, result.model.risk_curve.threshold(0.05))),
    )


def _or_none(choose: Callable[[], list[tuple[str, ...]]]) -> list[tuple[str, ...]]:
    try:
        return choose()
    except SettingsError:
        return []


def _by_mapie(result: FitResult, probabilities: Any, sure: float) -> list[tuple[str, ...]]:
    """MAPIE's sets from the same held-out answers."""
    from mapie_sets import mapie_sets

    held_out = np.concatenate([part.probabilities for part in result.held_out])
    right = np.concatenate([part.targets for part in result.held_out]).argmax(axis=1)
    inside = mapie_sets(held_out, right, probabilities, sure)
    return [tuple(result.model.labels[label] for label in np.flatnonzero(row)) for row in inside]


# Novelty


def novelty(options: Options) -> None:
    """How well novelty tells requests of no intent, without any and with half of them in training."""
    header = ("training", "texts", "AUROC", "above .99, %", "others above .99, %")
    table("Novelty of clinc150's oos.csv against dev.csv", header, _novelty_rows(options))


def _novelty_rows(options: Options) -> Iterator[Sequence[str]]:
    folder = options.folder / "clinc150"
    dev, outside = read(folder / "dev.csv").texts, read(folder / "oos.csv").texts
    result = options.learned(read(folder / "train.csv"))
    predictor = Predictor(result.model)
    yield _separated("none of them", separation("oos", predictor.all_seen(outside)[1], predictor.all_seen(dev)[1]))

    # Two halves in turn; the same networks, for those learn nothing from such texts.
    seen, known = predictor.all_judged(dev), Judged.of(result.held_out)
    values = []
    for half in (0, 1):
        asked = judged_outside(outside[1 - half :: 2], result.held_out)
        made = fitted_novelty(known, asked, multi_label=False)
        others = predictor.all_judged(outside[half::2])
        values.append([made.values(*side, multi_label=False) for side in (others, seen)])
    (first, known_first), (second, known_second) = values
    made = separation("oos", np.concatenate([first, second]), np.concatenate([known_first[::2], known_second[1::2]]))
    yield _separated("half of them, --outside", made)


def _separated(name: str, made: Separation) -> Sequence[str]:
    low, high = made.auroc_interval
    area = f"{made.auroc:.4f} ({low:.4f} to {high:.4f})"
    return name, str(made.texts), area, f"{100 * made.above:.1f}", f"{100 * made.others_above:.1f}"


# Rare labels


def rare(options: Options) -> None:
    """Macro F1 where labels are rare."""
    header = (
        "set",
        "default",
        "--metric macro-f1",
        "--class-weight balanced",
        "TF-IDF, linear SVM",
        "gain of macro-f1",
    )
    table("Macro F1 of rare labels, in %", header, _rare_rows(options))


def _rare_rows(options: Options) -> Iterator[Sequence[str]]:
    for name in options.data or RARE:
        rows = np.array([_rare_split(options, name, split) for split in range(options.splits)]) * 100
        gains = rows[:, 1] - rows[:, 0]
        error = f" ± {gains.std(ddof=1) / len(gains) ** 0.5:.1f}" if len(gains) > 1 else ""
        yield name, *(f"{value:.1f}" for value in rows.mean(axis=0)), f"{gains.mean():+.1f}{error}"


def _rare_split(options: Options, name: str, split: int) -> list[float]:
    """Macro F1 of each way to learn."""
    pool, random = options.pool(name), np.random.default_rng(split)
    learn, measured = halves(pool, 0.8, split)
    if name != "goemotions_multilabel":  # whose labels are rare by themselves
        learn = thinned(learn, random)
    wanted = _shares(learn)
    present = _shares(measured)
    weights = np.array([wanted.get(label, 0.0) / present[label] for label in measured.single()])

    def macro_f1(said: Sequence[tuple[str, ...]], probabilities: Any, labels: Sequence[str]) -> float:
        return measure_answers(
            measured.labels, said, probabilities, labels, multi_label=False, weights=weights
        ).macro_f1

    figures = []
    decided = Predictor(options.learned(learn, split, metric="macro-f1").model)
    balanced = Predictor(options.learned(learn, split, class_weight="balanced").model)
    # Without its offsets it is the model that the default makes.
    for predictor in (Predictor(replace(decided.model, offsets=())), decided, balanced):
        probabilities = predictor.all_probabilities(measured.texts)
        figures.append(macro_f1(predictor.choose_all(probabilities), probabilities, predictor.labels))
    said = baseline_answers((learn.texts, learn.labels), measured.texts, multi_label=False)
    return [*figures, macro_f1(said, probabilities, predictor.labels)]


def thinned(part: Part, random: np.random.Generator) -> Part:
    """Texts of which the labels, in an order by chance, are geometrically rarer, the last by THINNED."""
    labels = np.array(part.single())
    order = random.permutation(sorted(set(labels)))
    most = min(np.sum(labels == label) * THINNED ** (rank / (len(order) - 1)) for rank, label in enumerate(order))
    kept = [
        random.permutation(np.flatnonzero(labels == label))[: max(int(most / THINNED ** (rank / (len(order) - 1))), 2)]
        for rank, label in enumerate(order)
    ]
    return part.take(np.sort(np.concatenate(kept)).tolist())


def _shares(part: Part) -> dict[str, float]:
    labels = part.single()
    return {label: labels.count(label) / len(labels) for label in set(labels)}


# Strange texts


def strange_texts(options: Options) -> None:
    """How novel texts are of which a model can know nothing."""
    names = options.data or STRANGE
    columns = dict[str, list[str]]()
    for name in names:
        learn, same = halves(options.pool(name), 0.8, 0)
        predictor = Predictor(options.learned(learn).model)
        for kind, texts in {"the same": same.texts, **_strange(options.folder)}.items():
            columns.setdefault(kind, []).append(_how_novel(predictor.all_seen(texts)[1]))
    rows = ([kind, *made] for kind, made in columns.items())
    table("Novelty: median; % above .95; % above .99", ["texts", *(f"model of {name}" for name in names)], rows)


def _strange(folder: Path) -> dict[str, list[str]]:
    """Made up, a hundred of each kind, and in other languages."""
    random = np.random.default_rng(0)
    made = {kind: [one(random) for _ in range(100)] for kind, one in KINDS.items()}
    others = sorted(one for one in (folder / "sib200").glob("*") if one.is_dir() and one.name != "eng_Latn")
    return made | {one.name: read(one / "train.csv").texts for one in others}


def _how_novel(novelty: Any) -> str:
    above = (f"{100 * np.mean(novelty > limit):.0f}" for limit in (0.95, 0.99))
    return "; ".join([f"{np.median(novelty):.3f}", *above])


# Drift


def drift_alarms(options: Options) -> None:
    """How often files of texts of the same set are reported, and others are."""
    header = ("model of", "files of", *(f"reported of {size:,} texts, %" for size in SIZES))
    table("Drift", header, _drift_rows(options))


def _drift_rows(options: Options) -> Iterator[Sequence[str]]:
    """The same texts, and files some of whose texts are strange."""
    for name in options.data or ("trec", "clinc150", "ag_news_small", "spamassassin"):
        if name == "spamassassin":
            yield from _mail_rows(options)
            continue
        kind = "requests" if name == "trec" else "questions"
        strange = read(options.folder / "clinc150" / "dev.csv").texts if name == "trec" else options.pool("trec").texts
        made = []
        for split in range(options.splits):
            learn, same = halves(options.pool(name), 0.7, split)
            predictor = Predictor(options.learned(learn, split).model)
            made.append((predictor, observed(predictor, same.texts), observed(predictor, strange)))
        for share in (0.0, 0.1, 0.2, 0.5):
            yield name, f"{share:.0%} {kind}" if share else "the same", *_reported(made, share)


def _mail_rows(options: Options) -> Iterator[Sequence[str]]:
    """E-mails of the first groups are learned from; those of the second ones were collected later."""
    every, groups, first = read(options.folder / "spamassassin" / "all.csv"), dict[str, list[int]](), 0
    for group, count in MAILS.items():
        groups[group] = list(range(first, first + count))
        first += count
    later = [*groups["easy-ham-2"][:1250], *groups["spam-2"][:250]]  # as many spam as among the first
    others = {"easy-ham-2, spam-2": later, "hard-ham-1": groups["hard-ham-1"]}
    made = dict[str, list[tuple[Predictor, Reference, Reference]]]()
    for split in range(options.splits):
        learn, same = halves(every.take([*groups["easy-ham-1"], *groups["spam-1"]]), 0.7, split)
        predictor = Predictor(options.learned(learn, split).model)
        alike = observed(predictor, same.texts)
        for kind, rows in others.items():
            made.setdefault(kind, []).append((predictor, alike, observed(predictor, every.take(rows).texts)))
    yield "easy-ham-1, spam-1", "the same", *_reported(made["hard-ham-1"], 0.0)
    for kind, one in made.items():
        yield "easy-ham-1, spam-1", kind, *_reported(one, 1.0)


def _reported(made: Sequence[tuple[Predictor, Reference, Reference]], share: float) -> Iterator[str]:
    """Of files of each size, how many are said to have drifted; a share of their texts is strange."""
    for size in SIZES:
        many = round(share * size)
        if any(len(same.label) < size - many or len(strange.label) < many for _, same, strange in made):
            yield "–"
            continue
        alarms = sum(_alarms(one, size - many, many) for one in made)
        yield shown(Proportion.counted(alarms, len(made) * DRAWS))


def _alarms(made: tuple[Predictor, Reference, Reference], same: int, strange: int) -> int:
    """How many of the files are reported that are drawn of one model's texts."""
    predictor, alike, others = made
    random, alarms = np.random.default_rng(0), 0
    for _ in range(DRAWS):
        rows = [random.choice(len(one.label), size, replace=False) for one, size in ((alike, same), (others, strange))]
        columns = (
            np.concatenate([first[rows[0]], second[rows[1]]]) for first, second in zip(alike, others, strict=True)
        )
        found = shifts(predictor.model.reference, Reference(*columns), len(predictor.labels))
        alarms += any(shift.drifted for shift in found)
    return alarms


PARTS = {"sets": sets, "novelty": novelty, "strange": strange_texts, "rare": rare, "drift": drift_alarms}


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with a folder for each corpus")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--data", nargs="+", help="corpora, for all but novelty")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--learn", type=int, help="texts to learn from, at most")
    parser.add_argument("--quality", choices=("good", "fast"), default="good")
    options = Options(**vars(parser.parse_args()))
    for name in options.only:
        PARTS[name](options)


if __name__ == "__main__":
    main()
