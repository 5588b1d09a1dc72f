"""Imports point down. The order of the layers is the order of this list; nobody imports from above."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

import textcnn

PACKAGE = Path(textcnn.__file__).parent
LAYERS = [
    {"__main__"},
    {"cli"},
    {"report", "estimator"},
    {"checks"},
    {"training"},
    {"distributed"},
    {"answers"},
    {"insight"},
    {"vectors", "model"},
    {"text", "evaluation"},
    {"corpus", "labels", "settings", "storage"},
    {"compiled", "errors", "version"},
]
HEIGHT = {module: -number for number, layer in enumerate(LAYERS) for module in layer}
# A module is named as in another package where it shows, speeds up or trains what that one holds.
MIRRORS = ("cli", "compiled", "training")
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
MODULES = {".".join(("textcnn", *path.relative_to(PACKAGE).with_suffix("").parts)) for path in FILES}


def imports(path: Path) -> list[str]:
    """Full names that a file imports, in functions and for type checkers too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            found += [f"{node.module}.{name.name}" for name in node.names]
    return found


def home(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top != "textcnn":
            continue
        assert rest, "`import textcnn` runs up: the package's face knows everything"
        other = rest.split(".")[0]
        assert other in HEIGHT, f"{name} is the package's face; import from where it lives"
        assert other == home(path) or HEIGHT[other] < HEIGHT[home(path)], f"{home(path)} must not import {other}"


def test_every_module_has_a_layer() -> None:
    assert {home(path) for path in FILES} == set(HEIGHT)


def test_no_circle_inside_a_package() -> None:
    arrows = {}
    for path in FILES:
        own = ".".join(("textcnn", *path.relative_to(PACKAGE).with_suffix("").parts))
        heads = {name if name in MODULES else name.rpartition(".")[0] for name in imports(path)}
        arrows[own] = {head for head in heads if head in MODULES and head != own}
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, " -> ".join([*above, module])
        if module not in done:
            for head in sorted(arrows[module]):
                visit(head, (*above, module))
            done.add(module)

    for module in sorted(arrows):
        visit(module, ())


def test_heavy_libraries_stay_at_home() -> None:
    homes = {
        "torch": {"training"},
        "gensim": {"vectors"},
        "typer": {"cli"},
        "rich": {"cli"},
        "sklearn": {"evaluation", "estimator", "report"},
        "matplotlib": {"report"},
        "jinja2": {"report"},
    }
    for path in FILES:
        for name in imports(path):
            allowed = homes.get(name.split(".")[0])
            assert allowed is None or home(path) in allowed, f"{name} in {path}"


def test_class_names_are_unique() -> None:
    where = defaultdict(set)
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
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


def test_public_names() -> None:
    for name in textcnn.__all__:
        found = getattr(textcnn, name)
        assert name == "__version__" or found.__name__ == name
    with pytest.raises(AttributeError, match="no attribute"):
        textcnn.nothing  # noqa: B018


def test_no_file_is_long() -> None:
    assert [path.name for path in FILES if path.stat().st_size > 24_000] == []
