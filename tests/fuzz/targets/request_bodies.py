"""Any body that is sent to /predict gets its answers, or an error of 4xx that says why; in time, in little memory."""

import asyncio
import json
import tempfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import mutations
from harness import CpuLimit, MemoryLimit
from made_models import any_model
from starlette.applications import Starlette

from textcnn.errors import ModelFileError
from textcnn.model.file import write_model
from textcnn.serve.access import Access
from textcnn.serve.app import RequestLimits, create_app
from textcnn.serve.models import ModelStore

_LIMITS = RequestLimits(body=300_000, texts=2_000)
_SECONDS, _EXPLAINING = 2e-5, 6e-5  # of a byte; words of two bytes are explained one by one
_PIECES = (
    b'"', b"\\", b"\\u0000",
    b"\\ud800", b"\\udc00", b"\\ud83d\\ude00", b"\\\\ud800", b"[", b"]", b"{", b"}", b",", b":",
    b"1e999", b"-0", b"NaN", b"null", b"true", b"9" * 400, b"\xff", b"\xed\xa0\x80", b"\0", b"\xef\xbb\xbf",
)  # fmt: skip
_PARAMETERS = (
    "model", "top", "threshold", "max_error", "sure", "sure_per_label", "otherwise", "explain", "against", "unknown",
)  # fmt: skip


class Case(NamedTuple):
    """A body in pieces, as it arrives, and what its headers say of it."""

    data: bytes
    cuts: list[int]
    headers: dict[str, str]


def make(random: Random) -> Case:
    """Texts and parameters, of which some fit, and damage to some bodies."""
    texts = [mutations.text(random) for _ in range(random.choice((0, 1, 1, 3, 40)))]
    if random.random() < 0.05:
        texts = [mutations.repeated(random, 100_000)] * random.choice((1, 2, 3))
    asked: dict[str, Any] = {"texts": texts}
    for name in random.sample(_PARAMETERS, random.choice((0, 0, 1, 2))):
        asked[name] = _value(name, random)
    data = json.dumps(asked, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
    if random.random() < 0.4:
        data = mutations.changed(data, random, _PIECES)
    if random.random() < 0.02:
        data = random.choice((b"[", b'{"texts":', b'{"a":')) * random.choice((100, 50_000))
    cuts = sorted(random.randint(0, len(data)) for _ in range(random.choice((0, 0, 1, 5))))
    return Case(data, cuts, _headers(data, random))


def _value(name: str, random: Random) -> Any:
    usual = {
        "model": "small",
        "top": random.choice((1, 2, 100)),
        "threshold": random.random(),
        "max_error": random.random(),
        "sure": 0.5 + random.random() / 2,
        "sure_per_label": True,
        "otherwise": mutations.text(random),
        "explain": True,
        "against": mutations.text(random),
        "unknown": 1,
    }[name]
    return usual if random.random() < 0.7 else mutations.value(random)


def _headers(data: bytes, random: Random) -> dict[str, str]:
    headers = {"host": "localhost", "content-type": "application/json", "accept": "*/*"}
    if random.random() < 0.5:
        headers["accept"] = "application/x-ndjson"
    if random.random() < 0.5:
        headers["content-length"] = str(len(data))
    if random.random() < 0.05:
        headers[random.choice((*headers, "origin", "content-encoding"))] = random.choice(
            ("", "\xff", "null", "a" * 5000)
        )
    return headers


def check(case: Case) -> None:
    """Send it to the application, and look at what comes back."""
    app = _application()
    seconds = _EXPLAINING if b"explain" in case.data else _SECONDS
    with MemoryLimit(600_000_000), CpuLimit(1 + seconds * len(case.data)):
        status, kind, body = asyncio.run(_answer(app, case))
    if status == 200:
        lines = body.splitlines() if "ndjson" in kind else json.loads(body)["answers"]
        texts = json.loads(case.data)["texts"]
        assert len(lines) == len(texts), "not every text has one answer"
    else:
        assert 400 <= status < 500 and json.loads(body)["status"] == status and json.loads(body)["detail"], body[:200]


@cache
def _application() -> Starlette:
    """Over the first model made by chance whose answers are numbers."""
    path = Path(tempfile.mkdtemp(prefix="fuzz-served-")) / "m"
    for number in range(100):
        write_model(any_model(Random(number)), path)
        try:
            models = ModelStore({"small": path}, threads=1)
        except ModelFileError:
            continue
        return create_app(models, limits=_LIMITS, access=Access())
    raise AssertionError("no model that answers")


async def _answer(app: Starlette, case: Case) -> tuple[int, str, bytes]:
    """Status, content type and body of the response."""
    pieces = [case.data[first:last] for first, last in zip([0, *case.cuts], [*case.cuts, None], strict=True)]
    arriving = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        if arriving:
            return arriving.pop(0)
        await asyncio.sleep(3600)  # the client waits for its answer

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(name.encode(), value.encode("latin-1")) for name, value in case.headers.items()]
    scope = {
        "type": "http", "method": "POST", "path": "/predict", "raw_path": b"/predict", "query_string": b"",
        "headers": headers, "root_path": "", "scheme": "http", "server": ("localhost", 8000),
        "client": ("localhost", 1), "http_version": "1.1", "asgi": {"version": "3.0", "spec_version": "2.3"},
        "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    kind = dict(sent[0]["headers"]).get(b"content-type", b"").decode()
    return sent[0]["status"], kind, b"".join(message.get("body", b"") for message in sent[1:])
