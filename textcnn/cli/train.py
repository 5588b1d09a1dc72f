"""`textcnn train`: learn from labelled texts and write a model."""

import shlex
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from textcnn.cli.display.checks import show_warnings
from textcnn.cli.display.console import console, one_line, say, table
from textcnn.cli.display.progress import Display, Interruption
from textcnn.cli.display.sparkline import learning_lines
from textcnn.cli.options import Quiet, settings_from_file, with_reading, with_settings
from textcnn.cli.reading import known_after, known_before, read_aloud
from textcnn.cli.report_option import ReportPath, check_page, put_page, refuse_overwriting
from textcnn.corpus import Reading
from textcnn.errors import DataError, SettingsError, TrainingError
from textcnn.storage.atomic import check_writable

if TYPE_CHECKING:
    from textcnn.checks import Check
    from textcnn.corpus import Corpus
    from textcnn.model.model import Model
    from textcnn.training.fit import Measured
    from textcnn.training.loop import Epoch, Step

__all__ = ["train"]


@with_settings
@with_reading(labels=True)
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
    settings_file: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE.toml", help="Settings; options given here win.")
    ] = None,
    compact: Annotated[
        bool, typer.Option("--compact", help="Keep only the words of the training texts in the model: --keep-words 0.")
    ] = False,
    report: ReportPath = None,
    quiet: Quiet = False,
) -> None:
    """Learn from labelled texts: CSV, TSV, JSON lines, fastText lines, or a folder with one folder per label.

    Texts are held out (each third once, if they are few) to find how long to learn and what probabilities are worth;
    then all are learned from. Ctrl-C ends training with the best so far.
    """
    values = {**(settings_from_file(settings_file) if settings_file else {}), **settings}
    if compact:
        if settings.get("keep_words"):
            raise SettingsError("--compact is --keep-words 0: give one of the two")
        values["keep_words"] = 0
    check_writable(output)
    inputs = [*files, *map(str, filter(None, (validation, settings_file, values.get("vectors"))))]
    refuse_overwriting(output, inputs, "-o")
    check_page(report, inputs, output)
    began = time.monotonic()
    corpus = read_aloud(files, how, quiet=quiet, known=known_before(values))
    held = read_aloud([str(validation)], how, quiet=quiet, known=known_after(corpus, values)) if validation else None
    model, measured = _learn(corpus, held, values, quiet)
    from textcnn.checks.after_training import after_training
    from textcnn.model.file import write_model

    write_model(model, output)
    checks = after_training(model, corpus, held) if report is not None or not quiet else []
    if not quiet:
        _summary(model, output, time.monotonic() - began, validated=held is not None)
        show_warnings(checks)
    if report is not None:
        put_page(report, _page(measured, model, output, corpus, held, checks), quiet=quiet)
    option = "" if output == Path("model.textcnn") else f" -m {shlex.quote(str(output))}"
    say(f"try: textcnn predict{option} 'your text'", quiet=quiet)


def _learn(corpus: "Corpus", held: "Corpus | None", values: dict[str, Any], quiet: bool) -> "tuple[Model, Measured]":
    """The model, and what its figures were measured on."""
    _check(corpus, held, quiet)
    measured: list[Measured] = []
    with Interruption() as interruption, Display(quiet) as display:
        # Only now, for it takes a while, in which something should be seen.
        from textcnn.estimator import TextCNNClassifier
        from textcnn.labels import is_multi_label
        from textcnn.training import fit

        def callback(row: "Step | Epoch | Measured | str") -> bool:
            if isinstance(row, fit.Measured):
                measured.append(row)
                return interruption.wanted
            interruption.begun = interruption.begun or not isinstance(row, str)
            display.show(row)
            return interruption.wanted

        multi_label = is_multi_label([*corpus.labels, *(held.labels if held else ())])
        classifier = TextCNNClassifier(**values).fit(
            corpus.texts,
            _labels(corpus, multi_label),
            validation=(held.texts, _labels(held, multi_label)) if held else None,
            callback=callback,
        )
        if interruption.wanted:
            display.line("stopped: the best weights so far are kept")
        else:
            display.end()
    return classifier.model_, measured[-1]


def _page(
    measured: "Measured", model: "Model", output: Path, corpus: "Corpus", held: "Corpus | None", checks: "list[Check]"
) -> str:
    """What the page is about: the texts held out, and the model as it was before it learned from them too."""
    from textcnn.evaluation.metrics import measure
    from textcnn.model.predictor import Predictor
    from textcnn.report import PageContext, page

    texts, gold, places = (
        [every[number] for number in measured.texts]
        for every in (
            [*corpus.texts, *(held.texts if held else ())],
            [*corpus.labels, *(held.labels if held else ())],
            [*corpus.places, *(held.places if held else ())],
        )
    )
    predictor = Predictor(measured.model)
    probabilities = predictor.all_probabilities(texts)
    subject = PageContext(
        title=f"{output.name}, trained on {', '.join(sorted({Path(source).name for source in corpus.sources}))}",
        note=f"Measured on {len(texts):,} texts "
        + ("that were held out." if measured.held_out else "that it learned from, for there were too few to hold out."),
        predictor=predictor,
        texts=texts,
        gold=gold,
        places=places,
        probabilities=probabilities,
        report=measure(gold, probabilities, predictor.choose, predictor.labels, multi_label=model.multi_label),
        learned=model.interpretation(),
        checks=checks,
    )
    return page(subject)


def _labels(corpus: "Corpus", multi_label: bool) -> list[Any]:
    return list(corpus.labels) if multi_label else [own[0] for own in corpus.labels]


def _check(corpus: "Corpus", held: "Corpus | None", quiet: bool) -> None:
    """Refuse what cannot be learned, and say what is only strange."""
    from textcnn.labels import require_two

    counts = Counter(label for own in corpus.labels for label in own)
    require_two(counts)
    empty = sum(not text.strip() for text in corpus.texts)
    if empty == len(corpus.texts):
        raise TrainingError("all texts are empty: there is no word to learn from")
    if empty:
        say(f"{empty} of {len(corpus.texts)} texts are empty", quiet=quiet)
    single = [label for label, count in counts.items() if count == 1]
    if single:
        say(f"only one example of {_named(single)}: learned from, but it cannot be validated", quiet=quiet)
    if held is not None:
        _check_validation(counts, held, quiet)
    say(f"{len(corpus.texts)} texts, {len(counts)} labels", quiet=quiet)


def _check_validation(counts: Counter[str], held: "Corpus", quiet: bool) -> None:
    validated = {label for own in held.labels for label in own}
    strange = sorted(validated - counts.keys())
    if validated and len(strange) == len(validated):
        raise DataError(
            f"the validation texts have none of the labels of the training texts, but {_named(strange)}; "
            "is --label-column right for both?"
        )
    if strange:
        say(f"labels of the validation texts that cannot be learned, for no training text has them: {_named(strange)}")


def _named(labels: list[str]) -> str:
    return ", ".join(map(repr, labels[:5])) + (f" ... ({len(labels)})" if len(labels) > 5 else "")


def _summary(model: "Model", output: Path, seconds: float, *, validated: bool) -> None:
    """A small table of classes, and what the model is."""
    figures = model.figures["validation"]
    for line in learning_lines(model.figures["curve"]):
        say(line)
    shown = console(sys.stderr)
    made = table("label", "precision", "recall", "F1", "texts")
    per_label = sorted(figures["labels"].items(), key=lambda item: -item[1]["support"])
    for label, score in per_label[:20]:
        numbers = [f"{score[name]:.3f}" for name in ("precision", "recall", "f1")]
        made.add_row(one_line(label), *numbers, str(score["support"]))
    shown.print(made)
    if len(per_label) > 20:
        say(f"... and {len(per_label) - 20} labels more: textcnn inspect {shlex.quote(str(output))} --format json")
    low, high = figures["accuracy_interval"]
    name = "all labels right" if model.multi_label else "accuracy"
    texts = "1 text" if figures["count"] == 1 else f"{figures['count']} texts"
    learned = not validated and figures["count"] == model.figures["training_texts"]
    where = f"the {texts} that it learned from: too few to hold some out" if learned else f"{texts} held out"
    say(f"{name} {figures['accuracy']:.3f} ({low:.3f} to {high:.3f}) on {where}")
    say(f"{output}: {output.stat().st_size / 1e6:.1f} MB, trained in {seconds:.0f} s")
