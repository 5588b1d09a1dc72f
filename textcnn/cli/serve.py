"""`textcnn serve`: models answer over HTTP."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from textcnn.cli.display.console import one_line, say
from textcnn.cli.options import Quiet, Threads
from textcnn.errors import SettingsError
from textcnn.storage.regular import open_regular

__all__ = ["serve"]

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_SHORTEST_TOKEN, _LONGEST_TOKEN = 16, 1000


def serve(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[[NAME=]MODEL]...", help="Models, called as their files unless named; else model.textcnn."
        ),
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen; 0.0.0.0: everywhere.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="0: any that is free.")] = 8000,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Answer only who sends the token in this file, as bearer token.")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A name under which the server is asked; give it again.")
    ] = None,
    max_body: Annotated[
        int, typer.Option(metavar="MB", min=1, max=1000, help="Longest body of a request, in megabytes.")
    ] = 10,
    max_texts: Annotated[int, typer.Option(metavar="N", min=1, help="Most texts of a request.")] = 10_000,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Answer over HTTP: the same as predict --format jsonl, for any number of programs at a time.

    A model file that changes is taken up without a pause. Ctrl-C or SIGTERM stops it when all that was asked is
    answered. The page at / is to try texts, the one at /docs says how programs ask.
    """
    files = _files(models or [os.environ.get("TEXTCNN_MODEL", "model.textcnn")])
    token = _token(token_file) if token_file else ""
    from textcnn.serve.access import Access
    from textcnn.serve.app import RequestLimits, create_app
    from textcnn.serve.models import ModelStore
    from textcnn.serve.server import bound_socket, run_server

    store = ModelStore(files, threads)
    app = create_app(
        store,
        limits=RequestLimits(max_body * 1_000_000, max_texts),
        access=Access(hosts=[host, *(allow_host or ())], token=token),
    )
    # after the application, which counts a change: who reads of it finds it counted
    store.callbacks.append(lambda change: say(f"{change.name}: {change.message}", quiet=quiet and change.taken))
    listener = bound_socket(host, port)
    if not token and host not in _LOOPBACK:
        say("whoever reaches this machine can ask; --token-file lets in only those who know a token")
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{listener.getsockname()[1]}"
    run_server(app, listener, started=lambda: say(f"{', '.join(files)} at {address}", quiet=quiet), say=say)


def _files(models: Iterable[str]) -> dict[str, Path]:
    """Files by the names of their models."""
    files: dict[str, Path] = {}
    for model in models:
        name, equals, path = model.partition("=")
        if not equals or Path(model).exists():
            name, path = Path(model).stem, model
        if not name or not path:
            raise SettingsError(f"a model is given as FILE or NAME=FILE, not {model!r}")
        if name in files:
            raise SettingsError(f"two models are called {name!r}; call one otherwise: NAME={path}")
        files[name] = Path(path)
    return files


def _token(path: Path) -> str:
    """The token in a file, which others should not be able to read."""
    try:
        with open_regular(path) as file:
            token = file.read(_LONGEST_TOKEN + 2).decode("ascii").strip()
            mode = os.fstat(file.fileno()).st_mode
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"cannot read a token from {path}: {reason}") from error
    if not _SHORTEST_TOKEN <= len(token) <= _LONGEST_TOKEN or not token.isprintable() or " " in token:
        raise SettingsError(
            f"{path} holds no token: one word of {_SHORTEST_TOKEN} characters or more; make one with: "
            f"openssl rand -hex 32 > {one_line(str(path))}"
        )
    if os.name == "posix" and mode & 0o077:
        say(f"others can read {path}; to keep the token secret: chmod 600 {path}")
    return token
