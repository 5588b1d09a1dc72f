"""What the server counts, in the format of Prometheus: requests, latencies, texts and labels.

Nothing of a text is in it, and nothing that a client chooses: so many series, not more.
"""

from collections import Counter as Counts
from collections.abc import Iterable
from time import perf_counter

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from textcnn.answers import Answer
from textcnn.serve.models import Change

__all__ = ["EXPOSITION_TYPE", "Instrumented", "ServerMetrics"]

EXPOSITION_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_LATENCIES = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # seconds
_NOVELTIES = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)
_GONE = 499  # the client was, before there was an answer


class ServerMetrics:
    """The series of one server."""

    def __init__(self) -> None:
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
        self.novelty = Histogram(
            "textcnn_novelty", "Novelty of texts.", ("model",), buckets=_NOVELTIES, registry=self.registry
        )
        self.loads = Counter("textcnn_model_loads", "Model files taken up.", ("model",), registry=self.registry)
        self.refusals = Counter("textcnn_model_refusals", "Model files refused.", ("model",), registry=self.registry)
        self.in_progress = Gauge("textcnn_requests_in_progress", "Requests not answered yet.", registry=self.registry)

    def count_answers(self, model: str, labels: Iterable[str], answers: Iterable[Answer]) -> None:
        """Count what texts got from a model with these labels."""
        known, counts, texts, without = set(labels), Counts[str](), 0, 0
        for answer in answers:
            own = known.intersection(answer.labels)  # not what a client wants to hear otherwise
            counts.update(own)
            texts += 1
            without += not own
            if answer.novelty is not None:
                self.novelty.labels(model).observe(answer.novelty)
        self.texts.labels(model).inc(texts)
        self.unlabelled.labels(model).inc(without)
        for label, count in counts.items():
            self.labels.labels(model, label).inc(count)

    def count_change(self, change: Change) -> None:
        """Count a model file that was taken up, or refused."""
        (self.loads if change.taken else self.refusals).labels(change.name).inc()

    def text(self) -> bytes:
        """All series as /metrics shows them."""
        return generate_latest(self.registry)


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
