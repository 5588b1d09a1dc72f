"""What answers cost: time, memory, device."""

import time
from collections.abc import Sequence

from textcnn.checks.verdict import Check, grade, judge
from textcnn.model.predictor import Predictor

__all__ = ["cost"]

_TEXTS = 500
_SLOW = 20.0  # milliseconds


def cost(predictor: Predictor, texts: Sequence[str], training: float, device: str, *, network: bool = True) -> Check:
    """Milliseconds per text, the memory of this process at its peak, and how long a small training took."""
    began = time.perf_counter()
    predictor.all_probabilities(texts[:_TEXTS])
    milliseconds = 1000 * (time.perf_counter() - began) / max(len(texts[:_TEXTS]), 1)
    memory = _peak()
    figure = f"{milliseconds:.2f} ms per text, {training:.1f} s per small training on the {device}"
    figure += f", {memory / 1e6:,.0f} MB at the peak" if memory else ""
    advice = f"shorter texts (--max-words){', fewer --filters or --widths' * network} make it quicker"
    return judge("cost", grade(milliseconds, warning=_SLOW), figure, advice)


def _peak() -> int:
    """Bytes; 0 where the system does not say."""
    import sys

    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
