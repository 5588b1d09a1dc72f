# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Look-ups with max pooling in whole numbers of two bytes, for answers; see model/rounding.py.

The layout of slices and maps: model/bank.py; a width's slices and maps begin here where those of the width before end.

Nothing is checked here: sizes and numbers are the callers' business.

Shapes: T tokens in B texts, U distinct words, d dimensions; F filters of each width, C slices, M maps.
"""

import cython
from cython.cimports.libc.stdint import int8_t, int16_t, int32_t, int64_t, uint8_t
from cython.cimports.textcnn.compiled.pooling import pool, textcnn_sweep

if not cython.compiled:
    raise ImportError("textcnn.compiled.whole was not compiled")

_AHEAD = cython.declare(cython.Py_ssize_t, 4)  # windows; their rows are on the way while this one is added up


def longest_row(values: cython.const[uint8_t][:, ::1], scales: cython.const[cython.float][::1], halves: cython.bint):
    """The square of the length of the longest row: (V, d) bytes, each row in units of its own of (V,).

    Args:
        values: the bytes, as if they had no sign; of halves there are two in each, (V, d / 2), to be less eight.
        scales: the units.
        halves: whether a number has half a byte.
    """
    row: cython.Py_ssize_t
    i: cython.Py_ssize_t
    low: int16_t
    high: int16_t
    total: int32_t
    length: cython.double
    longest: cython.double = 0
    one: cython.pointer(cython.const[uint8_t])
    with cython.nogil:
        for row in range(values.shape[0]):
            one = cython.address(values[row, 0])
            total = 0
            if halves:
                for i in range(values.shape[1]):
                    low = (one[i] & 15) - 8
                    high = (one[i] >> 4) - 8
                    total += low * low + high * high
            else:
                for i in range(values.shape[1]):
                    low = cython.cast(int8_t, one[i])
                    total += low * low
            length = cython.cast(cython.double, scales[row]) * scales[row] * total
            longest = length if length > longest else longest
    return longest


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
        room: (2, F) to compute in; the last row is zeros and stays so.
        features: (B, M) is filled; an empty text has no response.
    """
    text: cython.Py_ssize_t
    number: cython.Py_ssize_t
    texts: cython.Py_ssize_t = features.shape[0]
    filters: cython.Py_ssize_t = room.shape[1]
    sweep: textcnn_sweep
    following: textcnn_sweep
    with cython.nogil:
        for text in range(texts):
            sweep = textcnn_sweep(
                table=cython.address(table[0, 0]),
                words=cython.address(words[0]) + starts[text],
                count=starts[text + 1] - starts[text],
                width=widths[0],
            )
            for number in range(widths.shape[0]):
                following = textcnn_sweep(
                    table=sweep.table + sweep.width * filters,
                    words=sweep.words,
                    count=sweep.count,
                    width=widths[number + 1] if number + 1 < widths.shape[0] else widths[0],
                )
                if number + 1 == widths.shape[0]:  # then the next text comes
                    following.table, following.words = cython.address(table[0, 0]), sweep.words + sweep.count
                    following.count = starts[texts] - starts[text + 1]
                pool(
                    sweep,
                    following,
                    table.shape[1],
                    filters,
                    _AHEAD,
                    cython.address(bias[number * filters]),
                    cython.address(room[0, 0]),
                    cython.address(room[1, 0]),
                    cython.address(features[text, number * filters]),
                )
                sweep = following
