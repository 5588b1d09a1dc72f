"""Errors as RFC 9457 has them: `application/problem+json` with status, title and detail."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from textcnn.serve.messages import Problem

__all__ = ["PROBLEM_TYPE", "answered_problem", "fault", "problem"]

PROBLEM_TYPE = "application/problem+json"


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """The response that says what is wrong and what to do."""
    body = msgspec.json.encode(Problem(status=status, title=HTTPStatus(status).phrase, detail=detail))
    return Response(body, status, headers, PROBLEM_TYPE)


async def answered_problem(request: Request, error: Exception) -> Response:
    """Of an HTTPException, one of ours or one of Starlette's own."""
    assert isinstance(error, HTTPException)
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = "there is nothing here; /docs lists what there is"
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"this takes {(error.headers or {}).get('Allow', 'another method')}; see /docs"
    return problem(error.status_code, detail, error.headers)


async def fault(request: Request, error: Exception) -> Response:
    """Of anything else; what it was stands in the server's log, not here."""
    return problem(500, "a fault of the server itself; its log says more")
