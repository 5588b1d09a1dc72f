"""`textcnn inspect`: what a model is."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from textcnn.cli.console import console
from textcnn.cli.evaluate import Format
from textcnn.cli.options import ModelPath

__all__ = ["inspect"]


def inspect(
    path: Annotated[Path | None, typer.Argument(metavar="[MODEL]", help="The model; else that of --model.")] = None,
    model: ModelPath = Path("model.textcnn"),
    format: Annotated[Format, typer.Option(help="Lines, or one JSON object.")] = Format.pretty,
) -> None:
    """Say what a model is: labels, settings, sizes, and how good it was when it was made."""
    summary = _summary(path or model)
    if format is Format.json:
        typer.echo(json.dumps(summary, ensure_ascii=False))
        return
    shown = console(sys.stdout)
    for name, value in summary.items():
        shown.print(f"{name.replace('_', ' '):<14}{_plain(value)}", markup=False)


def _summary(path: Path) -> dict[str, Any]:
    from textcnn.modelfile import FORMAT, Model

    model = Model.load(path)
    weights = [
        array.size
        for member in model.members
        for array in (
            *member.network.filters,
            *member.network.biases,
            *(each for pair in member.network.layers for each in pair),
        )
    ]
    return {
        "model": str(path),
        "format": FORMAT,
        "version": model.version,
        "bytes": path.stat().st_size,
        "labels": list(model.labels),
        "several_labels": model.several,
        "networks": len(model.members),
        "words": len(model.vocabulary),
        "dimensions": int(model.static.values.shape[1]),
        "weights": sum(weights),
        "temperature": model.temperature,
        "fingerprint": model.fingerprint,
        "settings": model.settings,
        "figures": model.figures,
    }


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "\n" + "\n".join(f"  {name.replace('_', ' '):<22}{_short(each)}" for name, each in value.items())
    return _short(value)


def _short(value: Any) -> str:
    """Numbers rounded, long lists cut."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(each)}" for name, each in value.items() if not isinstance(each, dict))
    if isinstance(value, (list, tuple)):
        cut = [_short(each) for each in value[:12]]
        return ", ".join(cut) + (f" ... ({len(value)})" if len(value) > 12 else "")
    return str(value)
