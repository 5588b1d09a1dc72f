"""Which words a guess rests on: what it loses when a word is left out (occlusion, Zeiler & Fergus 2014).

Shapes: W spans of a text that are left out in turn.
"""

import numpy as np

from textcnn.insight.highlight import Shade
from textcnn.labelling.adviser import Advice
from textcnn.text.tokens import Token, tokenize

__all__ = ["shades_of"]

_MOST_WORDS, _MOST_SPANS = 400, 40  # of a text


def shades_of(advice: Advice, row: int) -> list[Shade]:
    """For each word, or few neighbouring words, how much it speaks for the guess and against the next likeliest label.

    None if there is no guess.
    """
    guesses = advice.guesses(row)
    if len(guesses) < 2 or advice.pool is None or advice.pupil is None:
        return []
    text = advice.pool.pile.texts[row]
    spans = _spans(tokenize(text, _MOST_WORDS))
    variants = [text, *(text[:start] + " " + text[end:] for start, end in spans)]
    logs = np.log(advice.pupil.probabilities(advice.pool.features_of(variants)) + 1e-9)
    best, rival = (advice.labels.index(label) for label, _ in guesses[:2])
    ahead = logs[:, best] - logs[:, rival]  # (W + 1,)
    return [Shade(*span, float(ahead[0] - without)) for span, without in zip(spans, ahead[1:], strict=True)]


def _spans(words: list[Token]) -> list[tuple[int, int]]:
    """Where the words stand; of a long text several words are one span."""
    step = -(-len(words) // _MOST_SPANS) or 1
    groups = [words[first : first + step] for first in range(0, len(words), step)]
    return [(group[0].start, group[-1].end) for group in groups]
