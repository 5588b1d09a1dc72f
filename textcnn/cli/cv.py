"""`textcnn cv`: how good a model of these texts would be, and whether other settings would make a better one."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from textcnn.cli.display.answers import OutputFormat, file_writer
from textcnn.cli.display.console import put, say
from textcnn.cli.display.crossvalidation import show_cross_validation
from textcnn.cli.display.progress import Display, Interruption
from textcnn.cli.evaluate import Format
from textcnn.cli.options import Quiet, Ray, executor_at, settings_from_file, with_reading, with_settings
from textcnn.cli.reading import known_before, read_aloud, set_apart
from textcnn.cli.report_option import ReportPath, check_page, put_page, refuse_overwriting
from textcnn.corpus import Reading, Record
from textcnn.errors import OutputError, SettingsError, TrainingError
from textcnn.settings import Settings, settings_of
from textcnn.storage.atomic import check_writable, real_path, written_whole

if TYPE_CHECKING:
    from textcnn.answers import Answer
    from textcnn.corpus import Corpus
    from textcnn.crossvalidation.folds import FoldPlan
    from textcnn.crossvalidation.result import CrossValidation
    from textcnn.distributed.executor import Executor
    from textcnn.training.events import TrainingEvent
    from textcnn.training.task import Dataset

__all__ = ["cv"]

_STOPPED = 130
_QUALITIES = ("fast", "good")
_WRITTEN = {".csv": OutputFormat.csv, ".jsonl": OutputFormat.jsonl}


@with_settings
@with_reading(labels=True, weights=True)
def cv(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Labelled texts; - is standard input.")],
    settings: dict[str, Any],
    how: Reading,
    folds: Annotated[int, typer.Option(metavar="N", min=2, max=1000, help="Parts that are held out in turn.")] = 5,
    repeats: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How often all is dealt anew.")] = 1,
    group_column: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Column of what belongs together, such as an author; kept on one side."),
    ] = None,
    time_column: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Column of dates (ISO 8601) or numbers; only the past is learned from."),
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            metavar="fast|good|FILE.toml",
            help="A quality or a file of settings, on the same folds; one alone is compared with the settings given.",
        ),
    ] = None,
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Compare with TF-IDF and a linear SVM on the same folds.")
    ] = False,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE.toml", help="Settings; options given here win.")
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the answer that each text got while it was held out: .csv or .jsonl."),
    ] = None,
    report: ReportPath = None,
    format: Annotated[
        Format, typer.Option(metavar="FORMAT", help="pretty (tables), or json (one object).")
    ] = Format.pretty,
    ray: Ray = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say how each epoch went.")] = False,
    quiet: Quiet = False,
) -> None:
    """Cross-validate: train without each part of the texts in turn, and measure the answers to that part.

    Each model is trained as train would, so the figures are those of the model that train makes of as many texts.
    Near-copies of a text are held out together. Intervals over texts say what other texts to be answered would change,
    those over folds what other texts to learn from would change, too.
    """
    configurations = _configurations(settings, settings_file, compare or [])
    vectors = [one.vectors for one in configurations.values()]
    inputs = [*files, *vectors, *(compare or []), *([str(settings_file)] if settings_file else [])]
    _check_outputs(write, report, inputs)
    corpus = _read(files, how, configurations, quiet)
    display = _FoldDisplay(quiet=quiet, verbose=verbose)
    with Interruption() as interruption, display:
        data, plan = _planned(corpus, configurations, (folds, repeats), group_column, time_column)
        for note in plan.notes:
            display.line(note)
        wanted = {"baseline": baseline, "keep_models": report is not None}
        result = _run(data, plan, configurations, interruption, display, executor_at(ray), **wanted)
    if write is not None:
        _write(write, result, corpus)
        say(f"{write}: {len(result.text_numbers):,} answers", quiet=quiet)
    if report is not None:
        put_page(report, _page(result, corpus, files), quiet=quiet)
    if format is Format.json:
        put(json.dumps({**result.as_dict(), "stopped": interruption.wanted}, ensure_ascii=False) + "\n")
    else:
        show_cross_validation(result)
    if interruption.wanted:
        say(f"{len(result.folds)} of {result.planned} folds were complete; the figures are theirs")
        raise typer.Exit(_STOPPED)


def _read(files: list[str], how: Reading, configurations: dict[str, Settings], quiet: bool) -> "Corpus":
    """The texts, of which each may have one label or several as the settings say."""
    wanted = {one.labels_per_text for one in configurations.values()}
    if len(wanted) > 1:
        raise SettingsError("what is compared must agree in labels_per_text")
    known = known_before({"labels_per_text": next(iter(wanted))})
    corpus = read_aloud(files, how, quiet=quiet, known=known, fields=True, multi_label="several" in wanted)
    for outside in sorted({one.outside for one in configurations.values()}):
        corpus, _ = set_apart(corpus, outside, quiet=quiet)
    return corpus


def _configurations(settings: dict[str, Any], settings_file: Path | None, compare: list[str]) -> dict[str, Settings]:
    """What is measured, by name: what the options say, and each of those to be compared with its own on top."""
    given = {**(settings_from_file(settings_file) if settings_file else {}), **settings}
    if not compare:
        return {"textcnn": settings_of(given)}
    made = {} if len(compare) > 1 else {"as given" if given else "default": settings_of(given)}
    for name in compare:
        if name in made:
            raise SettingsError(f"--compare {name} is there twice")
        made[name] = settings_of({**given, **_compared(name)})
    return made


def _compared(name: str) -> dict[str, Any]:
    if name in _QUALITIES:
        return {"quality": name}
    if not Path(name).exists():
        raise SettingsError(
            f"--compare takes {', '.join(_QUALITIES)}, or a TOML file of settings; there is no {name!r}"
        )
    return settings_from_file(Path(name))


def _check_outputs(write: Path | None, report: Path | None, inputs: Sequence[str]) -> None:
    """An error, before anything takes time, if what is asked for could not be written."""
    check_page(report, inputs)
    if write is None:
        return
    if write.suffix not in _WRITTEN:
        raise SettingsError(f"--write takes a name that ends with {' or '.join(_WRITTEN)}, not {write.name!r}")
    check_writable(write)
    refuse_overwriting(write, inputs, "--write")
    if report is not None and real_path(write) == real_path(report):
        raise OutputError(f"{write} is where the page goes; name another file with --write")


def _planned(
    corpus: "Corpus",
    configurations: dict[str, Settings],
    numbers: tuple[int, int],
    group_column: str | None,
    time_column: str | None,
) -> "tuple[Dataset, FoldPlan]":
    """The texts with their labels, and which of them are held out when."""
    from textcnn.corpus.other_columns import column_values
    from textcnn.crossvalidation.folds import plan_folds
    from textcnn.crossvalidation.past import times_of
    from textcnn.labels import is_multi_label
    from textcnn.training.task import Dataset

    settings = next(iter(configurations.values()))
    labels: Any = corpus.labels if is_multi_label(corpus.labels) else [label for (label,) in corpus.labels]
    data = Dataset.of(corpus.texts, labels, labels_per_text=settings.labels_per_text, weights=corpus.weights)
    times = None if time_column is None else times_of(column_values(corpus, time_column)[1], corpus.places)
    groups = None if group_column is None else [value or None for value in column_values(corpus, group_column)[1]]
    plan = plan_folds(
        corpus.texts,
        data.training.labels,
        folds=numbers[0],
        repeats=numbers[1],
        groups=groups,
        times=times,
        seed=settings.seed,
    )
    return data, plan


def _run(
    data: "Dataset",
    plan: "FoldPlan",
    configurations: dict[str, Settings],
    interruption: Interruption,
    display: "_FoldDisplay",
    executor: "Executor | None",
    **wanted: bool,
) -> "CrossValidation":
    """Train, while people see how it goes and may end it."""
    from textcnn.crossvalidation.run import run_folds

    if executor is not None:  # a core is a task's
        configurations = {name: replace(one, threads=one.threads or 1) for name, one in configurations.items()}

    def callback(event: "TrainingEvent") -> bool:
        interruption.begun = True
        display.show(event)
        return interruption.wanted

    try:
        return run_folds(
            data.training,
            plan,
            configurations,
            classes=data.labels.names,
            multi_label=data.labels.multi_label,
            callback=callback,
            executor=executor,
            **wanted,
        )
    except TrainingError:
        if interruption.wanted:
            display.line("no fold was complete")
            raise typer.Exit(_STOPPED) from None
        raise


class _FoldDisplay(Display):
    """Of the stages inside a training only what `verbose` asks for is said; that a fold was answered, always."""

    def says(self, event: "TrainingEvent") -> bool:
        return self.verbose or not event.epochs


def _write(path: Path, result: "CrossValidation", corpus: "Corpus") -> None:
    """Write all out-of-fold answers, whole or not at all."""
    format = _WRITTEN[path.suffix]
    write = file_writer(format)
    records = [
        Record(text, (), line, source, tuple(fields))
        for text, line, source, fields in zip(corpus.texts, corpus.lines, corpus.sources, corpus.fields, strict=True)
    ]
    answers = result.answers(records)
    rows = map(_for_table, answers) if format is OutputFormat.csv else answers
    with written_whole(path) as file:
        for answer in rows:
            file.write(write([answer], [answer.record]).encode("utf-8", "replace"))


def _for_table(answer: "Answer") -> "Answer":
    """The answer with a column for the probability of each label, in the order of their names."""
    from textcnn.labels import sorted_names

    said = dict(answer.best)
    cells = ((name, "|".join(value) if isinstance(value, list) else value) for name, value in answer.record.fields)
    columns = ((f"probability_{label}", round(said[label], 6)) for label in sorted_names(said))
    return answer._replace(record=answer.record._replace(fields=(*cells, *columns)))


def _page(result: "CrossValidation", corpus: "Corpus", files: list[str]) -> str:
    from textcnn.report.folds_page import folds_page

    names = ", ".join("standard input" if name == "-" else Path(name).name for name in files)
    return folds_page(result, corpus.places, names)
