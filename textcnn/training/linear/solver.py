"""A linear SVM: the squared hinge loss of one label against the others, as LinearSVC has it, for all labels at once.

Newton steps in the dual coefficients of the texts (Chapelle 2007), whose linear systems are solved by conjugate
gradients. With the weights theta = X' alpha of the table of texts by features X, each column minimises

    |theta|² / 2 + sum over texts  C · max(0, 1 - y · margin)²        margin = X X' alpha, the product `gram(alpha)`

A text may be of the label with a probability p alone: then it counts twice, as C · p of the label and as C · (1 - p) of
the others, which is what y = 2p - 1 between -1 and 1 stands for.

Shapes: B texts, K outputs.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from textcnn.compiled.threads import WorkerThreads

__all__ = ["Gram", "solve"]

Floats = NDArray[np.float32]
Gram = Callable[[Floats], Floats]  # products with the Gram matrix of the texts: (B, K) -> (B, K)

TOLERANCE = 0.03
ROUNDS = 20
_TOGETHER = 16  # columns that are solved at once, few enough for the processor's cache
_STEPS, _PRECISION = 25, 0.1  # of the conjugate gradients


def _dot(a: Floats, b: Floats) -> Floats:
    """Column by column: (B, K), (B, K) -> (K,)."""
    product: Floats = np.einsum("bk,bk->k", a, b)
    return product


def _norm(a: Floats, image: Floats) -> Floats:
    """Lengths of the columns of a as weights, |X' a|; `image` is gram(a)."""
    length: Floats = np.sqrt(np.maximum(_dot(a, image), 0))
    return length


def solve(gram: Gram, signs: Floats, penalty: Floats, workers: WorkerThreads | None = None) -> Floats:
    """The dual coefficients of the texts, each column for itself.

    Args:
        gram: the product with X X', which several threads may ask for.
        signs: (B, K) the labels y, 1 or -1; between them if it is only so probable.
        penalty: (B, K) C, of each text.
        workers: the threads that share the columns.

    Returns:
        alpha: (B, K).
    """
    parts = max(-(-signs.shape[1] // _TOGETHER), 1)
    if parts == 1:
        return _solved(gram, signs, penalty)
    alpha = np.empty_like(signs)

    def work(columns: NDArray[np.int64]) -> None:
        alpha[:, columns] = _solved(gram, signs[:, columns], penalty[:, columns])

    columns = np.array_split(np.arange(signs.shape[1]), parts)
    (workers or WorkerThreads(1)).run(partial(work, part) for part in columns)
    return alpha


def _solved(gram: Gram, signs: Floats, penalty: Floats) -> Floats:
    """The same for a few columns together."""
    alpha, margins = np.zeros_like(signs), np.zeros_like(signs)
    target = _target(gram, signs, penalty)
    live = np.arange(signs.shape[1])
    for _ in range(ROUNDS):
        y = signs[:, live]
        slopes, curvatures = _slopes(y, margins[:, live])
        gradient = alpha[:, live] - 2 * penalty[:, live] * slopes
        image = gram(gradient)
        norm = _norm(gradient, image)
        keep = norm > target[live]
        if not keep.any():
            break
        live, y, gradient, image, norm = live[keep], y[:, keep], gradient[:, keep], image[:, keep], norm[keep]
        active = 2 * penalty[:, live] * curvatures[:, keep]
        step, step_image = _newton_step(gram, active, gradient, image, norm)
        length = _line_search(alpha[:, live], margins[:, live], y, step, step_image, gradient, penalty[:, live])
        alpha[:, live] += length * step
        margins[:, live] += length * step_image
    return alpha


def _losses(y: Floats, margins: Floats) -> Floats:
    """Squared hinge losses, (B, K): that of the label and that of the others, by how probable they are."""
    of_label, of_others = np.square(np.maximum(1 - margins, 0)), np.square(np.maximum(1 + margins, 0))
    return np.asarray((1 + y) / 2 * of_label + (1 - y) / 2 * of_others, np.float32)


def _slopes(y: Floats, margins: Floats) -> tuple[Floats, Floats]:
    """Halves of the losses' first derivative in the margin, negated, and of their second: (B, K)."""
    of_label, of_others = np.maximum(1 - margins, 0), np.maximum(1 + margins, 0)
    slopes = (1 + y) / 2 * of_label - (1 - y) / 2 * of_others
    curvatures = (1 + y) / 2 * (of_label > 0) + (1 - y) / 2 * (of_others > 0)
    return np.asarray(slopes, np.float32), np.asarray(curvatures, np.float32)


def _target(gram: Gram, signs: Floats, penalty: Floats) -> Floats:
    """The norm of the gradient at which a column is solved: (K,)."""
    centred = 2 * penalty * signs * (1 - signs * signs.mean(axis=0))
    centred -= centred.mean(axis=0)
    whole = 2 * penalty * signs
    # Where texts are all alike nothing is left of the centred gradient; below this there are only rounding errors.
    noise = 1e-6 * np.maximum(_norm(whole, gram(whole)), 1)
    target: Floats = np.maximum(TOLERANCE * _norm(centred, gram(centred)), noise)
    return target


def _newton_step(gram: Gram, active: Floats, gradient: Floats, image: Floats, norm: Floats) -> tuple[Floats, Floats]:
    """Solve (1 + active · gram) step = -gradient to a tenth; the step, and gram(step)."""
    step, step_image = np.zeros_like(gradient), np.zeros_like(gradient)
    residual, residual_image = -gradient, -image
    direction, direction_image = residual.copy(), residual_image.copy()
    square = np.square(norm)
    for _ in range(_STEPS):
        curved = active * direction_image
        curved_image = gram(curved)
        # At least that of the identity, which is a part of the matrix; rounding alone says otherwise.
        curvature = np.maximum(_dot(direction_image, direction + curved), square)
        a = (square / np.maximum(curvature, 1e-30)).astype(np.float32)
        a[np.sqrt(square) <= _PRECISION * norm] = 0
        step += a * direction
        step_image += a * direction_image
        residual -= a * (direction + curved)
        residual_image -= a * (direction_image + curved_image)
        new = np.where(a > 0, np.maximum(_dot(residual, residual_image), 0), square)
        if (np.sqrt(new) <= _PRECISION * norm).all():
            break
        b = (new / np.maximum(square, 1e-30)).astype(np.float32)
        direction, direction_image, square = residual + b * direction, residual_image + b * direction_image, new
    return step, step_image


def _line_search(
    alpha: Floats, margins: Floats, y: Floats, step: Floats, step_image: Floats, gradient: Floats, penalty: Floats
) -> Floats:
    """Halve each column's step until the objective falls enough (Armijo's rule): (K,)."""
    terms = _dot(alpha, margins), _dot(alpha, step_image), _dot(step, step_image)
    slope = _dot(gradient, step_image)

    def objective(length: Floats) -> Floats:
        hinge: Floats = (penalty * _losses(y, margins + length * step_image)).sum(axis=0)
        total: Floats = 0.5 * (terms[0] + 2 * length * terms[1] + length * length * terms[2]) + hinge
        return total

    length = np.ones(y.shape[1], np.float32)
    start = objective(np.zeros_like(length))
    for _ in range(12):
        too_long = objective(length) > start + 1e-4 * length * slope + 1e-6 * np.abs(start)
        if not too_long.any():
            break
        length = np.where(too_long, length / 2, length).astype(np.float32)
    return length
