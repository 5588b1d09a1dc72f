"""`textcnn label`: from texts without labels to labelled ones, and to a model."""

import json
import secrets
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textcnn.cli.display.console import is_terminal, put, say
from textcnn.cli.options import Quiet, label_hints, with_reading
from textcnn.cli.outputs import MODEL, refuse_foreign
from textcnn.cli.report_option import refuse_overwriting
from textcnn.corpus import Reading
from textcnn.errors import SettingsError
from textcnn.storage.atomic import check_writable, written_whole

if TYPE_CHECKING:
    from textcnn.labelling.pile import Pile
    from textcnn.labelling.session import Session

__all__ = ["label"]

_LABEL, _WHEN, _HOW = "label", "labelled_at", "chosen_by"
_FEW = 5  # labelled texts, below which no model is made of them


@with_reading(labels=True)
def label(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Texts, of which none needs a label.")],
    how: Reading,
    labels: Annotated[
        str | None, typer.Option(metavar="LIST", help="The labels, with commas between them; more can be added.")
    ] = None,
    hints_file: Annotated[
        Path | None,
        typer.Option(
            "--label-hints",
            metavar="FILE.toml",
            help='What labels mean, in words; lines such as bug = "it crashes, an error". They are offered as labels.',
        ),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where labelled texts go: .csv or .jsonl.  [default: NAME.labelled.csv]"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Train a model at the end, and put it here.")
    ] = None,
    show: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Show this column beside each text; may be repeated.")
    ] = None,
    strategy: Annotated[
        str, typer.Option(metavar="NAME", help="Which text next: auto, uncertain, diverse or random.")
    ] = "auto",
    budget: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="End after so many labels in all; of a simulation 200.")
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser", help="Ask on a page in the browser; no text leaves this machine.")
    ] = False,
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="Of the page; 0: any that is free.")] = 0,
    simulate: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Ask nobody: take the answers from this column, and say what they bring."),
    ] = None,
    seeds: Annotated[int, typer.Option(metavar="N", min=1, max=100, help="Repeats of a simulation.")] = 5,
    format: Annotated[
        str, typer.Option(metavar="FORMAT", help="Of a simulation: pretty (a table), or json (one object).")
    ] = "pretty",
    quiet: Quiet = False,
) -> None:
    """Label texts: asks for those that teach most, learns while you answer, and says what more labels would bring.

    What the names of the labels say, or hints, helps as far as the answers bear it out.

    Each answer is on the disk before the next question, in a journal beside the labelled texts; the same command goes
    on where it was. Labels that the input has in --label-column count. Some texts are asked at random, so that the
    accuracy can be told.
    """
    hints = label_hints(hints_file, None)
    if simulate is not None:
        how = how._replace(label_column=simulate)
        _simulate(files, how, hints, strategy, budget or 200, seeds, format, quiet)
        return
    _require_people(files, browser)
    place = write or _beside(files[0])
    _check_outputs(place, output, [*files, *map(str, filter(None, [hints_file]))])
    from textcnn.labelling.journal import Journal
    from textcnn.labelling.session import Session

    pile = _read(files, how, quiet)
    _check_columns(pile, show or [])
    journal = Journal(place.with_suffix(".journal"))
    offered = [*_names(labels), *hints]
    with Session(pile, journal, labels=offered, hints=hints, strategy=strategy, budget=budget) as session:
        _welcome(session, place, quiet)
        try:
            if browser:
                _serve(session, show or [], port)
            else:
                _ask_in_terminal(session, show or [])
        finally:
            _write(session, place)
    _finish(session, place, output, files, how, hints_file, quiet)


# ------------------------------------------------------------------------------------------------------ before it


def _require_people(files: list[str], browser: bool) -> None:
    """An error where nobody could answer, or with a library that is not there."""
    if "-" in files:
        raise SettingsError("standard input is the keyboard here: give the texts in a file")
    if browser:
        return
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise SettingsError("labelling needs a terminal, or --browser; --simulate COLUMN needs neither")
    from textcnn.cli.label_terminal import require_prompt_toolkit

    require_prompt_toolkit()


def _beside(file: str) -> Path:
    """Where labelled texts go if nothing is said: tickets.csv -> tickets.labelled.csv, in the current folder."""
    from textcnn.corpus.lines import PACKED

    name = Path(file).name
    for packed in PACKED:
        name = name.removesuffix(packed)
    suffix = ".jsonl" if name.lower().endswith((".jsonl", ".ndjson", ".json")) else ".csv"
    return Path(f"{Path(name).stem}.labelled{suffix}")


def _check_outputs(place: Path, output: Path | None, files: list[str]) -> None:
    from textcnn.corpus.writer import WRITTEN, written_format

    if written_format(place) is None:
        raise SettingsError(f"--write takes a file whose name ends in {' or '.join(WRITTEN)}, not {place}")
    check_writable(place)
    refuse_overwriting(place, files, "--write")
    if place.exists() and not place.with_suffix(".journal").exists():
        raise SettingsError(f"{place} is there already, and no journal beside it: name another file with --write")
    if output is not None:
        check_writable(output)
        refuse_overwriting(output, [*files, str(place)], "-o")
        refuse_foreign(output, MODEL)


def _names(told: str | None) -> list[str]:
    return [name.strip() for name in (told or "").split(",") if name.strip()]


def _read(files: list[str], how: Reading, quiet: bool) -> "Pile":
    from textcnn.labelling.pile import read_pile

    pile = read_pile(files, how)
    for note in pile.notes:
        say(note, quiet=quiet)
    return pile


def _check_columns(pile: "Pile", shown: list[str]) -> None:
    for name in shown:
        if name not in pile.columns:
            raise SettingsError(f"there is no column {name!r} to show; there is {', '.join(map(repr, pile.columns))}")


def _welcome(session: "Session", place: Path, quiet: bool) -> None:
    if not session.journal.is_new:
        say(f"{place.with_suffix('.journal')}: {len(session.labelled):,} texts are labelled; it goes on", quiet=quiet)
    if session.lost:
        say(f"{session.lost:,} labelled texts are not in the input any more; their labels are kept in the journal")


# ---------------------------------------------------------------------------------------------------- meanwhile


def _ask_in_terminal(session: "Session", shown: list[str]) -> None:
    from textcnn.cli.label_dialog import LabelDialog
    from textcnn.cli.label_terminal import run_dialog

    run_dialog(LabelDialog(session, shown))


def _serve(session: "Session", shown: list[str], port: int) -> None:
    """The page, until it is ended there or by Ctrl-C."""
    try:
        from textcnn.labelling.web import create_label_app
        from textcnn.serve.server import bound_socket, run_server
    except ImportError:
        raise SettingsError("a page in the browser needs a server: pip install 'textcnn[serve]'") from None
    token = secrets.token_urlsafe(18)
    listener = bound_socket("127.0.0.1", port)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/#token={token}"

    def started() -> None:
        say(f"open {address}")
        say("Ctrl-C ends it; every answer is on the disk already")

    app = create_label_app(session, shown, token, end=lambda: signal.raise_signal(signal.SIGINT))
    run_server(app, listener, started=started, say=say)


# ------------------------------------------------------------------------------------------------------- after it


def _write(session: "Session", place: Path) -> None:
    """The labelled texts, whole: the input's own columns, then the label, when it was given, and how it was chosen."""
    from textcnn.corpus.free_names import free_names
    from textcnn.corpus.writer import write_rows, written_format

    columns = session.pile.columns
    free = dict(zip(columns, free_names(columns, (_LABEL, _WHEN, _HOW)), strict=True))
    rows = (
        {free.get(name, name): value for name, value in session.pile.row(row).items()}
        | {_LABEL: given.label, _WHEN: given.when, _HOW: given.how}
        for row, given in session.rows().items()
    )
    with written_whole(place) as file:
        write_rows(file, str(written_format(place)), [*free.values(), _LABEL, _WHEN, _HOW], rows)


def _finish(
    session: "Session",
    place: Path,
    output: Path | None,
    files: list[str],
    how: Reading,
    hints_file: Path | None,
    quiet: bool,
) -> None:
    """Say what there is now, make the model, and say how the rest is classified."""
    from textcnn.labelling.wording import accuracy_so_far, gain_to_come, nothing_left

    progress = session.progress()
    named = [f"{name} {count}" for name, count in progress.counts.items() if count]
    counts = ", ".join(named)
    say(f"{place}: {progress.labelled:,} labelled texts{f' ({counts})' if named else ''}", quiet=quiet)
    if why := nothing_left(session):
        say(why, quiet=quiet)
    if said := accuracy_so_far(progress.advice):
        say(f"{said}; {gain_to_come(progress.advice)}", quiet=quiet)
    if progress.labelled < _FEW or len(named) < 2:
        say("too few labels yet to make a model of them", quiet=quiet)
    elif output is None:
        say("to make a model of them:", quiet=quiet)
        told = [*_columns(session.pile.text_columns), *_beside_labels(files, how), *_hinted(hints_file, session)]
        put(shlex.join(["textcnn", "train", str(place), *told, "-o", "model.textcnn"]) + "\n")
    else:
        _train(place, session, output, quiet)
        say("to classify all:", quiet=quiet)
        put(_to_classify(output, files) + "\n")


def _columns(texts: list[str]) -> list[str]:
    """The options that say which columns are which."""
    return [*(part for name in texts for part in ("--text-column", name)), "--label-column", _LABEL]


def _beside_labels(files: list[str], how: Reading) -> list[str]:
    """The options by which texts without labels teach, too; none where files need options that the labelled do not."""
    told = how._replace(text_column=None, label_column=None) != Reading()
    return [] if told else [part for file in files for part in ("--unlabelled", file)]


def _hinted(file: Path | None, session: "Session") -> list[str]:
    """The option for hints; none where one is for a label that no text has, which training would refuse."""
    return ["--label-hints", str(file)] if file is not None and len(_used(session)) == len(session.hints) else []


def _used(session: "Session") -> dict[str, str]:
    """The hints for labels that texts have."""
    counts = session.progress().counts
    return {label: words for label, words in session.hints.items() if counts[label]}


def _train(place: Path, session: "Session", output: Path, quiet: bool) -> None:
    """As `textcnn train` does it with its defaults; hints, and the texts that have no label yet, teach, too."""
    from textcnn.cli.train import train_beside

    pile = session.pile
    texts = pile.text_columns
    how = Reading(text_column=texts[0] if len(texts) == 1 else tuple(texts), label_column=_LABEL)
    train_beside(str(place), how, pile.texts, _used(session), output, quiet=quiet)


def _to_classify(output: Path, files: list[str]) -> str:
    parts = ["textcnn", "predict", "-m", str(output), "--input", files[0], "--format", "csv"]
    return f"{shlex.join(parts)} > {shlex.quote(f'{Path(files[0]).stem}.answers.csv')}"


# ------------------------------------------------------------------------------------------------------ simulation


def _simulate(
    files: list[str],
    how: Reading,
    hints: dict[str, str],
    strategy: str,
    budget: int,
    seeds: int,
    format: str,
    quiet: bool,
) -> None:
    from textcnn.labelling.simulation import simulate

    if format not in ("pretty", "json"):
        raise SettingsError(f"--format takes pretty or json, not {format!r}")
    pile = _read(files, how, quiet)
    found = simulate(
        pile, budget, strategy=strategy, seeds=seeds, hints=hints, say=lambda doing: say(doing, quiet=quiet)
    )
    if format == "json":
        rows = [row._asdict() for row in found.rows()]
        put(json.dumps({"strategy": strategy, "seeds": seeds, "held_out": found.held_out, "curve": rows}) + "\n")
        return
    from textcnn.cli.display.labelling import show_simulation

    show_simulation(found, strategy)
