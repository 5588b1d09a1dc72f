"""Sentence encoders: MiniLM and MPNet, with their published weights."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from inputs import MINILM, MPNET, package_files, zipped

MINILM_LAYERS = (6,)  # of six: what is said about a word in its place
MPNET_LAYERS = (6, 8, 10, 12)  # of twelve
LONGEST = 128  # pieces of a passage that an encoder reads
BATCH = 2048  # pieces read at a time


class Encoder:
    """A transformer with the weights of BERT or MPNet."""

    def __init__(self, weights: Mapping[str, Any], tokenizer: bytes, layers: tuple[int, ...]) -> None:
        import tokenizers

        self.weights = {bert(name): w.to(precision()) for name, w in weights.items() if w.is_floating_point()}
        self.cutter = tokenizers.Tokenizer.from_buffer(tokenizer)
        self.cutter.no_padding()
        self.cutter.enable_truncation(LONGEST)
        self.layers, self.heads, self.size = layers, 12, self.weights["embeddings.LayerNorm.weight"].shape[0]
        self.places = self.weights["embeddings.position_embeddings.weight"]  # (places, size)
        self.nearness: Any = None  # (heads, LONGEST, LONGEST): added to what pieces think of each other
        self.epsilon = 1e-12

    def linear(self, name: str, x: Any) -> Any:
        """A linear layer."""
        from torch.nn.functional import linear

        return linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def normed(self, name: str, x: Any) -> Any:
        """A layer normalization."""
        from torch.nn.functional import layer_norm

        weight, bias = self.weights[f"{name}.LayerNorm.weight"], self.weights[f"{name}.LayerNorm.bias"]
        return layer_norm(x, (self.size,), weight, bias, self.epsilon)

    def states(self, pieces: Any) -> dict[int, Any]:
        """What the chosen layers say: (B, T) -> layer: (B, T, size)."""
        from torch.nn.functional import gelu, scaled_dot_product_attention

        count = pieces.shape[1]
        near = None if self.nearness is None else self.nearness[:, :count, :count]
        x = self.weights["embeddings.word_embeddings.weight"][pieces] + self.places[:count]
        x = self.normed("embeddings", x)
        found = {}
        for layer in range(1, self.layers[-1] + 1):
            name = f"encoder.layer.{layer - 1}"
            three = [self.linear(f"{name}.attention.self.{part}", x) for part in ("query", "key", "value")]
            query, key, value = (one.unflatten(2, (self.heads, -1)).transpose(1, 2) for one in three)
            mixed = scaled_dot_product_attention(query, key, value, attn_mask=near).transpose(1, 2).flatten(2)
            x = self.normed(f"{name}.attention.output", x + self.linear(f"{name}.attention.output.dense", mixed))
            inner = gelu(self.linear(f"{name}.intermediate.dense", x))
            x = self.normed(f"{name}.output", x + self.linear(f"{name}.output.dense", inner))
            if layer in self.layers:
                found[layer] = x
        return found


def precision() -> Any:
    """Bfloat16 where the processor has it; one that lacks it takes several times as long in it as in float32."""
    import torch

    processor = Path("/proc/cpuinfo")
    return torch.bfloat16 if processor.exists() and "bf16" in processor.read_text() else torch.float32


def bert(name: str) -> str:
    """What BERT calls the weight that MPNet calls by this name."""
    for theirs, ours in {"q": "self.query", "k": "self.key", "v": "self.value", "o": "output.dense"}.items():
        name = name.replace(f".attention.attn.{theirs}.", f".attention.{ours}.")
    return name.replace(".attention.LayerNorm.", ".attention.output.LayerNorm.")


def minilm(inputs: Path) -> Encoder:
    """MiniLM: a BERT of six layers, 384 numbers a piece."""
    import safetensors.torch

    package = inputs / MINILM.file
    weights = safetensors.torch.load(next(package_files(package, "*/model/model.safetensors")))
    encoder = Encoder(weights, next(package_files(package, "*/model/tokenizer.json")), MINILM_LAYERS)
    encoder.places = encoder.places + encoder.weights["embeddings.token_type_embeddings.weight"][0]
    return encoder


def mpnet(inputs: Path, layers: tuple[int, ...] = MPNET_LAYERS) -> Encoder:
    """MPNet: twelve layers, 768 numbers a piece; it knows besides how far pieces are from each other."""
    import safetensors.torch
    import torch

    archive = b"".join(next(package_files(inputs / part.file, "*/input/*")) for part in MPNET)
    weights = safetensors.torch.load(next(zipped(archive, "*/model.safetensors")))
    encoder = Encoder(weights, next(zipped(archive, "*/tokenizer.json")), layers)
    encoder.places, encoder.epsilon = encoder.places[2:], 1e-5
    steps = torch.arange(LONGEST)[None, :] - torch.arange(LONGEST)[:, None]
    nearness = encoder.weights["encoder.relative_attention_bias.weight"][bucket(steps)]
    encoder.nearness = nearness.permute(2, 0, 1).contiguous()
    return encoder


def bucket(steps: Any) -> Any:
    """The class of a distance, as in T5 (Raffel et al. 2020): eight exact ones and eight wider ones to each side."""
    import torch

    far = steps.abs()
    linear = 8 + (torch.log(far.clamp(min=1) / 8) / math.log(128 / 8) * 8).long().clamp(max=7)
    return torch.where(far < 8, far, linear) + 16 * (steps > 0)


def equal_lengths(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of texts of one length, as many as fit a batch: nothing has to be padded."""
    order = sorted(range(len(lengths)), key=lambda number: lengths[number])
    start = 0
    while start < len(order):
        length = max(lengths[order[start]], 1)
        end = start + 1
        while end < len(order) and lengths[order[end]] == length and (end - start) * length < BATCH:
            end += 1
        yield order[start:end]
        start = end
