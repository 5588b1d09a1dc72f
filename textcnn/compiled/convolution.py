# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Convolution by look-up with max pooling, and its gradient; and the mean of filters that see one word.

What is computed: training/network/convolution.py; for answers, model/network.py. The layout of slices and maps:
model/bank.py; a width's slices and maps begin here where those of the width before end.

Nothing is checked here: sizes and numbers are the callers' business.

Shapes: T tokens in B texts, U distinct words, d dimensions; F filters of each width, C slices, M maps.
"""

import cython
from cython.cimports.libc.stdint import int32_t, int64_t
from cython.cimports.textcnn.compiled.prefetch import prefetch
from cython.cimports.textcnn.compiled.wide import (
    add_rows_double,
    add_rows_float,
    keep_larger_double,
    keep_larger_float,
)

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
    one: cython.pointer(Real)
    for f in range(filters):
        best[f] = 0
    if at != cython.NULL:
        for f in range(filters):
            at[f] = cython.cast(int32_t, start - width + 1)
    for first in range(start - width + 1, stop):
        if start <= first + _AHEAD <= stop - width:
            _fetch(table, slices, words + first + _AHEAD, width, filters)
        low, high = max(first, start), min(first + width, stop)
        if at != cython.NULL and first > start - width + 1:
            place = cython.cast(int32_t, first)
            one = table + (low - first) * filters
            if Real is cython.float:
                keep_larger_float(best, at, place, one, slices, words + low, high - low, filters)
            else:
                keep_larger_double(best, at, place, one, slices, words + low, high - low, filters)
            continue
        if high - low == width:
            _respond(table, slices, words + first, width, filters, found)
        else:
            _respond_at_the_edge(table, slices, words + low, low - first, high - low, filters, found)
        if first == start - width + 1:
            for f in range(filters):
                best[f] = found[f]
        else:
            for f in range(filters):
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


def list_gradients(
    given: Real[:, ::1],
    at: int32_t[:, ::1],
    words: int32_t[::1],
    starts: int64_t[::1],
    widths: int64_t[::1],
    filters: cython.Py_ssize_t,
    values: Real[::1],
    met: int32_t[::1],
    ends: int64_t[::1],
):
    """What each slice met in windows with the largest response: a word, and the gradient of their response.

    Args:
        given: (M, B) gradient of the pooled responses; zero where the ReLU or dropout blocks it.
        at: (M, B) places of the windows, see `pool_max`.
        words: (T,), as there.
        starts: (B + 1,), as there.
        widths: as there.
        filters: as there.
        values: (C·B,) is filled, as far as need be, with gradients: those of one slice after those of another.
        met: (C·B,) is filled with the words of each.
        ends: (C + 1,) is filled: slice c has `values[ends[c]:ends[c + 1]]`.
    """
    number: cython.Py_ssize_t
    f: cython.Py_ssize_t
    offset: cython.Py_ssize_t
    text: cython.Py_ssize_t
    map: cython.Py_ssize_t
    place: cython.Py_ssize_t
    slice_: cython.Py_ssize_t = 0
    count: cython.Py_ssize_t = 0
    with cython.nogil:
        ends[0] = 0
        for number in range(widths.shape[0]):
            for offset in range(widths[number]):
                for f in range(filters):
                    map = number * filters + f
                    for text in range(given.shape[1]):
                        place = at[map, text] + offset
                        if given[map, text] != 0 and starts[text] <= place < starts[text + 1]:
                            values[count] = given[map, text]
                            met[count] = words[place]
                            count += 1
                    slice_ += 1
                    ends[slice_] = count


def sort_by_word(
    values: Real[::1],
    met: int32_t[::1],
    ends: int64_t[::1],
    widths: int64_t[::1],
    filters: cython.Py_ssize_t,
    sorted_values: Real[::1],
    slices: int32_t[::1],
    word_ends: int64_t[::1],
):
    """The same list, those of one word after those of another; of one word in the order of filters.

    Args:
        values: see `list_gradients`.
        met: as there.
        ends: as there.
        widths: as there.
        filters: as there.
        sorted_values: (C·B,) is filled.
        slices: (C·B,) is filled with the slice of each.
        word_ends: (U + 1,) zeros, is filled: word u has `sorted_values[word_ends[u]:word_ends[u + 1]]`.
    """
    number: cython.Py_ssize_t
    f: cython.Py_ssize_t
    offset: cython.Py_ssize_t
    slice_: cython.Py_ssize_t
    word: cython.Py_ssize_t
    entry: cython.Py_ssize_t
    slices_before: cython.Py_ssize_t = 0
    count: cython.Py_ssize_t = ends[ends.shape[0] - 1]
    with cython.nogil:
        # Counted one further on, so that each number is where the next of its word goes, and in the end where it ends.
        for entry in range(count):
            if met[entry] + 2 < word_ends.shape[0]:
                word_ends[met[entry] + 2] += 1
        for word in range(2, word_ends.shape[0]):
            word_ends[word] += word_ends[word - 1]
        for number in range(widths.shape[0]):
            for f in range(filters):
                for offset in range(widths[number]):
                    slice_ = slices_before + offset * filters + f
                    for entry in range(ends[slice_], ends[slice_ + 1]):
                        word = word_ends[met[entry] + 1]
                        word_ends[met[entry] + 1] += 1
                        sorted_values[word] = values[entry]
                        slices[word] = cython.cast(int32_t, slice_)
            slices_before += widths[number] * filters


def add_rows(
    total: Real[:, ::1],
    values: Real[::1],
    rows: int32_t[::1],
    ends: int64_t[::1],
    table: Real[:, ::1],
    span: tuple,
):
    """Add weighted sums of rows of a table, each to its row of the total.

    Args:
        total: (N, d) is added to.
        values: weights of the rows.
        rows: which they are.
        ends: (N + 1,): to row n of the total go those from `ends[n]` to `ends[n + 1]`.
        table: (U, d).
        span: the first row of the total and the one after the last.
    """
    row: cython.Py_ssize_t
    begin: cython.Py_ssize_t = span[0]
    end: cython.Py_ssize_t = span[1]
    count: cython.Py_ssize_t
    with cython.nogil:
        for row in range(begin, end):
            count = ends[row + 1] - ends[row]
            if count == 0:
                continue
            if Real is cython.float:
                add_rows_float(
                    cython.address(total[row, 0]),
                    cython.address(values[ends[row]]),
                    cython.address(rows[ends[row]]),
                    count,
                    cython.address(table[0, 0]),
                    table.shape[1],
                )
            else:
                add_rows_double(
                    cython.address(total[row, 0]),
                    cython.address(values[ends[row]]),
                    cython.address(rows[ends[row]]),
                    count,
                    cython.address(table[0, 0]),
                    table.shape[1],
                )


def pool_mean(
    table: cython.float[:, ::1],
    words: int32_t[::1],
    starts: int64_t[::1],
    sums: cython.double[::1],
    features: cython.float[:, ::1],
):
    """The mean response of each filter of width 1 in each text.

    Args:
        table: (U, F) responses of words, nothing below zero.
        words: (T,) rows of the table.
        starts: (B + 1,) where texts begin.
        sums: (F,) to compute in.
        features: (B, F) is filled, but for empty texts.
    """
    text: cython.Py_ssize_t
    token: cython.Py_ssize_t
    f: cython.Py_ssize_t
    filters: cython.Py_ssize_t = table.shape[1]
    last: cython.Py_ssize_t = starts[features.shape[0]]
    row: cython.pointer(cython.float)
    with cython.nogil:
        for text in range(features.shape[0]):
            if starts[text] == starts[text + 1]:
                continue
            for f in range(filters):
                sums[f] = 0
            for token in range(starts[text], starts[text + 1]):
                if token + _AHEAD < last:
                    for f in range(0, filters, 16):
                        prefetch(cython.address(table[words[token + _AHEAD], f]))
                row = cython.address(table[words[token], 0])
                for f in range(filters):
                    sums[f] += row[f]
            for f in range(filters):
                features[text, f] = cython.cast(cython.float, sums[f] / (starts[text + 1] - starts[text]))
