"""Who may ask: pages of other sites may not, and where there is a token, nobody without it.

A page of another site can make a browser ask a server on its user's machine. What such a page sends has its `Origin`;
and one that has its own name lead to 127.0.0.1 (DNS rebinding) has that name in `Host`. Both are refused. An address in
numbers is nobody's name, so it is let through.
"""

import hmac
from collections.abc import Collection
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from textcnn.serve.problems import problem

__all__ = ["Access", "Guard"]

_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Access(NamedTuple):
    """What a request needs."""

    hosts: Collection[str] = ()  # names of the server, beside localhost and addresses in numbers
    token: str = ""  # empty: none is needed
    open_paths: Collection[str] = ()  # need no token: pages without data


class Guard:
    """Middleware that lets a request through, or says why it does not."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app, self.access = app, access
        self._hosts = {host.lower() for host in access.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with headers that keep other pages from using what is answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refusal(Headers(scope=scope), scope["path"])
        await (refused or self.app)(scope, receive, send_guarded)

    def _refusal(self, headers: Headers, path: str) -> Response | None:
        host = headers.get("host", "")
        if not self._is_ours(host):
            return problem(421, f"this server is not called {host!r:.100}; if it is: --allow-host NAME")
        origin = headers.get("origin")
        if origin is not None and not _same_site(origin, host):
            return problem(403, "pages of other sites may not ask this server")
        if self.access.token and path not in self.access.open_paths and not self._is_known(headers):
            return problem(
                401, "a token is needed: Authorization: Bearer TOKEN", {"WWW-Authenticate": 'Bearer realm="textcnn"'}
            )
        return None

    def _is_ours(self, host: str) -> bool:
        name = _name(host)
        if name == "localhost" or name.endswith(".localhost") or name in self._hosts:
            return True
        try:
            return bool(ip_address(name))
        except ValueError:
            return False

    def _is_known(self, headers: Headers) -> bool:
        kind, _, token = headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self.access.token.encode())


def _name(host: str) -> str:
    """Of a host with its port, in lower case; empty if that is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _same_site(origin: str, host: str) -> bool:
    scheme, mark, name = origin.partition("://")
    return scheme in ("http", "https") and bool(mark) and name.lower() == host.lower()
