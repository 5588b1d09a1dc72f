"""`textcnn train`: learn from labelled texts and write a model."""

import signal
import sys
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from textcnn.cli.console import console, is_terminal, say, table
from textcnn.cli.options import (
    Delimiter,
    Encoding,
    Header,
    InputFormat,
    LabelColumn,
    LabelSeparator,
    Quiet,
    SkipBadRows,
    TextColumn,
    reading,
    settings_from_file,
    with_settings,
)
from textcnn.corpus import Corpus, Reading, read_corpus
from textcnn.errors import DataError, OutputError, TrainingError
from textcnn.wholefile import check_writable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from textcnn.modelfile import Model
    from textcnn.training.loop import Epoch, Step

__all__ = ["train"]


@with_settings
def train(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Labelled texts; - is standard input.")],
    settings: dict[str, Any],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where the model goes.")] = Path(
        "model.textcnn"
    ),
    validation: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Labelled texts that decide when to stop.")
    ] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE.toml", help="Settings; options given here win.")
    ] = None,
    text_column: TextColumn = "",
    label_column: LabelColumn = "",
    label_separator: LabelSeparator = None,
    input_format: InputFormat = "auto",
    encoding: Encoding = "utf-8",
    delimiter: Delimiter = "",
    header: Header = None,
    skip_bad_rows: SkipBadRows = False,
    quiet: Quiet = False,
) -> None:
    """Learn from labelled texts: CSV, TSV, JSON lines, fastText lines, or a folder with one folder per label.

    A part of the texts is held out to decide when to stop and to measure. Ctrl-C ends training with the best so far.
    """
    values = {**(settings_from_file(settings_file) if settings_file else {}), **settings}
    _refuse_overwriting(output, [*files, *([str(validation)] if validation else [])])
    check_writable(output)
    how = reading(
        input_format=input_format,
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        text_column=text_column,
        label_column=label_column,
        label_separator=label_separator,
        skip_bad_rows=skip_bad_rows,
    )
    began = time.monotonic()
    corpus = _read(files, how, quiet)
    held = _read([str(validation)], how, quiet) if validation else None
    model = _learn(corpus, held, values, quiet)
    model.save(output)
    if not quiet:
        _summary(model, output, time.monotonic() - began)


def _refuse_overwriting(output: Path, inputs: list[str]) -> None:
    for name in inputs:
        if name != "-" and Path(name).exists() and output.exists() and Path(name).samefile(output):
            raise OutputError(f"{output} is one of the inputs; name another file with -o")


def _read(files: list[str], how: Reading, quiet: bool) -> Corpus:
    corpus = read_corpus(files, reading=how)
    for note in corpus.notes:
        say(note, quiet=quiet)
    return corpus


def _learn(corpus: Corpus, held: Corpus | None, values: dict[str, Any], quiet: bool) -> "Model":
    from textcnn.estimator import TextCNNClassifier

    several = any(len(own) != 1 for own in (*corpus.labels, *(held.labels if held else ())))
    _remark(corpus, quiet)
    classifier = TextCNNClassifier(**values)
    with _Interruption() as interruption, _Display(classifier.epochs, quiet) as display:

        def watch(row: "Step | Epoch | str") -> bool:
            display.show(row)
            return interruption.wanted

        classifier.fit(
            corpus.texts,
            _labels(corpus, several),
            validation=(held.texts, _labels(held, several)) if held else None,
            watch=watch,
        )
    return classifier.model_


def _labels(corpus: Corpus, several: bool) -> list[Any]:
    return list(corpus.labels) if several else [own[0] for own in corpus.labels]


def _remark(corpus: Corpus, quiet: bool) -> None:
    """Refuse what cannot be learned, and say what is only strange."""
    counts: dict[str, int] = {}
    for own in corpus.labels:
        for label in own:
            counts[label] = counts.get(label, 0) + 1
    if len(counts) < 2:
        only = "".join(repr(label) for label in counts) or "none at all"
        raise DataError(f"the texts have a single label, {only}: there is nothing to tell apart")
    if not any(text.strip() for text in corpus.texts):
        raise TrainingError("all texts are empty: there is no word to learn from")
    empty = sum(not text.strip() for text in corpus.texts)
    if empty:
        say(f"{empty} of {len(corpus.texts)} texts are empty", quiet=quiet)
    single = [label for label, count in counts.items() if count == 1]
    if single:
        names = ", ".join(map(repr, single[:5])) + (" ..." if len(single) > 5 else "")
        say(f"only one example of {names}: learned from, but it cannot be validated", quiet=quiet)
    say(f"{len(corpus.texts)} texts, {len(counts)} labels", quiet=quiet)


class _Interruption:
    """Ctrl-C once asks training to end with the best so far; twice leaves at once."""

    def __init__(self) -> None:
        self.wanted = False

    def __enter__(self) -> "_Interruption":
        self._before = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.wanted:
            raise KeyboardInterrupt
        self.wanted = True
        say("\nstopping: the best weights so far are kept; Ctrl-C again leaves at once and keeps the old model")


class _Display:
    """Live progress on a terminal, a line for each epoch elsewhere."""

    def __init__(self, epochs: int, quiet: bool) -> None:
        self.quiet, self.epochs = quiet, epochs
        self.live: Progress | None = None
        self.task: TaskID | None = None

    def __enter__(self) -> "_Display":
        if not self.quiet and is_terminal(sys.stderr):
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self.live = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=20),
                TextColumn("{task.percentage:>3.0f} %"),
                TimeRemainingColumn(compact=True),
                console=console(sys.stderr),
                transient=True,
            )
            self.live.start()
            self.task = self.live.add_task("reading words", total=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live is not None:
            self.live.stop()

    def show(self, row: "Step | Epoch | str") -> None:
        """Show a step, an epoch or a note."""
        if isinstance(row, str):
            self._line(row)
            return
        from textcnn.training.loop import Step

        if isinstance(row, Step):
            self._step(row)
        else:
            self._line(_epoch_line(row))
            if row.note:
                self._line(row.note)

    def _step(self, row: "Step") -> None:
        if self.live is not None and self.task is not None:
            done = (row.epoch - 1) * row.batches + row.batch
            self.live.update(
                self.task,
                description=f"epoch {row.epoch} of at most {self.epochs}, loss {row.loss:.3f}",
                total=self.epochs * row.batches,
                completed=done,
            )

    def _line(self, text: str) -> None:
        if self.quiet:
            return
        if self.live is not None:
            self.live.console.print(text, markup=False)
        else:
            say(text)


def _epoch_line(row: "Epoch") -> str:
    mark = "  best so far" if row.best else ""
    return (
        f"epoch {row.epoch:2}  loss {row.loss:.4f}  validation loss {row.validation_loss:.4f}"
        f"  score {row.score:.4f}  {row.seconds:.1f} s{mark}"
    )


def _summary(model: "Model", output: Path, seconds: float) -> None:
    """A small table of classes, and what to try next."""
    figures = model.figures["validation"]
    shown = console(sys.stderr)
    made = table("label", "precision", "recall", "F1", "texts")
    per_label = sorted(figures["labels"].items(), key=lambda item: -item[1]["support"])
    for label, score in per_label[:20]:
        numbers = [f"{score[name]:.3f}" for name in ("precision", "recall", "f1")]
        made.add_row(label, *numbers, str(score["support"]))
    shown.print(made)
    low, high = figures["accuracy_interval"]
    if len(per_label) > 20:
        say(f"... and {len(per_label) - 20} labels more: textcnn inspect {output}")
    say(f"accuracy {figures['accuracy']:.3f} ({low:.3f} to {high:.3f}) on {figures['count']} texts held out")
    say(f"{output}: {output.stat().st_size / 1e6:.1f} MB, trained in {seconds:.0f} s")
    name = "" if output == Path("model.textcnn") else f" -m {output}"
    say(f"try: textcnn predict{name} 'your text'")
