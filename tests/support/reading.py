"""Files as the reader sees them: what it finds in them, and what it says where it refuses them."""

import csv
import io
from pathlib import Path

import pytest

from textcnn.corpus import Reading, open_corpus
from textcnn.errors import ReadError, TextcnnError


def pairs(path: str | Path, *, labelled: bool = True, stream=None, **choices) -> list[tuple[str, str]]:
    """(labels joined by +, text) of every record."""
    with open_corpus(path, reading=Reading(**choices), labelled=labelled, stream=stream) as reader:
        return [("+".join(record.labels), record.text) for record in reader]


def refused(path: str | Path, kind: type[TextcnnError] = ReadError, *, labelled: bool = True, **choices) -> str:
    """The message of the error that reading ends with: one line that names the input."""
    with pytest.raises(kind) as caught:
        pairs(path, labelled=labelled, **choices)
    message = str(caught.value)
    assert "\n" not in message
    return message


def as_csv(rows, **dialect) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, **dialect).writerows(rows)
    return written.getvalue()
