# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Convolution by look-up with max pooling, and its gradient.

What is computed: training/network/convolution.py; for answers, model/network.py. The layout of slices and maps:
model/bank.py; a width's slices and maps begin here where those of the width before end.

Nothing is checked here: sizes and numbers are the callers' business.

Shapes: T tokens in B texts, U distinct words, d dimensions; F filters of each width, C slices, M maps.
"""

import cython
from cython.cimports.libc.stdint import int32_t, int64_t
from cython.cimports.textcnn.compiled.prefetch import prefetch

if not cython.compiled:
    raise ImportError("textcnn.compiled.convolution was not compiled")

Real = cython.fused_type(cython.float, cython.double)
_AHEAD = cython.declare(cython.Py_ssize_t, 4)  # windows; their rows are on the way while this one is added up


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _sum_up(out: cython.pointer(Real), row: cython.pointer(Real), count: cython.Py_ssize_t) -> cython.void:
    f: cython.Py_ssize_t
    for f in range(count):
        out[f] += row[f]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _respond(
    table: cython.pointer(Real),
    slices: cython.Py_ssize_t,
    words: cython.pointer(int32_t),
    width: cython.Py_ssize_t,
    filters: cython.Py_ssize_t,
    out: cython.pointer(Real),
) -> cython.void:
    """Add up the responses of the words of a whole window: the first `width` of `words`, each to its own slice."""
    f: cython.Py_ssize_t
    j: cython.Py_ssize_t
    one: cython.pointer(Real) = table + words[0] * slices
    two: cython.pointer(Real)
    three: cython.pointer(Real)
    if width == 1:
        for f in range(filters):
            out[f] = one[f]
        return
    two = table + words[1] * slices + filters
    if width == 2:
        for f in range(filters):
            out[f] = one[f] + two[f]
        return
    three = table + words[2] * slices + 2 * filters
    for f in range(filters):
        out[f] = one[f] + two[f] + three[f]
    for j in range(3, width):
        _sum_up(out, table + words[j] * slices + j * filters, filters)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _respond_at_the_edge(
    table: cython.pointer(Real),
    slices: cython.Py_ssize_t,
    words: cython.pointer(int32_t),
    offset: cython.Py_ssize_t,
    count: cython.Py_ssize_t,
    filters: cython.Py_ssize_t,
    out: cython.pointer(Real),
) -> cython.void:
    """The same for a window that hangs over: `count` words, the first of which meets slice `offset`."""
    f: cython.Py_ssize_t
    j: cython.Py_ssize_t
    for f in range(filters):
        out[f] = 0
    for j in range(count):
        _sum_up(out, table + words[j] * slices + (offset + j) * filters, filters)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _fetch(
    table: cython.pointer(Real),
    slices: cython.Py_ssize_t,
    words: cython.pointer(int32_t),
    width: cython.Py_ssize_t,
    filters: cython.Py_ssize_t,
) -> cython.void:
    """Ask for what `_respond` will add up: waiting for a table that is in no cache takes longer than adding."""
    j: cython.Py_ssize_t
    f: cython.Py_ssize_t
    for j in range(width):
        for f in range(0, filters, 16):  # 16 floats are a line of the cache
            prefetch(table + words[j] * slices + j * filters + f)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pool(
    table: cython.pointer(Real),
    slices: cython.Py_ssize_t,
    words: cython.pointer(int32_t),
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
    width: cython.Py_ssize_t,
    filters: cython.Py_ssize_t,
    best: cython.pointer(Real),
    at: cython.pointer(int32_t),
    found: cython.pointer(Real),
) -> cython.void:
    """Filters of one width over one text; `table` begins at their slices. Without `at` no places are kept."""
    f: cython.Py_ssize_t
    first: cython.Py_ssize_t
    low: cython.Py_ssize_t
    high: cython.Py_ssize_t
    place: int32_t
    for f in range(filters):
        best[f] = 0
    if at != cython.NULL:
        for f in range(filters):
            at[f] = cython.cast(int32_t, start)
    for first in range(start - width + 1, stop):
        if start <= first + _AHEAD <= stop - width:
            _fetch(table, slices, words + first + _AHEAD, width, filters)
        low, high = max(first, start), min(first + width, stop)
        if high - low == width:
            _respond(table, slices, words + first, width, filters, found)
        else:
            _respond_at_the_edge(table, slices, words + low, low - first, high - low, filters, found)
        if first == start - width + 1:
            for f in range(filters):
                best[f] = found[f]
            if at != cython.NULL:
                for f in range(filters):
                    at[f] = cython.cast(int32_t, first)
        elif at == cython.NULL:
            for f in range(filters):
                best[f] = found[f] if found[f] > best[f] else best[f]
        else:
            place = cython.cast(int32_t, first)
            for f in range(filters):
                at[f] = place if found[f] > best[f] else at[f]
                best[f] = found[f] if found[f] > best[f] else best[f]


def pool_max(
    table: Real[:, ::1],
    words: int32_t[::1],
    starts: int64_t[::1],
    widths: int64_t[::1],
    filters: cython.Py_ssize_t,
    texts: tuple,
    best: Real[:, ::1],
    at: int32_t[:, ::1],
    room: Real[::1],
):
    """The largest response of each filter in each text, and the place of its window's first word.

    Args:
        table: (U, C) responses of words to slices.
        words: (T,) rows of the table; at least one, which need not be of any text.
        starts: (B + 1,) where texts begin.
        widths: of the filters.
        filters: of each width, F.
        texts: the first text and the one after the last.
        best: (B, M) is filled; an empty text has zeros.
        at: (B, M) is filled, places among `words`, of which those outside of the text are empty; (0, 0) if not wanted.
        room: (F,) to compute in.
    """
    text: cython.Py_ssize_t
    begin: cython.Py_ssize_t = texts[0]
    end: cython.Py_ssize_t = texts[1]
    number: cython.Py_ssize_t
    slices: cython.Py_ssize_t
    keep: cython.bint = at.shape[0] > 0
    with cython.nogil:
        for text in range(begin, end):
            slices = 0
            for number in range(widths.shape[0]):
                _pool(
                    cython.address(table[0, slices]),
                    table.shape[1],
                    cython.address(words[0]),
                    starts[text],
                    starts[text + 1] if starts[text + 1] > starts[text] else starts[text] - widths[number] + 1,
                    widths[number],
                    filters,
                    cython.address(best[text, number * filters]),
                    cython.address(at[text, number * filters]) if keep else cython.NULL,
                    cython.address(room[0]),
                )
                slices += widths[number] * filters


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _add(
    total: cython.pointer(Real), weight: Real, vector: cython.pointer(Real), count: cython.Py_ssize_t
) -> cython.void:
    i: cython.Py_ssize_t
    for i in range(count):
        total[i] += weight * vector[i]


def gradient(
    given: Real[:, ::1],
    at: int32_t[:, ::1],
    words: int32_t[::1],
    starts: int64_t[::1],
    widths: int64_t[::1],
    filters: cython.Py_ssize_t,
    vectors: Real[:, ::1],
    weight: Real[:, ::1],
    to_vectors: cython.bint,
):
    """Gradients of slices w and of the words e that they met in windows with the largest response.

    Args:
        given: (M, B) gradient of the pooled responses; zero where the ReLU or dropout blocks it.
        at: (M, B) places of the windows, see `pool_max`.
        words: (T,), as there.
        starts: (B + 1,), as there.
        widths: as there.
        filters: as there.
        vectors: (U, d), of the words, or their gradient.
        weight: (C, d), of the slices, or their gradient.
        to_vectors: which of the two is the gradient and is added to: e += given · w, or else w += given · e.
    """
    number: cython.Py_ssize_t
    f: cython.Py_ssize_t
    offset: cython.Py_ssize_t
    text: cython.Py_ssize_t
    map: cython.Py_ssize_t
    place: cython.Py_ssize_t
    slices: cython.Py_ssize_t = 0
    slice_: cython.pointer(Real)
    word: cython.pointer(Real)
    with cython.nogil:
        for number in range(widths.shape[0]):
            for f in range(filters):
                map = number * filters + f
                for offset in range(widths[number]):
                    slice_ = cython.address(weight[slices + offset * filters + f, 0])
                    for text in range(given.shape[1]):
                        place = at[map, text] + offset
                        if given[map, text] != 0 and starts[text] <= place < starts[text + 1]:
                            word = cython.address(vectors[words[place], 0])
                            if to_vectors:
                                _add(word, given[map, text], slice_, weight.shape[1])
                            else:
                                _add(slice_, given[map, text], word, weight.shape[1])
            slices += widths[number] * filters
