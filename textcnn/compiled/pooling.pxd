# Max pooling of responses in whole numbers of two bytes, in registers as wide as the processor has: the largest
# responses of 128 filters stay there while the words of a text go by. Of filters that are no multiple of 32 the last 32
# are looked at once more, which changes no maximum. Rows are asked for some windows ahead, those of the next width and
# of the next text too: waiting for a table that is in no cache takes longer than adding.
from libc.stdint cimport int16_t, int32_t

cdef extern from * nogil:
    """
    #include <stdint.h>
    #include <string.h>

    #if defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__) && defined(__x86_64__) \\
        && !defined(__SANITIZE_ADDRESS__)
    #if __GNUC__ >= 12
    #define TEXTCNN_POOLING __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
    #else
    #define TEXTCNN_POOLING __attribute__((target_clones("avx2", "default")))
    #endif
    #else
    #define TEXTCNN_POOLING
    #endif
    #if defined(__GNUC__)
    #define TEXTCNN_INLINE static inline __attribute__((always_inline))
    #define TEXTCNN_PREFETCH(place) __builtin_prefetch(place)
    #else
    #define TEXTCNN_INLINE static inline
    #define TEXTCNN_PREFETCH(place)
    #endif
    #define TEXTCNN_LANES 32

    typedef struct {
        const int16_t *table;  /* where the slices of a width begin */
        const int32_t *words;
        Py_ssize_t count, width;
    } textcnn_sweep;  /* of the filters of a width over the words of a text */

    TEXTCNN_INLINE void textcnn_fetch(textcnn_sweep of, Py_ssize_t place, Py_ssize_t slices, Py_ssize_t filters) {
        if (place < of.count)
            for (Py_ssize_t f = 0; f < of.width * filters; f += 32)  /* 32 numbers are a line of the cache */
                TEXTCNN_PREFETCH(of.table + of.words[place] * slices + f);
    }

    /* The responses of the word at a place of the window to its slice; of a place beyond the text nothing. */
    #define TEXTCNN_AT(j) (0 <= first + (j) && first + (j) < here.count \\
        ? here.table + here.words[first + (j)] * slices + (j) * filters : nothing)
    #define TEXTCNN_KEEP_32(k, response) \\
        for (int i = 0; i < TEXTCNN_LANES; i++) { \\
            const Py_ssize_t f = at##k + i, lane = k * TEXTCNN_LANES + i; \\
            (void)f, (void)lane; \\
            int16_t found = (int16_t)(response); \\
            best##k[i] = found > best##k[i] ? found : best##k[i]; \\
        }
    #define TEXTCNN_KEEP_128(response) \\
        TEXTCNN_KEEP_32(0, response) TEXTCNN_KEEP_32(1, response) \\
        TEXTCNN_KEEP_32(2, response) TEXTCNN_KEEP_32(3, response)
    #define TEXTCNN_EACH_128(does) does(0) does(1) does(2) does(3)
    #define TEXTCNN_LOAD(k) memcpy(best##k, best + at##k, sizeof best##k);
    #define TEXTCNN_STORE(k) memcpy(best + at##k, best##k, sizeof best##k);

    #define TEXTCNN_ADD(k) \\
        for (int i = 0; i < TEXTCNN_LANES; i++) \\
            sums[k * TEXTCNN_LANES + i] = (int16_t)(sums[k * TEXTCNN_LANES + i] + row[at##k + i]);

    TEXTCNN_INLINE void textcnn_pool_128(textcnn_sweep here, textcnn_sweep next, const Py_ssize_t width,
                                         Py_ssize_t slices, Py_ssize_t filters, Py_ssize_t begin, Py_ssize_t ahead,
                                         int16_t *best, const int16_t *nothing) {
        const Py_ssize_t end = filters - TEXTCNN_LANES, at0 = begin < end ? begin : end,
                         at1 = begin + 32 < end ? begin + 32 : end, at2 = begin + 64 < end ? begin + 64 : end,
                         at3 = begin + 96 < end ? begin + 96 : end;
        int16_t best0[TEXTCNN_LANES], best1[TEXTCNN_LANES], best2[TEXTCNN_LANES], best3[TEXTCNN_LANES];
        TEXTCNN_EACH_128(TEXTCNN_LOAD)
        for (Py_ssize_t first = 1 - width; first < here.count; first++) {
            const Py_ssize_t wanted = first + width - 1 + ahead;
            if (wanted < here.count)
                textcnn_fetch(here, wanted, slices, filters);
            else
                textcnn_fetch(next, wanted - here.count, slices, filters);
            const int16_t *one = TEXTCNN_AT(0), *two = TEXTCNN_AT(1), *three = TEXTCNN_AT(2), *four = TEXTCNN_AT(3);
            switch (width) {  /* which is known when this is compiled, so rows that are not needed are not looked for */
            case 1: TEXTCNN_KEEP_128(one[f]) break;
            case 2: TEXTCNN_KEEP_128(one[f] + two[f]) break;
            case 3: TEXTCNN_KEEP_128(one[f] + two[f] + three[f]) break;
            case 4: TEXTCNN_KEEP_128(one[f] + two[f] + three[f] + four[f]) break;
            default: {
                int16_t sums[4 * TEXTCNN_LANES] = {0};
                for (Py_ssize_t j = 0; j < width; j++) {
                    const int16_t *row = TEXTCNN_AT(j);
                    TEXTCNN_EACH_128(TEXTCNN_ADD)
                }
                TEXTCNN_KEEP_128(sums[lane])
            }
            }
        }
        TEXTCNN_EACH_128(TEXTCNN_STORE)
    }

    TEXTCNN_POOLING static void textcnn_pool(textcnn_sweep here, textcnn_sweep next, Py_ssize_t slices,
                                             Py_ssize_t filters, Py_ssize_t ahead, const int16_t *bias,
                                             int16_t *best, const int16_t *nothing, double *features) {
        #define TEXTCNN_POOL(width) \\
            textcnn_pool_128(here, next, width, slices, filters, begin, ahead, best, nothing)
        for (Py_ssize_t f = 0; f < filters; f++)  /* max(response + bias, 0) = max(response, -bias) + bias */
            best[f] = (int16_t)-bias[f];
        for (Py_ssize_t f = 0; f < filters && !here.count; f++)  /* of no word the response is 0 */
            best[f] = best[f] > 0 ? best[f] : 0;
        for (Py_ssize_t begin = 0; begin < filters && filters >= TEXTCNN_LANES; begin += 4 * TEXTCNN_LANES)
            switch (here.width) {
            case 1: TEXTCNN_POOL(1); break;
            case 2: TEXTCNN_POOL(2); break;
            case 3: TEXTCNN_POOL(3); break;
            case 4: TEXTCNN_POOL(4); break;
            default: TEXTCNN_POOL(here.width);
            }
        for (Py_ssize_t first = 1 - here.width; first < here.count && filters < TEXTCNN_LANES; first++)
            for (Py_ssize_t f = 0; f < filters; f++) {
                int found = 0;
                for (Py_ssize_t j = 0; j < here.width; j++)
                    found += TEXTCNN_AT(j)[f];
                best[f] = found > best[f] ? (int16_t)found : best[f];
            }
        for (Py_ssize_t f = 0; f < filters; f++)
            features[f] = (int32_t)best[f] + (int32_t)bias[f];
    }
    """
    ctypedef struct textcnn_sweep:
        const int16_t *table
        const int32_t *words
        Py_ssize_t count
        Py_ssize_t width
    # features = max(responses of all windows of a sweep + bias, 0), (filters,); `best` is room to compute in and `nothing`
    # zeros, (filters,). The rows of `next` are asked for when the last `ahead` windows come.
    void pool "textcnn_pool"(
        textcnn_sweep here, textcnn_sweep next, Py_ssize_t slices, Py_ssize_t filters, Py_ssize_t ahead,
        const int16_t *bias, int16_t *best, const int16_t *nothing, double *features
    )
