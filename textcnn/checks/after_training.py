"""The checks that cost next to nothing, after each training: from what it knows already, and a look at a few texts."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from textcnn.checks.data import balance, contradictions, copies, lengths, words_of
from textcnn.checks.filter_health import filter_checks
from textcnn.checks.learning import NO_BETTER, Fit, Frequencies, fits, learning_rate, start_loss, swallowed
from textcnn.checks.overlap import against
from textcnn.checks.verdict import Check, Verdict, judge
from textcnn.corpus import Corpus
from textcnn.evaluation.sample_weights import relative
from textcnn.labels import indicator
from textcnn.model.model import Model
from textcnn.model.predictor import Predictor
from textcnn.text.lexicon import beyond

__all__ = ["after_training"]

_FEW = 300  # texts that are looked at again
_LEAST = 20  # held-out texts below which their figures say little
_GAIN = 0.005  # in macro F1 that is worth a word


def after_training(model: Model, corpus: Corpus, held: Corpus | None = None) -> list[Check]:
    """Checks of a model and of the texts that it has just learned; `held` are those of a validation file.

    Of a network that stayed as it was there is nothing to say.
    """
    figures, settings = model.figures, model.settings
    predictor = Predictor(model)
    numbers = np.linspace(0, len(corpus.texts) - 1, min(_FEW, len(corpus.texts))).astype(int).tolist()
    texts = [corpus.texts[number] for number in numbers]
    known = _frequencies(model, corpus)
    return [
        copies(corpus),
        contradictions(corpus),
        balance(corpus, settings["class_weight"]),
        *([against(corpus, held)] if held is not None else []),
        *([lengths(corpus, settings["max_words"])] if beyond(corpus.texts, settings["max_words"]) else []),
        *(_of_epochs(model, known) if figures["curve"] else []),
        _beats_guessing(figures["validation"], model, known),
        _swallowed(figures, model),
        *([fits(_fit(predictor, corpus, numbers)), *filter_checks(predictor, texts)] if figures["curve"] else []),
    ]


def _of_epochs(model: Model, known: Frequencies) -> list[Check]:
    """How training went, where it went on for epochs."""
    figures = model.figures
    return [
        start_loss(figures, known, multi_label=model.multi_label),
        learning_rate(figures, len(figures["curve"]), model.settings["learning_rate"]),
    ]


def _frequencies(model: Model, corpus: Corpus) -> Frequencies:
    targets = indicator(corpus.labels, model.labels, skip_unknown=True)
    of_texts = None if corpus.weights is None else relative(np.array(corpus.weights))
    class_weight = model.settings["class_weight"]
    return Frequencies.of(targets, class_weight, model.labels, of_texts, multi_label=model.multi_label)


def _beats_guessing(report: Mapping[str, Any], model: Model, known: Frequencies) -> Check:
    """Against always saying the label that counts most; for multi-label texts there is no such guess."""
    most, right = 0.0, report["accuracy"]
    if not model.multi_label:
        factor = dict(zip(model.labels, known.shares / known.plain, strict=True))  # what a text of the label counts for
        counts = {label: own["support"] * factor[label] for label, own in report["labels"].items()}
        total = sum(counts.values())
        most = max(counts.values()) / total
        right = sum(count * report["labels"][label]["recall"] for label, count in counts.items()) / total
    figure = f"{right:.1%} of {report['count']:,} held-out texts right, {most:.1%} by one label for all"
    figure += ", weighted" * known.weighted
    if right > most or report["count"] < _LEAST:
        return judge("beats guessing", Verdict.ok, figure)
    return judge("beats guessing", Verdict.warning, figure, NO_BETTER)


def _swallowed(figures: Mapping[str, Any], model: Model) -> Check:
    """With what --metric macro-f1 would give, from the same answers."""
    report, decided = figures["validation"], figures.get("decided_for_macro_f1")
    check = _swallowed_labels(report, model)
    if not check.advice or decided is None or decided["macro_f1"] < report["macro_f1"] + _GAIN:
        return check
    more = (
        f"; --metric macro-f1 would give macro F1 {decided['macro_f1']:.3f}, not {report['macro_f1']:.3f}, "
        f"and accuracy {decided['accuracy']:.3f}, not {report['accuracy']:.3f}"
    )
    return check._replace(advice=check.advice + more)


def _swallowed_labels(report: Mapping[str, Any], model: Model) -> Check:
    labels, class_weight = report["labels"], model.settings["class_weight"]
    recall = {label: own["recall"] for label, own in labels.items()}
    counts = {label: own["support"] for label, own in labels.items()}
    return swallowed(recall, counts, report["log_loss"], multi_label=model.multi_label, class_weight=class_weight)


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
