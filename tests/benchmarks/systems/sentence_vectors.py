"""Sentence vectors of frozen MiniLM, MPNet and multilingual e5, with logistic regression: nobody fine-tunes them.

The published weights come from the packages that the build of our own encoder reads: ENCODER_INPUTS names their folder
(data/vectors/inputs.py lists them), SENTENCE_VECTORS one where vectors are kept. A text is encoded once, whichever part
or draw it is in, so seconds are without the encoding when it was there already. Numbers are in half precision.
"""

import hashlib
import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from protocol import Task

from systems.answers import Answers, Unavailable, chosen
from systems.linear import regression, targets

LAST_LAYERS = {"minilm": 6, "mpnet": 12, "e5": 12}
PREFIXES = {"e5": "query: "}  # what an encoder was trained to see before a text
_BLOCK = 500  # texts that are encoded before they are kept
_BUILD = Path(__file__).parents[3] / "data" / "vectors"


def minilm(task: Task, seed: int) -> Answers:
    """Logistic regression on the 384 numbers of each text."""
    return _by_regression(task, "minilm")


def mpnet(task: Task, seed: int) -> Answers:
    """Logistic regression on the 768 numbers of each text."""
    return _by_regression(task, "mpnet")


def e5(task: Task, seed: int) -> Answers:
    """Logistic regression on the 384 numbers of each text, by multilingual-e5-small in 4 bits."""
    return _by_regression(task, "e5")


def _by_regression(task: Task, encoder: str) -> Answers:
    vectors = kept(encoder)
    train, test = (vectors.of(part.texts) for part in (task.train, task.test))
    return chosen(task, regression(task).fit(train, targets(task)).predict_proba(test))


@cache
def kept(encoder: str) -> "SentenceVectors":
    """The vectors of an encoder, as they are kept.

    Raises:
        Unavailable: nobody says where.
    """
    if not (folder := os.environ.get("SENTENCE_VECTORS")):
        raise Unavailable("SENTENCE_VECTORS names no folder for sentence vectors; see README.md")
    return SentenceVectors(encoder, Path(folder) / encoder)


class SentenceVectors:
    """Vectors of texts in a folder, a file for each block that was encoded together."""

    def __init__(self, encoder: str, folder: Path) -> None:
        self.encoder, self.folder = encoder, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.known: dict[str, np.ndarray] = {}
        for file in sorted(folder.glob("*.npz")):
            with np.load(file) as block:
                self.known.update(zip(block["digests"].tolist(), block["vectors"], strict=True))

    def of(self, texts: list[str]) -> np.ndarray:
        """Unit vectors (B, d); those that are not kept are encoded first."""
        self.keep(texts)
        return np.array([self.known[_digest(text)] for text in texts], np.float32)

    def keep(self, texts: Iterable[str]) -> None:
        """Encode those that are not kept, and keep them, some at a time."""
        new = list({digest: text for text in texts if (digest := _digest(text)) not in self.known}.values())
        for start in range(0, len(new), _BLOCK):
            block = new[start : start + _BLOCK]
            digests, vectors = list(map(_digest, block)), _encode(self.encoder, block)
            beside = self.folder / f"{digests[0]}.part"
            with beside.open("wb") as file:
                np.savez(file, digests=np.array(digests), vectors=vectors)
            beside.rename(beside.with_suffix(".npz"))
            self.known.update(zip(digests, vectors, strict=True))
            print(f"{self.encoder}: {start + len(block):,} of {len(new):,} texts encoded", file=sys.stderr)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _encode(name: str, texts: list[str]) -> np.ndarray:
    """Mean of what the last layer says about each piece, made as long as one: (B, d)."""
    import torch

    encoder, lengths = _opened(name)
    before = [PREFIXES.get(name, "") + text for text in texts]
    pieces = [encoding.ids for encoding in encoder.cutter.encode_batch(before)]
    vectors = np.zeros((len(texts), encoder.size), np.float16)
    for batch in lengths([len(ids) for ids in pieces]):
        with torch.inference_mode():
            states = encoder.states(torch.tensor([pieces[number] for number in batch]))[LAST_LAYERS[name]]
            mean = states.float().mean(dim=1)
            vectors[batch] = torch.nn.functional.normalize(mean, dim=1).numpy()
    return vectors


@cache
def _opened(name: str) -> tuple[Any, Any]:
    """The encoder, and what makes batches of equal lengths."""
    if not (inputs := os.environ.get("ENCODER_INPUTS")):
        raise Unavailable("ENCODER_INPUTS names no folder with the encoders' packages; see README.md")
    sys.path.insert(0, str(_BUILD))
    try:
        import e5 as multilingual
        import encoder as build
    finally:
        sys.path.remove(str(_BUILD))
    layers = (LAST_LAYERS[name],)
    if name == "minilm":
        opened = build.minilm(Path(inputs))
    else:
        opened = (build.mpnet if name == "mpnet" else multilingual.Multilingual)(Path(inputs), layers)
    return opened, build.equal_lengths
