"""The inner loops, compiled by numba: what NumPy and torch would need a pass over memory for at every step.

Each has its counterpart in NumPy or torch (lookup.py, network/responses.py, wide.py, vocabulary.py), which says what it
computes and takes its place where numba is not to be had. They let go of the interpreter's lock, so threads can share
the work; each result is computed by one thread alone, in one order, so it does not depend on the number of threads.

Shapes: T tokens in B texts, U distinct words, d dimensions, F filters of each width, C = sum of h·F slices, M maps.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["gradient_of_filters", "gradient_of_vectors", "pool_max"]

Array = NDArray[Any]
_Function = TypeVar("_Function", bound=Callable[..., Any])


def _compiled(function: _Function) -> _Function:
    """Compile when first called, and keep the code on disk where that is possible."""
    try:
        made: Any = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no folder can be written to
        made = numba.njit(nogil=True)(function)
    return made


@_compiled
def _keep(found: Array, window: np.int32, value: Array, place: Array) -> None:
    """Take over what is larger than the values so far: (F,) each."""
    for f in range(len(value)):
        more = found[f] > value[f]
        value[f] = found[f] if more else value[f]
        place[f] = window if more else place[f]


@_compiled
def _keep_sum(
    table: Array, words: Array, slices: int, width: int, first: int, window: np.int32, value: Array, place: Array
) -> None:
    """The same for the sum of the responses of two, three or four words, which are all there."""
    count = len(value)
    one = table[words[first], slices : slices + count]
    two = table[words[first + 1], slices + count : slices + 2 * count]
    if width == 2:
        for f in range(count):
            found = one[f] + two[f]
            more = found > value[f]
            value[f] = found if more else value[f]
            place[f] = window if more else place[f]
        return
    three = table[words[first + 2], slices + 2 * count : slices + 3 * count]
    if width == 3:
        for f in range(count):
            found = one[f] + two[f] + three[f]
            more = found > value[f]
            value[f] = found if more else value[f]
            place[f] = window if more else place[f]
        return
    four = table[words[first + 3], slices + 3 * count : slices + 4 * count]
    for f in range(count):
        found = one[f] + two[f] + three[f] + four[f]
        more = found > value[f]
        value[f] = found if more else value[f]
        place[f] = window if more else place[f]


@_compiled
def pool_max(
    table: Array,
    words: Array,
    starts: Array,
    widths: Array,
    filters: int,
    texts: tuple[int, int],
    best: Array,
    at: Array,
) -> None:
    """The largest response of each filter in each text, and the place of its window's first word.

    Args:
        table: (U, C) responses of words, ordered by width, then place in the window, then filter.
        words: (T,) rows of the table.
        starts: (B + 1,) where texts begin.
        widths: of the filters.
        filters: of each width, F.
        texts: the first text and the one after the last.
        best: (B, M) is filled; an empty text has zeros.
        at: (B, M) is filled, places among `words`; those outside of the text count as empty.
    """
    buffer = np.empty(filters, table.dtype)
    for text in range(texts[0], texts[1]):
        start, stop = starts[text], starts[text + 1]
        slices = 0
        for number in range(len(widths)):
            width = widths[number]
            value = best[text, number * filters : (number + 1) * filters]
            place = at[text, number * filters : (number + 1) * filters]
            value[:] = -np.inf if stop > start else 0
            place[:] = start
            for first in range(start - width + 1, stop):
                if first < start or first + width > stop or width > 4:
                    buffer[:] = 0
                    for word in range(max(first, start), min(first + width, stop)):
                        row = table[words[word], slices + (word - first) * filters :]
                        for f in range(filters):
                            buffer[f] += row[f]
                    _keep(buffer, np.int32(first), value, place)
                elif width == 1:
                    _keep(table[words[first], slices : slices + filters], np.int32(first), value, place)
                else:
                    _keep_sum(table, words, slices, width, first, np.int32(first), value, place)
            slices += width * filters


@_compiled
def gradient_of_filters(
    given: Array, at: Array, words: Array, starts: Array, widths: Array, filters: int, vectors: Array, out: Array
) -> None:
    """Add up what reaches each slice: out[c] += given · e, over the words of the windows that won.

    Args:
        given: (M, B) gradient of the pooled responses; zero where the ReLU or dropout lets nothing through.
        at: (M, B) places of the windows, see `pool_max`.
        words: (T,), as there.
        starts: (B + 1,), as there.
        widths: as there.
        filters: as there.
        vectors: (U, d).
        out: (C, d), added to.
    """
    slices = 0
    for number in range(len(widths)):
        for f in range(filters):
            row, place = given[number * filters + f], at[number * filters + f]
            for offset in range(widths[number]):
                total = out[slices + offset * filters + f]
                for text in range(len(row)):
                    word = place[text] + offset
                    if row[text] != 0 and starts[text] <= word < starts[text + 1]:
                        vector, weight = vectors[words[word]], row[text]
                        for i in range(len(total)):
                            total[i] += weight * vector[i]
        slices += widths[number] * filters


@_compiled
def gradient_of_vectors(
    given: Array, at: Array, words: Array, starts: Array, widths: Array, filters: int, weight: Array, out: Array
) -> None:
    """Add up what reaches each word: out[u] += given · w, over the slices that met it in windows that won.

    Args:
        given: as for `gradient_of_filters`, and so are those that follow.
        at: (M, B).
        words: (T,).
        starts: (B + 1,).
        widths: of the filters.
        filters: of each width.
        weight: (C, d) the slices.
        out: (U, d), added to.
    """
    slices = 0
    for number in range(len(widths)):
        for f in range(filters):
            row, place = given[number * filters + f], at[number * filters + f]
            for offset in range(widths[number]):
                slice_ = weight[slices + offset * filters + f]
                for text in range(len(row)):
                    word = place[text] + offset
                    if row[text] != 0 and starts[text] <= word < starts[text + 1]:
                        total, value = out[words[word]], row[text]
                        for i in range(len(slice_)):
                            total[i] += value * slice_[i]
        slices += widths[number] * filters
