# Sums in registers as wide as the processor has. Where the compiler can, each function is compiled for several
# processors, and the one that suits is chosen as the program runs. All add in the same order, without fused
# multiplications (see setup.py), so the numbers are the same everywhere.
from libc.stdint cimport int32_t

cdef extern from * nogil:
    """
    #include <stdint.h>

    #if defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__) && defined(__x86_64__) \\
        && !defined(__SANITIZE_ADDRESS__)
    #define TEXTCNN_SEVERAL
    #define TEXTCNN_WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
    #else
    #define TEXTCNN_WIDE
    #endif

    #define TEXTCNN_ROWS(real) \\
        real *total, const real *weights, const int32_t *rows, Py_ssize_t count, const real *table, Py_ssize_t size
    #if defined(__GNUC__)
    /* `held` registers of so many bytes. What is wider than a register goes by the stack, several times slower. */
    #define TEXTCNN_ADD_ROWS_BY(name, real, bytes, held, target) \\
        typedef real name##_lanes __attribute__((vector_size(bytes), aligned(sizeof(real)), may_alias)); \\
        target static void name(TEXTCNN_ROWS(real)) { \\
            const Py_ssize_t tile = held * bytes / sizeof(real); \\
            Py_ssize_t at = 0; \\
            for (; at + tile <= size; at += tile) { \\
                name##_lanes *out = (name##_lanes *)(total + at), sum[held]; \\
                for (int k = 0; k < held; k++) \\
                    sum[k] = out[k]; \\
                for (Py_ssize_t i = 0; i < count; i++) { \\
                    const name##_lanes *row = (const name##_lanes *)(table + rows[i] * size + at); \\
                    for (int k = 0; k < held; k++) \\
                        sum[k] += weights[i] * row[k]; \\
                } \\
                for (int k = 0; k < held; k++) \\
                    out[k] = sum[k]; \\
            } \\
            TEXTCNN_ADD_REST(at) \\
        }
    #endif
    #define TEXTCNN_ADD_REST(at) \\
        for (Py_ssize_t i = 0; i < count; i++) \\
            for (Py_ssize_t f = at; f < size; f++) \\
                total[f] += weights[i] * table[rows[i] * size + f];
    #if defined(TEXTCNN_SEVERAL)
    #define TEXTCNN_ADD_ROWS(name, real) \\
        TEXTCNN_ADD_ROWS_BY(name##_64, real, 64, 4, __attribute__((target("avx512f")))) \\
        TEXTCNN_ADD_ROWS_BY(name##_32, real, 32, 8, __attribute__((target("avx2")))) \\
        TEXTCNN_ADD_ROWS_BY(name##_16, real, 16, 8, ) \\
        static void name(TEXTCNN_ROWS(real)) { \\
            if (__builtin_cpu_supports("avx512f")) \\
                name##_64(total, weights, rows, count, table, size); \\
            else if (__builtin_cpu_supports("avx2")) \\
                name##_32(total, weights, rows, count, table, size); \\
            else \\
                name##_16(total, weights, rows, count, table, size); \\
        }
    #elif defined(__GNUC__)
    #define TEXTCNN_ADD_ROWS(name, real) TEXTCNN_ADD_ROWS_BY(name, real, 16, 8, )
    #else
    #define TEXTCNN_ADD_ROWS(name, real) static void name(TEXTCNN_ROWS(real)) { TEXTCNN_ADD_REST(0) }
    #endif
    TEXTCNN_ADD_ROWS(textcnn_add_rows_float, float)
    TEXTCNN_ADD_ROWS(textcnn_add_rows_double, double)

    #define TEXTCNN_KEEP(response) \
        for (Py_ssize_t f = 0; f < filters; f++) { \
            found = response; \
            at[f] = found > best[f] ? place : at[f]; \
            best[f] = found > best[f] ? found : best[f]; \
        }
    #define TEXTCNN_ROW(j) (table + words[j] * slices + (j) * filters)
    #define TEXTCNN_KEEP_LARGER(name, real) \
        static inline real name##_sum(const real *table, Py_ssize_t slices, const int32_t *words, \
                                      Py_ssize_t count, Py_ssize_t filters, Py_ssize_t f) { \
            real sum = TEXTCNN_ROW(0)[f]; \
            for (Py_ssize_t j = 1; j < count; j++) \
                sum += TEXTCNN_ROW(j)[f]; \
            return sum; \
        } \
        TEXTCNN_WIDE static void name(real *restrict best, int32_t *restrict at, int32_t place, const real *table, \
                                      Py_ssize_t slices, const int32_t *words, Py_ssize_t count, \
                                      Py_ssize_t filters) { \
            const real *one = TEXTCNN_ROW(0), *two = count > 1 ? TEXTCNN_ROW(1) : one, \
                       *three = count > 2 ? TEXTCNN_ROW(2) : one, *four = count > 3 ? TEXTCNN_ROW(3) : one; \
            real found; \
            switch (count) { \
            case 1: TEXTCNN_KEEP(one[f]) break; \
            case 2: TEXTCNN_KEEP(one[f] + two[f]) break; \
            case 3: TEXTCNN_KEEP(one[f] + two[f] + three[f]) break; \
            case 4: TEXTCNN_KEEP(one[f] + two[f] + three[f] + four[f]) break; \
            default: TEXTCNN_KEEP(name##_sum(table, slices, words, count, filters, f)) \
            } \
        }
    TEXTCNN_KEEP_LARGER(textcnn_keep_larger_float, float)
    TEXTCNN_KEEP_LARGER(textcnn_keep_larger_double, double)
    """
    # total += the weighted sum of these rows of a table whose rows have `size` numbers
    void add_rows_float "textcnn_add_rows_float"(
        float *total, const float *weights, const int32_t *rows, Py_ssize_t count, const float *table, Py_ssize_t size
    )
    void add_rows_double "textcnn_add_rows_double"(
        double *total, const double *weights, const int32_t *rows, Py_ssize_t count, const double *table, Py_ssize_t size
    )
    # best = max(best, response of the window of `count` words), with its place where it is larger; see `_respond`
    void keep_larger_float "textcnn_keep_larger_float"(
        float *best, int32_t *at, int32_t place, const float *table, Py_ssize_t slices, const int32_t *words,
        Py_ssize_t count, Py_ssize_t filters
    )
    void keep_larger_double "textcnn_keep_larger_double"(
        double *best, int32_t *at, int32_t place, const double *table, Py_ssize_t slices, const int32_t *words,
        Py_ssize_t count, Py_ssize_t filters
    )
