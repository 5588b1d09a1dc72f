"""Passages of texts: whole sentences, some 24 to 48 words, without those that must not be read."""

import csv
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from texts import TEXTS, Texts, decoded, files

SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z\"'(])")
_WORDS = re.compile(r"[^\W_]+")
_OVERLAP = 8  # words in a row


def clean(text: str) -> str:
    """One line, with the marks of WikiText undone."""
    text = re.sub(r" @([-,.])@ ", r"\1", re.sub(r"< ?unk ?>", "", text))
    return " ".join(text.split())


def passages(text: str) -> Iterator[str]:
    """Whole sentences, put together to some 24 to 48 words; longer ones are cut."""
    held: list[str] = []
    for sentence in SENTENCE.split(text):
        words = sentence.split()
        while len(words) > 64:
            yield " ".join(words[:64])
            words = words[64:]
        if held and len(held) + len(words) > 48:
            yield " ".join(held)
            held = []
        held += words
        if len(held) >= 24:
            yield " ".join(held)
            held = []
    if held:
        yield " ".join(held)


def bare(text: str) -> tuple[str, ...]:
    """Letters and digits only, in lower case."""
    return tuple(_WORDS.findall(text.lower()))


class Excluded:
    """Texts that must not be read."""

    def __init__(self, folder: Path | None) -> None:
        self.sentences: set[int] = set()
        self.runs: set[int] = set()
        csv.field_size_limit(1 << 30)
        for file in sorted(folder.rglob("*.csv")) if folder else ():
            with file.open(encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream):
                    self.add(row.get("text") or "")

    def add(self, text: str) -> None:
        """Exclude a text, its sentences, and what shares a run of words with it."""
        words = bare(text)
        self.sentences.add(hash(words))
        self.sentences.update(hash(bare(sentence)) for sentence in re.split(r"[.!?]+\s", text))
        self.runs.update(self.hashes(words))

    @staticmethod
    def hashes(words: tuple[str, ...]) -> Iterator[int]:
        """A number for each run of words."""
        return (hash(words[start : start + _OVERLAP]) for start in range(len(words) - _OVERLAP + 1))

    def touches(self, passage: str) -> bool:
        """Whether a passage has something of an excluded text."""
        words = bare(passage)
        if hash(words) in self.sentences or any(run in self.runs for run in self.hashes(words)):
            return True
        sentences = (one for one in re.split(r"[.!?]+\s", passage) if one.count(" ") >= 3)
        return len(words) >= 3 and any(hash(bare(one)) in self.sentences for one in sentences)


def passages_of(source: Texts, inputs: Path, seen: set[int]) -> list[str]:
    """All passages of a source that no source before it had."""
    found = []
    for data in files(source.origin, inputs):
        for text in source.read(decoded(data)):
            for passage in passages(clean(text)):
                if len(passage) >= 8 and passage.isprintable() and hash(passage.lower()) not in seen:
                    seen.add(hash(passage.lower()))
                    found.append(passage)
    return found


def gather(inputs: Path, exclude: Path | None, say: Callable[[str], None]) -> list[str]:
    """Passages of all sources, mixed, without those of the texts in the CSV files of a folder."""
    draw, seen, excluded, gathered = random.Random(5), set[int](), Excluded(exclude), list[str]()
    for source in TEXTS:
        found = passages_of(source, inputs, seen)
        draw.shuffle(found)
        words = left_out = 0
        before = len(gathered)
        for passage in found:
            if words >= source.words:
                break
            if excluded.touches(passage):
                left_out += 1
                continue
            gathered.append(passage)
            words += passage.count(" ") + 1
        say(f"{source.name}: {len(gathered) - before:,} passages, {words:,} words, {left_out:,} left out")
    draw.shuffle(gathered)
    return gathered
