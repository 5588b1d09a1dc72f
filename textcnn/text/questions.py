"""Whether texts are questions."""

import numpy as np

from textcnn.text.ragged import Encoded

__all__ = ["mostly_questions"]


def mostly_questions(encoded: Encoded) -> bool:
    """Whether at least half of the texts end with a question mark."""
    surfaces, ragged = encoded
    marks = np.array([surface.endswith("?") for surface in surfaces], bool)
    ends = ragged.words[ragged.starts[1:][ragged.lengths > 0] - 1]
    return bool(2 * np.count_nonzero(marks[ends]) >= len(ragged.lengths) > 0)
