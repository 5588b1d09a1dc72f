"""The rows of a language in a table: its words, and its pieces, of which words are made up that are not listed.

A vector is the mean of what two layers of an encoder say about a word wherever it occurs. Rare words are drawn to what
is expected of them, by what the encoder says of the word alone, or else by its pieces; words that no text at hand has
are what is expected of them. Pieces have rows by the same regression, so that the mean of pieces stands for a word that
is not listed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from build_vectors import Floats, expected
from e5 import BLANK, LAYERS
from numpy.typing import NDArray
from shards import Read, forms_of, merged
from table_words import own_spelling

from textcnn.text.tokens import cut, normal, of_letters, unspaced
from textcnn.text.vocabulary import INNER

ROWS = 110_000
ALONE = 70_000  # words that are read alone
PRIOR = 5.0  # occurrences that what is expected of a word counts for
ENOUGH = 50  # occurrences after which a word tells no more about what others are expected to be
PIECE = 0.3  # how much less a piece counts than a word that is as frequent, where rows are put in order
OFFSET = 2.7  # of ranks in Zipf's law (Mandelbrot)
ENGLISH, RARER = 20_000, 0.05  # English words of a pack, and how often they are there, of how often in English


class Rows(NamedTuple):
    """Spellings, their shares of the texts, and vectors: the most frequent first."""

    names: list[str]
    shares: NDArray[np.float64]
    vectors: Floats


def language(files: Sequence[Path], cutter: Any, listed: Iterable[str] = (), alone: Read | None = None) -> Rows:
    """The words of a language and its pieces, not yet rotated.

    Args:
        files: its shards.
        cutter: the encoder's tokenizer.
        listed: its words in texts of other kinds, the most frequent first.
        alone: what was said of words that stand alone; such as no shard has get rows by that.
    """
    words, pieces, forms = merged(files, "words"), merged(files, "pieces"), forms_of(files)
    of_words, of_pieces = words.means - _centre(words), pieces.means - _centre(words)
    row_of = {piece: row for row, piece in enumerate(pieces.spellings)}
    encoded = cutter.encode_batch([forms[word] for word in words.spellings], add_special_tokens=False)
    own = [[row_of[piece] for piece in one.tokens if piece in row_of] for one in encoded]
    given = np.array([of_pieces[rows].mean(axis=0) if rows else 0 * of_words[0] for rows in own], np.float32)
    everything = expected(
        np.concatenate([given, of_pieces]),
        np.concatenate([of_words, of_pieces]),
        np.concatenate([np.minimum(words.counts, ENOUGH), np.zeros(len(of_pieces), np.float32)]),
    )
    by_pieces, by_piece = everything[: len(given)], everything[len(given) :]
    met = shrunk(words, by_pieces, of_kind(alone, own_word))
    found = {name: one for name, one in met.items() if own_spelling(name)}
    found |= {
        name: (PIECE * count, vector)
        for name, (count, vector) in named_pieces(pieces, by_piece).items()
        if name not in found
    }
    found |= shrunk(unspaced_words(pieces), None, of_kind(alone, is_unspaced))
    total = float(words.counts.sum())
    shares = mixed_shares({name: count / total for name, (count, _) in found.items()}, listed)
    names = sorted(found, key=lambda name: -shares[name])[:ROWS]
    return Rows(names, np.array([shares[name] for name in names]), np.stack([found[name][1] for name in names]))


def shrunk(read: Read, guess: Floats | None, alone: Read | None) -> dict[str, tuple[float, Floats]]:
    """Counts and vectors of words, rare ones near what is expected of them, and of those that only stood alone.

    Args:
        read: what was said of words in texts.
        guess: what is expected of them, (V, D), if none stood alone; by default the mean of all.
        alone: what was said of words that stand alone.
    """
    if not read.spellings:
        return {}
    means = read.means - _centre(read)
    guess = np.zeros_like(means) if guess is None else guess.copy()
    further: dict[str, tuple[float, Floats]] = {}
    if alone is not None:
        row_of = {word: row for row, word in enumerate(read.spellings)}
        rows = np.array([row_of.get(word, -1) for word in alone.spellings])
        known = rows >= 0
        weights = np.where(known, np.minimum(read.counts[rows], ENOUGH), 0).astype(np.float32)
        of_alone = expected(alone.means, means[rows], weights)
        guess[rows[known]] = of_alone[known]
        further = {alone.spellings[at]: (0.0, of_alone[at]) for at in np.flatnonzero(~known).tolist()}
    vectors = (means * read.counts[:, None] + PRIOR * guess) / (read.counts + PRIOR)[:, None]
    return further | dict(zip(read.spellings, zip(read.counts.tolist(), vectors, strict=True), strict=True))


def _centre(read: Read) -> Floats:
    return np.asarray((read.means * read.counts[:, None]).sum(axis=0) / read.counts.sum(), np.float32)


def mixed_shares(shares: Mapping[str, float], listed: Iterable[str]) -> dict[str, float]:
    """Half what the texts say, half what Zipf's law says of a list of words; all what the texts say without a list."""
    ranks = {word: rank for rank, word in enumerate(listed)}
    if not ranks:
        return dict(shares)
    zipf = sum(1 / (rank + OFFSET) for rank in ranks.values())
    of_list = {word: 1 / (rank + OFFSET) / zipf for word, rank in ranks.items()}
    return {word: (share + of_list.get(word, 0.0)) / 2 for word, share in shares.items()}


def worth_reading(files: Sequence[Path], listed: Mapping[str, str], *, blanks: bool) -> dict[str, str]:
    """The most frequent words of shards and of a list, and how each stands in a text.

    Args:
        files: the shards.
        listed: the forms of words, the most frequent first.
        blanks: whether words have blanks between them; else they are those of the encoder's pieces that are whole.
    """
    words = merged(files, "words") if blanks else unspaced_words(merged(files, "pieces"))
    forms = {**listed, **(forms_of(files) if blanks else {})}
    counts = dict.fromkeys(listed, 0.0) | dict(
        zip(words.spellings, (words.counts / words.counts.sum()).tolist(), strict=True)
    )
    kept = own_word if blanks else is_unspaced
    shares = mixed_shares({word: share for word, share in counts.items() if kept(word)}, listed)
    return {word: forms.get(word, word) for word in sorted(shares, key=lambda word: -shares[word])[:ALONE]}


def of_kind(read: Read | None, is_one: Callable[[str], bool]) -> Read | None:
    """Those of one kind; None if there are none."""
    kept = [at for at, spelling in enumerate(read.spellings) if is_one(spelling)] if read is not None else []
    if read is None or not kept:
        return None
    return Read([read.spellings[at] for at in kept], read.counts[kept], read.means[kept])


def own_word(name: str) -> bool:
    """Whether this is a word of letters that texts yield in this spelling."""
    return of_letters(name) and own_spelling(name)


def named_pieces(pieces: Read, vectors: Floats) -> dict[str, tuple[float, Floats]]:
    """Pieces of letters as a table lists them; those that differ in case only are one, their vectors a mean."""
    found: dict[str, tuple[float, Floats]] = {}
    for piece, count, vector in zip(pieces.spellings, pieces.counts.tolist(), vectors, strict=True):
        name, begins = normal(piece.lstrip(BLANK)), piece.startswith(BLANK)
        if not (of_letters(name) if begins else inner(name)) or unspaced(name[:1]):
            continue
        name = name if begins else INNER + name
        before, mean = found.get(name, (0.0, vector))
        found[name] = before + count, (before * mean + count * vector) / (before + count)
    return found


def inner(name: str) -> bool:
    """Whether this can stand inside of words as they are spelt: letters, or marks but points."""
    whole = f"x{name}"
    return len(name) > 0 and of_letters(whole) and normal(whole) == whole


def unspaced_words(pieces: Read) -> Read:
    """Pieces of scripts without blanks, which are words."""
    rows: dict[str, int] = {}
    kept = [at for at, piece in enumerate(pieces.spellings) if is_unspaced(normal(piece.lstrip(BLANK)))]
    own = [rows.setdefault(normal(pieces.spellings[at].lstrip(BLANK)), len(rows)) for at in kept]
    counts, sums = np.zeros(len(rows), np.float32), np.zeros((len(rows), pieces.means.shape[1]), np.float32)
    np.add.at(counts, own, pieces.counts[kept])
    np.add.at(sums, own, pieces.means[kept] * pieces.counts[kept, None])
    return Read(list(rows), counts, sums / np.maximum(counts, 1e-6)[:, None])


def is_unspaced(name: str) -> bool:
    """Whether a spelling has nothing but whole characters of scripts without blanks, each with its marks."""
    units = cut(name)
    return bool(units) and "".join(units) == name and all(unit[0].isalnum() and unspaced(unit[0]) for unit in units)


def with_english(rows: Rows, english: Rows) -> Rows:
    """And the most frequent English words, which labels are in, and now and then texts of any language."""
    listed = set(rows.names)
    new = [at for at, name in enumerate(english.names[:ENGLISH]) if not (name in listed or name.startswith(INNER))]
    names, shares = [*rows.names, *(english.names[at] for at in new)], [rows.shares, RARER * english.shares[new]]
    order = np.argsort(-np.concatenate(shares), kind="stable")
    vectors = np.concatenate([rows.vectors, english.vectors[new]])[order]
    return Rows([names[at] for at in order.tolist()], np.concatenate(shares)[order], vectors)


def rotated(parts: Mapping[str, Rows], dimensions: int) -> dict[str, Floats]:
    """The vectors of languages on axes that all share: each layer scaled alike, the first principal axes.

    The axes are turned at random, so that none is much longer than others: a number has half a byte in the end.
    """
    size = next(iter(parts.values())).vectors.shape[1]
    squares = sum(np.square(rows.vectors).sum(axis=0, dtype=np.float64) for rows in parts.values())
    of_layers = np.split(squares / sum(len(rows.names) for rows in parts.values()), len(LAYERS))
    scales = np.repeat([layer.sum() ** -0.5 for layer in of_layers], size // len(LAYERS)).astype(np.float32)
    whole = sum(np.sqrt(rows.shares).sum() for rows in parts.values())
    mean, products = np.zeros(size), np.zeros((size, size))
    for rows in parts.values():
        weights = (np.sqrt(rows.shares) / whole).astype(np.float32)[:, None]
        scaled = rows.vectors * scales
        mean += (scaled * weights).sum(axis=0)
        products += (scaled * weights).T @ scaled
    _, axes = np.linalg.eigh(products - np.outer(mean, mean))
    turned = (axes[:, : -dimensions - 1 : -1] @ random_axes(dimensions)).astype(np.float32)
    return {code: (rows.vectors * scales - mean.astype(np.float32)) @ turned for code, rows in parts.items()}


def random_axes(dimensions: int) -> Floats:
    """An orthogonal matrix."""
    axes, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(dimensions, dimensions)))
    return np.asarray(axes, np.float32)
