"""Texts without labels, beside few that have some: which of them teach, and what is told about that.

How they teach is pupil.py.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from textcnn.settings import Settings
from textcnn.text.lexicon import encode
from textcnn.text.ragged import Encoded
from textcnn.text.tokens import folded
from textcnn.training.embeddings import Start, begin, is_foreign, reopening, segmenter_for
from textcnn.training.encoder_layer import ANY
from textcnn.training.events import Callback, TrainingEvent
from textcnn.training.task import Task
from textcnn.vectors.loading import open_vectors
from textcnn.vectors.table import VectorTable

__all__ = ["MOST_UNLABELLED", "encoded_others", "leave_out", "sampled", "told_gain", "usable"]

MOST_UNLABELLED = 2_000  # texts that are learned from; more say the same, and take longer


def sampled(unlabelled: Sequence[str], labelled: Sequence[str], seed: int) -> list[str]:
    """Different texts, at most so many, drawn at random: none is empty, and none has a label after all."""
    different = {folded(text): text for text in unlabelled}
    for text in ("", *labelled):
        different.pop(folded(text), None)
    texts = list(different.values())
    if len(texts) <= MOST_UNLABELLED:
        return texts
    chosen = np.random.default_rng(seed).choice(len(texts), MOST_UNLABELLED, replace=False)
    return [texts[number] for number in np.sort(chosen)]


def usable(
    unlabelled: Sequence[str], labelled: Sequence[str], task: Task, callback: Callback, table: VectorTable | None = None
) -> list[str]:
    """Those that can teach the encoder; why others cannot is told.

    Args:
        unlabelled: texts without labels.
        labelled: those that have some.
        task: the training.
        callback: is told.
        table: the vectors of the encoder; without any, the English ones.
    """
    if not unlabelled:
        return []
    texts = sampled(unlabelled, labelled, task.settings.seed)
    table = table or open_vectors("english", say=lambda note: None).table
    if task.multi_label:
        leave_out("they teach only where each text has one label", callback)
    elif not texts:
        leave_out("all are empty, or are texts that have labels", callback)
    elif is_foreign(_encoded(texts, _over(task.settings, table)), table):
        leave_out(f"their words are hardly {'English' if table.name == 'english' else 'known'}", callback)
    else:
        return texts
    return []


def leave_out(why: str, callback: Callback) -> None:
    """Say that texts without labels are left out."""
    callback(TrainingEvent("note", note=f"the texts without labels are left out: {why}"))


def told_gain(count: int, losses: Sequence[float], callback: Callback, *, used: bool) -> dict[str, Any]:
    """Say how many texts without labels are used, and what they gained; returns the figures of it, if they are.

    Args:
        count: how many there are.
        losses: on held-out texts, without them and with them.
        callback: is told.
        used: whether they are.
    """
    before, after = losses
    change = f"held-out log loss {before:.2f} → {after:.2f}"
    if not used:
        note = f"{count:,} texts without labels are left out: with them, {change}"
        callback(TrainingEvent("note", note=note))
        return {}
    by_chance = "" if after < before else ", within chance"
    callback(TrainingEvent("note", note=f"uses {count:,} texts without labels: {change}{by_chance}"))
    return {"unlabelled": {"texts": count, "log_loss_without": before, "log_loss": after}}


def encoded_others(
    texts: Sequence[str], settings: Settings, table: VectorTable, *, segmented: bool
) -> tuple[Encoded, Start]:
    """Texts without labels for the encoder over a table, whatever words the labelled ones have.

    Args:
        texts: without labels.
        settings: of the training.
        table: the vectors.
        segmented: whether words of scripts without blanks are found by the vocabulary of the vectors.
    """
    alone = _over(settings, table)
    encoded = _encoded(texts, alone) if segmented else encode(texts, settings.max_words)
    start = begin(encoded, np.ones(len(encoded.ragged.words), bool), alone, lambda note: None)
    return encoded, start.over(table, encoded)


def _over(settings: Settings, table: VectorTable) -> Settings:
    return replace(reopening(settings, table), min_count=ANY)


def _encoded(texts: Sequence[str], settings: Settings) -> Encoded:
    return encode(texts, settings.max_words, segmenter_for(texts, settings))
