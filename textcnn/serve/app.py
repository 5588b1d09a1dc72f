"""The application: its routes, and what a request for answers goes through.

A text is answered by `textcnn.answers.answer`, as in the shell, a bounded group of texts at a time: what is held in
memory does not grow with the answers. A few texts are answered at once, for they take less time than the way to a
thread and back. Groups of many are answered in threads, one after the other; while one is, few texts have threads too,
of their own, and wait for that one group at most.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, NamedTuple

import msgspec
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from textcnn.answers import Policy, answer
from textcnn.corpus import Record
from textcnn.errors import ModelFileError, SettingsError
from textcnn.serve.access import Access, Guard
from textcnn.serve.bodies import BodyReader
from textcnn.serve.messages import Health, ModelList, PredictRequest, read_request
from textcnn.serve.models import ModelStore, ServedModel
from textcnn.serve.openapi import JSON_LINES, openapi
from textcnn.serve.pages import docs_page, try_page
from textcnn.serve.problems import answered_problem, fault
from textcnn.serve.prometheus import EXPOSITION_TYPE, Instrumented, ServerMetrics
from textcnn.text.lexicon import beyond, grouped

__all__ = ["RequestLimits", "create_app"]

_OPEN_PATHS = ("/", "/docs", "/openapi.json", "/health")  # there is no model and no text in them
_GROUP = 50_000  # characters of texts that are answered at once
_FEW = 5_000  # characters of texts that are answered beside many
_THREADS_FOR_FEW = 4

Endpoint = Callable[[Request], Any]


class RequestLimits(NamedTuple):
    """How much a request may be."""

    body: int = 10_000_000  # bytes
    texts: int = 10_000


def create_app(
    models: ModelStore, *, limits: RequestLimits, access: Access, routes: Sequence[BaseRoute] = ()
) -> Starlette:
    """The application over these models.

    Args:
        models: that are served; their files are watched as long as the application runs.
        limits: how much a request may be.
        access: who may ask.
        routes: further ones.
    """
    metrics = ServerMetrics(models)
    models.callbacks.append(metrics.count_change)
    described = openapi(limits.body, limits.texts)
    own = [
        Route("/", _fixed(try_page())),
        Route("/docs", _fixed(docs_page(described))),
        Route("/openapi.json", _fixed(_json(described))),
        Route("/health", _fixed(_json(Health()))),
        Route("/models", _models(models)),
        Route("/metrics", _metrics(metrics)),
        Route("/predict", PredictEndpoint(models, limits, metrics), methods=["POST"]),
    ]
    app = Starlette(
        routes=[*own, *routes],
        middleware=[
            Middleware(Instrumented, metrics=metrics, paths=[route.path for route in own]),
            Middleware(Guard, access=access._replace(open_paths=(*_OPEN_PATHS, *access.open_paths))),
        ],
        exception_handlers={HTTPException: answered_problem, Exception: fault},
        lifespan=_watching(models),
    )
    app.router.redirect_slashes = False
    return app


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


def _fixed(response: Response) -> Endpoint:
    """What is always the same."""

    async def endpoint(request: Request) -> Response:
        return response

    return endpoint


def _models(models: ModelStore) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return _json(ModelList(models=[model.description for model in models.all]))

    return endpoint


def _metrics(metrics: ServerMetrics) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return Response(metrics.text(), media_type=EXPOSITION_TYPE)

    return endpoint


def _watching(models: ModelStore) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """The files of models are watched as long as the application runs."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(models.watch())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return lifespan


class PredictEndpoint:
    """Answers for texts.

    Args:
        models: that can be asked.
        limits: how much a request may be.
        metrics: where answers are counted.
    """

    def __init__(self, models: ModelStore, limits: RequestLimits, metrics: ServerMetrics) -> None:
        self.models, self.limits, self.metrics = models, limits, metrics
        self.bodies = BodyReader(limits.body)
        self._for_few, self._for_many = CapacityLimiter(_THREADS_FOR_FEW), CapacityLimiter(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; its texts count as held until it has its answers."""
        request = Request(scope, receive)
        with suppress(ClientDisconnect):
            async with self.bodies.body(request) as body:
                asked = self._read(body)
                model = self._model(asked.model)
                lines = JSON_LINES in request.headers.get("accept", "")
                response = await self._response(asked, model, _policy(asked, model), lines)
                await response(scope, receive, send)

    def _read(self, body: bytes) -> PredictRequest:
        try:
            asked = read_request(body)
        except msgspec.ValidationError as error:
            raise HTTPException(422, f"{error}; see /docs") from error
        except ValueError as error:
            raise HTTPException(400, f"the body is not JSON in UTF-8: {error}") from error
        if len(asked.texts) > self.limits.texts:
            raise HTTPException(
                413, f"{len(asked.texts):,} texts are more than {self.limits.texts:,}; send them in several requests"
            )
        return asked

    def _model(self, name: str | None) -> ServedModel:
        model = self.models.find(name)
        if model is None:
            known = ", ".join(model.name for model in self.models.all)
            raise HTTPException(404, f"there is no model {name!r:.100}, but {known}")
        return model

    async def _response(self, asked: PredictRequest, model: ServedModel, policy: Policy, lines: bool) -> Response:
        """Of one group of texts whole, of more a group at a time."""
        groups = list(grouped(asked.texts, _GROUP)) or [[]]
        few = len(groups) == 1 and sum(map(len, asked.texts)) < _FEW

        async def answered(group: list[str]) -> list[str]:
            if few and not policy.explain and not self._for_many.borrowed_tokens:
                return self._answers(model, group, policy, asyncio.get_running_loop().call_soon)  # counted when sent
            limiter = self._for_few if few else self._for_many
            return await run_sync(self._answers, model, group, policy, limiter=limiter)

        first = await answered(groups[0])  # where something is wrong with the model, it shows before the answer begins
        cut = [] if lines else await self._cut(asked.texts, model)
        head, between, end = _frame(model.name, cut, lines=lines, empty=not asked.texts)

        async def pieces() -> AsyncIterator[str]:
            yield head + between.join(first)
            for group in groups[1:]:
                yield between + between.join(await answered(group))
            yield end

        kind = JSON_LINES if lines else "application/json"
        if len(groups) > 1:
            return StreamingResponse(pieces(), media_type=kind)
        return Response("".join([piece async for piece in pieces()]), media_type=kind)

    async def _cut(self, texts: Sequence[str], model: ServedModel) -> list[int]:
        """Numbers of the texts of which not all is read; few are long enough to be looked at."""
        most = model.predictor.model.settings["max_words"]
        if all(len(text) <= most for text in texts):
            return []
        return await run_sync(beyond, texts, most, limiter=self._for_many)

    def _answers(
        self, model: ServedModel, texts: Sequence[str], policy: Policy, do: Callable[..., Any] | None = None
    ) -> list[str]:
        """Answers as JSON; in a thread, or else counted later, by who does things then."""
        answers = list(answer(model.predictor, [Record(text) for text in texts], policy))
        if do is None:
            self.metrics.count_answers(model, answers)
        else:
            do(self.metrics.count_answers, model, answers)
        return [each.as_json() for each in answers]


def _policy(asked: PredictRequest, model: ServedModel) -> Policy:
    try:
        policy = asked.policy()
        policy.check_model(model.predictor)
    except (SettingsError, ModelFileError) as error:
        raise HTTPException(422, str(error)) from error
    return policy


def _frame(name: str, cut: list[int], *, lines: bool, empty: bool) -> tuple[str, str, str]:
    """What stands before, between and after the answers."""
    if lines:
        return "", "\n", "" if empty else "\n"
    model, numbers = (msgspec.json.encode(value).decode() for value in (name, cut))
    return f'{{"model":{model},"answers":[\n', ",\n", f'\n],"cut":{numbers}}}\n'
