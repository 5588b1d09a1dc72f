# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""One step of Adam in one pass over memory; see training/optimizer.py.

Nothing is checked here: sizes and numbers are the callers' business.
"""

import cython
from cython.cimports.libc.math import sqrt, sqrtf
from cython.cimports.libc.stdint import int64_t

if not cython.compiled:
    raise ImportError("textcnn.compiled.adam was not compiled")

Real = cython.fused_type(cython.float, cython.double)


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
    """One step of Adam for some rows, in one pass over memory.

    Args:
        weight: (V, d), updated.
        mean: (V, d) of the gradients, updated.
        square: (V, d) of the gradients, updated.
        gradient: (n, d).
        rows: (n,) which rows of the others the gradient is of.
        span: the first and the one after the last of the n.
        keep: factor of the weights, by their decay.
        rate: the learning rate, divided by the bias correction of the mean.
        unbias: the square root of the bias correction of the squares.
        betas: decay rates of the mean and of the squares.
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
