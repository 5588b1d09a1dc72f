# Sums in registers as wide as the processor has. Where the compiler can, each function is compiled for several
# processors, and the one that suits is chosen when the program starts. All add in the same order, without fused
# multiplications (see setup.py), so the numbers are the same everywhere.
from libc.stdint cimport int32_t

cdef extern from * nogil:
    """
    #include <stdint.h>

    #if defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__) && defined(__x86_64__) \\
        && !defined(__SANITIZE_ADDRESS__)
    #define TEXTCNN_WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
    #else
    #define TEXTCNN_WIDE
    #endif

    #if defined(__GNUC__)
    #define TEXTCNN_LANES(name, real) \\
        typedef real name##_lanes __attribute__((vector_size(64), aligned(sizeof(real)), may_alias));
    #define TEXTCNN_IN_REGISTERS(name, real) \\
        for (; at + (Py_ssize_t)(256 / sizeof(real)) <= size; at += 256 / sizeof(real)) { \\
            name##_lanes *out = (name##_lanes *)(total + at); \\
            name##_lanes one = out[0], two = out[1], three = out[2], four = out[3]; \\
            for (Py_ssize_t i = 0; i < count; i++) { \\
                const name##_lanes *row = (const name##_lanes *)(table + rows[i] * size + at); \\
                real weight = weights[i]; \\
                one += weight * row[0], two += weight * row[1]; \\
                three += weight * row[2], four += weight * row[3]; \\
            } \\
            out[0] = one, out[1] = two, out[2] = three, out[3] = four; \\
        }
    #else
    #define TEXTCNN_LANES(name, real)
    #define TEXTCNN_IN_REGISTERS(name, real)
    #endif

    #define TEXTCNN_ADD_ROWS(name, real) \\
        TEXTCNN_LANES(name, real) \\
        TEXTCNN_WIDE static void name(real *total, const real *weights, const int32_t *rows, Py_ssize_t count, \\
                                      const real *table, Py_ssize_t size) { \\
            Py_ssize_t at = 0; \\
            TEXTCNN_IN_REGISTERS(name, real) \\
            for (Py_ssize_t i = 0; i < count; i++) \\
                for (Py_ssize_t f = at; f < size; f++) \\
                    total[f] += weights[i] * table[rows[i] * size + f]; \\
        }
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
