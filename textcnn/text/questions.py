"""Whether texts are questions."""

import numpy as np

from textcnn.text.ragged import Encoded

__all__ = ["mostly_questions"]

_CLOSING = 3  # tokens at the end of a text among which the mark may be: quotation marks and the like follow it


def mostly_questions(encoded: Encoded) -> bool:
    """Whether at least half of the texts end with a question mark, or with one and a sign or two."""
    surfaces, ragged = encoded
    if not len(surfaces):
        return False
    marks = np.array([surface.endswith("?") for surface in surfaces], bool)
    closing = np.array([not any(map(str.isalnum, surface)) for surface in surfaces], bool)
    count = len(ragged.lengths)
    asked, going_on = np.zeros(count, bool), np.ones(count, bool)
    for back in range(1, _CLOSING + 1):
        going_on &= ragged.lengths >= back
        words = ragged.words[np.where(going_on, ragged.starts[1:] - back, 0)]
        asked |= going_on & marks[words]
        going_on &= closing[words]
    return bool(2 * np.count_nonzero(asked) >= count)
