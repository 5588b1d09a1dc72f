"""A server as its users have it, a process of its own on a free port, and what is sent to it."""

import http.client
import json
import re
import signal
import socket
import time
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

import program

JSON = {"Content-Type": "application/json"}
LINES = {**JSON, "Accept": "application/x-ndjson"}


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Served:
    """A running server."""

    def __init__(self, process):
        self.process = process
        self.said = []  # before it said where it is
        while "http://" not in (line := process.said.get(timeout=program.PATIENCE)):
            assert line, "the server did not start"
            self.said.append(line.rstrip("\n"))
        self.address = re.search(r"http://\S+", line)[0]
        self.port = urlsplit(self.address).port

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=program.PATIENCE)

    def ask(self, method, path, body=None, headers=None, connection=None):
        """One request, over a connection of its own unless one is given."""
        own = connection or self.connection()
        own.request(method, path, body, JSON if headers is None else headers)
        got = own.getresponse()
        reply = Reply(got.status, got.headers, got.read())
        if connection is None:
            own.close()
        return reply

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers)

    def predict(self, texts, connection=None, headers=None, **parameters):
        body = json.dumps({"texts": texts, **parameters})
        return self.ask("POST", "/predict", body, {**JSON, **(headers or {})}, connection)

    def figure(self, series):
        """The sum of the series of /metrics whose names begin like this."""
        lines = self.get("/metrics").body.decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(series))

    def settle(self):
        """Wait until all is answered and counted, what clients that left had asked for, too."""
        end = time.monotonic() + 60
        while self.figure("textcnn_requests_in_progress") != 1:  # that for the figure
            assert time.monotonic() < end
            time.sleep(0.01)

    def raw(self, data):
        """What is answered to these bytes until the server ends the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=program.PATIENCE) as one:
            one.sendall(data)
            return self.rest(one)

    @staticmethod
    def rest(connection):
        pieces = []
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
        return b"".join(pieces)

    def stop(self):
        """Tell it to stop; its exit code, and what it said."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.end()


@contextmanager
def serving(*arguments, script=None):
    """A server with these models and options; it is gone afterwards."""
    options = ["serve", *map(str, arguments), "--port=0"]
    command = program.command(*options) if script is None else program.scripted(script, *options)
    process = program.Process(command)
    try:
        yield Served(process)
    finally:
        process.process.stdin.close()
        process.process.kill()
        process.process.wait()
