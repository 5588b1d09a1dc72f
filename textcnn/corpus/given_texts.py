"""Texts that a program hands over, seen to be texts."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from textcnn.errors import DataError

__all__ = ["each_text", "listed_texts"]


def each_text(texts: Iterable[Any]) -> Iterator[str]:
    """The texts in turn, of which there may be more than memory holds.

    Raises:
        DataError: it is one text or a table, or one of them is no text.
    """
    if isinstance(texts, (str, bytes)):
        raise DataError("a list of texts is expected, not one text; put it into a list")
    if getattr(texts, "ndim", 1) != 1:
        raise DataError("a list of texts is expected, not a table; give the column that holds them")
    for number, text in enumerate(np.asarray(texts) if hasattr(texts, "__array__") else texts):
        if not isinstance(text, str):
            raise DataError(f"texts must be str, but number {number} (from 0) is {type(text).__name__}: {text!r:.60}")
        yield text


def listed_texts(texts: Iterable[Any], *, empty: bool = False) -> list[str]:
    """All of them.

    Raises:
        DataError: as `each_text`; or there are none, if that is not allowed.
    """
    listed = list(each_text(texts))
    if not listed and not empty:
        raise DataError("there are no texts")
    return listed
