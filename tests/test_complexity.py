"""No function has many ways through it: radon counts branches, loops, boolean operators and conditional expressions."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from radon.complexity import cc_visit
from radon.visitors import Class, Function

import textcnn

PACKAGE = Path(textcnn.__file__).parent
MOST = 10
# Loops for the compiler, where a call costs more than a branch.
LOOPS = {PACKAGE / "compiled" / f"{name}.py" for name in ("adam", "convolution", "linear", "words")}
FILES = sorted(set(PACKAGE.rglob("*.py")) - LOOPS)


def functions(blocks: Iterable[Function | Class]) -> Iterator[Function]:
    """Functions and methods, those of inner classes too."""
    for block in blocks:
        if isinstance(block, Class):
            yield from functions([*block.methods, *block.inner_classes])
        else:
            yield block


def test_no_function_is_complex() -> None:
    found = {path: functions(cc_visit(path.read_text(encoding="utf-8"))) for path in FILES}
    assert [
        f"{path.relative_to(PACKAGE)}: {function.fullname} has {function.complexity}"
        for path, in_file in found.items()
        for function in in_file
        if function.complexity > MOST
    ] == []


def test_the_loops_are_there() -> None:
    assert [path.name for path in sorted(LOOPS) if not path.exists()] == []


def test_boolean_operators_and_conditional_expressions_count() -> None:
    (function,) = functions(cc_visit("def f(a, b, c):\n    return a if a and b or c else b"))
    assert function.complexity == 4
