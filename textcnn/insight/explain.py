"""Why a text got its label: each logit taken apart into what every word contributed to it, exactly.

A network of look-ups, ReLU and max pooling is linear around any text: a pooled feature is the response of its window,
a response is a sum over the words of the window, and a mean is a share of every active window. So the logit is a sum of
word contributions and biases, with nothing sampled or approximated, through stacked stages too. What is taken apart is
the network that answers, with its responses rounded (model/rounding.py). A head with hidden layers is not linear
between its features; from there integrated gradients are used (Sundararajan et al. 2017), whose parts also add up, to
the precision of their 256 steps.

The linear part is a sum over words and pairs of neighbours to begin with; its norm is that of this text.

Contributions are to the calibrated logit, the one whose softmax or sigmoid is the probability.

Shapes: T words in the text, P places of windows, D dimensions, F filters of a width, M filters of all widths (laid out
as model/bank.py says), K labels.
"""

from html import escape
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.insight.highlight import Shade, shaded_html, visible
from textcnn.labels import score_weights
from textcnn.model.bank import FilterBlock, Pooling
from textcnn.model.model import Model, Rows
from textcnn.model.network import Frame, Network, responses, to_slices
from textcnn.model.predictor import Predictor, require_numbers
from textcnn.text.ragged import Ragged
from textcnn.text.tokens import Token, tokenize
from textcnn.text.vocabulary import UNKNOWN

__all__ = ["Contribution", "Explanation", "explain"]

Floats = NDArray[np.float64]

_STEPS = 256  # of integrated gradients
_MOST_NGRAMS = 6  # in a notebook


class Contribution(NamedTuple):
    """A word or n-gram, `text[start:end]` of the explained text, and what it contributed to the logit."""

    text: str
    start: int
    end: int
    contribution: float

    def place(self) -> dict[str, Any]:
        """Where it stands and what it contributed, for JSON."""
        return {"start": self.start, "end": self.end, "contribution": self.contribution}


class Explanation(NamedTuple):
    """A logit and its parts: bias and words add up to it, and so do bias and n-grams."""

    text: str
    label: str
    against: str  # the label whose logit was subtracted; empty if none was
    logit: float
    bias: float
    words: list[Contribution]
    ngrams: list[Contribution]  # of every window that counted, the strongest first
    unknown: list[str]  # words without a vector
    exact: bool  # False if the head has hidden layers

    def shades(self) -> list[Shade]:
        """The words as `textcnn.insight.highlight` wants them."""
        return [Shade(word.start, word.end, word.contribution) for word in self.words]

    def as_dict(self, most_ngrams: int = 20) -> dict[str, Any]:
        """The explanation as one JSON object; of the n-grams only the strongest."""
        against = {"against": self.against} if self.against else {}
        return {
            "label": self.label,
            **against,
            "logit": self.logit,
            "bias": self.bias,
            "exact": self.exact,
            "words": [{"word": part.text, **part.place()} for part in self.words],
            "ngrams": [{"text": part.text, **part.place()} for part in self.ngrams[:most_ngrams]],
            "unknown": self.unknown,
        }

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


class _Attribution(NamedTuple):
    """A part's share in the logit, attributed to words, and once more to n-grams."""

    words: Floats  # (T,)
    ngrams: dict[tuple[int, int], float]  # from first word to the one after the last
    bias: float


def explain(predictor: Predictor, text: str, label: str, against: str = "") -> Explanation:
    """Take a logit apart, or the difference of two.

    Args:
        predictor: the model.
        text: any text; the part beyond the model's `max_words` counts for nothing.
        label: whose logit.
        against: why `label` and not this one; empty for the logit itself.

    Raises:
        ModelFileError: the model is damaged, and the parts are not numbers.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is looked at here
        explanation = _explained(predictor, text, label, against)
    parts = [*explanation.words, *explanation.ngrams]
    require_numbers(np.array([explanation.logit, explanation.bias, *(part.contribution for part in parts)]))
    return explanation


def _explained(predictor: Predictor, text: str, label: str, against: str) -> Explanation:
    model = predictor.model
    tokens = tokenize(text, model.settings["max_words"], model.segment)
    surfaces, direction = [token.surface for token in tokens], _direction(model, label, against)
    share = 1 / (len(model.members) * model.join.temperature)
    rows = model.rows_of(surfaces)
    networks = _of_networks(model, rows, direction)
    linear = _of_linear(predictor, surfaces, direction)
    words = share * sum((part.words for part in networks), np.zeros(len(tokens))) + linear.words
    bias = share * sum(part.bias for part in networks) + linear.bias
    return Explanation(
        text=text,
        label=label,
        against=against,
        logit=float(words.sum() + bias),
        bias=float(bias),
        words=[Contribution(*token, float(value)) for token, value in zip(tokens, words, strict=True)],
        ngrams=_ngrams(text, tokens, [*((part, share) for part in networks), (linear, 1.0)]),
        unknown=_unknown(surfaces, rows),
        exact=all(len(member.network.layers) == 1 for member in model.members),
    )


def _direction(model: Model, label: str, against: str) -> Floats:
    """The logits' coefficients in what is explained: (K,)."""
    direction = np.zeros(len(model.labels))
    direction[model.labels.index(label)] += 1
    if against:
        direction[model.labels.index(against)] -= 1
    return direction


def _unknown(surfaces: list[str], words: Rows) -> list[str]:
    first = words.rows[np.cumsum(words.counts) - words.counts]
    return sorted({surface for surface, row in zip(surfaces, first.tolist(), strict=True) if row == UNKNOWN})


def _of_networks(model: Model, words: Rows, direction: Floats) -> list[_Attribution]:
    """The share of each network, before the average and the temperature."""
    count = len(words.counts)
    ragged = Ragged(np.arange(count, dtype=np.int32), np.array([0, count], np.int64))
    vectors = (model.vectors_of(member, words) for member in model.members)
    return [
        _of_network(network, seen, ragged, direction) for network, seen in zip(model.networks, vectors, strict=True)
    ]


def _of_linear(predictor: Predictor, surfaces: list[str], direction: Floats) -> _Attribution:
    """The linear part's share: a pair gives a half to each of its words."""
    linear, weight = predictor.model.linear, predictor.model.join.linear_weight
    if linear is None:
        return _Attribution(np.zeros(len(surfaces)), {}, 0.0)
    outputs = score_weights(direction, len(linear.bias))
    singles, pairs = (weight * (rows @ outputs) for rows in linear.attributed(surfaces))
    words = singles.copy()
    ngrams = {(position, position + 1): float(value) for position, value in enumerate(singles)}
    for position, value in enumerate(pairs.tolist()):
        first, last = max(position - 1, 0), min(position + 1, len(surfaces))
        if last > first:
            words[first:last] += value / (last - first)
            ngrams[first, last] = ngrams.get((first, last), 0.0) + value
    outside = float(pairs.sum()) if not surfaces else 0.0
    return _Attribution(words, ngrams, float(weight * (linear.bias @ outputs)) + outside)


def _ngrams(text: str, tokens: list[Token], parts: list[tuple[_Attribution, float]]) -> list[Contribution]:
    total: dict[tuple[int, int], float] = {}
    for part, share in parts:
        for span, value in part.ngrams.items():
            total[span] = total.get(span, 0.0) + share * value
    ngrams = [
        Contribution(text[tokens[first].start : tokens[last - 1].end], tokens[first].start, tokens[last - 1].end, value)
        for (first, last), value in total.items()
    ]
    return sorted(ngrams, key=lambda ngram: -abs(ngram.contribution))


def _of_network(network: Network, vectors: NDArray[np.float32], ragged: Ragged, direction: Floats) -> _Attribution:
    """Go back from the logit to the words of one text, a stage at a time."""
    stages = _forward(network, vectors, network.pieces(ragged)[0])
    features = network.features(vectors, ragged)[0].astype(np.float64)
    coefficients, bias = _of_features(network, features, direction)
    windows = _of_windows(network, stages[-1], coefficients)
    for number in range(len(stages) - 1, 0, -1):
        bias += _of_bias(stages[number], windows)
        windows = _of_maps(stages[number - 1], _of_inputs(network.filters[number], windows, stages[number]))
    bias += _of_bias(stages[0], windows)
    return _Attribution(*_of_words(network, windows, stages[0]), bias)


class _Stage(NamedTuple):
    """What came into a stage, and the responses of all its windows."""

    blocks: tuple[FilterBlock, ...]
    bias: NDArray[np.float32]  # (M,)
    frame: Frame
    inputs: NDArray[Any]  # (T, D)
    responses: list[Floats]  # for each width (P, F), bias not added

    @property
    def widths(self) -> list[tuple[FilterBlock, Floats]]:
        """Each width with its responses."""
        return list(zip(self.blocks, self.responses, strict=True))

    @property
    def maps(self) -> Floats:
        """What comes out where there is a further stage: (T, M)."""
        maps = [values[self.frame.centred(block.width)] for block, values in self.widths]
        joined: Floats = np.maximum(np.concatenate(maps, axis=1) + self.bias, 0)
        return joined


def _forward(network: Network, vectors: NDArray[Any], ragged: Ragged) -> list[_Stage]:
    stages: list[_Stage] = []
    for filters, bias in zip(network.filters, network.biases, strict=True):
        if stages:
            vectors = stages[-1].maps
        frame = Frame.around(ragged, network.bank.widest, len(vectors))
        windows = [values for _, values in responses(vectors, filters, network, frame, np.float64)]
        stages.append(_Stage(network.bank.blocks, bias, frame, vectors, windows))
    return stages


def _of_features(network: Network, features: Floats, direction: Floats) -> tuple[Floats, float]:
    """For each feature what one unit of it gives to the logit, and what is left without any feature."""
    weight, bias = network.layers[-1]
    if len(network.layers) == 1:
        return direction @ weight, float(direction @ bias)
    rest, _ = _head(network, np.zeros((1, len(features))), direction)
    steps = (np.arange(_STEPS) + 0.5) / _STEPS
    _, gradients = _head(network, steps[:, None] * features, direction)
    whole, _ = _head(network, features[None], direction)
    coefficients = gradients.mean(axis=0)
    given = float(coefficients @ features)
    if abs(given) > 1e-12:  # what the steps miss is shared out in proportion
        coefficients = coefficients * float((whole - rest)[0] / given)
        return coefficients, float(rest[0])
    return coefficients, float(whole[0] - given)


def _head(network: Network, features: Floats, direction: Floats) -> tuple[Floats, Floats]:
    """The logit for rows of features, and its gradient: (N, features) -> (N,), (N, features)."""
    lit, values = [], features
    for weight, bias in network.layers[:-1]:
        values = np.maximum(values @ weight.T + bias, 0)
        lit.append(values > 0)
    weight, bias = network.layers[-1]
    gradient = np.broadcast_to(direction @ weight, values.shape)
    for (inner, _), active in zip(network.layers[-2::-1], lit[::-1], strict=True):
        gradient = (gradient * active) @ inner
    return (values @ weight.T + bias) @ direction, gradient


def _of_windows(network: Network, stage: _Stage, coefficients: Floats) -> list[Floats]:
    """For each width, what one unit of a window's response gives to the logit: (P, F), zero where it does not count."""
    pooling, pieces = network.pooling, len(stage.frame.starts)
    slots = coefficients.reshape(pooling.slots, network.bank.maps) / pieces
    given = []
    for block, values in stage.widths:
        of_windows = np.zeros(values.shape)
        for first, last in zip(*stage.frame.windows(block.width), strict=True):
            of_piece = values[first:last], of_windows[first:last]
            _fill(*of_piece, pooling, stage.bias[block.maps], slots[:, block.maps])
        given.append(of_windows)
    return given


def _fill(values: Floats, given: Floats, pooling: Pooling, bias: NDArray[np.float32], slots: Floats) -> None:
    """The same for the windows of one piece of the text: (W, F) each, (F,), (S, F)."""
    if pooling.kept:
        chosen = _chosen(values, pooling.kept)
        active = np.take_along_axis(values, chosen, axis=0) + bias > 0
        np.put_along_axis(given, chosen, active * slots[: len(chosen)], axis=0)
    if pooling.has_mean:
        active = values + bias > 0
        given += active * slots[pooling.kept] / len(values)
        if pooling.opening:
            count = min(len(values), pooling.opening)
            given[:count] += active[:count] * slots[-1] / count


def _chosen(values: Floats, kept: int) -> NDArray[np.int64]:
    """The windows that pooling keeps, in order, of equals the earliest: (P, F) -> (kept, F)."""
    best: NDArray[np.int64] = values.argmax(axis=0)[None]  # the usual case needs no order of all
    return best if kept == 1 else np.sort(np.argsort(-values, axis=0, kind="stable")[:kept], axis=0)


def _of_bias(stage: _Stage, windows: list[Floats]) -> float:
    return float(
        sum(given.sum(axis=0) @ stage.bias[block.maps] for block, given in zip(stage.blocks, windows, strict=True))
    )


def _of_inputs(filters: NDArray[np.float32], windows: list[Floats], stage: _Stage) -> Floats:
    """What one unit of each input number gives to the logit: (T, D)."""
    of_inputs = np.zeros(stage.inputs.shape)
    for block, given in zip(stage.blocks, windows, strict=True):
        counting = np.flatnonzero(given.any(axis=1))  # under max pooling at most F windows do
        for offset in range(block.width):
            tokens, inside = _tokens(stage, counting + offset)
            of_inputs[tokens] += given[counting[inside]] @ filters[block.at(offset)]
    return of_inputs


def _tokens(stage: _Stage, places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The tokens that stand in some places, and in which of them one does."""
    tokens = stage.frame.words[places]
    inside = tokens < len(stage.inputs)  # what is beyond them stands for an empty place
    return tokens[inside], inside


def _of_maps(stage: _Stage, of_maps: Floats) -> list[Floats]:
    """From the outputs of a stage to its windows, through the ReLU: (T, M) -> (P, F) for each width."""
    windows = []
    for block, values in stage.widths:
        centred = stage.frame.centred(block.width)
        given = np.zeros_like(values)
        given[centred] = of_maps[:, block.maps] * (values[centred] + stage.bias[block.maps] > 0)
        windows.append(given)
    return windows


def _of_words(network: Network, windows: list[Floats], stage: _Stage) -> tuple[Floats, dict[tuple[int, int], float]]:
    """What each word gives, and each window."""
    words = np.zeros(len(stage.inputs))
    spans: dict[tuple[int, int], float] = {}
    for (block, values), given in zip(stage.widths, windows, strict=True):
        counting = np.flatnonzero(given.any(axis=1))
        for offset in range(block.width):
            tokens, inside = _tokens(stage, counting + offset)
            found = to_slices(stage.inputs, network.filters[0][block.at(offset)], network.whole)[tokens]
            words[tokens] += np.einsum("wf,wf->w", given[counting[inside]], found)
        for window in counting.tolist():
            tokens, _ = _tokens(stage, np.arange(window, window + block.width))
            if len(tokens):
                span = int(tokens[0]), int(tokens[-1]) + 1
                spans[span] = spans.get(span, 0.0) + float(given[window] @ values[window])
    return words, spans
