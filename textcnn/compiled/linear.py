# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The scores of the linear part; see model/linear.py for the formula.

Nothing is checked here: sizes and numbers are the callers' business.
"""

import cython
from cython.cimports.libc.math import sqrt
from cython.cimports.libc.stdint import int32_t, int64_t, uint32_t, uint64_t
from cython.cimports.textcnn.compiled.prefetch import prefetch

if not cython.compiled:
    raise ImportError("textcnn.compiled.linear was not compiled")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pair(before: uint64_t, after: uint64_t, salt: uint64_t, shift: cython.int) -> uint64_t:
    """The bucket of a pair of words, see model/hashing.py."""
    mixed: uint64_t = before * cython.cast(uint64_t, 0x100000001B3) + after
    mixed = (mixed ^ salt) * cython.cast(uint64_t, 0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> 30)) * cython.cast(uint64_t, 0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> 27)) * cython.cast(uint64_t, 0x94D049BB133111EB)
    return (mixed ^ (mixed >> 31)) >> shift


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _number_pairs(
    words: cython.pointer(int32_t),
    length: cython.Py_ssize_t,
    hashes: cython.pointer(uint64_t),
    pairs: cython.pointer(uint32_t),
    bits: cython.int,
    salt: uint64_t,
    buckets: cython.pointer(int32_t),
) -> cython.void:
    """The bucket of each pair of a text; what is known of it is on the way."""
    place: cython.Py_ssize_t
    before: uint64_t = 1  # stands for the edge
    after: uint64_t
    bucket: uint64_t
    for place in range(length + 1):
        after = hashes[words[place]] if place < length else 1
        bucket = _pair(before, after, salt, 64 - bits)
        before = after
        buckets[place] = cython.cast(int32_t, bucket)
        prefetch(pairs + bucket)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _count(
    items: cython.pointer(int32_t),
    length: cython.Py_ssize_t,
    counts: cython.pointer(int32_t),
    slots: cython.pointer(int32_t),
    mask: cython.Py_ssize_t,
) -> cython.void:
    """How often an item comes, where it comes first, and 0 where it comes again; `slots` are zeros before and after.

    The table is as small as a text, so that it is in the nearest cache.
    """
    place: cython.Py_ssize_t
    slot: cython.Py_ssize_t
    for place in range(length):
        slot = items[place] & mask
        while slots[slot] and items[slots[slot] - 1] != items[place]:
            slot = (slot + 1) & mask
        counts[place] = 0
        if not slots[slot]:
            slots[slot] = cython.cast(int32_t, place + 1)
        counts[slots[slot] - 1] += 1
    for slot in range(mask + 1):
        slots[slot] = 0


def linear_scores(
    words: int32_t[::1],
    starts: int64_t[::1],
    rows: cython.float[:, ::1],
    hashes: uint64_t[::1],
    pairs: uint32_t[::1],
    weights: cython.float[:, ::1],
    grades: cython.float[::1],
    bits: cython.int,
    salt: uint64_t,
    idf_unit: cython.double,
    room: int32_t[:, ::1],
    slots: int32_t[::1],
    out: cython.double[:, ::1],
):
    """Scores of the linear part without its bias; see model/linear.py for the formula.

    Args:
        words: (T,) numbers of words; at least one, which need not be of any text.
        starts: (B + 1,).
        rows: (U, K + 1) s(w), then n(w).
        hashes: (U,) of words.
        pairs: (2^bits,), of each bucket the row of its weights, plus one, times 256, plus its idf in units.
        weights: (W, K).
        grades: g(c) for each c, up to the longest text and one.
        bits: of the number of buckets.
        salt: of the hash of a pair.
        idf_unit: of `pairs`.
        room: (2, length of the longest text and one) to compute in.
        slots: zeros, and zeros again afterwards; a power of two, at least twice the length of the longest text and one.
        out: (B, K) is filled.
    """
    text: cython.Py_ssize_t
    place: cython.Py_ssize_t
    label: cython.Py_ssize_t
    labels: cython.Py_ssize_t = out.shape[1]
    length: cython.Py_ssize_t
    mask: cython.Py_ssize_t
    row: cython.Py_ssize_t
    norm: cython.double
    grade: cython.double
    idf: cython.double
    entry: uint32_t
    of_text: cython.pointer(int32_t)
    of_word: cython.pointer(cython.float)
    items: cython.pointer(int32_t) = cython.address(room[0, 0])
    counts: cython.pointer(int32_t) = cython.address(room[1, 0])
    sums: cython.pointer(cython.double)
    with cython.nogil:
        for text in range(out.shape[0]):
            length = starts[text + 1] - starts[text]
            of_text = cython.address(words[starts[text]]) if length else cython.address(words[0])
            mask = 2
            while mask < 2 * (length + 1):
                mask *= 2
            mask -= 1
            sums, norm = cython.address(out[text, 0]), 0
            for label in range(labels):
                sums[label] = 0
            _number_pairs(of_text, length, cython.address(hashes[0]), cython.address(pairs[0]), bits, salt, items)
            _count(of_text, length, counts, cython.address(slots[0]), mask)
            for place in range(length):
                if counts[place]:
                    grade = grades[counts[place]]
                    of_word = cython.address(rows[of_text[place], 0])
                    for label in range(labels):
                        sums[label] += grade * of_word[label]
                    norm += grade * grade * of_word[labels]
            _count(items, length + 1, counts, cython.address(slots[0]), mask)
            for place in range(length + 1):
                if counts[place]:
                    grade, entry = grades[counts[place]], pairs[items[place]]
                    row = cython.cast(cython.Py_ssize_t, entry >> 8) - 1
                    if row >= 0:
                        for label in range(labels):
                            sums[label] += grade * weights[row, label]
                    idf = (entry & 255) * idf_unit
                    norm += grade * grade * (idf * idf)
            for label in range(labels):
                sums[label] /= sqrt(norm) if norm > 0 else 1
