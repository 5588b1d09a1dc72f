"""Whether the compiled loops are available."""

import os
from functools import cache
from importlib import import_module
from types import ModuleType

__all__ = ["loops"]


@cache
def loops(name: str) -> ModuleType | None:
    """A module of this package, or None if it was not compiled, or if TEXTCNN_LOOPS=off."""
    if os.environ.get("TEXTCNN_LOOPS") == "off":
        return None
    try:
        return import_module(f"textcnn.compiled.{name}")
    except (ImportError, AttributeError):  # the second comes from Cython, where it is installed
        return None
