"""Sentences as vectors: filters over word vectors, pooled, and a linear readout that learned offline.

    encode(["Where is my parcel?", "My order never came."])     (2, d), unit vectors: their products are cosines

The package has two. Over the English vectors the filters and the readout learned from sentence encoders that are
transformers, and from texts that people called good or bad; the mean of the words' vectors tells what maxima do not,
and has a readout of its own; of questions it can say more of what they ask for, see data/vectors/build_encoder.py. Over
the shared vectors, of many languages, that is all: the mean of the words' vectors, of which those of rare words count
more (Arora et al. 2017), and a readout, see data/vectors/readout.py. Packs (vectors/packs.py) may have one of the same
kind. What answers is a look-up for each word and a maximum or mean for each filter, with NumPy.

Shapes: B texts, D dimensions of a word's vector and d of a sentence's; M maps, see model/bank.py.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from textcnn.corpus.given_texts import each_text
from textcnn.errors import VectorsError
from textcnn.model.bank import Bank, Pooling
from textcnn.model.model import Member, Model
from textcnn.model.network import Network
from textcnn.model.predictor import Predictor
from textcnn.storage.atomic import written_whole
from textcnn.storage.quantized import Quantized
from textcnn.storage.tensor_file import TensorFile, TensorFileError, read_tensors, write_tensors
from textcnn.text.lexicon import grouped
from textcnn.text.questions import mostly_questions
from textcnn.text.ragged import Encoded
from textcnn.text.vocabulary import Vocabulary
from textcnn.vectors.loading import open_vectors
from textcnn.vectors.packs import ENCODER as ENCODER_OF_PACK
from textcnn.vectors.packs import packs
from textcnn.vectors.pretrained_filters import Filters, read_filters, tensors_of
from textcnn.vectors.table import EMBEDDED, SHARED, VectorTable

__all__ = [
    "ENCODER",
    "SHARED_ENCODER",
    "SentenceEncoder",
    "by_rarity",
    "encode",
    "encoder_for",
    "encoders_for",
    "mean_of_words",
    "read_encoder",
    "rows_digest",
    "signed_axes",
    "unit",
    "write_asked",
    "write_encoder",
]

ENCODER = Path(__file__).with_name("vectors") / "sentences.safetensors"
SHARED_ENCODER = ENCODER.with_name("shared_sentences.safetensors")
FORMAT = "textcnn-encoder-1"

# How the names of tensors begin that are of the mean of words, and of what questions ask for.
_WORDS, _ASKED = "words.", "asked."

_MOST_WORDS = 1000  # of a text that are read
_PIECE = 40  # words: what says most in a sentence says nothing special in a long text, so that is read piece by piece
_GROUP = 200_000  # characters that are encoded at once

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class SentenceEncoder:
    """Word vectors, and networks over them; the mean of their outputs is a sentence's vector."""

    table: VectorTable
    networks: tuple[Network, ...]
    asked: tuple[Floats, Floats] | None = None  # (q, d) and (q,): by which a vector tells what a question asks for

    @property
    def dimensions(self) -> int:
        """Numbers of a sentence's vector, d."""
        return len(self.networks[0].layers[-1][1])

    def asking(self) -> "SentenceEncoder":
        """One whose vectors say besides what a question asks for, if that is known: d + q numbers."""
        return self if self.asked is None else replace(self, networks=_asking(self.networks, *self.asked), asked=None)

    def encode(self, texts: Iterable[str]) -> Floats:
        """Unit vectors of any number of texts, in their order: (B, d); that of a text depends on no other one."""
        return unit(self.outputs(texts))

    def outputs(self, texts: Iterable[str]) -> Floats:
        """The same, as long as they come: (B, d)."""
        pieces = [self._predictor.logits(group) for group in grouped(texts, _GROUP)]
        return np.concatenate(pieces) if pieces else np.empty((0, self.dimensions), np.float32)

    @cached_property
    def _predictor(self) -> Predictor:
        """What answers for models answers here, too: of a model whose labels are the numbers of a vector."""
        known = self.table.vocabulary
        first = np.zeros(1, np.uint32)  # the unknown word, spelt as the empty string, whose vector is zero
        vocabulary = Vocabulary(known.text, np.append(first, known.offsets), np.append(first, known.order + 1))
        zero = Quantized(np.zeros((1, self.table.dimensions), np.int8), np.zeros(1, np.float32))
        return Predictor(
            Model(
                labels=tuple(map(str, range(self.dimensions))),
                multi_label=False,
                settings={"max_words": _MOST_WORDS, "channels": "trained"},
                vocabulary=vocabulary,
                static=self.table.vectors,
                first_static=1,
                segmented=self.table.name != "english",
                members=tuple(Member(network, zero) for network in self.networks),
            )
        )


def unit(vectors: Floats) -> Floats:
    """Rows made as long as one; zeros stay: (B, d)."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def _asking(networks: Iterable[Network], weights: Floats, bias: Floats) -> tuple[Network, ...]:
    """Networks with outputs besides that are weights (q, d) times those that they have, and a bias (q,)."""

    def layered(network: Network) -> Network:
        readout, offset = network.layers[-1]
        both = np.concatenate([readout, weights @ readout]), np.concatenate([offset, weights @ offset + bias])
        return network._replace(layers=(*network.layers[:-1], both))

    return tuple(map(layered, networks))


def encode(texts: Iterable[str]) -> Floats:
    """Unit vectors of English sentences or short texts: (B, d) in single precision, the product of two is their cosine.

    Args:
        texts: any number; a bounded group of them is encoded at a time.

    Raises:
        DataError: `texts` is one text, not several, or one of them is no text.
        VectorsError: this installation lacks the English vectors or the encoder, or their files are damaged.
    """
    return _embedded().encode(each_text(texts))


@cache
def _embedded() -> SentenceEncoder:
    return read_encoder(ENCODER)


def read_encoder(path: Path) -> SentenceEncoder:
    """An encoder over the vectors of the package that it was made for.

    Raises:
        VectorsError: the file is missing or damaged, or the vectors are.
    """
    encoder = _read(path, None)
    assert encoder is not None
    return encoder


def encoder_for(table: VectorTable) -> SentenceEncoder | None:
    """The encoder over these vectors, if the package has one, or the pack that is installed for their language.

    Raises:
        VectorsError: its file is damaged.
    """
    own: dict[Path | None, Path] = {EMBEDDED: ENCODER, SHARED: SHARED_ENCODER}
    path = own.get(table.file) or _in_pack(table.facts.get("language", ""))
    return _read(path, table) if path is not None and path.exists() else None


def encoders_for(table: VectorTable, encoded: Encoded) -> tuple[SentenceEncoder, ...]:
    """Those over these vectors that may suit texts: none, one, or of questions another, which tells what they ask for.

    That helps to tell "who" from "when", and not where all questions are about parcels: labels have to say it.

    Raises:
        VectorsError: a file is damaged.
    """
    encoder = encoder_for(table)
    if encoder is None:
        return ()
    return (encoder,) if encoder.asked is None or not mostly_questions(encoded) else (encoder, encoder.asking())


def _in_pack(languages: str) -> Path | None:
    """Where the pack of the first of these languages would have its encoder; None if it is not installed."""
    installed, language = packs(), languages.partition(" ")[0]
    return installed[language].with_name(ENCODER_OF_PACK) if language in installed else None


def _read(path: Path, table: VectorTable | None) -> SentenceEncoder | None:
    """Over this table, none if it was made for another; without a table, over that of the package."""
    try:
        read = read_tensors(path)
        if read.metadata.get("format") != FORMAT:
            raise TensorFileError(f"its format is {read.metadata.get('format')!r}, not {FORMAT!r}")
        known = table or open_vectors(read.metadata.get("table", "english"), say=lambda note: None).table
        if read.metadata.get("rows", rows_digest(known)) == rows_digest(known):
            return _over(known, read)
    except OSError as error:
        raise VectorsError(f"cannot read the encoder {path}: {error.strerror or error}") from error
    except (TensorFileError, KeyError, ValueError) as error:
        raise VectorsError(f"{path} is not an encoder of ours: {error}; install what it came with again") from error
    if table is None:
        raise VectorsError(f"{path} was made for other vectors than this installation has; install textcnn again")
    return None


def _over(table: VectorTable, read: TensorFile) -> SentenceEncoder:
    pooling = read.metadata.get("pooling", "max")
    if pooling not in ("max", "mean"):
        raise TensorFileError(f"its pooling is {pooling!r}")
    common = float(read.metadata.get("common", 0))
    piece = _PIECE if pooling == "max" else 0
    networks = _networks(read.tensors, table.dimensions, Pooling(pooling, piece=piece))
    return SentenceEncoder(by_rarity(table, common), networks, _asked(read.tensors, len(read.tensors["bias"])))


def _asked(tensors: Mapping[str, NDArray[Any]], dimensions: int) -> tuple[Floats, Floats] | None:
    """What a file says of questions."""
    if f"{_ASKED}readout" not in tensors:
        return None
    bias = tensors[f"{_ASKED}bias"]
    return _readout(tensors, _ASKED, bias, dimensions), bias


def by_rarity(table: VectorTable, common: float) -> VectorTable:
    """A table whose frequent words count less: the vector of row r, from 1 on, is r / (r + common) times as long."""
    if not common:
        return table
    ranks = np.arange(1, len(table.vocabulary) + 1)
    scales = (table.vectors.scales * (ranks / (ranks + common))).astype(np.float32)
    return table._replace(vectors=table.vectors._replace(scales=scales))


def rows_digest(table: VectorTable) -> str:
    """What tells the rows of a table from those of any other."""
    return hashlib.sha256(table.vectors.scales.tobytes()).hexdigest()[:16]


def _networks(tensors: Mapping[str, NDArray[Any]], dimensions: int, pooling: Pooling) -> tuple[Network, ...]:
    """The networks in a file, checked: of the filters, and of the mean of words if that has a readout of its own."""
    filters = read_filters(tensors, dimensions)
    counts = {of_width.biases.size for of_width in filters.values()}
    if len(counts) != 1:
        raise TensorFileError("it has no filters, or not as many of each width")
    bank, bias = Bank(tuple(filters), counts.pop()), tensors["bias"]
    slices = [of_width.slices.reshape(-1, dimensions) for of_width in filters.values()]
    biases = [of_width.biases for of_width in filters.values()]
    layer = (_readout(tensors, "", bias, bank.maps), bias)
    first = Network(bank, pooling, (_joined(slices),), (_joined(biases),), (layer,))
    if f"{_WORDS}readout" not in tensors:
        return (first,)
    if pooling.kind == "mean":
        raise TensorFileError("it has two means of words")
    weights = _readout(tensors, _WORDS, bias, dimensions)
    return first, mean_of_words(weights)


def _readout(tensors: Mapping[str, NDArray[Any]], name: str, bias: NDArray[Any], features: int) -> Floats:
    """A readout of so many features, (d, features)."""
    readout = Quantized(tensors[f"{name}readout"], tensors[f"{name}scales"])
    kinds = tuple(map(str, (readout.values.dtype, readout.scales.dtype, bias.dtype)))
    shapes = (readout.values.shape, readout.scales.shape, bias.shape)
    if kinds != ("int8", "float32", "float32") or shapes != ((bias.size, features), (bias.size,), (bias.size,)):
        raise TensorFileError("the shape of its readout does not fit")
    if not bias.size or not np.isfinite(readout.scales).all() or not np.isfinite(bias).all():
        raise TensorFileError("its readout is damaged")
    return readout.rows(np.arange(bias.size))


def mean_of_words(weights: Floats) -> Network:
    """A network whose outputs are weights (d, D) times the mean of a text's word vectors."""
    axes, bias = signed_axes(weights.shape[1]), np.zeros(len(weights), np.float32)
    layer = (np.concatenate([weights, -weights], axis=1), bias)
    slices, biases = axes.slices[0].astype(np.float32), axes.biases.astype(np.float32)
    return Network(Bank((1,), biases.size), Pooling("mean"), (slices,), (biases,), (layer,))


def signed_axes(dimensions: int) -> Filters:
    """Filters of width 1 that say how far a word lies on each axis to the one side, then to the other; (1, 2·D, D)."""
    axes = np.eye(dimensions, dtype=np.float16)
    return Filters(np.concatenate([axes, -axes])[None], np.zeros(2 * dimensions, np.float16))


def _joined(parts: Sequence[NDArray[np.float16]]) -> Floats:
    return np.concatenate(parts).astype(np.float32)


def write_encoder(
    file: BinaryIO,
    filters: Mapping[int, Filters],
    readout: Floats,
    bias: Floats,
    facts: Mapping[str, str],
    words: Floats | None = None,
) -> None:
    """Write filters of each width, as many of each, and the readout (d, M) with its bias (d,).

    Args:
        file: where they go.
        filters: by width.
        readout: of the filters' features.
        bias: of the sentence's vector.
        facts: what is known of them.
        words: the readout of the mean of words' vectors, (d, D), if it has one; what both say is averaged.
    """
    layers = {"": readout} if words is None else {"": readout, _WORDS: words}
    tensors = {"bias": np.asarray(bias, np.float32)}
    for name, weights in layers.items():
        tensors |= _rounded(name, weights)
    write_tensors(file, {"format": FORMAT, **facts}, {**tensors_of(filters), **tensors})


def write_asked(path: Path, weights: Floats, bias: Floats) -> None:
    """Add to the file of an encoder what a question asks for: weights (q, d) of its vector, and a bias (q,)."""
    read = read_tensors(path)
    asked = {**_rounded(_ASKED, weights), f"{_ASKED}bias": np.asarray(bias, np.float32)}
    with written_whole(path) as file:
        write_tensors(file, read.metadata, {**read.tensors, **asked})


def _rounded(name: str, weights: Floats) -> dict[str, NDArray[Any]]:
    """The tensors of a readout."""
    rounded = Quantized.of(weights)
    return {f"{name}readout": rounded.values, f"{name}scales": rounded.scales}
