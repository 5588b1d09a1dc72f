"""A pipe that somebody still writes to: each record is there as soon as its line is."""

import os
import threading

import pytest
from program import PATIENCE

from textcnn.corpus import Reader, Reading, Record, open_corpus


class Pipe:
    """A pipe of which each line can be written after the record before it has been read."""

    def __init__(self) -> None:
        below, above = os.pipe()
        self.out, self.into = os.fdopen(below, "rb"), os.fdopen(above, "wb", buffering=0)

    def __enter__(self) -> "Pipe":
        return self

    def __exit__(self, *_) -> None:
        self.into.close()
        self.out.close()

    def answers(self, reader: Reader, line: str) -> Record:
        """The record that one line brings, though no other line follows."""
        self.into.write(line.encode())
        got: list[Record] = []
        waiting = threading.Thread(target=lambda: got.append(next(reader)), daemon=True)
        waiting.start()
        waiting.join(PATIENCE)
        if not got:
            self.into.close()  # lets the thread end
        assert got, f"no record came of {line!r}"
        return got[0]


@pytest.mark.parametrize(
    ("form", "labelled", "head", "line", "text"),
    [
        ("lines", False, "", "hello\n", "hello"),
        ("lines", False, "", "\r\n", ""),
        ("fasttext", True, "", "__label__a hello\n", "hello"),
        ("jsonl", False, "", '{"text": "hello"}\n', "hello"),
        ("auto", True, "", '{"text": "hello", "label": "a"}\n', "hello"),
        ("csv", False, "id,text\n", "1,hello\n", "hello"),
        ("csv", True, "label;text\r\n", 'a;"hel\nlo"\r\n', "hel\nlo"),
        ("tsv", True, "label\ttext\n", "a\thello\n", "hello"),
        ("auto", True, "label,text\n", "a,hello\n", "hello"),
        ("csv 2", False, "", "1,hello\n", "hello"),
        ("jsonl said", False, "", '{"said": "hello", "more": "words"}\n', "hello"),
    ],
)
def test_each_record_is_there_before_the_next_line_is_written(form, labelled, head, line, text):
    form, *told = form.split()
    choices = {"text_column": told[0], "header": False} if told else {}
    with Pipe() as pipe:
        reading = Reading(format=form, **choices)
        reader = open_corpus("-", stream=pipe.out, reading=reading, labelled=labelled)
        assert pipe.answers(reader, head + line).text == text
        for _ in range(3):
            assert pipe.answers(reader, line).text == text
        pipe.into.write(line.rstrip().encode())
        pipe.into.close()
        assert [record.text for record in reader] == [text] * bool(line.strip())
        reader.close()
