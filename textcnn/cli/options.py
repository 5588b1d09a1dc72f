"""Options that several commands share, and the options of `train` that are made from the settings."""

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import Field
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from textcnn.corpus import FORMATS, Reading
from textcnn.errors import SettingsError
from textcnn.settings import check, describe_limits, each_setting

__all__ = [
    "Delimiter",
    "Encoding",
    "Header",
    "InputFormat",
    "LabelColumn",
    "LabelSeparator",
    "ModelPath",
    "Quiet",
    "SkipBadRows",
    "TextColumn",
    "reading",
    "settings_from_file",
    "with_settings",
]

_READING = "Reading"

ModelPath = Annotated[
    Path, typer.Option("-m", "--model", envvar="TEXTCNN_MODEL", metavar="FILE", help="The model.", show_default=True)
]
TextColumn = Annotated[
    str, typer.Option(metavar="NAME|NUMBER", help="Column of the text; found by itself.", rich_help_panel=_READING)
]
LabelColumn = Annotated[
    str, typer.Option(metavar="NAME|NUMBER", help="Column of the label; found by itself.", rich_help_panel=_READING)
]
LabelSeparator = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help="What separates several labels in a field.", rich_help_panel=_READING),
]
InputFormat = Annotated[
    str,
    typer.Option("--input-format", metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.", rich_help_panel=_READING),
]
Encoding = Annotated[str, typer.Option(metavar="NAME", help="Encoding of the text.", rich_help_panel=_READING)]
Delimiter = Annotated[
    str, typer.Option(metavar="CHARACTER", help="What separates columns; found by itself.", rich_help_panel=_READING)
]
Header = Annotated[
    bool | None,
    typer.Option("--header/--no-header", help="Whether there is a line of names.", rich_help_panel=_READING),
]
SkipBadRows = Annotated[
    bool,
    typer.Option(
        "--skip-bad-rows", help="Leave out rows that cannot be read, and count them.", rich_help_panel=_READING
    ),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors and results.")]


def reading(
    *,
    input_format: str = "auto",
    encoding: str = "utf-8",
    delimiter: str = "",
    header: bool | None = None,
    text_column: str = "",
    label_column: str = "",
    label_separator: str | None = None,
    skip_bad_rows: bool = False,
) -> Reading:
    """What reading is told; a column that is a number counts from 1."""
    return Reading(
        format=input_format,
        encoding=encoding,
        delimiter=delimiter or None,
        header=header,
        text_column=_column(text_column),
        label_column=_column(label_column),
        label_separator=label_separator,
        skip_bad_rows=skip_bad_rows,
    )


def _column(name: str) -> str | int | None:
    return int(name) if name.isdecimal() else name or None


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the parameter `settings` of a command by an option for each setting; those given arrive as a dict."""
    signature = inspect.signature(command, eval_str=True)
    own = [parameter for parameter in signature.parameters.values() if parameter.name != "settings"]
    made = [_option(each) for each in each_setting()]
    names = {parameter.name for parameter in made}

    @wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> None:
        given = {name: options.pop(name) for name in names & options.keys()}
        command(*arguments, settings=_parsed(given), **options)

    keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in [*own[1:], *made]]
    wrapped.__signature__ = signature.replace(parameters=[own[0], *keyword])  # type: ignore[attr-defined]
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in [own[0], *keyword]}
    return wrapped


def _option(setting: "Field[Any]") -> inspect.Parameter:
    """An option of this name; its default is shown, but only a value that was given counts."""
    default: Any = setting.default
    limits, meaning = describe_limits(setting.metadata["limits"]), setting.metadata["help"]
    listed = isinstance(default, tuple)
    shown = (
        ",".join(map(str, default)) or "none" if listed else f"{default:g}" if isinstance(default, float) else default
    )
    kind: Any = str if listed else type(default)
    option = typer.Option(
        f"--{setting.name.replace('_', '-')}",
        help=f"{meaning[0].upper()}{meaning[1:]} ({limits}; default {shown}).".replace("(; ", "("),
        show_default=False,
        metavar="LIST" if listed else {int: "NUMBER", float: "NUMBER", str: "TEXT"}[kind],
        rich_help_panel=setting.metadata["group"],
    )
    return inspect.Parameter(
        setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
    )


def _parsed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Options that were given, lists of numbers taken apart and everything checked."""
    listed = {each.name for each in each_setting() if isinstance(each.default, tuple)}
    values = {
        name: _numbers(name, value) if name in listed else value for name, value in given.items() if value is not None
    }
    check(values)
    return values


def _numbers(name: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in text.replace(" ", ",").split(",") if number)
    except ValueError as error:
        raise SettingsError(f"{name} must be numbers with commas between them, not {text!r}") from error


def settings_from_file(path: Path) -> dict[str, Any]:
    """Read settings from a TOML file.

    Raises:
        SettingsError: it is not there, not TOML, or has an unknown or unfit setting.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"cannot read the settings {path}: {reason}") from error
    values = {
        name.replace("-", "_"): tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    check(values)
    whole = {each.name for each in each_setting() if type(each.default) in (int, tuple)}
    return {name: _whole(value) if name in whole else value for name, value in values.items()}


def _whole(value: Any) -> Any:
    """Whole numbers that were written 5.0, as TOML allows, and `check` too."""
    return tuple(map(int, value)) if isinstance(value, tuple) else int(value)
