"""The program `textcnn`: its commands, and what becomes of errors."""

import os
import signal
import sys
from typing import Annotated

import typer

import textcnn
from textcnn.cli.evaluate import evaluate
from textcnn.cli.inspect import inspect
from textcnn.cli.predict import predict
from textcnn.cli.train import train
from textcnn.errors import OutputError, SettingsError, TextcnnError

__all__ = ["app", "main"]

app = typer.Typer(
    name="textcnn",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"textcnn {textcnn.__version__}")
        raise typer.Exit


@app.callback(epilog="Example: textcnn train spam.csv && textcnn predict 'free entry, text WIN now'")
def program(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Learn to classify texts from examples, quickly, and answer in the shell."""


app.command(epilog="Example: textcnn train spam.csv -o spam.textcnn")(train)
app.command(epilog="Example: textcnn evaluate test.csv --errors 10")(evaluate)
app.command(epilog="Example: tail -f mail.log | textcnn predict --only spam")(predict)
app.command(epilog="Example: textcnn inspect model.textcnn")(inspect)


def main() -> None:
    """Run the program; every error of ours becomes one line and an exit code."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `textcnn predict | head` ends quietly
    try:
        app(standalone_mode=True)
    except SettingsError as error:
        _leave(str(error), 2)
    except TextcnnError as error:
        _leave(str(error), 1)
    except KeyboardInterrupt:
        _leave("stopped", 130)
    except MemoryError:
        _leave("there is not enough memory for this", 1)
    except OSError as error:
        _leave(str(OutputError(f"the system says: {error}")), 1)


def _leave(message: str, code: int) -> None:
    sys.stderr.write(f"textcnn: {message}\n")
    sys.stderr.flush()
    # Threads of libraries must not hold up the end, nor print tracebacks into it.
    os._exit(code) if code == 130 else sys.exit(code)
