"""The description of the interface, OpenAPI 3.1; its schemas are those of `messages.py`."""

from typing import Any

import msgspec

from textcnn.serve.messages import AnswerList, AnswerObject, Health, ModelList, PredictRequest, Problem
from textcnn.version import __version__

__all__ = ["JSON_LINES", "openapi"]

JSON_LINES = "application/x-ndjson"
_REFERENCE = "#/components/schemas/{name}"
_PROBLEMS = {
    400: "the body is not JSON, or the request is not HTTP",
    401: "a token is needed, see `--token-file`",
    403: "a page of another site asks",
    404: "there is no model of this name",
    408: "the request took too long to arrive",
    413: "the body is too long, or holds too many texts",
    415: "the body is not called JSON, or is packed",
    421: "the server is not known by this name, see `--allow-host`",
    422: "a field is missing, unknown, of another type or out of its limits",
    429: "too much is being answered; try again",
}
_OF_EVERY_REQUEST = (400, 403, 408, 421)
_OF_BODIES = (404, 413, 415, 422, 429)


def openapi(most_bytes: int, most_texts: int) -> dict[str, Any]:
    """The description as JSON has it.

    Args:
        most_bytes: of a body.
        most_texts: of a request.
    """
    types = [PredictRequest, AnswerList, AnswerObject, ModelList, Health, Problem]
    _, schemas = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    schemas["PredictRequest"]["properties"]["texts"]["maxItems"] = most_texts
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "textcnn",
            "version": __version__,
            "description": "Labels for texts, with probabilities and reasons: what `textcnn predict --format jsonl` "
            f"answers. A body has at most {most_bytes:,} bytes, a request at most {most_texts:,} texts.",
        },
        "paths": {
            "/predict": {"post": _predict()},
            "/models": {"get": _get("models", "The models that are served.", ModelList, token=True)},
            "/metrics": {"get": _metrics()},
            "/health": {"get": _get("health", "That the server answers.", Health)},
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "If it has a token."}},
        },
    }


def _predict() -> dict[str, Any]:
    return {
        "summary": "Answers for texts, in order.",
        "operationId": "predict",
        "description": f"As one JSON object; where `{JSON_LINES}` is accepted, as the lines that "
        "`textcnn predict --format jsonl` prints, byte for byte.",
        "security": [{"token": []}, {}],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _reference(PredictRequest),
                    "examples": {"texts": {"value": {"texts": ["free entry, text WIN now", "see you at noon"]}}},
                }
            },
        },
        "responses": {
            "200": {
                "description": "The answers.",
                "content": {
                    "application/json": {"schema": _reference(AnswerList)},
                    JSON_LINES: {"schema": {"type": "string", "description": "On each line an AnswerObject."}},
                },
            },
            **_problems(*_OF_EVERY_REQUEST, 401, *_OF_BODIES),
        },
    }


def _metrics() -> dict[str, Any]:
    described = _get("metrics", "Counters and latencies, for Prometheus.", token=True)
    described["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}
    return described


def _get(name: str, summary: str, answer: type[msgspec.Struct] | None = None, *, token: bool = False) -> dict[str, Any]:
    """What is read without a body."""
    content = {} if answer is None else {"application/json": {"schema": _reference(answer)}}
    return {
        "summary": summary,
        "operationId": name,
        **({"security": [{"token": []}, {}]} if token else {}),
        "responses": {
            "200": {"description": summary, "content": content},
            **_problems(*_OF_EVERY_REQUEST, *((401,) if token else ())),
        },
    }


def _problems(*statuses: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": _reference(Problem)}}
    return {str(status): {"description": _PROBLEMS[status], "content": content} for status in sorted(statuses)}


def _reference(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(name=kind.__name__)}
