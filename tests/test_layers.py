"""Imports point down. The order of the layers is the order of this list; nobody imports from above."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

import textcnn

PACKAGE = Path(textcnn.__file__).parent
LAYERS = [
    {"__main__"},
    {"cli"},
    {"report", "estimator", "labelling"},
    {"checks", "crossvalidation"},
    {"training", "serve"},
    {"prediction"},
    {"answers", "distributed", "encoder"},
    {"insight"},
    {"vectors", "model"},
    {"text", "evaluation"},
    {"corpus", "labels", "settings", "storage"},
    {"compiled", "errors", "requirements", "version"},
]
HEIGHT = {module: -number for number, layer in enumerate(LAYERS) for module in layer}
# A module is named as in another package where it shows, speeds up or trains what that one holds.
MIRRORS = ("cli", "compiled", "training")
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
NAME = re.compile(r"textcnn(\.\w+)+")


def module(path: Path) -> str:
    """Full name of a file's module; that of a package for its `__init__`."""
    return ".".join(("textcnn", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


MODULES = {module(path) for path in FILES}


@cache
def nodes(path: Path) -> list[ast.AST]:
    """All that a file's code consists of."""
    return [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]


@cache
def imports(path: Path) -> list[str]:
    """Full names that a file imports."""
    return names_of(nodes(path))


def names_in(code: str) -> list[str]:
    """Full names that code imports."""
    return names_of(ast.walk(ast.parse(code)))


def names_of(nodes: Iterable[ast.AST]) -> list[str]:
    """Full names that parts of code import, see `imported`."""
    return [name.removeprefix("cython.cimports.") for node in nodes for name in imported(node)]


def imported(node: ast.AST) -> list[str]:
    """Names that a statement imports, in functions and for type checkers too; or that a string could.

    Each string that is the name of a module counts as its import, and one with a gap as that of everything that fits.
    """
    match node:
        case ast.Import(names):
            return [name.name for name in names]
        case ast.ImportFrom(source, names, level):
            assert not level, "imports are absolute"
            return [f"{source}.{name.name}" for name in names]
        case ast.Constant(str(text)) if NAME.fullmatch(text):
            return [text]
        case ast.JoinedStr([ast.Constant(str(text)), *_]) if text.startswith("textcnn."):
            return sorted(name for name in MODULES if re.fullmatch(re.escape(text) + r"\w+", name))
        case ast.Call(ast.Name("import_module" | "__import__") | ast.Attribute(attr="import_module"), [name, *_]):
            assert isinstance(name, ast.Constant | ast.JoinedStr), "a module that is imported by name is named there"
    return []


def home(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def what_is_wrong(name: str, importer: str) -> str | None:
    """What is wrong with importing this name in a package or a module of the top, if anything is."""
    top, _, rest = name.partition(".")
    other = rest.split(".")[0]
    if top != "textcnn" or other == importer:
        return None
    if not rest:
        return "`import textcnn` runs up: the package's face knows everything"
    if other not in HEIGHT:
        return f"{name} is the package's face; import from where it lives"
    return None if HEIGHT[other] < HEIGHT[importer] else f"{importer} must not import {other}"


def test_imports_point_down() -> None:
    found = {
        f"{path.relative_to(PACKAGE)}: {what_is_wrong(name, home(path))}" for path in FILES for name in imports(path)
    }
    assert sorted(line for line in found if not line.endswith(": None")) == []


@pytest.mark.parametrize(
    ("name", "importer", "wrong"),
    [
        ("textcnn.text.tokens", "model", None),
        ("textcnn.model.bank", "model", None),
        ("numpy.linalg", "model", None),
        ("textcnn.cli.train", "model", "model must not import cli"),
        ("textcnn.model.bank", "vectors", "vectors must not import model"),  # of the same height
        ("textcnn", "model", "`import textcnn` runs up: the package's face knows everything"),
        ("textcnn.fit", "cli", "textcnn.fit is the package's face; import from where it lives"),
    ],
)
def test_only_lower_layers_may_be_imported(name: str, importer: str, wrong: str | None) -> None:
    assert what_is_wrong(name, importer) == wrong


def test_every_module_has_a_layer() -> None:
    assert {home(path) for path in FILES} == set(HEIGHT)


def test_imports_by_every_way_are_seen() -> None:
    code = {
        "import textcnn.cli.train": ["textcnn.cli.train"],
        "from textcnn import cli": ["textcnn.cli"],
        "def f():\n    from textcnn.cli import train": ["textcnn.cli.train"],
        "importlib.import_module('textcnn.cli.train')": ["textcnn.cli.train"],
        "__import__(f'textcnn.vectors.{name}')": sorted(
            name for name in MODULES if name.startswith("textcnn.vectors.")
        ),
        "home = 'textcnn.cli.train'": ["textcnn.cli.train"],
        "from cython.cimports.textcnn.compiled.prefetch import prefetch": ["textcnn.compiled.prefetch.prefetch"],
        "raise ImportError('textcnn.cli.train is not there')": [],
    }
    for line, names in code.items():
        assert names_in(line) == names, line
    for line in ("from . import train", "import_module(name)", "importlib.import_module('textcnn.' + name)"):
        with pytest.raises(AssertionError):
            names_in(line)


def test_no_circle_of_imports() -> None:
    arrows = {}
    for path in FILES:
        heads = {name if name in MODULES else name.rpartition(".")[0] for name in imports(path)}
        arrows[module(path)] = (heads & MODULES) - {module(path)}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join([*above, name])
        if name not in done:
            for head in sorted(arrows[name]):
                visit(head, (*above, name))
            done.add(name)

    for name in sorted(arrows):
        visit(name, ())


def test_each_library_is_imported_by_its_packages_only() -> None:
    homes = {
        "torch": {"training"},
        "gensim": {"vectors"},
        "platformdirs": {"vectors"},
        "typer": {"cli"},
        "rich": {"cli"},
        "prompt_toolkit": {"cli"},
        "scipy": {"training", "insight", "evaluation", "crossvalidation", "labelling"},
        "sklearn": {"evaluation", "estimator", "report", "crossvalidation", "training"},
        "ftfy": {"checks"},
        "py3langid": {"checks"},
        "matplotlib": {"report"},
        "jinja2": {"report", "serve"},
        "starlette": {"serve", "labelling"},
        "uvicorn": {"serve"},
        "anyio": {"serve", "labelling"},
        "h11": {"serve"},
        "msgspec": {"serve", "labelling"},
        "prometheus_client": {"serve"},
        "pyarrow": {"corpus", "model", "prediction"},
        "ray": {"distributed"},
        "sentence_transformers": {"training"},
    }
    for path in FILES:
        for name in imports(path):
            allowed = homes.get(name.split(".")[0])
            assert allowed is None or home(path) in allowed, f"{name} in {path}"


def test_class_names_are_unique() -> None:
    where = defaultdict(set)
    for path in FILES:
        for node in nodes(path):
            if isinstance(node, ast.ClassDef):
                where[node.name].add(str(path.relative_to(PACKAGE)))
    assert {name: places for name, places in where.items() if len(places) > 1} == {}


def test_module_names_recur_in_mirrors_only() -> None:
    where = defaultdict(set)
    for path in FILES:
        if path.stem != "__init__":
            where[path.stem].add(home(path) if home(path) in MIRRORS else str(path.relative_to(PACKAGE)))
    recurring = {name: places - set(MIRRORS) for name, places in where.items()}
    assert {name: places for name, places in recurring.items() if len(places) > 1} == {}


def test_public_names_are_what_they_are_called() -> None:
    for name in textcnn.__all__:
        found = getattr(textcnn, name)
        assert name == "__version__" or found.__name__ == name
    with pytest.raises(AttributeError, match="no attribute"):
        textcnn.nothing  # noqa: B018


def test_no_file_is_longer_than_24_kB() -> None:
    assert [path.name for path in FILES if path.stat().st_size > 24_000] == []
