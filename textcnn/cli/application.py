"""The program `textcnn`: its commands, and what becomes of errors."""

import gc
import os
import signal
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer

from textcnn.cli.display.console import one_line, say
from textcnn.cli.help import HelpCommand, HelpGroup
from textcnn.cli.streams import prepare_streams
from textcnn.errors import SettingsError, TextcnnError
from textcnn.version import __version__

__all__ = ["COMMANDS", "main", "program", "run"]

_STOPPED = 130
# Where click's exceptions are at home depends on the version of typer; that this one is a usage error does not.
_UsageError: Any = typer.BadParameter.__base__

# Each is in a module of its name; its example stands at the end of its help.
COMMANDS = {
    "train": "textcnn train spam.csv -o spam.textcnn",
    "evaluate": "textcnn evaluate test.csv --errors 10",
    "predict": "tail -f mail.log | textcnn predict --only spam",
    "serve": "textcnn serve spam.textcnn topics=models/ag.textcnn",
    "inspect": "textcnn inspect model.textcnn",
    "cv": "textcnn cv train.csv --baseline",
    "check": "textcnn check train.csv --against test.csv",
    "drift": "textcnn drift model.textcnn today.csv",
    "label": "textcnn label tickets.csv --labels bug,billing,other -o tickets.textcnn",
    "vectors": "textcnn vectors nearest film",
}


def program(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The program with these commands: importing all of them takes a while, and one is enough to answer."""
    app = typer.Typer(
        name="textcnn",
        cls=HelpGroup,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
        invoke_without_command=True,
        rich_markup_mode=None,
    )
    app.callback(epilog="Example: textcnn train spam.csv && textcnn predict 'free entry, text WIN now'")(_root)
    for name in names:
        module = import_module(f"textcnn.cli.{name}")
        made = getattr(module, f"{name}_app", None) or getattr(module, name)
        if isinstance(made, typer.Typer):
            app.add_typer(made)
        else:
            app.command(cls=HelpCommand, epilog=f"Example: {COMMANDS[name]}")(made)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"textcnn {__version__}")
        raise typer.Exit


def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Learn to classify texts from examples, quickly, and answer in the shell."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)


def main() -> NoReturn:
    """The program, from the arguments of the process to its exit code."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `textcnn predict | head` ends quietly
    prepare_streams()
    # NumPy's own threads would wait for each other at products as small as ours; compiled/threads.py has its own way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code = run(sys.argv[1:])
        code = code if code == _STOPPED else _flushed(code)
    except KeyboardInterrupt:  # once more, while that is said, or the last is written, where nobody reads
        code = _STOPPED
    if code == _STOPPED:
        # Threads of libraries must not hold up the end, nor print tracebacks into it.
        os._exit(_STOPPED)
    gc.freeze()  # the end of a process frees all there is; to look through it for garbage first takes a while
    sys.exit(code)


def _flushed(code: int) -> int:
    """The exit code, once all is written, or cannot be; the interpreter would try again, and complain by itself."""
    try:
        sys.stdout.flush()
    except OSError as error:
        code = code or _explained(error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def run(arguments: list[str]) -> int:
    """Run one command; every error becomes one line on standard error, and an exit code."""
    names = arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS
    try:
        code = program(names)(args=arguments, prog_name="textcnn", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:
        code = _explained(error)
    if code == _STOPPED:
        say("textcnn: stopped")
    return code or 0


def _explained(error: BaseException) -> int:
    """Say what went wrong, in one line; the exit code."""
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        return _STOPPED
    say(f"textcnn: {one_line(_message(error))}")
    return 2 if isinstance(error, (_UsageError, SettingsError)) else 1


def _message(error: BaseException) -> str:
    """What to say of an error; one of the program itself is raised again if its traceback is asked for."""
    if isinstance(error, _UsageError):
        return _usage(error)
    if isinstance(error, TextcnnError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        from textcnn.requirements import advice

        return advice(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    if isinstance(error, OSError):
        return f"the system says: {error.strerror or error}{f': {error.filename}' if error.filename else ''}"
    if os.environ.get("TEXTCNN_TRACEBACK"):
        raise error
    return f"a fault of textcnn itself: {type(error).__name__}: {error} (TEXTCNN_TRACEBACK=1 shows where)"


def _usage(error: Any) -> str:
    command = error.ctx.command_path if error.ctx else "textcnn"
    is_text = not getattr(error, "option_name", "--").startswith("--") and command.endswith("predict")
    dash = "; -- goes before texts that begin with a dash" if is_text else ""
    return f"{error.format_message().strip().rstrip('.')}{dash}; see {command} -h"
