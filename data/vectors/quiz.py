"""What questions ask for, told by their answers, for the sentence encoder.

Who asks "who" hears of people, "how many" of numbers. Each question of a quiz stands with answers to choose from: what
is asked for has the mean of their word vectors. Every sentence's vector knows a little of that; where texts are
questions there can be more of it, by numbers of their own.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from build_vectors import Floats
from inputs import blobs
from passages import Excluded, clean
from readout import centred, means, unit
from texts import QUIZ, decoded

from textcnn.encoder import read_encoder, write_asked
from textcnn.vectors.table import VectorTable

_SHORTEST, _LONGEST = 3, 40  # words of a question
# By so many numbers a question tells what it asks for; how strongly they are held back, and how long they are beside
# all that is said of it.
_NUMBERS, _RIDGE, _LENGTH = 64, 1e-3, 0.8
_SAY_NOTHING = {"true", "false", "yes", "no"}
_CHOICE = re.compile(r"[A-Z] (.+)")


class Asked(NamedTuple):
    """A question, and all that it lets choose from."""

    question: str
    answers: str


def entries(text: str) -> Iterator[Asked]:
    """The questions of a file; not those that anything is an answer to, such as true or false."""
    for entry in text.replace("\r\n", "\n").split("#Q ")[1:]:
        question, _, rest = entry.partition("\n^")
        choices = [found[1].strip() for line in rest.split("\n")[1:] if (found := _CHOICE.match(line))]
        if choices and not {choice.lower() for choice in choices} <= _SAY_NOTHING:
            yield Asked(clean(question), " , ".join(choices))


def quiz(inputs: Path, excluded: Excluded, say: Callable[[str], None]) -> list[Asked]:
    """Each question once; none that must not be read."""
    found = dict[str, Asked]()
    for _, data in blobs(QUIZ, inputs):
        for asked in entries(decoded(data)):
            fits = _SHORTEST <= asked.question.count(" ") + 1 <= _LONGEST
            if fits and asked.question.lower() not in found and not excluded.touches(asked.question):
                found[asked.question.lower()] = asked
    say(f"quiz: {len(found):,} questions with answers")
    return list(found.values())


def asked_for(table: VectorTable, asked: Sequence[Asked]) -> Floats:
    """What each question asks for, less what all do: (N, D) unit vectors."""
    return unit(centred(means(table, [one.answers for one in asked])))


def asking(said: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """Weights (_NUMBERS, d) and a bias by which what is said of a question tells what it asks for.

    That is the best ridge regression of so few numbers (reduced rank, Izenman 1975), `_LENGTH` as long as what is said.

    Args:
        said: an encoder's numbers of questions, (N, d).
        wanted: what these ask for, (N, D).
    """
    mean = said.mean(axis=0, dtype=np.float64)
    moved, wanted = said - mean, centred(wanted)
    gram = moved.T @ moved
    weights = np.linalg.solve(gram + _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram)), moved.T @ wanted)
    told = weights @ np.linalg.eigh(weights.T @ gram @ weights)[1][:, : -_NUMBERS - 1 : -1]
    told *= _LENGTH * np.sqrt(np.trace(gram) / np.square(moved @ told).sum())
    return told.T.astype(np.float32), -(mean @ told).astype(np.float32)


def teach_asking(path: Path, table: VectorTable, asked: Sequence[Asked]) -> None:
    """Add what questions ask for to the file of an encoder over these vectors."""
    said = read_encoder(path).outputs([one.question for one in asked])
    write_asked(path, *asking(said, asked_for(table, asked)))
