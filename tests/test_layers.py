"""Imports point down. The order of the layers is the order of this list; nobody imports from above."""

import ast
from pathlib import Path

import pytest

import textcnn

PACKAGE = Path(textcnn.__file__).parent
LAYERS = [
    {"__main__"},
    {"cli"},
    {"report"},
    {"estimator", "checks", "comparison"},
    {"training", "explain"},
    {"predictor", "metrics"},
    {"bulk"},
    {"modelfile", "network"},
    {"lookup", "wide", "learned"},
    {"vectors"},
    {"vocabulary", "corpus"},
    {"lexicon"},
    {"tokens", "shading", "tensorfile", "wholefile", "settings", "activity", "targets"},
    {"kernels"},
    {"loops", "crew", "errors"},
]
HEIGHT = {module: -number for number, layer in enumerate(LAYERS) for module in layer}


def imports(path: Path) -> set[str]:
    """Top-level modules of textcnn that a file imports, in functions too; not what is for type checkers only."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("textcnn."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {name.name.split(".")[1] for name in node.names if name.name.startswith("textcnn.")}
    return found


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for other in imports(path) - {own}:
        assert HEIGHT[other] < HEIGHT[own], f"{own} must not import {other}"


def test_torch_gensim_and_rich_stay_at_home() -> None:
    homes = {
        "torch": ("network", "training"),
        "gensim": ("vectors",),
        "typer": ("cli",),
        "rich": ("cli",),
        "sklearn": ("comparison", "estimator", "metrics", "report"),
        "matplotlib": ("report",),
        "jinja2": ("report",),
    }
    for path in FILES:
        own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                home = homes.get(name.split(".")[0])
                assert home is None or own in home, f"{name} in {path}"


def test_public_names() -> None:
    for name in textcnn.__all__:
        assert getattr(textcnn, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute"):
        textcnn.nothing  # noqa: B018


def test_no_file_is_long() -> None:
    assert [path.name for path in FILES if path.stat().st_size > 24_000] == []
