"""How unlike its training texts a text is: one number from 0 to 1, above 0.99 for at most 1 % of held-out texts.

Five things tell that a text is of no known kind: the labels share its probability; what comes into the last layer
points into the direction of none of them; it is short, as filters have found nothing that they know; most words have no
vector; and most of it is no word of the training texts, but a foreign one, say, numbers or signs. How surprising each
is, minus the logarithm of the share of out-of-fold texts with as much, is known up to a tenth of them and goes on as an
exponential. The first three add up; each of the others counts if it is about more than half of the text (older files
know nothing of the last). What comes of it is judged once more, and is minus the logarithm of 1 - novelty; there a tail
may end, as unknown words cannot be more than all. No text of another kind is needed; where training has some, they say
how much each of the first three counts (training/outside.py). Nor is a distance to training texts, which the model does
not have.

Sources: entropy, Hendrycks & Gimpel 2017; direction, Techapanurak et al. 2020; length, Dhamija et al. 2018; adding up
(Fisher 1932) what is at first not independent is why it is judged once more; tails that end, Hosking & Wallis 1987
(method of moments).

Shapes: B texts, U words, K labels, S signs, G points of a distribution.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.storage.tensor_file import TensorFileError
from textcnn.text.ragged import Ragged

__all__ = ["SIGNS", "Likeness", "Novelty", "unseen_shares"]

Doubles = NDArray[np.float64]

_POINTS = 17  # of a distribution, as far as all are needed
_KNOWN = np.log(10.0)  # surprise up to which a distribution is kept
_LEVELS = np.linspace(0, _KNOWN, _POINTS)  # surprises of its points
_MOST = np.log(100.0)  # surprise that at most a hundredth may exceed
_TO_MOST = _MOST - _KNOWN
_HALF = 0.5  # of the words
_LEAST = 1e-6  # by which a surprise grows by 1, at least
_TENSOR, _WEIGHTS = "novelty.tails", "novelty.weights"
_SHAPES = ((5, _POINTS + 1), (6, _POINTS + 1))
SIGNS = 3  # that add up
_ALIKE = np.ones(SIGNS)
_DAMAGED = "what it knows of novel texts is damaged"


class Likeness(NamedTuple):
    """What a text is like to the networks, beside its probabilities."""

    cosine: Doubles  # (B,) of the angle between what comes into the last layer and the nearest label's weights
    length: Doubles  # (B,) of what comes into the last layer
    unknown: Doubles  # (B,) share of words without a vector; 1 of a text without words
    unseen: Doubles  # (B,) share of what is no word of the training texts, see `unseen_shares`


def unseen_shares(ragged: Ragged, words: NDArray[np.bool_], seen: NDArray[np.bool_]) -> Doubles:
    """How much of each text is no word of the training texts, had it one more that is: (B,).

    One more, for that a single word is new says little. Where nothing is a word, it is all.

    Args:
        ragged: the texts, as numbers of what they are made of.
        words: what of this is a word, (U,); see `is_word`.
        seen: what training has met, (U,).
    """
    familiar = ragged.shares(words & seen) * ragged.lengths
    shares = (ragged.lengths - familiar) / (ragged.lengths + 1)
    return np.where(ragged.shares(words) > 0, shares, 1.0)


class Novelty(NamedTuple):
    """Distributions of out-of-fold texts, each as points (G,) and the scale of what is beyond."""

    tails: Doubles  # (6, G + 1): doubt, angle, length, unknown, unseen, all together; (5, G + 1) in older files
    weights: Doubles = _ALIKE  # (3,) of the first three, with the mean 1

    @classmethod
    def of(
        cls,
        probabilities: NDArray[np.float32],
        likeness: Likeness,
        *,
        multi_label: bool,
        weights: Doubles = _ALIKE,
    ) -> "Novelty":
        """From out-of-fold texts, at least one."""
        signs = _signs(probabilities, likeness, multi_label=multi_label)
        tails = np.stack([_tail(sign) for sign in signs])
        made = cls(np.concatenate([tails, np.zeros((1, _POINTS + 1))]), weights)
        return cls(np.concatenate([tails, _last_tail(made._together(signs))[None]]), weights)

    def values(self, probabilities: NDArray[np.float32], likeness: Likeness, *, multi_label: bool) -> Doubles:
        """The novelty of each text: (B, K) -> (B,)."""
        together = self._together(_signs(probabilities, likeness, multi_label=multi_label))
        (surprise,) = _surprises(self.tails[-1:], together[None])
        return np.asarray(-np.expm1(-surprise))

    def surprises(self, probabilities: NDArray[np.float32], likeness: Likeness, *, multi_label: bool) -> Doubles:
        """How surprising are the doubt, the angle and the length that add up: (3, B)."""
        signs = _signs(probabilities, likeness, multi_label=multi_label)
        return _surprises(self.tails[:SIGNS], signs[:SIGNS])

    def _together(self, signs: Doubles) -> Doubles:
        signs = signs[: len(self.tails) - 1]
        surprises = _surprises(self.tails[:-1], signs)
        strange = np.where(signs[SIGNS:] > _HALF, 2 * surprises[SIGNS:] + _MOST, 0).max(axis=0)
        return np.asarray(np.maximum((self.weights[:, None] * surprises[:SIGNS]).sum(axis=0), strange))

    def tensors(self) -> dict[str, NDArray[Any]]:
        """As they stand in a model file; weights only if they differ."""
        weights = {} if (self.weights == _ALIKE).all() else {_WEIGHTS: self.weights}
        return {_TENSOR: self.tails, **weights}

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> "Novelty":
        """Read what `tensors` wrote, and check it.

        Raises:
            TensorFileError: they are damaged.
        """
        tails, weights = tensors[_TENSOR], tensors.get(_WEIGHTS, _ALIKE)
        if tails.dtype != np.float64 or tails.shape not in _SHAPES or not np.isfinite(tails).all():
            raise TensorFileError(_DAMAGED)
        if (np.diff(tails[:, :-1]) < 0).any() or (tails[:, -1] < _LEAST).any():
            raise TensorFileError(_DAMAGED)
        if weights.dtype != np.float64 or weights.shape != (SIGNS,) or not ((weights >= 0) & (weights <= SIGNS)).all():
            raise TensorFileError(_DAMAGED)
        return cls(tails, weights)


def _signs(probabilities: NDArray[np.float32], likeness: Likeness, *, multi_label: bool) -> Doubles:
    """What tells that a text is novel, the larger the more: (5, B)."""
    likely = np.maximum(probabilities.astype(np.float64), 1e-12)
    doubt = -np.log(likely.max(axis=1)) if multi_label else -(likely * np.log(likely)).sum(axis=1)
    return np.array([doubt, -likeness.cosine, -likeness.length, likeness.unknown, likeness.unseen])


def _tail(values: Doubles) -> Doubles:
    """A distribution: the values with surprises from 0 to that of a tenth, and by how much one more takes."""
    points, beyond, hundredth = _points_and_beyond(values)
    return np.append(points, max(beyond.mean(), hundredth, _LEAST))


def _last_tail(values: Doubles) -> Doubles:
    """The same, where the tail may end: it goes on so that a hundredth has the surprise of one.

    That is the hundredth of a generalized Pareto distribution with the mean and the variance of what is beyond, and
    half a standard error more, for new texts exceed a little more often than those that it was measured by.
    """
    points, beyond, hundredth = _points_and_beyond(values)
    scale, variance = beyond.mean(), beyond.var()
    bend = (scale**2 / variance - 1) / 2 if variance > 0 else 0.0
    if bend > 0:  # a heavier tail than an exponential has its hundredth at nearly the same place
        scale *= (1 + bend) * -np.expm1(-bend * _TO_MOST) / (bend * _TO_MOST)
    return np.append(points, max(max(scale, hundredth) * (1 + 0.5 / len(beyond) ** 0.5), _LEAST))


def _points_and_beyond(values: Doubles) -> tuple[Doubles, Doubles, float]:
    """The values of known surprise, how much others exceed the last, and the scale by which a hundredth has its own."""
    points = np.quantile(values, 1 - np.exp(-_LEVELS))
    beyond = values[values > points[-1]] - points[-1]
    hundredth = (np.quantile(values, 0.99, method="higher") - points[-1]) / _TO_MOST
    return points, beyond if len(beyond) else np.zeros(1), hundredth


def _surprises(tails: Doubles, signs: Doubles) -> Doubles:
    """Minus the logarithm of the share of out-of-fold texts with as much: (S, G + 1), (S, B) -> (S, B)."""
    inside = np.array([np.interp(sign, tail[:-1], _LEVELS) for tail, sign in zip(tails, signs, strict=True)])
    last, scale = tails[:, -2, None], tails[:, -1, None]
    return np.asarray(np.where(signs > last, _KNOWN + (signs - last) / scale, inside))
