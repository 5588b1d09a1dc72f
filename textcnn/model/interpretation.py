"""What a model learned, as far as n-grams of its training texts show it; and how a model file keeps that.

It is kept as JSON in one tensor of bytes, which only `inspect` reads: an answer does not wait for it. It holds text of
the training data and is bounded in size. How it comes to be: insight/ngrams.py.
"""

import json
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.storage.tensor_file import TensorFileError

__all__ = ["DUPLICATE", "Filter", "Interpretation", "LabelNgrams", "Ngram", "pack", "unpack"]

DUPLICATE = 0.95  # correlation of responses from which on a filter is a duplicate of another
LONGEST = 80  # characters of an n-gram that are kept


class Ngram(NamedTuple):
    """Neighbouring words, in their normal spelling."""

    text: str
    strength: float  # of a label: mean contribution to its logit, less that to all labels; of a filter: best response
    texts: int  # how many of the texts that were looked at have it


class LabelNgrams(NamedTuple):
    """What speaks for a label and what against it, the strongest first."""

    speak_for: tuple[Ngram, ...]
    against: tuple[Ngram, ...]


class Filter(NamedTuple):
    """A filter, by the n-grams to which it responds."""

    network: int
    width: int
    ngrams: tuple[Ngram, ...]
    label: int  # whose logit it raises most; -1 if none
    weight: float  # what one unit of its pooled response contributes to that logit, less the mean of all labels
    threshold: float | None  # responses from here on mean the label (Jacovi et al. 2018); None if none do
    active: float  # share of texts to which it responds at all
    nearest: int  # number of the filter of the same width whose responses are most correlated; -1 if there is none
    correlation: float  # of its pooled responses with those of the nearest

    @property
    def is_duplicate(self) -> bool:
        """Whether it says what the nearest filter says."""
        return self.correlation >= DUPLICATE


class Interpretation(NamedTuple):
    """Everything that `inspect` says about what was learned."""

    texts: int  # how many training texts were looked at
    labels: tuple[LabelNgrams, ...]  # in the order of the model's labels
    filters: tuple[Filter, ...]


def pack(interpretation: Interpretation) -> NDArray[np.uint8]:
    """As bytes for a file."""
    text = json.dumps(interpretation, ensure_ascii=False, separators=(",", ":"))
    return np.frombuffer(text.encode("utf-8", "replace"), np.uint8)


def unpack(packed: NDArray[np.uint8], labels: int) -> Interpretation:
    """Read what `pack` wrote, and check every part of it.

    Raises:
        TensorFileError: it is damaged.
    """
    try:
        texts, of_labels, filters = json.loads(packed.tobytes().decode("utf-8"))
        interpretation = Interpretation(
            _whole(texts),
            tuple(LabelNgrams(*(_ngrams(side) for side in _row(sides, 2))) for sides in _row(of_labels, labels)),
            tuple(_filter(row, labels) for row in _row(filters)),
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise TensorFileError("its n-grams are damaged") from error
    if any(not -1 <= one.nearest < len(interpretation.filters) for one in interpretation.filters):
        raise TensorFileError("its n-grams are damaged")
    return interpretation


def _filter(row: Any, labels: int) -> Filter:
    network, width, ngrams, label, weight, threshold, active, nearest, correlation = _row(row, len(Filter._fields))
    if not -1 <= _whole(label, -1) < labels or not 0 <= _number(active) <= 1:
        raise ValueError("out of range")
    return Filter(
        _whole(network),
        _whole(width),
        _ngrams(ngrams),
        label,
        _number(weight),
        None if threshold is None else _number(threshold),
        active,
        _whole(nearest, -1),
        _number(correlation),
    )


def _ngrams(rows: Any) -> tuple[Ngram, ...]:
    ngrams = [Ngram(*_row(row, len(Ngram._fields))) for row in _row(rows)]
    if not all(isinstance(ngram.text, str) for ngram in ngrams):
        raise ValueError("no text")
    return tuple(Ngram(ngram.text, _number(ngram.strength), _whole(ngram.texts)) for ngram in ngrams)


def _row(value: Any, length: int | None = None) -> list[Any]:
    if not isinstance(value, list) or length not in (None, len(value)):
        raise ValueError("no row of that length")
    return value


def _whole(value: Any, low: int = 0) -> int:
    if type(value) is not int or not low <= value < 2**40:
        raise ValueError("no whole number")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not abs(value) < 1e30:
        raise ValueError("no number")
    return float(value)
