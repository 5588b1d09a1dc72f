"""The squared hinge: one label against the others, what LinearSVC minimises, for all labels at once.

Newton steps over the texts (Chapelle 2007), whose linear systems are solved by conjugate gradients.

Shapes: B texts, K outputs.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["solve"]

Floats = NDArray[np.float32]
Gram = Callable[[Floats], Floats]  # products with the table of the texts' similarities: (B, K) -> (B, K)

TOLERANCE = 0.03
ROUNDS = 20


def _dot(a: Floats, b: Floats) -> Floats:
    """Column by column: (B, K), (B, K) -> (K,)."""
    product: Floats = np.einsum("bk,bk->k", a, b)
    return product


def _size(a: Floats, image: Floats) -> Floats:
    """Lengths of the columns of a, as `image`, their product, measures it."""
    found: Floats = np.sqrt(np.maximum(_dot(a, image), 0))
    return found


def solve(gram: Gram, signs: Floats, cost: Floats) -> Floats:
    """Weights of texts (B, K) with the least |theta|² / 2 + sum of cost · squared hinge, each column for itself."""
    alpha, margins = np.zeros_like(signs), np.zeros_like(signs)
    centred = 2 * cost * signs * (1 - signs * signs.mean(axis=0))
    centred -= centred.mean(axis=0)
    target = TOLERANCE * _size(centred, gram(centred))
    # Where texts are all alike nothing is left of the centred gradient; below this there are only rounding errors.
    target = np.maximum(target, 1e-6 * np.maximum(_size(2 * cost * signs, gram(2 * cost * signs)), 1))
    live = np.arange(signs.shape[1])
    for _ in range(ROUNDS):
        y = signs[:, live]
        slack = np.maximum(1 - y * margins[:, live], 0)
        gradient = alpha[:, live] - 2 * cost[:, live] * y * slack
        image = gram(gradient)
        size = _size(gradient, image)
        keep = size > target[live]
        if not keep.any():
            break
        live, y, gradient, image, size = live[keep], y[:, keep], gradient[:, keep], image[:, keep], size[keep]
        active = np.where(slack[:, keep] > 0, 2 * cost[:, live], np.float32(0))
        step, moved = _conjugate(gram, active, gradient, image, size)
        length = _line(alpha[:, live], margins[:, live], y, step, moved, gradient, cost[:, live])
        alpha[:, live] += length * step
        margins[:, live] += length * moved
    return alpha


def _conjugate(gram: Gram, active: Floats, gradient: Floats, image: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Solve (1 + active · gram) step = -gradient to a tenth; the step, and gram(step)."""
    step, moved = np.zeros_like(gradient), np.zeros_like(gradient)
    rest, rest_image = -gradient, -image
    way, way_image = rest.copy(), rest_image.copy()
    square = np.square(size)
    for _ in range(25):
        bent = active * way_image
        bent_image = gram(bent)
        # Never more than 1, for no direction bends less than the identity in it; rounding alone says otherwise.
        bend = np.maximum(_dot(way_image, way + bent), square)
        a = (square / np.maximum(bend, 1e-30)).astype(np.float32)
        a[np.sqrt(square) <= 0.1 * size] = 0
        step += a * way
        moved += a * way_image
        rest -= a * (way + bent)
        rest_image -= a * (way_image + bent_image)
        new = np.where(a > 0, np.maximum(_dot(rest, rest_image), 0), square)
        if (np.sqrt(new) <= 0.1 * size).all():
            break
        b = (new / np.maximum(square, 1e-30)).astype(np.float32)
        way, way_image, square = rest + b * way, rest_image + b * way_image, new
    return step, moved


def _line(
    alpha: Floats, margins: Floats, y: Floats, step: Floats, moved: Floats, gradient: Floats, cost: Floats
) -> Floats:
    """Halve each column's step until it pays (Armijo's rule)."""
    terms = _dot(alpha, margins), _dot(alpha, moved), _dot(step, moved)
    slope = _dot(gradient, moved)

    def value(length: Floats) -> Floats:
        hinge: Floats = (cost * np.square(np.maximum(1 - y * (margins + length * moved), 0))).sum(axis=0)
        total: Floats = 0.5 * (terms[0] + 2 * length * terms[1] + length * length * terms[2]) + hinge
        return total

    length = np.ones(y.shape[1], np.float32)
    start = value(np.zeros_like(length))
    for _ in range(12):
        worse = value(length) > start + 1e-4 * length * slope + 1e-6 * np.abs(start)
        if not worse.any():
            break
        length = np.where(worse, length / 2, length).astype(np.float32)
    return length
