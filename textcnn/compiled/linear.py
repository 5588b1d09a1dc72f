# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The scores of the linear part; see model/linear.py for the formula.

Nothing is checked here: sizes and numbers are the callers' business.
"""

import cython
from cython.cimports.libc.math import sqrt
from cython.cimports.libc.stdint import int32_t, int64_t, uint64_t

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


def linear_scores(
    words: int32_t[::1],
    starts: int64_t[::1],
    texts: tuple,
    sums: cython.float[:, ::1],
    squares: cython.float[::1],
    hashes: uint64_t[::1],
    places: int32_t[::1],
    weights: cython.float[:, ::1],
    idf: cython.float[::1],
    grades: cython.float[::1],
    bits: cython.int,
    salt: uint64_t,
    seen_word: int32_t[::1],
    seen_pair: int32_t[::1],
    out: cython.double[:, ::1],
):
    """Scores of the linear part without its bias; see model/linear.py for the formula.

    Args:
        words: (T,) rows of what follows.
        starts: (B + 1,).
        texts: the first text and the one after the last.
        sums: (U, K) s(w).
        squares: (U,) n(w).
        hashes: (U,) of words.
        places: (2^bits,) the row of each pair's weights, or -1.
        weights: (W, K).
        idf: (2^bits,) of pairs.
        grades: g(c) for each c, up to the longest text.
        bits: of the number of buckets.
        salt: of the hash of a pair.
        seen_word: (U,) zeros, and zeros again afterwards.
        seen_pair: (2^bits,) likewise.
        out: (B, K) is filled.
    """
    text: cython.Py_ssize_t
    begin: cython.Py_ssize_t = texts[0]
    end: cython.Py_ssize_t = texts[1]
    place: cython.Py_ssize_t
    label: cython.Py_ssize_t
    labels: cython.Py_ssize_t = sums.shape[1]
    start: cython.Py_ssize_t
    stop: cython.Py_ssize_t
    word: cython.Py_ssize_t
    row: cython.Py_ssize_t
    bucket: uint64_t
    before: uint64_t
    after: uint64_t
    turn: cython.int
    norm: cython.double
    grade: cython.double
    with cython.nogil:
        for text in range(begin, end):
            start, stop = starts[text], starts[text + 1]
            norm = 0
            for label in range(labels):
                out[text, label] = 0
            for place in range(start, stop):
                seen_word[words[place]] += 1
            for place in range(start, stop):
                word = words[place]
                if seen_word[word]:
                    grade = grades[seen_word[word]]
                    seen_word[word] = 0
                    for label in range(labels):
                        out[text, label] += grade * sums[word, label]
                    norm += grade * grade * squares[word]
            for turn in range(2):  # first counts, then adds up
                before = 1  # stands for the edge
                for place in range(start, stop + 1):
                    after = hashes[words[place]] if place < stop else 1
                    bucket = _pair(before, after, salt, 64 - bits)
                    before = after
                    if turn == 0:
                        seen_pair[bucket] += 1
                    elif seen_pair[bucket]:
                        grade = grades[seen_pair[bucket]]
                        seen_pair[bucket] = 0
                        row = places[bucket]
                        if row >= 0:
                            for label in range(labels):
                                out[text, label] += grade * weights[row, label]
                        norm += grade * grade * (cython.cast(cython.double, idf[bucket]) * idf[bucket])
            for label in range(labels):
                out[text, label] /= sqrt(norm) if norm > 0 else 1
