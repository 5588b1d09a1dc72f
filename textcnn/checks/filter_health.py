"""What filters became: dead ones, copies, and how many directions their features use."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from textcnn.checks.verdict import Check, Verdict, grade, judge
from textcnn.insight.filters import active_share, effective_rank, twins
from textcnn.model.interpretation import COPIES
from textcnn.model.predictor import Predictor
from textcnn.text.lexicon import encode

__all__ = ["filter_checks"]

_MOST = 600  # texts


def filter_checks(predictor: Predictor, texts: Sequence[str]) -> list[Check]:
    """Dead filters, filters that copy each other, and the spread of the features, on some texts."""
    features = _features(predictor, texts[:_MOST])
    per_width = predictor.model.settings["filters"]
    silent = float((active_share(features) == 0).mean())
    live = features[:, features.std(axis=0) > 0]
    copied = float((twins(features, per_width).likeness >= COPIES).mean())
    rank = effective_rank(features) if len(features) > 1 else 0.0
    return [_dead(silent, features.shape[1]), _copies(copied, features.shape[1]), _spread(rank, live, features.shape)]


def _features(predictor: Predictor, texts: Sequence[str]) -> NDArray[np.float64]:
    """Pooled, of all networks side by side: (B, M)."""
    encoded = encode(texts, predictor.model.settings["max_words"])
    pieces = [
        np.concatenate([member.network.features(vectors, part) for part in encoded.ragged.parts()])
        for member, vectors in zip(predictor.model.members, predictor.vectors_of(encoded.surfaces), strict=True)
    ]
    return np.concatenate(pieces, axis=1).astype(np.float64)


def _dead(share: float, count: int) -> Check:
    verdict = grade(share, warning=0.1, error=0.5)
    advice = "a smaller --learning-rate lets fewer of them die, or take fewer --filters"
    return judge("dead filters", verdict, f"{share:.0%} of {count} answer to no text", advice)


def _copies(share: float, count: int) -> Check:
    figure = f"{share:.0%} of {count} are like another (correlation from {COPIES} on)"
    return judge(
        "copied filters", grade(share, warning=0.15, error=0.6), figure, "fewer --filters would do, or more --dropout"
    )


def _spread(rank: float, live: NDArray[np.float64], shape: tuple[int, int]) -> Check:
    """Features that hardly vary, and the number of directions that they use."""
    most = min(shape[0] - 1, shape[1])
    figure = f"{live.shape[1]} of {shape[1]} vary; effective rank {rank:.1f} of at most {most}"
    if most < 4:
        return judge("features", Verdict.ok, figure)
    verdict = grade(-rank, warning=-max(2.0, 0.05 * most), error=-1.5)
    advice = "the filters see hardly anything different: smaller --learning-rate, other vectors, or more texts"
    return judge("features", verdict, figure, advice)
