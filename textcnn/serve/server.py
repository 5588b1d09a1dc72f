"""The server around an application: uvicorn, with limits on slow clients and a stop that loses nothing.

A client that is slow to send or to take its answer is one that holds what others need, so each has its time. Whatever
was accepted when the server is told to stop is answered: connections then end with their next answer, those at rest
after a moment in which such a request may still come.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from textcnn.errors import SettingsError
from textcnn.serve.problems import problem

__all__ = ["TimedProtocol", "bound_socket", "run_server"]

_REQUEST_SECONDS = 30.0  # from the first byte of a request, or the connection, to its last
_TAKING_SECONDS = 60.0  # that a client may not take what is sent
_RESTING_SECONDS = 75  # from an answer to the next request; longer than proxies usually keep a connection
_STOPPING_SECONDS = 30  # for what is being answered when the server stops
_GRACE_SECONDS = 0.2  # for requests that are on their way then
_SWITCH_SECONDS = 0.001  # after which a thread that computes lets another one, who may have little to do
_BACKLOG = 2048  # connections that wait to be accepted


class _Deadline:
    """Something that is done unless something else happens in time."""

    def __init__(self, seconds: float, do: Callable[[], None]) -> None:
        self._seconds, self._do = seconds, do
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Let the time run, if it does not run already."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._do)

    def stop(self) -> None:
        """It happened."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _JoiningConnection(h11.Connection):
    """Gives the head of an answer together with what comes next: one packet, of which the client hears once."""

    _head = b""

    def send(self, event: h11.Event) -> bytes | None:  # type: ignore[override]
        """What is to be written for an event."""
        data = super().send(event)
        if isinstance(event, h11.Response):
            self._head = data or b""
            return b""
        head, self._head = self._head, b""
        return head + data if data is not None else None


class TimedProtocol(H11Protocol):
    """uvicorn's protocol, where a request has to arrive, and an answer to be taken, in time."""

    def __init__(self, config: uvicorn.Config, *arguments: Any, **named: Any) -> None:
        super().__init__(config, *arguments, **named)
        self.conn = _JoiningConnection(h11.SERVER, self.conn._max_incomplete_event_size)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._arriving = _Deadline(_REQUEST_SECONDS, self._too_slow)  # a request becomes whole
        self._leaving = _Deadline(_TAKING_SECONDS, transport.abort)  # what is sent is taken
        self._arriving.start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        super().connection_lost(exc)
        self._arriving.stop()
        self._leaving.stop()

    def data_received(self, data: bytes) -> None:
        """Wait as long as a request is not whole, from its first byte on."""
        super().data_received(data)
        if self._is_incomplete() and not self.transport.is_closing():
            self._arriving.start()
        else:
            self._arriving.stop()

    def _is_incomplete(self) -> bool:
        """Whether a request has begun to arrive, and more of it must come."""
        state = self.conn.their_state
        return state is h11.SEND_BODY or (state is h11.IDLE and bool(self.conn.trailing_data[0]))

    def _too_slow(self) -> None:
        if self._is_incomplete():
            self._refuse(408, "the request took too long to arrive")
        else:
            self.transport.close()  # nothing came at all

    def pause_writing(self) -> None:
        """Give the client time to take what is sent."""
        super().pause_writing()
        self._leaving.start()

    def resume_writing(self) -> None:
        """It has."""
        super().resume_writing()
        self._leaving.stop()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        self._refuse(400, msg)

    def _refuse(self, status: int, detail: str) -> None:
        """Answer before the application does, if no answer has begun, and end the connection."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
        if self.transport.is_closing():
            return
        response = problem(status, detail, {"Connection": "close"})
        for event in (
            h11.Response(status_code=status, headers=response.raw_headers, reason=HTTPStatus(status).phrase.encode()),
            h11.Data(data=bytes(response.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn's server, which says that it has started, and ends with what it has accepted."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self._when_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing more; let each connection end with its next answer, and wait for those that are due."""
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        for server in self.servers:
            server.close()
        await asyncio.sleep(_GRACE_SECONDS)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM; that is a good end, so they are not raised once more after it, as usual."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket that listens; of port 0 the system chooses one.

    Raises:
        SettingsError: the host is not one of this machine, or the port is not to be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, ValueError) as error:  # a name that is too long, or has NUL
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if number and number > 0 else error  # of names that lead nowhere it is negative
        raise SettingsError(f"cannot listen on {host}, port {port}: {reason}; see --host and --port") from error
    # What is accepted has it, too. asyncio sees to it only where a socket names its protocol, and without it the end of
    # an answer waits for the client to acknowledge the beginning: 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def run_server(
    app: ASGIApp, listener: socket.socket, *, started: Callable[[], None], say: Callable[[str], None]
) -> None:
    """Serve an application until SIGINT or SIGTERM.

    Args:
        app: what answers.
        listener: from `bound_socket`.
        started: called once requests are accepted.
        say: called with each fault of the server, in a line.
    """
    config = uvicorn.Config(
        app,
        http=TimedProtocol,
        ws="none",
        interface="asgi3",
        lifespan="on",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # a client could call itself anything
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_RESTING_SECONDS,
        timeout_graceful_shutdown=_STOPPING_SECONDS,
    )
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # a client that is gone must not end the program, as `head` may
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        with _faults_told(say):
            _Server(config, started).run([listener])
    finally:
        sys.setswitchinterval(usual)


class _Teller(logging.Handler):
    """Says errors of uvicorn and asyncio in a line each; or whole, if tracebacks are asked for."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        """Say one."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and os.environ.get("TEXTCNN_TRACEBACK"):
            traceback.print_exception(error)
        what = f": {type(error).__name__}: {error}" if error is not None else ""
        self._say(f"a fault of the server: {record.getMessage().strip()}{what} (TEXTCNN_TRACEBACK=1 shows where)")


@contextmanager
def _faults_told(say: Callable[[str], None]) -> Iterator[None]:
    loggers, teller = [logging.getLogger(name) for name in ("uvicorn", "asyncio")], _Teller(say)
    before = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.addHandler(teller)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, propagate in zip(loggers, before, strict=True):
            logger.removeHandler(teller)
            logger.propagate = propagate
