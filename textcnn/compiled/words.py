# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Texts to numbers of words, and words to rows; see text/lexicon.py and text/vocabulary.py.

Nothing is checked here: sizes and numbers are the callers' business.
"""

import cython
from cython.cimports.libc.stdint import int32_t, int64_t, uint8_t, uint32_t, uint64_t
from cython.cimports.libc.string import memcmp, memcpy
from cython.cimports.textcnn.compiled.eight import first_bytes, without_blanks

if not cython.compiled:
    raise ImportError("textcnn.compiled.words was not compiled")


_TOLD_BY_HASH = cython.declare(cython.Py_ssize_t, 8)  # bytes; no two chunks of so few have the same hash, see `_hash`


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _blank(byte: uint8_t) -> cython.bint:
    """White space among ASCII, as str.split has it."""
    return byte <= 32 and (byte == 32 or 9 <= byte <= 13 or byte >= 28)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _length(data: cython.pointer(uint8_t), size: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """How many bytes there are before white space, or the end."""
    word: uint64_t = 0
    place: cython.Py_ssize_t = 0
    known: cython.Py_ssize_t
    while place + 8 <= size:
        memcpy(cython.address(word), data + place, 8)
        known = without_blanks(word)
        place += known
        if known < 8 and _blank(data[place]):
            return place
        place += known < 8
    while place < size and not _blank(data[place]):
        place += 1
    return place


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _hash(data: cython.pointer(uint8_t), length: cython.Py_ssize_t, size: cython.Py_ssize_t) -> uint64_t:
    """A hash of the first bytes of those that are there: multiplied once for each eight, as few chunks have more.

    Of eight bytes or fewer it is what they are, by steps that can be undone: so no others of as many have it.
    """
    value: uint64_t = 0
    word: uint64_t = 0
    place: cython.Py_ssize_t = 0
    while place + 8 < length:
        memcpy(cython.address(word), data + place, 8)
        value = _mixed(value ^ word)
        place += 8
    if place + 8 <= size:  # more than is hashed can be read
        memcpy(cython.address(word), data + place, 8)
    else:
        word = 0
        memcpy(cython.address(word), data + place, length - place)
    return _mixed(value ^ first_bytes(word, length - place))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _mixed(value: uint64_t) -> uint64_t:
    """Each bit of a number in the lower half of another one."""
    value = (value ^ (value >> 32)) * cython.cast(uint64_t, 0x9E3779B97F4A7C15)
    return value ^ (value >> 32)


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


def number_chunks(
    data: cython.const[uint8_t][::1],
    separator: uint8_t,
    slots: int32_t[::1],
    hashes: uint64_t[::1],
    ends: int64_t[::1],
    contents: uint8_t[::1],
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
        ends: (n + 1,) where each ends in `contents`, after a zero.
        contents: the bytes of all chunks.
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
            length = _length(bytes_ + first, size - first)
            place += length
            value = _hash(bytes_ + first, length, size - first)
            slot = value & mask
            while slots[slot] >= 0:
                other = slots[slot]
                if (
                    hashes[other] == value
                    and ends[other + 1] - ends[other] == length
                    and (
                        length <= _TOLD_BY_HASH
                        or memcmp(cython.address(contents[ends[other]]), bytes_ + first, length) == 0
                    )
                ):
                    break
                slot = (slot + 1) & mask
            if slots[slot] < 0:
                slots[slot] = cython.cast(int32_t, count)
                hashes[count] = value
                memcpy(cython.address(contents[ends[count]]), bytes_ + first, length)
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
        text: UTF-8 of the vocabulary, see text/vocabulary.py.
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
