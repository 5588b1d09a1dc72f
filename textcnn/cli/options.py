"""Options that several commands share, and the options of `train` that are made from the settings."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import Field
from functools import wraps
from inspect import Parameter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from textcnn.corpus import FORMATS, Reading
from textcnn.errors import SettingsError
from textcnn.settings import check, checked, describe_limits, each_setting
from textcnn.storage.regular import open_regular

if TYPE_CHECKING:
    from textcnn.distributed.executor import Executor

__all__ = [
    "ModelPath",
    "Quiet",
    "Ray",
    "Threads",
    "executor_at",
    "is_told",
    "label_hints",
    "settings_from_file",
    "with_reading",
    "with_settings",
]

ModelPath = Annotated[
    Path, typer.Option("-m", "--model", envvar="TEXTCNN_MODEL", metavar="FILE", help="The model.", show_default=True)
]
Threads = Annotated[
    int, typer.Option(metavar="N", min=0, max=256, help="Threads for many texts; 0: as many as there are free cores.")
]
Ray = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS|local", help="Let a Ray cluster do the work: one at an address, or one begun on this machine."
    ),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors and results.")]

_LONGEST_SETTINGS = 1_000_000  # bytes of a file
_HINTS = "label_hints"  # a table in it
_LABELS = ("label_column", "label_separator", "label_prefix")
_WEIGHTS = ("weight_column",)


def _told(name: str, kind: Any, default: Any, option: str, meaning: str, metavar: str | None = None) -> Parameter:
    made = typer.Option(option, metavar=metavar, help=meaning, rich_help_panel="Reading")
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, made])


# What reading can be told; the names are those of the fields of Reading.
_READING = (
    _told(
        "text_column",
        list[str] | None,
        None,
        "--text-column",
        "Column of the text; detected unless given. Several are joined: give it again.",
        "NAME|NUMBER",
    ),
    _told(
        "label_column",
        list[str] | None,
        None,
        "--label-column",
        "Column of the label; detected unless given. Several, of 0 and 1, are labels: a,b,c or give it again.",
        "NAME|NUMBER",
    ),
    _told(
        "rows",
        list[str] | None,
        None,
        "--rows",
        "Read only rows with this value, or one of several, in a column: split=train or split=train,dev.",
        "COLUMN=VALUE",
    ),
    _told(
        "label_separator",
        str | None,
        None,
        "--label-separator",
        "What separates labels in a field; detected unless given.",
        "TEXT",
    ),
    _told("format", str, "auto", "--input-format", f"One of {', '.join(FORMATS)}.", "FORMAT"),
    _told("encoding", str, "utf-8", "--encoding", "Encoding of the text.", "NAME"),
    _told("delimiter", str | None, None, "--delimiter", "What separates columns; detected unless given.", "CHARACTER"),
    _told("quotes", bool | None, None, "--quotes/--no-quotes", "Whether quotes enclose fields; detected unless given."),
    _told(
        "header", bool | None, None, "--header/--no-header", "Whether there is a line of names; detected unless given."
    ),
    _told("skip_lines", int, 0, "--skip-lines", "Lines above the header to leave out.", "N"),
    _told("label_prefix", str | None, None, "--label-prefix", "What marks fastText labels; __label__.", "TEXT"),
    _told(
        "weight_column",
        str | None,
        None,
        "--weight-column",
        "Column of numbers that say how much each text counts; all count the same unless given.",
        "NAME|NUMBER",
    ),
    _told("skip_bad_rows", bool, False, "--skip-bad-rows", "Leave out rows that cannot be read, and count them."),
)


def with_reading(*, labels: bool, weights: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Replace the parameter `how` of a command by the options for reading, those about labels only if they matter.

    So it is with the option about weights.
    """
    left_out = (*(() if labels else _LABELS), *(() if weights else _WEIGHTS))
    made = [_named(each) for each in _READING if each.name not in left_out]

    def expand(command: Callable[..., None]) -> Callable[..., None]:
        return _expanded(command, "how", made, _reading)

    return expand


def _named(parameter: Parameter) -> Parameter:
    """An option whose parameter cannot be taken for one of the command's own, such as `format`."""
    return parameter.replace(name=f"reading_{parameter.name}")


def _reading(given: Mapping[str, Any]) -> Reading:
    values = {name.removeprefix("reading_"): value for name, value in given.items()}
    for name in ("text_column", "label_column"):
        if told := values.pop(name, None):
            values[name] = told[0] if len(told) == 1 else tuple(told)
    return Reading(**{**values, "rows": _rows(values["rows"] or [])})


def _rows(told: list[str]) -> dict[str, list[str]] | None:
    """Columns and the values that are wanted in them. A value with a comma stands in quotes, as in CSV."""
    import csv

    rows: dict[str, list[str]] = {}
    for each in told:
        name, equals, values = each.partition("=")
        if not (name.strip() and equals):
            raise SettingsError(f"--rows takes COLUMN=VALUE, such as split=train, not {each!r}")
        rows.setdefault(name.strip(), []).extend(next(csv.reader([values], skipinitialspace=True), [""]))
    return rows or None


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the parameter `settings` of a command by an option for each setting; those given arrive as a dict."""
    return _expanded(command, "settings", [_option(each) for each in each_setting()], _parsed)


def _expanded(
    command: Callable[..., None], name: str, made: list[Parameter], collect: Callable[[Mapping[str, Any]], Any]
) -> Callable[..., None]:
    """The same command with one parameter replaced by several, whose values are collected into it."""
    signature = inspect.signature(command, eval_str=True)
    own = [parameter for parameter in signature.parameters.values() if parameter.name != name]
    names = {parameter.name for parameter in made}

    @wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> None:
        given = {each: options.pop(each) for each in names & options.keys()}
        command(*arguments, **{name: collect(given)}, **options)

    keyword = [own[0], *(parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in [*own[1:], *made])]
    wrapped.__signature__ = signature.replace(parameters=keyword)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in keyword}
    return wrapped


def _option(setting: "Field[Any]") -> Parameter:
    """An option of this name; its default is shown, but only a value that was given counts."""
    default: Any = setting.default
    limits, meaning = describe_limits(setting.metadata["limits"]), setting.metadata["help"]
    listed = isinstance(default, tuple)
    shown = ",".join(map(str, default)) if listed else f"{default:g}" if isinstance(default, float) else str(default)
    kind: Any = str if listed else type(default)
    option = typer.Option(
        f"--{setting.name.replace('_', '-')}",
        help=f"{meaning[0].upper()}{meaning[1:]} ({limits}; default {shown or 'none'}).".replace("(; ", "("),
        show_default=False,
        metavar="LIST" if listed else {int: "NUMBER", float: "NUMBER", str: "TEXT"}[kind],
        rich_help_panel=setting.metadata["group"],
    )
    return Parameter(setting.name, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option])


def _parsed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Options that were given, lists of numbers taken apart and everything checked."""
    listed = {each.name for each in each_setting() if isinstance(each.default, tuple)}
    values = {
        name: _numbers(name, value) if name in listed else value for name, value in given.items() if value is not None
    }
    check(values)
    return values


def _numbers(name: str, text: str) -> tuple[int, ...]:
    if text.strip() == "none":  # as the help says it
        return ()
    try:
        return tuple(int(number) for number in text.replace(" ", ",").split(",") if number)
    except ValueError as error:
        raise SettingsError(f"{name} must be numbers with commas between them, not {text!r}") from error


def executor_at(address: str | None) -> "Executor | None":
    """The cluster that does the work; None if none is asked for.

    Raises:
        WorkerError: there is no Ray, or no such cluster.
    """
    if address is None:
        return None
    from textcnn.cli.streams import keep_for_results
    from textcnn.distributed.ray import RayExecutor

    executor = RayExecutor(address)
    keep_for_results()
    return executor


def is_told(context: typer.Context, name: str) -> bool:
    """Whether an option stands in the command."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def settings_from_file(path: Path) -> dict[str, Any]:
    """Read settings from a TOML file; the table of hints is none.

    Raises:
        SettingsError: it is not there, not TOML, or has an unknown or unfit setting.
    """
    values = {name.replace("-", "_"): value for name, value in _toml(path).items()}
    values.pop(_HINTS, None)
    return checked(values)


def label_hints(path: Path | None, settings_file: Path | None) -> dict[str, str]:
    """What labels mean, in words: the table [label_hints] of these files, or all of the first; its hints win.

    Raises:
        SettingsError: a file is not there, or not TOML, or a hint is no text.
    """
    hints: dict[str, str] = {}
    for file in filter(None, (settings_file, path)):
        values = _toml(file)
        table = values.get(_HINTS, values if file is path else {})
        if not _is_words(table):
            raise SettingsError(f'{file}: each label hint must be words, such as spam = "advertisements, prizes"')
        hints |= table
    return hints


def _toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        with open_regular(path) as file:
            text = file.read(_LONGEST_SETTINGS + 1)
        if len(text) > _LONGEST_SETTINGS:
            raise ValueError(f"it is longer than {_LONGEST_SETTINGS:,} bytes")
        values = tomllib.loads(text.decode())
    except RecursionError as error:
        raise SettingsError(f"cannot read the settings {path}: it is nested too deeply") from error
    except (OSError, ValueError) as error:  # not TOML, not UTF-8, or a number of thousands of digits
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"cannot read the settings {path}: {reason}") from error
    return values


def _is_words(values: Any) -> bool:
    return isinstance(values, dict) and all(isinstance(said, str) and said.strip() for said in values.values())
