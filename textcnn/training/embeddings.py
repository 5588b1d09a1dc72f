"""What training starts from: the words of the texts, their rows, and the vectors they begin with."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textcnn.settings import Settings
from textcnn.text.ragged import Encoded, Ragged
from textcnn.text.segmentation import Segmenter
from textcnn.text.tokens import normal, spellings, unspaced_share
from textcnn.text.vocabulary import UNKNOWN
from textcnn.vectors.gensim_training import train_vectors
from textcnn.vectors.loading import Known, Pretrained, in_the_package, open_vectors
from textcnn.vectors.packs import is_pack_name
from textcnn.vectors.table import VectorTable

__all__ = ["Start", "begin", "fitting_table", "is_foreign", "reopening", "segmenter_for"]

_UNIT = 0.4  # root mean square of a number in a vector at the start: learning rates are made for it
_LEAST_KNOWN = 0.5  # share of the words, below which vectors are hardly those of the language
# The embedded table lists words of other languages too ("der", "nicht", "muy"), but few of them among its first. Of
# German, French or Spanish two words of three are listed, and a quarter to less than half are among the first; of
# English text messages, e-mails and reviews 19 of 20 are listed, and three quarters or more are among the first.
_COMMON = 10_000
_MOST_FOREIGN = 0.8
# Shares of known and of common words, from either of which on no other table is asked. Of a corpus in 14 languages that
# is English in three texts of four 75 % are common; of half English and half Spanish texts 63 %.
_KNOWN_IN_ENGLISH, _COMMON_IN_ENGLISH = 0.9, 0.7
_WITHOUT_WORDS = ("auto", "english", "trained", "none")  # of scripts without blanks, or hardly any
_UNSPACED = 0.2  # share of the characters from which on texts are of a script without blanks


class Start(NamedTuple):
    """Rows and vectors of the words of the texts."""

    words: list[str]  # of each row; the first is the unknown word
    matrix: NDArray[np.float32]  # (V, d)
    counts: NDArray[np.int64]  # (V,) of the training tokens
    rows: NDArray[np.int64]  # (U,) the row of each distinct word as it stands in the texts
    table: VectorTable | None  # where words can be had that the texts do not have
    scale: float  # what the table's vectors were multiplied by
    source: str
    known: float  # share of the training tokens whose word has a pretrained vector
    afresh: bool  # nothing is known of the words but what the training texts say
    pretrained: NDArray[np.bool_]  # (V,) whether a row is a vector of the table, multiplied

    @property
    def in_half_bytes(self) -> bool:
        """Whether the table's file has half a byte a number."""
        return self.table is not None and self.table.in_half_bytes

    def ragged(self, encoded: Encoded) -> Ragged:
        """The texts it was made for, their words as rows of the matrix."""
        return encoded.ragged._replace(words=self.rows[encoded.ragged.words].astype(np.int32))

    def over(self, table: VectorTable, encoded: Encoded) -> "Start":
        """The same for another table that lists the same words.

        Args:
            table: the other one.
            encoded: the texts it was made for.
        """
        if table is self.table:
            return self
        matrix = self.matrix.copy()
        _fill(matrix, self.rows, _words(encoded, Pretrained(table)).known, self.scale)
        return self._replace(matrix=matrix, table=table)


class _Words(NamedTuple):
    """The distinct words of the texts, as some vectors know them."""

    table: VectorTable | None
    known: list[Known]  # (U,)
    afresh: bool = False


def begin(encoded: Encoded, training: NDArray[np.bool_], settings: Settings, say: Callable[[str], None]) -> Start:
    """Choose the vectors and give every word of the texts its row.

    Args:
        encoded: the texts of all parts.
        training: (T,) which tokens belong to the training part; only these decide what is learned.
        settings: `vectors`, `dimensions`, `min_count`, `channels` and `seed` count here.
        say: takes a sentence for the user.

    Raises:
        VectorsError: there are no vectors of that name, or their file is malformed.
    """
    counts = np.bincount(encoded.ragged.words[training], minlength=len(encoded.surfaces))
    table, known, afresh = _choose(encoded, training, counts, settings, say)
    row_of = _rows(known, counts, settings.min_count)
    rows = np.array([row_of.get(each.spelling, UNKNOWN) for each in known], np.int64)
    dimensions = settings.dimensions if table is None else table.dimensions
    length = _UNIT * dimensions**0.5
    scale = length / (table.length() or length) if table is not None else 1.0
    matrix = _random(np.random.default_rng(settings.seed), len(row_of) + 1, dimensions)
    if settings.channels != "random":
        _fill(matrix, rows, known, scale)
    inside = np.array([each.vector is not None for each in known], bool)
    share = float(counts[inside].sum() / max(counts.sum(), 1))
    source = "random" if table is None else table.name
    pretrained = np.zeros(len(matrix), bool)
    pretrained[rows[inside]] = settings.channels != "random"
    pretrained[UNKNOWN] = False
    totals = np.bincount(rows, counts, len(matrix)).astype(np.int64)
    return Start(["", *row_of], matrix, totals, rows, table, scale, source, share, afresh, pretrained)


def fitting_table(encoded: Encoded) -> VectorTable | None:
    """The vectors of the package that suit the language of texts; None if none do."""
    counts = np.bincount(encoded.ragged.words, minlength=len(encoded.surfaces))
    words = _fitting(encoded, counts, lambda note: None)
    return None if words is None else words.table


def is_foreign(encoded: Encoded, table: VectorTable) -> bool:
    """Whether texts seem to be of another language than vectors."""
    counts = np.bincount(encoded.ragged.words, minlength=len(encoded.surfaces))
    return _fit(encoded, _words(encoded, Pretrained(table)), counts).foreign


def reopening(settings: Settings, table: VectorTable) -> Settings:
    """Settings by which vectors that a training has found are opened again: those of a pack have another name."""
    names = [name for name, path in in_the_package().items() if table.file == path]
    return replace(settings, vectors=names[0]) if names else settings


def segmenter_for(texts: Sequence[str], settings: Settings) -> Segmenter | None:
    """What joins characters of scripts without blanks to words: the words of the vectors, if texts are of such scripts.

    Where the shared vectors or a pack are named they are joined in any case: such a model can be asked in languages
    that it did not learn from.

    Raises:
        VectorsError: there are no vectors of that name, or their file is malformed.
    """
    automatic = settings.vectors == "auto"
    wanted = "shared" if automatic and "shared" in in_the_package() else settings.vectors
    if wanted in _WITHOUT_WORDS or settings.channels == "random":
        return None
    of_several = settings.vectors == "shared" or is_pack_name(wanted)
    if not of_several and unspaced_share(texts) <= (_UNSPACED if automatic else 0.0):
        return None
    segmenter = Segmenter.of(open_vectors(wanted, say=lambda note: None).table.vocabulary)
    return segmenter if len(segmenter) else None


def _fill(matrix: NDArray[np.float32], rows: NDArray[np.int64], known: list[Known], scale: float) -> None:
    """Put the known vectors into their rows."""
    for row, (_, vector) in zip(rows.tolist(), known, strict=True):
        if vector is not None and row != UNKNOWN:
            matrix[row] = vector * scale


def _rows(known: list[Known], counts: NDArray[np.int64], min_count: int) -> dict[str, int]:
    """The row of each spelling that has a vector, or is frequent enough in training to learn one."""
    totals: dict[str, int] = {}
    for (spelling, _), count in zip(known, counts.tolist(), strict=True):
        totals[spelling] = totals.get(spelling, 0) + count
    row_of: dict[str, int] = {}
    for spelling, vector in known:
        if vector is not None or totals[spelling] >= min_count:
            row_of.setdefault(spelling, len(row_of) + 1)
    return row_of


def _random(random: np.random.Generator, count: int, dimensions: int) -> NDArray[np.float32]:
    """Vectors of about the length that pretrained ones have, as Kim 2014 advises; the unknown word's is zero."""
    bound = _UNIT * 3**0.5
    matrix = random.uniform(-bound, bound, (count, dimensions)).astype(np.float32)
    matrix[UNKNOWN] = 0
    return matrix


def _choose(
    encoded: Encoded,
    training: NDArray[np.bool_],
    counts: NDArray[np.int64],
    settings: Settings,
    say: Callable[[str], None],
) -> _Words:
    """The vectors that the settings name; for `auto` those that fit the language of the texts."""
    if settings.vectors == "none" or settings.channels == "random":
        return _none(encoded)
    if settings.vectors == "auto":
        words = _fitting(encoded, counts, say)
    elif settings.vectors == "trained":
        words = None
    else:
        words = _words(encoded, open_vectors(settings.vectors, encoded.surfaces, say=say))
    if words is None:
        return _trained(encoded, training, counts, settings, say)
    say(_report(words, counts, _fit(encoded, words, counts)))
    return words


def _fitting(encoded: Encoded, counts: NDArray[np.int64], say: Callable[[str], None]) -> "_Words | None":
    """The words as that table of the package has them which suits the texts: the English, the shared, or none.

    The shared table is asked where many words are missing in the English one. English texts stay with theirs, for the
    shared table lists but the most frequent English words; texts half of which are in other languages do not.
    """
    english = _in_the_package("english", encoded, say)
    fit = None if english is None else _fit(encoded, english, counts)
    if fit is not None and (fit.known >= _KNOWN_IN_ENGLISH or fit.common >= _COMMON_IN_ENGLISH):
        return english
    shared = _in_the_package("shared", encoded, say)
    if shared is not None and _suits(_fit(encoded, shared, counts), fit):
        return shared
    if fit is None or not fit.foreign:
        return english
    say(f"only {fit.common:.0%} of the words are common in English, so vectors are trained on the texts")
    return None


def _in_the_package(name: str, encoded: Encoded, say: Callable[[str], None]) -> "_Words | None":
    return _words(encoded, open_vectors(name, encoded.surfaces, say=say)) if name in in_the_package() else None


def _suits(shared: "_Fit", english: "_Fit | None") -> bool:
    return not shared.foreign and (english is None or english.foreign or shared.listed > english.known)


def _trained(
    encoded: Encoded,
    training: NDArray[np.bool_],
    counts: NDArray[np.int64],
    settings: Settings,
    say: Callable[[str], None],
) -> _Words:
    """The words with vectors that gensim learns from the training texts."""
    table = train_vectors(encoded, training, normal, settings.dimensions, settings.seed)
    if table is None:
        say("no word of the texts is there twice, so there is nothing to train vectors on: they start at random")
        return _none(encoded)
    words = _words(encoded, Pretrained(table))._replace(afresh=True)
    say(f"vectors trained on the texts: {_known(words, counts)}")
    return words


def _none(encoded: Encoded) -> _Words:
    return _Words(None, [Known(next(spellings(surface)), None) for surface in encoded.surfaces], afresh=True)


def _words(encoded: Encoded, pretrained: Pretrained) -> _Words:
    return _Words(pretrained.table, pretrained.look_up_all(encoded.surfaces))


class _Fit(NamedTuple):
    """How well vectors suit the texts: shares of the tokens with letters, for numbers and signs are of no language."""

    known: float
    listed: float  # by their own spelling, not by their parts
    common: float  # the same, of the first words of the embedded table; of other tables all words count
    foreign: bool


def _fit(encoded: Encoded, words: _Words, counts: NDArray[np.int64]) -> _Fit:
    assert words.table is not None
    letters = np.array([surface[0].isalpha() for surface in encoded.surfaces], bool)
    inside = np.array([each.vector is not None for each in words.known], bool)
    total = max(counts[letters].sum(), 1)
    known = float(counts[letters & inside].sum() / total) if counts[letters].any() else 1.0
    rows = words.table.vocabulary.rows([each.spelling for each in words.known])
    listed = float(counts[letters & (rows >= 0)].sum() / total)
    if words.table.facts.get("language") != "en":
        return _Fit(known, listed, known, foreign=known < _LEAST_KNOWN)
    first = set(words.table.vocabulary.words(min(_COMMON, len(words.table.vocabulary))))
    among = np.array([each.spelling in first for each in words.known], bool)
    common = float(counts[letters & among].sum() / total)
    return _Fit(known, listed, common, foreign=common < _LEAST_KNOWN and known < _MOST_FOREIGN)


def _known(words: _Words, counts: NDArray[np.int64]) -> str:
    inside = np.array([each.vector is not None for each in words.known], bool)
    known = counts[inside].sum() / max(counts.sum(), 1)
    different = len({spelling for spelling, vector in words.known if vector is not None})
    return f"{known:.1%} of the words of the texts are known ({different:,} different)"


def _report(words: _Words, counts: NDArray[np.int64], fit: _Fit) -> str:
    assert words.table is not None
    said = f"{words.table.name} vectors: {_known(words, counts)}"
    return f"{said}; are they of the language of the texts?" if fit.foreign else said
