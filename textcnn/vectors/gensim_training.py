"""Vectors that gensim trains on texts: those that a classifier learns from, or a corpus on disk.

One thread by default, so that a seed fixes the result.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.corpus import Reading, open_corpus
from textcnn.errors import ReadError, VectorsError
from textcnn.storage.quantized import Quantized
from textcnn.text.ragged import Encoded
from textcnn.text.tokens import chunks, cut, normal
from textcnn.text.vocabulary import Vocabulary
from textcnn.vectors.progress import Progress
from textcnn.vectors.table import VectorTable

__all__ = ["Training", "train_on_file", "train_vectors"]

_WINDOW = 5
_LONGEST = 5000  # words of a sentence; gensim would leave out what is beyond twice as many
_AGAIN = 1000  # lines between two reports


class Training(NamedTuple):
    """How vectors are trained on a corpus."""

    kind: str = "skipgram"
    dimensions: int = 100
    epochs: int = 5
    min_count: int = 5
    seed: int = 0
    threads: int = 1
    encoding: str = "utf-8"  # of the corpus


def train_vectors(
    encoded: Encoded,
    training: NDArray[np.bool_],
    spelling: Callable[[str], str],
    dimensions: int,
    seed: int,
) -> VectorTable | None:
    """Skip-gram vectors (Mikolov et al. 2013) of the training texts' words; None if no word is there twice.

    Args:
        encoded: texts, of all parts.
        training: (T,) the tokens to learn from.
        spelling: the spelling under which a word is learned.
        dimensions: length of a vector.
        seed: of everything random.
    """
    words, starts = encoded.ragged
    spelt = [spelling(surface) for surface in encoded.surfaces]
    texts = [words[first:stop][training[first:stop]].tolist() for first, stop in pairwise(starts)]
    pieces = [text[first : first + _LONGEST] for text in texts for first in range(0, len(text), _LONGEST)]
    sentences = [[spelt[word] for word in piece] for piece in pieces]
    total = int(training.sum())
    if total == len({word for sentence in sentences for word in sentence}):
        return None
    epochs = int(np.clip(2_000_000 / max(total, 1), 5, 50))  # of few texts, many epochs
    how = Training(dimensions=dimensions, epochs=epochs, min_count=2, seed=seed)
    return _table("trained", _trained(sentences, how), {})


def train_on_file(path: str, how: Training, progress: Progress) -> VectorTable:
    """Vectors of a corpus, one text in each line, which is read anew for each pass and never held.

    Raises:
        ReadError: it cannot be read, or is not text; names the line.
        VectorsError: no word is frequent enough.
    """
    sentences = _Sentences(path, how, progress)
    facts = {"from": Path(path).name, "kind": how.kind, "epochs": str(how.epochs), "seed": str(how.seed)}
    trained = _trained(sentences, how)
    if sentences.error is not None:
        raise sentences.error
    return _table(Path(path).stem, trained, facts)


class _Sentences:
    """The texts of a file as words, once for each time that one asks; the first time is for counting.

    What goes wrong in a later pass ends it and is kept: gensim reads in a thread of its own, and would wait for ever
    for one that died.
    """

    def __init__(self, path: str, how: Training, progress: Progress) -> None:
        self.path, self.epochs, self.progress = path, how.epochs, progress
        self.reading = Reading(format="lines", encoding=how.encoding)
        self.passes = self.total = 0
        self.error: ReadError | None = None

    def __iter__(self) -> Iterator[list[str]]:
        self.passes += 1
        try:
            yield from self._read()
        except ReadError as error:
            if self.passes == 1:
                raise
            self.error = error

    def _read(self) -> Iterator[list[str]]:
        number = 0
        with open_corpus(self.path, reading=self.reading, labelled=False) as reader:
            for number, record in enumerate(reader, 1):
                if number % _AGAIN == 0:
                    self._report(number)
                words = [normal(word) for chunk in chunks(record.text) for word in cut(chunk)]
                for first in range(0, len(words), _LONGEST):
                    yield words[first : first + _LONGEST]
        self.total = number
        self._report(number)

    def _report(self, number: int) -> None:
        if self.passes == 1:
            self.progress(f"counting words, line {number:,}", 0.0)
        else:
            done = (self.passes - 2 + number / max(self.total, 1)) / self.epochs
            self.progress(f"epoch {self.passes - 1} of {self.epochs}", min(done, 1.0))


def _trained(sentences: Iterable[Sequence[str]], how: Training) -> Any:
    """The vectors, as gensim has them."""
    from gensim.models import FastText, Word2Vec

    model: Any = (FastText if how.kind == "fasttext" else Word2Vec)(
        vector_size=how.dimensions,
        sg=int(how.kind != "cbow"),
        window=_WINDOW,
        min_count=how.min_count,
        seed=how.seed + 1,
        workers=how.threads,
    )
    model.build_vocab(sentences)
    if not len(model.wv):
        raise VectorsError(f"no word is there {how.min_count} times; lower --min-count, or give more text")
    model.train(sentences, total_examples=model.corpus_count, epochs=how.epochs)
    return model.wv


def _table(name: str, trained: Any, facts: dict[str, str]) -> VectorTable:
    vectors = np.asarray(trained.vectors, np.float32)
    return VectorTable(name, Vocabulary.of(list(trained.index_to_key)), Quantized.of(vectors), facts)
