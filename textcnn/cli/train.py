"""`textcnn train`: learn from labelled texts and write a model."""

import shlex
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from textcnn.cli.display.checks import show_warnings
from textcnn.cli.display.console import console, one_line, say, table
from textcnn.cli.display.progress import Display, Interruption
from textcnn.cli.display.sparkline import learning_lines
from textcnn.cli.first_model import first_model, label_list
from textcnn.cli.lesson import taught
from textcnn.cli.options import Quiet, Ray, executor_at, label_hints, settings_from_file, with_reading, with_settings
from textcnn.cli.outputs import MODEL, refuse_foreign
from textcnn.cli.reading import known_after, known_before, read_aloud, set_apart
from textcnn.cli.report_option import ReportPath, check_page, put_page, refuse_overwriting
from textcnn.corpus import Reading
from textcnn.errors import DataError, SettingsError, TrainingError
from textcnn.settings import settings_of
from textcnn.storage.atomic import check_writable

if TYPE_CHECKING:
    from textcnn.corpus import Corpus
    from textcnn.distributed.executor import Executor
    from textcnn.model.model import Model
    from textcnn.training.events import TrainingEvent
    from textcnn.training.fit import FitResult
    from textcnn.training.pupil import Said

__all__ = ["train"]

_MOST_CLASSES = 20  # rows of the table
_MOST_UNLABELLED = 10_000  # texts that are kept of files, among which there may be copies


class _Besides(NamedTuple):
    """What is learned from beside labelled texts."""

    outside: list[str]  # texts of no kind
    unlabelled: list[str]
    hints: dict[str, str]  # what labels mean
    said: "Said | None" = None  # what a teacher says of texts without labels


@with_settings
@with_reading(labels=True, weights=True)
def train(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Labelled texts; - is standard input.")],
    settings: dict[str, Any],
    how: Reading,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where the model goes.")] = Path(
        "model.textcnn"
    ),
    validation: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Labelled texts that decide when to stop.")
    ] = None,
    unlabelled: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Further texts without labels, for few labelled ones to learn more from; may be given again.",
        ),
    ] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE.toml", help="Settings; options given here win.")
    ] = None,
    compact: Annotated[
        bool, typer.Option("--compact", help="Keep only the words of the training texts in the model: --keep-words 0.")
    ] = False,
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL,LABEL...", help="Guess a first model from these names, or hints, and texts without labels."
        ),
    ] = None,
    hints_file: Annotated[
        Path | None,
        typer.Option(
            "--label-hints",
            metavar="FILE.toml",
            help='What labels mean, in words; lines such as spam = "advertisements, prizes". They help where texts are '
            "few.",
        ),
    ] = None,
    teacher: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FOLDER",
            help="A sentence-transformers model that says of texts what is learned; answers do without it.",
        ),
    ] = None,
    report: ReportPath = None,
    ray: Ray = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say how each epoch went.")] = False,
    quiet: Quiet = False,
) -> None:
    """Learn from labelled texts: CSV, TSV, JSON lines, Parquet, fastText lines, or a folder with one folder per label.

    Texts are held out (one third, or of few texts each in turn) to find how long to learn and what probabilities are
    worth; then all are learned from. Ctrl-C ends training with the best checkpoint so far.
    """
    values = _values(settings, settings_file, compact, on_ray=ray is not None)
    check_writable(output)
    named = (validation, settings_file, hints_file, values.get("vectors"))
    inputs = [*files, *(unlabelled or ()), *map(str, filter(None, named))]
    refuse_overwriting(output, inputs, "-o")
    refuse_foreign(output, MODEL)
    check_page(report, inputs, output)
    hints = label_hints(hints_file, settings_file)
    if labels is not None:
        _refuse_beside_labels(validation, unlabelled, teacher, report, ray)
        first_model(files, label_list(labels), hints, how, values, output, quiet=quiet)
        return
    began = time.monotonic()
    corpus, held, outside = _read(files, validation, how._replace(soft_labels=True), values, quiet)
    _check(corpus, held, quiet)
    others = _unlabelled(unlabelled or [], how._replace(learned=corpus.learned or how.learned), values, quiet)
    said = None
    if teacher is not None:
        corpus, others, said = taught(corpus, others, teacher, values, hints, quiet=quiet)
    besides = _Besides(outside, others, hints, said)
    result = _fit(corpus, held, besides, values, Display(quiet=quiet, verbose=verbose), executor_at(ray))
    _put(result, output, corpus, held, began, report, quiet=quiet)


def train_beside(
    file: str, how: Reading, unlabelled: list[str], hints: dict[str, str], output: Path, *, quiet: bool
) -> None:
    """What `train FILE --unlabelled` does, with its defaults, of texts without labels that have been read already."""
    began = time.monotonic()
    corpus, _, outside = _read([file], None, how._replace(soft_labels=True), {}, quiet)
    _check(corpus, None, quiet)
    result = _fit(corpus, None, _Besides(outside, unlabelled, hints), {}, Display(quiet=quiet, verbose=False), None)
    _put(result, output, corpus, None, began, None, quiet=quiet)


def _put(
    result: "FitResult",
    output: Path,
    corpus: "Corpus",
    held: "Corpus | None",
    began: float,
    report: Path | None,
    *,
    quiet: bool,
) -> None:
    """Write the model, say how good it is, and write the report if it is wanted."""
    from textcnn.checks.after_training import after_training
    from textcnn.model.file import write_model

    result = result._replace(model=replace(result.model, reading=corpus.learned))
    write_model(result.model, output)
    checks = after_training(result.model, corpus, held) if report is not None or not quiet else []
    if not quiet:
        _summary(result, output, time.monotonic() - began)
        show_warnings(checks)
    if report is not None:
        from textcnn.report import training_page

        put_page(report, training_page(result, output.name, corpus, held, checks), quiet=quiet)
    option = "" if output == Path("model.textcnn") else f" -m {shlex.quote(str(output))}"
    say(f"try: textcnn predict{option} 'your text'", quiet=quiet)


def _refuse_beside_labels(*others: object) -> None:
    for name, given in zip(("validation", "unlabelled", "teacher", "report", "ray"), others, strict=True):
        if given is not None:
            raise SettingsError(f"--labels is for texts without labels: leave out --{name}")


def _read(
    files: list[str], validation: Path | None, how: Reading, values: dict[str, Any], quiet: bool
) -> "tuple[Corpus, Corpus | None, list[str]]":
    """The texts to learn from, those that decide when to stop, if there are some, and those of no kind."""
    several, label = values.get("labels_per_text") == "several", values.get("outside", "")
    how = how._replace(several=several)
    corpus = read_aloud(files, how, quiet=quiet, known=known_before(values), multi_label=several)
    held = None
    if validation is not None:
        names = {name for labels in corpus.labels for name in labels}
        plain = how._replace(soft_labels=False, several=False)
        held = read_aloud([str(validation)], plain, quiet=quiet, known=known_after(corpus, values), names=names)
    corpus, outside = set_apart(corpus, label, quiet=quiet)
    if held is not None and outside:
        held, more = held.parted(label)
        outside += more.texts
    return corpus, held if held is not None and held.texts else None, outside


def _unlabelled(files: list[str], how: Reading, values: dict[str, Any], quiet: bool) -> list[str]:
    """Texts of files, if there are any, whose labels are not looked at if there are any."""
    if not files:
        return []
    from textcnn.corpus.text_sample import sample_texts

    plainly = how._replace(label_column=None, label_separator=None, weight_column=None)
    sample = sample_texts(files, reading=plainly, most=_MOST_UNLABELLED, seed=values.get("seed", 0))
    for note in sample.notes:
        say(note, quiet=quiet)
    for loss in sample.losses:
        say(loss)
    drawn = "" if sample.total == len(sample.texts) else f", {len(sample.texts):,} of them drawn at random"
    say(f"{sample.total:,} texts without labels{drawn}", quiet=quiet)
    return sample.texts


def _values(settings: dict[str, Any], settings_file: Path | None, compact: bool, *, on_ray: bool) -> dict[str, Any]:
    """Settings of the file and of the command, which win."""
    values = {**(settings_from_file(settings_file) if settings_file else {}), **settings}
    if compact:
        if settings.get("keep_words"):
            raise SettingsError("--compact is --keep-words 0: give one of the two")
        values["keep_words"] = 0
    if on_ray:  # a core is a task's
        values["threads"] = values.get("threads") or 1
    return values


def _fit(
    corpus: "Corpus",
    held: "Corpus | None",
    besides: _Besides,
    values: dict[str, Any],
    display: Display,
    executor: "Executor | None",
) -> "FitResult":
    """Train, while people see how it goes and may end it."""
    with Interruption() as interruption, display:
        # Only now, for it takes a while, in which something should be seen.
        from textcnn.labels import is_multi_label
        from textcnn.training.fit import fit
        from textcnn.training.task import Dataset

        def callback(event: "TrainingEvent") -> bool:
            interruption.begun = interruption.begun or event.kind in ("batch", "epoch")
            display.show(event)
            return interruption.wanted

        settings = settings_of(values)
        multi_label = is_multi_label([*corpus.labels, *(held.labels if held else ())])
        data = Dataset.of(
            corpus.texts,
            _labels(corpus, multi_label),
            labels_per_text=settings.labels_per_text,
            weights=corpus.weights,
            validation=(held.texts, _labels(held, multi_label), held.weights) if held else None,
            soft=corpus.soft,
        )
        result = fit(
            data.training,
            classes=data.labels.names,
            multi_label=data.labels.multi_label,
            settings=settings,
            validation=data.validation,
            outside=besides.outside,
            callback=callback,
            executor=executor,
            hints=besides.hints,
            unlabelled=besides.unlabelled,
            said=besides.said,
        )
        if interruption.wanted:
            kept = "the best checkpoint so far is kept"
            display.line(f"stopped: {kept if result.model.figures['kept'] else 'before there was a checkpoint'}")
    return result


def _labels(corpus: "Corpus", multi_label: bool) -> list[Any]:
    return list(corpus.labels) if multi_label else [label for (label,) in corpus.labels]


def _check(corpus: "Corpus", held: "Corpus | None", quiet: bool) -> None:
    """Refuse what cannot be learned, and say what is only strange."""
    from textcnn.labels import require_two

    counts = Counter(label for own in corpus.labels for label in own)
    require_two(counts)
    _check_words(corpus, quiet)
    single = [label for label, count in counts.items() if count == 1]
    if single:
        say(f"only one example of {_named(single)}: learned from, but it cannot be validated", quiet=quiet)
    if held is not None:
        _check_validation(counts, held, quiet)
    say(f"{len(corpus.texts)} texts, {len(counts)} labels{_softly(corpus)}", quiet=quiet)


def _softly(corpus: "Corpus") -> str:
    """That probabilities are learned from, where a file has them."""
    count = sum(soft is not None for soft in corpus.soft or ())
    return f'; learns from {count} soft labels, the "probabilities" of texts' if count else ""


def _check_words(corpus: "Corpus", quiet: bool) -> None:
    empty = sum(not text.strip() for text in corpus.texts)
    if empty == len(corpus.texts):
        raise TrainingError("all texts are empty: there is no word to learn from")
    if empty:
        say(f"{empty} of {len(corpus.texts)} texts are empty", quiet=quiet)


def _check_validation(counts: Counter[str], held: "Corpus", quiet: bool) -> None:
    from textcnn.evaluation.label_differences import label_counts, unknown_labels
    from textcnn.labels import sorted_names

    validated, unknown = label_counts(held.labels), unknown_labels(held.labels, counts)
    if validated and len(unknown.counts) == len(validated):
        hint = "" if unknown.meant else "; is --label-column right for both?"
        raise DataError(f"the validation texts have none of the labels of the training texts, but {unknown}{hint}")
    if unknown.texts:
        say(f"labels of the validation texts that cannot be learned, for no training text has them: {unknown}")
    if absent := [label for label in counts if label not in validated]:
        say(f"labels of the training texts that are not validated: {_named(sorted_names(absent))}", quiet=quiet)


def _named(labels: list[str]) -> str:
    return ", ".join(map(repr, labels[:5])) + (f" ... ({len(labels)})" if len(labels) > 5 else "")


def _summary(result: "FitResult", output: Path, seconds: float) -> None:
    """A small table of classes, and what the model is."""
    model, figures = result.model, result.model.figures["validation"]
    for line in learning_lines(model.figures["curve"]):
        say(line)
    _show_classes(figures["labels"], output)
    low, high = figures["accuracy_interval"]
    name = "all labels right" if model.multi_label else "accuracy"
    texts = _counted(figures["count"])
    where = f"the {texts} that it learned from: too few to hold some out" if result.seen else f"{texts} held out"
    weighted = ", weighted" if figures.get("weighted") else ""
    against = ", against their labels, not their probabilities" if "soft_labels" in model.figures else ""
    say(f"{name} {figures['accuracy']:.3f} ({low:.3f} to {high:.3f}) on {where}{weighted}{against}")
    if model.settings["outside"]:
        say(_of_outside(model))
    say(f"{output}: {output.stat().st_size / 1e6:.1f} MB, trained in {seconds:.0f} s")


def _of_outside(model: "Model") -> str:
    """How well the novelty tells texts of no kind."""
    figures = model.figures.get("outside")
    if figures is None:
        return f"too few texts were held out to learn anything from those labelled {model.settings['outside']!r}"
    low, high = figures["auroc_interval"]
    return (
        f"novelty tells {_counted(figures['texts'])} labelled {figures['label']!r} from those held out: AUROC "
        f"{figures['auroc']:.3f} ({low:.3f} to {high:.3f}); above 0.99: {figures['above']:.1%} of them and "
        f"{figures['others_above']:.1%} of those held out"
    )


def _counted(texts: int) -> str:
    return "1 text" if texts == 1 else f"{texts} texts"


def _show_classes(scores: dict[str, Any], output: Path) -> None:
    """A row for each label, the most frequent first."""
    made = table("label", "precision", "recall", "F1", "texts")
    per_label = sorted(scores.items(), key=lambda item: -item[1]["support"])
    for label, score in per_label[:_MOST_CLASSES]:
        numbers = [f"{score[name]:.3f}" for name in ("precision", "recall", "f1")]
        made.add_row(one_line(label), *numbers, str(score["support"]))
    console(sys.stderr).print(made)
    left = len(per_label) - _MOST_CLASSES
    if left > 0:
        say(f"... and {left} labels more: textcnn inspect {shlex.quote(str(output))} --format json")
