"""The learner between two questions: regularised least squares on sentence vectors and words.

It is not the model that is written at the end, but says within milliseconds what a model would. The texts are compared
by a kernel. Seven tenths are what they are about, half the cosine of their sentence vectors and half that of their
weighted words and pairs of words, the first word counting more; three tenths are how they begin, the cosine of the
vectors of their first words, which tells what is asked, wanted or told. Least squares have one great advantage over
logistic regression here: what each text would get from a learner that had not seen it (leave-one-out) follows from one
decomposition, exactly (Rifkin & Lippert 2007, "Notes on Regularized Least Squares"). Those answers choose the penalty,
calibrate the probabilities, tell how accurate it is, and doubt labels.

What the names of the labels say of a text (training/label_names.py) is where it starts, as far as those answers are the
better for it: least squares then learns what is left.

Shapes: B texts of the pile, n labelled ones, K labels, d dimensions of sentence vectors, V words and pairs of words.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.text.lexicon import Lexicon, grouped
from textcnn.text.ragged import Ragged
from textcnn.text.tokens import normal
from textcnn.training.label_names import Places
from textcnn.training.pupil import SHARPNESS

__all__ = [
    "Answers",
    "KernelFit",
    "LinearScores",
    "PileFeatures",
    "QuickModel",
    "WordTable",
    "fit_kernel",
    "kernel_of",
    "learn_quickly",
    "likeness",
    "softmax",
    "subject_likeness",
]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_MOST_WORDS = 500  # of a text
_GROUP = 1_000_000  # characters that are read at once
_PAIRS = 1 << 18  # buckets of pairs of words
_FIRST = 0.2  # share of the first word in what words say; the words and pairs have the rest
_OPENING = 0.3  # share of how texts begin in how alike they are; what they are about has the rest
_PENALTIES = tuple(10.0**power for power in (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5))
_TRUST = (0.0, 0.5, 1.0)  # in what names say: one of them; less than all of it while there are few texts
_FEW = 20
_PRIOR = 2.0  # texts' worth of doubt in a sharpness beyond the mildest
_BLOCK = 20_000  # texts that are answered at once
_LEAST = 1e-9


class PileFeatures(NamedTuple):
    """What the learner sees of texts."""

    sentences: Floats  # (B, d) of length one
    words: Any  # (B, V) sparse, of length one
    openings: Floats  # (B, d) of length one: of the words with which they begin

    def take(self, rows: Ints) -> "PileFeatures":
        """Some of the texts."""
        return PileFeatures(self.sentences[rows], self.words[rows], self.openings[rows])

    def and_others(self, others: "PileFeatures") -> "PileFeatures":
        """The texts, then the others."""
        import scipy.sparse as sp

        return PileFeatures(
            np.concatenate([self.sentences, others.sentences]),
            sp.vstack([self.words, others.words]).tocsr(),
            np.concatenate([self.openings, others.openings]),
        )

    def vectors(self) -> Floats:
        """What they are about and how they begin in vectors of length one: (B, 2d)."""
        return np.hstack([(1 - _OPENING) ** 0.5 * self.sentences, _OPENING**0.5 * self.openings])


class Answers(NamedTuple):
    """What the labelled texts would get from learners that had not seen them."""

    rows: Ints  # (n,) the texts
    targets: Ints  # (n,) the labels that they have
    probabilities: Floats  # (n, K)

    @property
    def loss(self) -> float:
        """The sum of their log losses, in nats."""
        return -float(np.log(self.probabilities[np.arange(len(self.targets)), self.targets] + _LEAST).sum())


class LinearScores(NamedTuple):
    """What least squares on the kernel says of any texts: it is linear in what they are compared by."""

    of_sentences: Floats  # (d, K)
    of_words: Floats  # (V, K)
    of_openings: Floats  # (d, K)
    bias: Floats  # (K,)

    @classmethod
    def over(cls, texts: PileFeatures, weights: Floats) -> "LinearScores":
        """From the texts it was learned from, and the weight of each (n, K)."""
        of_words = texts.words.T @ weights
        return cls(texts.sentences.T @ weights, of_words, texts.openings.T @ weights, weights.sum(axis=0))

    def scores(self, features: PileFeatures) -> Floats:
        """(B, K)."""
        about = (features.sentences @ self.of_sentences + features.words @ self.of_words) / 2
        found: Floats = (1 - _OPENING) * about + _OPENING * (features.openings @ self.of_openings) + self.bias
        return found


class QuickModel(NamedTuple):
    """What was learned; it answers texts by their likeness to the labelled ones."""

    labelled: PileFeatures  # (n, ...)
    weights: Floats  # (n, K)
    sharpness: float
    unseen: Answers
    names: Places | None  # what the names of the labels say
    trust: float  # in that

    def probabilities(self, features: PileFeatures) -> Floats:
        """(B, K)."""
        linear = LinearScores.over(self.labelled, self.weights)
        blocks = [np.empty((0, self.weights.shape[1]), np.float32)]
        for first in range(0, len(features.sentences), _BLOCK):
            some = PileFeatures(*(each[first : first + _BLOCK] for each in features))
            scores = linear.scores(some)
            if self.names is not None and self.trust:
                scores = np.asarray(scores + self.trust * self.names.guess(some.sentences), np.float32)
            blocks.append(softmax(scores * self.sharpness))
        return np.concatenate(blocks)


class KernelFit(NamedTuple):
    """Least squares on a kernel."""

    weights: NDArray[np.float64]  # (n, K)
    sharpness: float  # factor of the scores whose softmax are the probabilities
    unseen: Floats  # (n, K) probabilities of each text by a learner that had not seen it
    trust: float = 0.0  # in what the names of the labels say


def learn_quickly(
    features: PileFeatures,
    rows: Sequence[int] | Ints,
    targets: Sequence[int],
    labels: int,
    names: Places | None = None,
) -> QuickModel:
    """Learn from the labelled texts.

    Args:
        features: of the pile.
        rows: the labelled texts.
        targets: the label of each, a number below `labels`.
        labels: how many there are, K.
        names: what their names say of texts.
    """
    chosen, numbers = np.array(rows, np.int64), np.array(targets, np.int64)
    labelled = features.take(chosen)
    guesses = None if names is None else names.guess(labelled.sentences)
    fit = fit_kernel(kernel_of(labelled), numbers, labels, guesses=guesses)
    unseen = Answers(chosen, numbers, fit.unseen)
    return QuickModel(labelled, fit.weights.astype(np.float32), fit.sharpness, unseen, names, fit.trust)


def kernel_of(texts: PileFeatures) -> NDArray[np.float64]:
    """How alike each two of some texts are, and one for the bias: (n, n)."""
    kernel: NDArray[np.float64] = (likeness(texts, texts) + 1).astype(np.float64)
    return kernel


def likeness(texts: PileFeatures, others: PileFeatures) -> Floats:
    """How alike texts are to others, by what they are about and how they begin: (B, others)."""
    begin_alike = texts.openings @ others.openings.T
    alike: Floats = (1 - _OPENING) * subject_likeness(texts, others) + _OPENING * begin_alike
    return alike


def subject_likeness(texts: PileFeatures, others: PileFeatures) -> Floats:
    """How alike what texts are about is to what others are, half by sentence vectors and half by words: (B, others)."""
    alike: Floats = (texts.sentences @ others.sentences.T + (texts.words @ others.words.T).toarray()) / 2
    return alike


def fit_kernel(
    kernel: NDArray[np.float64],
    targets: Ints,
    labels: int,
    penalties: Sequence[float] = _PENALTIES,
    guesses: NDArray[np.float64] | None = None,
) -> KernelFit:
    """Learn from texts; the penalty, and the trust in guesses, are those of the least log loss on texts left out.

    Args:
        kernel: how alike the texts are, (n, n).
        targets: their labels, (n,).
        labels: how many there are, K.
        penalties: to choose from.
        guesses: what was said of the texts before any label was known, (n, K).
    """
    values, vectors = np.linalg.eigh(kernel)
    wanted = np.eye(labels)[targets]
    best, least = None, np.inf
    for trust in _trusts(len(targets)) if guesses is not None else (0.0,):
        left = wanted - trust * guesses if guesses is not None else wanted
        turned = vectors.T @ left
        for penalty in penalties:
            inverse = 1 / (np.maximum(values, 0) + penalty)
            weights = vectors @ (inverse[:, None] * turned)
            unseen = wanted - weights / (np.square(vectors) @ inverse)[:, None]
            loss, sharpness = _sharpest(unseen, targets)
            if best is None or loss < least:
                best, least = KernelFit(weights, sharpness, softmax(unseen * sharpness), trust), loss
    assert best is not None
    return best


def _trusts(texts: int) -> tuple[float, ...]:
    """How far guesses may be trusted: few texts cannot tell that they deceive."""
    return tuple(trust for trust in _TRUST if texts >= _FEW or trust < 1)


def _sharpest(scores: NDArray[np.float64], targets: Ints) -> tuple[float, float]:
    """The least log loss, and the factor of the scores that gives it; few texts do not make it sharp."""
    losses = [
        -float(np.log(softmax(scores * factor)[np.arange(len(targets)), targets] + _LEAST).sum())
        + _PRIOR * np.log(factor)
        for factor in SHARPNESS
    ]
    best = int(np.argmin(losses))
    return losses[best], SHARPNESS[best]


def softmax(scores: NDArray[Any]) -> Floats:
    """Probabilities of scores (B, K)."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


class WordTable:
    """Words and pairs of neighbours, weighted by how rare they are in some texts, and the first word: V columns.

    With which word a text begins tells questions, requests and wishes from each other.

    Args:
        texts: that say which words there are, and how rare.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._lexicon, self._width = Lexicon(normal), 0  # 0: not known yet
        counted, _ = self._counted(texts)
        self._width = counted.shape[1]
        frequency = np.bincount(counted.indices, minlength=self._width)
        self._rarity = (np.log((1 + len(texts)) / (1 + frequency)) + 1).astype(np.float32)

    def of(self, texts: Sequence[str]) -> Any:
        """A sparse table (B, V), each text of length one; words that are not known are left out."""
        import scipy.sparse as sp

        table, first = self._counted(texts)
        table.data = (1 + np.log(table.data)) * self._rarity[table.indices]
        joined = sp.hstack([(1 - _FIRST) ** 0.5 * _of_length_one(table), _FIRST**0.5 * first])
        return _of_length_one(joined.tocsr()).astype(np.float32)

    def _counted(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """How often each text has each word and pair, and with which word it begins.

        The pairs come first, then the words as they are numbered.
        """
        import scipy.sparse as sp

        ragged = Ragged.joined([self._lexicon.read(group, _MOST_WORDS) for group in grouped(texts, _GROUP)])
        columns, starts = _with_pairs(ragged)
        width = _PAIRS + len(self._lexicon.words)
        table = sp.csr_matrix((np.ones(len(columns), np.float32), columns, starts), (len(texts), width))
        table.sum_duplicates()
        known = self._width or width
        has_words = ragged.lengths > 0
        words = ragged.words[ragged.starts[:-1][has_words]]
        begins = np.concatenate([[0], np.cumsum(has_words)])
        first = sp.csr_matrix((np.ones(len(words), np.float32), words, begins), (len(texts), width - _PAIRS))
        return table[:, :known].tocsr(), first[:, : known - _PAIRS].tocsr()


def _of_length_one(table: Any) -> Any:
    """Rows of a sparse table (B, V) over their lengths; one without numbers stays so."""
    import scipy.sparse as sp

    length = np.sqrt(np.asarray(table.multiply(table).sum(axis=1))).ravel()
    return (sp.diags_array(1 / np.where(length > 0, length, 1)) @ table).tocsr()


def _with_pairs(ragged: Ragged) -> tuple[Ints, Ints]:
    """Columns of pairs of words, then those of words, text by text, and where those of each text begin."""
    numbers, starts = ragged.words.astype(np.int64), ragged.starts
    mixed = (numbers[:-1] * 0x9E3779B1 + numbers[1:] * 0x85EBCA77) % _PAIRS
    inside = np.ones(max(len(numbers) - 1, 0), np.bool_)
    borders = starts[1:-1]
    inside[borders[(borders > 0) & (borders < len(numbers))] - 1] = False
    owners = np.repeat(np.arange(len(starts) - 1), ragged.lengths)
    of_pairs = owners[:-1][inside]
    order = np.argsort(np.concatenate([owners, of_pairs]), kind="stable")
    counts = ragged.lengths + np.bincount(of_pairs, minlength=len(starts) - 1)
    return np.concatenate([numbers + _PAIRS, mixed[inside]])[order], np.concatenate([[0], np.cumsum(counts)])
