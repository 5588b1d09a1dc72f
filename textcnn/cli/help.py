"""Help as plain text: what is grouped stays grouped, no name of an option is ever cut, in 60 columns neither.

It needs no markup, hence no rich, and looks the same on a terminal, in a pipe, and in every version of typer.
"""

import re
from collections.abc import Iterable
from typing import Any

from typer.core import TyperCommand, TyperGroup

__all__ = ["HelpCommand", "HelpGroup"]

_NARROW = 76  # columns below which long names of options get a line of their own
# Limits of numbers as typer writes them, and as people do.
_RANGES = ((r"([\d.]+)<=x<=([\d.]+)", r"\1 to \2"), (r"x>=([\d.]+)", r"\1 or more"))


class HelpCommand(TyperCommand):
    """A command whose help is grouped."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write usage, what it does, arguments, groups of options, and an example."""
        _write(self, ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments that are left; a usage error if an option with one value is given twice."""
        given = list(args)
        left = super().parse_args(ctx, args)
        _refuse_repeated(self, ctx, given)
        return left


class HelpGroup(TyperGroup):
    """The program, whose help lists its commands."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write usage, what it does, options, commands, and an example."""
        _write(self, ctx, formatter)


def _refuse_repeated(command: Any, ctx: Any, given: list[str]) -> None:
    """Raise if an option that takes one value is given more than once, or a flag is switched both on and off."""
    order = command.make_parser(ctx).parse_args(args=list(given))[2]
    for option in dict.fromkeys(order):
        if option.param_type_name != "option" or option.multiple or option.count or order.count(option) < 2:
            continue
        name = max(option.opts, key=len)
        if not option.is_flag:
            ctx.fail(f"Option {name} is given {order.count(option)} times, but takes one value")
        if set(given).intersection(option.opts) and set(given).intersection(option.secondary_opts):
            ctx.fail(f"Options {name} and {option.secondary_opts[0]} contradict each other")


def _write(command: Any, ctx: Any, formatter: Any) -> None:
    arguments = [each for each in command.get_params(ctx) if each.param_type_name == "argument"]
    commands = [(name, each.help.split("\n\n")[0]) for name, each in getattr(command, "commands", {}).items()]
    named = ["COMMAND ..."] if commands else [each.metavar for each in arguments]
    formatter.write_usage(ctx.command_path, " ".join(["[OPTIONS]", *named]))
    _paragraph(formatter, command.help)
    _section(formatter, "Commands", commands)
    _section(formatter, "Arguments", [(each.metavar, each.help) for each in arguments])
    for name, rows in _options(command, ctx).items():
        _section(formatter, name, rows)
    _paragraph(formatter, command.epilog)


def _options(command: Any, ctx: Any) -> dict[str, list[tuple[str, str]]]:
    """Names and meanings of the options, by group; those of no group come first."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for each in command.get_params(ctx):
        record = each.get_help_record(ctx) if each.param_type_name == "option" else None
        if record is not None:
            groups.setdefault(each.rich_help_panel or "Options", []).append(_record(each, record))
    return groups


def _record(option: Any, record: tuple[str, str]) -> tuple[str, str]:
    """Options of one character stand first, those without one are indented to stand below the long names."""
    names, meaning = record
    for formula, words in _RANGES:
        meaning = re.sub(formula, words, meaning)
    return (names if any(len(name) == 2 for name in option.opts) else f"    {names}", meaning)


def _section(formatter: Any, name: str, rows: Iterable[tuple[str, str]]) -> None:
    if rows := list(rows):
        with formatter.section(name):
            formatter.write_dl(rows, col_max=30 if formatter.width >= _NARROW else 20)


def _paragraph(formatter: Any, text: str | None) -> None:
    if text:
        formatter.write_paragraph()
        formatter.write_text(text)
