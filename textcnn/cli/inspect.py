"""`textcnn inspect`: what a model is, and what it learned."""

import json
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from textcnn.cli.display.console import console, one_line, put
from textcnn.cli.display.interpretation import interpretation_object, show_interpretation
from textcnn.cli.evaluate import Format
from textcnn.cli.options import ModelPath, is_told
from textcnn.errors import SettingsError

if TYPE_CHECKING:
    from textcnn.model.model import Model

__all__ = ["inspect"]


def inspect(
    context: typer.Context,
    path: Annotated[Path | None, typer.Argument(metavar="[MODEL]", help="The model; else that of --model.")] = None,
    model: ModelPath = Path("model.textcnn"),
    format: Annotated[
        Format, typer.Option(metavar="FORMAT", help="pretty (lines), or json (one object).")
    ] = Format.pretty,
    filters: Annotated[int, typer.Option(metavar="N", min=0, help="List the N filters that contribute most.")] = 8,
) -> None:
    """Say what a model is and what it learned: the n-grams that speak for each label, and those of each filter.

    A digit that is shown as 0 stands for any digit.
    """
    from textcnn.model.file import read_model

    if path is not None and is_told(context, "model"):
        raise SettingsError("name the model as an argument or with --model, not both")
    opened = read_model(path or model)
    summary, interpretation = _summary(opened, path or model), opened.interpretation()
    if format is Format.json:
        found = None if interpretation is None else interpretation_object(interpretation, opened.labels)
        put(json.dumps({**summary, "interpretation": found}, ensure_ascii=False) + "\n")
        return
    shown = console(sys.stdout)
    for name, value in summary.items():
        if value is not None:
            shown.print(f"{name.replace('_', ' '):<16}{_plain(value)}")
    if interpretation is None:
        shown.print("n-grams         none were kept (keep_ngrams was off)")
    else:
        show_interpretation(interpretation, opened.labels, multi_label=opened.multi_label, filters=filters)


def _summary(model: "Model", path: Path) -> dict[str, Any]:
    from textcnn.model.file import format_of

    networks = [member.network for member in model.members]
    arrays = [(*network.filters, *network.biases, *chain(*network.layers)) for network in networks]
    return {
        "model": str(path),
        "format": format_of(model),
        "version": model.version,
        "bytes": path.stat().st_size,
        "labels": list(model.labels),
        "multi_label": model.multi_label,
        "networks": len(networks),
        "words": len(model.vocabulary),
        "dimensions": model.static.dimensions,
        "weights": sum(array.size for array in chain(*arrays)),
        "temperature": model.join.temperature,
        "linear_features": 0 if model.linear is None else len(model.linear.buckets),
        "fingerprint": model.fingerprint,
        "reading": _reading(model),
        "settings": model.settings,
        "figures": model.figures,
    }


def _reading(model: "Model") -> dict[str, Any] | None:
    """How the training texts were read, as far as it was told or found."""
    if model.reading is None:
        return None
    return {name: value for name, value in model.reading._asdict().items() if value not in ((), None)}


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"\n  {one_line(name.replace('_', ' ')):<22}  {_short(item)}" for name, item in value.items())
    return _short(value)


def _short(value: Any) -> str:
    """One line: of figures those that are numbers, of a list the first ones, of a list of lists only the length."""
    if isinstance(value, dict):
        figures = [(name.replace("_", " "), item) for name, item in value.items()]
        return ", ".join(f"{one_line(name)} {_one(item)}" for name, item in figures if isinstance(item, (int, float)))
    if isinstance(value, (list, tuple)):
        if any(isinstance(item, (list, dict)) for item in value):
            return f"{len(value)} rows, see --format json"
        return ", ".join(map(_one, value[:12])) + (f" ... ({len(value)})" if len(value) > 12 else "")
    return _one(value)


def _one(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else one_line(str(value)) or '""'
