"""Whether the compiled loops of kernels.py are to be had."""

import os
from functools import lru_cache
from importlib import import_module
from types import ModuleType

__all__ = ["loops"]


@lru_cache
def loops() -> ModuleType | None:
    """The module kernels, or None if it was not compiled, or TEXTCNN_LOOPS=off says so."""
    if os.environ.get("TEXTCNN_LOOPS") == "off":
        return None
    try:
        return import_module("textcnn.kernels")
    except (ImportError, AttributeError):  # the second comes from Cython, where it is installed
        return None
