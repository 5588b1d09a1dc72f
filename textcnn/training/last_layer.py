"""A last layer over the sentence encoder, and a linear part with it, in closed form from few texts.

What the words of the labels say of a text (label_names.py) is where it starts, as far as that is trusted: ridge
regression learns what is left. Words that deceive are trusted with nothing: texts that are left out in turn choose the
trust, and how strongly all is held back. They do it by how far they miss their targets (squares), which few texts
scatter least. Where each label has one text alone nothing can be left out, and words are trusted unchecked, by a part.

What the outputs for more than two labels say together, a discriminant reads (discriminant.py): it is linear, and part
of the layer.

How texts begin tells questions, requests and wishes from each other, and is noise where they are none. Whether it is
learned from is chosen in the same way, but it has to be plainly better.

Shapes: B texts, d columns of what the encoder says, K labels.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.training.discriminant import Discriminant
from textcnn.training.ridge import RidgeRegression

__all__ = ["STEEP", "LabelledRows", "LastLayer", "LastLayerFit", "learned_from_many"]

Numbers = NDArray[np.float64]
Folds = NDArray[np.int64]  # (B,) the fold of each text; below 0: it is left out of none

STEEP = 2.0  # logits for an output of one, usually

_PENALTIES = (1.0, 3.0)  # texts having unit mean square length
_TRUST = (0.25, 0.5, 0.75, 0.0, 1.0)  # in what words say; the first where no text can be left out
_TELLING = 500  # texts, at most, by which columns are chosen
_PLAINLY = 0.98  # what more columns may miss of what fewer do
_ROUNDED = 1e-3  # from one, that probabilities of a text's labels add up to


class LastLayer(NamedTuple):
    """Outputs of one and minus one for labels that are there and not, or what is near to that."""

    weights: Numbers  # (d, K) of the encoder's numbers
    alpha: Numbers  # (n, K) dual coefficients of the linear part, of all texts that were learned from
    bias: Numbers  # (K,)
    left_out: Numbers  # (B, K) what each labelled text gets by the texts of other folds; by all, if it is in none

    def read_together(self, texts: "LabelledRows") -> "LastLayer":
        """With outputs that a discriminant reads, unless it is multi-label, has two labels, or no text is left out.

        Those of a fold are read by what is usual for the others.
        """
        targets, folds = (texts.signs + 1) / 2, texts.dealings[0]
        told, one_each = folds >= 0, np.allclose(targets.sum(axis=1), 1, atol=_ROUNDED)
        if targets.shape[1] == 2 or not one_each or not np.any(told):
            return self

        def usual(some: NDArray[np.bool_]) -> Discriminant:
            return Discriminant.of(self.left_out[some], targets[some], texts.weights[some])

        every, left_out = usual(told), self.left_out.copy()
        for fold in np.unique(folds):
            own = folds == fold
            if not np.any(told & ~own):  # nobody else says what is usual
                return self
            left_out[own] = usual(told & ~own).read(self.left_out[own])
        return LastLayer(self.weights @ every.weights, self.alpha @ every.weights, every.read(self.bias), left_out)


class LabelledRows(NamedTuple):
    """Texts that have labels, as the last layer sees them."""

    rows: Numbers  # (B, d)
    spelling: Numbers  # (B, B) products of the texts' features in the linear part
    signs: Numbers  # (B, K) targets, 1 of the label and -1 of the others
    weights: Numbers  # (B,) above 0
    dealings: Sequence[Folds]
    named: Numbers | None = None  # (d, K) what the words of labels say, as weights

    def of_columns(self, count: int) -> "LabelledRows":
        """As who looks at the first columns alone sees them."""
        return self._replace(rows=self.rows[:, :count], named=None if self.named is None else self.named[:count])

    def learned_by(self, columns: int) -> "LastLayerFit":
        """Learn from the first so many columns, or from all if that plainly misses less: of many texts, some tell."""
        if len(self.rows) > _TELLING:
            telling = self._of_texts(np.linspace(0, len(self.rows) - 1, _TELLING).astype(np.int64))
            return self.of_columns(telling.learned_by(columns).texts.rows.shape[1]).learned()
        some, every = self.of_columns(columns).learned(), self.learned()
        return every if every.missed < _PLAINLY * some.missed else some

    def _of_texts(self, chosen: NDArray[np.int64]) -> "LabelledRows":
        return self._replace(
            rows=self.rows[chosen],
            spelling=self.spelling[np.ix_(chosen, chosen)],
            signs=self.signs[chosen],
            weights=self.weights[chosen],
            dealings=[folds[chosen] for folds in self.dealings],
        )

    def learned(self) -> "LastLayerFit":
        """Learn, and choose."""
        return min(self._every(), key=lambda chosen: chosen.missed)

    def _every(self) -> Iterator["LastLayerFit"]:
        said = np.zeros_like(self.signs) if self.named is None else self.rows @ self.named
        for penalty in _PENALTIES:
            ridge = RidgeRegression.of(self.rows @ self.rows.T + self.spelling, self.weights, penalty)
            for trust in (0.0,) if self.named is None else _TRUST:
                y = self.signs - trust * said
                left_out = ridge.left_out(y, self.dealings) + trust * said
                yield LastLayerFit(self, ridge, trust, y, left_out, self._missed(left_out))

    def _missed(self, left_out: Numbers) -> float:
        texts = np.flatnonzero(self.dealings[0] >= 0)
        return float(self.weights[texts] @ np.square(self.signs - left_out)[texts].sum(axis=1))


class LastLayerFit(NamedTuple):
    """Equations with the trust that suits, and how far answers to texts left out miss."""

    texts: LabelledRows
    ridge: RidgeRegression
    trust: float
    y: Numbers  # (B, K) targets less what words say
    left_out: Numbers  # (B, K)
    missed: float

    def layer(self, out: NDArray[np.int64] | None = None) -> LastLayer:
        """What is learned from all texts, or from all but some."""
        alpha, bias = self.ridge.without(self.y, np.empty(0, np.int64) if out is None else out)
        weights = self.texts.rows.T @ alpha
        if self.texts.named is not None:
            weights = weights + self.trust * self.texts.named
        return LastLayer(weights, alpha, bias, self.left_out)


def learned_from_many(
    rows: Numbers, signs: Numbers, weights: Numbers, folds: Folds, named: Numbers | None
) -> LastLayer:
    """The same without a linear part, by equations that are as many as the encoder has numbers, not as texts.

    Args:
        rows: of texts, (B, d).
        signs: targets, (B, K).
        weights: of texts, (B,).
        folds: the one that each text is in, all in one.
        named: (d, K) what the words of labels say, as weights.
    """
    outputs, every = signs.shape[1], np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    said = np.zeros_like(signs) if named is None else rows @ named
    both, parts = np.concatenate([signs, said], axis=1), [np.flatnonzero(folds == fold) for fold in np.unique(folds)]
    grams, crosses = ([every[part].T @ (weights[part, None] * of[part]) for part in parts] for of in (every, both))

    def without(part: int, penalty: float) -> Numbers:
        """Weights (d + 1, 2 K) of targets and of what words say, by the texts of all parts but one, or of all."""
        held_back = np.diag([*np.full(rows.shape[1], penalty), 0.0])
        gram, cross = (
            np.sum([one for number, one in enumerate(of) if number != part], axis=0) for of in (grams, crosses)
        )
        return np.asarray(np.linalg.solve(gram + held_back, cross))

    def found() -> Iterator[tuple[float, float, float, Numbers]]:
        for penalty in _PENALTIES:
            answers = np.empty_like(both)
            for number, part in enumerate(parts):
                answers[part] = every[part] @ without(number, penalty)
            for trust in (0.0,) if named is None else _TRUST:
                left_out = answers[:, :outputs] + trust * (said - answers[:, outputs:])
                yield float(weights @ np.square(signs - left_out).sum(axis=1)), penalty, trust, left_out

    _, penalty, trust, left_out = min(found(), key=lambda each: each[0])
    solution = without(-1, penalty)
    solution = solution[:, :outputs] - trust * solution[:, outputs:]
    learned = solution[:-1] if named is None else solution[:-1] + trust * named
    return LastLayer(learned, np.empty((0, outputs)), solution[-1], left_out)
