"""What filters became: dead ones, duplicates, and how many directions their features span."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from textcnn.checks.verdict import Check, Verdict, grade, judge
from textcnn.insight.filters import active_share, effective_rank, nearest_filters
from textcnn.model.interpretation import DUPLICATE
from textcnn.model.predictor import Predictor
from textcnn.text.lexicon import encode

__all__ = ["filter_checks"]

_MOST = 600  # texts


def filter_checks(predictor: Predictor, texts: Sequence[str]) -> list[Check]:
    """Dead filters, duplicate filters, and the directions that the features span, on some texts."""
    of_networks = _features(predictor, texts[:_MOST])
    features = np.concatenate(of_networks, axis=1)
    dead = float((active_share(features) == 0).mean())
    varying = features[:, features.std(axis=0) > 0]
    rank = effective_rank(features) if len(features) > 1 else 0.0
    return [
        _dead(dead, features.shape[1]),
        _duplicates(_duplicate_share(predictor, of_networks), features.shape[1]),
        _spread(rank, varying, features.shape),
    ]


def _features(predictor: Predictor, texts: Sequence[str]) -> list[NDArray[np.float64]]:
    """The pooled features of each network: (B, S·M)."""
    encoded = encode(texts, predictor.model.settings["max_words"], predictor.model.segment)
    return [
        np.concatenate([member.network.features(vectors, part) for part in encoded.ragged.parts()]).astype(np.float64)
        for member, vectors in zip(predictor.model.members, predictor.vectors_of(encoded.surfaces), strict=True)
    ]


def _duplicate_share(predictor: Predictor, of_networks: list[NDArray[np.float64]]) -> float:
    """The share of features that are duplicates of another of the same network, slot and width."""
    networks = [member.network for member in predictor.model.members]
    correlations = [
        nearest_filters(features, network.bank.groups(network.pooling)).correlations
        for network, features in zip(networks, of_networks, strict=True)
    ]
    return float((np.concatenate(correlations) >= DUPLICATE).mean())


def _dead(share: float, count: int) -> Check:
    verdict = grade(share, warning=0.1, error=0.5)
    advice = "a smaller --learning-rate lets fewer of them die, or take fewer --filters"
    return judge("dead filters", verdict, f"{share:.0%} of {count} respond to no text", advice)


def _duplicates(share: float, count: int) -> Check:
    figure = f"{share:.0%} of {count} are duplicates (correlation of at least {DUPLICATE} with another)"
    return judge(
        "duplicate filters",
        grade(share, warning=0.15, error=0.6),
        figure,
        "fewer --filters would do, or more --dropout",
    )


def _spread(rank: float, varying: NDArray[np.float64], shape: tuple[int, int]) -> Check:
    """Features that vary, and the number of directions that they span."""
    most = min(shape[0] - 1, shape[1])
    figure = f"{varying.shape[1]} of {shape[1]} vary; effective rank {rank:.1f} of at most {most}"
    if most < 4:
        return judge("features", Verdict.ok, figure)
    verdict = grade(-rank, warning=-max(2.0, 0.05 * most), error=-1.5)
    advice = "the features hardly differ between texts: smaller --learning-rate, other vectors, or more texts"
    return judge("features", verdict, figure, advice)
