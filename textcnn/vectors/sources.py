"""Where word vectors come from: the embedded table, a file, or the training texts themselves.

Whatever the source, what comes out is a VectorTable, so nothing above knows where vectors came from. Text formats are
read line by line, so that only the wanted rows are ever held and a broken line can be named; binary ones by gensim.
"""

import gzip
from collections.abc import Callable, Collection, Iterator
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from textcnn.errors import VectorsError
from textcnn.vectors.table import Quantized, VectorTable
from textcnn.vocabulary import Encoded, Vocabulary

__all__ = ["read_vectors", "train_vectors"]

_FASTTEXT_MAGIC = (793712314).to_bytes(4, "little")
_LONGEST_LINE = 1_000_000


def read_vectors(path: Path, wanted: Collection[str]) -> VectorTable:
    """Read the vectors of the wanted words: our own table, word2vec text or binary, GloVe text, fastText .bin; or .gz.

    Raises:
        VectorsError: the file is missing or malformed; names the line.
    """
    try:
        if path.name.endswith((".safetensors", ".vectors")):
            return VectorTable.open(path)
        with _open(path) as file:
            start = file.read(1 << 16)
    except (OSError, EOFError) as error:
        raise VectorsError(f"cannot read the vectors {path}: {getattr(error, 'strerror', None) or error}") from error
    if not start:
        raise VectorsError(f"the vectors file {path} is empty")
    if start[:4] == _FASTTEXT_MAGIC:
        return _by_gensim(path, _read_fasttext, wanted)
    if _is_binary(start):
        return _by_gensim(path, _read_word2vec, wanted)
    words, matrix = _read_text(path, wanted)
    return _table(path.name, words, matrix)


def train_vectors(encoded: Encoded, spelling: Callable[[str], str], dimensions: int, seed: int) -> VectorTable:
    """Train skip-gram vectors on the texts themselves (Mikolov et al. 2013), one thread, so that a seed fixes them."""
    from gensim.models import Word2Vec

    words, starts = encoded.ragged
    spelt = [spelling(surface) for surface in encoded.surfaces]
    sentences = [[spelt[word] for word in words[a:b]] for a, b in pairwise(starts)]
    epochs = int(np.clip(2_000_000 / max(len(words), 1), 5, 50))
    model = Word2Vec(
        sentences, vector_size=dimensions, sg=1, window=5, min_count=2, epochs=epochs, seed=seed + 1, workers=1
    )
    return _table("trained", list(model.wv.index_to_key), np.asarray(model.wv.vectors))


def _table(name: str, words: list[str], matrix: NDArray[np.float32]) -> VectorTable:
    return VectorTable(name, Vocabulary.of(words), Quantized.of(matrix))


def _is_binary(start: bytes) -> bool:
    """Whether what follows the first line is not text: word2vec's binary form."""
    body = start.split(b"\n", 1)[-1][:4096]
    return any(byte < 9 or 13 < byte < 32 for byte in body)


def _by_gensim(path: Path, read: Callable[[Path], Any], wanted: Collection[str]) -> VectorTable:
    try:
        keyed = read(path)
        present = [word for word in keyed.index_to_key if word in wanted]
        inferred = (
            [word for word in wanted if word not in keyed.key_to_index] if hasattr(keyed, "vectors_ngrams") else []
        )
        words = present + sorted(inferred)
        matrix = np.array([keyed[word] for word in words], np.float32).reshape(len(words), keyed.vector_size)
    except Exception as error:  # gensim raises whatever its parsers trip over
        raise VectorsError(f"{path} cannot be read as word vectors: {error or type(error).__name__}") from error
    _require_finite(path, matrix)
    return _table(path.name, words, matrix)


def _read_fasttext(path: Path) -> Any:
    from gensim.models.fasttext import load_facebook_vectors

    return load_facebook_vectors(str(path))


def _read_word2vec(path: Path) -> Any:
    from gensim.models import KeyedVectors

    return KeyedVectors.load_word2vec_format(str(path), binary=True, unicode_errors="replace")


def _require_finite(path: Path, matrix: NDArray[np.float32]) -> None:
    if not np.isfinite(matrix).all():
        raise VectorsError(f"{path}: some vectors have values that are not numbers")


def _read_text(path: Path, wanted: Collection[str]) -> tuple[list[str], NDArray[np.float32]]:
    """GloVe text, or word2vec text, which begins with the count and the dimension. The first of equals wins."""
    rows: dict[str, NDArray[np.float32]] = {}
    dimensions = count = promised = 0
    with _open(path) as file:
        for number, line in enumerate(_lines(path, file), 1):
            fields = line.rstrip().split(b" ")
            if number == 1 and len(fields) == 2 and all(each.isdigit() for each in fields):
                promised, dimensions = map(int, fields)
                continue
            dimensions = dimensions or len(fields) - 1
            if len(fields) < dimensions + 1 or dimensions < 2:
                raise VectorsError(f"{path}, line {number}: {len(fields) - 1} numbers where {dimensions} are expected")
            count += 1
            word = b" ".join(fields[:-dimensions]).decode("utf-8", "replace")
            if word in wanted and word not in rows:
                rows[word] = _numbers(path, number, fields[-dimensions:])
    if promised and count != promised:
        raise VectorsError(f"{path}: its first line promises {promised} words, but it has {count}; it may be cut off")
    return list(rows), np.array(list(rows.values()), np.float32).reshape(len(rows), dimensions)


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if zipped else path.open("rb")  # type: ignore[return-value]


def _lines(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    try:
        while line := file.readline(_LONGEST_LINE):
            yield line
    except (OSError, EOFError) as error:
        raise VectorsError(f"{path} is cut off or damaged: {error}") from error


def _numbers(path: Path, line: int, fields: list[bytes]) -> NDArray[np.float32]:
    try:
        vector = np.array(fields, dtype=np.float32)
    except ValueError as error:
        raise VectorsError(f"{path}, line {line}: {error}") from error
    if not np.isfinite(vector).all():
        raise VectorsError(f"{path}, line {line}: a value is not a finite number")
    return vector
