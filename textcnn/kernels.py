# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The inner loops, compiled by Cython when the package is built: what NumPy needs a pass over memory for each time.

Each has its counterpart in NumPy or torch (lookup.py, network/responses.py, wide.py, vocabulary.py, lexicon.py), which
says what it computes and takes its place where there was no compiler. They let go of the interpreter's lock, so threads
can share the work; each result is computed by one thread alone, in one order, so it does not depend on their number.

Nothing is checked here: sizes and numbers are the callers' business.

Shapes: T tokens in B texts, U distinct words, d dimensions, F filters of each width, C = sum of h·F slices, M maps.
"""

import cython
from cython.cimports.libc.math import sqrt, sqrtf
from cython.cimports.libc.stdint import int32_t, int64_t, uint8_t, uint32_t, uint64_t
from cython.cimports.textcnn.prefetch import prefetch

if not cython.compiled:
    raise ImportError("textcnn.kernels was not compiled")

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
    """Add up what the words of a whole window say: the first `width` of `words`, each by its own slice."""
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
        table: (U, C) responses of words, ordered by width, then place in the window, then filter.
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
    """Add up what passes between slices w and the words e that they met in windows that won.

    Args:
        given: (M, B) gradient of the pooled responses; zero where the ReLU or dropout lets nothing through.
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


def adam(
    weight: Real[:, ::1],
    mean: Real[:, ::1],
    square: Real[:, ::1],
    gradient: Real[:, ::1],
    rows: cython.const[int64_t][::1],
    span: tuple,
    keep: cython.double,
    rate: cython.double,
    unbias: cython.double,
    betas: tuple,
    epsilon: cython.double,
):
    """One step of Adam for some rows, all its passes over memory in one; see training/optimizer.py.

    Args:
        weight: (V, d), updated.
        mean: (V, d) of the gradients, updated.
        square: (V, d) of the gradients, updated.
        gradient: (n, d).
        rows: (n,) which rows of the others the gradient is of.
        span: the first and the one after the last of the n.
        keep: what is left of a weight, by its decay.
        rate: the learning rate over what the mean lacks at the start.
        unbias: the square root of what the squares lack at the start.
        betas: of the mean and of the squares.
        epsilon: so that nothing is divided by zero.
    """
    number: cython.Py_ssize_t
    i: cython.Py_ssize_t
    first: cython.Py_ssize_t = span[0]
    last: cython.Py_ssize_t = span[1]
    one: Real = 1 - betas[0]
    two: Real = betas[1]
    rest: Real = 1 - betas[1]
    kept: Real = keep
    step: Real = rate
    scale: Real = 1 / unbias
    small: Real = epsilon
    w: cython.pointer(Real)
    m: cython.pointer(Real)
    v: cython.pointer(Real)
    g: cython.pointer(Real)
    with cython.nogil:
        for number in range(first, last):
            w = cython.address(weight[rows[number], 0])
            m = cython.address(mean[rows[number], 0])
            v = cython.address(square[rows[number], 0])
            g = cython.address(gradient[number, 0])
            for i in range(weight.shape[1]):
                m[i] += (g[i] - m[i]) * one
                v[i] = v[i] * two + g[i] * g[i] * rest
                if Real is cython.float:
                    w[i] = w[i] * kept - m[i] / (sqrtf(v[i]) * scale + small) * step
                else:
                    w[i] = w[i] * kept - m[i] / (sqrt(v[i]) * scale + small) * step


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _blank(byte: uint8_t) -> cython.bint:
    """White space among ASCII, as str.split has it."""
    return byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _hash(data: cython.pointer(uint8_t), length: cython.Py_ssize_t) -> uint64_t:
    """FNV-1a of some bytes (Fowler, Noll and Vo), its upper bits folded in."""
    value: uint64_t = 0xCBF29CE484222325
    place: cython.Py_ssize_t
    for place in range(length):
        value = (value ^ data[place]) * cython.cast(uint64_t, 0x100000001B3)
    return value ^ (value >> 29)


def place_chunks(hashes: uint64_t[::1], count: cython.Py_ssize_t, slots: int32_t[::1]):
    """Put chunks into an empty table with open addressing: (n,), (power of two,) filled with their numbers."""
    mask: uint64_t = slots.shape[0] - 1
    number: cython.Py_ssize_t
    slot: uint64_t
    with cython.nogil:
        for number in range(count):
            slot = hashes[number] & mask
            while slots[slot] >= 0:
                slot = (slot + 1) & mask
            slots[slot] = cython.cast(int32_t, number)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _same(one: cython.pointer(uint8_t), other: cython.pointer(uint8_t), length: cython.Py_ssize_t) -> cython.bint:
    place: cython.Py_ssize_t
    for place in range(length):
        if one[place] != other[place]:
            return False
    return True


def number_chunks(
    data: cython.const[uint8_t][::1],
    separator: uint8_t,
    slots: int32_t[::1],
    hashes: uint64_t[::1],
    ends: int64_t[::1],
    letters: uint8_t[::1],
    count: cython.Py_ssize_t,
    out: int32_t[::1],
    starts: int64_t[::1],
):
    """Cut bytes at white space and number the distinct pieces as they come.

    Args:
        data: UTF-8 of the texts, with one separator between two of them; not empty.
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
    mask: uint64_t = slots.shape[0] - 1
    bytes_: cython.pointer(uint8_t) = cython.cast(cython.pointer(uint8_t), cython.address(data[0]))
    found: cython.Py_ssize_t = 0
    text: cython.Py_ssize_t = 0
    place: cython.Py_ssize_t = 0
    size: cython.Py_ssize_t = data.shape[0]
    first: cython.Py_ssize_t
    length: cython.Py_ssize_t
    letter: cython.Py_ssize_t
    value: uint64_t
    slot: uint64_t
    other: cython.Py_ssize_t
    with cython.nogil:
        starts[0] = 0
        while place < size:
            if _blank(bytes_[place]):
                if bytes_[place] == separator:
                    text += 1
                    starts[text] = found
                place += 1
                continue
            first = place
            while place < size and not _blank(bytes_[place]):
                place += 1
            length = place - first
            value = _hash(bytes_ + first, length)
            slot = value & mask
            while slots[slot] >= 0:
                other = slots[slot]
                if (
                    hashes[other] == value
                    and ends[other + 1] - ends[other] == length
                    and _same(cython.address(letters[ends[other]]), bytes_ + first, length)
                ):
                    break
                slot = (slot + 1) & mask
            if slots[slot] < 0:
                slots[slot] = cython.cast(int32_t, count)
                hashes[count] = value
                for letter in range(length):
                    letters[ends[count] + letter] = bytes_[first + letter]
                ends[count + 1] = ends[count] + length
                count += 1
            out[found] = slots[slot]
            found += 1
        while text + 1 < starts.shape[0]:
            text += 1
            starts[text] = found
    return count, found


def words_of_chunks(
    chunks: int32_t[::1],
    starts: int64_t[::1],
    firsts: int64_t[::1],
    items: int32_t[::1],
    most: cython.Py_ssize_t,
    words: int32_t[::1],
    begins: int64_t[::1],
):
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
    filled: cython.Py_ssize_t = 0
    end: cython.Py_ssize_t
    text: cython.Py_ssize_t
    place: cython.Py_ssize_t
    item: cython.Py_ssize_t
    with cython.nogil:
        begins[0] = 0
        for text in range(starts.shape[0] - 1):
            end = filled + most
            for place in range(starts[text], starts[text + 1]):
                for item in range(firsts[chunks[place]], firsts[chunks[place] + 1]):
                    if filled < end:
                        words[filled] = items[item]
                        filled += 1
                if filled >= end:
                    break
            begins[text + 1] = filled


def find_rows(
    text: cython.const[uint8_t][::1],
    offsets: cython.const[uint32_t][::1],
    order: cython.const[uint32_t][::1],
    wanted: cython.const[uint8_t][::1],
    ends: int64_t[::1],
    rows: int64_t[::1],
):
    """Look up words in a vocabulary by binary search; those that are not there get -1.

    Args:
        text: UTF-8 of the vocabulary, see vocabulary.py.
        offsets: (V + 1,).
        order: (V,).
        wanted: UTF-8 of the words, joined.
        ends: (n + 1,) where each ends, after a zero.
        rows: (n,) is filled.
    """
    number: cython.Py_ssize_t
    low: cython.Py_ssize_t
    high: cython.Py_ssize_t
    middle: cython.Py_ssize_t
    place: cython.Py_ssize_t
    length: cython.Py_ssize_t
    begin: int64_t
    size: int64_t
    row: int64_t
    with cython.nogil:
        for number in range(rows.shape[0]):
            length = ends[number + 1] - ends[number]
            low, high = 0, order.shape[0]
            rows[number] = -1
            while low < high:
                middle = (low + high) // 2
                row = order[middle]
                begin = offsets[row]
                size = offsets[row + 1] - begin
                place = 0
                while place < size and place < length and text[begin + place] == wanted[ends[number] + place]:
                    place += 1
                if place == size and place == length:
                    rows[number] = row
                    break
                if place == size or (place < length and text[begin + place] < wanted[ends[number] + place]):
                    low = middle + 1
                else:
                    high = middle


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pair(before: uint64_t, after: uint64_t, salt: uint64_t, shift: cython.int) -> uint64_t:
    """The bucket of a pair of words, see wide.py."""
    mixed: uint64_t = before * cython.cast(uint64_t, 0x100000001B3) + after
    mixed = (mixed ^ salt) * cython.cast(uint64_t, 0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> 30)) * cython.cast(uint64_t, 0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> 27)) * cython.cast(uint64_t, 0x94D049BB133111EB)
    return (mixed ^ (mixed >> 31)) >> shift


def wide_scores(
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
    """Scores of the wide part without its bias; see wide.py for the formula.

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
