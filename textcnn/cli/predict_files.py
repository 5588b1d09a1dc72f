"""`textcnn predict --output`: files answered, an output for each."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from textcnn.cli.display.answers import OutputFormat, file_writer
from textcnn.cli.display.console import say
from textcnn.cli.display.files import FilesDisplay
from textcnn.cli.options import executor_at
from textcnn.corpus import Reading, Record
from textcnn.errors import DataError, SettingsError, TextcnnError

if TYPE_CHECKING:
    from textcnn.answers import Answer, Policy
    from textcnn.distributed.executor import Executor
    from textcnn.prediction.many_files import ManyFiles
    from textcnn.prediction.one_file import FileResult, Prediction
    from textcnn.prediction.plan import FilePlan

__all__ = ["FilesWanted", "predict_files"]


class FilesWanted(NamedTuple):
    """What the command was asked for."""

    input: str
    output: Path
    format: OutputFormat | None
    resume: bool
    ray: str | None


def predict_files(
    wanted: FilesWanted, how: Reading, policy: "Policy", model: Path, threads: int, *, quiet: bool
) -> None:
    """Answer the files, and say how it goes.

    Raises:
        TextcnnError: see the message; files that were finished before stay so.
    """
    from textcnn.prediction.many_files import ManyFiles
    from textcnn.prediction.plan import plan_files

    plan = plan_files(wanted.input, wanted.output, form=_form(wanted.format), read_as=how.format)
    if policy.explain and any(job.form != "jsonl" for job in plan.jobs):
        raise SettingsError("--explain has room in JSON lines alone: use --format jsonl")
    prediction = _prediction(how, policy, model, threads if wanted.ray is None else threads or 1)
    files = ManyFiles.of(plan.jobs, wanted.output, prediction, resume=wanted.resume)
    _say_plan(plan, files, quiet)
    answers = _answered(files, executor_at(wanted.ray) if files.left else None, quiet)
    if policy.only and not answers and not files.finished:
        raise typer.Exit(1)


def _say_plan(plan: "FilePlan", files: "ManyFiles", quiet: bool) -> None:
    if plan.left_out:
        say(f"left out, for their names tell no format: {_named(plan.left_out)}; --input-format reads them")
    if files.finished:
        say(f"{len(files.finished):,} of {len(plan.jobs):,} files were finished before", quiet=quiet)


def _form(format: OutputFormat | None) -> str | None:
    if format is OutputFormat.pretty:
        raise SettingsError("--format pretty is for a terminal; files take tsv, csv, jsonl, label, fasttext or parquet")
    return None if format is None else format.value


def _prediction(how: Reading, policy: "Policy", model: Path, threads: int) -> "Prediction":
    """How files are answered; whether the model can do that is found out here."""
    from textcnn.corpus.learned_reading import as_learned
    from textcnn.model.predictor import Predictor
    from textcnn.prediction.one_file import Prediction, model_digest

    predictor = Predictor.open(model, threads)
    policy.check_model(predictor)
    formatter = partial(_formatter, top=min(policy.top or 1, len(predictor.labels)))
    reading = as_learned(how, predictor.reading)
    return Prediction(str(model.absolute()), model_digest(model), reading, policy, formatter, threads)


def _formatter(form: str, *, top: int) -> "Callable[[Iterable[Answer], Sequence[Record]], str]":
    return file_writer(OutputFormat(form), top=top)


def _answered(files: "ManyFiles", executor: "Executor | None", quiet: bool) -> int:
    """Answer those that are left; how many answers were written."""
    answers = 0
    with FilesDisplay(files.left, quiet=quiet) as display:
        try:
            for result in files.results(display.event, executor):
                answers += result.answers
                _say_notes(result, display, quiet)
        except (TextcnnError, KeyboardInterrupt) as error:
            if done := display.files + len(files.finished):
                counted = "1 file is" if done == 1 else f"{done:,} files are"
                mended = ", once this one is mended or taken away" if isinstance(error, DataError) else ""
                display.line(f"{counted} finished; --resume goes on from there{mended}")
            raise
        rate = display.rate
    if files.left:
        counted = "1 file" if display.files == 1 else f"{display.files:,} files"
        said = f"{counted}, {display.texts:,} texts, {answers:,} answers, {rate:,.0f} texts a second"
        say(said, quiet=quiet)
    return answers


def _say_notes(result: "FileResult", display: FilesDisplay, quiet: bool) -> None:
    for note in () if quiet else result.notes:
        display.line(f"{result.job.input}: {note}")
    display.result(result)


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
