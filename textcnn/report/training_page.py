"""The page about a training: its out-of-fold answers, and mistakes explained by models that had not seen the text."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from textcnn.checks import Check
from textcnn.corpus import Corpus
from textcnn.evaluation.metrics import measure_answers
from textcnn.model.predictor import Predictor
from textcnn.report.context import PageContext
from textcnn.report.page import page

if TYPE_CHECKING:
    from textcnn.training.fit import FitResult

__all__ = ["training_page"]


def training_page(
    result: "FitResult", name: str, training: Corpus, validation: Corpus | None, checks: Sequence[Check]
) -> str:
    """The page as HTML text.

    Args:
        result: what came of the training.
        name: of the model file.
        training: the texts that were learned from.
        validation: those of the validation file, if there is one.
        checks: shown at the end.
    """
    texts, labels, places = _held_out(result, training, validation)
    model, parts = result.model, result.held_out
    probabilities = np.concatenate([part.probabilities for part in parts])
    predicted = [answer for part in parts for answer in part.answers()]
    context = PageContext(
        title=f"{name}, trained on {', '.join(sorted({Path(source).name for source in training.sources}))}",
        note=_note(result, len(texts)),
        predictor=Predictor(model),
        predictors=[predictor for part in parts for predictor in [Predictor(part.model)] * len(part.texts)],
        texts=texts,
        gold=labels,
        places=places,
        probabilities=probabilities,
        report=measure_answers(
            labels,
            predicted,
            probabilities,
            model.labels,
            multi_label=model.multi_label,
            weights=np.concatenate([part.weights for part in parts]),
        ),
        learned=model.interpretation(),
        checks=checks,
    )
    return page(context)


def _held_out(
    result: "FitResult", training: Corpus, validation: Corpus | None
) -> tuple[Sequence[str], Sequence[tuple[str, ...]], Sequence[str]]:
    """The texts held out, their labels and their places, part by part."""
    rows = list(zip(training.texts, training.labels, training.places, strict=True))
    if validation is not None:
        rows += zip(validation.texts, validation.labels, validation.places, strict=True)
    chosen = [rows[number] for part in result.held_out for number in part.texts.tolist()]
    texts, labels, places = zip(*chosen, strict=True)
    return texts, labels, places


def _note(result: "FitResult", texts: int) -> str:
    counted = ", whose weights count in the figures but not in plots," * bool(
        result.model.figures["validation"].get("weighted")
    )
    measured = f"Measured on {texts:,} texts{counted}"
    if result.seen:
        return f"{measured} that it learned from, for there were too few to hold any out."
    if len(result.held_out) == 1:
        return f"{measured} that were held out."
    return f"{measured}, each answered by a model that had not learned from it (cross-fitting)."
