"""A file that is changed in place under a running program: the old answers or an error, and never a crash."""

import os
import random
import re

import numpy as np
import program
import pytest
from examples import EXAMPLES, HAM, SPAM, write_csv
from program import TINY

from textcnn.errors import ModelFileError
from textcnn.model.file import read_model
from textcnn.storage import tensor_file
from textcnn.storage.quantized import Quantized
from textcnn.text.vocabulary import Vocabulary
from textcnn.vectors.table import VectorTable

TRIES = 2
WORDS = sorted({word for text in [*HAM, *SPAM] for word in text.lower().split()})


def overwritten(path):
    """As by `cp other path`, where what is copied is of the same size."""
    with path.open("r+b") as file:
        file.write(random.Random(0).randbytes(path.stat().st_size))


def by_a_smaller_one(path):
    with path.open("r+b") as file:
        file.truncate(0)
        file.write(b"another file")


def cut_short(path):
    os.truncate(path, path.stat().st_size // 2)


def emptied(path):
    os.truncate(path, 0)


CHANGES = pytest.mark.parametrize("change", [overwritten, by_a_smaller_one, cut_short, emptied])
SOME_OF_THEM_SLOW = pytest.mark.parametrize(  # a process for each try takes its time
    "change",
    [overwritten, cut_short, *(pytest.param(each, marks=pytest.mark.slow) for each in (by_a_smaller_one, emptied))],
)


def asked(process, texts):
    """The answers to some texts, one after the other, while the program waits for more."""
    found = []
    for text in texts:
        process.write(f"{text}\n")
        found.append(process.answer())
    return found


@SOME_OF_THEM_SLOW
@pytest.mark.slow
def test_a_running_program_goes_on_with_the_model_that_it_opened(start, model, change):
    content = model.read_bytes()
    texts = [*HAM, *SPAM, *(f"unseen{number} {text}" for number, text in enumerate(HAM))]
    expected = program.run("predict", "--", *texts).stdout.decode().splitlines(keepends=True)
    for _ in range(TRIES):
        model.write_bytes(content)
        process = start("predict")
        assert asked(process, texts[:1]) == expected[:1]
        change(model)
        assert asked(process, texts[1:]) == expected[1:]
        process.write("".join(f"{text}\n" for text in texts * 50))  # enough for the compiled loops
        assert [process.answer() for _ in texts * 50] == expected * 50
        assert process.end() == (0, "")


@CHANGES
def test_a_model_that_is_changed_while_it_is_read_is_refused(model, change, monkeypatch):

    def interrupted(*arguments):
        change(model)
        return read(*arguments)

    read = tensor_file._array
    monkeypatch.setattr(tensor_file, "_array", interrupted)
    with pytest.raises(ModelFileError, match=r"changed while it was read|damaged|cut off"):
        read_model(model)


def test_a_model_takes_no_more_memory_than_its_file_says(model):
    """Its tensors may not all be the same bytes."""
    header_end = 8 + int.from_bytes(model.read_bytes()[:8], "little")
    header, body = model.read_bytes()[8:header_end], model.read_bytes()[header_end:]
    place = re.search(rb'"0\.0\.filters":(\{.*?\})', header)[1]
    more = header.rstrip()[:-1] + b"".join(b',"copy%d":%b' % (number, place) for number in range(1000)) + b"}"
    model.write_bytes(len(more).to_bytes(8, "little") + more + body)
    with pytest.raises(ModelFileError, match="overlap"):
        read_model(model)


@pytest.fixture
def table(folder):
    """Vectors of the words of the texts, and of as many others as a model keeps beside them."""
    words = [*WORDS, *(f"word{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(600))]
    matrix = np.random.default_rng(0).normal(size=(len(words), 50)).astype(np.float32)
    with (folder / "my.vectors").open("wb") as file:
        VectorTable("mine", Vocabulary.of(words), Quantized.of(matrix)).write(file)
    return folder / "my.vectors"


LOOK_UP = """
import sys
from textcnn.errors import VectorsError
from textcnn.vectors.loading import open_vectors
vectors = open_vectors("my.vectors", say=print)
vectors.look_up("free").vector.sum()
print("open", flush=True)
sys.stdin.readline()
try:
    print([vectors.look_up(word).vector.sum() for word in sys.argv[1:]])
except VectorsError as error:
    print(error)
"""


@CHANGES
def test_vectors_that_are_changed_while_they_are_in_use_are_an_error(start, table, change):
    process = start(*WORDS, script=LOOK_UP)
    assert process.answer() == "open\n"
    change(table)
    process.write("\n")
    assert process.answer() == "the vectors my.vectors were changed while they were in use; begin again\n"
    assert process.end() == (0, "")


def test_vectors_whose_place_others_take_are_used_on(start, table):
    """As by `mv`, or by another process that has converted the same file."""
    process = start(*WORDS, script=LOOK_UP)
    assert process.answer() == "open\n"
    other = table.with_name("other")
    other.write_bytes(b"other vectors")
    other.replace(table)
    process.write("\n")
    assert process.answer().startswith("[")
    assert process.end() == (0, "")


@pytest.mark.slow
@CHANGES
def test_training_ends_with_one_line_where_its_vectors_are_changed(start, folder, table, change):
    write_csv(folder / "train.csv", EXAMPLES * 25)
    few = [option for option in TINY if not option.startswith(("--vectors", "--dimensions"))]
    process = start("train", "train.csv", "-v", "--vectors=my.vectors", "--epochs=20", "--patience=20", *few)
    process.wait_until_said("epoch  1 ")
    change(table)
    code, said = process.end()
    assert code == 1
    # Each of its trainings opens them, so another may find them as they are now.
    assert re.match(r"textcnn: (the vectors my\.vectors were changed|my\.vectors is )", said.splitlines()[-1])
    assert "Traceback" not in said
    assert not (folder / "model.textcnn").exists()
