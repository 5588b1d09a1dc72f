"""A model interpreted by n-grams of its training texts: those that speak for each label, and those of each filter.

Under max pooling a filter takes one window of each text, and contributes its response times its output weight to each
logit. The contributions of each n-gram are added up over the texts, with those of the words and pairs of the linear
part. This is a summary: with other poolings the window is the one to which a filter responds most, and a head with
hidden layers counts by its mean gradient. What the first words of a text add by themselves, beside the mean of all, is
not counted.

The threshold of a filter is the lowest response from which on at least three of four texts have its label: that of
Jacovi et al. 2018, "Understanding Convolutional Neural Networks for Text Classification", section 4.

Shapes: B texts, M filters of one network, K labels, N n-grams.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.insight.activations import Activations, Words, find_activations, joined
from textcnn.insight.filters import active_share, nearest_filters
from textcnn.labels import margins
from textcnn.model.bank import Bank
from textcnn.model.interpretation import Filter, Interpretation, LabelNgrams, Ngram
from textcnn.model.model import Model
from textcnn.model.network import Network
from textcnn.model.predictor import Predictor
from textcnn.text.ragged import Encoded, Ragged
from textcnn.text.tokens import unspaced

__all__ = ["interpret"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_TEXTS, _MOST_WORDS = 1200, 30_000
_CAUTION = 2.0  # texts with a contribution of zero that every n-gram is thought to have besides
_PURITY = 0.75
_PER_LABEL, _LABEL_NGRAMS = 10, 4000
_PER_FILTER, _FILTER_NGRAMS = 5, 6000
_NUMBERS = 5_000_000  # of the table of n-grams by labels


class _NgramTable(NamedTuple):
    """N-grams with their contributions to each label, added up over texts, and how many texts have them."""

    names: list[str]
    totals: Floats  # (N, K)
    texts: Ints  # (N,)


def interpret(model: Model, encoded: Encoded, targets: NDArray[np.float32], threads: int = 1) -> Interpretation:
    """Interpret a model by the texts that it was trained on, or by as many of them as is quickly done.

    Args:
        model: as trained and calibrated.
        encoded: the training texts.
        targets: (B, K) their labels, zeros and ones.
        threads: that compute; 0: as many as are free.
    """
    chosen = _sample(encoded.ragged, targets)
    encoded, targets = encoded._replace(ragged=encoded.ragged.take(chosen)).compact(), targets[chosen]
    predictor, share = Predictor(model, threads), 1 / (len(model.members) * model.join.temperature)
    vectors_of, spelling = list(predictor.vectors_of(encoded.surfaces)), cache(predictor.spelling)
    words = Words.of(list(map(spelling, encoded.surfaces)), encoded.ragged)
    tables, filters = [], list[Filter]()
    for number, (member, vectors) in enumerate(zip(model.members, vectors_of, strict=True)):
        network = member.network
        pooled, activations = find_activations(network, vectors, encoded.ragged, words, threads)
        coefficients = _centred(_coefficients(network, vectors, encoded.ragged), multi_label=model.multi_label)
        tables.append(_contributions(activations, share * coefficients))
        own = _NetworkFilters(number, len(filters), network.bank, pooled, activations, share * coefficients)
        filters += own.filters(targets)
    if model.linear is not None:
        tables.append(_of_linear(model, encoded, spelling))
    return Interpretation(len(chosen), _of_labels(_joined(tables), len(model.labels)), tuple(filters))


def _sample(ragged: Ragged, targets: NDArray[np.float32]) -> Ints:
    """Texts of all labels, evenly, bounded in their number and their words; always the same."""
    by_label = np.argsort(targets.argmax(axis=1), kind="stable")
    most = min(_MOST_TEXTS, len(by_label))
    chosen = np.sort(by_label[np.linspace(0, len(by_label) - 1, most).astype(np.int64)])
    words = np.cumsum(ragged.lengths[chosen])
    if words[-1] <= _MOST_WORDS:
        return chosen
    fewer = max(int(most * _MOST_WORDS / words[-1]), 1)
    return chosen[np.linspace(0, most - 1, fewer).astype(np.int64)]


def _coefficients(network: Network, vectors: NDArray[np.float32], ragged: Ragged) -> Floats:
    """What one unit of each filter's best response contributes to each logit: (K, M)."""
    slots = _of_features(network, vectors, ragged).reshape(-1, network.pooling.slots, network.bank.maps)
    windows = float(ragged.lengths.mean()) + 1
    kept, means = np.split(slots, [network.pooling.kept], axis=1)
    if not network.pooling.has_mean:
        return np.asarray(kept.mean(axis=1))
    return np.asarray(kept.sum(axis=1) + means[:, 0] / windows)


def _of_features(network: Network, vectors: NDArray[np.float32], ragged: Ragged) -> Floats:
    """What one unit of each feature contributes to each logit, through hidden layers on average: (K, S·M)."""
    *hidden, (weight, _) = network.layers
    coefficients = weight.astype(np.float64)
    if hidden:
        values = np.concatenate([network.features(vectors, part) for part in ragged.parts()])
        active = []
        for inner, bias in hidden:
            values = np.maximum(values @ inner.T + bias, 0)
            active.append((values > 0).mean(axis=0))
        for (inner, _), share in zip(hidden[::-1], active[::-1], strict=True):
            coefficients = (coefficients * share) @ inner
    return coefficients


def _centred(coefficients: Floats, *, multi_label: bool) -> Floats:
    """Softmax only sees differences, so the mean of all labels is subtracted: (K, ...)."""
    return coefficients if multi_label else coefficients - coefficients.mean(axis=0)


def _contributions(activations: Activations, coefficients: Floats) -> _NgramTable:
    """Add up what each n-gram contributes to each label; of too many n-grams, the most frequent."""
    from scipy.sparse import csr_matrix

    kept = _frequent(activations.texts, coefficients.shape[0])
    shape = (len(activations.texts), coefficients.shape[1])
    parts = activations.values * activations.shares
    values = csr_matrix((parts, (activations.ngrams, activations.filters)), shape)
    names = [activations.name(ngram) for ngram in kept.tolist()]
    return _NgramTable(names, np.asarray(values[kept] @ coefficients.T), activations.texts[kept])


def _frequent(texts: Ints, labels: int) -> Ints:
    """N-grams of more than one text where there are many, no more than a table has room for."""
    recurring = np.flatnonzero(texts > 1)
    candidates = recurring if len(recurring) >= 200 else np.arange(len(texts))
    order = np.argsort(-texts[candidates], kind="stable")[: max(_NUMBERS // labels, 1000)]
    return np.sort(candidates[order])


def _of_linear(model: Model, encoded: Encoded, spelling: Callable[[str], str]) -> _NgramTable:
    """The words and pairs of the linear part."""
    assert model.linear is not None
    totals = model.linear.totals(encoded.surfaces, encoded.ragged)
    kept = _frequent(totals.texts, len(model.labels))
    contributions = margins(model.join.linear_weight * totals.sums[kept].astype(np.float64), len(model.labels))
    centred = _centred(contributions.T, multi_label=model.multi_label).T
    names = [joined(list(map(spelling, totals.names[ngram]))) for ngram in kept]
    return _NgramTable(names, centred, totals.texts[kept])


def _joined(tables: list[_NgramTable]) -> _NgramTable:
    """One table; what stands in several is added up."""
    number: dict[str, int] = {}
    for table in tables:
        for name in table.names:
            number.setdefault(name, len(number))
    totals = np.zeros((len(number), tables[0].totals.shape[1]))
    texts = np.zeros(len(number), np.int64)
    for table in tables:
        rows = np.array([number[name] for name in table.names], np.int64)
        np.add.at(totals, rows, table.totals)
        np.maximum(texts, np.bincount(rows, table.texts, len(texts)).astype(np.int64), out=texts)
    return _NgramTable(list(number), totals, texts)


def _of_labels(table: _NgramTable, labels: int) -> tuple[LabelNgrams, ...]:
    most = int(np.clip(_LABEL_NGRAMS // (2 * labels), 1, _PER_LABEL))
    rank = table.totals / (table.texts + _CAUTION)[:, None]
    return tuple(
        LabelNgrams(_strongest(table, label, rank[:, label], most), _strongest(table, label, -rank[:, label], most))
        for label in range(labels)
    )


def _strongest(table: _NgramTable, label: int, rank: Floats, most: int) -> tuple[Ngram, ...]:
    """The best of a ranking, none of them a part of another."""
    best: list[Ngram] = []
    for row in np.argsort(-rank, kind="stable")[: 20 * most].tolist():
        name = table.names[row]
        if len(best) == most or rank[row] <= 0:
            break
        if not any(_inside(name, other.text) or _inside(other.text, name) for other in best):
            best.append(Ngram(name, _rounded(table.totals[row, label] / table.texts[row]), int(table.texts[row])))
    return tuple(best)


def _inside(short: str, long: str) -> bool:
    return f" {short} " in f" {long} " or (unspaced(short[0]) and short in long)


class _NetworkFilters(NamedTuple):
    """The filters of one network, and how they responded to the texts."""

    network: int
    first: int  # number of its first filter, among those of all networks, which may have differently many
    bank: Bank
    pooled: Floats  # (B, M)
    activations: Activations
    coefficients: Floats  # (K, M)

    def filters(self, targets: NDArray[np.float32]) -> list[Filter]:
        """Each filter, interpreted by texts with these labels (B, K)."""
        nearest = nearest_filters(self.pooled, [block.maps for block in self.bank.blocks])
        active, ngrams = active_share(self.pooled), self._ngrams()
        filters = []
        for width, number in self._columns():
            label = int(self.coefficients[:, number].argmax())
            weight = float(self.coefficients[label, number])
            other = int(nearest.numbers[number])
            filters.append(
                Filter(
                    network=self.network,
                    width=width,
                    ngrams=ngrams[number],
                    label=label if weight > 0 else -1,
                    weight=_rounded(weight),
                    threshold=_threshold(self.pooled[:, number], targets[:, label] > 0) if weight > 0 else None,
                    active=_rounded(float(active[number])),
                    nearest=other + self.first if other >= 0 else -1,
                    correlation=_rounded(float(nearest.correlations[number])),
                )
            )
        return filters

    def _columns(self) -> Iterator[tuple[int, int]]:
        """The width and the number of each filter."""
        for block in self.bank.blocks:
            for number in range(self.bank.maps)[block.maps]:
                yield block.width, number

    def _ngrams(self) -> list[tuple[Ngram, ...]]:
        """For each filter the n-grams with the largest responses."""
        filters = self.activations.filters
        order = np.lexsort((-self.activations.values, filters))
        borders = np.searchsorted(filters[order], np.arange(self.bank.maps + 1))
        most = int(np.clip(_FILTER_NGRAMS // self.bank.maps, 1, _PER_FILTER))
        return [_best_ngrams(self.activations, order[first:last], most) for first, last in pairwise(borders)]


def _best_ngrams(activations: Activations, ranked: Ints, most: int) -> tuple[Ngram, ...]:
    """Different n-grams among the activations of one filter, which are ranked by their responses."""
    taken, texts = activations.ngrams[ranked], activations.text_of[ranked]
    ngrams, first = np.unique(taken, return_index=True)
    return tuple(
        Ngram(
            activations.name(ngrams[number]),
            _rounded(float(activations.values[ranked[first[number]]])),
            len(set(texts[taken == ngrams[number]].tolist())),
        )
        for number in np.argsort(first)[:most]
    )


def _threshold(responses: Floats, labelled: NDArray[np.bool_]) -> float | None:
    """The lowest response from which on enough texts have the label."""
    order = np.argsort(-responses, kind="stable")
    ranked = responses[order]
    purity = np.cumsum(labelled[order]) / np.arange(1, len(order) + 1)
    last_of_equals = np.append(ranked[1:] < ranked[:-1], True)
    pure = np.flatnonzero((purity >= _PURITY) & last_of_equals & (ranked > 0))
    return _rounded(float(ranked[pure[-1]])) if len(pure) else None


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
