"""What decided: mistakes with their words shaded, the n-grams that count most for each label, and where they lie.

The n-grams are those that training kept in the model file; of a model without them, those that contributed most to the
answers at hand, exactly (textcnn.insight.explain), in as many texts as take a few seconds.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.answers import explained
from textcnn.evaluation.metrics import Mistake, wrong_answers
from textcnn.insight.explain import Explanation, explain
from textcnn.insight.highlight import shaded_html
from textcnn.model.interpretation import Filter, Ngram
from textcnn.model.predictor import Predictor
from textcnn.report.context import AnsweredTexts, PageContext
from textcnn.report.plots import Point
from textcnn.text.tokens import chunks, cut, normal

__all__ = ["FilterRow", "LabelEvidence", "ShownMistake", "filter_rows", "label_ngrams", "map_points", "shown_mistakes"]

_MOST_MISTAKES = 20
_MOST_TEXTS = 400
_MOST_CHARACTERS = 60_000  # of all texts that are taken apart
_SHOWN = 600  # characters of a mistake
_NOVEL = 0.99
_MOST_UNKNOWN, _LONG = 10, 40  # words, and characters of one
_MOST_LABELS = 30
_PER_LABEL = 8
_CAUTION = 0.95  # texts that count for nothing
_LEAST_SHARE = 0.1  # of the strongest n-gram of a text, to count
_FILTERS_PER_LABEL, _MOST_FILTERS = 4, 40
_MOST_ON_MAP = 8  # labels, for the page has as many colours


class ShownMistake(NamedTuple):
    """A mistake; `html` is its text, shaded by what speaks for the answer that `asked` names."""

    place: str
    gold: str
    said: str
    probability: float
    asked: str
    html: str
    ngrams: list[tuple[str, float]]
    novel: str = ""  # why the text is novel, if it is


class LabelEvidence(NamedTuple):
    """The n-grams that count most for a label, and those that speak against it."""

    label: str
    speak_for: Sequence[Ngram]
    against: Sequence[Ngram]


class FilterRow(NamedTuple):
    """A filter with the label that it pushes."""

    label: str
    filter: Filter


def shown_mistakes(context: AnsweredTexts) -> list[ShownMistake]:
    """The wrong answers that were given with the most confidence."""
    worst = wrong_answers(context.gold, context.answers(), context.probabilities, context.labels, _MOST_MISTAKES)
    return [_shown(context, mistake) for mistake in worst]


def _shown(context: AnsweredTexts, mistake: Mistake) -> ShownMistake:
    predictor = context.predictor_of(mistake.number)
    likeliest = context.labels[int(context.probabilities[mistake.number].argmax())]
    said, gold = _disputed(predictor, mistake, likeliest)
    text = context.texts[mistake.number]
    explanation = explain(predictor, text, said, gold)
    return ShownMistake(
        context.places[mistake.number],
        " | ".join(mistake.gold) or "nothing",
        " | ".join(mistake.predicted) or "nothing",
        mistake.probability,
        f"{said} rather than {gold}" if gold else said,
        _excerpt(explanation),
        [
            *((" ".join(part.text.split()), part.contribution) for part in explanation.ngrams[:4]),
            ("(bias)", explanation.bias),
        ],
        _why_novel(predictor, text, explanation.unknown, likeliest),
    )


def _why_novel(predictor: Predictor, text: str, unknown: Sequence[str], nearest: str) -> str:
    """What is to be said of a text that is more novel than 99 of 100 that were held out in training; else nothing."""
    _, novelty = predictor.all_seen([text])
    if novelty is None or novelty[0] <= _NOVEL:
        return ""
    more = f" and {len(unknown) - _MOST_UNKNOWN} more" if len(unknown) > _MOST_UNKNOWN else ""
    named = ", ".join(word[:_LONG] for word in unknown[:_MOST_UNKNOWN])
    words = f"; unknown words: {named}{more}" if unknown else ""
    return f"novel ({novelty[0]:.3f}); nearest to {nearest}{words}"


def _disputed(predictor: Predictor, mistake: Mistake, likeliest: str) -> tuple[str, str]:
    """A label that was wrongly given, and one that is missing and known, if there is one."""
    wrong = _first_beyond(mistake.predicted, mistake.gold)
    missing = _first_beyond([label for label in mistake.gold if label in predictor.labels], mistake.predicted)
    if not wrong and missing:
        return missing, ""
    return wrong or likeliest, "" if predictor.model.multi_label else missing


def _first_beyond(labels: Sequence[str], others: Sequence[str]) -> str:
    """The first that is none of the others; empty if there is none."""
    return next((label for label in labels if label not in others), "")


def _excerpt(explanation: Explanation) -> str:
    """The text, or of a long one what surrounds the strongest word."""
    text, shades = explanation.text, explanation.shades()
    strongest = max(shades, key=lambda shade: abs(shade.value), default=None)
    if len(text) <= _SHOWN or strongest is None:
        return shaded_html(text[:_SHOWN], [shade for shade in shades if shade.end <= _SHOWN])
    first = min(max(strongest.start - _SHOWN // 2, 0), len(text) - _SHOWN)
    last = first + _SHOWN
    inside = [
        shade._replace(start=shade.start - first, end=shade.end - first)
        for shade in shades
        if first <= shade.start and shade.end <= last
    ]
    dots = ("\u2026 " if first else "", " \u2026" if last < len(text) else "")
    return dots[0] + shaded_html(text[first:last], inside) + dots[1]


def label_ngrams(context: PageContext) -> list[LabelEvidence]:
    """The strongest n-grams, label by label, the most frequent labels first."""
    counts = [score.support for label, score in context.report.labels.items() if label in context.predictor.labels]
    order = sorted(range(len(counts)), key=lambda label: -counts[label])[:_MOST_LABELS]
    labels = context.predictor.labels
    if context.learned is not None:
        kept = [(labels[label], context.learned.labels[label]) for label in order]
        return [LabelEvidence(name, own.speak_for[:_PER_LABEL], own.against[:_PER_LABEL]) for name, own in kept]
    ngrams = _of_answers(context)
    return [LabelEvidence(labels[label], ngrams[labels[label]], ()) for label in order if labels[label] in ngrams]


def _of_answers(context: PageContext) -> dict[str, list[Ngram]]:
    """What contributed most to the answers of each label."""
    totals: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number in _sample(context):
        probabilities = context.probabilities[number]
        likeliest = context.predictor.labels[int(probabilities.argmax())]
        explanation = explained(context.predictor_of(number), context.texts[number], probabilities, likeliest)
        for text, value in _given(explanation).items():
            totals[likeliest][text].append(value)
    return {label: _strongest(ngrams) for label, ngrams in totals.items()}


def _sample(context: PageContext) -> list[int]:
    """Texts from all parts of the data, bounded in number and length."""
    count = len(context.texts)
    chosen: list[int] = []
    left = _MOST_CHARACTERS
    for number in np.random.default_rng(0).permutation(count)[:_MOST_TEXTS].tolist():
        left -= len(context.texts[number])
        if left < 0 and chosen:
            break
        chosen.append(number)
    return sorted(chosen)


def _given(explanation: Explanation) -> dict[str, float]:
    """What the n-grams of one text that spoke for the label contributed to it, by their normal spelling."""
    given: dict[str, float] = defaultdict(float)
    least = _LEAST_SHARE * max((part.contribution for part in explanation.ngrams), default=0.0)
    for part in explanation.ngrams:
        if part.contribution > max(least, 0):
            given[" ".join(normal(word) for word in _words(part.text))] += part.contribution
    return given


def _words(text: str) -> list[str]:
    return [word for chunk in chunks(text) for word in cut(chunk)]


def _strongest(given: dict[str, list[float]]) -> list[Ngram]:
    """Those that contributed most, none of them a part of another."""
    strongest: list[Ngram] = []
    ngrams = [Ngram(text, sum(values) / len(values), len(values)) for text, values in given.items()]
    for ngram in sorted(ngrams, key=_weight, reverse=True):
        if len(strongest) == _PER_LABEL:
            break
        framed = f" {ngram.text} "
        if not any(framed in f" {other.text} " or f" {other.text} " in framed for other in strongest):
            strongest.append(ngram)
    return strongest


def _weight(ngram: Ngram) -> float:
    """How much it contributed, and how often; what only one text has may be chance."""
    return ngram.strength * math.sqrt(max(ngram.texts - _CAUTION, 0))


def filter_rows(context: PageContext) -> list[FilterRow]:
    """Of each label the filters that push it most."""
    if context.learned is None:
        return []
    rows: list[FilterRow] = []
    alive = sorted(
        (one for one in context.learned.filters if one.label >= 0 and one.ngrams), key=lambda one: -one.weight
    )
    for evidence in label_ngrams(context)[: _MOST_FILTERS // _FILTERS_PER_LABEL]:
        number = context.predictor.labels.index(evidence.label)
        rows += [FilterRow(evidence.label, one) for one in alive if one.label == number][:_FILTERS_PER_LABEL]
    return rows


def map_points(predictor: Predictor, labels: list[LabelEvidence]) -> list[Point]:
    """Where n-grams lie: the means of their words' vectors, in the two directions in which they differ most."""
    shown = [(number, ngram) for number, evidence in enumerate(labels[:_MOST_ON_MAP]) for ngram in evidence.speak_for]
    ranked = [(number, ngram) for number, ngram in shown if _words(ngram.text) and _weight(ngram) > 0]
    if len(ranked) < 3:
        return []
    places = _places(predictor, [_words(ngram.text) for _, ngram in ranked])
    strongest = max(_weight(ngram) for _, ngram in ranked)
    return [
        Point(ngram.text, float(x), float(y), number, _weight(ngram) / strongest)
        for (number, ngram), (x, y) in zip(ranked, places, strict=True)
    ]


def _places(predictor: Predictor, ngrams: list[list[str]]) -> NDArray[np.float64]:
    """Principal components of the n-grams: (N, 2)."""
    words = sorted({word for ngram in ngrams for word in ngram})
    row = {word: number for number, word in enumerate(words)}
    vectors = next(predictor.vectors_of(words)).astype(np.float64)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    means = np.array([vectors[[row[word] for word in ngram]].mean(axis=0) for ngram in ngrams])
    centred = means - means.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    return np.asarray(centred @ directions[:2].T)
