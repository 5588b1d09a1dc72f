# Eight bytes at a time, as one number. Bytes are told apart by their places in it where the lowest comes first; elsewhere
# one by one.
from libc.stdint cimport uint64_t

cdef extern from * nogil:
    """
    #include <stdint.h>
    #include <string.h>

    #if defined(__GNUC__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    static inline Py_ssize_t textcnn_without_blanks(uint64_t word) {
        /* The highest bit of a byte is set where it is above 32: added to its lower bits, 95 carries from 33 on. */
        const uint64_t high = 0x8080808080808080u;
        uint64_t above = (((word & ~high) + 0x5f5f5f5f5f5f5f5fu) | word) & high;
        return above == high ? 8 : __builtin_ctzll(~above & high) / 8;
    }

    static inline uint64_t textcnn_first_bytes(uint64_t word, Py_ssize_t count) {
        return word & (~(uint64_t)0 >> (64 - 8 * count));
    }
    #else
    static inline Py_ssize_t textcnn_without_blanks(uint64_t word) {
        unsigned char bytes[8];
        Py_ssize_t count = 0;
        memcpy(bytes, &word, 8);
        while (count < 8 && bytes[count] > 32)
            count++;
        return count;
    }

    static inline uint64_t textcnn_first_bytes(uint64_t word, Py_ssize_t count) {
        uint64_t first = 0;
        memcpy(&first, &word, (size_t)count);
        return first;
    }
    #endif
    """
    # How many bytes there are before the first that is a blank or below it.
    Py_ssize_t without_blanks "textcnn_without_blanks"(uint64_t word)
    # A number with the first bytes of another, one to eight, and zeros.
    uint64_t first_bytes "textcnn_first_bytes"(uint64_t word, Py_ssize_t count)
