"""What the names of labels say, or hints in words: a start where no text is labelled, and a help where few are.

A label's words have a place among sentences, and texts that lie nearer to it than to those of the other labels are more
likely its own. Where those lie in turn, on average, says better what the label means among these texts: so in a few
rounds places are found that began as words. How near a text is, in standard deviations over all texts, is its logit:
that is neither sure of itself nor far from right (tests/benchmarks/LOG.md).

Shapes: B texts, d numbers of a sentence's vector, K labels.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.encoder import SentenceEncoder
from textcnn.errors import DataError, SettingsError
from textcnn.settings import Settings
from textcnn.text.lexicon import encode
from textcnn.text.segmentation import Segmenter
from textcnn.training.encoder_layer import EncoderFeatures
from textcnn.training.unlabelled import encoded_others
from textcnn.vectors.table import VectorTable

__all__ = [
    "Places",
    "guessed",
    "have_words",
    "hint_texts",
    "hint_weight",
    "in_words",
    "label_words",
    "leanings",
    "places_of",
    "said_by_words",
    "words_for",
]

Numbers = NDArray[np.float64]
Floats = NDArray[np.float32]

_ROUNDS = 3
_NEAREST = 0.5  # of the texts that would be a label's if all were as frequent, so many say where it is
_LEAST = 1e-9
_MOST_WORDS = 100  # of a name or hint that are looked up
_WEIGHT, _HEAVIEST = 12.0, 10.0  # of a hint, in texts, where there is one text of each label; and at most
# What labels are often called by the beginnings of words; the vectors know few of these, or as something else.
_CUT_SHORT = {
    **{"abbr": "abbreviation", "biz": "business", "desc": "description", "loc": "location", "misc": "miscellaneous"},
    **{"neg": "negative", "neu": "neutral", "num": "number", "org": "organization", "pos": "positive"},
    **{"sci": "science", "tech": "technology"},
}
_SPREAD = 1e-3  # of what words say of texts, below which it is the same of all
_BETWEEN = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


def label_words(label: str) -> str:
    """The words of a name: not_spam, NotSpam and not-spam are "not spam", NEG is "negative"."""
    # Marks belong to letters: without those of Hindi or Thai a word is none.
    spaced = "".join(sign if unicodedata.category(sign)[0] in "LMN" else " " for sign in _BETWEEN.sub(" ", label))
    words = spaced.lower().split()
    return " ".join(_CUT_SHORT.get(word, word) for word in words)


def in_words(labels: Sequence[str], hints: Mapping[str, str]) -> list[str]:
    """Each label in words: its hint, or else its name."""
    return [hints.get(label) or label_words(label) for label in labels]


def words_for(labels: Sequence[str], hints: Mapping[str, str], table: VectorTable) -> list[str]:
    """The same, where all depends on it.

    Raises:
        SettingsError: there are no words for one that the vectors know, or a hint is for none of the labels.
    """
    _refuse_others(labels, hints)
    words = in_words(labels, hints)
    for label, known in zip(labels, have_words(words, table), strict=True):
        if not known:
            what = "its hint has" if label in hints else "it has"
            raise SettingsError(
                f"nothing can be guessed from label {label!r}: {what} no word that the vectors know; say what it means "
                f'in a file for --label-hints, in a line such as {_toml(label)} = "words that tell it"'
            )
    return words


def have_words(labels: Sequence[str], table: VectorTable) -> list[bool]:
    """Of which labels, in words, the vectors know a word or its pieces; one Latin letter is none."""
    segment = None if table.name == "english" else Segmenter.of(table.vocabulary)
    surfaces = [encode([said.lower()], _MOST_WORDS, segment).surfaces for said in labels]
    words = [[one for one in own if one[0].isalpha() and (len(one) > 1 or not one.isascii())] for own in surfaces]
    return [any(table.find(word).rows for word in own) for own in words]


def _toml(label: str) -> str:
    """A key as TOML has it."""
    return label if re.fullmatch(r"[A-Za-z0-9_-]+", label) else f'"{label}"'


def _refuse_others(labels: Sequence[str], hints: Mapping[str, str]) -> None:
    if others := [label for label in hints if label not in labels]:
        raise SettingsError(f"label_hints: there is no label {others[0]!r}, but {', '.join(map(repr, labels[:20]))}")


def hint_texts(labels: Sequence[str], hints: Mapping[str, str]) -> dict[str, str]:
    """The hints that are for labels, in their order.

    Raises:
        SettingsError: one is for none of them.
    """
    _refuse_others(labels, hints)
    return {label: hints[label] for label in labels if label in hints}


def hint_weight(texts: int, labels: int) -> float:
    """How many texts a hint counts as where so many texts have labels: the fewer, the more."""
    return min(_WEIGHT * labels / max(texts, 1), _HEAVIEST)


def guessed(texts: Sequence[str], words: Sequence[str], encoder: SentenceEncoder) -> Numbers:
    """How probable each label is for each text, guessed from the labels' words: (B, K).

    Args:
        texts: (B,).
        words: of each label, (K,).
        encoder: that knows the language of both.

    Raises:
        DataError: the texts are too few to say anything about labels.
    """
    if len(set(texts)) < 2 * len(words):
        raise DataError(f"{len(set(texts))} different texts for {len(words)} labels: at least two for each are needed")
    vectors = encoder.encode(texts)
    return places_of(vectors, encoder.encode(words)).guess(vectors)


def places_of(vectors: Numbers | Floats, named: Numbers | Floats) -> "Places":
    """Where the labels are among texts.

    Args:
        vectors: of texts, (B, d).
        named: of the labels' words, (K, d).
    """
    vectors, named = vectors.astype(np.float64), named.astype(np.float64)
    mean = vectors.mean(axis=0)
    rows = _unit(vectors - mean)
    named = _unit(named - named.mean(axis=0))
    found = Places.among(rows, named, mean)
    for _ in range(_ROUNDS):
        nearest = _nearest(rows, found.logits(rows))
        found = Places.among(rows, _unit(named + _unit(nearest)), mean)
    return found


def leanings(rows: Numbers, named: Numbers) -> Numbers:
    """Weights (d, K) by which labels' words say 1 of texts that are the label's and -1 of others, as far as they can.

    What is said of texts is spread as targets of equally many texts a label are.

    Args:
        rows: of texts, (B, d).
        named: of the labels' words, (K, d).
    """
    places, share = places_of(rows, named).places, 1 / len(named)
    spread = (rows @ places.T).std(axis=0)
    telling = spread > _SPREAD  # rows have unit mean square length
    return np.asarray(2 * np.sqrt(share * (1 - share)) * places.T * telling / np.where(telling, spread, 1))


def said_by_words(
    words: Sequence[str], features: EncoderFeatures, rows: Numbers, settings: Settings, table: VectorTable
) -> Numbers | None:
    """The same for labels in words, with nothing for those of which the vectors know no word.

    None if they know words of fewer than two.

    Args:
        words: of each label.
        features: what makes rows of texts.
        rows: of texts, with labels or without, (B, d) or more columns.
        settings: of the training.
        table: the vectors of the encoder.
    """
    known = np.flatnonzero(have_words(words, table)).tolist()
    if len(known) < 2:
        return None
    named = features.others(*encoded_others([words[label] for label in known], settings, table, segmented=True))
    about = features.dimensions
    weights = np.zeros((rows.shape[1], len(words)))
    weights[:about, known] = leanings(rows[:, :about], named[:, :about])
    return weights


class Places(NamedTuple):
    """Where labels are among some texts, and how near to them these are."""

    mean: Numbers  # (d,) of the texts' vectors
    places: Numbers  # (K, d) of length one
    nearness: Numbers  # (K,) mean cosine of a text's vector and the place
    spread: Numbers  # (K,) its standard deviation

    @classmethod
    def among(cls, rows: Numbers, places: Numbers, mean: Numbers) -> "Places":
        """Of texts whose vectors, less the mean and of length one, are given."""
        cosines = rows @ places.T
        return cls(mean, places, cosines.mean(axis=0), cosines.std(axis=0) + _LEAST)

    def logits(self, rows: Numbers) -> Numbers:
        """How near each text is to each place: less the mean, in standard deviations."""
        return np.asarray((rows @ self.places.T - self.nearness) / self.spread)

    def guess(self, vectors: Numbers | Floats) -> Numbers:
        """How probable each label is for any texts of these vectors: (B, K)."""
        logits = self.logits(_unit(vectors.astype(np.float64) - self.mean))
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _nearest(rows: Numbers, logits: Numbers) -> Numbers:
    """The mean of those texts that are most plainly each label's, less that of all labels: (K, d)."""
    ranked = np.sort(logits, axis=1)
    margins, nearest = ranked[:, -1] - ranked[:, -2], logits.argmax(axis=1)
    most = max(int(_NEAREST * len(rows) / logits.shape[1]), 1)
    means = np.zeros((logits.shape[1], rows.shape[1]))
    for label in range(len(means)):
        own = np.flatnonzero(nearest == label)
        if len(own):
            means[label] = rows[own[np.argsort(-margins[own], kind="stable")[:most]]].mean(axis=0)
    return np.asarray(means - means.mean(axis=0))


def _unit(rows: Numbers) -> Numbers:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _LEAST))
