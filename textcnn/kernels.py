"""The inner loops, compiled by numba: what NumPy and torch would need a pass over memory for at every step.

Each has its counterpart in NumPy or torch (lookup.py, network/responses.py, wide.py, vocabulary.py), which says what it
computes and takes its place where numba is not to be had. They let go of the interpreter's lock, so threads can share
the work; each result is computed by one thread alone, in one order, so it does not depend on the number of threads.

Shapes: T tokens in B texts, U distinct words, d dimensions, F filters of each width, C = sum of h·F slices, M maps.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "find_rows",
    "gradient_of_filters",
    "gradient_of_vectors",
    "number_chunks",
    "place_chunks",
    "pool_max",
    "wide_scores",
    "words_of_chunks",
]

Array = NDArray[Any]
_Function = TypeVar("_Function", bound=Callable[..., Any])


def _compiled(function: _Function) -> _Function:
    """Compile when first called, and keep the code on disk where that is possible."""
    try:
        return cast(_Function, numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # no folder can be written to
        return cast(_Function, numba.njit(nogil=True)(function))


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


@_compiled
def _hash(data: Array, first: int, last: int) -> np.uint64:
    """FNV-1a of some bytes (Fowler, Noll and Vo), spread over all bits."""
    value = np.uint64(0xCBF29CE484222325)
    for place in range(first, last):
        value = (value ^ np.uint64(data[place])) * np.uint64(0x100000001B3)
    return value ^ (value >> np.uint64(29))


@_compiled
def place_chunks(hashes: Array, count: int, slots: Array) -> None:
    """Put chunks into an empty table with open addressing: (n,), (power of two,) filled with their numbers."""
    mask = np.uint64(len(slots) - 1)
    for number in range(count):
        slot = hashes[number] & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = number


@_compiled
def number_chunks(
    data: Array,
    separator: int,
    slots: Array,
    hashes: Array,
    ends: Array,
    letters: Array,
    count: int,
    out: Array,
    starts: Array,
) -> tuple[int, int]:
    """Cut bytes at white space and number the distinct pieces as they come.

    Args:
        data: UTF-8 of the texts, with one separator between two of them.
        separator: a byte that is white space and in no text.
        slots: the table of `place_chunks`, at most half full at the end.
        hashes: (n,) of the chunks.
        ends: (n + 1,) where each ends in `letters`, after a zero.
        letters: the bytes of all chunks.
        count: how many chunks there are.
        out: is filled with the numbers of the chunks of all texts.
        starts: (B + 1,) is filled with where each text begins in `out`.

    Returns:
        how many chunks there are now, and how many numbers in `out`.
    """
    mask = np.uint64(len(slots) - 1)
    found, text, place, size = 0, 0, 0, len(data)
    starts[0] = 0
    while place < size:
        byte = data[place]
        if byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31:
            place += 1
            if byte == separator:
                text += 1
                starts[text] = found
            continue
        first = place
        while place < size and not (data[place] == 32 or 9 <= data[place] <= 13 or 28 <= data[place] <= 31):
            place += 1
        length = place - first
        value = _hash(data, first, place)
        slot = value & mask
        while slots[slot] >= 0:
            other = slots[slot]
            begin = ends[other]
            if hashes[other] == value and ends[other + 1] - begin == length:
                same = True
                for letter in range(length):
                    if letters[begin + letter] != data[first + letter]:
                        same = False
                        break
                if same:
                    break
            slot = (slot + np.uint64(1)) & mask
        if slots[slot] < 0:
            slots[slot], hashes[count] = count, value
            begin = ends[count]
            for letter in range(length):
                letters[begin + letter] = data[first + letter]
            count += 1
            ends[count] = begin + length
        out[found] = slots[slot]
        found += 1
    starts[text + 1 :] = found
    return count, found


@_compiled
def words_of_chunks(
    chunks: Array, starts: Array, firsts: Array, items: Array, most: int, words: Array, begins: Array
) -> None:
    """Put the words of each chunk in its place, at most so many for a text.

    Args:
        chunks: (N,) numbers of chunks.
        starts: (B + 1,) where texts begin among them.
        firsts: (n + 1,) where the words of each chunk begin in `items`.
        items: numbers of words.
        most: words of a text that count.
        words: is filled.
        begins: (B + 1,) is filled with where texts begin in `words`.
    """
    filled = 0
    begins[0] = 0
    for text in range(len(starts) - 1):
        end = filled + most
        for place in range(starts[text], starts[text + 1]):
            chunk = chunks[place]
            for item in range(firsts[chunk], firsts[chunk + 1]):
                if filled < end:
                    words[filled] = items[item]
                    filled += 1
            if filled >= end:
                break
        begins[text + 1] = filled


@_compiled
def find_rows(text: Array, offsets: Array, order: Array, wanted: Array, ends: Array, rows: Array) -> None:
    """Look up words in a vocabulary by binary search; those that are not there get -1.

    Args:
        text: UTF-8 of the vocabulary, see vocabulary.py.
        offsets: (V + 1,).
        order: (V,).
        wanted: UTF-8 of the words, joined.
        ends: (n + 1,) where each ends, after a zero.
        rows: (n,) is filled.
    """
    for number in range(len(rows)):
        first, last = ends[number], ends[number + 1]
        low, high = 0, len(order)
        rows[number] = -1
        while low < high:
            middle = (low + high) // 2
            row = np.int64(order[middle])
            begin, end = np.int64(offsets[row]), np.int64(offsets[row + 1])
            shorter = min(end - begin, last - first)
            place = 0
            while place < shorter and text[begin + place] == wanted[first + place]:
                place += 1
            if place < shorter:
                less = text[begin + place] < wanted[first + place]
            elif end - begin == last - first:
                rows[number] = row
                break
            else:
                less = end - begin < last - first
            if less:
                low = middle + 1
            else:
                high = middle


@_compiled
def wide_scores(
    words: Array,
    starts: Array,
    texts: tuple[int, int],
    sums: Array,
    squares: Array,
    hashes: Array,
    places: Array,
    weights: Array,
    idf: Array,
    grades: Array,
    salt: np.uint64,
    out: Array,
) -> None:
    """Scores of the wide part without its bias; see wide.py for the formula.

    Args:
        words: (T,) rows of what follows.
        starts: (B + 1,).
        texts: the first text and the one after the last.
        sums: (U, K) s(w).
        squares: (U,) n(w).
        hashes: (U,) of words.
        places: (buckets,) the row of each pair's weights, or -1.
        weights: (W, K).
        idf: (buckets,) of pairs.
        grades: g(c) for each c, up to the longest text.
        salt: of the hash of a pair.
        out: (B, K) is filled.
    """
    labels, buckets = sums.shape[1], len(places)
    shift = np.uint64(64)
    while buckets > 1:
        buckets >>= 1
        shift -= np.uint64(1)
    seen_word, seen_pair = np.zeros(len(squares), np.int32), np.zeros(len(places), np.int32)
    total = np.empty(labels, np.float64)
    for text in range(texts[0], texts[1]):
        start, stop = starts[text], starts[text + 1]
        total[:] = 0.0
        norm = 0.0
        for place in range(start, stop):
            seen_word[words[place]] += 1
        for place in range(start, stop):
            word = words[place]
            count = seen_word[word]
            if count:
                seen_word[word] = 0
                grade = np.float64(grades[count])
                for label in range(labels):
                    total[label] += grade * sums[word, label]
                norm += grade * grade * squares[word]
        for turn in range(2):  # counts, then adds up
            before = np.uint64(1)  # the edge
            for place in range(start, stop + 1):
                after = hashes[words[place]] if place < stop else np.uint64(1)
                mixed = ((before * np.uint64(0x100000001B3) + after) ^ salt) * np.uint64(0x9E3779B97F4A7C15)
                mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                bucket = (mixed ^ (mixed >> np.uint64(31))) >> shift
                before = after
                if turn == 0:
                    seen_pair[bucket] += 1
                elif seen_pair[bucket]:
                    grade = np.float64(grades[seen_pair[bucket]])
                    seen_pair[bucket] = 0
                    row = places[bucket]
                    if row >= 0:
                        for label in range(labels):
                            total[label] += grade * weights[row, label]
                    norm += grade * grade * np.float64(idf[bucket]) * np.float64(idf[bucket])
        for label in range(labels):
            out[text, label] = total[label] / np.sqrt(norm if norm > 0 else 1.0)
