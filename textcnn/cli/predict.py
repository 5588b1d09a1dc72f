"""`textcnn predict`: an answer for each text, one out for one in, in order, as they arrive."""

import sys
from collections.abc import Callable, Iterator
from itertools import count
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textcnn.cli.display.answers import OutputFormat, brief_writer, writer
from textcnn.cli.display.console import is_terminal, put, say
from textcnn.cli.inputs import Group, groups
from textcnn.cli.options import ModelPath, Quiet, Ray, Threads, with_reading
from textcnn.cli.passed_on import passed_on
from textcnn.corpus import Reading
from textcnn.errors import SettingsError

if TYPE_CHECKING:
    from textcnn.answers import Policy
    from textcnn.model.predictor import Predictor

__all__ = ["predict"]


@with_reading(labels=False)
def predict(
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]...", help="Texts; - or none: standard input.")
    ] = None,
    *,
    how: Reading,
    model: ModelPath = Path("model.textcnn"),
    input: Annotated[
        str | None,
        typer.Option(
            "-i",
            "--input",
            metavar="FILE",
            help="Read texts from a file, a folder, or files such as 'in/*.parquet'; - is standard input, of lines "
            "unless its format or columns are named.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FOLDER",
            help="Write answers there, a file for each file of the input, in its format unless --format says another.",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Leave out files that the same model, options and inputs have finished there."),
    ] = False,
    format: Annotated[
        OutputFormat | None,
        typer.Option(
            metavar="FORMAT",
            help="pretty, tsv, csv, jsonl, label, fasttext, or parquet for files; if not given, pretty on a terminal, "
            "else tsv.",
        ),
    ] = None,
    ray: Ray = None,
    top: Annotated[
        int,
        typer.Option(
            metavar="K", min=1, help="Print the K likeliest labels; JSON has all of them unless K is 2 or more."
        ),
    ] = 1,
    threshold: Annotated[
        float | None, typer.Option(metavar="P", min=0, max=1, help="Least probability of an answer.")
    ] = None,
    max_error: Annotated[
        float | None,
        typer.Option(
            metavar="E",
            help="Answer where the error is at most E (held with 95 % confidence), else as --otherwise says.",
        ),
    ] = None,
    sure: Annotated[
        float | None,
        typer.Option(metavar="P", help="Answer with all labels of which, in a share P of cases, one is right."),
    ] = None,
    sure_per_label: Annotated[
        bool, typer.Option("--sure-per-label", help="Let --sure hold for the texts of each label by itself.")
    ] = False,
    otherwise: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL",
            help="The answer where no label reaches the threshold; beside it stands the probability of the likeliest."
            "  [default: unknown]  With --sure in the place of sets that are not a single label.",
        ),
    ] = None,
    novel_above: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            help="Texts that are less like the training texts than N are of no label; at most 1 % of held-out texts "
            "were above 0.99.",
        ),
    ] = None,
    novel_label: Annotated[
        str | None, typer.Option(metavar="LABEL", help="The answer for such texts.  [default: none]")
    ] = None,
    pass_on: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write texts without a sure answer there, for another judge, not to standard output: CSV if it is "
            "called .csv, else JSON lines.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="Print only texts with this label; exit with 1 if there is none."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what each word contributed to the answer; in JSON lines or pretty.")
    ] = False,
    against: Annotated[
        str,
        typer.Option(
            metavar="LABEL",
            help="Explain why the answer is not this label; if not given, not the next likeliest.",
            show_default=False,
        ),
    ] = "",
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Answer for texts given here, for the lines of standard input, or for the texts of a file.

    Answers come as lines arrive, one for each, in order, empty lines included. CSV and JSON lines keep their other
    columns. In a pipe an answer is: label, tab, probability, tab, text.
    """
    _refuse_conflicts(texts, input, how, explain=explain, against=against)
    _refuse_pointless(otherwise, pass_on, (threshold, max_error, sure), novel_above, only)
    _refuse_without_files(input, output, resume, ray)
    chosen = _chosen_format(format, explain, to_files=output is not None)
    from textcnn.answers import Policy, answer

    policy = Policy(
        top=_most_labels(chosen, top),
        threshold=threshold,
        max_error=max_error,
        sure=sure,
        sure_per_label=sure_per_label,
        otherwise=otherwise,
        novelty=chosen is OutputFormat.jsonl or explain,
        novel_above=novel_above,
        novel_label=novel_label,
        only=only or (),
        explain=explain,
        against=against,
    )
    if output is not None:
        from textcnn.cli.predict_files import FilesWanted, predict_files

        predict_files(FilesWanted(input or "", output, format, resume, ray), how, policy, model, threads, quiet=quiet)
        return
    from textcnn.corpus.learned_reading import as_learned
    from textcnn.model.predictor import Predictor

    predictor = Predictor.open(model, threads)
    how = as_learned(how, predictor.reading)
    policy.check_model(predictor)
    write = writer(chosen, top=min(top, len(predictor.labels)), labels=policy.answers(predictor.labels))
    brief = None if pass_on else _brief_lines(predictor, policy, chosen, top)
    counter = count()  # of answers
    inputs = [str(model), *filter(None, [input])]
    with passed_on(pass_on, inputs, quiet=quiet) as sure_ones:
        for group in _told(groups(texts, input, how, quiet=quiet), predictor.model.settings["max_words"], quiet):
            if brief:
                put(brief(group.texts))
            else:
                records = group.records()
                answers = map(itemgetter(0), zip(answer(predictor, records, policy), counter, strict=False))
                put(write(sure_ones(answers, records), records))
        put(write((), ()))  # the header of CSV, if no text came
    if only and not next(counter):
        raise typer.Exit(1)


def _most_labels(format: OutputFormat, top: int) -> int | None:
    """How many labels an answer comes with; None: all."""
    return None if format in (OutputFormat.jsonl, OutputFormat.fasttext) and top == 1 else top


def _brief_lines(
    predictor: "Predictor", policy: "Policy", format: OutputFormat, top: int
) -> Callable[[list[str]], str] | None:
    """A function from texts to the lines of their answers, if no line needs the whole of an answer."""
    from textcnn.answers import decide

    write = None if policy.only or policy.explain else brief_writer(format, top=top)
    if write is None:
        return None

    return lambda texts: write(decide(predictor, texts, policy), texts)


def _refuse_conflicts(
    texts: list[str] | None,
    input: str | None,
    how: Reading,
    *,
    explain: bool,
    against: str,
) -> None:
    """An error if options do not go together."""
    if texts and input is not None:
        raise SettingsError("give texts or --input, not both")
    if texts and texts != ["-"] and how != Reading():
        raise SettingsError("options of reading are for --input and standard input, not for texts given here")
    if against and not explain:
        raise SettingsError("--against goes with --explain")


def _refuse_without_files(input: str | None, output: Path | None, resume: bool, ray: str | None) -> None:
    """An error if files of answers are asked for, and there are none to answer, or the other way round."""
    if output is not None and input is None:
        raise SettingsError("--output goes with --input: a file, a folder, or files such as 'in/*.parquet'")
    if output is None and (resume or ray is not None):
        raise SettingsError(f"{'--resume' if resume else '--ray'} goes with --output FOLDER")


def _refuse_pointless(
    otherwise: str | None,
    pass_on: Path | None,
    limits: tuple[float | None, ...],
    novel_above: float | None,
    only: list[str] | None,
) -> None:
    """An error if options are about answers that are not sure, and all are."""
    limited = any(limit is not None for limit in limits)
    if otherwise is not None and not limited:
        raise SettingsError(
            "--otherwise is the answer below a threshold: give --threshold P too, --max-error or --sure"
        )
    if pass_on is not None and not limited and novel_above is None:
        raise SettingsError(
            "--pass-on takes what is not sure: give --max-error E too, --sure, --threshold or --novel-above"
        )
    if pass_on is not None and only:
        raise SettingsError("--only and --pass-on both say what is left out: give one of them")


def _chosen_format(format: OutputFormat | None, explain: bool, *, to_files: bool) -> OutputFormat:
    """The one that is asked for, or the usual one; an error if it has no room for reasons."""
    if to_files:
        return OutputFormat.tsv if format is None else format  # each file may have its own
    if format is OutputFormat.parquet:
        raise SettingsError("--format parquet goes with --output FOLDER")
    if format is None:
        pipe = OutputFormat.jsonl if explain else OutputFormat.tsv
        return OutputFormat.pretty if is_terminal(sys.stdout) else pipe
    if explain and format not in (OutputFormat.pretty, OutputFormat.jsonl):
        raise SettingsError(f"--explain has no room in {format.value}: use --format jsonl or pretty")
    return format


def _told(texts: Iterator[Group], most: int, quiet: bool) -> Iterator[Group]:
    """The same groups; where a text is longer than what is read of it, the first time this is said."""
    from textcnn.text.lexicon import beyond

    for group in texts:
        if not quiet and (long := beyond(group.texts, most)):
            begun = group.texts[long[0]][:30]
            say(f"of this text and others as long only the first {most:,} words are read: {begun!r}...")
            quiet = True
        yield group
