"""Requests from JSON: half a surrogate pair is mended, and nothing else that is wrong."""

import pytest

from textcnn.serve.messages import read_request


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\ud83d", "\ufffd"),
        (rb"\ude00\uD83D", "\ufffd\ufffd"),
        (rb"\\ud83d", r"\ud83d"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
    ],
)
def test_half_a_pair_is_mended(escaped: bytes, text: str) -> None:
    assert read_request(b'{"texts": ["%b"]}' % escaped).texts == [text]


@pytest.mark.parametrize("escaped", [rb"\ud8\ud8003d", b"\\ud8\xff\xff", rb"\ud83", rb"\ud83d\ude0x", rb"\u00g0"])
def test_what_is_no_escape_is_no_json(escaped: bytes) -> None:
    with pytest.raises(ValueError, match=r"malformed|truncated"):
        read_request(b'{"texts": ["%b"]}' % escaped)
