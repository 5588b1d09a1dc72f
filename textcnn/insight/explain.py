"""Why a text got its label: each logit taken apart into what every word gave to it, exactly.

A network of look-ups, ReLU and max pooling is linear around any text: a pooled feature is the response of its window,
a response is a sum over the words of the window, and a mean is a share of every active window. So the logit is a sum of
word contributions and biases, with nothing sampled or approximated, through stacked stages too. A head with hidden
layers is not linear between its features; from there integrated gradients are used (Sundararajan et al. 2017), whose
parts also add up, to the precision of their 256 steps.

The linear part is a sum over words and pairs of neighbours to begin with; its norm is that of this text.

Contributions are to the calibrated logit, the one whose softmax or sigmoid is the probability.

Shapes: T words in the text, P places of windows, D dimensions, F filters of a width, K labels.
"""

from html import escape
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.insight.highlight import Shade, shaded_html, visible
from textcnn.model.model import Member
from textcnn.model.network import Frame, Network, responses
from textcnn.model.predictor import Predictor
from textcnn.text.ragged import Encoded, Ragged
from textcnn.text.tokens import Token, tokenize

__all__ = ["Contribution", "Explanation", "explain"]

Floats = NDArray[np.float64]

_STEPS = 256  # of integrated gradients
_MOST_NGRAMS = 6  # in a notebook


class Contribution(NamedTuple):
    """A word or n-gram, `text[start:end]` of the explained text, and what it gave to the logit."""

    text: str
    start: int
    end: int
    contribution: float


class Explanation(NamedTuple):
    """A logit and its parts: bias and words add up to it, and so do bias and n-grams."""

    text: str
    label: str
    against: str  # the label whose logit was taken away; empty if none was
    logit: float
    bias: float
    words: list[Contribution]
    ngrams: list[Contribution]  # of every window that counted, the strongest first
    unknown: list[str]  # words without a vector
    exact: bool  # False if the head has hidden layers

    def shades(self) -> list[Shade]:
        """The words as `textcnn.insight.highlight` wants them."""
        return [Shade(word.start, word.end, word.contribution) for word in self.words]

    def _repr_html_(self) -> str:
        """For notebooks: the text with its words shaded, then the n-grams that count most."""
        asked = f"<b>{_html(self.label)}</b>" + (f" rather than <b>{_html(self.against)}</b>" if self.against else "")
        rows = "".join(
            f'<tr><td style="text-align:right">{part.contribution:+.2f}</td>'
            f'<td style="text-align:left">{_html(part.text)}</td></tr>'
            for part in self.ngrams[:_MOST_NGRAMS]
        )
        notes = [f"unknown: {', '.join(map(_html, self.unknown))}"] if self.unknown else []
        notes += [] if self.exact else ["shared out from the pooled features on by integrated gradients"]
        return (
            f'<div><p style="white-space:pre-wrap;line-height:1.8">{shaded_html(self.text, self.shades())}</p>'
            f"<p>for {asked}: logit {self.logit:+.2f}, of which bias {self.bias:+.2f}</p>"
            f"<table>{rows}</table><p>{'; '.join(notes)}</p></div>"
        )


def _html(text: str) -> str:
    return escape(visible(text))


class _Spread(NamedTuple):
    """A logit of one network, spread over the windows of its first stage."""

    words: Floats  # (T,)
    windows: dict[tuple[int, int], float]  # from first word to the one after the last
    bias: float


def explain(predictor: Predictor, text: str, label: str, against: str = "") -> Explanation:
    """Take a logit apart, or the difference of two.

    Args:
        predictor: the model.
        text: any text; the part beyond the model's `max_words` counts for nothing.
        label: whose logit.
        against: why `label` and not this one; empty for the logit itself.
    """
    model = predictor.model
    tokens = tokenize(text, model.settings["max_words"])
    encoded = Encoded(
        [token.surface for token in tokens],
        Ragged(np.arange(len(tokens), dtype=np.int32), np.array([0, len(tokens)], np.int64)),
    )
    wanted = np.zeros(len(model.labels))
    wanted[model.labels.index(label)] += 1
    if against:
        wanted[model.labels.index(against)] -= 1
    share = 1 / (len(model.members) * model.join.temperature)
    spreads = [
        _spread(member, vectors.astype(np.float64), encoded.ragged, wanted)
        for member, vectors in zip(model.members, predictor.vectors_of(encoded.surfaces), strict=True)
    ]
    linear = _of_linear(predictor, encoded.surfaces, wanted)
    words = share * sum((spread.words for spread in spreads), np.zeros(len(tokens))) + linear.words
    bias = share * sum(spread.bias for spread in spreads) + linear.bias
    return Explanation(
        text=text,
        label=label,
        against=against,
        logit=float(words.sum() + bias),
        bias=float(bias),
        words=[Contribution(*token, float(value)) for token, value in zip(tokens, words, strict=True)],
        ngrams=_ngrams(text, tokens, [*((spread, share) for spread in spreads), (linear, 1.0)]),
        unknown=sorted({token.surface for token in tokens if not predictor.known(token.surface)}),
        exact=all(len(member.network.layers) == 1 for member in model.members),
    )


def rival(predictor: Predictor, probabilities: NDArray[np.float32], label: str) -> str:
    """The label that a text with these probabilities (K,) would get instead; empty where each is decided by itself."""
    if predictor.model.multi_label:
        return ""
    likeliest = np.argsort(-probabilities, kind="stable").tolist()
    return next((predictor.labels[place] for place in likeliest if predictor.labels[place] != label), "")


def _of_linear(predictor: Predictor, surfaces: list[str], wanted: Floats) -> _Spread:
    """The linear part's share: a pair gives a half to each of its words."""
    linear, weight = predictor.model.linear, predictor.model.join.linear_weight
    if linear is None:
        return _Spread(np.zeros(len(surfaces)), {}, 0.0)
    outputs = wanted if len(linear.bias) == len(wanted) else wanted[1:] - wanted[:1]
    singles, pairs = (weight * (rows @ outputs) for rows in linear.attributed(surfaces))
    words = singles.copy()
    spans = {(place, place + 1): float(value) for place, value in enumerate(singles)}
    for place, value in enumerate(pairs.tolist()):
        first, last = max(place - 1, 0), min(place + 1, len(surfaces))
        if last > first:
            words[first:last] += value / (last - first)
            spans[first, last] = spans.get((first, last), 0.0) + value
    outside = float(pairs.sum()) if not surfaces else 0.0
    return _Spread(words, spans, float(weight * (linear.bias @ outputs)) + outside)


def _ngrams(text: str, tokens: list[Token], spreads: list[tuple[_Spread, float]]) -> list[Contribution]:
    total: dict[tuple[int, int], float] = {}
    for spread, share in spreads:
        for place, value in spread.windows.items():
            total[place] = total.get(place, 0.0) + share * value
    parts = [
        Contribution(text[tokens[first].start : tokens[last - 1].end], tokens[first].start, tokens[last - 1].end, value)
        for (first, last), value in total.items()
    ]
    return sorted(parts, key=lambda part: -abs(part.contribution))


def _spread(member: Member, vectors: Floats, ragged: Ragged, wanted: Floats) -> _Spread:
    """Go back from the logit to the words of one text, a stage at a time."""
    network = member.network
    stages = _forward(network, vectors, ragged)
    features = network.features(vectors.astype(np.float32), ragged)[0].astype(np.float64)
    coefficients, bias = _of_features(network, features, wanted)
    windows = _of_windows(network, stages[-1], coefficients)
    for stage in range(len(stages) - 1, 0, -1):
        bias += _of_bias(network, stage, windows)
        of_inputs = _of_inputs(network, stage, windows, stages[stage])
        windows = _of_maps(network, stage - 1, stages[stage - 1], of_inputs)
    bias += _of_bias(network, 0, windows)
    return _Spread(*_of_words(network, windows, stages[0]), bias)


class _Stage(NamedTuple):
    """What came into a stage, and the responses of all its windows."""

    frame: Frame
    inputs: Floats  # (T, D)
    responses: list[Floats]  # for each width (P, F), bias not added


def _forward(network: Network, vectors: Floats, ragged: Ragged) -> list[_Stage]:
    stages = []
    for stage, (filters, bias) in enumerate(zip(network.filters, network.biases, strict=True)):
        frame = Frame.around(ragged, max(network.widths), len(vectors))
        found = [each for _, each in responses(vectors, filters.astype(np.float64), network.widths, frame)]
        stages.append(_Stage(frame, vectors, found))
        if stage < len(network.filters) - 1:
            maps = [each[frame.tokens - (width - 1) // 2] for width, each in zip(network.widths, found, strict=True)]
            vectors = np.maximum(np.concatenate(maps, axis=1) + bias, 0)
    return stages


def _of_features(network: Network, features: Floats, wanted: Floats) -> tuple[Floats, float]:
    """For each feature what one unit of it gives to the logit, and what is left without any feature."""
    weight, bias = network.layers[-1]
    if len(network.layers) == 1:
        return wanted @ weight, float(wanted @ bias)
    rest, _ = _head(network, np.zeros((1, len(features))), wanted)
    steps = (np.arange(_STEPS) + 0.5) / _STEPS
    _, gradients = _head(network, steps[:, None] * features, wanted)
    whole, _ = _head(network, features[None], wanted)
    coefficients = gradients.mean(axis=0)
    given = float(coefficients @ features)
    if abs(given) > 1e-12:  # what the steps miss is shared out in proportion
        coefficients = coefficients * float((whole - rest)[0] / given)
        return coefficients, float(rest[0])
    return coefficients, float(whole[0] - given)


def _head(network: Network, features: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """The logit for rows of features, and its gradient: (N, features) -> (N,), (N, features)."""
    lit, values = [], features
    for weight, bias in network.layers[:-1]:
        values = np.maximum(values @ weight.T + bias, 0)
        lit.append(values > 0)
    weight, bias = network.layers[-1]
    gradient = np.broadcast_to(wanted @ weight, values.shape)
    for (inner, _), active in zip(network.layers[-2::-1], lit[::-1], strict=True):
        gradient = (gradient * active) @ inner
    return (values @ weight.T + bias) @ wanted, gradient


def _of_windows(network: Network, stage: _Stage, coefficients: Floats) -> list[Floats]:
    """For each width, what one unit of a window's response gives to the logit: (P, F), zero where it does not count."""
    kind, k = network.pooling
    widths, count = len(network.widths), stage.responses[0].shape[1]
    slots = coefficients.reshape(-1, widths, count)  # kept values, then the mean if there is one
    found = []
    for number, (width, values) in enumerate(zip(network.widths, stage.responses, strict=True)):
        own = network.biases[-1][number * count : (number + 1) * count]
        (first,), (last,) = stage.frame.windows(width)
        inside = values[first:last]
        given = np.zeros_like(values)
        if kind != "mean":
            keep = 1 if kind != "kmax" else k
            chosen = np.sort(np.argsort(-inside, axis=0, kind="stable")[:keep], axis=0)  # (slots, F)
            active = np.take_along_axis(inside, chosen, axis=0) + own > 0
            np.put_along_axis(given[first:last], chosen, active * slots[: len(chosen), number], axis=0)
        if kind in ("mean", "max+mean"):
            given[first:last] += (inside + own > 0) * slots[-1, number] / (last - first)
        found.append(given)
    return found


def _of_bias(network: Network, stage: int, windows: list[Floats]) -> float:
    biases = np.split(network.biases[stage], len(network.widths))
    return float(sum(given.sum(axis=0) @ own for given, own in zip(windows, biases, strict=True)))


def _of_inputs(network: Network, stage: int, windows: list[Floats], own: _Stage) -> Floats:
    """What one unit of each input number gives to the logit: (T, D)."""
    found = np.zeros_like(own.inputs)
    first = 0
    for width, given in zip(network.widths, windows, strict=True):
        count = given.shape[1]
        for offset in range(width):
            filters = network.filters[stage][first : first + count]
            found += given[own.frame.tokens - offset] @ filters
            first += count
    return found


def _of_maps(network: Network, stage: int, own: _Stage, of_inputs: Floats) -> list[Floats]:
    """From the outputs of a stage to its windows, through the ReLU; each token's window has it in its middle."""
    found = []
    for number, (width, values) in enumerate(zip(network.widths, own.responses, strict=True)):
        count = values.shape[1]
        columns = slice(number * count, (number + 1) * count)
        places = own.frame.tokens - (width - 1) // 2
        given = np.zeros_like(values)
        given[places] = of_inputs[:, columns] * (values[places] + network.biases[stage][columns] > 0)
        found.append(given)
    return found


def _of_words(network: Network, windows: list[Floats], stage: _Stage) -> tuple[Floats, dict[tuple[int, int], float]]:
    """What each word gives, and each window."""
    words = (stage.inputs * _of_inputs(network, 0, windows, stage)).sum(axis=1)
    margin = int(stage.frame.starts[0])
    spans: dict[tuple[int, int], float] = {}
    for width, values, given in zip(network.widths, stage.responses, windows, strict=True):
        for place in np.flatnonzero(given.any(axis=1)):
            start, stop = max(int(place) - margin, 0), min(int(place) - margin + width, len(words))
            if start < stop:
                spans[start, stop] = spans.get((start, stop), 0.0) + float(given[place] @ values[place])
    return words, spans
