"""What the server counts, in the format of Prometheus: requests, latencies, texts, and what drift is seen by.

What `textcnn drift` compares with training is counted: labels, confidence, novelty, and of a sample unknown words and
lengths; and what they were like in training stands beside it, for alerts that compare. Nothing of a text is in it, and
nothing that a client chooses: so many series, not more.
"""

from collections import Counter as Counts
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from textcnn.answers import Answer
from textcnn.errors import ModelFileError
from textcnn.model.reference import NOVEL
from textcnn.serve.models import Change, ModelStore, ServedModel

__all__ = ["EXPOSITION_TYPE", "Instrumented", "ServerMetrics"]

EXPOSITION_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_LATENCIES = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # seconds
_NOVELTIES = (0.5, 0.8, 0.9, NOVEL, 0.99, 0.999)
_CONFIDENCES = (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_SHARES = (0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75)
_WORDS = (0, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)
_SAMPLE = 100  # texts of a group, whose words are looked up once more
_GONE = 499  # the client was, before there was an answer


class ServerMetrics:
    """The series of one server with these models."""

    def __init__(self, models: ModelStore) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which says when it began
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "textcnn_requests", "Requests by path and status.", ("path", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "textcnn_request_seconds",
            "Seconds from a request to the end of its answer.",
            ("path",),
            buckets=_LATENCIES,
            registry=self.registry,
        )
        self.texts = Counter("textcnn_texts", "Texts that were answered.", ("model",), registry=self.registry)
        self.labels = Counter(
            "textcnn_labels", "Answers with a label of the model.", ("model", "label"), registry=self.registry
        )
        self.unlabelled = Counter(
            "textcnn_unlabelled", "Answers with no label of the model.", ("model",), registry=self.registry
        )
        self.novelty = self._of_texts("novelty", "Novelty of texts.", _NOVELTIES)
        self.confidence = self._of_texts("confidence", "Probability of the likeliest label.", _CONFIDENCES)
        sampled = f"of at most {_SAMPLE} of the texts that are answered together"
        self.unknown = self._of_texts("unknown", f"Share of unknown words, {sampled}.", _SHARES)
        self.words = self._of_texts("words", f"Words of a text, {sampled}.", _WORDS)
        self.registry.register(_TrainingFigures(models))
        self.loads = Counter("textcnn_model_loads", "Model files taken up.", ("model",), registry=self.registry)
        self.refusals = Counter("textcnn_model_refusals", "Model files refused.", ("model",), registry=self.registry)
        self.in_progress = Gauge("textcnn_requests_in_progress", "Requests not answered yet.", registry=self.registry)

    def _of_texts(self, name: str, meaning: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(f"textcnn_{name}", meaning, ("model",), buckets=buckets, registry=self.registry)

    def count_answers(self, model: ServedModel, answers: Sequence[Answer]) -> None:
        """Count what texts got from a model, and what they are like."""
        known, counts, without = set(model.predictor.labels), Counts[str](), 0
        novelty, confidence = self.novelty.labels(model.name), self.confidence.labels(model.name)
        for answer in answers:
            own = known.intersection(answer.labels)  # not what a client wants to hear otherwise
            counts.update(own)
            without += not own
            confidence.observe(answer.best[0][1])
            if answer.novelty is not None:
                novelty.observe(answer.novelty)
        self.texts.labels(model.name).inc(len(answers))
        self.unlabelled.labels(model.name).inc(without)
        for label, count in counts.items():
            self.labels.labels(model.name, label).inc(count)
        self._count_words(model, [answer.record.text for answer in answers[:: len(answers) // _SAMPLE + 1]])

    def _count_words(self, model: ServedModel, texts: Sequence[str]) -> None:
        unknown, words = self.unknown.labels(model.name), self.words.labels(model.name)
        for share, count in zip(*model.predictor.word_figures(texts), strict=True):
            unknown.observe(float(share))
            words.observe(int(count))

    def count_change(self, change: Change) -> None:
        """Count a model file that was taken up, or refused."""
        (self.loads if change.taken else self.refusals).labels(change.name).inc()

    def text(self) -> bytes:
        """All series as /metrics shows them."""
        return generate_latest(self.registry)


class _TrainingFigures(Collector):
    """What the texts held out in training were like, of the models as they are when it is asked for."""

    def __init__(self, models: ModelStore) -> None:
        self.models = models

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The means of what is counted of texts, and the share of each label; nothing of a model that has none."""
        means = GaugeMetricFamily(
            "textcnn_training_mean", "Mean over the texts held out in training.", labels=("model", "of")
        )
        novel = GaugeMetricFamily(
            "textcnn_training_novel_share",
            f"Share of the texts held out in training with a novelty above {NOVEL:g}.",
            labels=("model",),
        )
        shares = GaugeMetricFamily(
            "textcnn_training_label_share", "Share of the texts held out in training.", labels=("model", "label")
        )
        for model in self.models.all:
            with suppress(ModelFileError):
                reference = model.predictor.model.reference
                for name in ("confidence", "novelty", "unknown", "words"):
                    means.add_metric((model.name, name), float(getattr(reference, name).mean()))
                novel.add_metric((model.name,), float(reference.novel.mean()))
                for label, share in zip(model.predictor.labels, _label_shares(reference.label, model), strict=True):
                    shares.add_metric((model.name, label), share)
        yield means
        yield novel
        yield shares


def _label_shares(labels: NDArray[Any], model: ServedModel) -> list[float]:
    counts = np.bincount(labels.astype(int), minlength=len(model.predictor.labels))
    shares: list[float] = (counts / len(labels)).tolist()
    return shares


class Instrumented:
    """Middleware that counts requests and takes their time.

    Args:
        app: what answers.
        metrics: where it is counted.
        paths: that are told apart.
    """

    def __init__(self, app: ASGIApp, metrics: ServerMetrics, paths: Iterable[str]) -> None:
        self.app, self.metrics, self.paths = app, metrics, frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and count it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, begun = _GONE, perf_counter()

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        path = scope["path"] if scope["path"] in self.paths else "other"
        try:
            with self.metrics.in_progress.track_inprogress():
                await self.app(scope, receive, send_noted)
        finally:
            self.metrics.requests.labels(path, str(status)).inc()
            self.metrics.seconds.labels(path).observe(perf_counter() - begun)
