"""Bodies of requests: bounded each, and all that are held at a time together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.exceptions import HTTPException
from starlette.requests import Request

__all__ = ["BodyReader"]

_AT_ONCE = 8  # bodies of the greatest length that are held at a time


class BodyReader:
    """Reads bodies of requests.

    Args:
        most: bytes of a body.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0  # bytes of all bodies whose requests are not answered yet

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """The body of a JSON request, which counts as held until the block ends.

        Raises:
            HTTPException: it is no JSON (415), too long (413), or too much is held already (429).
            ClientDisconnect: the client is gone.
        """
        self._check_headers(request)
        pieces: list[bytes] = []
        size = 0
        try:
            async for piece in request.stream():
                size += len(piece)
                self.held += len(piece)
                self._check_size(size)
                pieces.append(piece)
            yield b"".join(pieces)
        finally:
            self.held -= size

    def _check_headers(self, request: Request) -> None:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise HTTPException(415, "the body must be JSON; say so: Content-Type: application/json")
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise HTTPException(415, "a packed body is not read; send it as it is")
        length = request.headers.get("content-length", "0")
        if length.isdecimal():
            self._check_size(int(length), declared=True)

    def _check_size(self, size: int, *, declared: bool = False) -> None:
        if size > self.most:
            raise HTTPException(413, f"the body is longer than {self.most:,} bytes; send the texts in several requests")
        if self.held + size * declared > _AT_ONCE * self.most:
            raise HTTPException(429, "too many requests are being answered; try again", {"Retry-After": "1"})
