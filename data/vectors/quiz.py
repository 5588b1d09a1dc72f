"""What questions ask for, told by their answers, for the sentence encoder.

Who asks "who" hears of people, "how many" of numbers. Each question of a quiz stands with answers to choose from: what
is asked for has the mean of their word vectors. Every sentence's vector knows a little of that; where texts are
questions there can be more of it, by numbers of their own. These know, too, whether the answer is a name or a
description; what a word means, which no quiz asks, is asked of a dictionary.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from build_vectors import Floats
from inputs import WORDNET, blobs, package_files
from passages import Excluded, clean
from readout import centred, means, unit
from texts import QUIZ, decoded, glosses

from textcnn.encoder import read_encoder, write_asked
from textcnn.vectors.table import VectorTable

_SHORTEST, _LONGEST = 3, 40  # words of a question
# By so many numbers a question tells what it asks for; how strongly they are held back, and how long they are beside
# all that is said of it.
_NUMBERS, _RIDGE, _LENGTH = 64, 1e-3, 0.8
_LONG, _LONG_COUNTS = 5, 0.2  # words of an answer that describes, and how much that counts beside its words
_MEANINGS = 2_000  # questions for what a word means
_ASK_MEANING = ("What is {}?", "What's {}?", "What does {} mean?", "What is the meaning of {}?", "Define {}.")
_BETWEEN = " , "  # answers
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
            yield Asked(clean(question), _BETWEEN.join(choices))


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


def meanings(inputs: Path, excluded: Excluded) -> list[Asked]:
    """What words of a dictionary mean, asked in several ways; not names, which say what they stand for."""
    files = package_files(inputs / WORDNET.file, "*/wordnet/data.noun")
    entries = [entry for data in files for entry in glosses(data.decode())]
    draw = random.Random(3)
    draw.shuffle(entries)
    found = list[Asked]()
    for entry in entries:
        words, _, meaning = entry.partition(": ")
        word = words.split(", ")[0]
        ask, article = draw.choice(_ASK_MEANING), draw.choice(("", "an " if word[0] in "aeiou" else "a "))
        question = ask.format(article + word)
        if word.islower() and not excluded.touches(question):
            found.append(Asked(question, meaning.split(";")[0]))
    return found[:_MEANINGS]


def asked_for(table: VectorTable, asked: Sequence[Asked]) -> Floats:
    """What each question asks for, less what all do: (N, D) unit vectors."""
    return unit(centred(means(table, [one.answers for one in asked])))


def describing(asked: Sequence[Asked]) -> Floats:
    """Which share of the answers to each question describes something, standardised: (N, 1)."""
    long = [np.mean([len(one.split()) >= _LONG for one in each.answers.split(_BETWEEN)]) for each in asked]
    return np.asarray(((long - np.mean(long)) / np.std(long))[:, None], np.float32)


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
    wanted = np.hstack([asked_for(table, asked), _LONG_COUNTS * describing(asked)])
    write_asked(path, *asking(said, wanted))
