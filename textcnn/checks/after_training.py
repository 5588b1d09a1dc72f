"""The checks that cost next to nothing, after each training: from what it knows already, and a look at a few texts."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from textcnn.checks.data import balance, contradictions, copies, lengths, words_of
from textcnn.checks.filter_health import filter_checks
from textcnn.checks.learning import NO_BETTER, Fit, fits, learning_rate, start_loss, swallowed
from textcnn.checks.overlap import against
from textcnn.checks.verdict import Check, Verdict, judge
from textcnn.corpus import Corpus
from textcnn.model.model import Model
from textcnn.model.predictor import Predictor
from textcnn.text.lexicon import beyond

__all__ = ["after_training"]

_FEW = 300  # texts that are looked at again
_LEAST = 20  # held-out texts below which their figures say little


def after_training(model: Model, corpus: Corpus, held: Corpus | None = None) -> list[Check]:
    """Checks of a model and of the texts that it has just learned; `held` are those of a validation file."""
    figures, settings = model.figures, model.settings
    predictor, weighted = Predictor(model), settings["class_weight"] != "none"
    numbers = np.linspace(0, len(corpus.texts) - 1, min(_FEW, len(corpus.texts))).astype(int).tolist()
    texts = [corpus.texts[number] for number in numbers]
    prior = np.array([sum(label in own for own in corpus.labels) for label in model.labels]) / len(corpus.labels)
    return [
        copies(corpus),
        contradictions(corpus),
        balance(corpus, settings["class_weight"]),
        *([against(corpus, held)] if held is not None else []),
        *([lengths(corpus, settings["max_words"])] if beyond(corpus.texts, settings["max_words"]) else []),
        start_loss(figures, prior, multi_label=model.multi_label, weighted=weighted),
        learning_rate(figures, len(figures["curve"]), settings["learning_rate"]),
        _beats_guessing(figures["validation"], multi_label=model.multi_label),
        _swallowed(figures["validation"], multi_label=model.multi_label, weighted=weighted),
        fits(_fit(predictor, corpus, numbers)),
        *filter_checks(predictor, texts),
    ]


def _beats_guessing(report: Mapping[str, Any], *, multi_label: bool) -> Check:
    """Against always saying the most frequent label; for multi-label texts there is no such guess."""
    most = 0.0 if multi_label else max(own["support"] for own in report["labels"].values()) / report["count"]
    figure = f"{report['accuracy']:.1%} of {report['count']:,} held-out texts right, {most:.1%} by one label for all"
    if report["accuracy"] > most or report["count"] < _LEAST:
        return judge("beats guessing", Verdict.ok, figure)
    return judge("beats guessing", Verdict.warning, figure, NO_BETTER)


def _swallowed(report: Mapping[str, Any], *, multi_label: bool, weighted: bool) -> Check:
    labels = report["labels"]
    recall = {label: own["recall"] for label, own in labels.items()}
    counts = {label: own["support"] for label, own in labels.items()}
    return swallowed(recall, counts, report["log_loss"], multi_label=multi_label, weighted=weighted)


def _fit(predictor: Predictor, corpus: Corpus, numbers: list[int]) -> Fit:
    model = predictor.model
    answers = predictor.all_probabilities(corpus.texts[number] for number in numbers)
    own = [
        set(predictor.choose(row)) == set(corpus.labels[number]) for number, row in zip(numbers, answers, strict=True)
    ]
    return Fit(
        sum(own) / max(len(own), 1),
        model.figures["validation"]["accuracy"],
        [row[1] for row in model.figures["curve"]],
        sum(member.network.filters[0].size for member in model.members),
        round(len(corpus.texts) * float(np.mean(words_of([corpus.texts[number] for number in numbers])))),
    )
