"""The network's forward pass in NumPy: the path of every answer.

The same look-up as in training/network/convolution.py (see there for the formulation), over one long row of words in
which the texts stand apart by as many empty places as the widest filter can hang over. No torch: importing it takes
longer than thousands of answers.

Shapes: T tokens in B texts, U distinct words, D dimensions, K outputs; C slices, M maps, F filters of each width and S
slots, see bank.py; P places of the row.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from textcnn.model.bank import Bank, FilterBlock, Pooling
from textcnn.text.ragged import Ragged

__all__ = ["Frame", "Network", "product", "responses", "rounded", "rounded_to_slices", "to_slices"]

Floats = NDArray[np.float32]

_TINY = 1e-12  # in the place of a length of nothing
_FRACTIONS = 16  # of a whole number: of means of such numbers, digits so few that products with weights stay exact


class Network(NamedTuple):
    """The weights of one network, as training/network/model.py trains them."""

    bank: Bank  # the same in each stage
    pooling: Pooling
    filters: tuple[Floats, ...]  # slices of each stage, (C, D)
    biases: tuple[Floats, ...]  # of each stage, (M,)
    layers: tuple[tuple[NDArray[Any], Floats], ...]  # weight (outputs, inputs) and bias (outputs,)
    units: NDArray[np.float64] | None = None  # what one of a response in whole numbers is worth, (M,), see rounding.py

    @property
    def whole(self) -> bool:
        """Whether responses are whole numbers, and the first layer's products with them exact."""
        return self.units is not None

    def logits(self, vectors: Floats, ragged: Ragged) -> Floats:
        """(B, K) for texts whose words are rows of `vectors` (U, D)."""
        return self.head(self.features(vectors, ragged)).astype(np.float32)

    def head(self, features: NDArray[Any]) -> NDArray[np.float64]:
        """From pooled features to logits."""
        sums = self._last_layer(features)[1]
        sums += self.layers[-1][1]
        return sums

    def _last_layer(self, features: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """What comes into the last layer, (B, inputs), and its outputs but for its bias, (B, K)."""
        values, (weight, bias) = features, self.layers[0]
        sums: NDArray[np.float64]
        sums = features.astype(np.float64, copy=False) @ weight.T if self.whole else product(features, weight.T)
        for weight, following in self.layers[1:]:
            values = np.maximum(sums + bias, 0)
            sums, bias = product(values, weight.T), following
        return values, sums

    def label_lengths(self, *, centred: bool) -> NDArray[np.float64]:
        """The length of each label's weights in the last layer, (K,).

        Args:
            centred: whether weights are seen from their mean, as they are where labels exclude each other.
        """
        weight = self.layers[-1][0]
        if self._scaled:
            weight = weight / self.units
        lengths = np.linalg.norm(weight - weight.mean(axis=0) if centred else weight, axis=1)
        return np.asarray(np.maximum(lengths, _TINY), np.float64)

    def judged(
        self, features: NDArray[Any], label_lengths: NDArray[np.float64], *, centred: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Logits, and what tells novel texts, (B, 2).

        That is the cosine of what comes into the last layer and the nearest label's weights, and the length of it.

        Args:
            features: pooled, (B, S·M).
            label_lengths: from the method of this name.
            centred: as it was told.
        """
        values, sums = self._last_layer(features)
        if self._scaled:
            values = values * self.units
        towards = sums - sums.mean(axis=1, keepdims=True) if centred else sums
        lengths = np.sqrt(np.square(values, dtype=np.float64).sum(axis=1))
        cosines = towards / label_lengths / np.maximum(lengths, _TINY)[:, None]
        seen = np.empty((len(values), 2))
        seen[:, 0], seen[:, 1] = cosines.max(axis=1), lengths
        return sums + self.layers[-1][1], seen

    @property
    def _scaled(self) -> bool:
        """Whether what comes into the last layer is in whole numbers."""
        return self.units is not None and len(self.layers) == 1

    def features(self, vectors: Floats, ragged: Ragged) -> NDArray[Any]:
        """The pooled features (B, S·M), from the responses of the words that these texts have."""
        used, ragged = ragged.used()
        vectors, ragged = self.last_inputs(vectors[used], ragged)
        return self.by_pieces(partial(self._pooled, vectors, self.filters[-1], self.biases[-1]), ragged)

    def by_pieces(self, pool: Callable[[Ragged], NDArray[Any]], ragged: Ragged) -> NDArray[Any]:
        """What `pool` makes of texts, or, of long ones if pooling goes piece by piece, of their pieces: (B, S·M)."""
        pieces, counts = self.pieces(ragged)
        return self.averaged(pool(pieces), counts)

    def averaged(self, pooled: NDArray[Any], counts: NDArray[np.int64]) -> NDArray[Any]:
        """Of what was pooled by itself, (P, S·M), of which each text has so many, the mean for each: (B, S·M)."""
        if len(pooled) == len(counts):
            return pooled
        sums = np.add.reduceat(pooled, np.cumsum(counts) - counts, axis=0, dtype=np.float64)
        means = sums / counts[:, None]
        return np.rint(means * _FRACTIONS) / _FRACTIONS if self.whole else means

    def pieces(self, ragged: Ragged) -> tuple[Ragged, NDArray[np.int64]]:
        """What is pooled by itself, the texts or their pieces, and how many of these each text has."""
        if self.pooling.piece:
            return ragged.pieces(self.pooling.piece)
        return ragged, np.ones(len(ragged.starts) - 1, np.int64)

    def last_inputs(self, vectors: Floats, ragged: Ragged) -> tuple[Floats, Ragged]:
        """What comes into the last stage: the vectors themselves if there is one stage, else a row for each token."""
        for filters, bias in zip(self.filters[:-1], self.biases[:-1], strict=True):
            vectors = self._maps(vectors, filters, bias, ragged)  # (T, M)
            ragged = Ragged(np.arange(len(vectors), dtype=np.int32), ragged.starts)
        return vectors, ragged

    def _maps(self, vectors: Floats, filters: Floats, bias: Floats, ragged: Ragged) -> Floats:
        frame = Frame.around(ragged, self.bank.widest, len(vectors))
        found = responses(vectors, filters, self, frame, np.float32)
        maps = [values[frame.centred(block.width)] for block, values in found]
        joined: Floats = np.maximum(np.concatenate(maps, axis=1) + bias, 0)
        return joined

    def _pooled(self, vectors: Floats, filters: Floats, bias: Floats, ragged: Ragged) -> Floats:
        frame = Frame.around(ragged, self.bank.widest, len(vectors))
        features = np.empty((len(frame.starts), self.pooling.slots, self.bank.maps), np.float32)
        for block, values in responses(vectors, filters, self, frame, np.float32):
            first, last = frame.windows(block.width)
            if self.pooling.kept:
                features[:, : self.pooling.kept, block.maps] = np.maximum(
                    self._best(values, first, last) + bias[block.maps], 0
                )
            if self.pooling.has_mean:
                values += bias[block.maps]
                np.maximum(values, 0, out=values)
                features[:, self.pooling.kept, block.maps] = _means(values, first, last)
                if self.pooling.opening:
                    stop = np.minimum(last, first + self.pooling.opening)
                    features[:, -1, block.maps] = _means(values, first, stop)
        return features.reshape(len(features), self.bank.features(self.pooling))

    def _best(self, values: Floats, first: NDArray[np.int64], last: NDArray[np.int64]) -> Floats:
        """The values that max or k-max pooling keeps: (P, F) -> (B, kept, F)."""
        if self.pooling.kind == "kmax":
            return _kmax(values, first, last, self.pooling.k)
        return _reduce(np.maximum, values, first, last)[:, None]


class Frame(NamedTuple):
    """Texts in one row with empty places before, between and after them."""

    words: NDArray[np.int64]  # (P,) rows of R; U stands for an empty place
    starts: NDArray[np.int64]  # (B,) where each text begins in `words`
    lengths: NDArray[np.int64]  # (B,)
    tokens: NDArray[np.int64]  # (T,) where each token stands in `words`

    @classmethod
    def around(cls, ragged: Ragged, widest: int, empty: int) -> "Frame":
        """Leave room for the widest filter; `empty` is the row of R that stands for an empty place."""
        margin = max(widest - 1, 1)
        lengths = ragged.lengths
        starts = ragged.starts[:-1] + margin * np.arange(1, len(lengths) + 1)
        tokens = np.arange(len(ragged.words)) + np.repeat(starts - ragged.starts[:-1], lengths)
        words = np.full(len(ragged.words) + margin * (len(lengths) + 1) + 1, empty, np.int64)
        words[tokens] = ragged.words
        return cls(words, starts, lengths, tokens)

    def windows(self, width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first window of each text and the one after its last; an empty text has one."""
        first = self.starts - (width - 1)
        return first, np.maximum(self.starts + self.lengths, first + 1)

    def centred(self, width: int) -> NDArray[np.int64]:
        """For each token the window that has it in its middle: (T,)."""
        return self.tokens - (width - 1) // 2


def product(rows: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.float64]:
    """Rows times columns so that no order of additions, and so no machine, library or neighbour, changes a bit of it.

    Each row and each column is rounded to multiples of its own unit, a power of two, few enough digits that all sums
    are exact in 53 bits; for 256 terms that is 22 bits beside the row's largest value, where float32 has 24.
    (R, D) and (D, C) -> (R, C).
    """
    exact: NDArray[np.float64] = rounded(rows, 1) @ rounded(columns, 0)
    return exact


def rounded(values: NDArray[Any], axis: int) -> NDArray[np.float64]:
    """Values as multiples of a power of two, so few that sums along the axis of products of two are exact."""
    digits = (53 - max(values.shape[axis] - 1, 1).bit_length()) // 2
    most = np.maximum(values.max(axis, initial=0, keepdims=True), -values.min(axis, initial=0, keepdims=True))
    # Beside this number float64 has no digits left for what is smaller than the unit.
    beside = np.ldexp(1.5, np.frexp(most)[1] - digits + 52)
    rounded: NDArray[np.float64] = values.astype(np.float64)  # first, for NumPy adds numbers of two kinds slowly
    rounded += beside
    rounded -= beside
    return rounded


def to_slices(vectors: NDArray[Any], filters: NDArray[Any], whole: bool) -> NDArray[np.float64]:
    """The responses of words to slices, rounded to whole numbers if a network has such: (U, D), (n, D) -> (U, n)."""
    return rounded_to_slices(rounded(vectors, 1), rounded(filters.T, 0), whole)


def rounded_to_slices(words: NDArray[np.float64], columns: NDArray[np.float64], whole: bool) -> NDArray[np.float64]:
    """The same for words, and columns of filters, that are rounded for exact products; once more could change them."""
    found: NDArray[np.float64] = words @ columns
    return np.rint(found, out=found) if whole else found


def responses(
    vectors: NDArray[Any], filters: NDArray[Any], network: Network, frame: Frame, kind: DTypeLike
) -> Iterator[tuple[FilterBlock, NDArray[Any]]]:
    """For each width the response of the window that begins at each place: (P, F), in numbers of this kind.

    A slice of all filters of a width at a time: of a long text, the responses to all would take far more memory.
    """
    words = rounded(np.concatenate([vectors, np.zeros((1, vectors.shape[1]), vectors.dtype)]), 1)  # (U + 1, D)
    for block in network.bank.blocks:
        values = np.zeros((len(frame.words), block.filters), kind)
        for offset in range(block.width):
            columns = rounded(filters[block.at(offset)].T, 0)
            table = rounded_to_slices(words, columns, network.whole).astype(kind, copy=False)  # (U + 1, F)
            values[: len(values) - offset] += table[frame.words[offset:]]
        yield block, values


def _reduce(how: np.ufunc, values: Floats, first: NDArray[np.int64], last: NDArray[np.int64]) -> Floats:
    """Reduce the rows first[b] to last[b] - 1 for each text: (P, F) -> (B, F)."""
    if not len(first):
        return np.empty((0, values.shape[1]), np.float32)
    borders = np.stack([first, last], axis=1).ravel()
    reduced: Floats = how.reduceat(values, borders, axis=0)[::2]
    return reduced


def _means(values: Floats, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.float64]:
    """Means of these rows, from sums in double precision, whose roundings single precision does not see.

    So any order of additions has the same.
    """
    sums = np.empty((len(first), values.shape[1]))
    for text, (start, stop) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        np.add.reduce(values[start:stop], axis=0, dtype=np.float64, out=sums[text])
    return np.asarray(sums / (last - first)[:, None])


def _kmax(values: Floats, first: NDArray[np.int64], last: NDArray[np.int64], k: int) -> Floats:
    """The k largest of each column in the order of the text; of equals, the earliest; absent ones are -inf."""
    best = np.full((len(first), k, values.shape[1]), -np.inf, np.float32)
    for text, (start, stop) in enumerate(zip(first, last, strict=True)):
        inside = values[start:stop]
        chosen = np.sort(np.argsort(-inside, axis=0, kind="stable")[:k], axis=0)
        best[text, : len(chosen)] = np.take_along_axis(inside, chosen, axis=0)
    return best
