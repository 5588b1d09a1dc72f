"""Single sentences, and some passages of two or three, of the sources in texts.py: what sentence encoders read.

Parts for testing of public classification sets are not opened, whether labels come along or not, and what shares a
sentence or a run of words with an excluded text is left out.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from inputs import Package, blobs, zipped
from passages import SENTENCE, Excluded, clean
from texts import TEXTS, Texts, decoded, files, tagged

_TEST = re.compile(r"(^|/)test|_test|-test")
_NO_CLASSIFICATION = (
    "uberspot/OpenTriviaQA",
    "pytorch/examples",
)  # sources where a name with "test" means no such part
_REUTERS = re.compile(r"<REUTERS [^>]*>.*?</REUTERS>", re.DOTALL)
# Sentences of each source in a portion of what encoders read; half of them are reviews and opinions.
SHARES = {
    "film reviews": 3549,
    "product reviews": 2258,
    "pros and cons": 1290,
    "tweets": 1290,
    "newsgroups": 968,
    "news of Reuters": 806,
    "split sentences of Wikipedia": 484,
    "articles of Wikipedia": 484,
    "open American corpus": 484,
    "statements of politicians": 323,
    "web treebank: blogs, mail, answers, reviews": 645,
    "multilayer corpus of Georgetown": 323,
    "dialogues with services": 645,
    "orders": 323,
    "requests to a home robot": 645,
    "questions to a bank": 323,
    "talk about topics": 645,
    "chat": 806,
    "queries": 645,
    "quiz": 1129,
    "dictionary": 806,
}
# Sentences of each source that say what people think, or are of another kind, for who learns to tell good from bad.
OPINIONS = {
    "product reviews": 42_000,
    "film reviews": 60_000,
    "pros and cons": 8_000,
    "tweets": 20_000,
    "web treebank: blogs, mail, answers, reviews": 4_000,
    "newsgroups": 3_000,
    "chat": 3_000,
    "talk about topics": 3_000,
    "quiz": 1_500,
    "news of Reuters": 1_500,
    "open American corpus": 1_500,
    "queries": 1_000,
    "dictionary": 1_000,
}
QUESTIONS = ("queries", "quiz")  # sources of which each sentence is a question
_SHORTEST, _LONGEST = 3, 30  # words
_SHORT = 10  # words of what is a request or a remark rather than a statement
_OF_SHORT, _OF_OTHERS = 0.25, 0.1  # shares of those that are read besides questions


def cut(text: str, draw: random.Random) -> Iterator[str]:
    """Its sentences: three quarters of them alone, the others by two or three; long ones are cut."""
    left = [one.strip() for one in SENTENCE.split(clean(text)) if one.strip()]
    while left:
        chance = draw.random()
        count = 1 if chance < 0.75 else 2 if chance < 0.92 else 3
        words = " ".join(left[:count]).split()
        left = left[count:]
        while len(words) > 64:
            yield " ".join(words[:48])
            words = words[48:]
        if words:
            yield " ".join(words)


def training_texts(source: Texts, inputs: Path) -> Iterator[str]:
    """The texts of a source, without those of parts for testing."""
    if source.name == "news of Reuters":
        for data in files(source.origin, inputs):
            for story in _REUTERS.findall(decoded(data)):
                if 'LEWISSPLIT="TEST"' not in story:
                    yield from tagged(r"<BODY>(.*?)</BODY>", story)
        return
    for data in _training_files(source, inputs):
        yield from source.read(decoded(data))


def _training_files(source: Texts, inputs: Path) -> Iterator[bytes]:
    if isinstance(source.origin, Package):
        yield from files(source.origin, inputs)
        return
    for path, data in blobs(source.origin, inputs):
        if _TEST.search(path) and source.origin.name not in _NO_CLASSIFICATION:
            continue
        if path.endswith(".zip"):
            yield from zipped(data, "*.txt")
        else:
            yield data


def sentences_of(
    source: Texts, inputs: Path, seen: set[int], excluded: Excluded, draw: random.Random
) -> list[list[str]]:
    """Of each text of a source the sentences that no source before it had, and that may be read."""
    kept: list[list[str]] = []
    for text in training_texts(source, inputs):
        of_text = []
        for sentence in cut(text, draw):
            fresh = hash(sentence.lower()) not in seen
            if len(sentence) >= 6 and sentence.isprintable() and sentence.count("_") <= 3 and fresh:
                seen.add(hash(sentence.lower()))
                if not excluded.touches(sentence):
                    of_text.append(sentence)
        kept.append(of_text)
    return kept


class Gathered(NamedTuple):
    """Sentences that encoders read."""

    first: list[str]  # of all kinds, so many portions
    further: list[str]  # mostly questions, or short
    opinions: list[str]
    reviews: list[list[str]]  # of films and products, sentence by sentence


def gather(inputs: Path, excluded: Excluded, portions: int, say: Callable[[str], None]) -> Gathered:
    """What encoders read, mixed."""
    seen, reviews, by_source = set[int](), list[list[str]](), dict[str, list[str]]()
    for source in TEXTS:
        draw = random.Random(source.name)
        found = sentences_of(source, inputs, seen, excluded, draw)
        if source.name in ("film reviews", "product reviews"):
            reviews += found
        flat = [sentence for of_text in found for sentence in of_text]
        draw.shuffle(flat)
        by_source[source.name] = [one for one in flat if _SHORTEST <= one.count(" ") + 1 <= _LONGEST]
        say(f"{source.name}: {len(flat):,} sentences")
    mixed = random.Random(5)
    first = [one for name, fit in by_source.items() for one in fit[: SHARES[name] * portions]]
    mixed.shuffle(first)
    further = _further({name: fit[SHARES[name] * portions :] for name, fit in by_source.items()}, mixed)
    opinions = [one for name, count in OPINIONS.items() for one in by_source[name][:count]]
    return Gathered(first, further, opinions, reviews)


def _further(by_source: Mapping[str, Sequence[str]], mixed: random.Random) -> list[str]:
    """All questions, and some of the others."""
    questions, others = list[str](), list[str]()
    for name, sentences in by_source.items():
        draw = random.Random(f"{name}x")
        for one in sentences:
            if "?" in one or name in QUESTIONS:
                questions.append(one)
            elif draw.random() < (_OF_SHORT if len(one.split()) < _SHORT else _OF_OTHERS):
                others.append(one)
    mixed.shuffle(questions)
    mixed.shuffle(others)
    further = questions + others
    mixed.shuffle(further)
    return further
