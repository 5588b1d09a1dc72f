"""How quickly `textcnn serve` answers, on loopback, and whether it stays as it was.

    python tests/benchmarks/serving.py MODEL [--texts FILE] [--rate 200] [--requests 1000000] [--swaps 100]

The server is a process of its own, and so are the clients. At a rate, requests begin at fixed times whether or not the
last ones are answered, and a latency counts from the time at which its request should have begun: a server that stalls
does not make its clients polite. Memory is the resident set of the server, before all requests and after each 50,000.
Models are swapped while clients ask one request after the other.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

_CONNECTIONS = 16
_BATCH = 1000
_NOTED = 50_000  # requests between two looks at the memory
_ROUNDED = 0.002  # seconds before its time from which a client is awake: timers of asyncio are late by up to one ms
_TEXTS = [
    "free entry in a weekly draw, text WIN now", "see you at lunch tomorrow", "your number has won a holiday",
    "the report is on your desk, call me when you are at work",
]  # fmt: skip


class Connection(NamedTuple):
    """One that is kept for many requests."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, port: int) -> "Connection":
        """A new one."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body."""
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        if length:
            return int(head[9:12]), await self.reader.readexactly(int(length[1]))
        pieces = []  # of more than one group of texts
        while size := int(await self.reader.readline(), 16):
            pieces.append((await self.reader.readexactly(size + 2))[:-2])
        await self.reader.readline()
        return int(head[9:12]), b"".join(pieces)


def request(texts: Sequence[str]) -> bytes:
    """What is sent."""
    body = json.dumps({"texts": texts}).encode()
    head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def latencies(port: int, requests: Sequence[bytes], rate: float, seconds: float) -> list[float]:
    """Of requests at a rate, in milliseconds, in order of size."""
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(_CONNECTIONS):
        idle.put_nowait(await Connection.to(port))
    begun, taken = time.perf_counter(), []

    async def one(number: int) -> None:
        due = begun + number / rate
        await asyncio.sleep(max(due - time.perf_counter() - _ROUNDED, 0))
        while time.perf_counter() < due:
            await asyncio.sleep(0)
        connection = await idle.get()
        status, _ = await connection.ask(requests[number % len(requests)])
        assert status == 200, status
        taken.append(1000 * (time.perf_counter() - due))
        idle.put_nowait(connection)

    await asyncio.gather(*(one(number) for number in range(int(rate * seconds))))
    return sorted(taken)


async def closed_loop(port: int, requests: Sequence[bytes], count: int, clients: int) -> float:
    """Requests a second, where each client asks as soon as it has its answer."""
    left = iter(range(count))

    async def client() -> None:
        connection = await Connection.to(port)
        for number in left:
            status, _ = await connection.ask(requests[number % len(requests)])
            assert status == 200, status
        connection.writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return count / (time.perf_counter() - begun)


async def swaps(port: int, requests: Sequence[bytes], model: Path, count: int) -> tuple[int, float]:
    """Requests that were answered while a model was replaced so often, and seconds; each is seen before the next."""
    done, answered = asyncio.Event(), 0

    async def client() -> None:
        nonlocal answered
        connection = await Connection.to(port)
        while not done.is_set():
            status, _ = await connection.ask(requests[answered % len(requests)])
            assert status == 200, status
            answered += 1

    clients = [asyncio.create_task(client()) for _ in range(4)]
    begun = time.perf_counter()
    for number in range(1, count + 1):
        beside = model.with_suffix(".new")
        shutil.copy(model, beside)
        beside.replace(model)
        while await taken_up(port) < number:
            await asyncio.sleep(0.05)
    done.set()
    await asyncio.gather(*clients)
    return answered, time.perf_counter() - begun


async def taken_up(port: int) -> int:
    """How many model files were."""
    connection = await Connection.to(port)
    _, body = await connection.ask(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    connection.writer.close()
    found = re.search(rb"textcnn_model_loads_total\{.*\} (\d+)", body)
    return int(found[1]) if found else 0


def resident(process: int) -> float:
    """Megabytes."""
    return int(Path(f"/proc/{process}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


def computed(process: int) -> float:
    """Seconds of cores that it has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(port: int, process: int, model: Path, texts: Sequence[str], told: argparse.Namespace) -> None:
    """All figures, each in a line."""
    single = [request([text]) for text in texts]
    await closed_loop(port, single, 500, 4)
    taken = await latencies(port, single, told.rate, told.seconds)
    p50, p99 = (taken[min(int(share * len(taken)), len(taken) - 1)] for share in (0.5, 0.99))
    print(f"one text, {told.rate:g} requests a second: p50 {p50:.2f} ms, p99 {p99:.2f} ms, longest {taken[-1]:.1f} ms")
    used, count = computed(process), 5000
    rate = await closed_loop(port, single, count, 8)
    used = 1000 * (computed(process) - used) / count
    print(f"one text, 8 clients, no pause: {rate:,.0f} requests a second, {used:.2f} ms of a core each")
    batches = [request([texts[(first + number) % len(texts)] for number in range(_BATCH)]) for first in range(8)]
    rate = await closed_loop(port, batches, 60, 2)
    print(f"{_BATCH:,} texts a request, 2 clients: {_BATCH * rate:,.0f} texts a second")
    print(f"memory: {resident(process):.1f} MB to begin with", flush=True)
    for first in range(0, told.requests, _NOTED):
        asked = min(_NOTED, told.requests - first)
        await closed_loop(port, single, asked, 8)
        print(f"memory: {resident(process):.1f} MB after {first + asked:,} requests", flush=True)
    answered, seconds = await swaps(port, single, model, told.swaps)
    print(f"{told.swaps} swaps of the model in {seconds:.0f} s: {answered:,} requests answered, none failed")
    print(f"memory: {resident(process):.1f} MB after the swaps")


def main() -> None:
    """Start the server, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--texts", type=Path, help="lines; a few short messages if not given")
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--swaps", type=int, default=100)
    told = parser.parse_args()
    texts = told.texts.read_text("utf-8").splitlines() if told.texts else _TEXTS
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"the machine is busy with other things (load {load:.1f}): latencies are those of a busy machine")
    with tempfile.TemporaryDirectory() as folder:
        model = Path(shutil.copy(told.model, Path(folder) / "model.textcnn"))
        command = [sys.executable, "-m", "textcnn", "serve", str(model), "--port=0"]
        server: Any = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            port = int(server.stderr.readline().rpartition(":")[2])
            asyncio.run(measure(port, server.pid, model, texts, told))
            server.send_signal(signal.SIGTERM)
            assert server.wait(60) == 0
        finally:
            with suppress(ProcessLookupError):
                server.kill()


if __name__ == "__main__":
    main()
