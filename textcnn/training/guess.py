"""A first model where no text is labelled: guesses from the names of the labels are learned as soft labels."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from textcnn.encoder import SentenceEncoder, encoder_for
from textcnn.errors import SettingsError
from textcnn.labels import require_two, sorted_names
from textcnn.model.model import Model
from textcnn.settings import Settings
from textcnn.text.lexicon import encode
from textcnn.training.embeddings import fitting_table
from textcnn.training.events import Callback
from textcnn.training.fit import fit
from textcnn.training.label_names import guessed, words_for
from textcnn.training.task import Labelled
from textcnn.vectors.loading import open_vectors

__all__ = ["fit_guess"]

_MOST = 1_000  # texts that are learned from, drawn at random: no more make the guess better
_MEASURED = ("validation", "decided_for_macro_f1", "soft_labels")  # figures, by labels that nobody has given


def fit_guess(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    settings: Settings,
    hints: Mapping[str, str] | None = None,
    callback: Callback = lambda event: False,
) -> Model:
    """A model whose answers are guesses; nothing says how good they are, so it has no figures and promises nothing.

    Args:
        texts: of the kind that will be answered; none is labelled.
        labels: at least two.
        settings: checked already.
        hints: what labels mean, in words; of a label without a hint it is its name.
        callback: is told every event.

    Raises:
        DataError: there are fewer than two labels, or hardly any texts.
        SettingsError: nothing can be guessed from a label, the package has no vectors for the language of the texts, or
            the settings want what is not possible.
    """
    if settings.metric != "accuracy" or settings.outside:
        name = "outside" if settings.outside else "metric"
        raise SettingsError(
            f"{name} needs labelled texts, and a model that is guessed from the names of labels has none; label some, "
            "with textcnn label say, and train on them"
        )
    if settings.labels_per_text == "several":
        raise SettingsError("labels can be guessed from their names where each text has one, not several")
    names = sorted_names({*labels})
    require_two(names)
    pool = _drawn(texts, settings.seed)
    encoder = _encoder_for(pool, settings)
    words = words_for(names, hints or {}, encoder.table)
    shares = guessed(pool, words, encoder)
    soft = [dict(zip(names, row, strict=True)) for row in shares.tolist()]
    training = Labelled(pool, [(names[place],) for place in shares.argmax(axis=1)], soft=soft)
    frozen = replace(settings, frozen="on")
    model = fit(training, classes=names, multi_label=False, settings=frozen, callback=callback).model
    return _unmeasured(model, dict(zip(names, words, strict=True)))


def _encoder_for(texts: Sequence[str], settings: Settings) -> SentenceEncoder:
    """That over the vectors that suit the texts, or that the settings name."""
    if settings.vectors in ("auto", "none", "trained"):  # that the latter do not do, training says
        table = fitting_table(encode(texts, settings.max_words))
    else:
        table = open_vectors(settings.vectors, say=lambda note: None).table
    encoder = None if table is None else encoder_for(table)
    if encoder is None:
        raise SettingsError(
            "labels are guessed from their names by the vectors in the package, which hardly know the language of these"
            " texts, or by a pack"
        )
    return encoder


def _drawn(texts: Sequence[str], seed: int) -> list[str]:
    """Different texts, as many as are enough."""
    distinct = list(dict.fromkeys(text for text in texts if text.strip()))
    drawn = np.random.default_rng(seed).permutation(len(distinct))[:_MOST]
    return [distinct[number] for number in np.sort(drawn)]


def _unmeasured(model: Model, words: Mapping[str, str]) -> Model:
    """The model without what its own guesses say about it, and with the words that they are from."""
    figures = {name: value for name, value in model.figures.items() if name not in _MEASURED}
    return replace(model, optional={}, figures={**figures, "guessed_from": words})
