"""`--report`: the page that train and evaluate write, from what they have at hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from textcnn.cli.display.console import say
from textcnn.cli.outputs import PAGE, refuse_foreign
from textcnn.errors import OutputError
from textcnn.storage.atomic import check_writable, real_path

__all__ = ["ReportPath", "check_page", "put_page", "refuse_overwriting"]

ReportPath = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE.html", help="Write a page to look at: one file, no network."),
]


def refuse_overwriting(output: Path, inputs: Sequence[str], option: str) -> None:
    """An error if the output, which an option names, is one of the inputs, or lies in a label's folder of one."""
    target = real_path(output)
    for given in (real_path(file) for name in inputs if name != "-" for file in _files(name)):
        if given.is_dir() and given in target.parent.parents:
            raise OutputError(f"{output} would lie among the texts of {given.name}; name another place with {option}")
        if target.exists() and given.exists() and given.samefile(target):
            raise OutputError(f"{output} is one of the inputs; name another file with {option}")


def _files(name: str) -> list[Path]:
    """The file of this name, or those that it is a pattern for."""
    from textcnn.corpus.input_files import is_pattern, matching_files

    return matching_files(name) if is_pattern(name) else [Path(name)]


def check_page(page: Path | None, inputs: Sequence[str], model: Path | None = None) -> None:
    """An error, before anything takes time, if the page could not be written, or would take the place of the model."""
    if page is None:
        return
    check_writable(page)
    refuse_overwriting(page, inputs, "--report")
    refuse_foreign(page, PAGE)
    if model is not None and real_path(page) == real_path(model):
        raise OutputError(f"{page} is where the model goes; name another file with --report")


def put_page(path: Path, text: str, *, quiet: bool) -> None:
    """Write the page and say how large it is."""
    from textcnn.report import write_page

    write_page(path, text)
    say(f"{path}: a page of {path.stat().st_size / 1e3:.0f} kB, open it in a browser", quiet=quiet)
