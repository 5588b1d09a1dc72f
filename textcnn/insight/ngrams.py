"""Which n-grams of the training texts a model has learned from, at the end of training.

Under max pooling a filter takes one window of each text, and gives its response times its output weight to each
logit. What is given to a label is added up for each n-gram over the texts; the words and pairs of the linear part are
added to it. This is a summary: with other poolings the window is the one that a filter answers to most, and a head
with hidden layers counts by its mean gradient.

A filter means a label from the lowest response on from which at least three of four texts have it: the threshold of
Jacovi et al. 2018, "Understanding Convolutional Neural Networks for Text Classification", section 4.

Shapes: B texts, M filters of one network, K labels, N n-grams.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.insight.activations import Gifts, Words, joined, look
from textcnn.insight.filters import active_share, twins
from textcnn.labels import margins
from textcnn.model.interpretation import Filter, LabelNgrams, Learned, Ngram
from textcnn.model.model import Model
from textcnn.model.network import Network
from textcnn.model.predictor import Predictor
from textcnn.text.ragged import Encoded, Ragged
from textcnn.text.tokens import unspaced

__all__ = ["learn_ngrams"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_TEXTS, _MOST_WORDS = 1200, 60_000
_CAUTION = 2.0  # texts without any gift that every n-gram is thought to have besides
_PURITY = 0.75
_PER_LABEL, _LABEL_NGRAMS = 10, 4000
_PER_FILTER, _FILTER_NGRAMS = 5, 6000
_NUMBERS = 5_000_000  # of the table of n-grams by labels


class _NgramTable(NamedTuple):
    """N-grams with what they give to each label, added up over texts, and how many texts have them."""

    names: list[str]
    totals: Floats  # (N, K)
    texts: Ints  # (N,)


def learn_ngrams(model: Model, encoded: Encoded, targets: NDArray[np.float32]) -> Learned:
    """Look at the texts that a model was trained on, or at as many of them as is quickly done.

    Args:
        model: what was learned.
        encoded: the training texts.
        targets: (B, K) their labels, zeros and ones.
    """
    chosen = _sample(encoded.ragged, targets)
    encoded, targets = encoded._replace(ragged=encoded.ragged.take(chosen)), targets[chosen]
    predictor, share = Predictor(model), 1 / (len(model.members) * model.join.temperature)
    vectors_of = list(predictor.vectors_of(encoded.surfaces))
    words = Words.of([predictor.spelling(surface) for surface in encoded.surfaces], encoded.ragged)
    tables, filters = [], []
    for number, (member, vectors) in enumerate(zip(model.members, vectors_of, strict=True)):
        network = member.network
        pooled, gifts = look(network, vectors, encoded.ragged, words)
        coefficients = _centred(_coefficients(network, vectors, encoded.ragged), multi_label=model.multi_label)
        tables.append(_given(gifts, share * coefficients))
        filters += _filters(number, network, pooled, gifts, share * coefficients, targets)
    if model.linear is not None:
        tables.append(_of_linear(model, encoded, predictor))
    return Learned(len(chosen), _of_labels(_joined(tables), len(model.labels)), tuple(filters))


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
    """What one unit of each filter's best response gives to each logit: (K, M)."""
    *hidden, (weight, _) = network.layers
    found = weight.astype(np.float64)
    if hidden:
        values = np.concatenate([network.features(vectors, part) for part in ragged.parts()])
        lit = []
        for inner, bias in hidden:
            values = np.maximum(values @ inner.T + bias, 0)
            lit.append((values > 0).mean(axis=0))
        for (inner, _), active in zip(hidden[::-1], lit[::-1], strict=True):
            found = (found * active) @ inner
    slots = found.reshape(len(found), -1, len(network.biases[-1]))
    windows = float(ragged.lengths.mean()) + 1
    kind = network.pooling.kind
    if kind == "max+mean":
        return np.asarray(slots[:, 0] + slots[:, 1] / windows)
    return np.asarray(slots.mean(axis=1) / (windows if kind == "mean" else 1))


def _centred(coefficients: Floats, *, multi_label: bool) -> Floats:
    """Softmax only sees differences, so the mean of all labels is taken away: (K, ...)."""
    return coefficients if multi_label else coefficients - coefficients.mean(axis=0)


def _given(gifts: Gifts, coefficients: Floats) -> _NgramTable:
    """Add up what each n-gram gives to each label; of too many n-grams, the most frequent."""
    from scipy.sparse import csr_matrix

    kept = _frequent(gifts.texts, coefficients.shape[0])
    held = csr_matrix((gifts.values, (gifts.ngrams, gifts.filters)), (len(gifts.texts), coefficients.shape[1]))
    return _NgramTable(
        [gifts.name(each) for each in kept.tolist()], np.asarray(held[kept] @ coefficients.T), gifts.texts[kept]
    )


def _frequent(texts: Ints, labels: int) -> Ints:
    """N-grams of more than one text where there are many, no more than a table has room for."""
    often = np.flatnonzero(texts > 1)
    candidates = often if len(often) >= 200 else np.arange(len(texts))
    order = np.argsort(-texts[candidates], kind="stable")[: max(_NUMBERS // labels, 1000)]
    return np.sort(candidates[order])


def _of_linear(model: Model, encoded: Encoded, predictor: Predictor) -> _NgramTable:
    """The words and pairs of the linear part."""
    assert model.linear is not None
    held = model.linear.totals(encoded.surfaces, encoded.ragged)
    kept = _frequent(held.texts, len(model.labels))
    given = margins(model.join.linear_weight * held.sums[kept].astype(np.float64), len(model.labels))
    centred = _centred(given.T, multi_label=model.multi_label).T
    names = [joined([predictor.spelling(word) for word in held.names[each]]) for each in kept]
    return _NgramTable(names, centred, held.texts[kept])


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
    found: list[Ngram] = []
    for row in np.argsort(-rank, kind="stable")[: 20 * most].tolist():
        name = table.names[row]
        if len(found) == most or rank[row] <= 0:
            break
        if not any(_inside(name, other.text) or _inside(other.text, name) for other in found):
            found.append(Ngram(name, _rounded(table.totals[row, label] / table.texts[row]), int(table.texts[row])))
    return tuple(found)


def _inside(short: str, long: str) -> bool:
    return f" {short} " in f" {long} " or (unspaced(short[0]) and short in long)


def _filters(
    number: int, network: Network, pooled: Floats, gifts: Gifts, coefficients: Floats, targets: NDArray[np.float32]
) -> list[Filter]:
    count = pooled.shape[1] // len(network.widths)
    alike, active = twins(pooled, count), active_share(pooled)
    order = np.lexsort((-gifts.values, gifts.filters))
    borders = np.searchsorted(gifts.filters[order], np.arange(pooled.shape[1] + 1))
    most = int(np.clip(_FILTER_NGRAMS // pooled.shape[1], 1, _PER_FILTER))
    found = []
    for own in range(pooled.shape[1]):
        label = int(coefficients[:, own].argmax())
        push = float(coefficients[label, own])
        twin = int(alike.numbers[own])
        found.append(
            Filter(
                number,
                int(network.widths[own // count]),
                _best_ngrams(gifts, order[borders[own] : borders[own + 1]], most),
                label if push > 0 else -1,
                _rounded(push),
                _threshold(pooled[:, own], targets[:, label] > 0) if push > 0 else None,
                _rounded(float(active[own])),
                twin + number * pooled.shape[1] if twin >= 0 else -1,
                _rounded(float(alike.likeness[own])),
            )
        )
    return found


def _best_ngrams(gifts: Gifts, ranked: Ints, most: int) -> tuple[Ngram, ...]:
    """Different n-grams of the gifts of one filter, which are ranked by their responses."""
    ngrams, first, counts = np.unique(gifts.ngrams[ranked], return_index=True, return_counts=True)
    return tuple(
        Ngram(gifts.name(ngrams[each]), _rounded(float(gifts.values[ranked[first[each]]])), int(counts[each]))
        for each in np.argsort(first)[:most]
    )


def _threshold(responses: Floats, meant: NDArray[np.bool_]) -> float | None:
    """The lowest response from which on enough texts have the label."""
    order = np.argsort(-responses, kind="stable")
    ranked = responses[order]
    purity = np.cumsum(meant[order]) / np.arange(1, len(order) + 1)
    last_of_equals = np.append(ranked[1:] < ranked[:-1], True)
    pure = np.flatnonzero((purity >= _PURITY) & last_of_equals & (ranked > 0))
    return _rounded(float(ranked[pure[-1]])) if len(pure) else None


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
