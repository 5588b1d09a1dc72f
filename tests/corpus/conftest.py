"""Files of which corpora are made."""

import gzip
from pathlib import Path

import pytest


@pytest.fixture
def write(tmp_path):
    """Write a file of that name, gzipped if the name says so, and say where it is."""

    def writing(name: str, content: str | bytes) -> Path:
        data = content.encode() if isinstance(content, str) else content
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return writing
