# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Look-ups with max pooling in whole numbers of two bytes, for answers; see model/rounding.py.

The layout of slices and maps: model/bank.py; a width's slices and maps begin here where those of the width before end.

Nothing is checked here: sizes and numbers are the callers' business.

Shapes: T tokens in B texts, U distinct words, d dimensions; F filters of each width, C slices, M maps.
"""

import cython
from cython.cimports.libc.stdint import int8_t, int16_t, int32_t, int64_t
from cython.cimports.textcnn.compiled.prefetch import prefetch

if not cython.compiled:
    raise ImportError("textcnn.compiled.whole was not compiled")

_AHEAD = cython.declare(cython.Py_ssize_t, 4)  # windows; their rows are on the way while this one is added up


def longest_row(values: cython.const[int8_t][:, ::1], scales: cython.const[cython.float][::1]):
    """The square of the length of the longest row: (V, d) bytes, each row in units of its own of (V,)."""
    row: cython.Py_ssize_t
    i: cython.Py_ssize_t
    total: int32_t
    length: cython.double
    longest: cython.double = 0
    one: cython.pointer(cython.const[int8_t])
    with cython.nogil:
        for row in range(values.shape[0]):
            one = cython.address(values[row, 0])
            total = 0
            for i in range(values.shape[1]):
                total += cython.cast(int16_t, one[i]) * cython.cast(int16_t, one[i])
            length = cython.cast(cython.double, scales[row]) * scales[row] * total
            longest = length if length > longest else longest
    return longest


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _keep_one(best: cython.pointer(int16_t), one: cython.pointer(int16_t), count: cython.Py_ssize_t) -> cython.void:
    """The larger of what there is and the responses of one word."""
    f: cython.Py_ssize_t
    for f in range(count):
        best[f] = one[f] if one[f] > best[f] else best[f]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _keep_two(
    best: cython.pointer(int16_t),
    one: cython.pointer(int16_t),
    two: cython.pointer(int16_t),
    count: cython.Py_ssize_t,
) -> cython.void:
    f: cython.Py_ssize_t
    found: int16_t
    for f in range(count):
        found = cython.cast(int16_t, one[f] + two[f])
        best[f] = found if found > best[f] else best[f]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _keep_three(
    best: cython.pointer(int16_t),
    one: cython.pointer(int16_t),
    two: cython.pointer(int16_t),
    three: cython.pointer(int16_t),
    count: cython.Py_ssize_t,
) -> cython.void:
    f: cython.Py_ssize_t
    found: int16_t
    for f in range(count):
        found = cython.cast(int16_t, one[f] + two[f] + three[f])
        best[f] = found if found > best[f] else best[f]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _keep_four(
    best: cython.pointer(int16_t),
    one: cython.pointer(int16_t),
    two: cython.pointer(int16_t),
    three: cython.pointer(int16_t),
    four: cython.pointer(int16_t),
    count: cython.Py_ssize_t,
) -> cython.void:
    f: cython.Py_ssize_t
    found: int16_t
    for f in range(count):
        found = cython.cast(int16_t, one[f] + two[f] + three[f] + four[f])
        best[f] = found if found > best[f] else best[f]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _sum_up(sums: cython.pointer(int16_t), row: cython.pointer(int16_t), count: cython.Py_ssize_t) -> cython.void:
    f: cython.Py_ssize_t
    for f in range(count):
        sums[f] = cython.cast(int16_t, sums[f] + row[f])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _fetch(row: cython.pointer(int16_t), slices: cython.Py_ssize_t) -> cython.void:
    """Ask for a row that will be added up: waiting for a table that is in no cache takes longer than adding."""
    f: cython.Py_ssize_t
    for f in range(0, slices, 32):  # 32 numbers are a line of the cache
        prefetch(row + f)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _slice(
    table: cython.pointer(int16_t),
    slices: cython.Py_ssize_t,
    words: cython.pointer(int32_t),
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
    place: cython.Py_ssize_t,
    nothing: cython.pointer(int16_t),
) -> cython.pointer(int16_t):
    """The responses of the word at a place to the slices where `table` begins; of a place beyond the text nothing."""
    return table + words[place] * slices if start <= place < stop else nothing


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pool(
    table: cython.pointer(int16_t),
    slices: cython.Py_ssize_t,
    words: cython.pointer(int32_t),
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
    width: cython.Py_ssize_t,
    filters: cython.Py_ssize_t,
    best: cython.pointer(int16_t),
    sums: cython.pointer(int16_t),
    nothing: cython.pointer(int16_t),
) -> cython.void:
    """Filters of one width over one text; `table` begins at their slices, `best` has what responses have to exceed."""
    first: cython.Py_ssize_t
    j: cython.Py_ssize_t
    f: cython.Py_ssize_t
    one: cython.pointer(int16_t)
    two: cython.pointer(int16_t)
    three: cython.pointer(int16_t)
    four: cython.pointer(int16_t)
    if stop == start:
        _keep_one(best, nothing, filters)
        return
    for first in range(start - width + 1, stop):
        if start <= first + width - 1 + _AHEAD < stop:
            _fetch(table + words[first + width - 1 + _AHEAD] * slices, width * filters)
        one = _slice(table, slices, words, start, stop, first, nothing)
        if width == 1:
            _keep_one(best, one, filters)
            continue
        two = _slice(table + filters, slices, words, start, stop, first + 1, nothing)
        if width == 2:
            _keep_two(best, one, two, filters)
            continue
        three = _slice(table + 2 * filters, slices, words, start, stop, first + 2, nothing)
        if width == 3:
            _keep_three(best, one, two, three, filters)
            continue
        four = _slice(table + 3 * filters, slices, words, start, stop, first + 3, nothing)
        if width == 4:
            _keep_four(best, one, two, three, four, filters)
            continue
        for f in range(filters):
            sums[f] = cython.cast(int16_t, one[f] + two[f] + three[f] + four[f])
        for j in range(4, width):
            _sum_up(sums, _slice(table + j * filters, slices, words, start, stop, first + j, nothing), filters)
        _keep_one(best, sums, filters)


def pool_whole(
    table: int16_t[:, ::1],
    words: int32_t[::1],
    starts: int64_t[::1],
    widths: int64_t[::1],
    bias: int16_t[::1],
    room: int16_t[:, ::1],
    features: cython.double[:, ::1],
):
    """The features of each text: the largest response of each filter, its bias added, and nothing below zero.

    Args:
        table: (U, C) responses of words to slices, so small that a window's sum is within two bytes.
        words: (T,) rows of the table; at least one, which need not be of any text.
        starts: (B + 1,) where texts begin.
        widths: of the filters.
        bias: (M,), of which none is the least number of two bytes.
        room: (3, F) to compute in; the last row is zeros and stays so.
        features: (B, M) is filled; an empty text has no response.
    """
    text: cython.Py_ssize_t
    number: cython.Py_ssize_t
    f: cython.Py_ssize_t
    filters: cython.Py_ssize_t = room.shape[1]
    slices: cython.Py_ssize_t
    best: cython.pointer(int16_t) = cython.address(room[0, 0])
    of_width: cython.pointer(int16_t)
    out: cython.pointer(cython.double)
    with cython.nogil:
        for text in range(features.shape[0]):
            slices = 0
            for number in range(widths.shape[0]):
                of_width = cython.address(bias[number * filters])
                for f in range(filters):  # max(response + bias, 0) = max(response, -bias) + bias
                    best[f] = cython.cast(int16_t, -of_width[f])
                _pool(
                    cython.address(table[0, slices]),
                    table.shape[1],
                    cython.address(words[0]),
                    starts[text],
                    starts[text + 1],
                    widths[number],
                    filters,
                    best,
                    cython.address(room[1, 0]),
                    cython.address(room[2, 0]),
                )
                out = cython.address(features[text, number * filters])
                for f in range(filters):
                    out[f] = cython.cast(int32_t, best[f]) + cython.cast(int32_t, of_width[f])
                slices += widths[number] * filters
