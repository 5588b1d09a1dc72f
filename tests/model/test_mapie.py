"""Our sets of labels are those of MAPIE, another implementation of split conformal prediction."""

import numpy as np
import pytest
from mapie_sets import mapie_sets

from textcnn.model.conformal import RightProbabilities, SetScores

pytest.importorskip("mapie")


@pytest.mark.parametrize("sure", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("count", [25, 60, 400])
def test_sets_are_those_of_mapie(count: int, sure: float) -> None:
    """So few out-of-fold texts that none of the ranks is left out; of more, our sets are a little larger."""
    random = np.random.default_rng(count)
    logits = 2 * random.normal(size=(count + 500, 3))
    probabilities = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
    right = (probabilities.cumsum(axis=1) > random.random((len(logits), 1))).argmax(axis=1)
    own = probabilities[np.arange(count), right[:count]]
    of_labels = tuple(RightProbabilities.of(own[right[:count] == label]) for label in range(3))
    scores = SetScores(of_labels, RightProbabilities.of(own))
    ours = probabilities[count:] >= scores.least(sure, ["a", "b", "c"], per_label=False, multi_label=False)
    theirs = mapie_sets(probabilities[:count], right[:count], probabilities[count:], sure)
    assert np.array_equal(ours, theirs)
