"""Texts of files, whatever their labels are, and of very many a sample that is drawn at random, in constant memory."""

import random
from collections.abc import Sequence
from typing import NamedTuple

from textcnn.corpus.input_files import input_files
from textcnn.corpus.reader import open_corpus
from textcnn.corpus.record import Reading

__all__ = ["TextSample", "sample_texts"]


class TextSample(NamedTuple):
    """Texts that are not empty, in the order of the files."""

    texts: list[str]
    total: int  # of all that were there
    notes: list[str]  # a sentence for each file
    losses: list[str]  # a sentence for each file whose rows were skipped


def sample_texts(paths: Sequence[str], *, reading: Reading, most: int, seed: int) -> TextSample:
    """Read files; of more than `most` texts so many are drawn, each as likely as any other (Vitter's algorithm R).

    Raises:
        ReadError: a file cannot be read.
    """
    draw, kept, count = random.Random(seed), dict[int, tuple[int, str]](), 0
    notes, losses = [], []
    for file in input_files(paths):
        with open_corpus(str(file), reading=reading, labelled=False) as reader:
            for record in reader:
                if not record.text.strip():
                    continue
                place = count if count < most else draw.randrange(count + 1)
                if place < most:
                    kept[place] = count, record.text
                count += 1
        notes.append(reader.describe())
        losses += [reader.describe_skipped()] if reader.skipped else []
    return TextSample([text for _, text in sorted(kept.values())], count, notes, losses)
